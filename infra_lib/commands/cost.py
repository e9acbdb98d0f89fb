"""`infra cost`: what every machine costs, on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib import cost
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.commands.load import add_argument, load_fleet
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.table import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from infra_lib.clouds.answers import Source
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine

_PRICES = ("ON DEMAND", "SPOT", "MONTH")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_argument(parser)
    parser.add_argument(
        "--json", action="store_true", help="print JSON; prices are in USD, null when unknown"
    )


def run(given: Namespace) -> int:
    """Print the costs."""
    fleet = load_fleet(given.source)
    if given.json:
        import json

        print(json.dumps(as_data(fleet), indent=2))
    else:
        print(as_text(fleet))
    return 0


def as_text(fleet: Fleet) -> str:
    """Return the costs as a table with notes, for people."""
    parts = [total_line(fleet.provisioned)]
    if fleet.budget_usd_per_hour is not None:
        parts[0] += f"\nBudget: {money.hour_text(fleet.budget_usd_per_hour)} an hour."
    if fleet.provisioned:
        head = ("MACHINE", "STATE", "ZONE", "MACHINE TYPE", "GPU", *_PRICES[:2], "AS", _PRICES[2])
        parts.insert(0, table(head, map(_row, fleet.provisioned), right=_PRICES))
    parts.append("\n".join(_notes(fleet)))
    return "\n\n".join(parts)


def total_line(machines: Sequence[ProvisionedMachine]) -> str:
    """Return what the machines that are on cost together, in one line."""
    running = [machine for machine in machines if machine.state == "on"]
    counted = f"{len(running)} of {len(machines)} machines on"
    return f"{counted}: {cost.total_text(running)}." if running else f"{counted}."


def as_data(fleet: Fleet) -> dict[str, Any]:
    """Return the costs as plain data, in a shape that stays. An amount is None when unknown.

    Returns:
        `fleet`: its name; `machines`: of each `name`, `state` ("on", "off", "stopped"), `zone`,
        `machine_type`, `gpu` (`type` and `count`; None without one), `usd_per_hour` (`on_demand`
        and `spot`), `applies` (which of the two), `usd_per_month` (730 hours of what applies) and
        `usd_per_hour_now` (0 when it is not on); `total` of what is on: `usd_per_hour`,
        `usd_per_month`, `usd_per_hour_at_least` (of what is known), `unknown` (names) and
        `budget_usd_per_hour` (None without one);
        `not_provisioned`: names of machines that cost nothing here; `hours_per_month`; and
        `prices`: `as_of` and `source` of those of `machine_types` and `accelerators`.
    """
    machines = fleet.provisioned
    total = cost.total(machines)
    return {
        "fleet": fleet.name,
        "machines": [_data(machine) for machine in machines],
        "total": {
            "usd_per_hour": total,
            "usd_per_month": money.per_month(total),
            "usd_per_hour_at_least": cost.at_least(machines),
            "unknown": [machine.name for machine in cost.unknown(machines)],
            "budget_usd_per_hour": fleet.budget_usd_per_hour,
        },
        "not_provisioned": [machine.name for machine in _elsewhere(fleet)],
        "hours_per_month": money.HOURS_PER_MONTH,
        "prices": {
            of: {"as_of": source.as_of, "source": source.name}
            for of, source in _price_sources().items()
        },
    }


def gpu_data(machine: ProvisionedMachine) -> dict[str, Any] | None:
    """Return the GPUs of a machine as plain data: `type` and `count`; None without one."""
    gpu = machine.accelerator
    return None if gpu is None else {"type": gpu.name, "count": machine.accelerator_count}


def _price_sources() -> dict[str, Source]:
    return {of: each for cloud in CLOUDS.values() for of, each in cloud.price_sources().items()}


def _row(machine: ProvisionedMachine) -> tuple[str, ...]:
    price = machine.cost
    return (
        machine.name,
        machine.state,
        machine.zone,
        machine.machine_type,
        machine.gpu_label or "-",
        money.hour_text(price.on_demand),
        money.hour_text(price.spot),
        "spot" if machine.spot else "on demand",
        money.month_text(machine.usd_per_hour),
    )


def _data(machine: ProvisionedMachine) -> dict[str, Any]:
    price = machine.cost
    return {
        "name": machine.name,
        "state": machine.state,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "gpu": gpu_data(machine),
        "usd_per_hour": {"on_demand": price.on_demand, "spot": price.spot},
        "applies": "spot" if machine.spot else "on_demand",
        "usd_per_month": money.per_month(machine.usd_per_hour),
        "usd_per_hour_now": machine.usd_per_hour_now,
    }


def _notes(fleet: Fleet) -> list[str]:
    notes = [
        "ON DEMAND and SPOT are USD an hour while the machine is on; MONTH is 730 hours of what",
        "it runs AS. Disks, reserved addresses and traffic are not counted.",
        *(f"{source.text}." for source in _price_sources().values()),
        "A price that you know better: Catalog(prices=…).",
    ]
    elsewhere = ", ".join(machine.name for machine in _elsewhere(fleet))
    return [*notes, f"Not provisioned here, so not counted: {elsewhere}."] if elsewhere else notes


def _elsewhere(fleet: Fleet) -> list[Machine]:
    return [machine for machine in fleet.machines if not isinstance(machine, ProvisionedMachine)]
