"""What a source wants written, rendered: the bytes of files, and the text of regions."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from nixgen.errors import NixgenError
from nixgen.exact import exact
from nixgen.files import header, label, paths
from nixgen.files.region import find_marker
from nixgen.files.source import split_source
from nixgen.files.values import Files, FileValue, Region, TextFile
from nixgen.frozen import frozen


@frozen
class WholeFile:
    """A file that is all ours, rendered.

    Attributes:
        path: Relative to the root, with slashes.
        data: Its bytes, header included.
    """

    path: str
    data: bytes


@frozen
class Regions:
    """Regions of one file that people own, rendered.

    Attributes:
        path: Relative to the root, with slashes.
        contents: Each region, and its text.
    """

    path: str
    contents: tuple[tuple[Region, str], ...]


Rendered: TypeAlias = tuple[WholeFile | Regions, ...]
"""All that a source wants written."""


def render(files: Files, source: str) -> Rendered:
    """Render everything that a source wants written, in the order of its mapping.

    Args:
        files: What goes where.
        source: Where it came from, such as `main:fleet`; headers name it.

    Raises:
        NixgenError: When a path or a value is not one that can be written.
    """
    source = exact(source)
    split_source(source)
    given = [(paths.relative(path), value) for path, value in files.items()]
    paths.refuse_collisions(path for path, _ in given)
    return tuple(_render(path, value, source) for path, value in given)


def _render(path: str, value: FileValue, source: str) -> WholeFile | Regions:
    try:
        if isinstance(value, Region):
            value = (value,)
        if isinstance(value, tuple) and value and all(isinstance(each, Region) for each in value):
            return Regions(path, _render_regions(value, source))
        return WholeFile(path, _render_file(path, value, source))
    except (TypeError, ValueError) as error:
        raise NixgenError(f"{path}: {error}") from error


def _render_file(path: str, value: Any, source: str) -> bytes:
    ending = paths.ending(path.rpartition("/")[2])
    if isinstance(value, TextFile):
        if ending not in paths.ENDINGS:
            known = " ".join(sorted(filter(None, paths.ENDINGS)))
            raise NixgenError(
                f"a TextFile cannot end in '{ending}'; it can have no ending, or {known}"
            )
        text = value.text if value.text.endswith("\n") or not value.text else f"{value.text}\n"
        return header.add_header(text, path, source, value.comment)
    if ending != ".nix":
        raise NixgenError(
            "a Nix value goes into a file that ends in .nix; anything else is a TextFile"
        )
    from nixgen.render import dumps

    return header.add_header(dumps(value, headed=True), path, source)


def _render_regions(regions: tuple[Region, ...], source: str) -> tuple[tuple[Region, str], ...]:
    names: set[str] = set()
    for region in regions:
        if region.name in names:
            raise NixgenError(f"region '{region.name}' is given twice")
        names.add(region.name)
    return tuple((region, _render_region(region, source)) for region in regions)


def _render_region(region: Region, source: str) -> str:
    text = label.add_label(_render_bindings(region), source)
    if marker := find_marker(text.encode()):
        raise NixgenError(
            f"region '{region.name}': a value or a comment in it has the line {marker!r}, which is "
            "what marks a region: the file could be written once and never again"
        )
    return text


def _render_bindings(region: Region) -> str:
    """Return the bindings of a set, without its braces and their indentation."""
    from nixgen.expr import AttrSet, Comment
    from nixgen.render import dumps

    value = region.value
    if isinstance(value, AttrSet) and not value.rec:
        items = value.items
    elif isinstance(value, Mapping):
        items = (value,)
    else:
        raise NixgenError(
            f"region '{region.name}': expected an attribute set, got {type(value).__name__}"
        )
    # A comment makes every set stand on several lines.
    _, _, *lines, _, _ = dumps(AttrSet(Comment(region.name), *items)).split("\n")
    if any(line and not line.startswith("  ") for line in lines):
        raise NixgenError(f"region '{region.name}': a string over several lines cannot be indented")
    return "".join(line.removeprefix("  ") + "\n" for line in lines).lstrip("\n")
