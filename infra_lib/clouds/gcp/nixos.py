"""What NixOS needs on Compute Engine: boot loader, console, clocks, network, OS Login, disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import Nixos
from nixgen.expr import Apply, BlankLine, Comment, Commented, ref

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from nixgen.expr import Item, Value


_BOOT: dict[str | tuple[str, ...], Value] = {
    "loader": {
        ("systemd-boot", "enable"): True,
        ("efi", "canTouchEfiVariables"): True,
        ("grub", "enable"): Commented(
            Apply("lib.mkForce", False),
            before="Compute Engine boots with UEFI, whatever others import.",
        ),
    },
    ("initrd", "availableKernelModules"): ["nvme", "virtio_pci", "virtio_scsi"],
    "kernelParams": Commented(
        ["console=ttyS0,115200"], before="Read with gcloud compute connect-to-serial-port."
    ),
}
_NETWORKING: dict[str | tuple[str, ...], Value] = {
    "timeServers": Commented(
        ["metadata.google.internal"],
        before="Google smears leap seconds; its clocks do not mix with others.",
    )
}
_UPLINK: Value = {
    ("matchConfig", "Name"): "en* eth*",
    ("networkConfig", "DHCP"): "yes",
    ("dhcpV4Config", "UseMTU"): Commented(
        True, before="1460 bytes, unless the VPC network has another."
    ),
}


def nixos(project: GcpProject, machine: GcpMachine) -> Nixos:
    """Return what the configuration of a machine has from Google Cloud."""
    items: list[Item] = []
    if project.os_login:
        items += [BlankLine(), {"security": _os_login()}]
    if machine.data_disks:
        items += [BlankLine(), *_data_disks(machine)]
    return Nixos(
        boot=_BOOT,
        networking=_NETWORKING,
        uplink=_UPLINK,
        root_keys=project.ssh_keys,
        items=tuple(items),
        arguments=("pkgs",) if machine.data_disks else (),
    )


def _os_login() -> Value:
    """Return what lets accounts of Google's log in, and root as before, by its keys.

    Only its own users pass OS Login's PAM module, from March 2024 on
    (https://github.com/GoogleCloudPlatform/guest-oslogin/pull/133), and NixOS would turn others
    away for that; whom OS Login does not let in has no key there either.
    """
    path = "pam", "services", "sshd", "rules", "account", "oslogin_login", "control"
    ignored = Apply("lib.mkForce", "[success=ok default=ignore]")
    return {
        ("googleOsLogin", "enable"): True,
        path: Commented(ignored, before="Root is no user of OS Login, and clan comes as root."),
    }


def _data_disks(machine: GcpMachine) -> list[Item]:
    lines = [
        f"/dev/disk/by-id/google-{disk.name}: {disk.size_gb} GB, {disk.type}"
        for disk in machine.data_disks
    ]
    rules = [ref("pkgs.google-guest-configs")]
    return [
        Comment("Data disks, neither formatted nor mounted here:\n" + "\n".join(lines)),
        {("services", "udev"): {"packages": rules, "path": rules}},
    ]
