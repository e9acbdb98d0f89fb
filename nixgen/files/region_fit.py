"""Whether Nix reads a file as it is meant when its regions are filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nixgen import scan
from nixgen.errors import NixgenError
from nixgen.files.region import Span, find
from nixgen.files.values import Region
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ELSEWHERE = {
    "file": "outside of every attribute set",
    "(": "between parentheses",
    "[": "in a list",
    "${": "in an interpolation",
    "{": "among the arguments of a function",
}


def refuse_misfits(path: str, before: bytes, after: bytes, regions: Sequence[Region]) -> None:
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
            _levels(file, _blank_out(text, file.spans.values()))
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
    regions: Mapping[str, Region]
    old: Mapping[str, Span]
    spans: Mapping[str, Span]

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

    def unreadable(self, error: scan.NotNixError) -> NixgenError:
        return NixgenError(
            f"{self.path}:{self.line(error.offset)}: {error}; without its regions this is not Nix, "
            "so nothing is written to it"
        )

    def set_twice(self, error: scan.SetTwiceError) -> NixgenError:
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


def _blank_out(text: str, spans: Iterable[Span]) -> str:
    """Return a text with spaces for what regions hold."""
    for span in spans:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text


def _levels(file: _File, text: str) -> list[scan.Node]:
    """Return the sets and `let`s whose attributes the regions set, each once.

    Raises:
        NixgenError: When the markers of a region stand where none can be set.
        NotNixError: When the text does not say.
    """
    root, comments = scan.scan(text)
    levels = {}
    for region in file.regions.values():
        outermost = scan.widest(_enclosing_nodes(file, region, root, comments, text), text)
        levels[outermost.start] = outermost
    return list(levels.values())


def _enclosing_nodes(
    file: _File, region: Region, root: scan.Node, comments: frozenset[int], text: str
) -> list[scan.Node]:
    """Return the nodes around a region; the last is the set or `let` that its markers stand in."""
    span = file.spans[region.name]
    markers = text.rindex("#", 0, span.start), text.index("#", span.end)

    def misplaced_error(where: str, marker: int = markers[0]) -> NixgenError:
        return NixgenError(
            f"{file.path}:{file.line(marker)}: the markers of region '{region.name}' stand "
            f"{where}; put them {region.place}{region.alternative}"
        )

    if not comments.issuperset(markers):
        raise misplaced_error("in a string or a comment")
    first, last = (scan.around(root, marker) for marker in markers)
    inner, parent = first[-1], first[-2] if len(first) > 1 else None
    if inner is not last[-1]:
        raise misplaced_error("apart: what opens between them has to close there", markers[1])
    if not scan.binds(inner, parent):
        raise misplaced_error(_ELSEWHERE[inner.kind])
    for binding in scan.bindings(inner, text):
        if any(binding.start < marker < binding.end for marker in markers):
            raise misplaced_error("in the middle of a binding")
    whole = root.parts[1:] if root.parts[0].text == "rec" else root.parts
    if region.top and scan.bare(whole) is not inner:
        raise misplaced_error("below the top level of the file")
    return first
