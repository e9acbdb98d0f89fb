"""What Compute Engine offers and costs, as files say it: those built in, or one of yours.

They are read when first asked for. They age: a `Catalog` of your own adds to them or corrects them,
and `Catalog.load` reads newer ones.
"""

from __future__ import annotations

import os
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from infra_lib.clouds.gcp.catalog.entries import MachineType, Zone
from infra_lib.clouds.sections import Sections
from infra_lib.model.money import HOURS_PER_MONTH, YEARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra_lib.clouds.gcp.catalog.custom import Custom

    # USD on demand, as a Spot VM, and under a commitment of one and of three years.
    Row = tuple[float | None, float | None, float | None, float | None]


_UNKNOWN: Row = (None, None, None, None)


class Tables(Sections):
    """The tables of a catalogue; see `infra_lib.clouds.gcp.catalog.file` for what they hold."""

    OF: ClassVar[Mapping[str, str]] = {
        "machine_types": "Machine types",
        "zones": "Zones",
        "machine_prices": "Prices of machine types",
        "accelerator_prices": "Prices of attached GPUs",
        "disk_prices": "Prices of disks",
        "address_prices": "Prices of addresses",
        "discounts": "Discounts",
    }
    FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - pathlib costs start-up

    def machine_type(self, name: str) -> MachineType | None:
        """Return the machine type of that name, a custom one too; None when there is none."""
        return _machine_type(self, name) or _custom_type(name)

    def machine_types(self) -> dict[str, MachineType]:
        """Return every machine type by name."""
        return self._types(self.section("machine_types")["machine_types"])

    def machine_types_with_gpus(self) -> dict[str, MachineType]:
        """Return the machine types that come with GPUs by name."""
        types = self.section("machine_types")["machine_types"]
        return self._types(name for name, entry in types.items() if "accelerator" in entry)

    def _types(self, names: Iterable[str]) -> dict[str, MachineType]:
        return {name: found for name in names if (found := _machine_type(self, name))}

    def zone(self, name: str) -> Zone | None:
        """Return the zone of that name; None when it is not known."""
        return _zones_in(self, region_of(name)).get(name)

    def zones(self) -> dict[str, Zone]:
        """Return every zone by name."""
        return {
            name: zone for region in self.regions() for name, zone in self.zones_in(region).items()
        }

    def zones_in(self, region: str) -> dict[str, Zone]:
        """Return the zones of a region by name."""
        return _zones_in(self, region)

    def regions(self) -> tuple[str, ...]:
        """Return every region, sorted."""
        return tuple(_regions(self))

    def zones_offering(self, accelerator_type: str) -> set[str]:
        """Return the names of the zones that offer an accelerator type."""
        zones = self.section("zones")["zones"]
        return {name for name, offered in zones.items() if accelerator_type in offered}

    def machine_price(self, name: str, region: str) -> Row:
        """Return USD per hour of a whole machine type in a region."""
        prices = self.section("machine_prices")
        whole = prices.get("machine_types", {}).get(name, {})
        if region in whole or "*" in whole:
            return _row(whole.get(region, whole.get("*")))
        entry = self.section("machine_types")["machine_types"].get(name)
        if entry is None:
            return _custom_price(self, name, region)
        rates = (_longest(prices.get("rates", {}), name) or {}).get(region)
        if rates is None:
            return _UNKNOWN
        parts = [
            _times(_row(islice(rates, 0, None, 2)), entry.get("billed_vcpus", entry["vcpus"])),
            _times(_row(islice(rates, 1, None, 2)), entry["memory_gib"]),
            self.local_ssd_price(name, region),
        ]
        if "accelerator" in entry:
            one = self.accelerator_price(entry["accelerator"], region)
            parts.append(_times(one, entry["accelerator_count"]))
        return _sum(parts)

    def local_ssd_price(self, name: str, region: str) -> Row:
        """Return the part of `machine_price` that its Local SSDs are.

        It is unknown where they have no price apart, and 0 for a machine type without any.
        """
        entry = self.machine_type(name)
        if entry is None or (entry.local_ssds and not entry.local_ssd_gib):
            return _UNKNOWN
        if not entry.local_ssds:
            return (0, 0, 0, 0)
        prices = self.section("machine_prices").get("local_ssd", {})
        by_region = _longest(prices, name) or prices.get("*", {})
        return _times(_row(by_region.get(region)), entry.local_ssd_gib / HOURS_PER_MONTH)

    def committed_use(self, name: str, region: str, years: int) -> float | None:
        """Return the part of the price on demand that is paid under a commitment of 1 or 3 years.

        It is unknown for extended memory, whose discount is another one, or none.
        """
        found = _custom(name)
        if years not in YEARS or (found is not None and found.extended_gib):
            return None
        i = YEARS.index(years)
        on_demand, _, *committed = self.machine_price(name, region)
        paid = committed[i]
        if on_demand and paid is not None:
            return paid / on_demand
        discounts = self.section("discounts")
        parts: list[float] | None = _longest(
            discounts.get("committed_use", {}), found.series if found else name
        )
        if not parts or found is None:
            return parts[i] if parts else None
        premium: float | None = discounts.get("custom_premium", {}).get(found.series)
        if premium is None:
            return None
        return round((parts[i] + premium * parts[-1]) / (1 + premium), 4)

    def sustained_use(self, name: str) -> tuple[float, ...]:
        """Return the part of the price on demand that is paid in each quarter of a month."""
        found = _custom(name)
        table = self.section("discounts").get("sustained_use", {})
        return tuple(_longest(table, found.series if found else name) or (1, 1, 1, 1))

    def accelerator_price(self, name: str, region: str) -> Row:
        """Return USD per hour of one GPU in a region."""
        table = self.section("accelerator_prices").get("accelerators", {})
        return _row(table.get(name, {}).get(region))

    def disk_price(self, disk_type: str, region: str) -> float | None:
        """Return USD per GiB and month of a disk in a region."""
        table = self.section("disk_prices").get("disks", {})
        found: float | None = table.get(disk_type, {}).get(region)
        return found

    def address_price(self, region: str) -> tuple[float | None, float | None]:
        """Return USD per hour of an external IPv4 address in a region: used, and not."""
        table = self.section("address_prices").get("addresses", {})
        return _row(table.get(region))[:2]


