"""The machine types with GPUs that Compute Engine has in a region, and what they cost there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import Alternative, Alternatives, Source
from infra_lib.clouds.gcp.catalog import (
    ACCELERATORS_AS_OF,
    ACCELERATORS_SOURCE,
    MACHINE_TYPES_AS_OF,
    MACHINE_TYPES_SOURCE,
    PRICES_AS_OF,
    PRICES_SOURCE,
)
from infra_lib.clouds.gcp.gpu import Gpu
from infra_lib.clouds.gcp.prices import cost_of_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.clouds.gcp.catalog import Catalog
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.model.money import Cost

    # A machine type, its GPUs, the zones that offer them, and what it costs.
    _Offer = tuple[str, Gpu, tuple[str, ...], Cost]

# Below every GPU's vCPU limit, so that one machine compares them all.
_CARRIER = "n1-standard-8"


def price_sources() -> dict[str, Source]:
    """Return where the prices of machine types and of accelerators come from."""
    return {
        "machine_types": Source("Machine types", PRICES_SOURCE, PRICES_AS_OF),
        "accelerators": Source("Attached GPUs", ACCELERATORS_SOURCE, ACCELERATORS_AS_OF),
    }


def alternatives(project: GcpProject, machines: Sequence[GcpMachine]) -> Alternatives:
    """Return every machine type with GPUs that the project's region has, the cheapest first."""
    catalog = _catalog(machines)
    offers = sorted(_offers(catalog, project.region), key=_order)
    return Alternatives(
        region=project.region,
        machine_types=tuple(_alternative(catalog, offer) for offer in offers),
        note=f"GPUs that attach to an N1 machine are shown with {_CARRIER}.",
        stopped="A stopped machine is billed for its disks and reserved addresses only.",
        sources=(
            Source("Prices of machine types", PRICES_SOURCE, PRICES_AS_OF),
            Source("Prices of attached GPUs, and zones", ACCELERATORS_SOURCE, ACCELERATORS_AS_OF),
            Source("Machine types", MACHINE_TYPES_SOURCE, MACHINE_TYPES_AS_OF),
        ),
        correction="`Catalog(prices=…)` corrects a price.",
    )


def _catalog(machines: Sequence[GcpMachine]) -> Catalog:
    """The catalogue that the first machine with a GPU looks into, or else the first machine."""
    return min(machines, key=lambda machine: machine.gpu is None).catalog


def _offers(catalog: Catalog, region: str) -> Iterator[_Offer]:
    zones = catalog.zones_in(region)
    for machine_type, gpu in _with_gpu(catalog):
        offering = tuple(sorted(zone.name for zone in zones if gpu.type in zone.accelerators))
        if offering:
            cost = cost_of_type(machine_type, gpu, region=region, zone=offering[0], catalog=catalog)
            yield machine_type, gpu, offering, cost


def _with_gpu(catalog: Catalog) -> Iterator[tuple[str, Gpu]]:
    for machine_type in catalog.machine_types_with_gpus():
        if machine_type.accelerator is not None:
            yield machine_type.name, Gpu(machine_type.accelerator, machine_type.accelerator_count)
    for name, accelerator in catalog.all_accelerator_types().items():
        for count in accelerator.max_vcpus:
            yield _CARRIER, Gpu(name, count)


def _order(offer: _Offer) -> tuple[bool, float, str, str, int]:
    """By price, those of unknown price last; then by name, so that no order is left to chance."""
    machine_type, gpu, _, cost = offer
    return cost.on_demand is None, cost.on_demand or 0.0, machine_type, gpu.type, gpu.count


def _alternative(catalog: Catalog, offer: _Offer) -> Alternative:
    machine_type, gpu, zones, cost = offer
    facts = catalog.accelerator_type(gpu.type)
    return Alternative(
        machine_type=machine_type,
        gpu=f"{gpu.count}x {facts.label if facts else gpu.type}",
        memory_gb=facts.memory_gb * gpu.count if facts else None,
        zones=zones,
        cost=cost,
    )
