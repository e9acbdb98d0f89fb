"""`infra show`: the fleet at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.commands.load import add_names, load_chosen
from infra_lib.fleet import clouds_of, project_of
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_data import gpu_data
from infra_lib.operate.cost_text import total_line
from infra_lib.operate.cost_view import subtotal
from infra_lib.operate.style import paint_for, plain, state_tone
from infra_lib.operate.table import dropped_note, fitted_table, fold, table, terminal_width
from infra_lib.terraform.printing import show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from infra_lib.clouds.answers import Summary
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
                _listed(_roles(fleet, machine)),
                _listed(_users(fleet, machine)),
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
    if provisioned:
        parts.append(fold(total_line(subtotal(provisioned, fleet.usd_per_eur)), width))
    if dropped:
        parts.append(fold(dropped_note(dropped, "infra show"), width))
    return "\n\n".join(parts)


def as_data(fleet: Fleet, machines: Sequence[Machine] | None = None) -> dict[str, Any]:
    """Return the fleet as plain data, in a shape that stays.

    Args:
        fleet: The fleet.
        machines: Those of its machines that are told; None for all.

    Returns:
        `name`, `domain`; of each cloud by its name what it says of the fleet's project there, or
        None: `gcp`: `project` and `region`; `caches`: of each `url` and
        `priority` (or None); `machines`: of each `name`, `class` ("nixos", "darwin"),
        `description`, `tags` (derived ones first), `target_host` (or None), `users` (login names),
        `zerotier` (of "controller", "moon" and "peer" those that it is), and, None for a machine
        that is not provisioned here, `state` ("on", "off", "stopped"), `zone`, `machine_type`,
        `gpu` (`type` and `count`; None without one), `spot`, `usd_per_hour` while it is on
        (None when unknown; of one that is billed in EUR converted, and None without a rate),
        `eur_per_hour` (None for one that is billed in USD), and `currency` ("USD", "EUR").
    """
    return {
        "name": fleet.name,
        "domain": fleet.domain,
        **{cloud: each and dict(each.data) for cloud, each in _summaries(fleet).items()},
        "machines": [
            _data(fleet, each) for each in (fleet.machines if machines is None else machines)
        ],
        "caches": [{"url": cache.url, "priority": cache.priority} for cache in fleet.caches],
    }


def _title(fleet: Fleet) -> str:
    said = [each.text for each in _summaries(fleet).values() if each is not None]
    return ", ".join((f"fleet {fleet.name}", f"domain {fleet.domain}", *said))


def _summaries(fleet: Fleet) -> dict[str, Summary | None]:
    """Return the fleet's project in each cloud, by the cloud's name; None where it has none."""
    projects = {name: project_of(fleet, name) for name in CLOUDS}
    return {
        name: None if project is None else CLOUDS[name].summary(project)
        for name, project in projects.items()
    }


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


def _data(fleet: Fleet, machine: Machine) -> dict[str, Any]:
    here = machine if isinstance(machine, ProvisionedMachine) else None
    rate = fleet.usd_per_eur
    return {
        "name": machine.name,
        "class": machine.machine_class,
        "description": machine.full_description,
        "tags": list(machine.all_tags),
        "target_host": fleet.target_host(machine),
        "users": _users(fleet, machine),
        "zerotier": _roles(fleet, machine),
        "state": here and here.state,
        "zone": here and here.zone,
        "machine_type": here and here.machine_type,
        "gpu": here and gpu_data(here),
        "spot": here and here.spot,
        "usd_per_hour": here and money.rounded(money.in_usd(here.bill.hour, rate).value),
        "eur_per_hour": here and money.rounded(here.bill.hour.eur),
        "currency": here and here.currency,
    }


def _users(fleet: Fleet, machine: Machine) -> list[str]:
    return [user.name for user in fleet.users if user.role.includes(machine)]


def _roles(fleet: Fleet, machine: Machine) -> list[str]:
    return [role for role in ("controller", "moon", "peer") if fleet.zerotier.plays(machine, role)]


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words) or "-"
