"""What a fleet costs, for people: tables, sums and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import sources_text
from infra_lib.model import costs
from infra_lib.model.bill import hours_text
from infra_lib.model.money import (
    HOURS_PER_DAY,
    HOURS_PER_MONTH,
    SYMBOLS,
    Amount,
    hour_text,
    month_text,
    rounded,
)
from infra_lib.model.sums import Sum, sums_text
from infra_lib.model.wording import listed
from infra_lib.operate.cost_data import cost_notes, not_provisioned, price_sources
from infra_lib.operate.cost_view import (
    committed_month,
    is_by_currency,
    is_committed,
    may_commit,
    part_hour,
    part_month,
    subtotal,
)
from infra_lib.operate.style import plain, state_tone
from infra_lib.operate.table import dropped_note, fitted_table, fold_prose
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Part
    from infra_lib.model.money import Currency, Years
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.cost_view import Subtotal, View
    from infra_lib.operate.style import Paint, Tone

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
_MONEY = {"NOW", "MONTH"}  # what is paid as things are
# What a narrow terminal does without, the first one first.
_OPTIONAL = ("ZONE", "OFF", "STOPPED", "AT MOST", "AS", "GPU", "SPOT", "ON DEMAND")
_OPTIONAL_AT_LAST = ("STATE", "MACHINE TYPE", "IF ALL ON", "IF ON", "SAVED", "COMMITTED")


@frozen
class _Table:
    """A table before it is fitted to a terminal: titles, and rows of a cell for each."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def without_empty(self, *without: str) -> _Table:
        """Return the table without the columns that say nothing of any row, but of numbers now.

        Args:
            *without: Titles of further columns that may be left out.
        """
        kept = [
            index
            for index, title in enumerate(self.head)
            if title not in {"GPU", "AT MOST", "IF ON", "STOPPED", "OFF", *without}
            or any(row[index] != "-" for row in self.rows)
        ]
        return _Table(
            tuple(self.head[index] for index in kept),
            [tuple(row[index] for index in kept) for row in self.rows],
        )


def cost_text(fleet: Fleet, view: View, width: int | None = None, paint: Paint = plain) -> str:
    """Return what a fleet costs as a table with sums and notes.

    Args:
        fleet: The fleet.
        view: Which of its machines are looked at, and how.
        width: How wide lines may be; None for any width.
        paint: Gives cells of the table their looks.

    Raises:
        FleetError: When the fleet has no machine of a name or with a tag that is looked at.
    """
    machines = view.machines(fleet)
    shown = subtotal(machines, fleet.usd_per_eur)
    table = _table(view, shown)
    parts, dropped, titles = [], list[str](), list[str]()
    if table.rows:
        text, dropped = fitted_table(
            table.head,
            table.rows,
            right=_NUMBERS,
            width=width,
            optional=(*_OPTIONAL, *_OPTIONAL_AT_LAST),
            tones=_tone,
            paint=paint,
        )
        parts.append(text)
        titles = [title for title in table.head if title not in dropped]
    for lines in (_sums(fleet, view, shown), _notes(fleet, view, shown, titles, dropped)):
        parts += ["\n".join(fold_prose(line, width) for line in lines)]
    return "\n\n".join(part for part in parts if part)


def _tone(title: str, cell: str) -> Tone | None:
    if cell == "-":
        return "quiet"
    return "money" if title in _MONEY else state_tone(title, cell)


def total_line(shown: Subtotal) -> str:
    """Return how many machines are on, and what all cost together in their present state."""
    count = f"{shown.on} of {len(shown.machines)} machines on"
    if not shown.machines:
        return f"{count}."
    return f"{count}: {sums_text(shown.hour_now, shown.month_now)}."


def _table(view: View, shown: Subtotal) -> _Table:
    machines, rate, years = shown.machines, shown.usd_per_eur, view.years
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
        rows = [_part_row(machine, part, years) for machine, part in view.parts(machines, rate)]
    else:
        head = (view.by.upper(), "MACHINES", "ON", "NOW", "MONTH", "IF ALL ON")
        rows = [_group_row(group, years) for group in view.groups(machines, rate)]
    without = () if any(machine.may_be_spot for machine in machines) else ("SPOT",)
    return _Table((*head, "COMMITTED", "SAVED") if years else head, rows).without_empty(*without)


def _machine_row(machine: ProvisionedMachine, years: Years | None) -> tuple[str, ...]:
    bill = machine.bill
    row = (
        machine.name,
        bill.state,
        machine.zone,
        machine.machine_type,
        machine.gpu_label or "-",
        hour_text(bill.on_demand),
        hour_text(bill.as_spot) if machine.may_be_spot else "-",
        machine.runs_as,
        "-" if bill.hours_per_day >= HOURS_PER_DAY else hours_text(bill.hours_per_day),
        _hour(bill.hour_now),
        _month(bill.month_now),
        "-" if bill.state == "on" else month_text(bill.month),
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
        _hour(Amount(part.on.on_demand, (), machine.currency)),
        _hour(Amount(part.on.spot, (), machine.currency)) if machine.may_be_spot else "-",
        _hour(part_hour(machine, part, "stopped")),
        _hour(part_hour(machine, part, "off")),
        _hour(part_hour(machine, part, machine.state)),
        _month(month),
    )
    if years is None:
        return row
    committed = None
    if may_commit(machine) and is_committed(part, years):
        committed = part_month(machine, part, years)
    return (*row, *_committed(month, committed))


def _group_row(group: Subtotal, years: Years | None) -> tuple[str, ...]:
    row = (
        group.name,
        str(len(group.machines)),
        str(group.on),
        _hour(group.hour_now),
        _month(group.month_now),
        _month(group.month_on),
    )
    if years is None:
        return row
    return (*row, *_committed(group.month_now, group.month_committed(years)))


