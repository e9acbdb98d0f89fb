"""`docs/gpu-costs.md`: what the machines cost, and what others would, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.fleet import clouds_of
from infra_lib.model import costs, money
from infra_lib.model.bill import hours_text
from infra_lib.model.money import HOURS_PER_DAY
from infra_lib.model.wording import listed
from nixgen.files.values import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.clouds.answers import Alternatives, GpuOffer
    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Bill
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

PATH = "docs/gpu-costs.md"

_PRICES = ("On demand, hour", "On demand, month", "Spot, hour", "Spot, month")
_NOW = "Now, month"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines in a cloud that has GPUs."""
    found = [*_with_gpus(fleet)]
    if not found:
        return {}
    text = "\n\n".join(_parts(fleet, found))
    return {PATH: TextFile(text, comment="<!-- -->")}


def _parts(
    fleet: Fleet, found: Sequence[tuple[Alternatives, Sequence[ProvisionedMachine]]]
) -> Iterator[str]:
    clouds = [alternatives for alternatives, _ in found]
    names = {machine.name for _, machines in found for machine in machines}
    counted = [machine for machine in fleet.provisioned if machine.name in names]
    yield "# GPU costs"
    yield (
        "**GPUs are expensive when idle.** A machine that is on is billed whether it computes or\n"
        "not. Machines with a GPU are therefore off by default, until the fleet says\n"
        f"`enabled=True`. {_join_unique(cloud.stopped for cloud in clouds)}"
    )
    yield (
        "USD, without traffic. A month has 730 hours, and the discount for sustained use.\n"
        "Spot prices change, and a Spot VM may be stopped at any time."
    )
    yield "## The machines of this fleet"
    yield (
        "With their disks and addresses, while they are on. _Now_ is a month in the present\n"
        "state: what is stopped or off is billed for what it keeps."
    )
    yield _table(
        ("Machine", "State", "Machine type", "GPU", "Zone", *_PRICES, _NOW),
        map(_machine_row, counted),
    )
    yield _total(fleet, counted)
    if any(machine.bill.hour.unknown for machine in counted):
        yield "A price that ends in + is without what is unknown."
    yield from _limited(counted)
    for cloud in clouds:
        if cloud.machine_types:
            yield f"## GPU machines in {cloud.region}"
            yield "Without disks and addresses."
            yield _table(
                ("Machine type", "GPU", "GPU memory", "Zones", *_PRICES),
                map(_alternative_row, cloud.machine_types),
            )
            yield cloud.note
    yield "## Sources"
    yield "\n".join(f"- {source.text}" for cloud in clouds for source in cloud.sources)
    yield _join_unique(cloud.correction for cloud in clouds)


def _total(fleet: Fleet, counted: Sequence[ProvisionedMachine]) -> str:
    """Return what machines cost together, and which machines of the fleet those are not."""
    total = costs.total_text(counted, fleet.usd_per_eur)
    names = {machine.name for machine in counted}
    left_out = [machine.name for machine in fleet.provisioned if machine.name not in names]
    if not left_out:
        return f"The fleet costs {total}."
    return (
        f"Together they cost {total}. Not counted here, since their clouds have no GPUs: "
        f"{listed(left_out)}; `infra cost` counts them too."
    )


def _limited(machines: Iterable[ProvisionedMachine]) -> Iterator[str]:
    """Yield how long machines run whose runs end by themselves."""
    limited = [
        f"{machine.name} {hours_text(machine.hours_per_day)}"
        for machine in machines
        if machine.hours_per_day < HOURS_PER_DAY
    ]
    if limited:
        yield f"Counted as started once a day, and run at most: {', '.join(limited)}."


def _with_gpus(fleet: Fleet) -> Iterator[tuple[Alternatives, tuple[ProvisionedMachine, ...]]]:
    """Yield the alternatives in each cloud that has GPUs, and the fleet's machines there."""
    for cloud, project, machines in clouds_of(fleet):
        alternatives = cloud.alternatives(project, machines) if machines else None
        if alternatives is not None:
            yield alternatives, machines


def _join_unique(sentences: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(sentences))


def _machine_row(machine: ProvisionedMachine) -> tuple[str, ...]:
    as_what = "Spot VM" if machine.spot else machine.runs_as
    state = machine.state if as_what == "on demand" else f"{machine.state} ({as_what})"
    gpu = machine.gpu_label or "none"
    bill = machine.bill
    now = money.month_text(bill.month_now)
    return (machine.name, state, machine.machine_type, gpu, machine.zone, *_prices(bill), now)


def _alternative_row(offer: GpuOffer) -> tuple[str, ...]:
    memory = "" if offer.all_gpu_memory_gb is None else f"{offer.all_gpu_memory_gb:g} GB"
    zones = ", ".join(offer.zones) or "unknown"
    return (offer.machine_type, offer.gpu_label, memory, zones, *_prices(offer.bill))


def _prices(bill: Bill) -> tuple[str, ...]:
    return (
        money.hour_text(bill.on_demand),
        money.month_text(bill.month_on_demand),
        money.hour_text(bill.as_spot),
        money.month_text(bill.month_as_spot),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    ruler = tuple("---:" if title in (*_PRICES, _NOW) else "---" for title in head)
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (head, ruler, *rows))


def _cell(text: str) -> str:
    """Text that stays in its cell."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
