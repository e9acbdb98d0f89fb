"""`infra verify`: what machines are asked, how answers are judged, and how that is told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import (
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    Machine,
    MachineFacts,
    hybrid_zfs_layout,
    zfs_layout,
)
from infra_lib.clouds.gcp.catalog.accelerators import ACCELERATORS
from infra_lib.model.disko import mountpoints
from infra_lib.model.errors import FleetError
from infra_lib.operate.health import answers as probe
from infra_lib.operate.health.answers import Answer, Answers, parse
from infra_lib.operate.health.check import Check
from infra_lib.operate.health.firewall import Opened, read_iptables, read_nftables
from infra_lib.operate.health.gpus import is_called
from infra_lib.operate.health.text import as_text
from infra_lib.operate.health.verdict import Verdict, checks, judge, verify
from infra_lib.operate.reach import WayIn
from infra_lib.operate.ssh_many import Said
from infra_lib.operate.style import coloured
from nixgen import ref
from tests.helpers.loopback import USER, Loopback, Site
from tests.helpers.tools import require

if TYPE_CHECKING:
    from pathlib import Path

PROBE = probe.__file__.replace("answers.py", "probe.sh")
ADDRESS = "fd01:2345:6789:abcd:ef99:93ab:cdef:1200"
NETWORK = "0123456789abcdef"
MODULE = """\
NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build
GCC version:  gcc version 14.3.0 (GCC)
"""
IPTABLES = """\
-P INPUT ACCEPT
-N nixos-fw
-A INPUT -j nixos-fw
-A nixos-fw -i lo -j nixos-fw-accept
-A nixos-fw -i ztabc -p tcp -m tcp --dport 9090 -j nixos-fw-accept
-A nixos-fw -p tcp -m tcp --dport 22 -j nixos-fw-accept
-A nixos-fw -p tcp -m tcp --dport 8000:8010 -j nixos-fw-accept
-A nixos-fw -p udp -m udp --dport 9993 -j nixos-fw-accept
-A nixos-fw -s 10.0.0.0/8 -p tcp -m tcp --dport 5432 -j nixos-fw-accept
-A nixos-fw -j nixos-fw-log-refuse
"""
NFT = """\
table ip other {
	chain input {
		tcp dport 1 accept
	}
}
table inet nixos-fw {
	chain rpfilter {
		type filter hook prerouting priority mangle + 10; policy drop;
	}
	chain input-allow {
		tcp dport { 22, 8000-8010 } accept
		udp dport 9993 accept
		iifname "ztabc" tcp dport 9090 accept
		icmp type echo-request accept
	}
}
table ip more {
	tcp dport 2 accept
}
"""
MOUNTS = """\
zroot/root/nixos / zfs rw 0 0
zroot/root/nix /nix zfs rw 0 0
zroot/root/home /home zfs rw 0 0
/dev/sda1 /boot vfat rw 0 0
/dev/sdb1 /my\\040data ext4 rw 0 0
"""
KERNEL = "/nix/store/k/bzImage\n/nix/store/i/initrd\n/nix/store/m/modules"
WELL: dict[str, tuple[int, str]] = {
    "user": (0, "0"),
    "os": (0, 'ID=nixos\nPRETTY_NAME="NixOS 25.05 (Warbler)"\nVERSION_ID="25.05"'),
    "version": (0, "25.05.20251001.abcdef (Warbler)"),
    "generation": (0, "system-42-link"),
    "profile": (0, "/nix/store/s-nixos-system"),
    "system": (0, "/nix/store/s-nixos-system"),
    "kernel": (0, KERNEL),
    "booted_kernel": (0, KERNEL),
    "host": (0, "scheelite"),
    "platform": (0, "x86_64"),
    "driver": (0, MODULE),
    "gpus": (0, "Tesla T4, 580.95.05, Enabled"),
    "cuda": (0, "==NVSMI LOG==\n\nDriver Version    : 580.95.05\nCUDA Version      : 13.0\n"),
    "persistenced": (0, "active"),
    "zerotier": (0, '{"address": "abcdef1200", "online": true}'),
    "networks": (
        0,
        f'[{{"id": "{NETWORK}", "status": "OK", "assignedAddresses": ["{ADDRESS}/88"]}}]',
    ),
    "addresses": (0, "1: lo    inet6 ::1/128 scope host"),
    "mounts": (0, MOUNTS),
    "time": (0, "NTPSynchronized=yes"),
    "firewall": (0, "active"),
    "nftables": (3, "inactive"),
    "iptables": (0, IPTABLES),
    "nft": (127, ""),
    "units": (0, ""),
}


def node(**fields: Any) -> GcpMachine:
    given = {"gpu": Gpu("nvidia-tesla-t4"), "tags": ("peer",), "enabled": True, **fields}
    return GcpMachine("scheelite", machine_type="n1-standard-8", zone="us-central1-c", **given)


NODE = node()


def fleet_of(*machines: Machine) -> Fleet:
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_source_ranges=("0.0.0.0/0",)),
        machines=(*machines, Machine("cinnabar", tags=("controller",))),
        facts=Facts(
            machines=(MachineFacts("scheelite", zerotier_ip=ADDRESS),), zerotier_network_id=NETWORK
        ),
    )


def looked_at(machine: Machine = NODE, /, **changed: tuple[int, str]) -> dict[str, Check]:
    """What comes of a machine that is well but for some answers."""
    named = {name: Answer(*each) for name, each in {**WELL, **changed}.items()}
    return {check.name: check for check in checks(fleet_of(machine), machine, Answers(named))}


# --- the script


def test_the_script_is_clean() -> None:
    options = ("--enable=all", "-e", "SC2250,SC2312")  # braces, and exit codes inside of $(…)
    subprocess.run([require("shellcheck"), *options, PROBE], check=True)


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_script_runs_in_every_shell_and_to_its_end(shell: str) -> None:
    words = [require(shell), "-s"]
    ran = subprocess.run(words, input=probe.script(), capture_output=True, text=True, check=True)
    found = parse(ran.stdout)
    assert found is not None
    assert found.named.keys() == WELL.keys()
    assert found["platform"].said == subprocess.check_output(["uname", "-m"], text=True).strip()
    assert ran.stderr == ""


def test_a_program_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    for name, script in {"timeout": "exit 124", "nvidia-smi": "sleep 100"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    ran = subprocess.run(
        ["sh", "-s"],
        input=probe.script(),
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found = parse(ran.stdout)
    assert found is not None
    assert found["gpus"] == Answer(124)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_nothing_that_a_program_says_passes_for_another_answer(said: list[str]) -> None:
    lines = [line for text in said for line in f"{text}\ninfra-probe end\n= gpus 0".split("\n")]
    printed = ["motd", "infra-probe 1", "= units 0", *(f"|{line}" for line in lines), ""]
    whole = parse("\n".join([*printed[:-1], "infra-probe end"]))
    assert whole is not None
    assert whole.named == {"units": Answer(0, "\n".join(lines))}
    assert parse("\n".join(printed)) is None


@given(st.text())
def test_whatever_comes_is_read_or_is_none(text: str) -> None:
    assert parse(text) is None
    found = parse(f"infra-probe 1\n{text}\ninfra-probe end")
    assert found is not None
    assert isinstance([*checks(fleet_of(node()), node(), found)], list)


# --- what is thought of answers


def test_a_machine_that_is_as_the_fleet_says() -> None:
    found = looked_at()
    assert {check.result for check in found.values()} == {"ok"}
    assert not [check.name for check in found.values() if check.advice]
    assert found["generation"].found == "42"
    assert found["gpu"].found == "1x Tesla T4"
    assert found["cuda"].found == "13.0"
    assert found["firewall"].found == "active, TCP 22, 8000-8010; UDP 9993"


BROKEN: list[tuple[str, dict[str, tuple[int, str]], str, str]] = [
    ("nixos", {"os": (0, 'ID=debian\nPRETTY_NAME="Debian 13"')}, "failed", "Debian 13"),
    ("nixos", {"os": (0, "ID=nixos\nVARIANT_ID=installer")}, "failed", "NixOS's installer"),
    ("nixos", {"os": (1, "no such file")}, "unknown", "nothing"),
    ("generation", {"system": (0, "/nix/store/other")}, "warning", "another"),
    ("generation", {"generation": (1, "")}, "unknown", "no profile of the system"),
    ("restart", {"booted_kernel": (0, "/nix/store/old")}, "warning", "another kernel"),
    ("hostname", {"host": (0, "galena")}, "failed", "galena"),
    ("platform", {"platform": (0, "aarch64")}, "failed", "aarch64"),
    ("gpu", {"gpus": (0, "NVIDIA L4, 580.95.05, Enabled")}, "failed", "1x NVIDIA L4"),
    ("gpu", {"gpus": (0, "\n".join(["Tesla T4, 580, Enabled"] * 2))}, "failed", "2x Tesla T4"),
    ("gpu", {"gpus": (127, "")}, "failed", "no nvidia-smi"),
    ("gpu", {"gpus": (9, "NVIDIA-SMI has failed\nmore")}, "failed", "NVIDIA-SMI has failed"),
    ("driver", {"driver": (1, "cat: No such file")}, "failed", "not loaded"),
    ("cuda", {"cuda": (9, "Driver/library version mismatch")}, "failed", "Driver/library"),
    ("persistence", {"gpus": (0, "Tesla T4, 580.95.05, Disabled")}, "failed", "Disabled"),
    ("persistence", {"gpus": (0, "Tesla T4, 580.95.05, [N/A]")}, "not applicable", "[N/A]"),
    ("persistence", {"gpus": (0, "Tesla T4, 580.95.05, N/A")}, "not applicable", "N/A"),
    ("persistenced", {"persistenced": (3, "failed")}, "failed", "failed"),
    ("zerotier", {"zerotier": (0, '{"online": false}')}, "failed", "offline"),
    ("zerotier", {"zerotier": (127, "")}, "failed", "no zerotier-cli"),
    ("zerotier", {"zerotier": (2, "authtoken"), "user": (0, "1000")}, "unknown", "authtoken"),
    (
        "zerotier_address",
        {"networks": (0, f'[{{"id": "{NETWORK}", "status": "ACCESS_DENIED"}}]')},
        "failed",
        "ACCESS_DENIED",
    ),
    ("zerotier_address", {"networks": (0, "[]")}, "failed", "no address"),
    ("zerotier_address", {"networks": (2, ""), "addresses": (127, "")}, "unknown", "not told"),
    ("mounts", {"mounts": (0, "x / zfs rw 0 0\nx /nix zfs rw 0 0")}, "failed", "/boot"),
    ("time", {"time": (0, "NTPSynchronized=no")}, "failed", "not synchronized"),
    ("time", {"time": (127, "")}, "unknown", "not told"),
    ("firewall", {"firewall": (3, "inactive")}, "failed", "inactive"),
    ("firewall", {"iptables": (4, "Permission denied")}, "unknown", "active"),
    ("firewall", {"iptables": (0, "-A INPUT -j nixos-fw")}, "failed", "nothing open"),
    ("units", {"units": (0, "a.service loaded failed failed A")}, "failed", "a.service"),
    ("units", {"units": (1, "Failed to connect to bus")}, "unknown", "not told"),
]


@pytest.mark.parametrize(("name", "changed", "result", "found"), BROKEN)
def test_one_thing_that_is_not(
    name: str, changed: dict[str, tuple[int, str]], result: str, found: str
) -> None:
    check = looked_at(**changed)[name]
    assert check.result == result
    assert found in check.found
    if result == "failed":
        assert check.advice
        assert check.expected


def test_the_firewall_may_be_nftables() -> None:
    found = looked_at(
        firewall=(3, "inactive"), nftables=(0, "active"), iptables=(127, ""), nft=(0, NFT)
    )["firewall"]
    assert (found.result, found.found) == ("ok", "active, TCP 22, 8000-8010; UDP 9993")


def test_an_address_that_only_the_kernel_tells_is_as_good() -> None:
    """zerotier-cli tells root alone."""
    ip = f"4: ztabc    inet6 {ADDRESS}/88 scope global \\       valid_lft forever"
    found = looked_at(networks=(2, "authtoken"), addresses=(0, ip))
    assert found["zerotier_address"].result == "ok"


def test_what_a_machine_is_not_does_not_apply() -> None:
    found = looked_at(Machine("scheelite"), iptables=(0, ""))
    assert {name for name, check in found.items() if check.result == "not applicable"} == {
        *("platform", "gpu", "driver", "cuda", "persistence", "persistenced"),
        *("zerotier", "zerotier_address", "mounts", "firewall"),
    }


def test_ports_that_are_open_to_everybody() -> None:
    opened = Opened(("22", "8000-8010"), ("9993",))
    assert read_iptables(IPTABLES) == opened
    assert read_nftables(NFT) == opened
    assert [port for port in (21, 22, 23, 8000, 8005, 8011) if opened.takes_tcp(port)] == [
        *(22, 8000, 8005),
    ]
    assert read_iptables("-A INPUT -j ufw") is read_nftables("table ip filter {\n}") is None


CALLED = {
    "Tesla T4": ("T4", "vWS T4"),
    "NVIDIA L4": ("L4",),
    "NVIDIA L40S": (),
    "Tesla P4": ("P4", "vWS P4"),
    "Tesla P100-PCIE-16GB": ("P100", "vWS P100"),
    "Tesla V100-SXM2-16GB": ("V100",),
    "NVIDIA A100-SXM4-40GB": ("A100",),
    "NVIDIA A100-SXM4-80GB": ("A100 80GB",),
    "NVIDIA H100 80GB HBM3": ("H100", "H100 Mega"),
    "NVIDIA H200": ("H200",),
    "NVIDIA B200": ("B200",),
    "NVIDIA GB200": ("GB200",),
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": ("RTX PRO 6000",),
}


def test_every_gpu_of_the_catalogue_is_told_from_each_other() -> None:
    labels = {each.label for each in ACCELERATORS.values()}
    for name, wanted in CALLED.items():
        assert {label for label in labels if is_called(label, name)} == {*wanted}
    assert all(is_called(label, "NVIDIA Nothing") is False for label in labels)
    assert is_called("Q9", "NVIDIA Q9") is True
    assert is_called("Our own GPU", "NVIDIA Q9") is None


def test_where_a_layout_mounts_what() -> None:
    assert mountpoints(zfs_layout("/dev/sda")) == ("/boot", "/", "/home", "/nix")
    assert mountpoints(hybrid_zfs_layout("/dev/sda")) == ("/boot", "/", "/home", "/nix")
    subvolumes = {"/home": {"mountpoint": "/home"}, "/swap": {"mountpoint": "none"}}
    layout = {("disk", "a", "content"): {"type": "btrfs", "subvolumes": subvolumes}}
    assert mountpoints(layout) == ("/home",)
    assert mountpoints({"disk": ref("x")}) is mountpoints(ref("x")) is mountpoints(None) is None


# --- how it is told


def said(**fields: Any) -> Said:
    return Said(machine="scheelite", **{"way": None, "status": 255, **fields})


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ("ssh: connect: Connection refused\n", "ssh: connect: Connection refused"),
        ("", "ended with 255, and said nothing"),
        ("a\n\x1b[31mb\n\n", "\x1b[31mb"),
        (
            "ERROR: no such instance\nConnection closed by UNKNOWN port 65535\n",
            "ERROR: no such instance",
        ),
        (
            "ERROR: (gcloud) No account.\nPlease run:\n\n  $ gcloud auth login\n\nto log in.\n"
            "kex_exchange_identification: Connection closed by remote host\n"
            "Connection closed by UNKNOWN port 65535\n",
            "ERROR: (gcloud) No account.",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host\n",
            "kex_exchange_identification: Connection closed by remote host",
        ),
    ],
)
def test_a_machine_that_nobody_reaches(errors: str, found: str) -> None:
    machine = node()
    way = WayIn(via="external", host="scheelite.zt", address="203.0.113.9")
    verdict = judge(fleet_of(machine), machine, said(way=way, errors=errors))
    assert verdict.has_failed
    assert [(check.name, check.found) for check in verdict.checks] == [("reach", found)]
    assert "\x1b" not in as_text([verdict])


def test_without_ssh_no_machine_is_said_to_be_at_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FleetError, match="ssh is not on PATH"):
        list(verify(fleet_of(NODE), [NODE], accept_new_key=True))


def test_a_machine_that_was_not_asked_says_why() -> None:
    machine = node()
    why = "machine 'scheelite': the facts do not have its host key: infra sync learns it"
    [check] = judge(fleet_of(machine), machine, said(errors=why)).checks
    assert (check.result, check.found, check.advice) == ("failed", "it was not asked", why)


def test_a_machine_whose_gpu_hangs_says_so() -> None:
    machine = node()
    way = WayIn(via="external", host="scheelite.zt", address="203.0.113.9")
    output = "? units\ninfra-probe 1\n? user\n= user 0\n|? os\n? gpus\n"
    errors = "it did not answer within 120 s"
    [check] = judge(
        fleet_of(machine), machine, said(way=way, status=124, output=output, errors=errors)
    ).checks
    assert check.result == "failed"
    assert check.found == "it did not answer within 120 s; it was asked for: gpus"
    assert "nvidia-smi hangs" in check.advice


def test_what_hangs_is_asked_last_and_named(tmp_path: Path) -> None:
    """Also a program that takes no signal, as one in the kernel does not."""
    (tmp_path / "timeout").write_text("#!/bin/sh\nsleep 100\n")
    (tmp_path / "timeout").chmod(0o755)
    with subprocess.Popen(
        ["sh", "-s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        start_new_session=True,
        text=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(probe.script())
        shell.stdin.close()
        came = "".join(shell.stdout.readline() for _ in range(2))
        os.killpg(shell.pid, signal.SIGKILL)
    assert parse(came) is None
    assert probe.hangs_at(came) == "user"
    named = re.findall("^  ask ([a-z_]+)", probe.script(), re.MULTILINE)
    assert named[-2:] == ["gpus", "cuda"]


def test_what_is_well_is_summed_up_and_the_rest_is_said() -> None:
    well = Verdict(machine="galena", via="zerotier", checks=(Check(name="time", result="ok"),))
    ill = Verdict(
        machine="opal",
        via="external",
        checks=(
            Check(name="nixos", result="ok", found="25.05"),
            Check(name="time", result="failed", expected="yes", found="no", advice="wait"),
            Check(name="gpu", result="not applicable"),
        ),
    )
    text = as_text([well, ill])
    assert text.splitlines() == [
        "MACHINE  RESULT  WAY       NIXOS  CHECKS",
        "galena   ok      zerotier  -      1 ok",
        "opal     failed  external  25.05  1 ok, 1 failed",
        "",
        "MACHINE  CHECK  RESULT  EXPECTED  FOUND",
        "opal     time   failed  yes       no",
        "",
        "opal: time: wait.",
    ]
    assert "not applicable" in as_text([ill], every=True)
    assert "\x1b[31mfailed\x1b[0m" in as_text([ill], paint=coloured)
    assert as_text([well]).count("\n") == 1


# --- with a real sshd


PROGRAMS = {
    "id": "echo 0",
    "nixos-version": 'echo "25.05.20251001.abcdef (Warbler)"',
    "uname": 'test "$1" = -n && echo scheelite || echo x86_64',
    "nvidia-smi": 'case "$1" in --query-gpu=*) echo "Tesla T4, 580.95.05, Enabled" ;; '
    '*) echo "CUDA Version : 13.0" ;; esac',
    "zerotier-cli": 'case "$2" in info) echo \'{"online": true}\' ;; '
    f'*) echo \'[{{"nwid": "{NETWORK}", "assignedAddresses": ["{ADDRESS}/88"]}}]\' ;; esac',
    "ip": "exit 0",
    "timedatectl": "echo NTPSynchronized=yes",
    "systemctl": 'case "$1 $2" in "is-active nftables.service") echo inactive; exit 3 ;; '
    "is-active*) echo active ;; esac",
    "iptables": f"cat <<'END'\n{IPTABLES}END",
    "nft": "exit 1",
    "readlink": 'case "$*" in *kernel*) echo /nix/store/k ;; "-f "*) echo /nix/store/s ;; '
    "*) echo system-42-link ;; esac",
    "cat": f"""case "$1" in
