"""The layout of a machine's boot disk: what `disko.devices` holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from infra_lib.model.errors import field_error
from infra_lib.model.validators import check_options, frozen_mapping
from nixgen.exact import exact

if TYPE_CHECKING:
    from nixgen.expr import Expr, Value

_Path: TypeAlias = "tuple[Value, ...]"
# What `disko.devices` holds, or a function from the boot disk's device to that.
Layout: TypeAlias = "Callable[[str], Any] | Mapping[Any, Any] | Expr"

# `zpool create` takes no other: https://openzfs.github.io/openzfs-docs/man/master/8/zpool-create.8.html
_POOL = r"(?!mirror|raidz|draid|spare|log$)[A-Za-z][-_.:A-Za-z0-9]*"
# A partition's `size` in disko, but for the 100% that would leave the pool nothing.
_SIZE = r"[0-9]+[KMGTP]?"

# The property by which zfs-auto-snapshot, which clan turns on, finds what to make snapshots of.
_SNAPSHOTS = "com.sun:auto-snapshot"
_MOUNTPOINTS = {"root": "none", "root/nixos": "/", "root/home": "/home", "root/nix": "/nix"}

# Where GRUB stands on a disk that a BIOS boots from, by sgdisk's short code and by its GUID:
# https://www.gnu.org/software/grub/manual/grub/html_node/BIOS-installation.html
_BIOS_BOOT = ("EF02", "21686148-6449-6E6F-744E-656564454649")
_TYPE_OF = ("disk", None, "content", "partitions", None, "type")
# disko makes it before all others: https://github.com/nix-community/disko/blob/master/example/hybrid.nix
_BIOS: dict[str, Any] = {"BIOS": {"size": "1M", "type": _BIOS_BOOT[0]}}


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
    return _layout("zfs_layout", {}, *exact((device, pool, esp_size)))


def hybrid_zfs_layout(
    device: str, *, pool: str = "zroot", esp_size: str = "1G"
) -> dict[tuple[str, str], Any]:
    """Return `zfs_layout` of a disk that a BIOS boots from as well as UEFI, with GRUB.

    The disk has room for GRUB, 1 MB, before the ESP. A server whose firmware nobody knows, or that
    is moved to a host with another, boots all the same.

    Args:
        device: The disk, as in `zfs_layout`.
        pool: The pool's name.
        esp_size: The size of the EFI system partition.

    Raises:
        FleetError: When the pool cannot have that name, or the partition that size.
    """
    return _layout("hybrid_zfs_layout", _BIOS, *exact((device, pool, esp_size)))


def is_plain_data(disko: object) -> bool:
    """Whether a layout is one of the above: data that refers to nothing, and is right."""
    return disko is zfs_layout or disko is hybrid_zfs_layout


def devices_of(disko: Layout | None, device: str | None) -> Value:
    """Return `disko.devices` of a machine with such a layout; None where the fleet says none.

    Args:
        disko: The layout.
        device: The boot disk; a machine whose layout is a function of it was checked to have it.
    """
    return disko(device) if callable(disko) and device is not None else disko


def bios_disks(layout: Value) -> tuple[Value, ...] | None:
    """Return the disks of a layout that have room for the boot loader of a BIOS, as it names them.

    Args:
        layout: What `disko.devices` holds.

    Returns:
        None where an expression stands in the way, which does not tell.
    """
    leaves = dict(_leaves(layout))
    names = dict.fromkeys(
        path[1]
        for path, value in leaves.items()
        if isinstance(value, str) and value.upper() in _BIOS_BOOT and _may_be(path, whole=True)
    )
    if names:
        devices = tuple(leaves.get(("disk", name, "device")) for name in names)
        return None if None in devices else devices
    hidden = any(not _tells(value) and _may_be(path) for path, value in leaves.items())
    return None if hidden else ()


def mountpoints(layout: Value) -> tuple[str, ...] | None:
    """Return where a layout mounts what, each once, as far as it tells.

    Args:
        layout: What `disko.devices` holds.

    Returns:
        Absolute paths in the order of the layout; None where an expression stands in the way.
    """
    if not isinstance(layout, Mapping):
        return None
    leaves = [*_leaves(layout)]
    if not all(_tells(value) for _, value in leaves):
        return None
    # A dataset's `options.mountpoint` is ZFS's own property, which mounts nothing by itself.
    found = (
        value
        for path, value in leaves
        if path[-1] == "mountpoint" and "options" not in path[-2:-1]
        if isinstance(value, str) and value.startswith("/")
    )
    return tuple(dict.fromkeys(found))


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
    if is_plain_data(disko) and device is not None:
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


def check_boots_from_bios(where: str, disko: Layout, device: str) -> None:
    """Check that a BIOS boots from a layout, as far as that tells.

    Raises:
        FleetError: When it has no room for the boot loader.
    """
    if disko is hybrid_zfs_layout or bios_disks(devices_of(disko, device)) != ():
        return
    accepted = (
        "it boots with a BIOS, and no disk has the partition that it boots from; give it one, "
        '"BIOS": {"size": "1M", "type": "EF02"}, or take hybrid_zfs_layout'
    )
    raise field_error(where, "disko", disko, accepted)


def _layout(
    where: str, first: dict[str, Any], device: str, pool: str, esp_size: str
) -> dict[tuple[str, str], Any]:
    """Return the layout of a disk with some partitions before the ESP."""
    if not isinstance(pool, str) or not re.fullmatch(_POOL, pool):
        accepted = (
            "a ZFS pool's name: a letter first, then letters, digits and _ . : -, and neither log "
            "nor beginning with mirror, raidz, draid or spare"
        )
        raise field_error(where, "pool", pool, accepted)
    if not isinstance(esp_size, str) or not re.fullmatch(_SIZE, esp_size):
        raise field_error(where, "esp_size", esp_size, 'a size such as "512M" or "1G"')
    return {("disk", "primary"): _disk(device, pool, esp_size, first), ("zpool", pool): _pool()}


def _disk(device: str, pool: str, esp_size: str, first: dict[str, Any]) -> dict[str, Any]:
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
                **first,
                "ESP": {"size": esp_size, "type": "EF00", "content": esp},
                "zfs": {"size": "100%", "content": {"type": "zfs", "pool": pool}},
            },
        },
    }


def _leaves(value: Value, path: _Path = ()) -> Iterator[tuple[_Path, Value]]:
    """Yield what stands in an attribute set at each path; an expression is one thing."""
    if not isinstance(value, Mapping):
        yield path, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, (*path, *(key if isinstance(key, tuple) else (key,))))


def _may_be(path: _Path, *, whole: bool = False) -> bool:
    """Whether a path is that of a partition's type, or may lead to one."""
    fits = all(
        wanted is None or name == wanted for name, wanted in zip(path, _TYPE_OF, strict=False)
    )
    return fits and (len(path) == len(_TYPE_OF) if whole else len(path) <= len(_TYPE_OF))


def _tells(value: Value) -> bool:
    return value is None or isinstance(value, str | int | float | list | tuple)


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
