"""`infra show`: the fleet at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.commands.load import add_argument, load_fleet
from infra_lib.fleet import clouds_of
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_text import total_line
from infra_lib.operate.cost_view import subtotal
from infra_lib.operate.show_data import as_data as as_data  # noqa: PLC0414 - its data, from here too
from infra_lib.operate.show_data import roles_of, summaries, users_of
from infra_lib.operate.table import dropped_note, fitted_table, fold, table, terminal_width

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_argument(parser)
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
    fleet = load_fleet(given.source)
    if given.json:
        import json

        print(json.dumps(as_data(fleet), indent=2))
    else:
        width = terminal_width()
        print(machines_text(fleet, width) if given.short else as_text(fleet, width))
    return 0


def as_text(fleet: Fleet, width: int | None = None) -> str:
    """Return everything at a glance, for people, in lines no wider than a terminal."""
    parts = [fold(_title(fleet), width), machines_text(fleet, width)]
    if fleet.machines:
        head = ("MACHINE", "HOST", "ZEROTIER", "USERS", "TAGS")
        rows = (
            (
                machine.name,
                fleet.target_host(machine) or "-",
                _listed(roles_of(fleet, machine)),
                _listed(users_of(fleet, machine)),
                _listed(machine.all_tags),
            )
            for machine in fleet.machines
        )
        text, _ = fitted_table(head, rows, width=width, folds=("ZEROTIER", "USERS", "TAGS"))
        parts.append(text)
    if fleet.caches:
        caches = (
            (cache.url, "-" if cache.priority is None else str(cache.priority))
            for cache in fleet.caches
        )
        parts.append(table(("CACHE", "PRIORITY"), caches, right=("PRIORITY",)))
    for cloud, project, machines in clouds_of(fleet):
        parts += cloud.notes(project, machines)
    return "\n\n".join(parts)


def machines_text(fleet: Fleet, width: int | None = None) -> str:
    """Return a table of the machines with state and hourly cost, and what all cost in total."""
    in_usd = all(machine.currency == "USD" for machine in fleet.provisioned)
    price = "USD/HOUR" if in_usd else "PRICE/HOUR"
    head = ("MACHINE", "CLASS", "STATE", "ZONE", "MACHINE TYPE", "GPU", price)
    text, dropped = fitted_table(
        head,
        map(_row, fleet.machines),
        right=(price,),
        width=width,
        optional=("CLASS", "ZONE", "GPU", "MACHINE TYPE"),
    )
    parts = [text]
    if fleet.provisioned:
        parts.append(fold(total_line(subtotal(fleet.provisioned, fleet.usd_per_eur)), width))
    if dropped:
        parts.append(fold(dropped_note(dropped, "infra show"), width))
    return "\n\n".join(parts)


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
