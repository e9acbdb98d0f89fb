"""What a fleet costs, for people: tables, sums and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib import cost
from infra_lib.clouds.answers import sources_text
from infra_lib.model.bill import hours_text
from infra_lib.model.money import (
    HOURS_PER_DAY,
    HOURS_PER_MONTH,
    Amount,
    hour_text,
    rounded,
    usd_text,
)
from infra_lib.model.wording import listed
from infra_lib.operate.cost_data import not_provisioned, price_sources
from infra_lib.operate.cost_view import (
    committed_month,
    is_committed,
    least,
    may_commit,
    part_month,
    subtotal,
)
from infra_lib.operate.table import dropped_note, fitted_table, fold_prose
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Part
    from infra_lib.model.money import Years
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.cost_view import Subtotal, View

# Columns of numbers, and what they and some others mean.
_MEANS = {
    "ON DEMAND": "an hour while on",
    "SPOT": "an hour while on, as a Spot VM",
    "STOPPED": "an hour while stopped",
    "OFF": "an hour while off",
    "NOW": "an hour in its present state",
    "MONTH": f"{HOURS_PER_MONTH} hours in its present state",
    "IF ON": "a month of what is not on, were it on",
    "IF ALL ON": "a month, were all of them on",
    "COMMITTED": "a month under a commitment of {years}",
    "SAVED": "what that is less",
}
_NUMBERS = {*_MEANS, "MACHINES", "ON"}
# What a narrow terminal does without, the first one first.
_OPTIONAL = ("ZONE", "OFF", "STOPPED", "AT MOST", "AS", "GPU", "SPOT", "ON DEMAND")
_OPTIONAL_AT_LAST = ("STATE", "MACHINE TYPE", "IF ALL ON", "IF ON", "SAVED", "COMMITTED")


@frozen
class _Table:
    """A table before it is fitted to a terminal: titles, and rows of a cell for each."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def without_empty(self) -> _Table:
        """Return the table without the columns that say nothing of any row, but of numbers now."""
        kept = [
            index
            for index, title in enumerate(self.head)
            if title not in {"GPU", "AT MOST", "IF ON", "STOPPED", "OFF"}
            or any(row[index] != "-" for row in self.rows)
        ]
        return _Table(
            tuple(self.head[index] for index in kept),
            [tuple(row[index] for index in kept) for row in self.rows],
        )


def cost_text(fleet: Fleet, view: View, width: int | None = None) -> str:
    """Return what a fleet costs as a table with sums and notes.

    Args:
        fleet: The fleet.
        view: Which of its machines are looked at, and how.
        width: How wide lines may be; None for any width.

    Raises:
        FleetError: When no machine of the fleet has a tag that is looked at.
    """
    machines = view.machines(fleet)
    shown = subtotal(machines)
    table = _table(view, machines)
    parts, dropped, titles = [], list[str](), list[str]()
    if table.rows:
        text, dropped = fitted_table(
            table.head,
            table.rows,
            right=_NUMBERS,
            width=width,
            optional=(*_OPTIONAL, *_OPTIONAL_AT_LAST),
        )
        parts.append(text)
        titles = [title for title in table.head if title not in dropped]
    for lines in (_sums(fleet, view, shown), _notes(fleet, view, shown, titles, dropped)):
        parts += ["\n".join(fold_prose(line, width) for line in lines)]
    return "\n\n".join(part for part in parts if part)


def total_line(shown: Subtotal) -> str:
    """Return how many machines are on, and what all cost together in their present state."""
    count = f"{shown.on} of {len(shown.machines)} machines on"
    if not shown.machines:
        return f"{count}."
    return f"{count}: {cost.sums_text(shown.hour_now, shown.month_now)}."


