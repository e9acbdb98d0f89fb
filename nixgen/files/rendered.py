"""What a source wants written: the values of its mapping, and their rendering."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field

from nixgen.errors import NixgenError
from nixgen.exact import exact
from nixgen.files import header, paths
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from attrs import Attribute

FileValue: TypeAlias = Any
"""What goes into a file: a Nix value, a `TextFile`, a `Region` or a tuple of regions."""

Files: TypeAlias = Mapping[Any, FileValue]
"""Paths below the root, `str` or `PurePath`, and for each what goes there."""


def _text(instance: object, attribute: "Attribute[str]", value: object) -> None:
    where = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise NixgenError(f"{where}: expected a str, got {type(value).__name__}")
    if "\0" in value:
        raise NixgenError(f"{where}: text cannot hold NUL")


def _comment(_instance: object, _attribute: "Attribute[str]", value: str) -> None:
    if not 1 <= len(value.split()) <= 2 or value != " ".join(value.split()):
        raise NixgenError(
            f"TextFile.comment: expected what starts a comment line, such as '#', or what starts "
            f"and ends it, such as '<!-- -->'; got {value!r}"
        )


def _name(_instance: object, _attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", value):
        raise NixgenError(
            "Region.name: expected letters, digits, '.', '_' and '-', such as 'caches'; "
            f"got {value!r}"
        )


@frozen
class TextFile:
    """A generated file that is not Nix, such as a table in Markdown.

    Attributes:
        text: What it holds below the header; a newline is added where the last one is missing.
        comment: What starts a comment line, such as `#` or `//`; where comments need an end, both
            with a space between them, such as `<!-- -->`.

    Raises:
        NixgenError: When the text holds NUL, or the comment is no such pair.
    """

    text: str = field(validator=_text)
    comment: str = field(default="#", validator=[_text, _comment])


@frozen
class Region:
    """A marked part of a file that people own; nothing outside the marker lines is touched.

    The markers stand on lines of their own, anywhere that attribute bindings can stand:

        # nixgen: begin caches
        # nixgen: end caches

    Attributes:
        value: An attribute set; its bindings, without the braces, are what the region holds.
        name: The name that both markers give.
        place: Where in the file the markers belong, for messages about them: "at the top".
        otherwise: How to do without the region, for messages: "leave it out with …".
        top: Whether the markers must stand at the top level: the file is a set, and they are in it
            and in nothing further inside.

    Raises:
        NixgenError: When the name has other characters than letters, digits, `.`, `_` and `-`.
    """

    value: Any
    name: str = field(kw_only=True, validator=_name)
    place: str = field(kw_only=True, default="where attributes are set", validator=_text)
    otherwise: str = field(kw_only=True, default="", validator=_text)
    top: bool = field(kw_only=True, default=False)

    @property
    def alternative(self) -> str:
        """What ends a message about it: `; or leave it out with …`, or nothing."""
        return self.otherwise and f"; or {self.otherwise}"


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
"""All that a source wants written, rendered."""


def render(files: Files, source: str) -> Rendered:
    """Render everything that a source wants written, in the order of its mapping.

    Args:
        files: What goes where.
        source: Where it came from, such as `main:fleet`; headers name it.

    Raises:
        NixgenError: When a path or a value is not one that can be written.
    """
    from nixgen.files.source import split  # those who only name a TextFile or a Region load nothing

    source = exact(source)
    split(source)
    given = [(paths.relative(path), value) for path, value in files.items()]
    paths.refuse_collisions(path for path, _ in given)
    return tuple(_rendered(path, value, source) for path, value in given)


def packed(outputs: "Iterable[WholeFile | Regions]") -> tuple[tuple[str, Any], ...]:
    """Return what was rendered as data of Python's own types, which another process can be told."""
    return tuple(
        (str.__str__(output.path), output.data)
        if isinstance(output, WholeFile)
        else (
            str.__str__(output.path),
            tuple(
                (
                    *map(str.__str__, (region.name, region.place, region.otherwise)),
                    bool(region.top),
                    text,
                )
                for region, text in output.contents
            ),
        )
        for output in outputs
    )


def unpacked(plain: "Iterable[tuple[str, Any]]") -> Rendered:
    """Return what was packed; the values of regions, which are rendered, are None."""
    return tuple(
        WholeFile(path, held)
        if isinstance(held, bytes)
        else Regions(
            path,
            tuple(
                (Region(None, name=name, place=place, otherwise=otherwise, top=top), text)
                for name, place, otherwise, top, text in held
            ),
        )
        for path, held in plain
    )


def _rendered(path: str, value: FileValue, source: str) -> WholeFile | Regions:
    try:
        if isinstance(value, Region):
            value = (value,)
        if isinstance(value, tuple) and value and all(isinstance(each, Region) for each in value):
            return Regions(path, _regions(value, source))
        return WholeFile(path, _whole(path, value, source))
    except (TypeError, ValueError) as error:
        raise NixgenError(f"{path}: {error}") from error


def _whole(path: str, value: Any, source: str) -> bytes:
    ending = paths.ending(path.rpartition("/")[2])
    if isinstance(value, TextFile):
        if ending not in paths.ENDINGS:
            known = " ".join(sorted(filter(None, paths.ENDINGS)))
            raise NixgenError(
                f"a TextFile cannot end in '{ending}'; it can have no ending, or {known}"
            )
        text = value.text if value.text.endswith("\n") or not value.text else f"{value.text}\n"
        return header.with_header(text, path, source, value.comment)
    if ending != ".nix":
        raise NixgenError(
            "a Nix value goes into a file that ends in .nix; anything else is a TextFile"
        )
    from nixgen import dumps

    return header.with_header(dumps(value, headed=True), path, source)


def _regions(regions: tuple[Region, ...], source: str) -> tuple[tuple[Region, str], ...]:
    names: set[str] = set()
    for region in regions:
        if region.name in names:
            raise NixgenError(f"region '{region.name}' is given twice")
        names.add(region.name)
    return tuple((region, _region(region, source)) for region in regions)


def _region(region: Region, source: str) -> str:
    from nixgen.files.region import marker_in

    text = header.with_label(_bindings(region), source)
    if marker := marker_in(text.encode()):
        raise NixgenError(
            f"region '{region.name}': a value or a comment in it has the line {marker!r}, which is "
            "what marks a region: the file could be written once and never again"
        )
    return text


def _bindings(region: Region) -> str:
    """Return the bindings of a set, without its braces and their indentation."""
    from nixgen import AttrSet, Comment, dumps

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
