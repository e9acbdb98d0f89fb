"""The layout of a machine's boot disk: what `disko.devices` holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from infra_lib.model.errors import field_error
from infra_lib.model.validators import check_options, frozen_mapping
from nixgen.exact import exact

if TYPE_CHECKING:
    from nixgen.expr import Expr

# What `disko.devices` holds, or a function from the boot disk's device to that.
Layout: TypeAlias = "Callable[[str], Any] | Mapping[Any, Any] | Expr"

# `zpool create` takes no other: https://openzfs.github.io/openzfs-docs/man/master/8/zpool-create.8.html
_POOL = r"(?!mirror|raidz|draid|spare|log$)[A-Za-z][-_.:A-Za-z0-9]*"
# A partition's `size` in disko, but for the 100% that would leave the pool nothing.
_SIZE = r"[0-9]+[KMGTP]?"

# The property by which zfs-auto-snapshot, which clan turns on, finds what to make snapshots of.
_SNAPSHOTS = "com.sun:auto-snapshot"
_MOUNTPOINTS = {"root": "none", "root/nixos": "/", "root/home": "/home", "root/nix": "/nix"}


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
    if not isinstance(pool, str) or not re.fullmatch(_POOL, pool):
        accepted = (
            "a ZFS pool's name: a letter first, then letters, digits and _ . : -, and neither log "
            "nor beginning with mirror, raidz, draid or spare"
        )
        raise field_error("zfs_layout", "pool", pool, accepted)
    if not isinstance(esp_size, str) or not re.fullmatch(_SIZE, esp_size):
        raise field_error("zfs_layout", "esp_size", esp_size, 'a size such as "512M" or "1G"')
    return {("disk", "primary"): _disk(device, pool, esp_size), ("zpool", pool): _pool()}


def frozen_layout(value: Layout) -> Layout:
    """Make a layout that is a mapping one that nobody can change, and leave any other."""
    return frozen_mapping(value) if isinstance(value, Mapping) else value


def check_layout(where: str, disko: object, device: str | None) -> None:
    """Check the layout of a machine's boot disk.

    Args:
        where: What has it: "machine 'galena'".
        disko: What `disko.devices` holds, or a function from the device to that.
        device: The boot disk: "/dev/sda"; None where the machine does not say it.

    Raises:
        FleetError: When it is neither, or a function whose device is not known.
    """
    if disko is zfs_layout and device is not None:
        return
    if not callable(disko):
        accepted = "; or a function from the device to it: lambda device: {…}, or zfs_layout"
        check_options(where, "disko", disko, or_else=accepted)
        return
    if device is None:
        accepted = 'the disk that disko lays out is wanted: boot_device="/dev/disk/by-id/…"'
        raise field_error(where, "boot_device", None, accepted)
    if not _takes(disko, device):
        accepted = "a function from the device is accepted: lambda device: {…}, or zfs_layout"
        raise field_error(where, "disko", disko, accepted)
    check_options(where, f"disko({device!r})", disko(device))


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


def _takes(function: Callable[..., object], *arguments: str) -> bool:
    """Whether a function takes these arguments, whatever goes wrong inside it then."""
    from inspect import signature

    try:
        signature(function).bind(*arguments)
    except TypeError:
        return False
    except (ValueError, NameError):  # one that does not tell
        return True
    return True