/etc/os-release) echo ID=nixos ;;
/proc/driver/nvidia/version) echo 'NVRM version: NVIDIA 580.95.05' ;;
/proc/self/mounts) printf '%s' '{MOUNTS}' ;;
*) exec /bin/cat "$@" ;; esac""",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def as_described(site: Site, **programs: str) -> Loopback:
    """A machine with a GPU in Google's cloud, as far as anybody who comes by SSH can tell."""
    machine = site.machine("scheelite")
    for name, script in {**PROGRAMS, **programs}.items():
        machine.program(name, script)
    site.describe(
        "GcpMachine('scheelite', machine_type='n1-standard-8', zone='us-central1-c', "
        "gpu=Gpu('nvidia-tesla-t4'), enabled=True, tags=('peer',), "
        f"ssh=SshHost(host_name='127.0.0.1', port={machine.port}, user='{USER}')), "
        "GcpMachine('galena', machine_type='e2-standard-8', zone='us-central1-b', stopped=True, "
        "tags=('controller',)), "
        "Machine('stibnite', machine_class='darwin'), ",
        f"MachineFacts('scheelite', ssh_host_key='{machine.key}', zerotier_ip='{ADDRESS}'), ",
        fields="gcp=GcpProject('example-project', region='us-central1', "
        "ssh_source_ranges=('198.51.100.7/32',), ssh_keys=('" + machine.key + " me',))",
        but=("scheelite",),
    )
    # The firewall that is described is that of port 22, where this machine does not listen.
    machine.program("iptables", f"cat <<'END'\n{IPTABLES}".replace("22", str(machine.port)) + "END")
    return machine


