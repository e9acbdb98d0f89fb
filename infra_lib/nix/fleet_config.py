"""`modules/nixos/fleet.nix`: the fleet's own configuration of every NixOS machine it configures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.modules import module_file

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/nixos/fleet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when the fleet has a configuration of its own."""
    if fleet.config is None:
        return {}
    name = ("nixos", fleet.module_names.fleet)
    return {PATH: module_file(fleet, PATH, name, fleet.config)}
