"""What a source says goes into its files: values of Nix, text, and regions of people's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field

from nixgen.errors import NixgenError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from attrs import Attribute

FileValue: TypeAlias = Any
"""What goes into a file: a Nix value, a `TextFile`, a `Region` or a tuple of regions."""

Files: TypeAlias = Mapping[Any, FileValue]
"""Paths below the root, `str` or `PurePath`, and for each what goes there."""


def _check_text(instance: object, attribute: Attribute[str], value: object) -> None:
    where = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise NixgenError(f"{where}: expected a str, got {type(value).__name__}")
    if "\0" in value:
        raise NixgenError(f"{where}: text cannot hold NUL")


def _check_comment(_instance: object, _attribute: Attribute[str], value: str) -> None:
    if not 1 <= len(value.split()) <= 2 or value != " ".join(value.split()):
        raise NixgenError(
            f"TextFile.comment: expected what starts a comment line, such as '#', or what starts "
            f"and ends it, such as '<!-- -->'; got {value!r}"
        )


def _check_name(_instance: object, _attribute: Attribute[str], value: object) -> None:
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
        NixgenError: When the text holds NUL, or the comment is not such a pair.
    """

    text: str = field(validator=_check_text)
    comment: str = field(default="#", validator=[_check_text, _check_comment])


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
    name: str = field(kw_only=True, validator=_check_name)
    place: str = field(kw_only=True, default="where attributes are set", validator=_check_text)
    otherwise: str = field(kw_only=True, default="", validator=_check_text)
    top: bool = field(kw_only=True, default=False)

    @property
    def alternative(self) -> str:
        """What ends a message about it: `; or leave it out with …`, or nothing."""
        return self.otherwise and f"; or {self.otherwise}"