def test_a_machine_as_it_was_described(site: Site) -> None:
    machine = as_described(site)
    with site.up():
        ran = site.infra("verify")
        data = site.infra("verify", "--json", "--tag", "peer")
        every = site.infra("verify", "-v", "scheelite")
    assert (ran.returncode, data.returncode, every.returncode) == (0, 0, 0)
    [_, line] = ran.stdout.splitlines()
    assert line.split()[:3] == ["scheelite", "ok", "own"]
    assert line.endswith("25.05.20251001.abcdef (Warbler), generation 42  17 ok")
    assert "infra: galena is left out: it is stopped" in ran.stderr
    assert "infra: stibnite is left out: it runs no NixOS" in ran.stderr
    told = json.loads(data.stdout)
    assert (told["ok"], told["left_out"]) == (True, [])
    [found] = told["machines"]
    assert (found["machine"], found["result"], found["via"]) == ("scheelite", "ok", "own")
    assert {check["result"] for check in found["checks"]} == {"ok"}
    assert len(every.stdout.splitlines()) == len(ran.stdout.splitlines()) + len(found["checks"]) + 2
    assert "+ ssh " in every.stderr
    assert machine.asked == ["sh -s"] * 3


def test_a_machine_that_is_not_ends_with_1_and_what_to_do(site: Site) -> None:
    as_described(
        site,
        **{
            "nvidia-smi": "printf 'NVIDIA-SMI has failed \\033]0;evil\\007\\n'; exit 9",
            "timedatectl": "echo NTPSynchronized=no",
        },
    )
    with site.up():
        ran = site.infra("verify", "scheelite")
        data = site.infra("verify", "--json")
    assert (ran.returncode, data.returncode) == (1, 1)
    assert "scheelite  time         failed" in ran.stdout
    assert "NVIDIA-SMI has failed \\u001b]0;evil" in ran.stdout
    assert "scheelite: gpu: nvidia-smi fails" in ran.stdout
    assert "\x1b" not in ran.stdout
    told = json.loads(data.stdout)
    assert told["ok"] is False
    failed = [each["check"] for each in told["machines"][0]["checks"] if each["result"] == "failed"]
    assert failed == ["gpu", "cuda", "persistence", "time"]


def test_a_machine_that_another_answers_for_is_not_verified(site: Site) -> None:
    machine = as_described(site)
    for name in ("", ".pub"):
        (machine.folder / f"other{name}").replace(machine.folder / f"host{name}")
    with site.up():
        ran = site.infra("verify", "scheelite")
    assert ran.returncode == 1
    assert "Host key verification failed" in ran.stdout
    assert "infra sync learns the new one" in ran.stdout.replace("\n", " ")
    assert machine.asked == []


def test_machines_that_nobody_can_ask(site: Site) -> None:
    as_described(site)
    ran = site.infra("verify", "--json", "scheelite", "galena")
    assert ran.returncode == 1
    first, second = json.loads(ran.stdout)["machines"]
    assert "Connection refused" in first["checks"][0]["found"]
    assert "is stopped; infra start galena" in second["checks"][0]["found"]
    mac = site.infra("verify", "stibnite")
    assert (mac.returncode, mac.stdout) == (2, "")
    assert "'stibnite': runs no NixOS" in mac.stderr
    none = site.infra("verify", "--tag", "darwin")
    assert (none.returncode, none.stdout) == (0, "")
    assert "no machine is asked" in none.stderr
