"""`infra show`: the fleet at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.commands.load import add_names, load_chosen
from infra_lib.fleet import clouds_of
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_text import total_line
from infra_lib.operate.cost_view import subtotal
from infra_lib.operate.show_data import as_data as as_data  # noqa: PLC0414 - for others too
from infra_lib.operate.show_data import roles_of, summaries, users_of
from infra_lib.operate.style import paint_for, plain, state_tone
from infra_lib.operate.table import dropped_note, fitted_table, fold, table, terminal_width
from infra_lib.terraform.printing import show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.style import Paint


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--short", action="store_true", help="print machines, their state and cost, and no more"
    )
    form.add_argument(
        "--json",
        action="store_true",
        help="print JSON; prices are in USD, null when unknown, "
        "and what is billed in EUR in EUR too",
    )


def run(given: Namespace) -> int:
    """Print the fleet."""
    fleet, machines = load_chosen(given)
    if given.json:
        import json

        print(json.dumps(as_data(fleet, machines), indent=2))
    else:
        text = machines_text if given.short else as_text
        show(f"{text(fleet, machines, terminal_width(), paint_for())}\n")
    return 0


def as_text(
    fleet: Fleet,
    machines: Sequence[Machine] | None = None,
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """Return everything at a glance, for people, in lines no wider than a terminal.

    Args:
        fleet: The fleet.
        machines: Those of its machines that are shown; None for all, and what else there is.
        width: How wide lines may be; None for any width.
        paint: Gives cells of tables their looks.
    """
    shown = fleet.machines if machines is None else machines
    whole = len(shown) == len(fleet.machines)
    parts = [fold(_title(fleet), width), machines_text(fleet, shown, width, paint)]
    if shown:
        head = ("MACHINE", "HOST", "ZEROTIER", "USERS", "TAGS")
        rows = (
            (
                machine.name,
                fleet.target_host(machine) or "-",
                _listed(roles_of(fleet, machine)),
                _listed(users_of(fleet, machine)),
                _listed(machine.all_tags),
            )
            for machine in shown
        )
        text, _ = fitted_table(
            head,
            rows,
            width=width,
            folds=("ZEROTIER", "USERS", "TAGS"),
            tones=state_tone,
            paint=paint,
        )
        parts.append(text)
    if whole and fleet.caches:
        caches = (
            (cache.url, "-" if cache.priority is None else str(cache.priority))
            for cache in fleet.caches
        )
        parts.append(table(("CACHE", "PRIORITY"), caches, right=("PRIORITY",)))
    for cloud, project, here in clouds_of(fleet) if whole else ():
        parts += cloud.notes(project, here)
    return "\n\n".join(parts)


def machines_text(
    fleet: Fleet,
    machines: Sequence[Machine] | None = None,
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """Return a table of machines with state and hourly cost, and what they cost in total.

    The arguments are those of `as_text`.
    """
    shown = fleet.machines if machines is None else machines
    provisioned = [each for each in shown if isinstance(each, ProvisionedMachine)]
    in_usd = all(machine.currency == "USD" for machine in provisioned)
    price = "USD/HOUR" if in_usd else "PRICE/HOUR"
    head = ("MACHINE", "CLASS", "STATE", "ZONE", "MACHINE TYPE", "GPU", price)
    text, dropped = fitted_table(
        head,
        map(_row, shown),
        right=(price,),
        width=width,
        optional=("CLASS", "ZONE", "GPU", "MACHINE TYPE"),
        tones=state_tone,
        paint=paint,
    )
    parts = [text]
    if until := [
        f"{each.name} is on until {each.on_until}." for each in provisioned if _ends(each)
    ]:
        parts.append(fold("\n".join(until), width))
    if provisioned:
        parts.append(fold(total_line(subtotal(provisioned, fleet.usd_per_eur)), width))
    if dropped:
        parts.append(fold(dropped_note(dropped, "infra show"), width))
    return "\n\n".join(parts)


def _ends(machine: ProvisionedMachine) -> bool:
    """Return whether a machine is on, and meant to be so for a time."""
    return machine.on_until is not None and machine.state == "on"


def _title(fleet: Fleet) -> str:
    said = [each.text for each in summaries(fleet).values() if each is not None]
    return ", ".join((f"fleet {fleet.name}", f"domain {fleet.domain}", *said))


def _row(machine: Machine) -> tuple[str, ...]:
    if not isinstance(machine, ProvisionedMachine):
        return (machine.name, machine.machine_class, "-", "-", "-", "-", "-")
    price = money.hour_text(machine.bill.hour)
    return (
        machine.name,
        machine.machine_class,
        machine.state,
        machine.zone,
        machine.machine_type,
        machine.gpu_label or "-",
        price if machine.runs_as == "on demand" else f"{price} {machine.runs_as}",
    )


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words) or "-"
