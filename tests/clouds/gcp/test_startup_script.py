"""The startup script, run for real in a folder that stands for the machine's root."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import Reference
from infra_lib.clouds.gcp.startup_script import own_startup_script, startup_script
from tests.helpers.tools import require

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFub3RoZXIgYWRtaW46IG5vIHByaXZhdGUga2V5Li4u other"
DEBIAN = "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n"


class Machine:
    """A root folder; on its PATH stand-ins for curl (to the metadata), sshd and systemctl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.bin = folder / "stand-ins"
        for path in ("root/.ssh", "etc/ssh/sshd_config.d"):
            (self.root / path).mkdir(parents=True)
        self.bin.mkdir()
        self.write("/etc/ssh/sshd_config", DEBIAN)
        self.stand_in("curl", f"cat {folder}/keys")
        self.stand_in("sshd", "exit 0")
        self.stand_in("systemctl", f'echo "$@" >>{folder}/systemctl')
        self.metadata(f"root:{KEY}")

    def stand_in(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def metadata(self, keys: str) -> None:
        (self.folder / "keys").write_text(keys)

    def write(self, path: str, text: str) -> None:
        (self.root / path[1:]).write_text(text)

    def read(self, path: str) -> str:
        return (self.root / path[1:]).read_text()

    def boot(self, own: str = "") -> subprocess.CompletedProcess[str]:
        script = startup_script(own)
        for path in ("/root/", "/etc/", "/run/"):
            script = script.replace(path, f"{self.root}{path}")
        # An Include names a path as sshd sees it.
        script = script.replace(rf"Include[[:space:]]+{self.root}/etc/", "Include[[:space:]]+/etc/")
        file = self.folder / "startup-script"
        file.write_text(script)
        file.chmod(0o755)
        env = {
            **os.environ,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "TMPDIR": str(self.folder),
        }
        return subprocess.run(
            [file], env=env, capture_output=True, text=True, check=False, cwd=self.folder
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def effective(machine: Machine) -> list[str]:
    """What sshd reads: the drop-ins in order where they are included, then the rest."""
    lines: list[str] = []
    for line in machine.read("/etc/ssh/sshd_config").splitlines():
        if line.startswith("Include "):
            for path in sorted((machine.root / "etc/ssh/sshd_config.d").glob("*.conf")):
                lines += path.read_text().splitlines()
        else:
            lines.append(line)
    return lines


def first(machine: Machine, option: str) -> str:
    return next(line.split()[1] for line in effective(machine) if line.startswith(option))


def test_root_logs_in_by_the_keys_in_metadata_only(machine: Machine) -> None:
    machine.metadata(f"root:{KEY}\nalice:{OTHER}\n")
    done = machine.boot()
    assert (done.returncode, done.stderr) == (0, "")
    assert KEY in machine.read("/root/.ssh/authorized_keys").splitlines()
    assert OTHER not in machine.read("/root/.ssh/authorized_keys")
    assert first(machine, "PermitRootLogin") == "prohibit-password"
    assert first(machine, "PubkeyAuthentication") == "yes"
    assert (machine.folder / "systemctl").read_text() == "try-reload-or-restart ssh\n"


def test_drop_ins_of_others_come_after(machine: Machine) -> None:
    machine.write("/etc/ssh/sshd_config.d/01-google.conf", "PermitRootLogin no\n")
    machine.boot()
    assert first(machine, "PermitRootLogin") == "prohibit-password"


def test_an_image_without_drop_ins(machine: Machine) -> None:
    machine.write("/etc/ssh/sshd_config", "PermitRootLogin no\nUsePAM yes\n")
    machine.boot()
    assert first(machine, "PermitRootLogin") == "prohibit-password"
    assert "UsePAM yes" in effective(machine)


def test_each_boot_does_the_same_and_reloads_nothing_twice(machine: Machine) -> None:
    machine.write("/root/.ssh/authorized_keys", f"# Added by Google\n{OTHER}\n")
    machine.boot()
    files = ("/root/.ssh/authorized_keys", "/etc/ssh/sshd_config.d/00-infra_lib.conf")
    before = [machine.read(path) for path in files]
    assert machine.boot().returncode == 0
    assert [machine.read(path) for path in files] == before
    assert (machine.folder / "systemctl").read_text() == "try-reload-or-restart ssh\n"
    assert before[0].endswith(f"# Added by Google\n{OTHER}\n")


def test_a_key_that_left_the_metadata_leaves_root(machine: Machine) -> None:
    machine.boot()
    machine.metadata(f"root:{OTHER}")
    machine.boot()
    assert KEY not in machine.read("/root/.ssh/authorized_keys")
    assert OTHER in machine.read("/root/.ssh/authorized_keys")


def test_our_key_comes_before_one_that_only_refuses(machine: Machine) -> None:
    machine.write("/root/.ssh/authorized_keys", f'command="echo no" {KEY}\n')
    machine.boot()
    lines = machine.read("/root/.ssh/authorized_keys").splitlines()
    assert lines.index(KEY) < lines.index(f'command="echo no" {KEY}')


def test_only_root_reads_the_keys(machine: Machine) -> None:
    machine.boot()
    assert (machine.root / "root/.ssh/authorized_keys").stat().st_mode & 0o777 == 0o600


def test_a_change_that_sshd_refuses_is_taken_back(machine: Machine) -> None:
    machine.write("/etc/ssh/sshd_config", "PermitRootLogin no\n")
    machine.stand_in("sshd", "exit 1")
    done = machine.boot()
    assert machine.read("/etc/ssh/sshd_config") == "PermitRootLogin no\n"
    assert "taken back" in done.stderr


def test_nixos_is_left_alone(machine: Machine) -> None:
    machine.write("/etc/NIXOS", "")
    assert machine.boot("echo own").stdout == "own\n"
    assert not (machine.root / "root/.ssh/authorized_keys").exists()
    assert machine.read("/etc/ssh/sshd_config") == DEBIAN


def test_metadata_that_cannot_be_read_is_said_and_the_own_script_still_runs(
    machine: Machine,
) -> None:
    machine.stand_in("curl", "exit 22")
    done = machine.boot("echo own")
    assert done.stdout == "own\n"
    assert "no key of root" in done.stderr


@pytest.mark.parametrize(
    ("own", "printed"),
    [
        ("echo sh", "sh\n"),
        ("#!/bin/bash\na=(1 2); echo ${a[1]}", "2\n"),
        ("#!/usr/bin/env python3\nprint('python')\n", "python\n"),
        ("cat <<'END'\nnested\nEND\necho after", "nested\nafter\n"),
        ("printf '%s ' '\\' \"it's\" $((1 + 1))", "\\ it's 2 "),
    ],
)
def test_the_machines_own_script_runs_as_it_is(machine: Machine, own: str, printed: str) -> None:
    done = machine.boot(own)
    assert (done.stdout, done.stderr) == (printed, "")


def test_the_own_script_is_read_by_root_only(machine: Machine) -> None:
    assert machine.boot('ls -l "$0"').stdout.startswith("-rwx------ ")


def test_a_script_of_nothing_but_space_is_none() -> None:
    assert startup_script(" \n\t\n") == startup_script("")


def test_the_own_scripts_failure_is_the_startup_scripts(machine: Machine) -> None:
    assert machine.boot("exit 7").returncode == 7
    assert not list(machine.folder.glob("tmp.*"))


@pytest.mark.parametrize("own", ["", "echo own\n"])
def test_shellcheck_finds_nothing(own: str) -> None:
    done = subprocess.run(
        [
            require("shellcheck"),
            "--shell=sh",
            "--enable=all",
            "--exclude=SC2312,SC2310,SC2250",
            "-",
        ],
        input=startup_script(own),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""


def test_terraform_sees_no_template_in_it() -> None:
    script = startup_script("own")
    assert "${" not in script
    assert "%{" not in script


@pytest.mark.parametrize(
    "own",
    [
        "",
        "echo hello",
        "#!/bin/bash\necho hello\n",
        "echo one\necho two\n",
        "#!/usr/bin/env python3\nprint('END')\n",
        "cat <<END\nEND\nEND_\n",
        Reference("${file(var.script)}"),
    ],
)
def test_a_machines_own_script_is_found_again(own: str) -> None:
    value = startup_script(own)
    found = own_startup_script(Reference(value) if isinstance(own, Reference) else value)
    assert found == own
    assert type(found) is type(own)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60))
def test_what_is_found_again_makes_the_same_value(own: str) -> None:
    value = startup_script(own)
    assert startup_script(own_startup_script(value)) == value


def test_a_script_that_no_stack_wrote_is_all_the_machines_own() -> None:
    for script in ("", "echo hello", "#!/bin/sh\napt-get update\n"):
        assert own_startup_script(script) == script


def test_what_an_earlier_release_wrote_before_it_is_taken_off() -> None:
    older = startup_script("echo hello").replace("authorize_root", "let_root_in")
    assert own_startup_script(older) == "echo hello"
    assert own_startup_script(startup_script().replace("umask 077", "umask 77")) == ""
