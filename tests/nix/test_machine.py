"""modules/machines/nixos/<name>: the configuration and the disk of provisioned machines."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Catalog, DataDisk, Facts, Fleet, GcpMachine, MachineFacts, MachineType
from main import ADMIN_KEY
from tests.helpers.nix import NixTree
from tests.helpers.nix_fleets import CPU, FLEETS, PROJECT, T4, fleet_of

Trees = Callable[[str], NixTree]
Plant = Callable[[Fleet], NixTree]


def disko(tree: NixTree, name: str) -> Any:
    modules = tree.value(f"modules/machines/nixos/{name}/disko.nix")["flake"]["modules"]["nixos"]
    return modules[f"machines/nixos/{name}"]["disko"]["devices"]


def test_the_gpu_node_of_the_story(tree: Trees) -> None:
    assert tree("example").machine("scheelite") == {
        "imports": ["base", "nvidia", "idle-stop"],
        "nixpkgs": {"hostPlatform": "x86_64-linux"},
        "system": {"stateVersion": "25.05"},
        "boot": {
            "loader": {
                "systemd-boot": {"enable": True},
                "efi": {"canTouchEfiVariables": True},
                "grub": {"enable": {"force": False}},
            },
            "initrd": {"availableKernelModules": ["nvme", "virtio_pci", "virtio_scsi"]},
            "kernelParams": ["console=ttyS0,115200"],
            "zfs": {"devNodes": "/dev/disk/by-path", "forceImportRoot": {"default": False}},
        },
        "networking": {
            "hostName": "scheelite",
            "hostId": {"default": "8425e349"},
            "useNetworkd": True,
            "useDHCP": False,
            "timeServers": ["metadata.google.internal"],
            "firewall": {"enable": True, "allowedTCPPorts": [22]},
        },
        "systemd": {
            "network": {
                "networks": {
                    "10-uplink": {
                        "matchConfig": {"Name": "en* eth*"},
                        "networkConfig": {"DHCP": "yes"},
                        "dhcpV4Config": {"UseMTU": True},
                    }
                }
            },
            "services": {
                "infra-idle-stop": {
                    "environment": {
                        "IDLE_STOP_MINUTES": "30",
                        "IDLE_STOP_SESSION_MINUTES": "120",
                        "IDLE_STOP_STALLED_MINUTES": "120",
                        "IDLE_STOP_GRACE_MINUTES": "5",
                        "IDLE_STOP_BOOT_MINUTES": "15",
                        "IDLE_STOP_GPU_PERCENT": "5",
                        "IDLE_STOP_LOAD": "50",
                        "IDLE_STOP_NVIDIA_SMI": "/driver-bin/bin/nvidia-smi",
                    }
                }
            },
        },
        "services": {
            "openssh": {
                "enable": True,
                "settings": {
                    "PermitRootLogin": "prohibit-password",
                    "PasswordAuthentication": False,
                    "KbdInteractiveAuthentication": False,
                },
            }
        },
        "users": {"users": {"root": {"openssh": {"authorizedKeys": {"keys": [ADMIN_KEY]}}}}},
    }


def test_a_machine_that_runs_keeps_the_release_it_was_installed_with(plant: Plant) -> None:
    """As the facts know it, as the fleet says it, or both."""
    installed = Facts(machines=(MachineFacts("galena", state_version="24.11"),))
    said = evolve(CPU, state_version="24.11")
    for machine, facts in ((CPU, installed), (said, Facts()), (said, installed)):
        found = plant(fleet_of(machine, facts=facts)).machine("galena")
        assert found["system"] == {"stateVersion": "24.11"}
        assert "assertions" not in found


@pytest.mark.parametrize(
    ("priority", "holds"),
    [("lib.mkForce", True), ("", True), ("lib.mkDefault", True), ("lib.mkOptionDefault", False)],
)
def test_a_new_machine_takes_the_release_that_clan_writes_down_or_refuses_to_be_built(
    plant: Plant, priority: str, holds: bool
) -> None:
    """NixOS alone would take its own, and another one with each upgrade."""
    options = """{
      options.system.stateVersion.highestPrio = {
        "lib.mkForce" = 50; "" = 100; "lib.mkDefault" = 1000; "lib.mkOptionDefault" = 1500;
      }.${priority};
    }"""
    found = plant(fleet_of(CPU)).machine(
        "galena", arguments=options.replace("${priority}", f'"{priority}"')
    )
    assert "system" not in found
    (assertion,) = found["assertions"]
    assert assertion["assertion"] is holds
    assert assertion["message"].startswith("galena: nobody says its system.stateVersion")
    assert "state_version=" in assertion["message"]


def test_without_zfs_there_is_no_host_id(plant: Callable[[Fleet], NixTree]) -> None:
    ext4 = {("disk", "primary"): {"type": "disk", "device": "/dev/sda"}}
    found = plant(fleet_of(evolve(CPU, disko=lambda _: ext4))).machine("galena")
    assert "hostId" not in found["networking"]
    assert "zfs" not in found["boot"]


def test_a_machine_without_gpu_has_no_driver(tree: Trees) -> None:
    assert tree("example").machine("galena")["imports"] == ["base"]


@pytest.mark.parametrize("name", ["example", "pascal", "several", "data-disks", "moved"])
def test_a_machine_is_configured_whether_it_is_on_or_off(tree: Trees, name: str) -> None:
    modules = '{ base = "b"; nvidia = "n"; idle-stop = "i"; postgres = "p"; }'
    for machine in FLEETS[name].gcp_machines:
        found = tree(name).machine(machine.name, modules)
        assert found["networking"]["hostName"] == machine.name
        assert ("n" in found["imports"]) == (machine.gpu is not None)


def test_modules_are_imported_once_each_and_whatever_their_name(tree: Trees) -> None:
    mixed = tree("mixed").machine("scheelite", "{ base = 1; ssh-known-hosts = 2; nvidia = 3; }")
    assert mixed["imports"] == [1, 2, 3]
    names = '{ base = 1; lib = 2; config = 3; "machines/nixos/or" = 4; "9" = 5; "with" = 6; }'
    assert tree("hostile").machine("inherit", names)["imports"] == [1, 2, 3, 4, 5, 6]


def test_without_modules_there_is_nothing_to_import(tree: Trees) -> None:
    assert "imports" not in tree("bare").machine("galena")


def test_without_the_operators_keys_root_has_none(tree: Trees) -> None:
    assert PROJECT.ssh_keys == ()
    assert "users" not in tree("bare").machine("galena")


def test_accounts_of_google_log_in_beside_root_where_the_project_says_so(
    plant: Callable[[Fleet], NixTree],
) -> None:
    def security(os_login: bool | None) -> Any:
        project = evolve(PROJECT, os_login=os_login)
        fleet = evolve(fleet_of(CPU), gcp=project)
        return plant(fleet).machine("galena").get("security")

    assert security(True) == {
        "googleOsLogin": {"enable": True},
        "pam": {
            "services": {
                "sshd": {
                    "rules": {
                        "account": {
                            "oslogin_login": {"control": {"force": "[success=ok default=ignore]"}}
                        }
                    }
                }
            }
        },
    }
    assert security(False) is None
    assert security(None) is None


def test_data_disks_have_their_names_and_are_left_alone(tree: Trees) -> None:
    found = tree("data-disks").machine("galena", '{ base = "b"; postgres = "p"; }')
    guest = ["google-guest-configs"]
    assert found["services"]["udev"] == {"packages": guest, "path": guest}
    assert "fileSystems" not in found
    assert found["system"] == {"stateVersion": "24.11"}
    text = (tree("data-disks").root / "modules/machines/nixos/galena/default.nix").read_text()
    assert "# /dev/disk/by-id/google-ore: 500 GB, pd-balanced" in text
    assert "# /dev/disk/by-id/google-slag: 10 GB, pd-ssd" in text


def test_arm_machines_have_their_platform(tree: Trees) -> None:
    assert tree("arm").machine("amber")["nixpkgs"] == {"hostPlatform": "aarch64-linux"}


def test_the_disk(tree: Trees) -> None:
    assert disko(tree("example"), "scheelite") == {
        "disk": {
            "primary": {
                "type": "disk",
                "device": "/dev/sda",
                "content": {
                    "type": "gpt",
                    "partitions": {
                        "ESP": {
                            "size": "1G",
                            "type": "EF00",
                            "content": {
                                "type": "filesystem",
                                "format": "vfat",
                                "mountpoint": "/boot",
                                "mountOptions": ["umask=0077"],
                            },
                        },
                        "zfs": {"size": "100%", "content": {"type": "zfs", "pool": "zroot"}},
                    },
                },
            }
        },
        "zpool": {
            "zroot": {
                "type": "zpool",
                "rootFsOptions": {"compression": "lz4", "com.sun:auto-snapshot": "true"},
                "datasets": {
                    "root": {"type": "zfs_fs", "options": {"mountpoint": "none"}},
                    "root/nixos": {
                        "type": "zfs_fs",
                        "options": {"mountpoint": "/"},
                        "mountpoint": "/",
                    },
                    "root/home": {
                        "type": "zfs_fs",
                        "options": {"mountpoint": "/home"},
                        "mountpoint": "/home",
                    },
                    "root/nix": {
                        "type": "zfs_fs",
                        "options": {"mountpoint": "/nix", "com.sun:auto-snapshot": "false"},
                        "mountpoint": "/nix",
                    },
                },
            }
        },
    }


def test_beside_data_disks_the_boot_disk_is_named_for_certain(tree: Trees) -> None:
    device = disko(tree("data-disks"), "galena")["disk"]["primary"]["device"]
    assert device == "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"


@pytest.mark.parametrize(
    ("machine_type", "expected"),
    [
        ("e2-small", "/dev/sda"),
        ("t2d-standard-1", "/dev/sda"),
        ("g2-standard-4", "/dev/sda"),
        ("a2-ultragpu-1g", "/dev/sda"),
        ("a3-highgpu-8g", "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"),
        ("c3-standard-4", "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"),
        ("t2a-standard-1", "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"),
    ],
)
@pytest.mark.parametrize("data_disks", [(), (DataDisk("ore", size_gb=10),)])
def test_the_boot_disk_is_found_by_what_the_series_boots_from(
    plant: Callable[[Fleet], NixTree],
    machine_type: str,
    expected: str,
    data_disks: tuple[DataDisk, ...],
) -> None:
    machine = GcpMachine(
        "galena",
        machine_type=machine_type,
        zone="us-central1-a",
        data_disks=data_disks,
        catalog=Catalog(
            machine_types=tuple(
                MachineType(name, vcpus=4, memory_gib=16)
                for name in ("c3-standard-4", "t2a-standard-1")
            )
        ),
    )
    device = disko(plant(fleet_of(machine)), "galena")["disk"]["primary"]["device"]
    if data_disks and expected == "/dev/sda":
        expected = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
    assert device == expected


def test_turning_a_machine_on_changes_no_nix() -> None:
    before = fleet_of(CPU, T4).nix_files()
    after = fleet_of(CPU, evolve(T4, enabled=True)).nix_files()
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"docs/gpu-costs.md"}
