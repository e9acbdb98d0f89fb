"""`modules/machines/nixos/<name>/disko.nix`: how the boot disk is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .clan_machines import module_name
from .style import module

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine

DEVICE = "/dev/sda"
# Linux may name disks in another order at each boot, and installing must not hit a data disk. This
# name comes from the disk: "persistent-disk-0" is Compute Engine's device name of every boot disk.
DEVICE_AMONG_OTHERS = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
# Where disks are NVMe, the boot disk is the first namespace of the controller that all disks but
# Local SSDs share; those have controllers of their own, and machine types may come with them.
NVME_DEVICE = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"

# The series that take SCSI disks, which they get unless told otherwise; later ones have NVMe only:
# https://cloud.google.com/compute/docs/disks/persistent-disks#pd-interface
_SCSI_FAMILIES = frozenset(
    {"a2", "c2", "c2d", "e2", "f1", "g1", "g2", "m1", "m2", "n1", "n2", "n2d", "t2d"}
)


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each provisioned machine."""
    return {
        path(machine): module(
            fleet, ("nixos", module_name(machine), "disko", "devices"), layout(machine)
        )
        for machine in fleet.gcp_machines
    }


def path(machine: GcpMachine) -> str:
    """Return the default path of a machine's file."""
    return f"modules/{module_name(machine)}/disko.nix"


def layout(machine: GcpMachine) -> Value:
    """Return a machine's `disko.devices`."""
    return machine.disko(boot_device(machine))


def may_use_zfs(machine: GcpMachine) -> bool:
    """Whether a machine's layout has a ZFS pool, or is an expression that does not tell."""
    value = layout(machine)
    if not isinstance(value, Mapping):
        return True
    return any((key[0] if isinstance(key, tuple) else key) == "zpool" for key in value)


def boot_device(machine: GcpMachine) -> str:
    """Return the boot disk as the installer finds it."""
    if machine.type_facts.family not in _SCSI_FAMILIES:
        return NVME_DEVICE
    return DEVICE_AMONG_OTHERS if machine.data_disks else DEVICE
