"""Marked regions: the part of a file that is ours, in a file that is not."""

import re
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nixgen.files.rendered import Region
    from nixgen.scan import Node, NotNixError, SetTwiceError

_MARKER = re.compile(
    rb"^(?P<indent>[ \t]*)# nixgen: (?P<kind>begin|end)"
    rb"(?:[ \t]+(?P<name>[^ \t\r\n]+))?[ \t]*(?P<newline>\r?\n|\Z)",
    re.MULTILINE,
)
_ELSEWHERE = {
    "file": "outside of every attribute set",
    "(": "between parentheses",
    "[": "in a list",
    "${": "in an interpolation",
    "{": "among the arguments of a function",
}


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


def begin(name: str) -> str:
    """Return the line that begins a region."""
    return f"# nixgen: begin {name}"


def end(name: str) -> str:
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
                raise _misplaced(data, marker, path, f"'{kind} {given}' inside region '{name}'")
            continue
        if kind == "begin":
            if opened:
                raise _misplaced(
                    data,
                    marker,
                    path,
                    f"region '{name}' begins again; it began on line {_line(data, opened)}",
                )
            opened = marker
        else:
            if closed:
                raise _misplaced(
                    data,
                    marker,
                    path,
                    f"region '{name}' ends again; it ended on line {_line(data, closed)}",
                )
            if not opened:
                raise _misplaced(data, marker, path, f"region '{name}' ends before it begins")
            closed = marker
    if not opened:
        raise NixgenError(
            f"{path}: region '{name}' has no markers; add the lines '{begin(name)}' and "
            f"'{end(name)}' {place}"
        )
    if not closed:
        raise _misplaced(
            data, opened, path, f"region '{name}' is never closed; add the line '{end(name)}'"
        )
    if b"\t" in opened["indent"]:
        raise _misplaced(
            data, opened, path, f"region '{name}' is indented with tabs; use spaces, as nixfmt does"
        )
    return Span(opened.end(), closed.start(), opened["indent"], opened["newline"])


def filled(data: bytes, span: Span, text: str) -> bytes:
    """Return a file with new content in a region, indented and ended as its begin marker is."""
    lines = (
        (span.indent + line if line else b"") + span.newline
        for line in text.encode().split(b"\n")[:-1]
    )
    return data[: span.start] + b"".join(lines) + data[span.end :]


def marker_in(text: bytes) -> str | None:
    """Return a line that is a marker, if there is one in what shall go between two."""
    found = _MARKER.search(text)
    return found[0].decode(errors="replace").strip() if found else None


def refuse_misfits(path: str, before: bytes, after: bytes, regions: "Sequence[Region]") -> None:
    """Refuse a file that Nix would not read with its regions filled, or not as it is meant.

    Args:
        path: The file, for messages.
        before: What it holds; lines in messages are its.
        after: What it would hold.
        regions: Those that are filled.

    Raises:
        NixgenError: When markers stand where no attribute can be set, when one that a region sets
            is set elsewhere too and Nix does not merge the two, or when brackets, strings or
            bindings of the file do not end.
    """
    from nixgen import scan

    file = _File(
        path,
        before,
        after,
        {each.name: each for each in regions},
        {each.name: find(before, each.name, path) for each in regions},
        {each.name: find(after, each.name, path) for each in regions},
    )
    text = after.decode("latin-1")  # so that offsets are those of the bytes
    try:
        levels = _levels(file, text)
    except (scan.NotNixError, NixgenError) as error:
        try:
            _levels(file, _without(text, file.spans.values()))
        except scan.NotNixError as theirs:
            raise file.unreadable(theirs) from theirs
        names = ", ".join(f"'{name}'" for name in file.regions)
        raise NixgenError(
            f"{path}: region {names}: a Raw in it does not end what it begins: {error}"
        ) from error
    try:
        for level in levels:
            scan.refuse_set_twice(level, text, file.owner)
    except scan.NotNixError as error:
        raise file.unreadable(error) from error
    except scan.SetTwiceError as error:
        raise file.set_twice(error) from error