BUILT_IN = Tables()


@cache
def _machine_type(tables: Tables, name: str) -> MachineType | None:
    entry = tables.section("machine_types")["machine_types"].get(name)
    if entry is None:
        return None
    fields = {key: value for key, value in entry.items() if key != "billed_vcpus"}
    return MachineType(name, **fields)


def _custom(name: str) -> Custom | None:
    if "custom-" not in name:
        return None
    from infra_lib.clouds.gcp.catalog.custom import custom  # few fleets have any

    return custom(name)


def _custom_type(name: str) -> MachineType | None:
    found = _custom(name)
    if found is None:
        return None
    return MachineType(name, found.vcpus, found.memory_gib, found.shared_core)


@cache
def _regions(tables: Tables) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the zones of each region, with the accelerators that each offers."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for zone, offered in sorted(tables.section("zones")["zones"].items()):
        found.setdefault(region_of(zone), {})[zone] = tuple(offered)
    return found


@cache
def _zones_in(tables: Tables, region: str) -> dict[str, Zone]:
    offered = _regions(tables).get(region, {})
    return {name: Zone(name, region, accelerators) for name, accelerators in offered.items()}


def region_of(zone: str) -> str:
    """Return the region of a zone of the tables."""
    return zone.rpartition("-")[0]


def _custom_price(tables: Tables, name: str, region: str) -> Row:
    """Return the price of a custom machine type; what its rates as a Spot VM are is its own."""
    found = _custom(name)
    if found is None:
        return _UNKNOWN
    prices = tables.section("machine_prices")
    rates = prices.get("rates", {})
    own = rates.get(f"{found.series}-custom", {}).get(region)
    if own is None:
        premium = tables.section("discounts").get("custom_premium", {}).get(found.series)
        predefined = rates.get(found.series, {}).get(region, ())[:2]
        own = [None if None in (rate, premium) else rate * (1 + premium) for rate in predefined]
    parts = [
        _times(_row(islice(own, 0, None, 2)), found.billed_vcpus),
        _times(_row(islice(own, 1, None, 2)), found.memory_gib - found.extended_gib),
    ]
    if found.extended_gib:
        extended = prices.get("extended_memory", {}).get(found.series, {}).get(region)
        parts.append(_times(_row(extended), found.extended_gib))
    return _sum(parts)


def _longest(table: Mapping[str, Any], name: str) -> Any:
    """Return what a table has for the longest of the names that a machine type's begins with."""
    while name and name not in table:
        name = name.rpartition("-")[0]
    return table.get(name)


def _row(prices: Iterable[float | None] | None) -> Row:
    on_demand, spot, one_year, three_years, *_ = (*(prices or ()), *_UNKNOWN)
    return on_demand, spot, one_year, three_years


def _times(row: Row, count: float) -> Row:
    return _row(None if price is None else price * count for price in row)


def _sum(rows: Iterable[Row]) -> Row:
    """Return the sum of rows, unknown where one of them is."""
    columns = zip(*rows, strict=True)
    return _row(
        None if any(price is None for price in column) else round(sum(filter(None, column)), 6)
        for column in columns
    )
