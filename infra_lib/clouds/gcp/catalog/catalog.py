"""The catalogue: what is built in, with what you know better."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Self

from attrs import field

from infra_lib.clouds.gcp.catalog.entries import (
    AcceleratorType,
    AddressPrice,
    DiskPrice,
    MachineType,
    Price,
    Zone,
)
from infra_lib.clouds.gcp.catalog.series import Series, series_of
from infra_lib.clouds.gcp.catalog.tables import BUILT_IN, Tables, region_of
from infra_lib.model.errors import alike, field_error, nearest
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

    from infra_lib.clouds.answers import Source


def _machine_type_entries(value: Iterable[MachineType]) -> tuple[MachineType, ...]:
    return in_order(value)


def _accelerator_type_entries(value: Iterable[AcceleratorType]) -> tuple[AcceleratorType, ...]:
    return in_order(value)


def _zone_entries(value: Iterable[Zone]) -> tuple[Zone, ...]:
    return in_order(value)


def _price_entries(value: Iterable[Price]) -> tuple[Price, ...]:
    return in_order(value)


def _disk_price_entries(value: Iterable[DiskPrice]) -> tuple[DiskPrice, ...]:
    return in_order(value)


def _address_price_entries(value: Iterable[AddressPrice]) -> tuple[AddressPrice, ...]:
    return in_order(value)


def _series_entries(value: Iterable[Series]) -> tuple[Series, ...]:
    return in_order(value)


@frozen
class Catalog:
    """The catalogue, with what you know better: your entries win over the built-in ones.

    `Catalog(machine_types=(MachineType("c9-standard-8", vcpus=8, memory_gib=30),))` is the way to
    use a machine type that the tables do not know yet; give it to `GcpMachine(catalog=…)`.

    Attributes:
        machine_types: Further machine types.
        accelerator_types: Further accelerator types.
        zones: Further zones, or zones that have come to offer other accelerators.
        prices: Further prices, of types and places that the catalogue knows, with your entries.
            The most particular wins: one for the very location, then one for "*", then the
            built-in one.
        disk_prices: Further prices of disks, which win likewise.
        address_prices: Further prices of external addresses, which win likewise.
        tables: What all these add to: what is built in, or what `Catalog.load` read.
        series: Further series, or parts of them, of the machine types here and in the tables.

    Raises:
        FleetError: When an entry is given twice, or a price is one that nothing would look up.
    """

    _where = "catalog"

    machine_types: tuple[MachineType, ...] = field(
        default=(),
        converter=_machine_type_entries,
        validator=valid(check_each, MachineType, "MachineType(…)"),
    )
    accelerator_types: tuple[AcceleratorType, ...] = field(
        default=(),
        converter=_accelerator_type_entries,
        validator=valid(check_each, AcceleratorType, "AcceleratorType(…)"),
    )
    zones: tuple[Zone, ...] = field(
        default=(), converter=_zone_entries, validator=valid(check_each, Zone, "Zone(…)")
    )
    prices: tuple[Price, ...] = field(
        default=(), converter=_price_entries, validator=valid(check_each, Price, "Price(…)")
    )
    disk_prices: tuple[DiskPrice, ...] = field(
        default=(),
        converter=_disk_price_entries,
        validator=valid(check_each, DiskPrice, "DiskPrice(…)"),
    )
    address_prices: tuple[AddressPrice, ...] = field(
        default=(),
        converter=_address_price_entries,
        validator=valid(check_each, AddressPrice, "AddressPrice(…)"),
    )
    series: tuple[Series, ...] = field(
        default=(),
        converter=_series_entries,
        validator=valid(check_each, Series, "Series(…)"),
        kw_only=True,
    )
    tables: Tables = field(default=BUILT_IN, validator=valid(check_instance, Tables), repr=False)

    def __hash__(self) -> int:
        """Hash what is quickly hashed: a price is remembered by its catalogue."""
        return hash((self.tables, len(self.machine_types), len(self.prices)))

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Return the catalogue that a file holds: what it leaves out is built in.

        `infra catalog update` writes it. `evolve` adds what you know better.

        Args:
            path: The file: `Path(__file__).with_name("catalog.json")`.

        Raises:
            FleetError: When it cannot be read, or does not hold a catalogue.
        """
        from infra_lib.clouds.gcp.catalog.file import FILE

        return cls(tables=Tables(FILE.read(path)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where what the tables hold is from, and from when."""
        return self.tables.sources()

    def __attrs_post_init__(self) -> None:
        for name in ("machine_types", "accelerator_types", "zones", "series"):
            check_unique(self._where, name, (entry.name for entry in getattr(self, name)))
        prices = (f"{item.name} in {item.location}" for item in self.prices)
        check_unique(self._where, "prices", prices)
        for price in self.prices:
            _check_place(self, price)
        disks = (f"{item.disk_type} in {item.location}" for item in self.disk_prices)
        check_unique(self._where, "disk_prices", disks)
        addresses = (item.location for item in self.address_prices)
        check_unique(self._where, "address_prices", addresses)
        for disk in self.disk_prices:
            _check_region(self, disk._where, disk.location)
        for address in self.address_prices:
            _check_region(self, address._where, address.location)

    def machine_type(self, name: str) -> MachineType | None:
        """Return the machine type of that name, custom ones included; None when it is unknown."""
        own = {item.name: item for item in self.machine_types}
        found = own.get(name) or self.tables.machine_type(name)
        return found.in_series(self.series_of(name)) if self.series and found else found

    def series_of(self, machine_type: str) -> Series:
        """Return what all machine types of a series have in common, also of one not known here."""
        return series_of(machine_type, self.series)

    def accelerator_type(self, name: str) -> AcceleratorType | None:
        """Return the accelerator type of that name, None when it is not known."""
        own = {item.name: item for item in self.accelerator_types}
        return own.get(name) or _accelerators().get(name)

    def accelerator_types_meant(self, said: str) -> tuple[AcceleratorType, ...]:
        """Return the accelerator types that a name of people's may mean: "T4", "A100 80GB".

        Of the same letters and digits as its name, it means that type. Otherwise a type may be
        meant when its model, the words of its label up to the first with a digit, is among the
        words; of several, those that have the most of the words, in their name, label or memory
        ("80gb").
        """
        known = self.all_accelerator_types()
        if same := alike(said, known):
            return tuple(known[name] for name in same)
        words = _words(said)
        shared = {
            item: len(words & _words(f"{item.name} {item.label} {item.memory_gb}"))
            for item in known.values()
            if _is_model(item.label, words)
        }
        most = max(shared.values(), default=0)
        return tuple(item for item, count in shared.items() if count == most)

    def machine_types_with(self, accelerator_type: str) -> tuple[str, ...]:
        """Return the machine types that come with an accelerator type; empty for none."""
        return tuple(
            item.name
            for item in self.all_machine_types().values()
            if item.accelerator == accelerator_type
        )

    def zone(self, name: str) -> Zone | None:
        """Return the zone of that name, None when it is not known."""
        own = {item.name: item for item in self.zones}
        return own.get(name) or self.tables.zone(name)

    def all_machine_types(self) -> dict[str, MachineType]:
        """Return every machine type by name."""
        return self.tables.machine_types() | {item.name: item for item in self.machine_types}

    def machine_types_with_gpus(self) -> tuple[MachineType, ...]:
        """Return those that come with GPUs, and your own, of which some may have none."""
        own = {item.name: item for item in self.machine_types}
        return tuple((self.tables.machine_types_with_gpus() | own).values())

    def all_accelerator_types(self) -> dict[str, AcceleratorType]:
        """Return every accelerator type by name."""
        return _accelerators() | {item.name: item for item in self.accelerator_types}

    def all_zones(self) -> dict[str, Zone]:
        """Return every zone by name."""
        return self.tables.zones() | {item.name: item for item in self.zones}

    def zones_in(self, region: str) -> tuple[Zone, ...]:
        """Return the zones of a region."""
        known = self.tables.zones_in(region) | {item.name: item for item in self.zones}
        return tuple(zone for zone in known.values() if zone.region == region)

    def regions(self) -> tuple[str, ...]:
        """Return every region, sorted."""
        return tuple(sorted({*self.tables.regions(), *(zone.region for zone in self.zones)}))

    def zones_offering(self, accelerator_type: str) -> tuple[str, ...]:
        """Return the zones that offer an accelerator type, sorted; empty when none is known."""
        own = {zone.name for zone in self.zones}
        offering = {zone.name for zone in self.zones if accelerator_type in zone.accelerators}
        return tuple(sorted(self.tables.zones_offering(accelerator_type) - own | offering))

    def machine_price(self, machine_type: str, region: str) -> Price:
        """Return what a machine type costs in a region, its own GPUs and Local SSDs included."""
        own = self._own_price(machine_type, region)
        return own or _machine_price(self.tables, machine_type, region)

    def accelerator_price(self, accelerator_type: str, zone: str) -> Price:
        """Return what one attached GPU costs in a zone; unknown where it is not offered."""
        own = self._own_price(accelerator_type, zone)
        if own is not None:
            return own
        known = self.zone(zone)
        offered = known is not None and accelerator_type in known.accelerators
        return _accelerator_price(self.tables, accelerator_type, zone, offered=offered)

    def disk_price(self, disk_type: str, region: str) -> float | None:
        """Return USD per GiB and month of a disk in a region; None when unknown."""
        own = {each.location: each for each in self.disk_prices if each.disk_type == disk_type}
        found = own.get(region) or own.get("*")
        return found.usd_per_gib_month if found else self.tables.disk_price(disk_type, region)

    def address_price(self, region: str) -> AddressPrice:
        """Return what an external IPv4 address costs in a region."""
        own = {each.location: each for each in self.address_prices}
        return own.get(region) or own.get("*") or _address_price(self.tables, region)

    def local_ssd_price(self, machine_type: str, region: str) -> Price | None:
        """Return the part of `machine_price` that the Local SSDs of a machine type are.

        Returns:
            None where they have no price apart, or the machine's price is your own.
        """
        if self._own_price(machine_type, region) is not None:
            return None
        row = self.tables.local_ssd_price(machine_type, region)
        return None if row[0] is None else Price(machine_type, region, *row[:2])

    def committed_use(self, machine_type: str, region: str, years: int) -> float | None:
        """Return what part of the price on demand is paid under a commitment to a machine type.

        Args:
            machine_type: The machine type, or an accelerator type that is attached to one.
            region: The region.
            years: 1 or 3.

        Returns:
            0.63 for 37 % off; None when it is unknown or not to be had.
        """
        return self.tables.committed_use(machine_type, region, years)

    def sustained_use(self, machine_type: str) -> tuple[float, ...]:
        """Return what part of the price on demand is paid in each quarter of a month.

        Args:
            machine_type: The machine type, or an accelerator type that is attached to one.

        Returns:
            (1, 0.8, 0.6, 0.4) for N1; (1, 1, 1, 1) where running for long makes nothing cheaper.
        """
        return self.tables.sustained_use(machine_type)

    def _own_price(self, name: str, location: str) -> Price | None:
        own = {item.location: item for item in self.prices if item.name == name}
        return own.get(location) or own.get("*")


def _accelerators() -> dict[str, AcceleratorType]:
    from infra_lib.clouds.gcp.catalog.accelerators import ACCELERATORS  # for those with GPUs

    return ACCELERATORS


@cache
def _machine_price(tables: Tables, name: str, region: str) -> Price:
    return Price(name, region, *tables.machine_price(name, region)[:2])


@cache
def _accelerator_price(tables: Tables, name: str, zone: str, *, offered: bool) -> Price:
    row = tables.accelerator_price(name, region_of(zone) if offered else "")
    return Price(name, zone, *row[:2])


@cache
def _address_price(tables: Tables, region: str) -> AddressPrice:
    return AddressPrice(region, *tables.address_price(region))


def _words(text: str) -> set[str]:
    """Return the words that a GPU is called by, in lower case; 80, 80g and 80GB are 80gb."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {re.sub(r"^([0-9]+)g?b?$", r"\1gb", word) for word in words}


def _is_model(label: str, words: set[str]) -> bool:
    """Whether words have the model of a GPU in them: "RTX PRO 6000" of a label, apart or as one."""
    model = re.match(r"\D*\S*", label.lower())
    named = model[0] if model else ""
    return _words(named) <= words or named.replace(" ", "") in words


def did_you_mean(meant: Iterable[AcceleratorType]) -> str:
    """Return the end of a message that asks for accelerator types by name; empty for none."""
    names = " or ".join(repr(item.name) for item in meant)
    return f" (did you mean {names}?)" if names else ""


def _check_place(catalog: Catalog, price: Price) -> None:
    """Check that a price is of something that is priced, in the kind of place that it has one for.

    Any other would never be looked up.
    """
    where = f"price of {price.name!r}"
    accelerator = catalog.accelerator_type(price.name)
    places: Iterable[str]
    if accelerator is None:
        if catalog.machine_type(price.name) is None:
            machine_types = catalog.all_machine_types()
            near = did_you_mean(catalog.accelerator_types_meant(price.name)) or nearest(
                price.name, {*machine_types, *catalog.all_accelerator_types()}
            )
            accepted = "a machine type or an accelerator type of the catalogue, yours included"
            raise field_error(where, "name", price.name, f"{accepted}{near}")
        kind, example, places = "a machine type", "region", catalog.regions()
    else:
        if not accelerator.max_vcpus:
            holders = catalog.machine_types_with(price.name)
            accepted = "only comes with a machine type, whose price has it in it"
            example = f": {', '.join(sorted(holders)[:3])}" if holders else ""
            raise field_error(where, "name", price.name, f"{accepted}{example}")
        kind, example, places = "an accelerator type", "zone", catalog.all_zones()
    _check_location(where, price.location, f"{kind} has its price in a {example}", places)


def _check_region(catalog: Catalog, where: str, location: str) -> None:
    _check_location(where, location, "it is of a region", catalog.regions())


def _check_location(where: str, location: str, of: str, places: Iterable[str]) -> None:
    if location != "*" and location not in places:
        near = nearest(location, places)
        raise field_error(where, "location", location, f'{of} of the catalogue, or of "*"{near}')


CATALOG = Catalog()
