"""What a location sells, and what of it is as large as a server type that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.clouds.hetzner.catalog.catalog import HetznerCatalog
    from infra_lib.clouds.hetzner.catalog.entries import ServerType

SCARCE = ("cx", "cax")
"""The cheap families, which often cannot be created: Hetzner runs out of them."""


def as_large(
    catalog: HetznerCatalog, wanted: ServerType, location: str, but: Collection[str] = ()
) -> list[ServerType]:
    """Return what can be ordered in a location and is as large as a server type, or larger.

    It is the cheapest of each family, the cheapest first. Where nothing of its architecture is
    sold, it is of the other one. That the disk may be smaller is left to whoever looks.

    Args:
        catalog: Where to look.
        wanted: The server type, which is not among what is returned.
        location: The location.
        but: Families that are left out.
    """
    sold = [
        each
        for each in catalog.all_server_types().values()
        if location in each.locations
        and each.name != wanted.name
        and each.family not in but
        and each.vcpus >= wanted.vcpus
        and each.memory_gib >= wanted.memory_gib
    ]
    alike = [each for each in sold if each.architecture == wanted.architecture] or sold
    if wanted.dedicated:
        alike = [each for each in alike if each.dedicated] or alike
    cheapest: dict[str, ServerType] = {}
    for each in sorted(alike, key=lambda each: _order(catalog, each, location)):
        cheapest.setdefault(each.family, each)
    return [*cheapest.values()]


def _order(
    catalog: HetznerCatalog, server_type: ServerType, location: str
) -> tuple[float, int, str]:
    price = catalog.server_price(server_type.name, location)
    month = None if price is None else price.eur_per_month
    return float("inf") if month is None else month, server_type.vcpus, server_type.name


def europe_alone(catalog: HetznerCatalog) -> list[str]:
    """Return the families that no location outside Europe has, or ever had: cx and cax."""
    european = {each.name for each in catalog.all_locations().values() if each.in_europe}
    families: dict[str, bool] = {}
    for each in catalog.all_server_types().values():
        places = {*each.locations, *each.deprecated_in}
        families[each.family] = families.get(each.family, True) and places <= european
    found = (family for family, alone in families.items() if alone)
    return sorted(found, key=lambda family: (len(family), family))
