"""Whether generated files are flake-parts modules, or plain modules of NixOS and clan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import Param

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.expr import Value

OPTIONS = Param("options", {})
"""The argument by which a module sees who sets an option.

A module that is called by itself is given none.
"""


def is_plain(fleet: Fleet) -> bool:
    """Whether files are plain modules, which import each other by path."""
    return fleet.module_style == "nixos"


def module(fleet: Fleet, name: tuple[str, ...], value: Value) -> Value:
    """Return a file that holds a module.

    Args:
        fleet: The fleet.
        name: Where the module is in `flake.modules`: its class and name, and attributes in it.
        value: What stands there.
    """
    if not is_plain(fleet):
        return {("flake", "modules", *name): value}
    _, _, *attributes = name
    return {tuple(attributes): value} if attributes else value


def clan(fleet: Fleet, *attribute: str) -> tuple[str, ...]:
    """Return an attribute path of clan's: flake-parts has it below `clan`."""
    return attribute if is_plain(fleet) else ("clan", *attribute)
