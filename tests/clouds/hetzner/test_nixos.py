"""What NixOS has at Hetzner Cloud: it boots from either firmware, and has IPv4 and IPv6."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    Facts,
    Fleet,
    FleetError,
    HetznerMachine,
    HetznerProject,
    MachineFacts,
    PrivateNetwork,
    Volume,
    hybrid_zfs_layout,
    zfs_layout,
)
from nixgen import ref
from tests.helpers.nix import NixTree, planted, run
from tests.helpers.nix_fleets import KEY

X86 = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0"
ADDRESS = "2001:db8:1:2::1"
INTERNAL = PrivateNetwork("internal")
CINNABAR = HetznerMachine("cinnabar", server_type="cx43", location="fsn1", tags=("controller",))
AMBER = HetznerMachine("amber", server_type="cax11", location="fsn1")
UPLINK = "enp1s0 ens3 eth0"

pytestmark = pytest.mark.filterwarnings("ignore:cx and cax server types often")

Machine = Callable[..., Any]


@pytest.fixture
def plant(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fleet], NixTree]:
    return lambda fleet: planted(fleet, tmp_path_factory.mktemp("fleet"))


def fleet(*machines: HetznerMachine, ipv6: str | None = ADDRESS) -> Fleet:
    known = MachineFacts(machines[0].name, external_ipv6=ipv6, state_version="26.05")
    project = HetznerProject(ssh_keys=(KEY,), networks=(INTERNAL,))
    facts = Facts(machines=(known,))
    return Fleet(name="metals", domain="zt", hetzner=project, machines=machines, facts=facts)


@pytest.fixture
def module(plant: Callable[[Fleet], NixTree]) -> Machine:
    """What the module of a machine evaluates to, with the IPv6 address that is known of it."""

    def evaluated(machine: HetznerMachine, ipv6: str | None = ADDRESS) -> Any:
        return plant(fleet(machine, ipv6=ipv6)).machine(machine.name)

    return evaluated


def networks(found: Any) -> Any:
    return found["systemd"]["network"]["networks"]


def text(machine: HetznerMachine, ipv6: str | None = ADDRESS) -> str:
    from nixgen import dumps

    path = f"modules/machines/nixos/{machine.name}/default.nix"
    return dumps(fleet(machine, ipv6=ipv6).nix_files()[path])


def test_a_server_of_the_story(module: Machine) -> None:
    found = module(CINNABAR)
    assert found == {
        "imports": ["base"],
        "nixpkgs": {"hostPlatform": "x86_64-linux"},
        "system": {"stateVersion": "26.05"},
        "boot": {
            "loader": {
                "grub": {
                    "enable": {"force": True},
                    "devices": {"force": [X86]},
                    "efiSupport": True,
                    "efiInstallAsRemovable": True,
                },
                "systemd-boot": {"enable": {"force": False}},
                "efi": {"canTouchEfiVariables": {"force": False}},
            },
            "initrd": {"availableKernelModules": ["sd_mod", "virtio_pci", "virtio_scsi"]},
            "zfs": {"devNodes": "/dev/disk/by-path", "forceImportRoot": {"default": False}},
        },
        "networking": {
            "hostName": "cinnabar",
            "hostId": {"default": "8425e349"},
            "useNetworkd": True,
            "useDHCP": False,
            "firewall": {"enable": True, "allowedTCPPorts": [22]},
        },
        "systemd": {
            "network": {
                "networks": {
                    "10-uplink": {
                        "matchConfig": {"Name": UPLINK},
                        "address": [f"{ADDRESS}/64"],
                        "gateway": ["fe80::1"],
                        "networkConfig": {"DHCP": "ipv4", "IPv6AcceptRA": False},
                    }
                }
            },
            "services": {"qemu-guest-agent": {"path": ["shadow"]}},
        },
        "services": {
            "openssh": {
                "enable": True,
                "settings": {
                    "PermitRootLogin": "prohibit-password",
                    "PasswordAuthentication": False,
                    "KbdInteractiveAuthentication": False,
                },
            },
            "qemuGuest": {"enable": True},
        },
        "users": {"users": {"root": {"openssh": {"authorizedKeys": {"keys": [KEY]}}}}},
    }


@pytest.mark.parametrize("server_type", ["cx23", "cpx22", "ccx13"])
def test_every_x86_server_boots_from_bios_and_uefi(
    plant: Callable[[Fleet], NixTree], server_type: str
) -> None:
    """What a change of its type would otherwise end in a server that does not start."""
    machine = HetznerMachine("jade", server_type=server_type, location="fsn1")
    tree = plant(fleet(machine))
    loader = tree.machine("jade")["boot"]["loader"]
    assert loader["grub"]["devices"] == {"force": [X86]}
    assert loader["grub"]["efiInstallAsRemovable"] is True
    disk = layout(tree, "jade")["disk"]["primary"]
    assert disk["device"] == X86
    partitions = disk["content"]["partitions"]
    assert (partitions["BIOS"]["type"], partitions["ESP"]["type"]) == ("EF02", "EF00")


def layout(tree: NixTree, name: str) -> Any:
    modules = tree.value(f"modules/machines/nixos/{name}/disko.nix")["flake"]["modules"]["nixos"]
    return modules[f"machines/nixos/{name}"]["disko"]["devices"]


def test_an_arm_server_boots_from_uefi_and_shows_its_screen(
    plant: Callable[[Fleet], NixTree],
) -> None:
    tree = plant(fleet(AMBER))
    found = tree.machine("amber")
    assert found["nixpkgs"] == {"hostPlatform": "aarch64-linux"}
    assert found["boot"]["loader"]["grub"]["devices"] == {"force": ["nodev"]}
    assert found["boot"]["initrd"]["kernelModules"] == ["virtio_gpu"]
    assert found["boot"]["kernelParams"] == ["console=tty"]
    assert layout(tree, "amber")["disk"]["primary"]["device"].endswith("-scsi-0:0:0:1")


def test_grub_stands_where_the_layout_has_room_for_it(module: Machine) -> None:
    def devices(disko: Any) -> Any:
        machine = HetznerMachine("jade", server_type="ccx13", location="fsn1", disko=disko)
        return module(machine)["boot"]["loader"]["grub"]["devices"]["force"]

    assert devices(zfs_layout) == ["nodev"]
    assert devices({"disk": ref("disks")}) == [X86]
    bios = {"content": {"partitions": {"boot": {"type": "EF02"}}}}
    assert devices({"disk": {"a": {"device": "/dev/a", **bios}}}) == ["/dev/a"]


def test_a_layout_that_the_servers_bios_cannot_boot_from_is_refused() -> None:
    wrong: tuple[Any, ...] = (
        zfs_layout,
        {("disk", "primary"): {"type": "disk", "device": X86}},
    )
    for disko in wrong:
        with pytest.raises(FleetError, match=r"'cinnabar': disko=.*BIOS.*hybrid_zfs_layout"):
            evolve(CINNABAR, disko=disko)
    right: tuple[Any, ...] = (
        hybrid_zfs_layout,
        partial(hybrid_zfs_layout, pool="tank"),
        ref("layout"),
    )
    for disko in right:
        assert evolve(CINNABAR, disko=disko).disko is disko
    assert evolve(CINNABAR, server_type="ccx13", disko=zfs_layout).disko is zfs_layout


def test_without_zfs_there_is_nothing_of_it(module: Machine) -> None:
    ext4 = {("disk", "primary"): {"type": "disk", "device": X86}}
    found = module(evolve(CINNABAR, server_type="ccx13", disko=ext4))
    assert "zfs" not in found["boot"]
    assert "hostId" not in found["networking"]


def test_until_ipv6_is_known_a_server_has_ipv4_alone(module: Machine) -> None:
    found = module(CINNABAR, None)
    assert networks(found) == {
        "10-uplink": {"matchConfig": {"Name": UPLINK}, "networkConfig": {"DHCP": "ipv4"}}
    }
    assert "assertions" not in found
    assert "infra sync" in text(CINNABAR, None)


def test_a_server_that_has_no_ipv6_says_none(module: Machine) -> None:
    machine = evolve(CINNABAR, ipv6=False)
    expected = {"10-uplink": {"matchConfig": {"Name": UPLINK}, "networkConfig": {"DHCP": "ipv4"}}}
    assert networks(module(machine)) == expected
    assert "infra sync" not in text(machine, None)


def test_a_server_without_ipv4_asks_nobody_and_knows_name_servers(module: Machine) -> None:
    found = module(evolve(CINNABAR, ipv4=False))
    uplink = networks(found)["10-uplink"]
    assert uplink["address"] == [f"{ADDRESS}/64"]
    assert uplink["networkConfig"] == {"IPv6AcceptRA": False}
    assert uplink["dns"] == ["2a01:4ff:ff00::add:1", "2a01:4ff:ff00::add:2"]
    assert "assertions" not in found


def test_a_server_that_nobody_would_reach_is_not_built(module: Machine) -> None:
    (assertion,) = module(evolve(CINNABAR, ipv4=False), None)["assertions"]
    assert assertion["assertion"] is False
    assert "infra sync --set cinnabar.external_ipv6=ADDRESS" in assertion["message"]


def test_a_private_network_is_no_uplink(module: Machine) -> None:
    found = networks(module(evolve(CINNABAR, networks=("internal",))))
    private = found["20-private"]
    names = private["matchConfig"]["Name"].split()
    assert {"enp7s0", "eth1"} <= set(names)
    assert not set(names) & set(UPLINK.split())
    assert "*" not in found["10-uplink"]["matchConfig"]["Name"]
    assert private["networkConfig"]["DHCP"] == "ipv4"
    assert private["dhcpV4Config"]["UseGateway"] is False
    assert private["dhcpV4Config"]["UseMTU"] is True, "its packets are shorter than others'"
    assert private["linkConfig"] == {"RequiredForOnline": False}
    assert "gateway" not in private
    assert "20-private" not in networks(module(CINNABAR))


def test_a_server_in_a_private_network_alone_goes_out_by_that(module: Machine) -> None:
    machine = evolve(CINNABAR, ipv4=False, ipv6=False, networks=("internal",))
    found = module(machine, None)
    assert networks(found) == {
        "10-uplink": {
            "matchConfig": {"Name": "en* eth*"},
            "networkConfig": {"DHCP": "ipv4"},
            "dhcpV4Config": {"UseMTU": True},
        }
    }
    assert "assertions" not in found


def test_volumes_are_named_and_left_alone(module: Machine) -> None:
    volumes = (Volume("ore", size_gb=50), Volume("slag", size_gb=10, format="xfs"))
    machine = evolve(CINNABAR, volumes=volumes)
    assert "fileSystems" not in module(machine)
    written = text(machine)
    assert "/dev/disk/by-id/scsi-0HC_Volume_<id>" in written
    assert "# hcloud_volume.ore: 50 GB\n" in written
    assert "# hcloud_volume.slag: 10 GB, made with xfs\n" in written


def test_nothing_of_google_is_in_the_files(plant: Callable[[Fleet], NixTree]) -> None:
    tree = plant(fleet(CINNABAR, AMBER))
    texts = [path.read_text().lower() for path in tree.nix_files()]
    assert [text for text in texts if "google" in text or "compute engine" in text] == []


def test_formatters_leave_the_files_alone(plant: Callable[[Fleet], NixTree]) -> None:
    machine = evolve(
        CINNABAR, networks=("internal",), volumes=(Volume("ore", size_gb=50, format="ext4"),)
    )
    paths = [str(path) for path in plant(fleet(machine, AMBER)).nix_files()]
    for tool, *options in (("nixfmt", "--check"), ("deadnix", "--fail")):
        done = run(tool, *options, *paths)
        assert done.returncode == 0, done.stdout + done.stderr
