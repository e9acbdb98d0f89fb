"""The catalogue: what is built in, with what you know better."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.clouds.gcp.catalog import tables
from infra_lib.clouds.gcp.catalog.entries import AcceleratorType, MachineType, Price, Zone
from infra_lib.model.errors import alike, field_error, nearest
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_each, check_unique, in_order, valid

if TYPE_CHECKING:
    from collections.abc import Iterable


def _machine_type_entries(value: Iterable[MachineType]) -> tuple[MachineType, ...]:
    return in_order(value)


def _accelerator_type_entries(value: Iterable[AcceleratorType]) -> tuple[AcceleratorType, ...]:
    return in_order(value)


def _zone_entries(value: Iterable[Zone]) -> tuple[Zone, ...]:
    return in_order(value)


def _price_entries(value: Iterable[Price]) -> tuple[Price, ...]:
    return in_order(value)


@frozen
class Catalog:
    """The catalogue, with what you know better: your entries win over the built-in ones.

    `Catalog(machine_types=(MachineType("c4-standard-8", vcpus=8, memory_gib=30),))` is the way to
    use a machine type that the tables do not know yet; give it to `GcpMachine(catalog=…)`.

    Attributes:
        machine_types: Further machine types.
        accelerator_types: Further accelerator types.
        zones: Further zones, or zones that have come to offer other accelerators.
        prices: Further prices, of types and places that the catalogue knows, with your entries.
            The most particular wins: one for the very location, then one for "*", then the
            built-in one.

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

    def __attrs_post_init__(self) -> None:
        for name in ("machine_types", "accelerator_types", "zones"):
            check_unique(self._where, name, (entry.name for entry in getattr(self, name)))
        prices = (f"{item.name} in {item.location}" for item in self.prices)
        check_unique(self._where, "prices", prices)
        for price in self.prices:
            _check_place(self, price)

    def machine_type(self, name: str) -> MachineType | None:
        """Return the machine type of that name, None when it is not known."""
        own = {item.name: item for item in self.machine_types}
        return own.get(name) or tables.machine_type(name)

    def accelerator_type(self, name: str) -> AcceleratorType | None:
        """Return the accelerator type of that name, None when it is not known."""
        own = {item.name: item for item in self.accelerator_types}
        return own.get(name) or tables.ACCELERATORS.get(name)

    def accelerator_types_meant(self, said: str) -> tuple[AcceleratorType, ...]:
        """Return the accelerator types that a name of people's may mean: "T4", "A100 80GB".

        Of the same letters and digits as its name, it means that type. Otherwise a type may be
        meant when its model, the first word of its label, is among the words; of several, those
        that have the most of the words, in their name, label or memory ("80gb").
        """
        known = self.all_accelerator_types()
        if same := alike(said, known):
            return tuple(known[name] for name in same)
        words = _words(said)
        shared = {
            item: len(words & _words(f"{item.name} {item.label} {item.memory_gb}"))
            for item in known.values()
            if item.label.partition(" ")[0].lower() in words
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
        return own.get(name) or tables.zone(name)

    def all_machine_types(self) -> dict[str, MachineType]:
        """Return every machine type by name."""
        return tables.machine_types() | {item.name: item for item in self.machine_types}

    def machine_types_with_gpus(self) -> tuple[MachineType, ...]:
        """Return those that come with GPUs, and your own, of which some may have none."""
        own = {item.name: item for item in self.machine_types}
        return tuple((tables.machine_types_with_gpus() | own).values())

    def all_accelerator_types(self) -> dict[str, AcceleratorType]:
        """Return every accelerator type by name."""
        return tables.ACCELERATORS | {item.name: item for item in self.accelerator_types}

    def all_zones(self) -> dict[str, Zone]:
        """Return every zone by name."""
        return tables.zones() | {item.name: item for item in self.zones}

    def zones_in(self, region: str) -> tuple[Zone, ...]:
        """Return the zones of a region."""
        known = tables.zones_in(region) | {item.name: item for item in self.zones}
        return tuple(zone for zone in known.values() if zone.region == region)

    def regions(self) -> tuple[str, ...]:
        """Return every region, sorted."""
        return tuple(sorted(tables.regions() | {zone.region for zone in self.zones}))

    def zones_offering(self, accelerator_type: str) -> tuple[str, ...]:
        """Return the zones that offer an accelerator type, sorted; empty when none is known."""
        own = {zone.name for zone in self.zones}
        offering = {zone.name for zone in self.zones if accelerator_type in zone.accelerators}
        return tuple(sorted(tables.zones_offering(accelerator_type) - own | offering))

    def machine_price(self, machine_type: str, region: str) -> Price:
        """Return what a machine type costs in a region, built-in GPUs included."""
        return self._price(machine_type, region, "prices.csv")

    def accelerator_price(self, accelerator_type: str, zone: str) -> Price:
        """Return what one attached GPU costs in a zone."""
        return self._price(accelerator_type, zone, "accelerator_zones.csv")

    def _price(self, name: str, location: str, table: str) -> Price:
        own = {item.location: item for item in self.prices if item.name == name}
        for place in (location, "*"):
            if place in own:
                return own[place]
        return tables.price(table, name, location)


def _words(text: str) -> set[str]:
    """Return the words that a GPU is called by, in lower case; 80, 80g and 80GB are 80gb."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {re.sub(r"^([0-9]+)g?b?$", r"\1gb", word) for word in words}


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
        machine_types = catalog.all_machine_types()
        if price.name not in machine_types:
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
    if price.location != "*" and price.location not in places:
        near = nearest(price.location, places)
        accepted = f'{kind} has its price in a {example} of the catalogue, or in "*"'
        raise field_error(where, "location", price.location, f"{accepted}{near}")


CATALOG = Catalog()
