"""The command that installs NixOS, as Terraform runs it: the real ssh asks a real sshd."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra_lib import GcpMachine
from infra_lib.clouds.gcp.install import install_command
from tests.helpers.sshd import Machine
from tests.helpers.stack_fleets import FLEETS, PROJECT, cpu, fleet_of, project, with_machine
from tests.helpers.synthesis import Synthesize, changed
from tests.helpers.tools import require

ADDRESS = "203.0.113.7"
INSTALL = [
    *("machines", "install", "galena"),
    *("--update-hardware-config", "nixos-facter"),
    *("--build-on", "remote"),
    *("--host-key-check", "none"),
    *("--target-host", f"root@{ADDRESS}"),
    "--yes",
]


@pytest.fixture
def there(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def run(
    there: Machine, machine: GcpMachine | None = None, *, lacking: str = "", **fields: Any
) -> subprocess.CompletedProcess[str]:
    command = install_command(machine or cpu(), project(**fields), ADDRESS)
    return there.run(("sh",), command, **(there.without(lacking) if lacking else {}))


def test_a_new_machine_is_installed(there: Machine) -> None:
    assert run(there).returncode == 0
    assert there.installed == INSTALL


def test_it_is_the_address_that_is_asked_and_nobody_at_a_terminal(there: Machine) -> None:
    run(there)
    for asked in there.asked:
        assert f"-- root@{ADDRESS} hostname; " in asked
        assert "-o BatchMode=yes" in asked
    assert there.kept == []


@pytest.mark.parametrize("name", ["galena.us-central1-b.c.example-project.internal", "galena.zt"])
def test_a_name_with_the_domain_is_the_name(there: Machine, name: str) -> None:
    there.name = name
    assert run(there).returncode == 0
    assert there.installed == INSTALL


@pytest.mark.parametrize("name", ["halite", "galena2", "a-galena", "galena-1.zt", "", "*"])
@pytest.mark.parametrize("nixos", [False, True])
def test_a_machine_of_another_name_is_left_alone(there: Machine, name: str, nixos: bool) -> None:
    there.name, there.nixos = name, nixos
    done = run(there)
    assert done.returncode == 1
    assert f"root@{ADDRESS} answers to the name '{name}', not 'galena'" in done.stderr
    assert there.installed == []


@pytest.mark.parametrize("name", ["galena x", "galena.\nx", "galena\nx", "x\ngalena"])
@pytest.mark.parametrize("nixos", [False, True])
def test_an_answer_that_is_more_than_a_name_is_no_name(
    there: Machine, name: str, nixos: bool
) -> None:
    there.name, there.nixos = name, nixos
    done = run(there)
    assert done.returncode == 1
    assert f"root@{ADDRESS} answers with more than a name: '{name}'" in done.stderr
    assert there.installed == []


def test_nobody_but_the_fleet_says_the_name(there: Machine) -> None:
    there.name = "halite"
    command = install_command(cpu(), PROJECT, ADDRESS)
    assert there.run(("sh",), command, ANSWERS_TO="halite").returncode == 1
    assert there.installed == []


@pytest.mark.parametrize("name", ["galena", "galena.zt"])
def test_a_machine_that_runs_nixos_is_left_alone(there: Machine, name: str) -> None:
    there.nixos, there.name = True, name
    done = run(there)
    assert (done.returncode, done.stdout) == (0, "galena runs NixOS already\n")
    assert there.installed == []


def test_the_installer_of_nixos_is_no_nixos(there: Machine) -> None:
    there.nixos = there.installer = True
    assert run(there).returncode == 0
    assert there.installed == INSTALL


def test_nothing_is_installed_before_the_machine_has_answered(there: Machine) -> None:
    # It was just started: that SSH does not get through says nothing of what runs there.
    there.nixos, there.shut = True, 3
    done = run(there)
    assert (done.returncode, done.stdout) == (0, "galena runs NixOS already\n")
    assert there.installed == []


def test_a_new_machine_is_waited_for(there: Machine) -> None:
    there.shut = there.denied = 2
    assert run(there).returncode == 0
    assert len(there.asked) == 5 + 1
    assert there.installed == INSTALL


def test_a_machine_that_never_answers_is_not_installed(there: Machine) -> None:
    there.shut = 1000
    done = run(there)
    assert (done.returncode, done.stdout) == (1, "")
    assert "galena does not let root in over SSH, so nothing is installed" in done.stderr
    assert len(there.asked) == 60
    assert there.installed == []


@pytest.mark.parametrize("machine", [cpu(), cpu(stopped=True)])
@pytest.mark.parametrize("published", [True, False])
def test_shellcheck_has_nothing_to_say(
    machine: GcpMachine, published: bool, tmp_path: Path
) -> None:
    script = tmp_path / "install.sh"
    command = install_command(machine, project(guest_attributes=published), ADDRESS)
    script.write_text(f"#!/bin/sh\n{command}\n")
    done = subprocess.run(
        [require("shellcheck"), "--severity=warning", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


UNCHECKED = "galena: its host key is not checked: gcloud tells of none"


def test_a_machine_with_the_key_that_its_image_published_is_installed(there: Machine) -> None:
    done = run(there)
    assert (done.returncode, done.stderr) == (0, "")
    assert there.installed == INSTALL
    *_, asked = there.asked
    assert "-o StrictHostKeyChecking=yes" in asked
    assert there.kept == []


@pytest.mark.parametrize("published", [0, 3])
def test_a_machine_with_another_key_is_left_alone(there: Machine, published: int) -> None:
    there.image, there.published = "other", published
    done = run(there)
    assert done.returncode == 1
    assert "galena does not answer under a host key that its image has published" in done.stderr
    assert there.installed == []


def test_a_key_that_somebody_knew_before_is_not_the_one_of_the_image(there: Machine) -> None:
    """It is that of what had the name before, say."""
    there.image, there.familiar = "other", True
    assert run(there).returncode == 1
    assert there.installed == []


def test_keys_that_are_published_late_are_waited_for(there: Machine) -> None:
    there.published = 3
    done = run(there)
    assert (done.returncode, UNCHECKED in done.stderr) == (0, False)
    assert (there.questions, there.waited) == (4, 3)


def test_an_image_that_publishes_no_key_is_installed_and_that_is_said(there: Machine) -> None:
    there.published = None
    done = run(there)
    assert done.returncode == 0
    assert UNCHECKED in done.stderr
    assert "ERROR: hostkeys/ was not found" in done.stderr
    assert there.installed == INSTALL
    assert there.questions == 6


def test_without_gcloud_nothing_is_waited_for(there: Machine) -> None:
    done = run(there, lacking="gcloud")
    assert done.returncode == 0, done.stderr
    assert UNCHECKED in done.stderr
    assert there.installed == INSTALL
    assert there.waited == 0


def test_keys_are_asked_for_where_something_is_installed(there: Machine) -> None:
    there.nixos = True
    run(there)
    assert there.questions == 0


def test_a_project_that_publishes_nothing_asks_for_nothing(there: Machine) -> None:
    done = run(there, guest_attributes=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert there.questions == 0
    assert there.installed == INSTALL


def test_who_is_asked_gets_nothing_of_the_persons(there: Machine) -> None:
    """Any key will do at first, so it may be anybody."""
    run(there)
    assert there.asked
    for asked in there.asked:
        assert "-o ForwardAgent=no" in asked


def test_a_stopped_machine_says_what_to_do(there: Machine) -> None:
    done = run(there, cpu(stopped=True))
    assert done.returncode == 1
    assert "galena is stopped" in done.stderr
    assert there.asked == there.installed == []


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
    assert f'--target-host "root@${{google_compute_instance.{name}.{address}}}" --yes' in command


def test_enabling_one_machine_touches_no_other(synthesize: Synthesize) -> None:
    on = FLEETS["install"]
    before, after = synthesize(with_machine(on, "halite", enabled=False)), synthesize(on)
    assert changed(before, after) == {
        "google_compute_instance.halite",
        "terraform_data.halite",
        "output",
    }
