"""The generated files that need facts, evaluated by real Nix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Device, Facts, Fleet, MachineFacts, Ssh
from main import fleet as example
from tests.nix.tree import NixTree, planted, quoted, run

INTERNET = "modules/clan/inventory/services/internet.nix"
ZEROTIER = "modules/clan/inventory/services/zerotier.nix"
SSH_HOSTS = "modules/home/core/ssh-hosts.nix"
KNOWN_HOSTS = "modules/system/ssh-known-hosts.nix"
NEED_FACTS = {INTERNET, SSH_HOSTS, KNOWN_HOSTS}

NETWORK = "0123456789abcdef"
SCHEELITE_IP = "fd01:2345:6789:abcd:ef99:9380:46d5:3400"
STIBNITE_IP = "fd01:2345:6789:abcd:ef99:934c:1f6a:2b9e"
PHONE_IP = "fd01:2345:6789:abcd:ef99:931d:2e3f:4a5b"
GALENA_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
PHONE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
STIBNITE_KEY = PHONE_KEY.replace("GFk", "GFl")

FACTS = Facts(
    zerotier_network_id=NETWORK,
    machines=(
        MachineFacts("cinnabar", external_ip="203.0.113.1", zerotier_member_id="0123456789"),
        MachineFacts("galena", external_ip="203.0.113.20", ssh_host_key=GALENA_KEY),
        MachineFacts("scheelite", external_ip="203.0.113.48", zerotier_ip=SCHEELITE_IP),
        MachineFacts("stibnite", zerotier_member_id="4c1f6a2b9e", ssh_host_key=STIBNITE_KEY),
        MachineFacts(
            "gone", external_ip="203.0.113.99", ssh_host_key=GALENA_KEY.replace("G90", "G91")
        ),
    ),
)
PHONE = Device(
    "pixel", zerotier_member_id="1d2e3f4a5b", port=8022, user="u0_a123", ssh_host_key=PHONE_KEY
)


def known(**changes: Any) -> Fleet:
    return evolve(example, **{"facts": FACTS, "devices": (PHONE,), **changes})


def switched(**changes: Any) -> Fleet:
    """The fleet with scheelite changed."""
    machines = tuple(
        evolve(machine, **changes) if machine.name == "scheelite" else machine
        for machine in example.machines
    )
    return known(machines=machines)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[Fleet], NixTree]:
    def made(fleet: Fleet) -> NixTree:
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        return planted(fleet, root)

    return made


Plant = Callable[[Fleet], NixTree]


def instance(tree: NixTree, path: str, name: str) -> Any:
    return tree.value(path)["clan"]["inventory"]["instances"][name]


def ssh(tree: NixTree) -> Any:
    return tree.evaluate(
        f"(load {quoted(SSH_HOSTS)} {{ }}).flake.modules.homeManager.core"
        " { lib.mkDefault = value: { default = value; }; }"
    )["programs"]["ssh"]


def known_hosts(tree: NixTree, class_: str = "nixos") -> Any:
    flake = """{
      config.flake.nixosConfigurations.galena.config.clan.core.vars.generators.openssh.files
        ."ssh.id_ed25519.pub".value = "the var of galena";
    }"""
    return tree.evaluate(f"(load {quoted(KNOWN_HOSTS)} {flake}).flake.modules.{class_}.base")[
        "programs"
    ]["ssh"]["knownHosts"]


@pytest.mark.parametrize("form", ["facts", "vars"])
@pytest.mark.parametrize("home", ["settings", "matchBlocks"])
def test_nixfmt_deadnix_and_nix_agree_with_every_file(plant: Plant, form: Any, home: Any) -> None:
    files = [*map(str, plant(known(ssh=Ssh(known_hosts=form, home_manager=home))).nix_files())]
    for tool in (("nixfmt", "--check"), ("deadnix", "--fail"), ("nix-instantiate", "--parse")):
        done = run(*tool, *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_without_facts_there_are_no_such_files() -> None:
    files = evolve(example, facts=Facts(), devices=()).nix_files()
    assert not NEED_FACTS & files.keys()


def test_they_can_be_moved_before_there_are_facts() -> None:
    moved = evolve(example, facts=Facts(), files={INTERNET: "x.nix", SSH_HOSTS: None})
    assert not {"x.nix", SSH_HOSTS} & moved.nix_files().keys()
    assert "x.nix" in known(files={INTERNET: "x.nix"}).nix_files()


def test_the_internet_has_who_is_on_and_has_an_address(plant: Plant) -> None:
    """scheelite is off: its old address may be anybody's."""
    assert instance(plant(known()), INTERNET, "internet") == {
        "module": {"name": "internet", "input": "clan-core"},
        "roles": {
            "default": {
                "machines": {
                    "cinnabar": {"settings": {"host": "203.0.113.1"}},
                    "galena": {"settings": {"host": "203.0.113.20"}},
                }
            }
        },
    }


def test_the_story_once_scheelite_is_on(plant: Plant) -> None:
    tree = plant(switched(enabled=True))
    machines = instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]
    assert machines["scheelite"] == {"settings": {"host": "203.0.113.48"}}
    assert ssh(tree)["settings"]["scheelite.zt"] == {"HostName": SCHEELITE_IP}


