"""`infra ssh`: which way is taken, whose key is accepted, and what becomes of a command."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import (
    Facts,
    FleetError,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Machine,
    MachineFacts,
    Ssh,
    SshCertificateAuthority,
    SshHost,
)
from infra_lib import Fleet as FleetOf
from infra_lib.clouds.gcp.project import IAP_RANGE
from infra_lib.hosts import hosts
from infra_lib.operate import ssh_many
from infra_lib.operate.reach import WayIn, choose_way, known_hosts, ssh_answers, ways_in
from infra_lib.operate.ssh_command import remote_command
from infra_lib.operate.ssh_many import Question, Said, ask_all
from main import fleet as example
from tests.helpers.loopback import USER, Site, write
from tests.helpers.nix_fleets import workshop
from tests.helpers.process import is_running

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdhbDogZXhhbXBsZSwgbm8gcHJpdmF0ZSBrZXkuLi4u"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNpbjogZXhhbXBsZSwgbm8gcHJpdmF0ZSBrZXkuLi4u"
ZEROTIER = "fd01:2345:6789:abcd:ef99:9393:b0d4:f7a6"


def gcp(name: str = "galena", **fields: object) -> GcpMachine:
    given = {"machine_type": "e2-standard-8", "zone": "us-central1-b", **fields}
    return GcpMachine(name, **given)  # type: ignore[arg-type]


def fleet_of(
    *machines: Machine, ranges: tuple[str, ...] = (IAP_RANGE,), **fields: object
) -> FleetOf:
    given: dict[str, object] = {
        "gcp": GcpProject("example-project", region="us-central1", ssh_source_ranges=ranges),
        "facts": Facts(
            machines=(
                MachineFacts(
                    "galena",
                    external_ip="203.0.113.20",
                    external_ipv6="2001:db8::20",
                    zerotier_ip=ZEROTIER,
                    ssh_host_key=KEY,
                ),
            )
        ),
        **fields,
    }
    return FleetOf(name="metals", domain="zt", machines=machines, **given)  # type: ignore[arg-type]


def told(fleet: FleetOf, machine: Machine, **options: object) -> list[tuple[str, str]]:
    ways = ways_in(fleet, machine, **options)  # type: ignore[arg-type]
    return [(way.via, way.place) for way in ways]


# --- which ways there are


def test_the_best_way_comes_first() -> None:
    machine = gcp(ssh=SshHost(host_name="gal.example"), target_host="ops@gate.example:2222")
    fleet = fleet_of(machine, ranges=("0.0.0.0/0",))
    assert told(fleet, machine) == [
        ("own", "gal.example"),
        ("own", "gate.example"),
        ("zerotier", ZEROTIER),
        ("external", "203.0.113.20"),
        ("external", "2001:db8::20"),
        ("tunnel", "galena"),
    ]


def test_addresses_are_those_of_the_generated_configuration() -> None:
    """`ssh galena.zt` and `infra ssh galena` are to lead to the same machine."""
    for fleet in (example, workshop("flake-parts")):
        for host in hosts(fleet):
            if not host.machine or not host.addresses:
                continue
            ways = ways_in(fleet, fleet.machine(host.name))
            direct = [way.address for way in ways if way.address and way.via != "tunnel"]
            assert direct == [each for each in host.addresses if each in direct]
            assert direct[:1] == [host.addresses[0]]


def test_ways_that_the_fleet_closes_are_taken_only_when_they_are_asked_for() -> None:
    machine = gcp()
    fleet = fleet_of(machine)
    behind = "galena.us-central1-b.c.example-project.internal"
    assert told(fleet, machine) == [("zerotier", ZEROTIER), ("tunnel", behind)]
    assert told(fleet, machine, via="external")[0] == ("external", "203.0.113.20")
    server = HetznerMachine("galena", server_type="cx43", location="fsn1")
    fleet = fleet_of(server, gcp=None, hetzner=HetznerProject(ssh_keys=(f"{KEY} me",)))
    with pytest.raises(FleetError, match=r"'galena': via tunnel: .*it has: zerotier, external"):
        ways_in(fleet, server, via="tunnel")


def test_a_machine_of_which_nothing_is_known_is_reached_by_name_or_not_at_all() -> None:
    named, nowhere = Machine("opal"), Machine("onyx", target_host=None)
    fleet = fleet_of(named, nowhere)
    assert told(fleet, named) == [("name", "opal.zt")]
    with pytest.raises(FleetError, match=r"'onyx': no way in is known: infra sync"):
        ways_in(fleet, nowhere)


@pytest.mark.parametrize(
    ("machine", "login", "user"),
    [
        (Machine("galena"), None, "root"),
        (Machine("galena", target_host="ops@gal.example"), None, "ops"),
        (Machine("galena", target_host="gal.example"), None, "root"),
        (Machine("galena", target_host="ops@gal.example", ssh=SshHost(user="me")), None, "me"),
        (Machine("galena", ssh=SshHost(user="me")), "you", "you"),
        (Machine("galena", machine_class="darwin", target_host=None), None, None),
    ],
)
def test_the_right_user(machine: Machine, login: str | None, user: str | None) -> None:
    assert {way.user for way in ways_in(fleet_of(machine), machine, login=login)} == {user}


def test_a_login_that_is_an_option_is_refused() -> None:
    machine = gcp()
    with pytest.raises(FleetError, match="login='-oProxyCommand=x'"):
        ways_in(fleet_of(machine), machine, login="-oProxyCommand=x")


def test_arguments_are_words_of_ssh_whatever_is_in_them() -> None:
    options: dict[str, Any] = {
        "IgnoreUnknown": "UseKeychain",
        "UseKeychain": True,
        "SetEnv": {"GREETING": 'say "a b" \\'},
        "IdentityFile": ("~/.ssh/a", "~/.ssh/b"),
    }
    ssh = SshHost(user="me", port=2222, options=options)
    machine = Machine("gal-ena", ssh=ssh, target_host="root@[2001:db8::7]")
    way = ways_in(fleet_of(machine), machine)[0]
    settings = (
        "IgnoreUnknown=UseKeychain",
        "UseKeychain=yes",
        'SetEnv=GREETING="say \\"a b\\" \\\\"',
        "IdentityFile=~/.ssh/a",
        "IdentityFile=~/.ssh/b",
    )
    words = [word for setting in settings for word in ("-o", setting)]
    assert way.arguments() == (*words, "-l", "me", "-p", "2222", "--", "2001:db8::7")


def test_the_first_that_answers_is_taken_and_else_the_first() -> None:
    first, second, third = (
        WayIn(via="external", host="a.zt", address=f"203.0.113.{each}") for each in (1, 2, 3)
    )
    tunnel = WayIn(via="tunnel", host="a.zt", options=(("ProxyCommand", "x"),), needs="sh")
    ways = (first, second, third)
    assert choose_way(ways, answers=lambda host, _: host != "203.0.113.1") == second
    assert choose_way(ways, answers=lambda *_: False) == first
    assert choose_way((first, tunnel), answers=lambda *_: False) == tunnel
    assert choose_way((tunnel, first), answers=lambda *_: True) == tunnel


def test_a_way_through_a_program_that_is_not_there_is_no_way() -> None:
    tunnel = WayIn(
        via="tunnel", host="a.zt", options=(("ProxyCommand", "x"),), needs="no-such-door"
    )
    direct = WayIn(via="external", host="a.zt", address="203.0.113.1")
    assert choose_way((direct, tunnel), answers=lambda *_: False) == direct
    with pytest.raises(FleetError, match="no-such-door: is not on PATH"):
        choose_way((tunnel,))


def test_what_is_known_of_a_host_key() -> None:
    machine = gcp(ssh=SshHost(port=2222))
    authorities = tuple(
        SshCertificateAuthority(name, public_key=OTHER_KEY, host_names=patterns)
        for name, patterns in {
            "all": ("*.zt",),
            "port": ("[*.zt]:2222",),
            "others": ("*.example",),
            "but": ("*", "!*galena.zt*"),
        }.items()
    )
    fleet = fleet_of(machine, ssh=Ssh(certificate_authorities=authorities))
    signed = f"@cert-authority galena.zt {OTHER_KEY}\n"
    assert known_hosts(fleet, machine) == f"galena.zt {KEY}\n{signed * 2}"
    assert known_hosts(fleet_of(Machine("opal")), Machine("opal")) == ""


# --- what becomes of a command


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=2))
def test_a_command_is_read_there_as_it_was_typed_here(words: list[str]) -> None:
    assert shlex.split(remote_command(words) or "") == words


def test_one_word_is_a_line_of_shell() -> None:
    assert remote_command(["ls | wc -l"]) == "ls | wc -l"
    assert remote_command([]) is None


# --- with a real sshd


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_command_runs_there_with_its_words_its_output_and_its_status(site: Site) -> None:
    site.machine()
    site.describe()
    with site.up():
        words = ("printf", "<%s>", "a b", "it's", "$HOME", "", "-n", "--", "*")
        ran = site.infra("ssh", "galena", "--", *words)
        assert (ran.returncode, ran.stdout) == (0, "<a b><it's><$HOME><><-n><--><*>")
        ran = site.infra("ssh", "galena", "--", "echo here; echo there >&2; exit 7")
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, "here\n", "there\n")
    mode, *keys = site.person.keys.splitlines()
    assert mode == "-rw-------"
    assert keys == [f"galena.zt {site.machines['galena'].key}"]
    assert (site.person.left, site.person.known) == ([], "")


def test_whoever_answers_with_another_key_than_the_facts_is_told_nothing(site: Site) -> None:
    machine = site.machine()
    site.describe(galena=KEY)
    # What the person once took on trust vouches for nobody.
    (site.person.folder / "known").write_text(
        f"galena.zt,[127.0.0.1]:{machine.port} {machine.key}\n"
    )
    with site.up():
        ran = site.infra("ssh", "galena", "--", "echo", "in")
        many = site.infra("ssh", "galena", "--json", "--accept-new-key", "--", "echo", "in")
    assert (ran.returncode, ran.stdout) == (255, "")
    assert "Host key verification failed" in ran.stderr
    assert "infra sync" in ran.stderr
    assert many.returncode == 1
    assert "Host key verification failed" in json.loads(many.stdout)[0]["output"]
    assert machine.asked == []
    assert site.person.left == []


def test_a_machine_whose_key_nobody_knows_is_not_asked_unless_its_key_may_be_learnt(
    site: Site,
) -> None:
    machine = site.machine()
    site.describe(galena=None)
    with site.up():
        ran = site.infra("ssh", "galena", "--", "echo", "in")
        assert (ran.returncode, ran.stdout, site.person.words) == (2, "", [])
        assert "'galena': the facts do not have its host key" in ran.stderr
        ran = site.infra("ssh", "--accept-new-key", "galena", "--", "echo", "in")
        assert (ran.returncode, ran.stdout) == (0, "in\n")
    assert site.person.known == f"galena.zt {machine.key}\n"
    for name in ("", ".pub"):  # somebody else answers
        (machine.folder / f"other{name}").replace(machine.folder / f"host{name}")
    with site.up():
        ran = site.infra("ssh", "--accept-new-key", "galena", "--", "echo", "in")
    assert (ran.returncode, ran.stdout) == (255, "")


@pytest.mark.parametrize(("principal", "status"), [("galena.zt", 0), ("onyx.zt", 255)])
def test_a_certificate_of_the_fleets_authority_is_as_good_as_a_key(
    site: Site, principal: str, status: int
) -> None:
    machine = site.machine()
    machine.certify(principal)
    authority = (machine.folder / "authority.pub").read_text().split()
    fields = (
        "ssh=Ssh(certificate_authorities=(SshCertificateAuthority('ca', "
        f"public_key='{authority[0]} {authority[1]}', host_names=('*.zt',)),))"
    )
    site.describe(fields=fields, galena=None)
    with site.up():
        assert site.infra("ssh", "galena", "--", "true").returncode == status


def test_where_the_best_way_is_shut_the_next_one_is_taken(site: Site) -> None:
    machine = site.machine()
    site.describe(
        f"Machine('opal', target_host='{USER}@127.0.0.1:1', ssh=SshHost(port={machine.port})),",
        f"MachineFacts('opal', external_ip='127.0.0.1', ssh_host_key={machine.key!r}),",
        but=("galena",),
    )
    with machine.up():
        assert ssh_answers("127.0.0.1", machine.port)
        ran = site.infra("ssh", "-v", "opal", "--", "echo", "in")
        assert (ran.returncode, ran.stdout) == (0, "in\n")
        assert "HostName=127.0.0.1" in ran.stderr
        forced = site.infra("ssh", "--via", "own", "opal", "--", "echo", "in")
    assert forced.returncode == 255
    assert "Connection refused" in forced.stderr


def test_through_the_clouds_tunnel(site: Site) -> None:
    """Identity-Aware Proxy is a stand-in for gcloud, which is told what gcloud takes."""
    machine = site.machine()
    site.describe(
        "GcpMachine('galena', machine_type='e2-standard-8', zone='us-central1-b', "
        f"external_ip=False, ssh=SshHost(user='{USER}')),",
        f"MachineFacts('galena', ssh_host_key={machine.key!r}),",
        fields=PROJECT,
        but=("galena",),
    )
    relay = (
        "import socket, sys, threading, os\n"
        f"s = socket.create_connection(('127.0.0.1', {machine.port}))\n"
        "def up():\n"
        "    while data := os.read(0, 65536): s.sendall(data)\n"
        "    s.shutdown(socket.SHUT_WR)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while data := s.recv(65536): os.write(1, data)\n"
    )
    (site.person.folder / "relay.py").write_text(relay)
    site.person.program(
        "gcloud",
        'test "$*" = "compute start-iap-tunnel galena 22 --listen-on-stdin --zone=us-central1-b '
        '--project=example-project --quiet --verbosity=error" || exit 2\n'
        f"exec {sys.executable} {site.person.folder}/relay.py",
    )
    with machine.up():
        ran = site.infra("ssh", "galena", "--", "echo", "in")
    assert (ran.returncode, ran.stdout) == (0, "in\n")


def test_a_signal_ends_ssh_and_leaves_no_file(site: Site) -> None:
    machine = site.machine()
    site.describe()
    with site.up(), site.start("ssh", "galena", "--", "echo started; sleep 60") as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        assert site.person.left != []
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) in {128 + signal.SIGTERM, 255}
    assert site.person.left == []
    assert machine.asked == ["echo started; sleep 60"]


def test_on_a_terminal_a_command_has_one_there_too(site: Site) -> None:
    site.machine()
    site.describe()
    ours, its = os.openpty()
    with site.up(), site.start("ssh", "galena", "--", "tty; exit 5", terminal=its) as process:
        os.close(its)
        shown = b""
        with suppress(OSError):  # Linux says so at its end
            while data := os.read(ours, 1024):
                shown += data
        assert process.wait(30) == 5
    os.close(ours)
    assert b"/dev/" in shown
    assert b"not a tty" not in shown


# --- several machines


def test_several_machines_are_asked_and_told_apart(site: Site) -> None:
    for name in ("galena", "opal", "onyx"):
        site.machine(name).program("who-am-i", f"printf '{name}\\033]0;evil\\007\\n'")
    site.machines["opal"].program("who-am-i", "sleep 1; echo late >&2; exit 3")
    site.describe()
    with site.up():
        ran = site.infra("ssh", "--tag", "gpu", "--", "who-am-i")
        fine = site.infra("ssh", "onyx", "galena", "--json", "--", "echo", "a  b")
    assert ran.returncode == 1
    assert ran.stdout == (
        "== galena\ngalena\\u001b]0;evil\\u0007\n"
        "== opal: exit status 3\nlate\n"
        "== onyx\nonyx\\u001b]0;evil\\u0007\n"
    )
    assert ran.stderr == "infra: failed on 1 of 3 machines: opal\n"
    assert fine.returncode == 0
    assert json.loads(fine.stdout) == [
        {"machine": name, "via": "own", "status": 0, "output": "a  b\n"}
        for name in ("galena", "onyx")
    ]
    assert site.person.left == []


def test_one_that_is_down_does_not_keep_others_from_being_asked(site: Site) -> None:
    site.machine("galena")
    site.machine("opal")
    site.describe()
    with site.machines["opal"].up():
        ran = site.infra("ssh", "galena", "opal", "--", "echo", "in")
    assert ran.returncode == 1
    assert "== galena: exit status 255\n" in ran.stdout
    assert "Connection refused" in ran.stdout
    assert ran.stdout.endswith("== opal\nin\n")


def test_a_signal_ends_what_runs_on_several_and_leaves_no_file(site: Site) -> None:
    for name in ("galena", "opal"):
        site.machine(name)
    site.describe()
    words = ("ssh", "galena", "opal", "--", f"touch {site.project}/began.$$; sleep 60")
    with site.up(), site.start(*words) as process:
        end = time.monotonic() + 30
        while time.monotonic() < end and len([*site.project.glob("began.*")]) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert site.person.left == []


def answers_of(ssh: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **question: Any) -> Said:
    """What is made of a stand-in for ssh that does so."""
    write(folder / "ssh", ssh)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    machine = gcp(ssh=SshHost(host_name="127.0.0.1"))
    asked = Question(command="true", via="own", **question)
    [said] = ask_all(fleet_of(machine), [machine], asked)
    return said


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_a_machine_that_prints_without_end_is_ended(
    stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_many, "LONGEST", 2**20)
    said = answers_of(f"cat /dev/zero {stream}", tmp_path, monkeypatch, limit=60)
    assert said.status == 137
    assert said.errors == "it printed more than 1 MiB, and was ended"
    assert len(said.output) <= 2**20


@pytest.mark.parametrize("together", [True, False])
def test_a_proxy_that_outlives_ssh_is_not_waited_for(
    together: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_many, "_REST", 0.5)
    ssh = "echo begun; sleep 30 & echo $! > {0}/left; {1}"

    def answered(end: str, **question: Any) -> Said:
        said = answers_of(ssh.format(tmp_path, end), tmp_path, monkeypatch, **question)
        left = int((tmp_path / "left").read_text())
        assert is_running(left)
        os.kill(left, signal.SIGKILL)
        return said

    hung = answered("wait", limit=2)
    ended = answered("exit 3", limit=120, together=together)
    assert (hung.status, hung.output) == (124, "begun\n")
    assert "within 2 s" in hung.errors
    assert (ended.status, ended.output) == (3, "begun\n")


def test_a_command_that_reads_nothing_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = answers_of("exec <&-; sleep 0.2; exit 4", tmp_path, monkeypatch, stdin="x" * 5000)
    assert (said.status, said.output, said.errors) == (4, "", "")


OFF = (
    "GcpMachine('scheelite', machine_type='n1-standard-8', zone='us-central1-c', "
    "gpu=Gpu('nvidia-tesla-t4'), tags=('gpu',)),"
)
PROJECT = "gcp=GcpProject('example-project', region='us-central1')"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("galena", "opal"), "galena, opal: on several machines a command is wanted"),
        (("--tag", "gpu"), "on several machines a command is wanted"),
        (("galena", "--json"), "a command is wanted"),
        (("scheelite",), "'scheelite' is off; infra enable scheelite switches it on"),
        (("scheelite", "galena", "--", "true"), "'scheelite' is off"),
        ((), "no machine is named"),
        (("gold", "--", "true"), "machine='gold'"),
        (("galena", "ls"), "machine='ls'"),
        (("galena", "--login", "-x y"), ""),
        (("galena", "--", ""), "-- '': the command is empty"),
        (("--tag", "gpu", "--", " "), "the command is empty"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    site: Site, words: tuple[str, ...], message: str
) -> None:
    site.machine("galena")
    site.machine("opal")
    site.describe(OFF, fields=PROJECT)
    ran = site.infra("ssh", *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert site.person.words == []


def test_machines_that_are_off_are_left_out_of_a_tag(site: Site) -> None:
    site.machine("galena")
    site.describe(OFF, fields=PROJECT)
    with site.up():
        ran = site.infra("ssh", "--tag", "gpu", "--", "echo", "in")
        quiet = site.infra("ssh", "-q", "--tag", "gpu", "--", "echo", "in")
    assert (ran.returncode, ran.stdout) == (0, "== galena\nin\n")
    assert "scheelite is left out: it is off" in ran.stderr
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, ran.stdout, "")
