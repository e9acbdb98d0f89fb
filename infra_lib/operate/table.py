"""Plain text tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()
) -> str:
    """Return a table as text: columns as wide as they need be, two spaces between them.

    Args:
        head: The titles.
        rows: The rows: a cell for each title. What a terminal acts on is escaped in them.
        right: The titles of those columns that are aligned to the right: numbers.
    """
    lines = [tuple(map(_cell, line)) for line in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            f"{' ' * (width - _width(cell))}{cell}"
            if title in right
            else f"{cell}{' ' * (width - _width(cell))}"
            for title, cell, width in zip(head, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _width(text: str) -> int:
    """Return how many columns of a terminal text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # names are ASCII: few tables need it

    return sum(
        0 if category(each) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )
