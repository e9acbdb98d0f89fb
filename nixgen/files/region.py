"""Marked regions: the part of a file that is ours, in a file that is not."""

from __future__ import annotations

import re

from nixgen.errors import NixgenError
from nixgen.frozen import frozen

_MARKER = re.compile(
    rb"^(?P<indent>[ \t]*)# nixgen: (?P<kind>begin|end)"
    rb"(?:[ \t]+(?P<name>[^ \t\r\n]+))?[ \t]*(?P<newline>\r?\n|\Z)",
    re.MULTILINE,
)


@frozen
class Span:
    """Where the content of a region lies, without its marker lines.

    Attributes:
        start: Offset of its first byte.
        end: Offset after its last byte: where the line of the end marker begins.
        indent: What the begin marker is indented with.
        newline: How lines end there.
    """

    start: int
    end: int
    indent: bytes
    newline: bytes


def begin_marker(name: str) -> str:
    """Return the line that begins a region."""
    return f"# nixgen: begin {name}"


def end_marker(name: str) -> str:
    """Return the line that ends a region."""
    return f"# nixgen: end {name}"


def find(data: bytes, name: str, path: str, place: str = "where attributes are set") -> Span:
    """Find a region by its markers.

    Args:
        data: The whole file.
        name: The region.
        path: The file, for messages.
        place: Where in the file the markers belong, for messages.

    Raises:
        NixgenError: When a marker is missing, doubled, out of order, unclosed or around that of
            another region; the message names the line.
    """
    opened = closed = None
    for marker in _MARKER.finditer(data):
        kind, given = marker["kind"].decode(), (marker["name"] or b"").decode(errors="replace")
        if given != name:
            if opened and not closed:
                raise _marker_error(data, marker, path, f"'{kind} {given}' inside region '{name}'")
            continue
        if kind == "begin":
            if opened:
                raise _marker_error(
                    data,
                    marker,
                    path,
                    f"region '{name}' begins again; it began on line {_line(data, opened)}",
                )
            opened = marker
        else:
            if closed:
                raise _marker_error(
                    data,
                    marker,
                    path,
                    f"region '{name}' ends again; it ended on line {_line(data, closed)}",
                )
            if not opened:
                raise _marker_error(data, marker, path, f"region '{name}' ends before it begins")
            closed = marker
    if not opened:
        raise NixgenError(
            f"{path}: region '{name}' has no markers; add the lines '{begin_marker(name)}' and "
            f"'{end_marker(name)}' {place}"
        )
    if not closed:
        raise _marker_error(
            data,
            opened,
            path,
            f"region '{name}' is never closed; add the line '{end_marker(name)}'",
        )
    if b"\t" in opened["indent"]:
        raise _marker_error(
            data, opened, path, f"region '{name}' is indented with tabs; use spaces, as nixfmt does"
        )
    return Span(opened.end(), closed.start(), opened["indent"], opened["newline"])


def fill(data: bytes, span: Span, text: str) -> bytes:
    """Return a file with new content in a region, indented and ended as its begin marker is."""
    lines = (
        (span.indent + line if line else b"") + span.newline
        for line in text.encode().split(b"\n")[:-1]
    )
    return data[: span.start] + b"".join(lines) + data[span.end :]


def find_marker(text: bytes) -> str | None:
    """Return a line that is a marker, if there is one in what shall go between two."""
    found = _MARKER.search(text)
    return found[0].decode(errors="replace").strip() if found else None


def _marker_error(data: bytes, marker: re.Match[bytes], path: str, problem: str) -> NixgenError:
    return NixgenError(f"{path}:{_line(data, marker)}: {problem}")


def _line(data: bytes, marker: re.Match[bytes]) -> int:
    return data.count(b"\n", 0, marker.start()) + 1
