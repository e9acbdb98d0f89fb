"""The catalogue: what is built in, with what you know better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from attrs import field

from infra_lib.clouds.hetzner.catalog.entries import Location, Rate, ServerPrice, ServerType
from infra_lib.clouds.hetzner.catalog.tables import BUILT_IN, Tables
from infra_lib.model.errors import field_error, nearest
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_each,
    check_instance,
    check_unique,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Literal

    from infra_lib.clouds.answers import Source


def _server_type_entries(value: Iterable[ServerType]) -> tuple[ServerType, ...]:
    return in_order(value)


def _location_entries(value: Iterable[Location]) -> tuple[Location, ...]:
    return in_order(value)


def _price_entries(value: Iterable[ServerPrice]) -> tuple[ServerPrice, ...]:
    return in_order(value)


@frozen
class HetznerCatalog:
    """What Hetzner Cloud offers and costs, with what you know better: your entries win.

    `HetznerCatalog(server_types=(ServerType("cx99", …),))` is the way to use a server type that the
    tables do not know yet; give it to `HetznerMachine(catalog=…)`.

    Attributes:
        server_types: Further server types, or ones that are sold elsewhere by now.
        locations: Further locations.
        prices: Further prices of servers, such as that of an old one, which a rise of prices left
            as it was. One for the very location wins over one for "*", and that over the tables'.
        tables: What all these add to: what is built in, or what `HetznerCatalog.load` read.

    Raises:
        FleetError: When an entry is given twice, or names what the catalogue does not know.
    """

    _where = "catalog"

    server_types: tuple[ServerType, ...] = field(
        default=(),
        converter=_server_type_entries,
        validator=valid(check_each, ServerType, "ServerType(…)"),
    )
    locations: tuple[Location, ...] = field(
        default=(),
        converter=_location_entries,
        validator=valid(check_each, Location, "Location(…)"),
    )
    prices: tuple[ServerPrice, ...] = field(
        default=(),
        converter=_price_entries,
        validator=valid(check_each, ServerPrice, "ServerPrice(…)"),
    )
    tables: Tables = field(default=BUILT_IN, validator=valid(check_instance, Tables), repr=False)

    def __hash__(self) -> int:
        """Hash what is quickly hashed."""
        return hash((self.tables, len(self.server_types), len(self.prices)))

    def __attrs_post_init__(self) -> None:
        check_unique(self._where, "server_types", (each.name for each in self.server_types))
        check_unique(self._where, "locations", (each.name for each in self.locations))
        places = (f"{each.server_type} in {each.location}" for each in self.prices)
        check_unique(self._where, "prices", places)
        for entry in self.server_types:
            for name in (*entry.locations, *entry.deprecated_in):
                self._check_place(entry._where, "locations", name)
        for price in self.prices:
            if self.server_type(price.server_type) is None:
                near = nearest(price.server_type, self.all_server_types())
                accepted = f"not in the catalogue, nor among its server_types{near}"
                raise field_error(price._where, "server_type", price.server_type, accepted)
            if price.location != "*":
                self._check_place(price._where, "location", price.location)

    def _check_place(self, where: str, field: str, name: str) -> None:
        if self.location(name) is None:
            near = nearest(name, self.all_locations())
            accepted = f"not in the catalogue, nor among its locations{near}"
            raise field_error(where, field, name, accepted)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Return the catalogue that a file holds: what it leaves out is built in.

        `infra catalog update` writes it. `evolve` adds what you know better.

        Args:
            path: The file: `Path(__file__).with_name("hetzner-catalog.json")`.

        Raises:
            FleetError: When it cannot be read, or does not hold a catalogue of Hetzner's.
        """
        from infra_lib.clouds.hetzner.catalog.file import FILE

        return cls(tables=Tables(FILE.read(path)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where what the tables hold is from, and from when."""
        return self.tables.sources()

    def source(self, section: str) -> Source:
        """Return where a section of the tables is from: "server_types", "locations", "prices"."""
        return self.tables.source(section)

    def server_type(self, name: str) -> ServerType | None:
        """Return the server type of that name; None when it is not known."""
        own = {entry.name: entry for entry in self.server_types}
        return own.get(name) or self.tables.server_type(name)

    def all_server_types(self) -> dict[str, ServerType]:
        """Return every server type by name, also those that can no longer be ordered."""
        own = {entry.name: entry for entry in self.server_types}
        return {**self.tables.server_types(), **own}

    def location(self, name: str) -> Location | None:
        """Return the location of that name; None when it is not known."""
        own = {entry.name: entry for entry in self.locations}
        return own.get(name) or self.tables.locations().get(name)

    def all_locations(self) -> dict[str, Location]:
        """Return every location by name."""
        own = {entry.name: entry for entry in self.locations}
        return {**self.tables.locations(), **own}

    def server_price(self, server_type: str, location: str) -> ServerPrice | None:
        """Return what a server type costs in a location; None when nobody knows.

        It is the price of an order made today, or yours.
        """
        if own := self.own_price(server_type, location):
            return own
        rate = self.tables.server_rate(server_type, location)
        if rate.eur_per_hour is None and rate.eur_per_month is None:
            return None
        return ServerPrice(
            server_type,
            location,
            eur_per_hour=rate.eur_per_hour,
            eur_per_month=rate.eur_per_month,
        )

    def own_price(self, server_type: str, location: str) -> ServerPrice | None:
        """Return the price that you gave for a server type in a location; None for none."""
        own = {price.location: price for price in self.prices if price.server_type == server_type}
        return own.get(location) or own.get("*")

    def primary_ip_price(self, version: Literal["ipv4", "ipv6"], location: str) -> Rate:
        """Return what a primary IP costs, used by a server or not. An IPv6 one has no price."""
        return self.tables.primary_ip_rate(version, location)

    def volume_price(self) -> float | None:
        """Return EUR per GB of a volume and month; None when unknown."""
        return self.tables.amount("volume_gb")

    def snapshot_price(self) -> float | None:
        """Return EUR per GB of a snapshot and month; None when unknown."""
        return self.tables.amount("snapshot_gb")

    def backup_percent(self) -> float | None:
        """Return what backups cost, in percent of the server's price; None when unknown."""
        return self.tables.amount("backup_percent")

    def traffic_price(self, location: str) -> float | None:
        """Return EUR per TB of traffic beyond what is included; None when unknown."""
        return self.tables.traffic_price(location)

    def included_traffic_tb(self, server_type: str, location: str) -> float | None:
        """Return the TB of traffic a month that are in a server's price; None when unknown."""
        return self.tables.included_traffic_tb(server_type, location)


CATALOG = HetznerCatalog()
"""The catalogue that is built in."""
