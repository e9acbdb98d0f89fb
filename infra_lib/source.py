"""Finding the fleet that a command is about."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nixgen.settings import read_settings
from nixgen.source import load_as

from .errors import FleetError
from .fleet import Fleet

if TYPE_CHECKING:
    from argparse import ArgumentParser

_HELP = "where the fleet is described: main:fleet"


def add_argument(parser: ArgumentParser, *, alone: bool = True) -> None:
    """Let a command take `--source SOURCE`, for `load_fleet`.

    Args:
        parser: The command's.
        alone: Whether SOURCE will do too: the command takes no other words.
    """
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--source", metavar="SOURCE", help=_HELP)
    if alone:
        group.add_argument("source", nargs="?", default=SUPPRESS, metavar="SOURCE", help=_HELP)


def other_word(word: str) -> str:
    """Return a word of a command that takes others than SOURCE; the type of such arguments."""
    if ":" in word:
        raise ArgumentTypeError(f"{word!r}: name the source with --source {word}")
    return word


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
            "no source: name one with --source main:fleet, or set it in pyproject.toml: "
            '[tool.nixgen] source = "main:fleet"'
        )
    return load_as(named, settings.project, lambda value: _fleet(value, named), debug="INFRA_DEBUG")


def _fleet(value: Any, source: str) -> Fleet:
    made = value() if callable(value) and not isinstance(value, Fleet) else value
    if not isinstance(made, Fleet):
        raise FleetError(
            f"source {source}: a Fleet, or a callable that returns one, is accepted; "
            f"got {type(made).__name__}; --source names another"
        )
    return made
