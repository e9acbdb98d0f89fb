"""The layout of a machine's boot disk: what `disko.devices` holds."""

from __future__ import annotations

from typing import Any

_MOUNTPOINTS = {"root": "none", "root/nixos": "/", "root/home": "/home", "root/nix": "/nix"}


def zfs_layout(
    device: str, *, pool: str = "zroot", esp_size: str = "1G"
) -> dict[tuple[str, str], Any]:
    """Return the layout that a machine has unless it says otherwise: an ESP, the rest a ZFS pool.

    What it returns may be added to: `zfs_layout(device) | {("disk", "ore"): …}`.

    Args:
        device: The disk: "/dev/sda".
        pool: The pool's name.
        esp_size: The size of the EFI system partition, as sgdisk takes it.
    """
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
        "rootFsOptions": {"compression": "lz4", "com.sun:auto-snapshot": "true"},
        "datasets": {name: _dataset(mountpoint) for name, mountpoint in _MOUNTPOINTS.items()},
    }


def _dataset(mountpoint: str) -> dict[Any, Any]:
    mounted = {} if mountpoint == "none" else {"mountpoint": mountpoint}
    return {"type": "zfs_fs", ("options", "mountpoint"): mountpoint} | mounted