@frozen
class _File:
    """A file before and after its regions are filled."""

    path: str
    before: bytes
    after: bytes
    regions: "Mapping[str, Region]"
    old: "Mapping[str, Span]"
    spans: "Mapping[str, Span]"

    def owner(self, offset: int) -> str | None:
        """Return the region that an offset of the filled file lies in; None for people's text."""
        spans = self.spans.items()
        return next((name for name, span in spans if span.start <= offset < span.end), None)

    def line(self, offset: int) -> int:
        """Return the line of an offset of the filled file, counted as before it was filled."""
        line = self.after.count(b"\n", 0, offset) + 1
        for name, span in self.spans.items():
            if span.end <= offset:
                old = self.old[name]
                line -= self.after.count(b"\n", span.start, span.end)
                line += self.before.count(b"\n", old.start, old.end)
        return line

    def unreadable(self, error: "NotNixError") -> NixgenError:
        return NixgenError(
            f"{self.path}:{self.line(error.offset)}: {error}; without its regions this is not Nix, "
            "so nothing is written to it"
        )

    def set_twice(self, error: "SetTwiceError") -> NixgenError:
        """Return what to say of an attribute that is set twice."""
        owners = [self.owner(offset) for offset in error.offsets]
        lines = [self.line(offset) for offset in error.offsets]
        names = error.attributes
        unmerged = f"which {'not every Nix merges' if error.rec else 'Nix does not merge'}"
        if owners == [None, None]:
            return NixgenError(
                f"{self.path}:{lines[1]}: {names[1]} is set here, and line {lines[0]} sets "
                f"{names[0]}, {unmerged}; nothing is written to such a file"
            )
        theirs = next((place for place, owner in enumerate(owners) if owner is None), None)
        if theirs is None:
            return NixgenError(
                f"{self.path}: region '{owners[0]}' sets {names[0]}, and region '{owners[1]}' sets "
                f"{names[1]}, {unmerged}"
            )
        mine, its, owner = names[theirs], names[1 - theirs], str(owners[1 - theirs])
        advice = "take it out here"
        if its.startswith(f"{mine}."):
            advice = f"write '{mine}.… = …;' for each that is in it, or {advice}"
        return NixgenError(
            f"{self.path}:{lines[theirs]}: {mine} is set here, and region '{owner}' sets {its}, "
            f"{unmerged}; {advice}{self.regions[owner].alternative}"
        )


def _without(text: str, spans: "Iterable[Span]") -> str:
    """Return a text with spaces for what regions hold."""
    for span in spans:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text


def _levels(file: _File, text: str) -> "list[Node]":
    """Return the sets and `let`s whose attributes the regions set, each once.

    Raises:
        NixgenError: When the markers of a region stand where none can be set.
        NotNixError: When the text does not say.
    """
    from nixgen import scan

    root, comments = scan.scan(text)
    levels = {}
    for region in file.regions.values():
        outermost = scan.widest(_around(file, region, root, comments, text), text)
        levels[outermost.start] = outermost
    return list(levels.values())


def _around(
    file: _File, region: "Region", root: "Node", comments: frozenset[int], text: str
) -> "list[Node]":
    """Return the nodes around a region; the last is the set or `let` that its markers stand in."""
    from nixgen import scan

    span = file.spans[region.name]
    markers = text.rindex("#", 0, span.start), text.index("#", span.end)

    def misplaced(where: str, marker: int = markers[0]) -> NixgenError:
        return NixgenError(
            f"{file.path}:{file.line(marker)}: the markers of region '{region.name}' stand "
            f"{where}; put them {region.place}{region.alternative}"
        )

    if not comments.issuperset(markers):
        raise misplaced("in a string or a comment")
    first, last = (scan.around(root, marker) for marker in markers)
    inner, parent = first[-1], first[-2] if len(first) > 1 else None
    if inner is not last[-1]:
        raise misplaced("apart: what opens between them has to close there", markers[1])
    if not scan.binds(inner, parent):
        raise misplaced(_ELSEWHERE[inner.kind])
    for binding in scan.bindings(inner, text):
        if any(binding.start < marker < binding.end for marker in markers):
            raise misplaced("in the middle of a binding")
    whole = root.parts[1:] if root.parts[0].text == "rec" else root.parts
    if region.top and scan.bare(whole) is not inner:
        raise misplaced("below the top level of the file")
    return first


def _misplaced(data: bytes, marker: re.Match[bytes], path: str, problem: str) -> NixgenError:
    return NixgenError(f"{path}:{_line(data, marker)}: {problem}")


def _line(data: bytes, marker: re.Match[bytes]) -> int:
    return data.count(b"\n", 0, marker.start()) + 1
