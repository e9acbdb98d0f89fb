"""What a change of a fleet costs, as people read it: in a terminal, and on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import Amount, hour_text, usd_text
from infra_lib.model.wording import listed
from infra_lib.operate.cost_diff import unknown_prices
from infra_lib.operate.table import dropped_note, fitted_table, fold
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra_lib.operate.cost_diff import Change, CostDiff

_NOTE = (
    "Prices of now on both sides. A month is 730 hours of the state that each machine is in; "
    "traffic is not counted."
)
_NUMBERS = ("HOUR", "MONTH", "DIFFERENCE")
_TITLE = 9  # columns of a title and the space after it
_MOST = 20  # names that are listed; programs get all
_LONGEST_NOTE = 2_000  # characters
# GitHub takes comments of up to 65,536 characters:
# https://github.com/google/go-github/pull/440
_LONGEST = 65_000  # bytes, of which no text has fewer than characters
# https://github.github.com/gfm/#backslash-escapes
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{each: f"\\{each}" for each in "\\`*_[]|~#"}}


def as_text(
    diff: CostDiff, against: str, notes: Sequence[str] = (), width: int | None = None
) -> str:
    """Return what is between two fleets as a table with its sums, for a terminal.

    Args:
        diff: What is between them.
        against: What the fleet was compared with: "HEAD (0bfd88271dbd)".
        notes: Further lines.
        width: How wide lines may be; None for any width.
    """
    against = _one_line(against)
    if not diff.changes:
        lines = [f"Nothing changed against {against}: {_now(diff)}.", *notes]
        return "\n".join(fold(line, width) for line in lines)
    head = ("MACHINE", *_NUMBERS, "CHANGE")
    rows = ((change.name, *_numbers(change), "; ".join(change.words)) for change in diff.changes)
    text, dropped = fitted_table(
        head, rows, right=_NUMBERS, width=width, folds={"CHANGE"}, optional=("HOUR",)
    )
    lines = [*notes, f"Against {against}. {_NOTE}"]
    if dropped:
        lines.append(dropped_note(dropped, "infra cost --diff"))
    sums = (_titled(title, said, width) for title, said in _sums(diff))
    return "\n\n".join([text, "\n".join([*sums, *(fold(line, width) for line in lines)])])


def as_markdown(diff: CostDiff, against: str, notes: Sequence[str] = ()) -> str:
    """Return the same in GitHub's Markdown, short enough for a comment.

    The line that says most comes first, and the parts of machines are folded. Where there is too
    much to show, the smallest changes are left out, and counted.

    Args:
        diff: What is between them.
        against: As `as_text` takes it.
        notes: Further lines, such as why the budget does not allow this.
    """
    first = f"{_headline(diff)}, against <code>{_markdown(against)}</code>"
    said = "".join(f"\n\n{_markdown(_cut(note))}" for note in notes)
    if not diff.changes:
        return first + said
    sums = "".join(f"\n- {title} {_markdown(text)}" for title, text in _sums(diff))
    rest = f"\n{sums}\n\n{_NOTE}"
    left = _LONGEST - len(f"{first}{said}{rest}".encode())
    changes = _markdown_table(
        ("Machine", "Change", "Hour", "Month", "Difference"),
        [(change.name, "; ".join(change.words), *_numbers(change)) for change in diff.changes],
        right=3,
        most=left * 2 // 3,
    )
    parts = _markdown_table(
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


def _titled(title: str, text: str, width: int | None) -> str:
    """Return text after a title, with further lines below its beginning."""
    room = None if width is None else max(width - _TITLE, _TITLE)
    lines = fold(text, room).split("\n")
    return "\n".join(f"{title if line is lines[0] else '':<{_TITLE}}{line}" for line in lines)


def _headline(diff: CostDiff) -> str:
    name = _markdown(diff.after["fleet"])
    if not diff.changes:
        return f"**Nothing changed** for {name}: {_now(diff)}"
    month = diff.difference.month
    if month is None:
        return f"**What {name} costs more or less is unknown**"
    arrow = "▲ " if month > 0 else "▼ " if month < 0 else ""
    return f"{arrow}**{_signed(month)} a month** for {name}"


def _now(diff: CostDiff) -> str:
    costs, unknown = diff.costs_after, unknown_prices(diff.after)
    hour, month = _sum_text(costs.hour, hour_text), _sum_text(costs.month, usd_text)
    rest = f"; unknown: {_listed(unknown)}" if unknown else ""
    return f"{hour} an hour, {month} a month{rest}"


def _sums(diff: CostDiff) -> Iterator[tuple[str, str]]:
    before, after, month = diff.costs_before, diff.costs_after, diff.difference.month
    hours = _both(before.hour, after.hour, lambda amount: _sum_text(amount, hour_text))
    months = _both(before.month, after.month, lambda amount: _sum_text(amount, usd_text))
    difference = "unknown" if month is None else f"{_signed(month)} a month"
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
        _both(before.hour, after.hour, hour_text),
        _both(before.month, after.month),
        _signed(change.difference.month),
    )


def _both(
    before: Amount | None, after: Amount | None, text: Callable[[Amount], str] = usd_text
) -> str:
    """Return what something costs before and after: "$1.00 → $2.00", or "$1.00" for the same."""
    texts = ["-" if each is None else text(each) for each in (before, after)]
    return " → ".join(dict.fromkeys(texts))


def _sum_text(amount: Amount | None, text: Callable[[float | None], str]) -> str:
    """Return a sum for people; what is known of one that is not does not pass for it."""
    if amount is None or not amount.unknown:
        return text(None if amount is None else amount.known)
    return f"at least {text(amount.known)}" if amount.known else "unknown"


def _month_or_none(amount: Amount | None) -> str:
    return "-" if amount is None else usd_text(amount)


def _signed(usd: float | None) -> str:
    if usd is None:
        return "unknown"
    return f"{'+' if usd > 0 else '-' if usd < 0 else ''}{usd_text(abs(usd))}"


def _markdown_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: int, most: int
) -> str:
    """Return a table in Markdown, with as many rows as there is room for.

    Args:
        head: The titles.
        rows: The rows.
        right: How many of the last columns are numbers.
        most: How many bytes there is room for.
    """
    marks = [*["---"] * (len(head) - right), *["---:"] * right]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, marks)]
    room = most - len("\n".join(lines).encode()) - len(f"\n\n… and {len(rows)} more.".encode())
    for shown, row in enumerate(rows):
        line = f"| {' | '.join(map(_markdown, row))} |"
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join([*lines, "", f"… and {len(rows) - shown} more."])
        lines.append(line)
    return "\n".join(lines)


def _markdown(text: str) -> str:
    """Return text that Markdown and HTML show as it is, on one line."""
    return "".join(_ESCAPED.get(each, each) for each in _one_line(text))


def _cut(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"{note[:_LONGEST_NOTE]}…"


def _one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
