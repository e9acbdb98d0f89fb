"""`modules/machines/nixos/<name>/disko.nix`: how the boot disk is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clan_machines import module_name

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine

DEVICE = "/dev/sda"
# Linux may name disks in another order at each boot, and installing must not hit a data disk. This
# name comes from the disk: "persistent-disk-0" is Compute Engine's device name of every boot disk.
DEVICE_AMONG_OTHERS = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
POOL = "zroot"

_MOUNTPOINTS = {"root": "none", "root/nixos": "/", "root/home": "/home", "root/nix": "/nix"}


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each provisioned machine."""
    return {
        f"modules/{module_name(machine)}/disko.nix": {
            ("flake", "modules", "nixos", module_name(machine), "disko", "devices"): {
                ("disk", "primary"): _disk(machine),
                ("zpool", POOL): _pool(),
            }
        }
        for machine in fleet.gcp_machines
    }


def _disk(machine: GcpMachine) -> Value:
    esp = {
        "type": "filesystem",
        "format": "vfat",
        "mountpoint": "/boot",
        "mountOptions": ["umask=0077"],
    }
    return {
        "type": "disk",
        "device": DEVICE_AMONG_OTHERS if machine.data_disks else DEVICE,
        "content": {
            "type": "gpt",
            "partitions": {
                "ESP": {"size": "1G", "type": "EF00", "content": esp},
                "zfs": {"size": "100%", "content": {"type": "zfs", "pool": POOL}},
            },
        },
    }


def _pool() -> Value:
    return {
        "type": "zpool",
        "rootFsOptions": {"compression": "lz4", "com.sun:auto-snapshot": "true"},
        "datasets": {name: _dataset(mountpoint) for name, mountpoint in _MOUNTPOINTS.items()},
    }


def _dataset(mountpoint: str) -> Value:
    mounted = {} if mountpoint == "none" else {"mountpoint": mountpoint}
    return {"type": "zfs_fs", ("options", "mountpoint"): mountpoint} | mounted
