"""`docs/gpu-costs.md`: what the machines cost, and what others would, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib import cost
from infra_lib.fleet import clouds_of
from infra_lib.model import money
from nixgen.files.values import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.answers import Alternative, Alternatives
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

PATH = "docs/gpu-costs.md"

_PRICES = ("On demand, hour", "On demand, month", "Spot, hour", "Spot, month")


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines that cost something."""
    if not fleet.provisioned:
        return {}
    return {PATH: TextFile("\n\n".join(_parts(fleet)), comment="<!-- -->")}


def _parts(fleet: Fleet) -> Iterator[str]:
    clouds = [*_alternatives(fleet)]
    yield "# GPU costs"
    yield (
        "**GPUs are expensive when idle.** A machine that is on is billed whether it computes or\n"
        "not. Machines with a GPU are therefore off by default, until the fleet says\n"
        f"`enabled=True`. {_join_unique(cloud.stopped for cloud in clouds)}"
    )
    yield (
        "USD, without disks, addresses and traffic; a month has 730 hours. Spot prices change,\n"
        "and a Spot VM may be stopped at any time."
    )
    yield "## The machines of this fleet"
    yield _table(
        ("Machine", "State", "Machine type", "GPU", "Zone", *_PRICES),
        map(_machine_row, fleet.provisioned),
    )
    yield f"What is on costs {cost.total_text(fleet.provisioned)}."
    for cloud in clouds:
        if cloud.machine_types:
            yield f"## GPU machines in {cloud.region}"
            yield _table(
                ("Machine type", "GPU", "GPU memory", "Zones", *_PRICES),
                map(_alternative_row, cloud.machine_types),
            )
            yield cloud.note
    yield "## Sources"
    yield "\n".join(f"- {source.text}" for cloud in clouds for source in cloud.sources)
    yield _join_unique(cloud.correction for cloud in clouds)


def _alternatives(fleet: Fleet) -> Iterator[Alternatives]:
    """The alternatives in each cloud that the fleet has machines in."""
    for cloud, project, machines in clouds_of(fleet):
        if machines:
            yield cloud.alternatives(project, machines)


def _join_unique(sentences: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(sentences))


def _machine_row(machine: ProvisionedMachine) -> tuple[str, ...]:
    state = f"{machine.state} (Spot VM)" if machine.spot else machine.state
    gpu = machine.gpu_label or "none"
    prices = _prices(machine.cost)
    return (machine.name, state, machine.machine_type, gpu, machine.zone, *prices)


def _alternative_row(alternative: Alternative) -> tuple[str, ...]:
    memory = "" if alternative.memory_gb is None else f"{alternative.memory_gb} GB"
    zones = ", ".join(alternative.zones)
    prices = _prices(alternative.cost)
    return (alternative.machine_type, alternative.gpu, memory, zones, *prices)


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
