"""What is to be known of prices at Hetzner Cloud: traffic, orders that are older, VAT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.catalog.offers import SCARCE
from infra_lib.model.money import Amount, month_text
from infra_lib.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.clouds.hetzner.machine import HetznerMachine


def cost_notes(machines: Sequence[HetznerMachine]) -> Iterator[str]:
    """Yield sentences on what prices leave out, or are only for some.

    Args:
        machines: Machines at Hetzner. What only concerns servers that exist, or are to, is left out
            where all are off.
    """
    if machines:
        yield "Prices at Hetzner are without VAT, for an account that is billed in EUR."
    on = [machine for machine in machines if machine.enabled]
    yield from _traffic(on)
    yield from _older_orders(on)


def _traffic(machines: Iterable[HetznerMachine]) -> Iterator[str]:
    """Yield what traffic is in the price, and what more of it costs, in one sentence."""
    groups: dict[tuple[float | None, float | None], list[str]] = {}
    for machine in machines:
        name, place = machine.server_type_entry.name, machine.location
        included = machine.catalog.included_traffic_tb(name, place)
        key = included, machine.catalog.traffic_price(place)
        groups.setdefault(key, []).append(machine.name)
    known = [
        f"{included:g} TB a month for {listed(names)} (each further TB {_eur(price)})"
        for (included, price), names in groups.items()
        if included is not None and price is not None
    ]
    unknown = [name for key, names in groups.items() if None in key for name in names]
    if known:
        yield f"Traffic is in these prices up to {'; '.join(known)}. More is not counted."
    if unknown:
        yield f"How much traffic is in the price of {listed(unknown)} is not known here."


def _older_orders(machines: Iterable[HetznerMachine]) -> Iterator[str]:
    """Yield what a server that is older than the last rise of prices costs, where one may be."""
    groups: dict[str, list[HetznerMachine]] = {}
    for machine in machines:
        since = machine.catalog.tables.orders_since()
        entry, place = machine.server_type_entry, machine.location
        own = machine.catalog.own_price(entry.name, place)
        if since and own is None and place not in entry.deprecated_in:
            groups.setdefault(since, []).append(machine)
    for since, found in groups.items():
        rises = {machine.server_type_entry.family in SCARCE for machine in found}
        more = "may more than double it" if False in rises else "may raise it by a third or more"
        yield (
            f"Prices of servers are those of orders since {since}. A server that was made before "
            f"pays its earlier price until it is rescaled or made anew, which {more}; "
            "catalog=HetznerCatalog(prices=(ServerPrice(…),)) says what it pays."
        )


def _eur(price: float) -> str:
    return month_text(Amount(price, currency="EUR"))
