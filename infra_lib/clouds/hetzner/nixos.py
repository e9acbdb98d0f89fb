"""What NixOS needs at Hetzner Cloud: boot loader, console, network, guest agent, volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import Nixos
from infra_lib.model.disko import bios_disks, devices_of
from nixgen.expr import Apply, BlankLine, Comment, Commented, ref

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.clouds.hetzner.volume import Volume
    from nixgen.expr import Item, Value

# The public interface is the first that is plugged in; a private network is one of the others:
# https://docs.hetzner.com/cloud/networks/server-configuration/. The last name of each is that
# where NixOS is told to use no predictable ones.
_PUBLIC = "enp1s0 ens3 eth0"
_PRIVATE = "enp7s0 enp8s0 enp9s0 ens10 ens11 ens12 eth1 eth2 eth3"
_ANY = "en* eth*"

# The router of every IPv6 network, and the name servers that IPv4 learns by DHCP:
# https://docs.hetzner.com/cloud/servers/static-configuration/,
# https://docs.hetzner.com/dns-console/dns/general/recursive-name-servers/
_ROUTER = "fe80::1"
_NAME_SERVERS = ["2a01:4ff:ff00::add:1", "2a01:4ff:ff00::add:2"]

# https://docs.hetzner.com/cloud/networks/technical-concepts/architecture
_SHORT_PACKETS = Commented(True, before="1450 bytes: longer packets do not get through.")

_PRIVATE_NETWORK: Value = {
    ("matchConfig", "Name"): _PRIVATE,
    "networkConfig": {"DHCP": "ipv4", "IPv6AcceptRA": False},
    "dhcpV4Config": {
        "UseMTU": _SHORT_PACKETS,
        "UseGateway": Commented(False, before="The way out is the uplink's."),
        "RouteMetric": 2048,
    },
    ("linkConfig", "RequiredForOnline"): False,
}


def nixos(fleet: FleetView, project: HetznerProject, machine: HetznerMachine) -> Nixos:
    """Return what the configuration of a machine has from Hetzner Cloud."""
    address = fleet.facts.machine(machine.name).external_ipv6 if machine.ipv6 else None
    public = machine.ipv4 or machine.ipv6
    items: list[Item] = []
    if public and machine.networks:
        items += [
            BlankLine(),
            {("systemd", "network", "networks", "20-private"): _PRIVATE_NETWORK},
        ]
    items += [BlankLine(), *_guest_agent()]
    if machine.volumes:
        items += [BlankLine(), _volumes(machine.volumes)]
    return Nixos(
        boot=_boot(machine),
        networking={},
        uplink=_uplink(machine, address) if public else _private_uplink(),
        root_keys=project.ssh_keys,
        items=tuple(items),
        arguments=("pkgs",),
        assertions=(_out_of_reach(machine),) if public and not machine.ipv4 and not address else (),
    )


def _boot(machine: HetznerMachine) -> dict[str | tuple[str, ...], Value]:
    """Return GRUB for BIOS and UEFI, which boots what is laid out for both.

    Some server types have a BIOS, others UEFI, and a change of type may lead from one to the other.
    """
    arm = machine.platform == "aarch64-linux"
    boot: dict[str | tuple[str, ...], Value] = {
        "loader": {
            "grub": {
                "enable": Commented(
                    Apply("lib.mkForce", True),
                    before="Some servers boot with a BIOS, others with UEFI, and another type may\n"
                    "have the other: GRUB boots with both, whatever others import.",
                ),
                "devices": _grub_devices(machine, arm=arm),
                "efiSupport": True,
                "efiInstallAsRemovable": True,
            },
            ("systemd-boot", "enable"): Apply("lib.mkForce", False),
            ("efi", "canTouchEfiVariables"): Commented(
                Apply("lib.mkForce", False),
                before="UEFI finds what is installed as removable without an entry of its own,\n"
                "which a new server would not have.",
            ),
        },
        ("initrd", "availableKernelModules"): ["sd_mod", "virtio_pci", "virtio_scsi"],
    }
    if arm:
        boot["initrd", "kernelModules"] = ["virtio_gpu"]
        boot["kernelParams"] = Commented(
            ["console=tty"],
            before="Hetzner's console shows the screen; Linux on Arm prefers a serial port.",
        )
    return boot


def _grub_devices(machine: HetznerMachine, *, arm: bool) -> Value:
    """Return where GRUB is installed for a BIOS.

    disko and others may name disks too, and a volume may be `/dev/sda` by the next start:
    https://github.com/tiiuae/ghaf-infra/pull/199. Arm has no BIOS, and a disk without room for its
    boot loader takes none: "nodev" leaves GRUB in the ESP alone.
    """
    disks = () if arm else bios_disks(devices_of(machine.disko, machine.boot_device))
    if disks is None:  # nobody can tell
        disks = (machine.boot_device,)
    if disks:
        before = "By where it is plugged in: /dev/sda may be a volume after a restart."
    elif arm:
        before = "Arm boots with UEFI alone."
    else:
        before = "The layout has no room for a BIOS to boot from: this boots with UEFI alone."
    return Commented(Apply("lib.mkForce", list(disks) or ["nodev"]), before=before)


def _uplink(machine: HetznerMachine, address: str | None) -> Value:
    """Return the public interface: IPv4 by DHCP, IPv6 static, as there is nobody who tells it."""
    uplink: dict[str | tuple[str, ...], Value] = {("matchConfig", "Name"): _PUBLIC}
    config: dict[str, Value] = {"DHCP": "ipv4"} if machine.ipv4 else {}
    if address is not None:
        config["IPv6AcceptRA"] = False
        uplink["address"] = [f"{address}/64"]
        uplink["gateway"] = [_ROUTER]
        if not machine.ipv4:
            uplink["dns"] = _NAME_SERVERS
    elif machine.ipv6 and config:
        config["DHCP"] = Commented(
            "ipv4",
            before="No IPv6 yet: its address is static, and infra sync learns it once the server\n"
            "is there.",
        )
    return {**uplink, **({"networkConfig": config} if config else {})}


def _private_uplink() -> Value:
    """Return the interface of a machine that is in private networks alone."""
    return {
        ("matchConfig", "Name"): _ANY,
        ("networkConfig", "DHCP"): Commented(
            "ipv4", before="No public address: the way out is what the private network routes."
        ),
        ("dhcpV4Config", "UseMTU"): _SHORT_PACKETS,
    }


def _out_of_reach(machine: HetznerMachine) -> Value:
    """Return what keeps a machine from being installed with no address at all."""
    name = machine.name
    message = (
        f"{name}: it has no IPv4 address, and its IPv6 address is not known, without which nobody "
        "would reach it. Hetzner Cloud tells it when the server is deployed: infra deploy, then "
        f"infra sync, then nixgen write; or infra sync --set {name}.external_ipv6=ADDRESS"
    )
    return {"assertion": False, "message": message}


def _guest_agent() -> list[Item]:
    """Return the agent by which Hetzner's console sets root's password, the last way in."""
    return [
        {("services", "qemuGuest", "enable"): True},
        {
            ("systemd", "services", "qemu-guest-agent", "path"): Commented(
                [ref("pkgs.shadow")], before="With which Hetzner's console resets root's password."
            )
        },
    ]


def _volumes(volumes: tuple[Volume, ...]) -> Item:
    lines = [
        f"hcloud_volume.{volume.name}: {volume.size_gb} GB"
        + (f", made with {volume.format}" if volume.format else "")
        for volume in volumes
    ]
    return Comment(
        "Volumes, not mounted here. Each is /dev/disk/by-id/scsi-0HC_Volume_<id>, with the id\n"
        "that terraform state show tells:\n" + "\n".join(lines)
    )
