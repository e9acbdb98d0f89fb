"""What a change of a fleet costs, as people read it: in a terminal, and on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import Amount, hour_text, month_text
from infra_lib.model.sums import rate_text
from infra_lib.model.wording import listed
from infra_lib.operate.cost_diff import unknown_prices
from infra_lib.operate.markdown import LONGEST, escaped, markdown_table, one_line
from infra_lib.operate.style import plain
from infra_lib.operate.table import dropped_note, fitted_table, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra_lib.model.sums import Sum
    from infra_lib.operate.cost_diff import Change, CostDiff, Difference
    from infra_lib.operate.style import Paint, Tone

_NOTE = "Prices of now on both sides. A month is 730 hours of the state that each machine is in"
_NO_TRAFFIC = "; traffic is not counted"
_NUMBERS = ("HOUR", "MONTH", "DIFFERENCE")
_TITLE = 9  # columns of a title and the space after it
_MOST = 20  # names that are listed; programs get all
_LONGEST_NOTE = 2_000  # characters


def as_text(
    diff: CostDiff,
    against: str,
    notes: Sequence[str] = (),
    width: int | None = None,
    *,
    of_clouds: Sequence[str] = (),
    paint: Paint = plain,
) -> str:
    """Return what is between two fleets as a table with its sums, for a terminal.

    Args:
        diff: What is between them.
        against: What the fleet was compared with: "HEAD (0bfd88271dbd)".
        notes: Further lines.
        width: How wide lines may be; None for any width.
        of_clouds: What clouds say of prices and traffic; empty where traffic is just not counted.
        paint: Gives cells of the table their looks.
    """
    against = one_line(against)
    if not diff.changes:
        lines = [f"Nothing changed against {against}: {_now(diff)}.", *notes]
        return "\n".join(fold(line, width) for line in lines)
    head = ("MACHINE", *_NUMBERS, "CHANGE")
    rows = ((change.name, *_numbers(change), "; ".join(change.words)) for change in diff.changes)
    text, dropped = fitted_table(
        head,
        rows,
        right=_NUMBERS,
        width=width,
        folds={"CHANGE"},
        optional=("HOUR",),
        tones=_tone,
        paint=paint,
    )
    lines = [*notes, *of_clouds, f"Against {against}. {_note(of_clouds)}"]
    if dropped:
        lines.append(dropped_note(dropped, "infra cost --diff"))
    sums = (_titled(title, said, width) for title, said in _sums(diff))
    return "\n\n".join([text, "\n".join([*sums, *(fold(line, width) for line in lines)])])


def _tone(title: str, cell: str) -> Tone | None:
    """Return the tone of a cell: more money is to be looked at, and less is good."""
    if title != "DIFFERENCE":
        return None
    return "warn" if cell.startswith("+") else "good" if cell.startswith("-") else None


def as_markdown(
    diff: CostDiff,
    against: str,
    notes: Sequence[str] = (),
    *,
    of_clouds: Sequence[str] = (),
    longest: int = LONGEST,
) -> str:
    """Return the same in GitHub's Markdown, short enough for a comment.

    The line that says most comes first, and the parts of machines are folded. Where there is too
    much to show, the smallest changes are left out, and counted.

    Args:
        diff: What is between them.
        against: As `as_text` takes it.
        notes: Further lines, such as why the budget does not allow this.
        of_clouds: As `as_text` takes it.
        longest: How many bytes it may have.
    """
    first = f"{_headline(diff)}, against <code>{escaped(against)}</code>"
    said = "".join(f"\n\n{escaped(_cut(note))}" for note in notes)
    if not diff.changes:
        return first + said
    said += "".join(f"\n\n{escaped(note)}" for note in of_clouds)
    sums = "".join(f"\n- {title} {escaped(text)}" for title, text in _sums(diff))
    rest = f"\n{sums}\n\n{_note(of_clouds)}"
    left = longest - len(f"{first}{said}{rest}".encode())
    changes = markdown_table(
        ("Machine", "Change", "Hour", "Month", "Difference"),
        [(change.name, "; ".join(change.words), *_numbers(change)) for change in diff.changes],
        right=3,
        most=left * 2 // 3,
    )
    parts = markdown_table(
        ("Machine", "Part", "Month before", "Month after"),
        [
            (change.name, part.text, _month_or_none(part.before), _month_or_none(part.after))
            for change in diff.changes
            for part in change.parts
        ],
        right=2,
        most=left // 3,
    )
    folded = f"<details><summary>Part by part</summary>\n\n{parts}\n\n</details>"
    return f"{first}{said}\n\n{changes}{rest}\n\n{folded}"


def _note(of_clouds: Sequence[str]) -> str:
    return f"{_NOTE}{'' if of_clouds else _NO_TRAFFIC}."


def _titled(title: str, text: str, width: int | None) -> str:
    """Return text after a title, with further lines below its beginning."""
    room = None if width is None else max(width - _TITLE, _TITLE)
    lines = fold(text, room).split("\n")
    return "\n".join(f"{title if line is lines[0] else '':<{_TITLE}}{line}" for line in lines)


def _headline(diff: CostDiff) -> str:
    name = escaped(diff.after["fleet"])
    if not diff.changes:
        return f"**Nothing changed** for {name}: {_now(diff)}"
    months = [amount.known for amount in diff.difference.months]
    if None in months:
        return f"**What {name} costs more or less is unknown**"
    more, less = (any(sign * (month or 0.0) > 0 for month in months) for sign in (1, -1))
    arrow = "" if more == less else "▲ " if more else "▼ "
    return f"{arrow}**{_month_text(diff.difference)}** for {name}"


def _now(diff: CostDiff) -> str:
    costs, unknown = diff.costs_after, unknown_prices(diff.after)
    hour, month = _sum_text(costs.hour, hour_text), _sum_text(costs.month, month_text)
    rest = f"; unknown: {_listed(unknown)}" if unknown else ""
    return f"{hour} an hour, {month} a month{rest}"


def _sums(diff: CostDiff) -> Iterator[tuple[str, str]]:
    before, after = diff.costs_before, diff.costs_after
    hours = _both(before.hour, after.hour, lambda amount: _sum_text(amount, hour_text))
    months = _both(before.month, after.month, lambda amount: _sum_text(amount, month_text))
    known = [amount for amount in diff.difference.months if amount.known is not None]
    difference = _month_text(diff.difference) if known else "unknown"
    yield "Total:", f"{hours} an hour, {months} a month; difference {difference}"
    then, now = map(unknown_prices, (diff.before, diff.after))
    if then == now:
        if now:
            yield "Unknown:", _listed(now)
    else:
        yield "Unknown:", f"before {_listed(then)}; after {_listed(now)}"
    old, new = diff.budgets
    if old is not None or new is not None:
        limits = dict.fromkeys(
            _limit(each) for each in ((new,) if diff.before is None else (old, new))
        )
        yield "Budget:", f"{' → '.join(limits)} an hour"


def _listed(names: Sequence[str]) -> str:
    return listed(names, _MOST) or "none"


def _limit(budget: float | None) -> str:
    return "no limit" if budget is None else hour_text(budget)


def _numbers(change: Change) -> tuple[str, str, str]:
    before, after = change.costs_before, change.costs_after
    return (
        _both(before.hour, after.hour, lambda amount: amount.text(hour_text)),
        _both(before.month, after.month, lambda amount: amount.text(month_text)),
        _signed(change.difference.months),
    )


def _both(before: Sum | None, after: Sum | None, text: Callable[[Sum], str]) -> str:
    """Return what something costs before and after: "$1.00 → $2.00", or "$1.00" for the same."""
    texts = ["-" if each is None else text(each) for each in (before, after)]
    return " → ".join(dict.fromkeys(texts))


def _sum_text(amount: Sum | None, text: Callable[[Amount], str]) -> str:
    """Return a sum for people; what is known of one that is not does not pass for it."""
    return "unknown" if amount is None else amount.known_text(text)


def _month_or_none(amount: Amount | None) -> str:
    return "-" if amount is None else month_text(amount)


def _month_text(difference: Difference) -> str:
    """Return how much more a month costs, also in USD where there is a rate for what is in EUR."""
    text = f"{_signed(difference.months)} a month"
    rate, month = difference.usd_per_eur, difference.month
    in_eur = any(amount.currency != "USD" and amount.known for amount in difference.months)
    if rate is None or month is None or not in_eur:
        return text
    return f"{text} (in USD, {rate_text(rate)}: {_signed([Amount(month)])})"


def _signed(amounts: Sequence[Amount]) -> str:
    """Return how much more something costs, in each currency where that is something."""
    unknown = [amount.currency for amount in amounts if amount.known is None]
    if len(unknown) == len(amounts):
        return "unknown" if amounts else month_text(0.0)
    known = [amount for amount in amounts if amount.known]
    texts = [
        f"{'+' if (amount.known or 0.0) > 0 else '-'}"
        f"{month_text(Amount(abs(amount.known or 0.0), (), amount.currency))}"
        for amount in known
    ]
    texts += [f"unknown in {currency}" for currency in unknown]
    return " and ".join(texts) or month_text(amounts[0])


def _cut(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"{note[:_LONGEST_NOTE]}…"
