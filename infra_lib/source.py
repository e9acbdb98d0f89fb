"""Finding the fleet that a command is about."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nixgen.settings import read_settings
from nixgen.source import load_as

from .errors import FleetError
from .fleet import Fleet

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_argument(parser: ArgumentParser) -> None:
    """Let a command take SOURCE, for `load_fleet`."""
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE", help="where the fleet is described: main:fleet"
    )


def load_fleet(source: str | None) -> Fleet:
    """Import the module that describes a fleet, and return the fleet.

    What that module prints goes to stderr, so that a command's own output stays clean.

    Args:
        source: `module:attribute`; None for what the nearest pyproject.toml says.

    Raises:
        FleetError: When no source is named.
        NixgenError: When there is no such thing, when it is no fleet, or when it fails.
    """
    settings = read_settings(Path.cwd())
    named = source or settings.source
    if not named:
        raise FleetError(
            "no source: name one, such as 'infra show main:fleet', or set it in pyproject.toml: "
            '[tool.nixgen] source = "main:fleet"'
        )
    with redirect_stdout(sys.stderr):
        return load_as(
            named, settings.project, lambda value: _fleet(value, named), debug="INFRA_DEBUG"
        )


def _fleet(value: Any, source: str) -> Fleet:
    made = value() if callable(value) and not isinstance(value, Fleet) else value
    if not isinstance(made, Fleet):
        raise FleetError(
            f"source {source}: a Fleet, or a callable that returns one, is accepted; "
            f"got {type(made).__name__}"
        )
    return made
