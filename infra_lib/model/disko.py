"""The layout of a machine's boot disk: what `disko.devices` holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import refuse
from nixgen.exact import exact

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine

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

# `zpool create` takes no other: https://openzfs.github.io/openzfs-docs/man/master/8/zpool-create.8.html
_POOL = re.compile(r"(?!mirror|raidz|draid|spare|log$)[A-Za-z][-_.:A-Za-z0-9]*")
# A partition's `size` in disko, but for the 100% that would leave the pool nothing.
_SIZE = re.compile(r"[0-9]+[KMGTP]?")

# The property by which zfs-auto-snapshot, which clan turns on, finds what to make snapshots of.
_SNAPSHOTS = "com.sun:auto-snapshot"
_MOUNTPOINTS = {"root": "none", "root/nixos": "/", "root/home": "/home", "root/nix": "/nix"}


def boot_device(machine: GcpMachine) -> str:
    """Return the boot disk as the installer finds it."""
    if machine.type_facts.family not in _SCSI_FAMILIES:
        return NVME_DEVICE
    return DEVICE_AMONG_OTHERS if machine.data_disks else DEVICE


def zfs_layout(
    device: str, *, pool: str = "zroot", esp_size: str = "1G"
) -> dict[tuple[str, str], Any]:
    """Return the layout that a machine has unless it says otherwise: an ESP, the rest a ZFS pool.

    What it returns may be added to: `zfs_layout(device) | {("disk", "ore"): …}`.

    Args:
        device: The disk: "/dev/sda".
        pool: The pool's name.
        esp_size: The size of the EFI system partition, as disko takes it: "512M", "1G".

    Raises:
        FleetError: When the pool cannot have that name, or the partition that size.
    """
    device, pool, esp_size = exact((device, pool, esp_size))
    if not isinstance(pool, str) or not _POOL.fullmatch(pool):
        accepted = (
            "a ZFS pool's name: a letter first, then letters, digits and _ . : -, and neither log "
            "nor beginning with mirror, raidz, draid or spare"
        )
        raise refuse("zfs_layout", "pool", pool, accepted)
    if not isinstance(esp_size, str) or not _SIZE.fullmatch(esp_size):
        raise refuse("zfs_layout", "esp_size", esp_size, 'a size such as "512M" or "1G"')
    return {("disk", "primary"): _disk(device, pool, esp_size), ("zpool", pool): _pool()}


def _disk(device: str, pool: str, esp_size: str) -> dict[str, Any]:
    esp = {
        "type": "filesystem",
        "format": "vfat",
        "mountpoint": "/boot",
        "mountOptions": ["umask=0077"],
    }
    return {
        "type": "disk",
        "device": device,
        "content": {
            "type": "gpt",
            "partitions": {
                "ESP": {"size": esp_size, "type": "EF00", "content": esp},
                "zfs": {"size": "100%", "content": {"type": "zfs", "pool": pool}},
            },
        },
    }


def _pool() -> dict[str, Any]:
    return {
        "type": "zpool",
        "rootFsOptions": {"compression": "lz4", _SNAPSHOTS: "true"},
        "datasets": {name: _dataset(mountpoint) for name, mountpoint in _MOUNTPOINTS.items()},
    }


def _dataset(mountpoint: str) -> dict[Any, Any]:
    if mountpoint == "/nix":
        # It can be built again, and a snapshot would keep what the garbage collector deletes.
        options = {"mountpoint": mountpoint, _SNAPSHOTS: "false"}
        return {"type": "zfs_fs", "options": options, "mountpoint": mountpoint}
    mounted = {} if mountpoint == "none" else {"mountpoint": mountpoint}
    return {"type": "zfs_fs", ("options", "mountpoint"): mountpoint} | mounted
