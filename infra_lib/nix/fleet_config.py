"""`modules/nixos/fleet.nix`: the fleet's own configuration of every machine it provisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.style import module

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/nixos/fleet.nix"
MODULE = "fleet"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when the fleet has a configuration of its own."""
    if fleet.config is None:
        return {}
    return {PATH: module(fleet, ("nixos", MODULE), fleet.config)}
