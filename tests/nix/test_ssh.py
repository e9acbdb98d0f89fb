"""What SSH is told of hosts: blocks of people's ssh_config, and the known hosts of machines.

home-manager and NixOS write text from it, and the real ssh reads that here.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import (
    Device,
    Facts,
    Fleet,
    FleetError,
    GcpProject,
    Machine,
    MachineFacts,
    Ssh,
    SshCertificateAuthority,
    SshHost,
    User,
)
from infra_lib.model.validators import check_port
from tests.helpers.nix import NixTree, planted, run
from tests.helpers.nix_fleets import CPU
from tests.helpers.process import run as run_to_end
from tests.helpers.tools import require, unavailable

HOSTS = "modules/home/core/ssh-hosts.nix"
KNOWN = "modules/system/ssh-known-hosts.nix"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
SK_KEYS = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAEBAQEBAQEBAQEBAQEBAQ"
    "EBAQEBAQEBAQEBAQEBAQEBAAAABHNzaDo=",
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbm"
    "lzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZA"
    "aDe/UfUAAAAEc3NoOg==",
)
ZEROTIER_IP = "fd01:2345:6789:abcd:ef99:93ab:cdef:1200"
ORE = SshHost(
    user="miner",
    port=2222,
    proxy_jump="me@gate.example:22,second",
    host_key_alias="ore-key",
    options={
        "forwardagent": True,
        "StrictHostKeyChecking": False,
        "ServerAliveInterval": 5,
        "IdentityFile": ["~/.ssh/a", '"~/.ssh/b c"'],
        "Ciphers": ("aes256-ctr", "aes128-ctr"),
        "SendEnv": ("LANG", "LC_*"),
        "SetEnv": {"TERM": "xterm", "QUOTED": 'a "b" \\ ${c}'},
        "LocalForward": "8080 localhost:80",
        "RemoteCommand": "echo ${HOME} ''x'' \\ # end",
        "IgnoreUnknown": "UseKeychain",
        "UseKeychain": True,
    },
)
# As `ssh -G` prints them.
ORE_READ = {
    *("user miner", "port 2222", "hostkeyalias ore-key", "proxyjump me@gate.example:22,second"),
    *("forwardagent yes", "stricthostkeychecking false", "serveraliveinterval 5"),
    *("identityfile ~/.ssh/a", "identityfile ~/.ssh/b c", "ciphers aes256-ctr,aes128-ctr"),
    *("sendenv LANG", "sendenv LC_*", "setenv TERM=xterm", 'setenv QUOTED=a "b" \\ ${c}'),
    *("localforward 8080 [localhost]:80", "remotecommand echo ${HOME} ''x'' \\ # end"),
}
FACTS = Facts(
    machines=(
        MachineFacts("ore", external_ip="203.0.113.7", zerotier_ip=ZEROTIER_IP, ssh_host_key=KEY),
        MachineFacts("galena", external_ip="203.0.113.8"),
    )
)
NAME = {"HostName": "hostname"}


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    return Fleet(name="test", domain="zt", machines=machines, **fields)


@pytest.fixture
def plant(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fleet], NixTree]:
    return lambda fleet: planted(fleet, tmp_path_factory.mktemp("fleet"))


Plant = Callable[[Fleet], NixTree]


def ssh_of(tree: NixTree) -> dict[str, Any]:
    """What home-manager's programs.ssh is set to."""
    found: dict[str, Any] = tree.evaluate(
        f'(load "{HOSTS}" {{ }}).flake.modules.homeManager.core'
        " { lib.mkOverride = _: value: value; options = { }; }"
    )["programs"]["ssh"]
    return found


def blocks(tree: NixTree) -> dict[str, dict[str, Any]]:
    """The blocks, of whichever of the two options."""
    ssh = ssh_of(tree)
    found: dict[str, dict[str, Any]] = ssh.get("settings") or ssh["matchBlocks"]
    return found


