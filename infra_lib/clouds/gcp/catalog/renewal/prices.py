"""The sections of a catalogue that hold prices, from SKUs; `file` says how they are laid out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.catalog.renewal.products import CUSTOM, PREMIUM, Kind
from infra_lib.clouds.gcp.catalog.renewal.skus import GLOBAL, Way
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.gcp.catalog.entries import MachineType
    from infra_lib.clouds.gcp.catalog.renewal.skus import Rate

WAYS: tuple[Way, ...] = ("on demand", "spot", "1 year", "3 years")
_COMMITTED: tuple[Way, ...] = ("1 year", "3 years")
_DIGITS = 9  # as many as the API has

# What is billed by SKUs of its own: where those are not known, it has no price, for that of its
# series is another.
_APART = ("a3-edgegpu", "a3-megagpu", "a3-ultragpu", "m4-ultramem-224", "m4n-ultramem-224")
# m1 by its names of old: https://cloud.google.com/compute/docs/memory-optimized-machines.
_OLD_M1 = ("n1-megamem", "n1-ultramem")

Section = dict[str, Any]
Row = list[float | None]


@frozen
class Amounts:
    """What each thing costs in each region, in each way, as SKUs tell it.

    Attributes:
        told: All amounts, by kind and name, region and way: of what is clear, one.
    """

    told: Mapping[tuple[Kind, str], Mapping[str, Mapping[Way, AbstractSet[Fraction]]]]

    @classmethod
    def of(cls, rates: Iterable[Rate]) -> Amounts:
        """Return the amounts of rates."""
        told: dict[tuple[Kind, str], dict[str, dict[Way, set[Fraction]]]] = {}
        for rate in rates:
            regions = told.setdefault((rate.product.kind, rate.product.name), {})
            for region in rate.regions:
                regions.setdefault(region, {}).setdefault(rate.way, set()).add(rate.usd)
        return cls(told)

    def unclear(self) -> list[str]:
        """Return what is told twice, and not the same, in words."""
        return sorted(
            f"{name} ({kind}) in {region}, {way}"
            for (kind, name), regions in self.told.items()
            for region, ways in regions.items()
            for way, amounts in ways.items()
            if len(amounts) > 1
        )

    def names(self, *kinds: Kind) -> set[str]:
        """Return the names of all things of some kinds."""
        return {name for kind, name in self.told if kind in kinds}

    def regions(self, *things: tuple[Kind, str]) -> set[str]:
        """Return the regions where any of some things has a price."""
        return {region for thing in things for region in self.told.get(thing, {})} - {GLOBAL}

    def usd(self, kind: Kind, name: str, region: str, way: Way) -> Fraction | None:
        """Return what a thing costs; None where it is not known, or not clear."""
        regions = self.told.get((kind, name), {})
        amounts = regions.get(region, {}).get(way) or regions.get(GLOBAL, {}).get(way, set())
        return next(iter(amounts)) if len(amounts) == 1 else None


def price_sections(amounts: Amounts) -> dict[str, Section]:
    """Return the sections of prices, without those of whole machines that need to be known for it.

    Args:
        amounts: What each thing costs.
    """
    machines = {name: _rows(amounts, "machine", name) for name in amounts.names("machine")}
    regions = amounts.regions(*(("vcpu", name) for name in amounts.names("vcpu")))
    return {
        "machine_prices": {
            "rates": _rates(amounts),
            "extended_memory": {
                name.removesuffix(CUSTOM): _rows(amounts, "extended_gib", name)
                for name in amounts.names("extended_gib")
            },
            "local_ssd": {
                name: _rows(amounts, "local_ssd", name) for name in amounts.names("local_ssd")
            },
            "machine_types": machines,
        },
        "accelerator_prices": {
            "accelerators": {name: _rows(amounts, "gpu", name) for name in amounts.names("gpu")}
        },
        "disk_prices": {
            "disks": {
                name: {
                    region: float(usd)
                    for region in amounts.regions(("disk", name))
                    if (usd := amounts.usd("disk", name, region, "on demand")) is not None
                }
                for name in amounts.names("disk")
            }
        },
        "address_prices": {
            "addresses": {
                region: row
                for region in regions | amounts.regions(("address", "unused"))
                if (row := _address(amounts, region))
            }
        },
    }


def add_whole_machines(
    section: Section, amounts: Amounts, machine_types: Mapping[str, MachineType]
) -> None:
    """Add to the section of machines' prices those that are billed by their GPUs, as a whole.

    Args:
        section: "machine_prices".
        amounts: What each thing costs.
        machine_types: Every machine type by name.
    """
    for name, entry in machine_types.items():
        count, slices = entry.accelerator_count, f"{entry.family} {entry.accelerator}"
        if 0 < count < 1:
            rows = _rows(amounts, "eighth", slices, int(count * 8))
        elif slices in amounts.names("slice"):
            rows = _rows(amounts, "slice", slices, int(count))
        else:
            continue
        # Where no SKU is, nothing is known: rates of the series have no part in its price.
        section["machine_types"][name] = {"*": [], **rows}


def _rates(amounts: Amounts) -> dict[str, dict[str, Row]]:
    rates: dict[str, dict[str, Row]] = defaultdict(dict)
    for name in amounts.names("vcpu", "gib") - {PREMIUM}:
        for region in amounts.regions(("vcpu", name), ("gib", name)):
            rates[name][region] = _pairs(amounts, name, region)
    m1 = rates.get("m1", {})
    for region in amounts.regions(("vcpu", PREMIUM)) & m1.keys():
        pairs = zip(m1[region], _pairs(amounts, PREMIUM, region), strict=True)
        rates["m2"][region] = [
            None if base is None or premium is None else round(base + premium, _DIGITS)
            for base, premium in pairs
        ]
    if not rates:
        return {}
    for name in _OLD_M1:
        rates[name] = m1
    for name in _APART:
        rates.setdefault(name, {})
    return {
        name: {region: row for region, each in rows.items() if (row := _trimmed(each))}
        for name, rows in rates.items()
    }


def _pairs(amounts: Amounts, name: str, region: str) -> Row:
    """Return what a vCPU and a GiB cost in each way, in pairs.

    A commitment is to vCPUs and memory of a series, whatever its machine types are made of:
    https://cloud.google.com/compute/docs/instances/committed-use-discounts-overview.
    """
    kinds: tuple[Kind, ...] = ("vcpu", "gib")
    return [
        _rounded(
            amounts.usd(kind, name.removesuffix(CUSTOM) if way in _COMMITTED else name, region, way)
        )
        for way in WAYS
        for kind in kinds
    ]


def _rows(amounts: Amounts, kind: Kind, name: str, times: int = 1) -> dict[str, Row]:
    rows = {
        region: _trimmed([_rounded(amounts.usd(kind, name, region, way), times) for way in WAYS])
        for region in amounts.regions((kind, name))
    }
    return {region: row for region, row in rows.items() if row}


def _address(amounts: Amounts, region: str) -> Row:
    """Return what an address costs in a region: one that a machine uses costs the same anywhere."""
    uses = ("in use", "unused")
    return _trimmed([_rounded(amounts.usd("address", use, region, "on demand")) for use in uses])


def _rounded(usd: Fraction | None, times: int = 1) -> float | None:
    return None if usd is None else float(round(usd * times, _DIGITS))


def _trimmed(row: Row) -> Row:
    """Return a row without the unknown prices at its end."""
    while row and row[-1] is None:
        row = row[:-1]
    return row