def _table(view: View, machines: Sequence[ProvisionedMachine]) -> _Table:
    years = view.years
    if view.by == "machine":
        head: tuple[str, ...] = (
            *("MACHINE", "STATE", "ZONE", "MACHINE TYPE", "GPU", "ON DEMAND", "SPOT", "AS"),
            *("AT MOST", "NOW", "MONTH", "IF ON"),
        )
        rows = [_machine_row(machine, years) for machine in machines]
    elif view.by == "part":
        head = (
            *("MACHINE", "STATE", "PART", "WHAT", "ON DEMAND", "SPOT", "STOPPED", "OFF"),
            *("NOW", "MONTH"),
        )
        rows = [_part_row(machine, part, years) for machine, part in view.parts(machines)]
    else:
        head = (view.by.upper(), "MACHINES", "ON", "NOW", "MONTH", "IF ALL ON")
        rows = [_group_row(group, years) for group in view.groups(machines)]
    return _Table((*head, "COMMITTED", "SAVED") if years else head, rows).without_empty()


def _machine_row(machine: ProvisionedMachine, years: Years | None) -> tuple[str, ...]:
    bill = machine.bill
    row = (
        machine.name,
        bill.state,
        machine.zone,
        machine.machine_type,
        machine.gpu_label or "-",
        hour_text(bill.on_demand),
        hour_text(bill.as_spot),
        machine.runs_as,
        "-" if bill.hours_per_day >= HOURS_PER_DAY else hours_text(bill.hours_per_day),
        _hour(bill.hour_now),
        _usd(bill.month_now),
        "-" if bill.state == "on" else usd_text(bill.month),
    )
    if years is None:
        return row
    return (*row, *_committed(bill.month_now, committed_month(machine, years)))


def _part_row(machine: ProvisionedMachine, part: Part, years: Years | None) -> tuple[str, ...]:
    month = part_month(machine, part)
    row = (
        machine.name,
        machine.state,
        part.kind,
        part.text,
        _hour(part.on.on_demand),
        _hour(part.on.spot),
        _hour(part.stopped),
        _hour(part.off),
        _hour(part.hour(machine.state, spot=machine.spot)),
        _usd(month),
    )
    if years is None:
        return row
    committed = None
    if may_commit(machine) and is_committed(part, years):
        committed = Amount(part_month(machine, part, years))
    return (*row, *_committed(Amount(month), committed))


def _group_row(group: Subtotal, years: Years | None) -> tuple[str, ...]:
    row = (
        group.name,
        str(len(group.machines)),
        str(group.on),
        _hour(group.hour_now),
        _usd(group.month_now),
        _usd(group.month_on),
    )
    if years is None:
        return row
    return (*row, *_committed(group.month_now, group.month_committed(years)))


def _committed(month: Amount, committed: Amount | None) -> tuple[str, str]:
    """Return a month under a commitment, and what it saves."""
    if committed is None:
        return "-", "-"
    before, after = least(month), least(committed)
    if before is None or after is None:
        return "unknown", "unknown"
    return _usd(committed), _signed(before - after)


def _signed(usd: float) -> str:
    cents = round(usd, 2)
    return f"-{usd_text(-cents)}" if cents < 0 else usd_text(cents) if cents else "-"


def _hour(usd: Amount | float | None) -> str:
    return _unless_nothing(usd, hour_text)


def _usd(usd: Amount | float | None) -> str:
    return _unless_nothing(usd, usd_text)


def _unless_nothing(usd: Amount | float | None, text: Callable[[Amount], str]) -> str:
    amount = usd if isinstance(usd, Amount) else Amount(usd)
    known = least(amount)
    if known is None:
        return "unknown"
    return text(amount) if known or amount.unknown else "-"


def _sums(fleet: Fleet, view: View, shown: Subtotal) -> Iterator[str]:
    total = total_line(shown)
    if view.filters:
        filters = "; ".join(
            f"{group} {' or '.join(names)}" for group, names in view.filters.items()
        )
        yield f"Shown ({filters}): {total if shown.machines else 'no machine.'}"
    else:
        yield total
    if view.years:
        yield from _commitment(shown, view.years)
    if fleet.budget_usd_per_hour is not None:
        yield _budget(fleet.budget_usd_per_hour, fleet.provisioned, whole=not view.filters)


