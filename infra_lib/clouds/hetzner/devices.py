"""How NixOS finds the disks of a server."""

from __future__ import annotations

# The disk has another letter once a volume is attached, and an installation by letter would wipe
# the volume. On Arm the place before it is that of the CD drive.
_BOOT = {
    "x86_64-linux": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0",
    "aarch64-linux": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:1",
}


def boot_device(platform: str) -> str:
    """Return the disk that a server boots from, by the place that it is plugged into.

    Args:
        platform: What NixOS is built for: "x86_64-linux".
    """
    return _BOOT[platform]
