"""What a deployment changes in what the fleet costs, and whether that is within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model import costs, money, sums
from infra_lib.operate.cost_data import further_notes
from infra_lib.operate.kinds import address_of, is_of, is_paid
from infra_lib.operate.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.terraform.plan import Plan
    from infra_lib.terraform.state import Deployed

_PRICES = ("NOW", "THEN", "MONTH")


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
    machines, rate = fleet.provisioned, fleet.usd_per_eur
    used = costs.hourly(machines, rate).in_usd
    if (money.rounded(used.known) or 0.0) > budget:
        problem = "which is more; turn something off, raise the budget"
    elif used.unknown:
        wanted = " and ".join(_what_would_tell(fleet))
        problem = f"so that nobody can tell whether it is more; {wanted}"
    else:
        return None
    return (
        f"fleet {fleet.name!r}: budget_usd_per_hour={budget!r}: what is to be on costs "
        f"{costs.total_text(machines, rate)}, {problem}{otherwise}"
    )


def _what_would_tell(fleet: Fleet) -> Iterator[str]:
    """Yield what to say so that what a fleet costs can be compared with its budget."""
    unknown = [(each, kind) for each in fleet.provisioned for kind in each.bill.hour_now.unknown]
    if unknown:
        yield f"say what it costs: {costs.how_to_say(unknown)}"
    hour = costs.hourly(fleet.provisioned, fleet.usd_per_eur)
    if hour.in_usd.unknown != hour.unknown:
        yield "say how many USD a EUR is: Fleet(usd_per_eur=…)"


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
    return off and not machine.bill.hour_now.is_nothing


def _then(machine: ProvisionedMachine) -> tuple[str, str]:
    bill = machine.bill
    if bill.hour_now.is_nothing:
        return ("-", "-")
    return money.hour_text(bill.hour_now), money.month_text(bill.month_now)


def _now(there: Deployed | None) -> str:
    return "-" if there is None else money.hour_text(there.per_hour)


def _sums(
    fleet: Fleet, deployed: Mapping[str, Deployed] | None, others: Sequence[str]
) -> Iterator[str]:
    if deployed is not None:
        yield f"Now:    {_now_text(fleet, deployed)}"
    yield f"Then:   {costs.total_text(fleet.provisioned, fleet.usd_per_eur)}"
    if fleet.budget_usd_per_hour is not None:
        yield f"Budget: {money.hour_text(fleet.budget_usd_per_hour)} an hour"
    if others:
        yield f"Not counted, for they are no machines of the fleet: {', '.join(others)}"
    notes = further_notes(fleet)
    traffic = "." if notes else ", and traffic is not."
    yield f"A month is 730 hours. Disks and addresses are counted{traffic}"
    yield from notes


def _now_text(fleet: Fleet, deployed: Mapping[str, Deployed]) -> str:
    """Return what all costs an hour that is there, for people."""
    prices = [_named(machine.per_hour) for machine in deployed.values()]
    prices += [
        _named(money.Amount(None, (), machine.currency))
        for machine in fleet.provisioned
        if _may_be_paid(machine, deployed)
    ]
    if not prices:  # nothing, in the currencies that the machines would be paid in
        currencies = sorted({machine.currency for machine in fleet.provisioned})
        prices = [money.Amount(0.0, (), currency) for currency in currencies]
    hour = sums.add(prices, fleet.usd_per_eur)
    if hour.unknown and not any(amount.known for amount in hour.amounts):
        return "unknown"
    text = f"{hour.known_text(money.hour_text)} an hour"
    if fleet.usd_per_eur is None or all(each.currency == "USD" for each in hour.shown):
        return text
    in_usd = money.hour_text(sums.known_part(hour.in_usd))
    return f"{text} (in USD, {sums.rate_text(fleet.usd_per_eur)}: {in_usd})"


def _named(price: money.Amount) -> money.Amount:
    """Return a price that says of itself when it is unknown."""
    unknown = ("a machine",) if price.known is None else ()
    return money.Amount(price.known, unknown, price.currency)