def _commitment(shown: Subtotal, years: Years) -> Iterator[str]:
    """Yield what the machines cost under commitments, where some are to be had."""
    committed = shown.month_committed(years)
    before, after = least(shown.month_now), least(committed)
    if before is None or after is None or round(before - after, 2) == 0:
        return
    change = f"{usd_text(abs(before - after))} {'less' if after < before else 'more'}"
    of = _years(years)
    yield f"Under commitments of {of} for what is on: {usd_text(committed)} a month, {change}."


def _budget(budget: float, machines: Sequence[ProvisionedMachine], *, whole: bool) -> str:
    used = cost.hourly(machines)
    text = f"Budget{'' if whole else ' of the whole fleet'}: {hour_text(budget)} an hour"
    known = rounded(used.known) or 0.0  # as a deployment compares it
    at_least = "at least " if used.unknown else ""
    if known > budget:
        return f"{text}, exceeded by {at_least}{hour_text(known - budget)}."
    return f"{text}, of which {at_least}{hour_text(known)} is used."


def _notes(
    fleet: Fleet, view: View, shown: Subtotal, titles: Sequence[str], dropped: Sequence[str]
) -> Iterator[str]:
    machines = shown.machines
    if titles:
        yield f"USD. {_meanings(titles, view.years)}"
    if dropped:
        yield dropped_note(dropped, "infra cost")
    if view.by == "tag" and titles:
        yield "A machine counts in each of its tags, so that these do not add up."
    yield from _discounts(machines)
    if view.years:
        yield from _commitment_notes(machines, view.years)
    yield from _unknown(machines)
    if machines:
        yield "Traffic is not counted."
        yield from sources_text(price_sources(fleet).values())
    if elsewhere := [machine.name for machine in not_provisioned(fleet)]:
        yield f"Not provisioned here, so not counted: {listed(elsewhere)}."


def _meanings(titles: Iterable[str], years: Years | None) -> str:
    time = _years(years) if years else ""
    said = (f"{title}: {_MEANS[title].format(years=time)}." for title in titles if title in _MEANS)
    return " ".join(said)


def _years(years: Years) -> str:
    return f"{years} year{'s' if years > 1 else ''}"


def _discounts(machines: Iterable[ProvisionedMachine]) -> Iterator[str]:
    """Yield what makes a month on cheaper than its hours are."""
    hours = [
        f"{machine.name} ({hours_text(machine.bill.hours_per_day)})"
        for machine in machines
        if machine.bill.hours_per_day < HOURS_PER_DAY
    ]
    if hours:
        yield (
            "A month on counts no more hours a day than a stop schedule or a run limit leaves: "
            f"{listed(hours)}."
        )
    if names := [machine.name for machine in machines if _has_sustained_use(machine)]:
        yield f"A month on counts the discount for sustained use: {listed(names)}."


def _has_sustained_use(machine: ProvisionedMachine) -> bool:
    """Return whether a month of a machine is cheaper because it runs so long."""
    used = machine.bill.hours_per_day / HOURS_PER_DAY
    return not machine.spot and any(
        rate < 1 and used > index / len(part.sustained_use)
        for part in machine.bill.parts
        for index, rate in enumerate(part.sustained_use)
    )


def _commitment_notes(machines: Iterable[ProvisionedMachine], years: Years) -> Iterator[str]:
    yield (
        "A commitment is paid for all of its time, used or not. It is counted for what is on and "
        "no Spot VM."
    )
    without = [
        machine.name
        for machine in machines
        if may_commit(machine) and committed_month(machine, years) is None
    ]
    if without:
        yield f"No commitment of {_years(years)} is known for {listed(without)}."


def _unknown(machines: Iterable[ProvisionedMachine]) -> Iterator[str]:
    """Yield how to say the prices that are unknown, and those that the total does not name."""
    names, kinds = [], list[str]()
    for machine in machines:
        now, on = machine.bill.hour_now.unknown, machine.bill.hour.unknown
        kinds += (*now, *on)
        if on and not now:
            names.append(f"{machine.name} ({', '.join(on)})")
    if names:
        yield f"Unknown, were it on: {listed(names)}."
    if kinds:
        how = cost.how_to_say(kinds)
        yield f"A sum that ends in + is without what is unknown. To say a price: {how}."
