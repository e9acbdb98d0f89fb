"""The command that installs NixOS, run by a shell with stand-ins for ssh and clan."""

import os
import subprocess
from pathlib import Path

import pytest

from infra_lib import GcpMachine
from infra_lib.stacks.install import install_command

from .fleets import FLEETS, cpu, fleet_of, with_machine
from .synthesis import Synthesize, changed


def run(
    folder: Path, machine: GcpMachine, *, nixos: bool, silent: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the command; ssh does not get through the first `silent` times."""
    answers = f'echo >>"{folder}/tries"; [ "$(wc -l <"{folder}/tries")" -le {silent} ] && exit 255'
    for name, text in {
        "ssh": f"{answers}\nexit {int(not nixos)}",
        "clan": 'printf "%s\\n" "$@"',
        "sleep": "exit",
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["sh", "-c", install_command(machine, "203.0.113.7")],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_machine_is_installed(tmp_path: Path) -> None:
    done = run(tmp_path, cpu(), nixos=False)
    assert done.stdout.split() == [
        *("machines", "install", "galena"),
        *("--update-hardware-config", "nixos-facter"),
        *("--build-on", "remote"),
        *("--host-key-check", "none"),
        *("--target-host", "root@203.0.113.7"),
        "--yes",
    ]


def test_a_machine_that_runs_nixos_is_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, cpu(), nixos=True)
    assert (done.returncode, done.stdout) == (0, "galena runs NixOS already\n")


def test_nothing_is_installed_before_the_machine_has_answered(tmp_path: Path) -> None:
    # It was just started: that SSH does not get through says nothing of what runs there.
    done = run(tmp_path, cpu(), nixos=True, silent=3)
    assert (done.returncode, done.stdout) == (0, "galena runs NixOS already\n")


def test_a_new_machine_is_waited_for(tmp_path: Path) -> None:
    assert "install" in run(tmp_path, cpu(), nixos=False, silent=3).stdout.split()


def test_a_machine_that_never_answers_is_not_installed(tmp_path: Path) -> None:
    done = run(tmp_path, cpu(), nixos=True, silent=1000)
    assert (done.returncode, done.stdout) == (1, "")
    assert "galena does not let root in over SSH, so nothing is installed" in done.stderr


def test_a_stopped_machine_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path, cpu(stopped=True), nixos=False)
    assert done.returncode == 1
    assert "galena is stopped" in done.stderr


def test_it_is_off_unless_the_fleet_asks(synthesize: Synthesize) -> None:
    assert "terraform_data" not in synthesize(fleet_of(cpu()))["resource"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("galena", "network_interface[0].access_config[0].nat_ip"),
        ("halite", "network_interface[0].network_ip"),
    ],
)
def test_it_runs_when_a_machine_is_made(synthesize: Synthesize, name: str, address: str) -> None:
    data = synthesize(FLEETS["install"])["resource"]["terraform_data"][name]
    assert data["triggers_replace"] == f"${{google_compute_instance.{name}.instance_id}}"
    command = data["provisioner"][0]["local-exec"]["command"]
    assert f"--target-host root@${{google_compute_instance.{name}.{address}}} --yes" in command


def test_enabling_one_machine_touches_no_other(synthesize: Synthesize) -> None:
    on = FLEETS["install"]
    before, after = synthesize(with_machine(on, "halite", enabled=False)), synthesize(on)
    assert changed(before, after) == {
        "google_compute_instance.halite",
        "terraform_data.halite",
        "output",
    }
