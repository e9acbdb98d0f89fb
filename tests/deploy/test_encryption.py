"""A fleet whose state is encrypted, deployed with the real cdktf and the real OpenTofu."""

import json
import shutil
from pathlib import Path

import pytest

from tests.helpers.deployed import GALENA, Project
from tests.helpers.tools import require

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of the test alone
ENCRYPTED = "state_encryption=StateEncryption(),"
MIGRATING = "state_encryption=StateEncryption(migrate=True),"

pytestmark = pytest.mark.usefixtures("cdktf")


@pytest.fixture
def tofu() -> dict[str, str]:
    """The environment of somebody who encrypts."""
    return {"TERRAFORM_BINARY_NAME": require("tofu"), "TF_VAR_state_passphrase": PASSPHRASE}


def state(project: Project) -> str:
    return (project.workspace.app / "terraform.gcp.tfstate").read_text()


def test_the_state_is_encrypted_and_read_again(project: Project, tofu: dict[str, str]) -> None:
    project.describe(GALENA, fields=ENCRYPTED)
    done = project.infra("deploy", "--yes", **tofu)
    assert done.returncode == 0, done.stdout
    assert PASSPHRASE not in done.stdout
    assert json.loads(state(project)).keys() >= {"encrypted_data", "lineage"}
    assert "galena" not in state(project)
    # What it wrote down was in the state alone.
    assert project.facts("galena")["external_ip"]
    written = [
        path
        for path in project.workspace.app.rglob("*")
        if path.is_file() and PASSPHRASE.encode() in path.read_bytes()
    ]
    assert written == []

    again = project.infra("deploy", "--plan", **tofu)
    assert (again.returncode, "No changes" in again.stdout) == (0, True), again.stdout
    assert project.infra("sync", "--check", **tofu).returncode == 0
    wrong = project.infra("sync", **tofu | {"TF_VAR_state_passphrase": PASSPHRASE[::-1]})
    assert wrong.returncode == 2
    assert "decryption failed" in wrong.stdout
    none = project.infra("sync", **tofu | {"TF_VAR_state_passphrase": ""})
    assert none.returncode == 2
    assert "TF_VAR_state_passphrase is not set: it is the passphrase" in none.stdout


def test_a_state_that_is_not_encrypted_is_refused_until_it_is_migrated(
    project: Project, tofu: dict[str, str]
) -> None:
    project.describe(GALENA)
    assert project.infra("deploy", "--yes", **tofu).returncode == 0
    assert "galena" in state(project)

    project.describe(GALENA, fields=ENCRYPTED)
    refused = project.infra("deploy", "--yes", **tofu)
    assert refused.returncode == 1
    assert "galena" in state(project)

    project.describe(GALENA, fields=MIGRATING)
    migrated = project.infra("deploy", "--yes", **tofu)
    assert migrated.returncode == 0, migrated.stdout
    assert "encrypted_data" in json.loads(state(project))
    assert [*project.workspace.cloud.instances] == ["galena"]

    project.describe(GALENA, fields=ENCRYPTED)
    assert "No changes" in project.infra("deploy", "--plan", **tofu).stdout


def test_terraform_is_refused_before_it_does_anything(project: Project) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not on PATH")
    project.describe(GALENA, fields=ENCRYPTED)
    done = project.infra(
        "deploy", "--yes", TERRAFORM_BINARY_NAME=terraform, TF_VAR_state_passphrase=PASSPHRASE
    )
    assert done.returncode == 2
    message = done.stdout.splitlines()[-1]
    assert message.startswith(f"infra: {terraform} is Terraform v")
    assert "The state is encrypted, as Fleet(state_encryption=…) says, which OpenTofu" in message
    assert message.endswith("and set TERRAFORM_BINARY_NAME=tofu")
    assert "Initializing" not in done.stdout
    assert not Path(project.workspace.app, "cdktf.out/stacks/gcp/.terraform").exists()
    assert project.workspace.cloud.instances == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "TF_VAR_state_passphrase is not set: it is the passphrase"),
        ("fifteen letters", "TF_VAR_state_passphrase holds fewer than 16 characters: it is"),
    ],
)
def test_a_passphrase_that_will_not_do_is_refused_before_anything_is_done(
    project: Project, tofu: dict[str, str], given: str, said: str
) -> None:
    project.describe(GALENA, fields=ENCRYPTED)
    done = project.infra("deploy", "--yes", **tofu | {"TF_VAR_state_passphrase": given})
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].startswith(f"infra: {said}")
    assert not given or given not in done.stdout
    assert project.workspace.cloud.instances == {}
