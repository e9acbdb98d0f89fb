"""What servers at Hetzner Cloud are billed for, in EUR without VAT.

A server is billed until it is deleted, whatever its state: one that is powered off costs its whole
price. Volumes and primary IPs are billed until they are deleted, used or not. Every hour that has
begun counts, and a month costs at most its price (https://docs.hetzner.com/cloud/billing/faq).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from infra_lib.clouds.hetzner.catalog.entries import Rate
from infra_lib.model.bill import Part
from infra_lib.model.money import HOURS_PER_MONTH, Cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.hetzner.catalog.catalog import HetznerCatalog
    from infra_lib.clouds.hetzner.catalog.entries import ServerType

_UNKNOWN = Rate(None, None)


def cost_parts(
    server_type: ServerType,
    *,
    location: str,
    volumes: Iterable[tuple[str, int]],
    ipv4: bool,
    ipv6: bool,
    backups: bool,
    catalog: HetznerCatalog,
) -> Iterator[Part]:
    """Yield what a machine is billed for, but for traffic.

    Args:
        server_type: Its server type.
        location: Where it is.
        volumes: Its volumes, each with its size in GB.
        ipv4: Whether it has an IPv4 address.
        ipv6: Whether it has an IPv6 network, which is a part only where it has a price.
        backups: Whether Hetzner makes backups of it.
        catalog: Where prices are looked up.
    """
    yield from _server(server_type, location, catalog, backups=backups)
    for name, size_gb in volumes:
        yield _volume(name, size_gb, catalog)
    if ipv4:
        yield _address("ipv4", "primary IPv4", location, catalog)
    if ipv6 and catalog.primary_ip_price("ipv6", location) != _UNKNOWN:
        yield _address("ipv6", "primary IPv6", location, catalog)


@cache
def _server(
    server_type: ServerType, location: str, catalog: HetznerCatalog, *, backups: bool
) -> tuple[Part, ...]:
    price = catalog.server_price(server_type.name, location)
    rate = _UNKNOWN if price is None else Rate(price.eur_per_hour, price.eur_per_month)
    server = _while_it_exists("machine", f"{server_type.name}, {server_type.size}", rate)
    if not backups:
        return (server,)
    percent = catalog.backup_percent()
    share = None if percent is None else percent / 100
    of_it = Rate(_times(rate.eur_per_hour, share), _times(rate.eur_per_month, share))
    return server, _while_it_exists("backups", "of its root disk", of_it)


@cache
def _volume(name: str, size_gb: int, catalog: HetznerCatalog) -> Part:
    rate = Rate(None, _times(catalog.volume_price(), size_gb))
    return _always("data disk", f"{name}, {size_gb} GB volume", rate)


@cache
def _address(
    version: Literal["ipv4", "ipv6"], text: str, location: str, catalog: HetznerCatalog
) -> Part:
    return _always("address", text, catalog.primary_ip_price(version, location))


def _while_it_exists(kind: Literal["machine", "backups"], text: str, rate: Rate) -> Part:
    """Return a part that is billed, whether the server runs or not, until it is deleted."""
    hour = _hour(rate)
    most = rate.eur_per_month
    return Part(kind=kind, text=text, on=Cost(hour), stopped=hour, off=0.0, most_month=most)


def _always(kind: Literal["data disk", "address"], text: str, rate: Rate) -> Part:
    """Return a part that is billed also while there is no server."""
    hour = _hour(rate)
    most = rate.eur_per_month
    return Part(kind=kind, text=text, on=Cost(hour), stopped=hour, off=hour, most_month=most)


def _hour(rate: Rate) -> float | None:
    """Return EUR per hour; of what is known to cost so much a month, what that is an hour."""
    if rate.eur_per_hour is not None or rate.eur_per_month is None:
        return rate.eur_per_hour
    return rate.eur_per_month / HOURS_PER_MONTH


def _times(one: float | None, count: float | None) -> float | None:
    return None if one is None or count is None else one * count