def written(tree: NixTree, folder: Path) -> Path:
    """Write what home-manager makes of the blocks.

    That is `directiveRenderers` for settings, and for matchBlocks the options of the same names,
    with `extraOptions` as they are:
    https://github.com/nix-community/home-manager/blob/master/modules/programs/ssh.nix
    """
    overrides = ssh_of(tree).get("extraOptionOverrides", {})
    lines = [f"{name} {value}" for name, value in overrides.items()]
    for alias, block in blocks(tree).items():
        lines.append(f"Host {alias}")
        extra = block.pop("extraOptions", {})
        assert all(isinstance(value, str) for value in extra.values())
        for name, value in sorted({**block, **extra}.items()):
            lines += [f"  {name} {text}" for text in _texts(value)]
    path = folder / "config"
    path.write_text("\n".join((*lines, "")))
    return path


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        quoted = (
            (name, text.replace("\\", "\\\\").replace('"', '\\"')) for name, text in value.items()
        )
        return [" ".join(f'{name}="{text}"' for name, text in quoted)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return ["yes" if value is True else "no" if value is False else str(value)]


def read(config: Path, host: str) -> set[str]:
    """What ssh reads of a host."""
    done = run("ssh", "-F", str(config), "-G", host)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("form", ["settings", "matchBlocks"])
def test_ssh_reads_what_a_host_is_described_with(
    plant: Plant, tmp_path: Path, form: Literal["settings", "matchBlocks"]
) -> None:
    """Also where the spelling of an option is not OpenSSH's, which home-manager asks for."""
    fleet = fleet_of(Machine("ore", ssh=ORE), facts=FACTS, ssh=Ssh(home_manager=form))
    config = written(plant(fleet), tmp_path)
    assert read(config, "ore.zt") >= ORE_READ | {f"hostname {ZEROTIER_IP}"}
    # Also of an option that it does not know, in the block of another host.
    assert not read(config, "other.zt") & ORE_READ


def test_options_have_the_spelling_by_which_home_manager_knows_them(plant: Plant) -> None:
    block = blocks(plant(fleet_of(Machine("ore", ssh=ORE))))["ore.zt"]
    assert block["ForwardAgent"] is True
    assert block["Ciphers"] == "aes256-ctr,aes128-ctr"
    assert block["SendEnv"] == "LANG LC_*"
    assert block["IdentityFile"] == ["~/.ssh/a", '"~/.ssh/b c"']


def test_what_only_some_ssh_know_is_ignored_for_all_hosts_at_once(plant: Plant) -> None:
    """Of two blocks of home-manager's, each with the same, one line is written."""
    other = SshHost(options={"IgnoreUnknown": ("UseKeychain", "Own*"), "OwnOption": "a"})
    ssh = ssh_of(plant(fleet_of(Machine("ore", ssh=ORE), Machine("galena", ssh=other))))
    assert ssh["extraOptionOverrides"] == {"IgnoreUnknown": "UseKeychain,Own*"}
    assert ssh["settings"]["galena.zt"] == {"OwnOption": "a"}
    assert "IgnoreUnknown" not in ssh["settings"]["ore.zt"]


def test_match_blocks_take_one_line_of_an_option_that_they_have_no_list_for() -> None:
    ssh = SshHost(options={"LocalForward": ("1 a:1", "2 b:2")})
    fleet = fleet_of(Machine("ore", ssh=ssh))
    assert fleet.nix_files()
    with pytest.raises(FleetError, match=r"machine 'ore': ssh.options\['LocalForward'\].*settings"):
        evolve(fleet, ssh=Ssh(home_manager="matchBlocks")).nix_files()


@pytest.mark.parametrize("form", ["settings", "matchBlocks"])
def test_a_host_without_an_address_has_a_block_when_there_is_something_to_say(
    plant: Plant, form: Literal["settings", "matchBlocks"]
) -> None:
    fleet = fleet_of(
        Machine("ore", ssh=SshHost(user="root", port=22)),
        Machine("galena"),
        ssh=Ssh(home_manager=form),
    )
    (alias, block), *others = blocks(plant(fleet)).items()
    assert not others
    assert (alias, {name.lower(): value for name, value in block.items()}) == (
        "ore.zt",
        {"user": "root", "port": 22},
    )
    assert HOSTS not in fleet_of(Machine("galena")).nix_files()


def test_where_the_fleet_says_a_host_is_wins_over_what_was_learnt(plant: Plant) -> None:
    ssh = SshHost(host_name="2001:db8::7")
    tree = plant(fleet_of(Machine("ore", ssh=ssh), facts=FACTS))
    assert blocks(tree)["ore.zt"] == {"HostName": "2001:db8::7"}
    assert known(tree)["ore"]["hostNames"] == [
        *("ore.zt", "2001:db8::7", ZEROTIER_IP, "203.0.113.7")
    ]


def test_a_host_whose_key_has_its_own_name_is_named_once(plant: Plant) -> None:
    ssh = SshHost(host_key_alias="ore.zt")
    tree = plant(fleet_of(Machine("ore", ssh=ssh), facts=FACTS))
    assert known(tree)["ore"]["hostNames"].count("ore.zt") == 1


def test_clan_is_told_nothing_of_what_people_do(plant: Plant) -> None:
    inventory = plant(fleet_of(Machine("ore", ssh=ORE))).value(
        "modules/clan/inventory/machines.nix"
    )
    assert inventory["clan"]["inventory"]["machines"]["ore"]["deploy"] == {
        "targetHost": "root@ore.zt"
    }


def test_a_device_is_described_as_a_machine_is(plant: Plant) -> None:
    facts = Facts(zerotier_network_id="0123456789abcdef")
    controller = Machine("sun", tags=("controller",))

    def of(**fields: Any) -> Any:
        device = Device("pixel", zerotier_member_id="1d2e3f4a5b", **fields)
        return blocks(plant(fleet_of(controller, devices=(device,), facts=facts)))["pixel.zt"]

    said = of(ssh=SshHost(user="me", port=8022))
    assert said == of(user="me", port=8022)
    assert said == of(user="me", ssh=SshHost(port=8022))
    assert (said["User"], said["Port"]) == ("me", 8022)
    assert of(ssh=SshHost(host_name="pixel.lan")) == {"HostName": "pixel.lan"}
    assert of(ssh=ORE).items() >= {"ProxyJump": ORE.proxy_jump, "UseKeychain": True}.items()


def known(tree: NixTree, class_: str = "nixos") -> dict[str, Any]:
    found: dict[str, Any] = tree.value(KNOWN)["flake"]["modules"][class_]["base"]["programs"]["ssh"]
    hosts: dict[str, Any] = found["knownHosts"]
    return hosts


def known_hosts(tree: NixTree, path: Path, class_: str = "nixos") -> Path:
    """Write /etc/ssh/ssh_known_hosts as NixOS and nix-darwin do; see `knownHostsText` in
    https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/programs/ssh.nix and
    https://github.com/nix-darwin/nix-darwin/blob/master/modules/programs/ssh.nix
    """
    path.write_text(
        "".join(
            ("@cert-authority " if host.get("certAuthority", False) else "")
            + f"{','.join(host['hostNames'])} {host['publicKey']}\n"
            for host in known(tree, class_).values()
        )
    )
    return path


def test_ssh_finds_a_key_at_its_port_and_under_its_alias(plant: Plant, tmp_path: Path) -> None:
    path = known_hosts(
        plant(fleet_of(Machine("ore", ssh=ORE), facts=FACTS)), tmp_path / "known_hosts"
    )
    for name in ("[ore.zt]:2222", "[203.0.113.7]:2222", "ore-key"):
        assert KEY in run("ssh-keygen", "-F", name, "-f", str(path)).stdout
    for name in ("ore.zt", "[ore.zt]:22", "[ore-key]:2222"):
        assert KEY not in run("ssh-keygen", "-F", name, "-f", str(path)).stdout


@pytest.mark.parametrize("class_", ["nixos", "darwin"])
def test_ssh_takes_a_host_that_an_authority_signed_for_and_no_other(
    plant: Plant, tmp_path: Path, class_: str
) -> None:
    """The real ssh asks a real sshd that has a certificate, at any port."""
    if os.geteuid():
        unavailable("sshd has a user of its own for root alone")
    Path("/run/sshd").mkdir(exist_ok=True)
    keygen = require("ssh-keygen")
    for name in ("authority", "host"):
        run_to_end([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)])
    host = tmp_path / "host"
    sign = [
        keygen,
        "-q",
        "-s",
        str(tmp_path / "authority"),
        "-I",
        "ore",
        "-h",
        "-n",
        "ore.zt,ore.ab",
    ]
    run_to_end([*sign, f"{host}.pub"])
    (tmp_path / "config").write_text(
        f"HostKey {host}\nHostCertificate {host}-cert.pub\nUsePAM no\n"
    )
    authority = SshCertificateAuthority(
        "ores", public_key=(tmp_path / "authority.pub").read_text(), host_names=("*.zt", "!gate.zt")
    )
    fleet = fleet_of(Machine("ore"), ssh=Ssh(certificate_authorities=(authority,)))
    path = known_hosts(plant(fleet), tmp_path / "known_hosts", class_)

    def ask(name: str, *options: str) -> str:
        server = f"{require('sshd')} -i -f {tmp_path}/config"
        given = {
            "ProxyCommand": server,
            "StrictHostKeyChecking": "yes",
            "GlobalKnownHostsFile": str(path),
            "UserKnownHostsFile": "/dev/null",
            "BatchMode": "yes",
            "PreferredAuthentications": "none",
        }
        words = [word for option, value in given.items() for word in ("-o", f"{option}={value}")]
        return run("ssh", "-F", "/dev/null", *words, *options, "--", f"root@{name}", "true").stderr

    assert "Permission denied" in ask("ore.zt")
    assert "Permission denied" in ask("ore.zt", "-p", "2222")
    for other in ("ore.ab", "galena.zt"):  # not the authority's to sign for; not signed
        assert "Host key verification failed" in ask(other)


