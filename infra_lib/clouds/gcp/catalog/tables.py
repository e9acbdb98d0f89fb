"""What Compute Engine offers and costs, as it is built in: tables beside this module.

They are read when first asked for. They age: a `Catalog` of your own adds to them or corrects them.
"""

from __future__ import annotations

import os
from functools import cache

from infra_lib.clouds.gcp.catalog.entries import AcceleratorType, MachineType, Price, Zone

MACHINE_TYPES_AS_OF = "2026-07-01"
MACHINE_TYPES_SOURCE = (
    "gcloud compute machine-types list, as kept by Cyclenerd/google-cloud-pricing-cost-calculator"
)
PRICES_AS_OF = "2024-06-26"
PRICES_SOURCE = "doitintl/gcpinstances.info"
ACCELERATORS_AS_OF = "2026"
ACCELERATORS_SOURCE = "skypilot-org/skypilot-catalog"

# Attachable counts and vCPU limits: https://cloud.google.com/compute/docs/gpus#n1-gpus
# Compute capabilities: https://developer.nvidia.com/cuda-gpus and …/cuda-legacy-gpus
ACCELERATORS = {
    accelerator.name: accelerator
    for accelerator in (
        AcceleratorType("nvidia-tesla-t4", "T4", "turing", 16, {1: 48, 2: 48, 4: 96}, "7.5"),
        AcceleratorType("nvidia-tesla-p4", "P4", "pascal", 8, {1: 24, 2: 48, 4: 96}, "6.1"),
        AcceleratorType(
            "nvidia-tesla-v100", "V100", "volta", 16, {1: 12, 2: 24, 4: 48, 8: 96}, "7.0"
        ),
        AcceleratorType("nvidia-tesla-p100", "P100", "pascal", 16, {1: 16, 2: 32, 4: 96}, "6.0"),
        AcceleratorType("nvidia-l4", "L4", "ada", 24, {}, "8.9"),
        AcceleratorType("nvidia-tesla-a100", "A100", "ampere", 40, {}, "8.0"),
        AcceleratorType("nvidia-a100-80gb", "A100 80GB", "ampere", 80, {}, "8.0"),
        AcceleratorType("nvidia-h100-80gb", "H100", "hopper", 80, {}, "9.0"),
        AcceleratorType("nvidia-h100-mega-80gb", "H100 Mega", "hopper", 80, {}, "9.0"),
        AcceleratorType("nvidia-h200-141gb", "H200", "hopper", 141, {}, "9.0"),
    )
}

# Machine types that come with GPUs: https://cloud.google.com/compute/docs/accelerator-optimized-machines
_BUILT_IN = {
    **{f"g2-standard-{vcpus}": ("nvidia-l4", 1) for vcpus in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
    **{f"a2-highgpu-{count}g": ("nvidia-tesla-a100", count) for count in (1, 2, 4, 8)},
    "a2-megagpu-16g": ("nvidia-tesla-a100", 16),
    **{f"a2-ultragpu-{count}g": ("nvidia-a100-80gb", count) for count in (1, 2, 4, 8)},
    **{f"a3-highgpu-{count}g": ("nvidia-h100-80gb", count) for count in (1, 2, 4, 8)},
    **dict.fromkeys(("a3-edgegpu-8g", "a3-edgegpu-8g-nolssd"), ("nvidia-h100-80gb", 8)),
    "a3-megagpu-8g": ("nvidia-h100-mega-80gb", 8),
    **dict.fromkeys(("a3-ultragpu-8g", "a3-ultragpu-8g-nolssd"), ("nvidia-h200-141gb", 8)),
}

# A region has zones a, b and c, but for these: https://cloud.google.com/compute/docs/regions-zones
_ZONE_LETTERS = {"us-central1": "abcf", "us-east1": "bcd", "europe-west1": "bcd"}


def _rows(table: str) -> list[list[str]]:
    """Read a table beside this module: no field holds a comma or a quote."""
    with open(os.path.join(os.path.dirname(__file__), table), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib costs start-up
        return [line.split(",") for line in file.read().splitlines()[1:]]


@cache
def prices(table: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the prices of a table by name and place: on demand and spot, "" for unknown."""
    return {(name, place): (price, spot) for name, place, price, spot in _rows(table)}


@cache
def price(table: str, name: str, place: str) -> Price:
    """Return the price of a table for a name and a place, where both may be unknown."""
    cells = prices(table).get((name, place), ("", ""))
    return Price(name, place, *(float(cell) if cell else None for cell in cells))


@cache
def _machine_types() -> dict[str, list[str]]:
    return {row[0]: row for row in _rows("machine_types.csv")}


@cache
def machine_type(name: str) -> MachineType | None:
    """Return the machine type of that name; None when it is not in the table."""
    # a3-edgegpu and a3-ultragpu have no price in the source, and so no Local SSDs there. They come
    # with some: https://cloud.google.com/compute/docs/disks/add-local-ssd. How many is not
    # known for sure.
    row = _machine_types().get(name)
    if row is None:
        return None
    _, vcpus, shared, memory, local_ssd = row
    accelerator, count = _BUILT_IN.get(name, (None, 0))
    return MachineType(
        name, int(vcpus), float(memory), shared == "true", accelerator, count, int(local_ssd)
    )


def machine_types() -> dict[str, MachineType]:
    """Return every machine type by name."""
    return {name: found for name in _machine_types() if (found := machine_type(name))}


def machine_types_with_gpus() -> dict[str, MachineType]:
    """Return the machine types that come with GPUs by name."""
    return {name: found for name in _BUILT_IN if (found := machine_type(name))}


@cache
def _offered() -> dict[str, tuple[str, ...]]:
    """Return the accelerators that each zone offers, in the zones' order."""
    offered: dict[str, list[str]] = {
        f"{region}-{letter}": []
        for region in {region for _, region in prices("prices.csv")}
        for letter in _ZONE_LETTERS.get(region, "abc")
    }
    for accelerator, zone in prices("accelerator_zones.csv"):
        offered.setdefault(zone, []).append(accelerator)
    return {zone: tuple(sorted(offered[zone])) for zone in sorted(offered)}


@cache
def zone(name: str) -> Zone | None:
    """Return the zone of that name; None when it is not known."""
    accelerators = _offered().get(name)
    return None if accelerators is None else Zone(name, region_of(name), accelerators)


def region_of(zone: str) -> str:
    """Return the region of a zone of the tables."""
    return zone.rpartition("-")[0]


def zones() -> dict[str, Zone]:
    """Return every zone by name."""
    return {name: found for name in _offered() if (found := zone(name))}


def zones_in(region: str) -> dict[str, Zone]:
    """Return the zones of a region by name."""
    names = (name for name in _offered() if region_of(name) == region)
    return {name: found for name in names if (found := zone(name))}


@cache
def regions() -> frozenset[str]:
    """Return every region."""
    return frozenset(map(region_of, _offered()))


def zones_offering(accelerator_type: str) -> set[str]:
    """Return the names of the zones that offer an accelerator type."""
    return {name for name, offered in _offered().items() if accelerator_type in offered}
