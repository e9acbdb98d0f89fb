"""What Hetzner Cloud offers and costs, as files say it: those built in, or one of yours.

They are read when first asked for. They age: a `HetznerCatalog` of your own adds to them or
corrects them, and `HetznerCatalog.load` reads newer ones.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from infra_lib.clouds.hetzner.catalog.entries import Location, Rate, ServerType
from infra_lib.clouds.sections import Sections

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tables(Sections):
    """The tables of a catalogue; see `infra_lib.clouds.hetzner.catalog.file` for what they hold."""

    OF: ClassVar[Mapping[str, str]] = {
        "server_types": "Server types",
        "locations": "Locations",
        "prices": "Prices",
    }
    FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - pathlib costs start-up

    def server_type(self, name: str) -> ServerType | None:
        """Return the server type of that name; None when it is not known."""
        return _server_type(self, name)

    def server_types(self) -> dict[str, ServerType]:
        """Return every server type by name."""
        names = self.section("server_types")["server_types"]
        return {name: found for name in names if (found := _server_type(self, name))}

    def locations(self) -> Mapping[str, Location]:
        """Return every location by name."""
        return _locations(self)

    def server_rate(self, server_type: str, location: str) -> Rate:
        """Return what a server type costs in a location."""
        return _rate(self.section("prices").get("servers", {}).get(server_type, {}).get(location))

    def primary_ip_rate(self, version: str, location: str) -> Rate:
        """Return what a primary IP costs, "ipv4" or "ipv6", used by a server or not."""
        return _rate(self.section("prices").get("primary_ips", {}).get(version, {}).get(location))

    def amount(self, name: str) -> float | None:
        """Return an amount that is the same everywhere; see `file`. None when unknown."""
        found: float | None = self.section("prices").get(name)
        return found

    def traffic_price(self, location: str) -> float | None:
        """Return EUR per TB of traffic beyond what is included; None when unknown."""
        found: float | None = self.section("prices").get("traffic_tb", {}).get(location)
        return found

    def included_traffic_tb(self, server_type: str, location: str) -> float | None:
        """Return the TB of traffic a month that are in a server's price; None when unknown."""
        table = self.section("prices").get("included_traffic_tb", {})
        found: float | None = table.get(server_type, {}).get(location)
        return found

    def orders_since(self) -> str | None:
        """Return the day since which orders have these prices; None when unknown."""
        found: str | None = self.section("prices").get("orders_since")
        return found


BUILT_IN = Tables()


@cache
def _server_type(tables: Tables, name: str) -> ServerType | None:
    entry = tables.section("server_types")["server_types"].get(name)
    return None if entry is None else server_type_of(name, entry)


@cache
def _locations(tables: Tables) -> dict[str, Location]:
    entries = tables.section("locations")["locations"]
    return {name: Location(name, **entry) for name, entry in entries.items()}


def server_type_of(name: str, entry: Mapping[str, Any]) -> ServerType:
    """Return a server type as a file has it.

    Raises:
        FleetError: When it cannot be one.
    """
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return ServerType(name, **{**entry, **lists})


def _rate(prices: list[float | None] | None) -> Rate:
    return Rate(*(prices or (None, None)))
