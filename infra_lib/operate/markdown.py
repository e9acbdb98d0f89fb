"""GitHub's Markdown, short enough for a comment, in which every text stands for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

# GitHub takes comments of up to 65,536 characters:
# https://github.com/google/go-github/pull/440
LONGEST = 65_000
"""How many bytes a comment may have; no text has fewer of them than characters."""

# https://github.github.com/gfm/#backslash-escapes
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{each: f"\\{each}" for each in "\\`*_[]|~#"}}
_FENCE = "`"


def markdown_table(
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
        line = f"| {' | '.join(map(escaped, row))} |"
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join([*lines, "", f"… and {len(rows) - shown} more."])
        lines.append(line)
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return text that Markdown and HTML show as it is, on one line."""
    return "".join(_ESCAPED.get(each, each) for each in one_line(text))


def unmentioned(text: str) -> str:
    """Return escaped text in which nobody is mentioned, who would be told of it."""
    return escaped(text).replace("@", "&#64;")


def fenced(text: str, language: str) -> str:
    """Return a block of code that shows text of several lines as it is.

    Args:
        text: The text, with its last newline.
        language: What it is: "diff".
    """
    longest = run = 0
    for character in text:
        run = run + 1 if character == _FENCE else 0
        longest = max(longest, run)
    fence = _FENCE * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text)}{fence}"


def one_line(text: str) -> str:
    r"""Return text on one line, with an escape for what a terminal acts on, and for its ends."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
