"""`docs/gpu-costs.md`: what the machines cost, and what others would, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib import cost
from infra_lib.clouds.gcp.catalog import (
    ACCELERATORS_AS_OF,
    ACCELERATORS_SOURCE,
    CATALOG,
    MACHINE_TYPES_AS_OF,
    MACHINE_TYPES_SOURCE,
    PRICES_AS_OF,
    PRICES_SOURCE,
)
from infra_lib.clouds.gcp.machine import Gpu
from infra_lib.clouds.gcp.prices import cost_of_type
from infra_lib.model import money
from nixgen.files.rendered import TextFile
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.gcp.catalog import Catalog
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.fleet import Fleet
    from nixgen.files.rendered import FileValue

PATH = "docs/gpu-costs.md"

# Below every GPU's vCPU limit, so that one machine compares them all.
_CARRIER = "n1-standard-8"

_PRICES = ("On demand, hour", "On demand, month", "Spot, hour", "Spot, month")


@frozen
class _Alternative:
    """A machine type with GPUs, where a region has it, and what it costs there."""

    machine_type: str
    gpu: Gpu
    zones: tuple[str, ...]
    cost: money.Cost


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines that cost something."""
    if not fleet.gcp_machines:
        return {}
    return {PATH: TextFile(_text(fleet), comment="<!-- -->")}


def _text(fleet: Fleet) -> str:
    parts = [
        "# GPU costs",
        "**GPUs are expensive when idle.** A machine that is on is billed whether it computes or\n"
        "not. Machines with a GPU are therefore off by default, until the fleet says\n"
        "`enabled=True`. A stopped machine is billed for its disks and reserved addresses only.",
        "USD, without disks, addresses and traffic; a month has 730 hours. Spot prices change,\n"
        "and a Spot VM may be stopped at any time.",
        "## The machines of this fleet",
        _table(
            ("Machine", "State", "Machine type", "GPU", "Zone", *_PRICES),
            (_machine_row(machine) for machine in fleet.gcp_machines),
        ),
        f"What is on costs {cost.total_text(fleet.gcp_machines)}.",
    ]
    region = fleet.gcp.region if fleet.gcp else fleet.gcp_machines[0].region
    catalog = _catalog(fleet)
    alternatives = _alternatives(catalog, region)
    if alternatives:
        parts += [
            f"## GPU machines in {region}",
            _table(
                ("Machine type", "GPU", "GPU memory", "Zones", *_PRICES),
                (_alternative_row(catalog, alternative) for alternative in alternatives),
            ),
            f"GPUs that attach to an N1 machine are shown with {_CARRIER}.",
        ]
    parts += [
        "## Sources",
        f"- Prices of machine types: {PRICES_SOURCE}, as of {PRICES_AS_OF}\n"
        f"- Prices of attached GPUs, and zones: {ACCELERATORS_SOURCE}, as of {ACCELERATORS_AS_OF}\n"
        f"- Machine types: {MACHINE_TYPES_SOURCE}, as of {MACHINE_TYPES_AS_OF}",
        "`Catalog(prices=…)` corrects a price.",
    ]
    return "\n\n".join(parts)


def _catalog(fleet: Fleet) -> Catalog:
    """The catalogue that the fleet's own GPU machines look into."""
    machines = sorted(fleet.gcp_machines, key=lambda machine: machine.gpu is None)
    return next((machine.catalog for machine in machines), CATALOG)


def _alternatives(catalog: Catalog, region: str) -> list[_Alternative]:
    """Every machine type with GPUs that a region has, the cheapest first."""
    zones = [zone for zone in catalog.all_zones().values() if zone.region == region]
    found = []
    for machine_type, gpu in _with_gpu(catalog):
        offering = tuple(sorted(zone.name for zone in zones if gpu.type in zone.accelerators))
        if offering:
            price = cost_of_type(
                machine_type, gpu, region=region, zone=offering[0], catalog=catalog
            )
            found.append(_Alternative(machine_type, gpu, offering, price))
    return sorted(found, key=_order)


def _with_gpu(catalog: Catalog) -> Iterator[tuple[str, Gpu]]:
    for name, facts in catalog.all_machine_types().items():
        if facts.accelerator is not None:
            yield name, Gpu(facts.accelerator, facts.accelerator_count)
    for name, accelerator in catalog.all_accelerator_types().items():
        for count in accelerator.max_vcpus:
            yield _CARRIER, Gpu(name, count)


def _order(alternative: _Alternative) -> tuple[bool, float, str, str, int]:
    """By price, those of unknown price last; then by name, so that no order is left to chance."""
    usd, gpu = alternative.cost.on_demand, alternative.gpu
    return usd is None, usd or 0.0, alternative.machine_type, gpu.type, gpu.count


def _machine_row(machine: GcpMachine) -> tuple[str, ...]:
    state = f"{machine.state} (Spot VM)" if machine.spot else machine.state
    gpu = machine.gpu_label or "none"
    prices = _prices(machine.cost)
    return (machine.name, state, machine.machine_type, gpu, machine.zone, *prices)


def _alternative_row(catalog: Catalog, alternative: _Alternative) -> tuple[str, ...]:
    gpu = alternative.gpu
    facts = catalog.accelerator_type(gpu.type)
    label, memory = (facts.label, f"{facts.memory_gb * gpu.count} GB") if facts else (gpu.type, "")
    zones = ", ".join(alternative.zones)
    prices = _prices(alternative.cost)
    return (alternative.machine_type, f"{gpu.count}x {label}", memory, zones, *prices)


def _prices(price: money.Cost) -> tuple[str, ...]:
    return (
        money.hour_text(price.on_demand),
        money.month_text(price.on_demand),
        money.hour_text(price.spot),
        money.month_text(price.spot),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    ruler = tuple("---:" if title in _PRICES else "---" for title in head)
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (head, ruler, *rows))


def _cell(text: str) -> str:
    """Text that stays in its cell."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
