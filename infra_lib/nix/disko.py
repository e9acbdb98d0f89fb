"""`modules/machines/nixos/<name>/disko.nix`: how a machine's disks are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.model.disko import devices_of, is_plain_data
from infra_lib.model.validators import option_names
from infra_lib.nix.clan_machines import module_name
from infra_lib.nix.modules import module_file
from infra_lib.nix.style import module

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each machine whose layout the fleet says."""
    return {path(each): _file(fleet, each) for each in fleet.machines if each.disko is not None}


def path(machine: Machine) -> str:
    """Return the default path of a machine's file."""
    return f"modules/machines/nixos/{machine.name}/disko.nix"


def may_use_zfs(machine: Machine) -> bool:
    """Whether a machine's layout has a ZFS pool, or is an expression that does not tell."""
    value = devices_of(machine.disko, machine.boot_device)
    return has_pool(value) if isinstance(value, Mapping) else True


def has_pool(value: Value) -> bool:
    """Whether a layout has a ZFS pool, as far as it tells."""
    return "zpool" in option_names(value)


def _file(fleet: Fleet, machine: Machine) -> Value:
    name = ("nixos", module_name(fleet, machine), "disko", "devices")
    if is_plain_data(machine.disko):  # which has no argument and no path: do not search it
        return module(fleet, name, devices_of(machine.disko, machine.boot_device))
    return module_file(fleet, path(machine), name, devices_of(machine.disko, machine.boot_device))
