"""Conflict markers, which git leaves in a file that it could not merge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nixgen.files.header import is_whole, normalize
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

# https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
_MARKER = rb"(<{7}|\|{7}|={7}|>{7})(?: .*)?\n?"
_MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
_NEXT = {
    ("", b"<"): "ours",
    ("ours", b"|"): "base",
    ("ours", b"="): "theirs",
    ("base", b"="): "theirs",
    ("theirs", b">"): "",
}
"""Which part of a conflict comes next, by the part before and the marker in between."""


@frozen
class Conflict:
    """What a merge left to a person.

    Attributes:
        line: The line of its first marker, from 1.
        text: Its lines, with the markers.
    """

    line: int
    text: bytes


def find_conflicts(data: bytes) -> list[Conflict]:
    """Return the conflicts of a file that git could not merge, in their order."""
    found: list[Conflict] = []
    inside: list[bytes] = []
    if b"<<<<<<<" not in data:
        return found
    for number, line in enumerate(normalize(data).splitlines(keepends=True), 1):
        marker = _marker(line)
        if inside or marker == b"<":
            inside.append(line)
        if inside and marker == b">":
            found.append(Conflict(number + 1 - len(inside), b"".join(inside)))
            inside = []
    return found


def split_sides(
    data: bytes, is_generated: Callable[[bytes], bool] | None = None
) -> tuple[bytes, ...]:
    """Return what a file holds: itself; where it holds conflict markers, what stands between them.

    That is one text where the markers are all that is left of a conflict, or where nothing stands
    on the other side. A conflict that does not end goes to the end of the file.

    Args:
        data: What is in the file.
        is_generated: Tells whether a text is as it was generated; of a whole file without it.
    """
    if not any(marker in data for marker in _MARKERS):
        return (data,)
    lines = normalize(data).splitlines(keepends=True)
    bare = b"".join(line for line in lines if not _marker(line))
    if len(bare) < sum(map(len, lines)) and (is_generated or is_whole)(bare):
        return (bare,)
    ours: list[bytes] = []
    theirs: list[bytes] = []
    place, met = "", False
    for line in lines:
        step = (place, _marker(line))
        if step in _NEXT:
            place, met = _NEXT[step], True
            continue
        if place in ("", "ours"):
            ours.append(line)
        if place in ("", "theirs"):
            theirs.append(line)
    texts = tuple(text for text in (b"".join(ours), b"".join(theirs)) if text.strip())
    return texts if met and texts else (data,)


def _marker(line: bytes) -> bytes:
    found = re.fullmatch(_MARKER, line)
    return found[1][:1] if found else b""
