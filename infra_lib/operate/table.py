"""Plain text tables, as wide as they need be or as a terminal is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from infra_lib.operate.style import plain
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from infra_lib.operate.style import Paint, Tone

    _Tones = Callable[[str, str], Tone | None]

    _Line = tuple[str, ...]

_GAP = 2  # spaces between columns
_PROSE = 100  # columns that a line of prose has at most, for people to read
# How many columns of a terminal are left of texts that are cut, and at last of names too.
_LEAST, _LEAST_AT_LAST = 8, 3


def terminal_width() -> int | None:
    """Return how many columns the terminal has that stdout is; None where stdout is none.

    COLUMNS in the environment says it for a terminal that does not, as for many programs.
    """
    if not sys.stdout.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):  # it has no number, or no size
        return None


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()
) -> str:
    """Return a table as text: columns as wide as they need be, two spaces between them.

    Args:
        head: The titles.
        rows: The rows: a cell for each title. What a terminal acts on is escaped in them.
        right: The titles of those columns that are aligned to the right: numbers.
    """
    text, _ = fitted_table(head, rows, right=right, width=None)
    return text


def fitted_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[str] = (),
    width: int | None,
    folds: Collection[str] = (),
    optional: Sequence[str] = (),
    tones: _Tones | None = None,
    paint: Paint = plain,
) -> tuple[str, list[str]]:
    """Return a table as `table` does, no wider than a terminal, and the titles that it is without.

    Where it is too wide, cells are folded between words, then columns are left out, and if that is
    not enough either, the widest texts end in "…", at last those of the first column too. Numbers
    stay whole.

    Args:
        head: The titles.
        rows: The rows: a cell for each title.
        right: The titles of those columns that are aligned to the right: numbers.
        width: How wide it may be; None for any width.
        folds: The titles of those columns that are folded between words.
        optional: The titles of columns that may be left out, the first one first, where there are.
        tones: Returns the tone of a cell, of its column's title and itself; None for no tones.
        paint: Gives cells the looks of their tones.
    """
    lines = [_cells(line) for line in (head, *rows)]
    widths = _widths(lines)
    if width is None or _total(widths) <= width:
        return _text(lines, widths, right, tones, paint), []
    least = [
        max(map(_longest_word, column)) if title in folds else each
        for title, each, column in zip(head, widths, zip(*lines, strict=True), strict=True)
    ]
    kept, dropped = [*range(len(head))], list[str]()
    for title in optional:
        if _total(least[index] for index in kept) <= width:
            break
        if title in head:
            kept.remove(head.index(title))
            dropped.append(title)
    lines = [tuple(line[index] for index in kept) for line in lines]
    widths, least = ([each[index] for index in kept] for each in (widths, least))
    widths = _narrowed(widths, least, width)
    text = [title not in right for title in lines[0]]
    for index, least_text in ((1, _LEAST), (0, _LEAST_AT_LAST)):
        least[index:] = [
            min(each, least_text) if is_text else each
            for each, is_text in zip(least[index:], text[index:], strict=True)
        ]
        widths = _narrowed(widths, least, width)
    folded = [title in folds for title in lines[0]]
    fitted = [part for line in lines for part in _fitted(line, widths, folded, text)]
    return _text(fitted, widths, right, tones, paint), dropped


def dropped_note(dropped: Sequence[str], command: str) -> str:
    """Return what is said of columns that a table is without.

    Args:
        dropped: Their titles.
        command: What printed the table: "infra cost".
    """
    titles = ", ".join(dropped)
    return f"Left out, for the terminal is too narrow: {titles}. {command} | less -S shows all."


def fold(text: str, width: int | None) -> str:
    """Return text in lines that are no wider than a terminal.

    Args:
        text: The text, of which each line is folded between words, and longer words anywhere.
        width: How wide lines may be; None for any width.
    """
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _parts(line, width))


def fold_prose(text: str, width: int | None) -> str:
    """Return text as `fold` does, in lines that are short enough to read in a wide terminal."""
    return fold(text, min(width or _PROSE, _PROSE))


def _text(
    lines: Iterable[_Line],
    widths: Sequence[int],
    right: Collection[str],
    tones: _Tones | None,
    paint: Paint,
) -> str:
    lines = [*lines]
    sides = [">" if title in right else "<" for title in lines[0]]
    if tones is not None and paint is not plain:
        return "\n".join(_painted(line, lines[0], sides, widths, tones, paint) for line in lines)
    usual = _form(sides, widths)
    return "\n".join(
        (usual if "".join(line).isascii() else _form(sides, _characters(line, widths)))
        .format(*line)
        .rstrip()
        for line in lines
    )


def _painted(
    line: _Line,
    head: _Line,
    sides: Sequence[str],
    widths: Sequence[int],
    tones: _Tones,
    paint: Paint,
) -> str:
    """Return a line of a table whose cells have their looks, which take no columns."""
    cells = []
    for title, cell, side, width in zip(head, line, sides, widths, strict=True):
        tone: Tone | None = "strong" if line is head else tones(title, cell)
        space = " " * (width - _width(cell))
        painted = paint(cell, tone)
        cells.append(f"{space}{painted}" if side == ">" else f"{painted}{space}")
    return (" " * _GAP).join(cells).rstrip()


def _form(sides: Iterable[str], widths: Iterable[int]) -> str:
    cells = (f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return (" " * _GAP).join(cells)


def _characters(line: _Line, widths: Iterable[int]) -> list[int]:
    """Return how many characters each cell has when it is as wide as its column."""
    return [width - _width(cell) + len(cell) for cell, width in zip(line, widths, strict=True)]


def _widths(lines: Iterable[_Line]) -> list[int]:
    return [max(map(_width, column)) for column in zip(*lines, strict=True)]


def _total(widths: Iterable[int]) -> int:
    """Return how wide a table with columns of these widths is."""
    return sum(width + _GAP for width in widths) - _GAP


def _narrowed(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Return widths of columns that fit where they can, of which the widest give way first."""
    narrowed = [*widths]
    while _total(narrowed) > width:
        wide = [index for index, each in enumerate(narrowed) if each > least[index]]
        if not wide:
            break
        narrowed[max(wide, key=narrowed.__getitem__)] -= 1
    return narrowed


