"""`modules/machines/nixos/<name>/disko.nix`: how the boot disk is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.nix.clan_machines import module_name
from infra_lib.nix.style import module

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each provisioned machine."""
    return {
        path(machine): module(
            fleet, ("nixos", module_name(machine), "disko", "devices"), layout(machine)
        )
        for machine in fleet.provisioned
    }


def path(machine: ProvisionedMachine) -> str:
    """Return the default path of a machine's file."""
    return f"modules/{module_name(machine)}/disko.nix"


def layout(machine: ProvisionedMachine) -> Value:
    """Return a machine's `disko.devices`."""
    return machine.disko(machine.boot_device)


def may_use_zfs(machine: ProvisionedMachine) -> bool:
    """Whether a machine's layout has a ZFS pool, or is an expression that does not tell."""
    value = layout(machine)
    if not isinstance(value, Mapping):
        return True
    return any((key[0] if isinstance(key, tuple) else key) == "zpool" for key in value)
