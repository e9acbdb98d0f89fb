"""The generated files that need facts, evaluated by real Nix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Device, Facts, Fleet, Machine, MachineFacts, Ssh
from main import fleet as example
from tests.helpers.nix import NixTree, planted, quoted, run

INVENTORY = "modules/clan/inventory/machines.nix"
INTERNET = "modules/clan/inventory/services/internet.nix"
ZEROTIER = "modules/clan/inventory/services/zerotier.nix"
SSH_HOSTS = "modules/home/core/ssh-hosts.nix"
KNOWN_HOSTS = "modules/system/ssh-known-hosts.nix"
NEED_FACTS = {INTERNET, SSH_HOSTS, KNOWN_HOSTS}

NETWORK = "0123456789abcdef"
SCHEELITE_IP = "fd01:2345:6789:abcd:ef99:93ab:cdef:1200"
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


def opened(fleet: Fleet) -> Fleet:
    """The fleet with SSH open to an office."""
    assert fleet.gcp is not None
    return evolve(fleet, gcp=evolve(fleet.gcp, ssh_source_ranges=("198.51.100.0/24",)))


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


# home-manager's options as far as the module looks at them: none, the one that November 2025
# brought, and beside it `settings`, which May 2026 did.
NO_OPTION = "{ }"
SINCE_2025 = "{ programs.ssh.enableDefaultConfig.highestPrio = 1400; }"
SINCE_2026 = "{ programs.ssh = { enableDefaultConfig.highestPrio = 1400; settings = { }; }; }"
# Of lib: an option's own default has 1500, lib.mkDefault 1000. Two definitions of one priority that
# differ are refused.
WEAK = 1400


def ssh(tree: NixTree, options: str = NO_OPTION) -> Any:
    return tree.evaluate(
        f"(load {quoted(SSH_HOSTS)} {{ }}).flake.modules.homeManager.core {{ options = {options};"
        " lib.mkOverride = priority: default: { inherit default priority; }; }"
    )["programs"]["ssh"]


def defaults(block: dict[str, Any]) -> dict[str, Any]:
    """The values of a block, each of which gives way to another."""
    assert {value["priority"] for value in block.values()} == {WEAK}
    return {name: value["default"] for name, value in block.items()}


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
    assert instance(plant(opened(known())), INTERNET, "internet") == {
        "module": {"name": "internet"},
        "roles": {
            "default": {
                "machines": {
                    "cinnabar": {"settings": {"host": "203.0.113.1"}},
                    "galena": {"settings": {"host": "203.0.113.20"}},
                }
            }
        },
    }


def test_clan_asks_one_of_inventory_and_internet_for_each_machine(plant: Plant) -> None:
    """What the inventory says clan takes before it asks any network."""
    tree = plant(opened(switched(enabled=True)))
    hosts = instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]
    inventory = tree.value(INVENTORY)["clan"]["inventory"]["machines"]
    declared = {name for name, machine in inventory.items() if "deploy" in machine}
    assert set(hosts) == {"cinnabar", "galena", "scheelite"}
    assert declared == {"electrum", "stibnite", "blackphos"}


@pytest.mark.parametrize(
    "ranges", [("35.235.240.0/20",), ("10.0.0.0/8",), ("35.235.240.0/20", "2001:db8::/32"), ()]
)
def test_clan_does_not_wait_at_an_address_that_is_closed_to_it(
    plant: Plant, ranges: tuple[str, ...]
) -> None:
    fleet = switched(enabled=True, network_tags=("https-server",))
    assert fleet.gcp is not None
    tree = plant(evolve(fleet, gcp=evolve(fleet.gcp, ssh_source_ranges=ranges)))
    assert set(instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]) == {"cinnabar"}
    inventory = tree.value(INVENTORY)["clan"]["inventory"]["machines"]
    assert inventory["galena"]["deploy"] == {"targetHost": "root@galena.zt"}
    assert inventory["scheelite"]["deploy"] == {"targetHost": "root@scheelite.zt"}


def test_where_the_fleet_says_a_machine_is_wins_over_what_was_learnt(plant: Plant) -> None:
    tree = plant(opened(switched(enabled=True, target_host="root@gate.example:2222")))
    assert "scheelite" not in instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]
    inventory = tree.value(INVENTORY)["clan"]["inventory"]["machines"]
    assert inventory["scheelite"]["deploy"] == {"targetHost": "root@gate.example:2222"}


def test_without_the_internet_service_the_inventory_has_every_target_host(plant: Plant) -> None:
    fleet = known(files={INTERNET: None})
    inventory = plant(fleet).value(INVENTORY)["clan"]["inventory"]["machines"]
    assert {name: machine["deploy"]["targetHost"] for name, machine in inventory.items()} == {
        machine.name: fleet.target_host(machine) for machine in fleet.machines
    }


def test_the_story_once_scheelite_is_on(plant: Plant) -> None:
    tree = plant(opened(switched(enabled=True)))
    machines = instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]
    assert machines["scheelite"] == {"settings": {"host": "203.0.113.48"}}
    assert ssh(tree)["settings"]["scheelite.zt"] == {"HostName": SCHEELITE_IP}


def test_a_stopped_machine_has_no_host(plant: Plant) -> None:
    tree = plant(opened(switched(enabled=True, stopped=True)))
    assert "scheelite" not in instance(tree, INTERNET, "internet")["roles"]["default"]["machines"]


def test_ssh_hosts_in_openssh_names(plant: Plant) -> None:
    """What home-manager has had since May 2026."""
    assert ssh(plant(known())) == {
        "enable": {"default": True, "priority": WEAK},
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


def test_the_defaults_that_home_manager_asks_for_are_written_out(plant: Plant) -> None:
    """They are what it wrote by itself, and give way to whatever anybody else says."""
    found = ssh(plant(known()), SINCE_2026)
    assert found["enableDefaultConfig"] == {"default": False, "priority": WEAK}
    assert defaults(found["settings"]["*"]) == {
        "ForwardAgent": False,
        "AddKeysToAgent": "no",
        "Compression": False,
        "ServerAliveInterval": 0,
        "ServerAliveCountMax": 3,
        "HashKnownHosts": False,
        "UserKnownHostsFile": "~/.ssh/known_hosts",
        "ControlMaster": "no",
        "ControlPath": "~/.ssh/master-%r@%n:%p",
        "ControlPersist": "no",
    }
    assert found["settings"]["scheelite.zt"] == {"HostName": SCHEELITE_IP}


def test_match_blocks_have_the_defaults_under_their_own_names(plant: Plant) -> None:
    found = ssh(plant(known(ssh=Ssh(home_manager="matchBlocks"))), SINCE_2025)
    assert found["enableDefaultConfig"]["default"] is False
    assert defaults(found["matchBlocks"]["*"]) == {
        "forwardAgent": False,
        "addKeysToAgent": "no",
        "compression": False,
        "serverAliveInterval": 0,
        "serverAliveCountMax": 3,
        "hashKnownHosts": False,
        "userKnownHostsFile": "~/.ssh/known_hosts",
        "controlMaster": "no",
        "controlPath": "~/.ssh/master-%r@%n:%p",
        "controlPersist": "no",
    }


@pytest.mark.parametrize("priority", [50, 100, 1000])  # lib.mkForce, none, lib.mkDefault
@pytest.mark.parametrize("home", ["settings", "matchBlocks"])
def test_who_has_decided_on_the_defaults_is_left_alone(
    plant: Plant, home: Any, priority: int
) -> None:
    tree = plant(known(ssh=Ssh(home_manager=home)))
    decided = SINCE_2025.replace(str(WEAK), str(priority))
    assert "*" not in ssh(tree, decided)[home]
    assert ssh(tree, decided)["enableDefaultConfig"] == {"default": False, "priority": WEAK}


def test_an_option_that_home_manager_has_not_is_not_set(plant: Plant) -> None:
    for home in ("settings", "matchBlocks"):
        tree = plant(known(ssh=Ssh(home_manager=home)))
        assert set(ssh(tree, NO_OPTION)) == {"enable", home}
        assert "*" not in ssh(tree, NO_OPTION)[home]


def test_match_blocks_of_a_home_manager_with_settings_carry_no_defaults(plant: Plant) -> None:
    """It takes what is in them for settings without a priority, and they would clash."""
    found = ssh(plant(known(ssh=Ssh(home_manager="matchBlocks"))), SINCE_2026)
    assert set(found) == {"enable", "matchBlocks"}
    assert "*" not in found["matchBlocks"]


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


@pytest.mark.parametrize(
    "configurations",
    [
        "{ }",
        "{ galena.config.clan.core.vars.generators = { }; }",
        "{ galena.config.networking.hostName = null; }",
    ],
)
def test_without_a_var_to_refer_to_the_evaluation_says_what_makes_it(
    plant: Plant, configurations: str
) -> None:
    tree = plant(known(ssh=Ssh(known_hosts="vars")))
    flake = f"{{ config.flake.nixosConfigurations = {configurations}; }}"
    done = run(
        *("nix-instantiate", "--eval", "--strict", "--expr"),
        f"(import (/. + {quoted(f'{tree.root}/{KNOWN_HOSTS}')}) {flake}).flake.modules.nixos.base",
    )
    assert done.returncode != 0
    assert "galena: clan has no SSH host key of it among its vars" in done.stderr
    assert "clan.inventory.instances.sshd.roles.server.tags.nixos = { };" in done.stderr
    assert 'ssh=Ssh(known_hosts="facts")' in done.stderr


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
    blocks = ssh(plant(known()), SINCE_2026)["settings"]
    blocks["*"] = defaults(blocks.pop("*"))
    words = {True: "yes", False: "no"}
    path.write_text(
        "".join(
            f"Host {alias}\n"
            + "".join(
                f"  {name} {words[value] if isinstance(value, bool) else value}\n"
                for name, value in block.items()
            )
            for alias, block in blocks.items()
        )
    )
    done = run("ssh", "-F", str(path), "-G", "pixel.zt")
    assert done.returncode == 0, done.stderr
    expected = {f"hostname {PHONE_IP}", "port 8022", "user u0_a123", "forwardagent no"}
    assert expected <= set(done.stdout.splitlines())


@pytest.mark.parametrize("said", ["Galena_7.zt", "galena_7.zt"])
def test_openssh_finds_a_machine_whose_name_has_capitals(
    plant: Plant, tmp_path: Path, said: str
) -> None:
    """Clan asks for names in lower case, people for what they read."""
    facts = Facts(
        machines=(MachineFacts("Galena_7", ssh_host_key=GALENA_KEY, external_ip="203.0.113.9"),)
    )
    tree = plant(Fleet(name="ores", domain="zt", machines=(Machine("Galena_7"),), facts=facts))
    config = tmp_path / "config"
    blocks = ssh(tree, SINCE_2026)["settings"]
    config.write_text(
        "".join(
            f"Host {patterns}\n  HostName {block['HostName']}\n"
            for patterns, block in blocks.items()
            if patterns != "*"
        )
    )
    shown = run("ssh", "-F", str(config), "-G", said).stdout.splitlines()
    assert "hostname 203.0.113.9" in shown
    hosts = tmp_path / "known_hosts"
    entries = known_hosts(tree).values()
    hosts.write_text("".join(f"{','.join(e['hostNames'])} {e['publicKey']}\n" for e in entries))
    assert GALENA_KEY in run("ssh-keygen", "-F", said, "-f", str(hosts)).stdout


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
