"""Paths in what people give: below the flake's root, whatever file they come to stand in."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import field_error
from infra_lib.nix.placement import path_from
from nixgen.expr import Expr

if TYPE_CHECKING:
    from nixgen.expr import Value


def from_root(here: str, value: Value) -> Any:
    """Return a value with each path below the flake's root as a file has to write it.

    Args:
        here: Where the file is.
        value: Plain data or an expression. What has no path in it is returned itself, but for a
            mapping that is no `dict`: files are pickled.

    Raises:
        FleetError: When a path leads out of the flake, whose files are all that Nix has of it.
    """
    if isinstance(value, PurePath):
        return value if value.is_absolute() else path_from(here, _inside(here, value))
    if isinstance(value, Mapping):
        written = {name: from_root(here, each) for name, each in value.items()}
        same = isinstance(value, dict) and all(written[name] is value[name] for name in written)
        return value if same else written
    if isinstance(value, list | tuple):
        items = [from_root(here, each) for each in value]
        changed = any(new is not old for new, old in zip(items, value, strict=True))
        return type(value)(items) if changed else value
    if isinstance(value, Expr):
        # How pickle makes an equal one, from its fields.
        made: Any = value.__reduce__()
        rebuild, (kind, fields) = made
        written = from_root(here, fields)
        return value if written is fields else rebuild(kind, written)
    return value


def _inside(here: str, path: PurePath) -> str:
    written = path.as_posix()
    if ".." in posixpath.normpath(written).split("/"):
        accepted = "a path below the flake's root is accepted: this one leads out of it"
        raise field_error(f"what stands in {here}", "path", written, accepted)
    return written