def _fitted(
    line: _Line, widths: Sequence[int], folded: Sequence[bool], cut: Sequence[bool]
) -> list[_Line]:
    """Return the lines that a line of a table takes when its cells are folded, or else cut."""
    cells = [
        _parts(cell, width) if folds else [_cut(cell, width) if cuts else cell]
        for cell, width, folds, cuts in zip(line, widths, folded, cut, strict=True)
    ]
    height = max(map(len, cells))
    padded = ([*parts, *[""] * (height - len(parts))] for parts in cells)
    return [*zip(*padded, strict=True)]


def _cut(cell: str, width: int) -> str:
    if _width(cell) <= width:
        return cell
    while _width(cell) >= width:
        cell = cell[:-1]
    return f"{cell}…"


def _parts(text: str, width: int) -> list[str]:
    """Return the parts of a text, each no wider than that: whole words, if they are not wider."""
    if _width(text) <= width:
        return [text]
    parts: list[str] = []
    for word in text.split():
        if parts and _width(f"{parts[-1]} {word}") <= width:
            parts[-1] += f" {word}"
            continue
        parts.append("")
        for character in word:
            if parts[-1] and _width(parts[-1] + character) > width:
                parts.append("")
            parts[-1] += character
    return parts


def _longest_word(text: str) -> int:
    return max(map(_width, text.split()), default=0)


def _cells(line: Sequence[str]) -> _Line:
    text = "".join(line)
    if text.isprintable():  # as nearly all lines are
        return tuple(line)
    return tuple(visible(cell).replace("\n", "\\n").replace("\t", "\\t") for cell in line)


def _width(text: str) -> int:
    """Return how many columns of a terminal text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # names are ASCII: few tables need it

    return sum(
        0 if category(each) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )
