"""`infra runbook`: the right commands in the right order, to read and to run."""

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import DataDisk, Facts, Fleet, GcpMachine, Machine, MachineFacts, Reference
from infra_lib.operate.runbook import Runbook, Writer, as_shell, as_text
from main import fleet as example
from tests.helpers import CHECKOUT, process, projects
from tests.helpers.elsewhere import by_hand
from tests.helpers.projects import infra
from tests.helpers.tools import require


def with_machine(name: str, fleet: Fleet = example, **changes: Any) -> Fleet:
    machines = tuple(
        evolve(machine, **changes) if machine.name == name else machine
        for machine in fleet.machines
    )
    return evolve(fleet, machines=machines)


def runbook(fleet: Fleet, name: str, action: str, **options: Any) -> Runbook:
    found = Writer(fleet=fleet, **options).runbooks(fleet.machine(name))
    return next(each for each in found if each.action == action)


def commands(*arguments: Any, **options: Any) -> list[str]:
    return [line for step in runbook(*arguments, **options).steps for line in step.commands]


def first_words(lines: list[str], count: int = 3) -> list[str]:
    return [" ".join(line.split()[:count]) for line in lines]


def open_to(ranges: tuple[str, ...]) -> Fleet:
    assert example.gcp is not None
    return evolve(example, gcp=evolve(example.gcp, ssh_source_ranges=ranges))


def test_a_price_that_nobody_knows_is_said_to_be_unknown() -> None:
    fleet = with_machine("galena", machine_type="a4-highgpu-8g", idle_stop=False)
    said = [step.text for step in runbook(fleet, "galena", "up").steps]
    assert "Create it. What it costs while on is unknown." in said


def test_bringing_the_gpu_node_up_in_the_order_of_deployment() -> None:
    """Design: deploy, install, facts, generated files, and then the controller."""
    assert first_words(commands(example, "scheelite", "up")) == [
        "infra runbook scheelite",
        "nixgen write",
        "git add --intent-to-add",
        "infra deploy --stack",
        "(",
        "folder=$(mktemp -d /tmp/infra.XXXXXX)",
        "trap 'rm -rf",
        "printf '#!/bin/sh\\nexec %s\\n'",
        'chmod +x "$folder/tunnel"',
        "name=${ANSWERS_TO:-scheelite}",
        "tries=0",
        "until",
        "said=$(ssh -n -o",
        "nixos=$?",
        "test $nixos -le",
        "do sleep 5;",
        'case "$nixos $said"',
        r"[01]\ *[[:space:]]*) printf",
        '"1 $name" |',
        "tries=$(command -v gcloud",
        "until",
        "gcloud compute instances",
        'test -s "$folder/keys"',
        "do sleep 5;",
        "if test !",
        'cat "$folder/why" >&2;',
        'elif test "$(ssh',
        "echo 'scheelite does",
        "fi",
        "clan machines install",
        '"0 $name" |',
        "[01]\\ *) printf",
        "*) echo 'scheelite",
        "esac",
        ")",
        "infra sync",
        "nixgen write",
        "git add --intent-to-add",
        "clan machines update",
        "ssh -- root@scheelite.zt",
        "git status --short",
    ]


def test_the_names_flags_and_addresses_are_the_fleets() -> None:
    text = "\n".join(commands(example, "scheelite", "up"))
    host = "root@scheelite.us-central1-c.c.example-project.internal"
    assert (
        "gcloud compute start-iap-tunnel scheelite 22 --listen-on-stdin --zone=us-central1-c "
        "--project=example-project "
    ) in text
    assert (
        "clan machines install scheelite "
        "--update-hardware-config nixos-facter --build-on remote --host-key-check none "
        f'--target-host "{host}?ProxyCommand=$folder/tunnel" --yes ;;'
    ) in text
    assert f'-- "{host}" \'hostname; test -e /etc/NIXOS' in text
    assert "clan machines update cinnabar" in text
    assert (
        "gcloud compute instances get-guest-attributes scheelite --query-path=hostkeys/ "
        "--zone=us-central1-c --project=example-project "
    ) in text


def test_the_tunnel_is_that_of_a_project_in_a_domain() -> None:
    text = " ".join(commands(example, "galena", "up", project="example.com:ores"))
    assert text.count("--project=example.com:ores ") == 2
    assert '"root@galena.us-central1-b.c.ores.example.com.internal"' in text


def test_without_a_tunnel_the_address_is_the_one_after_the_deployment() -> None:
    fleet = open_to(("198.51.100.0/24",))
    asked = "  address=$(infra sync --get galena.external_ip) || exit"
    lines = commands(fleet, "galena", "up")
    assert lines.index("infra deploy --stack gcp") < lines.index(asked)
    assert "203.0.113.20" not in " ".join(lines)
    assert any('"root@$address" \'hostname; test -e /etc/NIXOS' in line for line in lines)
    assert any('--target-host "root@$address" --yes' in line for line in lines)


def test_a_replaced_machine_has_a_new_address_and_the_images_key() -> None:
    lines = commands(open_to(("198.51.100.0/24",)), "galena", "replace")
    assert "  address=$(infra sync --get galena.external_ip) || exit" in lines
    assert any(
        "clan machines install galena" in line and "--host-key-check none" in line for line in lines
    )
    assert (
        '"${TERRAFORM_BINARY_NAME:-terraform}" -chdir=cdktf.out/stacks/gcp apply '
        "-replace=google_compute_instance.galena"
    ) in lines


def test_what_would_be_wiped_is_said() -> None:
    stopped = with_machine("galena", stopped=True)
    for fleet, name in ((example, "galena"), (stopped, "galena"), (by_hand, "cinnabar")):
        for action in ("up", "replace"):
            steps = runbook(fleet, name, action).steps
            (text,) = (step.text for step in steps if "Install" in step.text)
            assert "unless the machine says that it runs it: installing wipes its disks" in text
            assert "One that answers to another name is left alone." in text


@pytest.mark.parametrize("ranges", [("35.235.240.0/20",), ("198.51.100.0/24",)])
def test_whether_the_host_key_is_checked_is_said(ranges: tuple[str, ...]) -> None:
    fleet = open_to(ranges)
    assert fleet.gcp is not None
    unknown = evolve(fleet, gcp=evolve(fleet.gcp, guest_attributes=False))
    for each, checked in ((fleet, True), (unknown, False)):
        steps = runbook(each, "galena", "up").steps
        (step,) = (step for step in steps if step.text.startswith("Install NixOS"))
        assert ("has to be one that its image has published" in step.text) == checked
        assert ("host key is not checked: guest_attributes=False" in step.text) != checked
        assert ("get-guest-attributes" in "\n".join(step.commands)) == checked


def test_a_reserved_address_stays_through_everything() -> None:
    fleet = with_machine("galena", open_to(("198.51.100.0/24",)), external_ip="203.0.113.77")
    for action in ("up", "replace"):
        assert "  address=203.0.113.77" in commands(fleet, "galena", action)


def test_what_terraform_alone_can_tell_is_asked_for() -> None:
    reference = Reference("${google_compute_address.galena.address}")
    fleet = with_machine("galena", open_to(("198.51.100.0/24",)), external_ip=reference)
    lines = commands(evolve(fleet, facts=Facts()), "galena", "up")
    assert "  address=$(infra sync --get galena.external_ip) || exit" in lines


def test_a_machine_without_external_address_is_reached_through_a_tunnel() -> None:
    fleet = with_machine("galena", open_to(("198.51.100.0/24",)), external_ip=False)
    assert any("start-iap-tunnel galena" in line for line in commands(fleet, "galena", "up"))


def last_look(fleet: Fleet, name: str) -> list[str]:
    """The words of the command that ends the runbook with a look at the machine."""
    return shlex.split(commands(fleet, name, "up")[-2])


def test_a_machine_that_the_tunnel_alone_leads_to_is_looked_at_through_it() -> None:
    outside = with_machine("scheelite", tags=())
    command, option, proxy, *rest = last_look(outside, "scheelite")
    assert [command, option, *rest] == ["ssh", "-o", "--", "root@scheelite.zt", "nvidia-smi"]
    key, _, tunnel = proxy.partition("=")
    assert key == "ProxyCommand"
    assert shlex.split(tunnel) == [
        *("gcloud", "compute", "start-iap-tunnel", "scheelite", "22", "--listen-on-stdin"),
        *("--zone=us-central1-c", "--project=example-project", "--quiet", "--verbosity=error"),
    ]


@pytest.mark.parametrize(
    "fields",
    [{"tags": ("peer",)}, {"target_host": "root@scheelite.example"}, {"network_tags": ("web",)}],
)
def test_a_machine_with_another_way_in_is_looked_at_without_a_tunnel(fields: Any) -> None:
    fleet = with_machine("scheelite", **{"tags": (), **fields})
    assert last_look(fleet, "scheelite")[:2] == ["ssh", "--"]


def test_ssh_takes_the_command_through_the_tunnel_as_it_is_meant() -> None:
    *words, _, _ = last_look(with_machine("galena", tags=()), "galena")
    asked = [require("ssh"), "-G", "-F", "/dev/null", *words[1:], "galena.zt"]
    meant = process.run(asked)
    assert "\nproxycommand gcloud compute start-iap-tunnel galena 22 " in meant


def test_a_proxy_that_is_let_in_nowhere_is_told_where_it_is_asked() -> None:
    for ranges, told in ((("198.51.100.0/24",), True), (("0.0.0.0/0",), False)):
        fleet = with_machine("galena", open_to(ranges), external_ip=False)
        text = " ".join(commands(fleet, "galena", "up"))
        assert ("35.235.240.0/20 is not in ssh_source_ranges" in text) == told


def test_the_tunnel_goes_to_the_zone_in_use() -> None:
    facts = Facts(machines=(MachineFacts("scheelite", zone="us-central1-f"),))
    lines = commands(evolve(example, facts=facts), "scheelite", "up")
    places = [word for line in lines for word in line.split() if word.startswith("--zone=")]
    assert places == ["--zone=us-central1-f"] * 2


def test_a_stack_that_installs_leaves_installing_out() -> None:
    fleet = open_to(("198.51.100.0/24",))
    assert fleet.gcp is not None
    fleet = evolve(fleet, gcp=evolve(fleet.gcp, install=True))
    assert not any("machines install" in line for line in commands(fleet, "galena", "up"))


def test_taking_down() -> None:
    assert first_words(commands(example, "scheelite", "down")) == [
        "infra runbook scheelite",
        "infra deploy --stack",
        "infra sync",
        "nixgen write",
        "git add --intent-to-add",
        "git status --short",
    ]


def test_what_stands_in_the_way_of_taking_down_is_said() -> None:
    fleet = with_machine(
        "galena", data_disks=(DataDisk("ore", size_gb=10),), deletion_protection=True
    )
    text = as_text([runbook(fleet, "galena", "down")], fleet)
    assert "Its data disks stay: ore." in text
    assert "deletion_protection=False has to be deployed first." in text.replace("\n     ", " ")


def test_a_mac_joins_the_network_and_is_let_in() -> None:
    lines = commands(example, "stibnite", "up")
    assert lines[0] == "infra sync --set stibnite.zerotier_member_id=4c1f6a2b9e"
    assert lines[-3:] == [
        "clan machines update cinnabar",
        "clan machines update stibnite",
        "git status --short",
    ]
    assert "zerotier-cli join 0123456789abcdef" in runbook(example, "stibnite", "up").steps[0].text
    assert "MEMBER_ID:?" in commands(example, "stibnite", "replace")[0]
    assert commands(example, "stibnite", "down")[0].endswith("stibnite.zerotier_member_id=")


def test_a_machine_of_another_provider() -> None:
    assert "  address=203.0.113.5" in commands(by_hand, "cinnabar", "up")
    assert "clan machines update cinnabar" not in commands(by_hand, "cinnabar", "up")
    unknown = evolve(by_hand, facts=Facts())
    asked = "  address=$(infra sync --get electrum.external_ip) || exit"
    assert asked in commands(unknown, "electrum", "up")
    assert "cdktf" not in " ".join(commands(by_hand, "electrum", "replace"))


def test_clan_looks_for_a_machine_that_has_no_target() -> None:
    for fleet in (
        with_machine("cinnabar", target_host=None),
        evolve(example, target_host=None),
    ):
        assert "clan ssh cinnabar --remote-command nixos-version" in commands(
            fleet, "cinnabar", "up"
        )
    lines = commands(with_machine("scheelite", target_host=None), "scheelite", "up")
    assert "clan ssh scheelite --remote-command nvidia-smi" in lines


def test_a_name_that_a_cloud_would_not_take_is_one_word_everywhere() -> None:
    fleet = evolve(example, machines=(*example.machines, Machine("7_Electrum")))
    script = as_shell(Writer(fleet=fleet).runbooks(fleet.machine("7_Electrum")))
    assert "clan machines install 7_Electrum " in script
    assert "infra sync --get 7_Electrum.external_ip" in script
    assert "ssh -- root@7_Electrum.zt nixos-version" in script
    process.run([require("bash"), "-n", "-c", script])


def test_a_machine_outside_the_network_needs_no_controller() -> None:
    machines = tuple(machine for machine in example.machines if isinstance(machine, GcpMachine))
    alone = evolve(
        example,
        machines=tuple(evolve(machine, tags=()) for machine in machines),
        users=(),
        facts=Facts(),
    )
    assert "clan machines update" not in " ".join(commands(alone, "galena", "up"))


def test_the_source_that_was_named_is_named_in_the_commands() -> None:
    lines = commands(
        example, "galena", "up", source="fleets.main:fleet", stack="ores", output="out"
    )
    assert "infra runbook --source fleets.main:fleet galena --expect on" in lines
    assert "infra sync --source fleets.main:fleet" in lines
    assert "nixgen write fleets.main:fleet" in lines
    assert "infra deploy --source fleets.main:fleet --stack ores" in lines
    replaced = commands(example, "galena", "replace", stack="ores", output="out")
    assert any("-chdir=out/stacks/ores apply" in line for line in replaced)


def test_every_machine_has_all_three() -> None:
    text = infra(CHECKOUT, "runbook").stdout
    for machine in example.machines:
        assert re.search(
            rf"^{machine.name}\b.*{re.escape(machine.full_description)}$", text, re.MULTILINE
        )
    for title in ("Bring it up", "Take it down", "Replace it"):
        assert text.count(f"\n{title}\n") == len(example.machines)


@pytest.mark.parametrize("name", [None, "scheelite"])
@pytest.mark.parametrize("ranges", [("35.235.240.0/20",), ("198.51.100.0/24",)])
def test_shellcheck_has_nothing_to_say(
    name: str | None, ranges: tuple[str, ...], tmp_path: Path
) -> None:
    script = tmp_path / "runbook.sh"
    writer = Writer(fleet=open_to(ranges))
    machines = example.machines if name is None else (example.machine(name),)
    script.write_text(as_shell([each for machine in machines for each in writer.runbooks(machine)]))
    process.run([require("shellcheck"), "--severity=warning", str(script)])


class TestScript:
    """The script itself, where infra and nixgen are real and the rest only writes a log."""

    OUTSIDE = ("terraform", "cdktf", "gcloud", "clan", "git")

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        project = projects.make(tmp_path / "project", scheelite=True)
        tools = project / "bin"
        tools.mkdir()
        for name in self.OUTSIDE:
            self.tool(tools / name, f'echo "{name} $*" >> "$LOG"; test "{name} $1 $2" != "$FAIL"')
        key = "ssh-ed25519\\tAAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
        self.tool(tools / "gcloud", f"""echo "gcloud $*" >> "$LOG"; printf '{key}\\n'""")
        self.answer(project, 1)
        self.tool(tools / "nixgen", f'exec {shlex.quote(sys.executable)} -m nixgen "$@"')
        deploy = 'if test "$1" = deploy; then exec infra-deploy "$@"; fi'
        self.tool(
            tools / "infra", f'{deploy}; exec {shlex.quote(sys.executable)} -m infra_lib "$@"'
        )
        self.tool(tools / "infra-deploy", 'echo "infra $*" >> "$LOG"; test "infra $*" != "$FAIL"')
        projects.newest_vars(project)
        return project

    def answer(self, project: Path, *statuses: int, name: str = "scheelite") -> None:
        """Have SSH answer who it is so, one time after the other; 0 is that it runs NixOS."""
        turn = project / "turn"
        turn.unlink(missing_ok=True)
        self.tool(
            project / "bin/ssh",
            'case "$*" in *"hostname; test -e /etc/NIXOS"*) ;; *) echo "ssh $*" >> "$LOG"; exit; '
            "esac\n"
            f"echo >> {shlex.quote(str(turn))}\nshift $#\nset -- {' '.join(map(str, statuses))}\n"
            f'turn=$(wc -l < {shlex.quote(str(turn))}); test "$turn" -le $# || turn=$#\n'
            f'shift $((turn - 1)); test "$1" -gt 1 || echo {name}; exit "$1"',
        )
        self.tool(project / "bin/sleep", "exit")

    @staticmethod
    def tool(path: Path, script: str) -> None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(
        self,
        project: Path,
        *arguments: str,
        fail: str = "",
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        script = project / "runbook.sh"
        script.write_text(infra(project, "runbook", "--shell").stdout)
        inherited = process.environment()
        return subprocess.run(
            [require("bash"), script, *arguments],
            cwd=project,
            env={
                **inherited,
                "PATH": f"{project / 'bin'}{os.pathsep}{inherited['PATH']}",
                "LOG": str(project / "log"),
                "FAIL": fail,
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self, project: Path) -> list[str]:
        path = project / "log"
        return first_words(path.read_text().splitlines()) if path.exists() else []

    def test_it_goes_through(self, project: Path) -> None:
        done = self.run(project, "up", "scheelite")
        assert done.returncode == 0, done.stderr
        assert sorted(self.log(project)) == sorted(
            [
                "git add --intent-to-add",
                "infra deploy --stack",
                "gcloud compute instances",
                "clan machines install",
                "git add --intent-to-add",
                "clan machines update",
                "ssh -- root@scheelite.zt",
                "git status --short",
            ]
        )
        assert "abcdef1200" in (project / "facts.json").read_text()
        assert "scheelite.zt" in (project / "modules/home/core/ssh-hosts.nix").read_text()

    def test_a_machine_that_runs_nixos_is_not_installed_again(self, project: Path) -> None:
        # It was stopped, say, and starts: SSH does not get through at once.
        self.answer(project, 255, 255, 0)
        done = self.run(project, "up", "scheelite")
        assert done.returncode == 0, done.stderr
        assert "clan machines install" not in self.log(project)
        assert "ssh -- root@scheelite.zt" in self.log(project)

    def test_a_new_machine_is_waited_for(self, project: Path) -> None:
        self.answer(project, 255, 255, 1)
        assert self.run(project, "up", "scheelite").returncode == 0
        assert "clan machines install" in self.log(project)

    @pytest.mark.parametrize("status", [2, 127, 255])
    def test_a_machine_that_does_not_answer_is_not_installed(
        self, project: Path, status: int
    ) -> None:
        self.answer(project, status)
        done = self.run(project, "up", "scheelite")
        assert done.returncode == 1
        assert "clan machines install" not in self.log(project)
        assert "clan machines update" not in self.log(project)

    @pytest.mark.parametrize("action", ["up", "replace"])
    def test_a_machine_of_another_name_stops_it(self, project: Path, action: str) -> None:
        self.answer(project, 1, name="galena")
        done = self.run(project, action, "scheelite")
        assert done.returncode == 1
        assert "answers to the name 'galena', not 'scheelite': it is left alone" in done.stderr
        assert "clan machines install" not in self.log(project)
        assert "clan machines update" not in self.log(project)

    def test_a_machine_that_was_not_replaced_is_not_installed(self, project: Path) -> None:
        self.answer(project, 0)
        done = self.run(project, "replace", "scheelite")
        assert done.returncode == 1
        assert "scheelite runs NixOS: it was not made anew, and is left alone" in done.stderr
        assert "clan machines install" not in self.log(project)

    def test_a_rescue_system_is_installed_when_its_name_is_said(self, project: Path) -> None:
        assert infra(project, "sync", "--set", "cinnabar.external_ip=203.0.113.5").returncode == 0
        self.answer(project, 1, name="rescue")
        done = self.run(project, "up", "cinnabar")
        assert done.returncode == 1
        assert "if it is the one to wipe, ANSWERS_TO=rescue says so" in done.stderr
        assert "clan machines install" not in self.log(project)
        done = self.run(project, "up", "cinnabar", ANSWERS_TO="rescue")
        assert done.returncode == 0, done.stderr
        assert "clan machines install" in self.log(project)

    def test_it_stops_at_the_first_failure(self, project: Path) -> None:
        done = self.run(project, "up", "scheelite", fail="infra deploy --stack gcp")
        assert done.returncode == 1
        assert self.log(project) == ["git add --intent-to-add", "infra deploy --stack"]
        assert not (project / "facts.json").exists()

    def test_it_waits_for_the_person_to_have_changed_the_fleet(self, project: Path) -> None:
        done = self.run(project, "down", "scheelite")
        assert done.returncode == 1
        assert "infra: the fleet has scheelite on; off is enabled=False" in done.stderr
        assert self.log(project) == []

    def test_it_stops_when_the_address_is_not_known(self, project: Path) -> None:
        done = self.run(project, "up", "cinnabar")
        assert done.returncode == 1
        assert "infra: cinnabar.external_ip is not known" in done.stderr
        assert "clan machines install" not in self.log(project)

    def test_it_says_what_it_takes(self, project: Path) -> None:
        done = self.run(project, "up", "pyrite")
        assert done.returncode == 2
        assert "  up scheelite\n" in done.stderr
        assert self.log(project) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "project", scheelite=False)


def test_expect_tells_the_state(project: Path) -> None:
    assert infra(project, "runbook", "scheelite", "--expect", "off").returncode == 0
    other = infra(project, "runbook", "scheelite", "--expect", "on")
    assert (other.returncode, other.stdout) == (1, "")
    assert other.stderr == "infra: the fleet has scheelite off; on is enabled=True, stopped=False\n"


def test_the_stack_is_the_one_that_is_there(project: Path) -> None:
    for name, expected in (
        ("ores", "infra deploy --stack ores"),
        ("more", "--stack: one of more, ores"),
    ):
        folder = project / "cdktf.out/stacks" / name
        folder.mkdir(parents=True)
        (folder / "cdk.tf.json").write_text("{}")
        done = infra(project, "runbook", "scheelite")
        assert expected in done.stdout + done.stderr
    assert (
        "infra deploy --stack more\n"
        in infra(project, "runbook", "scheelite", "--stack", "more").stdout
    )


@pytest.mark.parametrize(
    ("target_host", "host", "port"),
    [
        ("root@galena.example", "galena.example", 22),
        ("root@galena.example:2222", "galena.example", 2222),
        ("galena.example:2222", "galena.example", 2222),
        ("ssh://root@galena.example:2222", "galena.example", 2222),
        ("root@[2001:db8::1]:2222", "2001:db8::1", 2222),
        ("[2001:db8::1]", "2001:db8::1", 22),
        ("root@galena.example:2222?ConnectTimeout=5", "galena.example", 2222),
    ],
)
def test_a_port_of_the_target_host_is_one_for_ssh_too(
    target_host: str, host: str, port: int
) -> None:
    fleet = with_machine("galena", target_host=target_host)
    (line,) = [each for each in commands(fleet, "galena", "up") if "nixos-version" in each]
    program, *arguments = shlex.split(line)
    asked = process.run([require(program), "-G", *arguments])
    assert {f"hostname {host}", f"port {port}"} <= set(asked.splitlines())


@pytest.mark.parametrize("target_host", ["root@[::1]:22", "a?IdentityFile=~/.ssh/id"])
def test_a_target_host_stays_one_word_for_the_shell(target_host: str) -> None:
    fleet = with_machine("galena", target_host=target_host)
    (line,) = [each for each in commands(fleet, "galena", "up") if "nixos-version" in each]
    printed = process.run([require("bash"), "-c", f"printf '%s\n' {line}"])
    assert printed.splitlines() == shlex.split(line)


def test_of_several_stacks_it_is_the_one_that_the_machine_is_in(project: Path) -> None:
    for name, fleet, machine in (
        ("lab", "metals", "galena"),
        ("shop", "metals", "scheelite"),
        ("staging", "others", "scheelite"),
    ):
        folder = project / "cdktf.out/stacks" / name
        folder.mkdir(parents=True)
        instance = {machine: {"labels": {"fleet": fleet, "machine": machine}}}
        synthesized = {
            "resource": {"google_compute_instance": instance},
            "provider": {"google": [{"project": f"example-{name}"}]},
        }
        (folder / "cdk.tf.json").write_text(json.dumps(synthesized))
    done = infra(project, "runbook")
    assert re.findall(r"^(\w+) \(|infra deploy --stack (\w+)$", done.stdout, re.MULTILINE) == [
        *(("galena", ""), ("", "lab"), ("", "lab")),
        *(("scheelite", ""), ("", "shop"), ("", "shop")),
    ]
    assert "--project=example-lab --quiet" in done.stdout
    assert infra(project, "runbook", "cinnabar").returncode == 0
    # One that is off is where its data disks are.
    lab = project / "cdktf.out/stacks/lab/cdk.tf.json"
    lab.write_text(lab.read_text().replace("google_compute_instance", "google_compute_disk"))
    assert infra(project, "runbook").stdout == done.stdout


def test_the_google_project_is_the_stacks(project: Path) -> None:
    folder = project / "cdktf.out/stacks/shop"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text('{"provider": {"google": [{"project": "example-shop"}]}}')
    assert "--project=example-shop --quiet" in infra(project, "runbook", "galena").stdout


def test_a_stack_in_a_project_that_nobody_knows_is_refused(project: Path) -> None:
    """In the fleet's own project another machine may have that name, and would be wiped."""
    refused = infra(project, "runbook", "galena", "--stack", "shop", "--shell")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "infra: --stack shop: nobody knows which project it is in: under cdktf.out/stacks is none; "
        "run cdktf synth first\n"
    )
    # The one stack of an app with one, as without --stack.
    done = infra(project, "runbook", "galena", "--stack", "gcp")
    assert done.stdout == infra(project, "runbook", "galena").stdout
    assert "--project=example-project --quiet" in done.stdout
    folder = project / "cdktf.out/stacks/lab"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text('{"provider": {"google": [{"project": "example-lab"}]}}')
    for name in ("gcp", "shop"):
        refused = infra(project, "runbook", "galena", "--stack", name)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "under cdktf.out/stacks is lab; run cdktf synth first" in refused.stderr


def test_cdktf_json_may_name_another_folder(project: Path) -> None:
    (project / "cdktf.json").write_text('{"output": "out"}')
    assert "-chdir=out/stacks/gcp" in infra(project, "runbook", "scheelite").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pyrite",), "machine='pyrite': one of cinnabar, galena, scheelite, stibnite"),
        (("cinnabar", "--expect", "on"), "a machine that this project provisions is wanted"),
        (("--expect", "on"), "a machine that this project provisions is wanted"),
        (("--source", "nothing:fleet"), "there is no module 'nothing'"),
    ],
)
def test_bad_input_is_told(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = infra(project, "runbook", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
