"""What a deployment changes in what the fleet costs, and whether that is within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib import cost
from infra_lib.model import money
from infra_lib.operate.kinds import address_of, is_of, is_paid
from infra_lib.operate.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.terraform.plan import Plan
    from infra_lib.terraform.state import Deployed

_PRICES = ("NOW", "THEN", "MONTH")
_NOTHING = money.Amount(0.0)


def price_text(
    fleet: Fleet, deployed: Mapping[str, Deployed] | None, others: Sequence[str] = ()
) -> str:
    """Return what is on before and after a deployment, and what it costs, for people.

    Args:
        fleet: The fleet that is to be.
        deployed: What is there, by the machine's name; None when nobody knows, and then there is
            no word of it.
        others: What else will run and is paid for, of which nobody here knows how much it costs.
    """
    head: tuple[str, ...] = ("MACHINE", "STATE", "ZONE", "AS", *_PRICES)
    rows = [*_rows(fleet, deployed or {})]
    if deployed is None:
        now = head.index("NOW")
        head, *rows = ((*row[:now], *row[now + 1 :]) for row in (head, *rows))
    parts = [table(head, rows, right=_PRICES)] if rows else []
    return "\n\n".join([*parts, "\n".join(_sums(fleet, deployed, others))])


def uncounted_resources(fleet: Fleet, plans: Sequence[Plan]) -> list[str]:
    """Return what will run besides the fleet's machines, so that its cost is not known here."""
    machines = {address_of(machine) for machine in fleet.provisioned if machine.enabled}
    return [
        f"{change.address} in stack {plan.stack}"
        for plan in plans
        for change in plan.changes
        if is_paid(change.type)
        and change.after is not None
        and (change.address not in machines or not is_of(change.after, fleet))
    ]


def over_budget(fleet: Fleet, otherwise: str = ", or pass --over-budget") -> str | None:
    """Return why a fleet may not be deployed as it is; None when it may.

    Args:
        fleet: The fleet.
        otherwise: The end of the message: what else a person can do.
    """
    budget = fleet.budget_usd_per_hour
    if budget is None:
        return None
    if cost.at_least(fleet.provisioned) > budget:
        problem = "which is more; turn something off, raise the budget"
    elif kinds := [kind for each in fleet.provisioned for kind in each.bill.hour_now.unknown]:
        problem = f"so that nobody can tell; say what it costs: {cost.how_to_say(kinds)}"
    else:
        return None
    return (
        f"fleet {fleet.name!r}: budget_usd_per_hour={budget!r}: what is to be on costs "
        f"{cost.total_text(fleet.provisioned)}, {problem}{otherwise}"
    )


def _rows(fleet: Fleet, deployed: Mapping[str, Deployed]) -> Iterator[tuple[str, ...]]:
    for machine in fleet.provisioned:
        there = deployed.get(machine.name)
        if machine.enabled:
            zone, now = machine.zone, _now(there)
        elif there is not None:
            zone, now = there.zone, _now(there)
        elif _may_be_paid(machine, deployed):
            zone, now = machine.zone, "?"
        else:
            continue
        yield (machine.name, machine.state, zone, machine.runs_as, now, *_then(machine))
    for name in sorted(deployed.keys() - {machine.name for machine in fleet.provisioned}):
        yield (name, "gone", deployed[name].zone, "-", _now(deployed[name]), "-", "-")


def _may_be_paid(machine: ProvisionedMachine, deployed: Mapping[str, Deployed]) -> bool:
    """Return whether a machine that is off, and is not there, may have left what is paid for."""
    off = not machine.enabled and machine.name not in deployed
    return off and machine.bill.hour_now != _NOTHING


def _then(machine: ProvisionedMachine) -> tuple[str, str]:
    bill = machine.bill
    if bill.hour_now == _NOTHING:
        return ("-", "-")
    return money.hour_text(bill.hour_now), money.usd_text(bill.month_now)


def _now(there: Deployed | None) -> str:
    return "-" if there is None else money.hour_text(there.usd_per_hour)


def _sums(
    fleet: Fleet, deployed: Mapping[str, Deployed] | None, others: Sequence[str]
) -> Iterator[str]:
    if deployed is not None:
        prices = [machine.usd_per_hour for machine in deployed.values()]
        prices += [None for machine in fleet.provisioned if _may_be_paid(machine, deployed)]
        known = sum(filter(None, prices))
        least = f"{'at least ' if None in prices else ''}{money.hour_text(known)} an hour"
        yield f"Now:    {least if known or None not in prices else 'unknown'}"
    yield f"Then:   {cost.total_text(fleet.provisioned)}"
    if fleet.budget_usd_per_hour is not None:
        yield f"Budget: {money.hour_text(fleet.budget_usd_per_hour)} an hour"
    if others:
        yield f"Not counted, for they are no machines of the fleet: {', '.join(others)}"
    yield "A month is 730 hours. Disks and addresses are counted, and traffic is not."