def _committed(month: Amount | Sum, committed: Amount | Sum | None) -> tuple[str, str]:
    """Return a month under a commitment, and what it saves."""
    if committed is None:
        return "-", "-"
    saved = _saved(_as_sum(month), _as_sum(committed))
    if saved is None:
        return "unknown", "unknown"
    return _month(committed), " and ".join(map(_signed, saved)) or "-"


def _saved(month: Sum, committed: Sum) -> list[Amount] | None:
    """Return what is saved of a month, by currency, where that is something.

    None where nothing is known of an amount.
    """
    pairs = [(month.of(after.currency), after) for after in committed.amounts]
    saved = []
    for before, after in pairs:
        if before.least is None or after.least is None:
            return None
        cents = round(before.least - after.least, 2)
        if cents:
            saved.append(Amount(cents, (), after.currency))
    return saved


def _as_sum(money: Amount | Sum) -> Sum:
    return money if isinstance(money, Sum) else Sum((money,))


def _signed(money: Amount) -> str:
    sign = "-" if (money.known or 0.0) < 0 else ""
    return f"{sign}{month_text(_size(money))}"


def _size(money: Amount) -> Amount:
    return Amount(abs(money.known or 0.0), (), money.currency)


def _hour(money: Amount | Sum) -> str:
    return _unless_nothing(money, hour_text)


def _month(money: Amount | Sum) -> str:
    return _unless_nothing(money, month_text)


def _unless_nothing(money: Amount | Sum, text: Callable[[Amount], str]) -> str:
    amounts = _as_sum(money)
    return "-" if all(each.is_nothing for each in amounts.shown) else amounts.text(text)


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
        yield _budget(fleet, fleet.budget_usd_per_hour, whole=not view.filters)


def _commitment(shown: Subtotal, years: Years) -> Iterator[str]:
    """Yield what the machines cost under commitments, where some are to be had."""
    committed = shown.month_committed(years)
    saved = _saved(shown.month_now, committed)
    if not saved:
        return
    change = " and ".join(
        f"{month_text(_size(each))} {'less' if (each.known or 0.0) > 0 else 'more'}"
        for each in saved
    )
    month, of = committed.text(month_text), _years(years)
    yield f"Under commitments of {of} for what is on: {month} a month, {change}."


def _budget(fleet: Fleet, budget: float, *, whole: bool) -> str:
    hour = costs.hourly(fleet.provisioned, fleet.usd_per_eur)
    used = hour.in_usd
    text = f"Budget{'' if whole else ' of the whole fleet'}: {hour_text(budget)} an hour"
    known = rounded(used.known) or 0.0  # as a deployment compares it
    at_least = "at least " if used.unknown else ""
    rest = "" if used.unknown == hour.unknown else f"; {costs.NO_RATE}"
    if known > budget:
        return f"{text}, exceeded by {at_least}{hour_text(known - budget)}{rest}."
    return f"{text}, of which {at_least}{hour_text(known)} is used{rest}."


def _notes(
    fleet: Fleet, view: View, shown: Subtotal, titles: Sequence[str], dropped: Sequence[str]
) -> Iterator[str]:
    machines = shown.machines
    if titles:
        yield f"{_currencies(shown.currencies)}. {_meanings(titles, view.years)}"
    if dropped:
        yield dropped_note(dropped, "infra cost")
    if view.by == "tag" and titles:
        yield "A machine counts in each of its tags, so that these do not add up."
    if titles and is_by_currency(view, shown):
        yield (
            "What is billed in USD is listed first, and then what is in EUR: "
            "Fleet(usd_per_eur=…) makes one order of both."
        )
    yield from _discounts(machines)
    if view.years:
        yield from _commitment_notes(machines, view.years)
    yield from _unknown(machines)
    if machines:
        yield from cost_notes(fleet, machines)
        yield from sources_text(price_sources(fleet).values())
    if elsewhere := [machine.name for machine in not_provisioned(fleet)]:
        yield f"Not provisioned here, so not counted: {listed(elsewhere)}."


def _currencies(currencies: Sequence[Currency]) -> str:
    """Return what amounts are in: "USD", or "USD ($) and EUR (€)"."""
    if len(currencies) < 2:
        return "".join(currencies)
    return " and ".join(f"{currency} ({SYMBOLS[currency]})" for currency in currencies)


def _meanings(titles: Iterable[str], years: Years | None) -> str:
    time = _years(years) if years else ""
    said = (f"{title}: {_MEANS[title].format(years=time)}." for title in titles if title in _MEANS)
    return " ".join(said)


def _years(years: Years) -> str:
    return f"{years} year{'s' if years > 1 else ''}"


def _discounts(machines: Iterable[ProvisionedMachine]) -> Iterator[str]:
    """Yield what makes a month cheaper than its hours are."""
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
    capped = [
        machine.name
        for machine in machines
        if any(part.most_month is not None for part in machine.bill.parts)
    ]
    if capped:
        yield f"A month costs no more than its price by the month: {listed(capped)}."
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
    names, unknown = [], list[tuple["ProvisionedMachine", str]]()
    for machine in machines:
        now, on = machine.bill.hour_now.unknown, machine.bill.hour.unknown
        unknown += ((machine, kind) for kind in (*now, *on))
        if on and not now:
            names.append(f"{machine.name} ({', '.join(on)})")
    if names:
        yield f"Unknown, were it on: {listed(names)}."
    if unknown:
        how = costs.how_to_say(unknown)
        yield f"A sum that ends in + is without what is unknown. To say a price: {how}."