def test_a_stopped_machine_has_no_host(plant: Plant) -> None:
    tree = plant(switched(enabled=True, stopped=True))
    assert "scheelite" not in instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]


def test_ssh_hosts_in_openssh_names(plant: Plant) -> None:
    """What home-manager has had since May 2026."""
    assert ssh(plant(known())) == {
        "enable": {"default": True},
        "settings": {
            "cinnabar.zt": {"HostName": "fd01:2345:6789:abcd:ef99:9301:2345:6789"},
            "galena.zt": {"HostName": "203.0.113.20"},
            "scheelite.zt": {"HostName": SCHEELITE_IP},
            "stibnite.zt": {"HostName": STIBNITE_IP},
            "pixel.zt": {"HostName": PHONE_IP, "Port": 8022, "User": "u0_a123"},
        },
    }


def test_ssh_hosts_as_match_blocks(plant: Plant) -> None:
    """What home-manager had before, with names of its own."""
    blocks = ssh(plant(known(ssh=Ssh(home_manager="matchBlocks"))))
    assert blocks["matchBlocks"]["pixel.zt"] == {
        "hostname": PHONE_IP,
        "port": 8022,
        "user": "u0_a123",
    }
    assert blocks["matchBlocks"]["scheelite.zt"] == {"hostname": SCHEELITE_IP}
    assert "settings" not in blocks


@pytest.mark.parametrize("class_", ["nixos", "darwin"])
def test_known_hosts_from_facts(plant: Plant, class_: str) -> None:
    """ssh asks for the key of the address that it connects to, so that is listed too."""
    assert known_hosts(plant(known()), class_) == {
        "galena": {"hostNames": ["galena.zt", "203.0.113.20"], "publicKey": GALENA_KEY},
        "stibnite": {"hostNames": ["stibnite.zt", STIBNITE_IP], "publicKey": STIBNITE_KEY},
        "pixel": {
            "hostNames": ["[pixel.zt]:8022", f"[{PHONE_IP}]:8022"],
            "publicKey": PHONE_KEY,
        },
    }


def test_known_hosts_by_reference_to_vars(plant: Plant) -> None:
    """Macs and devices have no vars: their keys are written out."""
    found = known_hosts(plant(known(ssh=Ssh(known_hosts="vars"))))
    assert found["galena"]["publicKey"] == "the var of galena"
    assert found["stibnite"]["publicKey"] == STIBNITE_KEY
    assert found["pixel"]["publicKey"] == PHONE_KEY
    assert "scheelite" not in found


def test_openssh_finds_each_key_where_it_looks(plant: Plant, tmp_path: Path) -> None:
    """`ssh-keygen -F` looks a name up as ssh does."""
    path = tmp_path / "known_hosts"
    entries = known_hosts(plant(known())).values()
    path.write_text("".join(f"{','.join(e['hostNames'])} {e['publicKey']}\n" for e in entries))
    for name, key in [
        ("203.0.113.20", GALENA_KEY),
        ("galena.zt", GALENA_KEY),
        (STIBNITE_IP, STIBNITE_KEY),
        (f"[{PHONE_IP}]:8022", PHONE_KEY),
    ]:
        assert key in run("ssh-keygen", "-F", name, "-f", str(path)).stdout


def test_openssh_reads_the_hosts(plant: Plant, tmp_path: Path) -> None:
    """`ssh -G` shows what ssh would do with the blocks as home-manager writes them."""
    path = tmp_path / "config"
    blocks = ssh(plant(known()))["settings"]
    path.write_text(
        "".join(
            f"Host {alias}\n" + "".join(f"  {name} {value}\n" for name, value in block.items())
            for alias, block in blocks.items()
        )
    )
    shown = run("ssh", "-F", str(path), "-G", "pixel.zt").stdout.splitlines()
    assert {f"hostname {PHONE_IP}", "port 8022", "user u0_a123"} <= set(shown)


def test_the_controller_admits_who_clan_does_not_manage(plant: Plant) -> None:
    tree = plant(known())
    roles = instance(tree, ZEROTIER, "zerotier")["roles"]
    assert roles["controller"]["machines"] == {
        "cinnabar": {"settings": {"allowedIps": [STIBNITE_IP, PHONE_IP]}}
    }
    lines = (tree.root / ZEROTIER).read_text().splitlines()
    assert f'"{STIBNITE_IP}" # stibnite' in map(str.strip, lines)
    assert f'"{PHONE_IP}" # pixel' in map(str.strip, lines)


def test_a_mac_that_has_not_joined_is_not_admitted(plant: Plant) -> None:
    facts = Facts(zerotier_network_id=NETWORK)
    roles = instance(plant(known(facts=facts, devices=())), ZEROTIER, "zerotier")["roles"]
    assert roles["controller"]["machines"] == {"cinnabar": {}}


def test_a_device_waits_for_the_network(plant: Plant) -> None:
    """Its address follows from the network, which the first sync learns."""
    files = known(facts=Facts()).nix_files()
    assert not {INTERNET, SSH_HOSTS} & files.keys()
    assert instance(plant(known(facts=Facts())), ZEROTIER, "zerotier")["roles"]["controller"] == {
        "machines": {"cinnabar": {}}
    }
