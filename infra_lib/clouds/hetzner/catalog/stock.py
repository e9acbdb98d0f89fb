"""What may not be there to be had when a server is made. It is said, and nothing is refused for it.

Hetzner's API has a reading of what is available, which is wrong both ways: server types that it
calls unavailable have been created, and available ones been refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.catalog.offers import SCARCE, as_large
from infra_lib.model.wording import and_listed, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.hetzner.catalog.catalog import HetznerCatalog
    from infra_lib.clouds.hetzner.catalog.entries import ServerType
    from infra_lib.clouds.hetzner.machine import HetznerMachine


def stock_note(machines: Iterable[HetznerMachine]) -> str | None:
    """Return a warning on machines whose server types often cannot be had; None for none.

    Args:
        machines: Machines at Hetzner; those that are off, or whose servers exist, are left out.
    """
    groups: dict[tuple[ServerType, str], tuple[HetznerCatalog, list[str]]] = {}
    for machine in machines:
        entry, place = machine.server_type_entry, machine.location
        if machine.enabled and not machine.existing and entry.family in SCARCE:
            groups.setdefault((entry, place), (machine.catalog, []))[1].append(machine.name)
    if not groups:
        return None
    each = (_of(*of, *found) for of, found in groups.items())
    return (
        f"{and_listed(SCARCE)} server types often cannot be created, for Hetzner runs out of them: "
        f"{'; '.join(each)}"
    )


def _of(entry: ServerType, place: str, catalog: HetznerCatalog, names: list[str]) -> str:
    text = f"{entry.name} in {place} for {listed(names)}"
    available = entry.listed_available
    if available is not None and place not in available:
        day = catalog.source("server_types").as_of
        text += f", which was listed as unavailable on {day}"
    instead = as_large(catalog, entry, place, but=SCARCE)
    if not instead:
        return text
    found = instead[0]
    kind = "" if found.architecture == entry.architecture else f", {found.architecture}"
    return f"{text} (take {found.name} instead: {found.size}{kind})"