def test_an_authority_may_be_in_a_security_key_and_a_host_key_may_not() -> None:
    for key in SK_KEYS:
        authority = SshCertificateAuthority("a", public_key=f"{key} me@desk", host_names=("*.zt",))
        assert authority.public_key == key
        with pytest.raises(FleetError, match="an OpenSSH public key of a host"):
            MachineFacts("ore", ssh_host_key=key)
        with pytest.raises(FleetError, match="an OpenSSH public key of a host"):
            Device("pixel", zerotier_member_id="1d2e3f4a5b", ssh_host_key=key)


def test_security_keys_let_people_in_wherever_others_do(plant: Plant) -> None:
    project = GcpProject("example-project", region="us-central1", ssh_keys=SK_KEYS)
    fleet = fleet_of(CPU, gcp=project, users=(User("ann", ssh_keys=SK_KEYS, machines=("galena",)),))
    tree = plant(fleet)
    root = tree.machine("galena")["users"]["users"]["root"]["openssh"]["authorizedKeys"]["keys"]
    assert root == list(SK_KEYS)
    users = tree.value("modules/clan/inventory/services/user-ann.nix")
    assert str(list(SK_KEYS)) in str(users)


# Newer than the oldest OpenSSH that these tests are run with, 9.2.
NEWER = {"channeltimeout", "obscurekeystroketiming", "refuseconnection", "tag", "versionaddendum"}
NEWER |= {"warnweakcrypto"}


def test_openssh_has_every_option_that_is_accepted() -> None:
    from infra_lib.model.ssh import _SPELT

    for name in _SPELT.keys() - NEWER:
        done = run("ssh", "-F", "/dev/null", "-G", "-o", f"{name}=1", "host")
        assert "Bad configuration option" not in done.stderr, name


@settings(deadline=None)
@given(
    st.text() | st.lists(st.text(), max_size=3) | st.dictionaries(st.text(), st.text(), max_size=2)
)
def test_what_an_option_is_set_to_stays_on_its_line(value: Any) -> None:
    for name in ("RemoteCommand", "IdentityFile", "SendEnv", "SetEnv"):
        try:
            host = SshHost(options={name: value})
        except FleetError:
            continue
        (held,) = host.settings.values()
        for text in held.values() if isinstance(held, Mapping) else _texts(held):
            assert text.splitlines() == [text]
            assert text.isprintable()


def test_ports_are_the_ones_that_tcp_has() -> None:
    for port in (1, 22, 65535):
        check_port("x", "y", port)
        assert SshHost(port=port).port == port
    for other in (0, 65536, -1, True, 22.0, "22"):
        with pytest.raises(FleetError, match="1 to 65535"):
            check_port("x", "y", other)
