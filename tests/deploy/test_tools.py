"""What `infra deploy` says where a program or Terraform's provider is missing, and tools talk."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra_lib.terraform.process import run
from tests.helpers.deployed import GALENA, Project
from tests.helpers.tools import require
from tests.terraform.harness import REGISTRIES, StandIn, platform

COST = "galena   on     us-central1-b  on demand  $0.2867  $209.32\n"
NODE = "node is not on PATH: install Node.js 20 or 22"
CDKTF = "cdktf is not on PATH: npm install cdktf-cli@0.21"
TERRAFORM = (
    "terraform is not on PATH: install Terraform, or OpenTofu, which is used with "
    "TERRAFORM_BINARY_NAME=tofu, from your package manager, "
    "https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ((), (NODE, CDKTF, TERRAFORM)),
        (("node",), (CDKTF, TERRAFORM)),
        (("cdktf", "terraform"), (NODE,)),
        (("cdktf", "node"), (TERRAFORM,)),
        (("node", "terraform"), (CDKTF,)),
    ],
)
def test_every_program_that_is_missing_is_named_after_what_the_fleet_costs(
    project: Project, path: Path, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    for name in there:
        (path / name).write_text("#!/bin/sh\nexit 1\n")
        (path / name).chmod(0o755)
    project.describe(GALENA)
    done = project.infra("deploy", "--yes", PATH=str(path), TERRAFORM_BINARY_NAME="terraform")
    assert done.returncode == 2
    assert COST in done.stdout
    message = done.stdout.splitlines()[-1]
    assert message.startswith("infra: ")
    named = [each for each in (NODE, CDKTF, TERRAFORM) if each in message]
    assert named == [*missing]
    assert project.workspace.cloud.instances == {}


def test_a_terraform_that_is_found_from_one_folder_only_is_refused(project: Project) -> None:
    """It runs in the folders of stacks, where cdktf would fail to start it."""
    require("cdktf")
    project.describe(GALENA)
    own = project.workspace.app / "own"
    own.write_text("#!/bin/sh\nexit 1\n")
    own.chmod(0o755)
    done = project.infra("deploy", "--yes", TERRAFORM_BINARY_NAME="./own")
    assert done.returncode == 2
    assert f"TERRAFORM_BINARY_NAME={own} names it whole\n" in done.stdout


@pytest.mark.parametrize(
    ("broken", "said"),
    [(False, "any of the search locations"), (True, "Error while installing hashicorp/google")],
)
def test_a_provider_that_cannot_be_had_is_named_after_what_the_fleet_costs(
    project: Project, tmp_path: Path, *, broken: bool, said: str
) -> None:
    require("cdktf")
    mirrored = tmp_path / "nothing"
    mirrored.mkdir()
    machine = platform(project.workspace.binary)
    for registry in REGISTRIES if broken else ():
        folder = mirrored / registry / "hashicorp" / "google"
        folder.mkdir(parents=True)
        (folder / f"terraform-provider-google_7.0.0_{machine}.zip").write_text("no zip")
    config = tmp_path / "nothing.rc"
    mirror = f'filesystem_mirror {{\n  path = "{tmp_path}/nothing"\n}}'
    config.write_text(f"provider_installation {{\n{mirror}\n}}\n")
    project.describe(GALENA)
    done = project.infra("deploy", "--yes", TF_CLI_CONFIG_FILE=str(config))
    assert done.returncode == 1
    reason, cost, message = done.stdout.partition(COST)
    assert cost, done.stdout
    assert said in " ".join(reason.split())  # Terraform's own words
    last = message.splitlines()[-1]
    assert last.startswith("infra: stack gcp: ")
    assert "cannot get its provider hashicorp/google, for the reason above" in last
    assert "nothing was deployed" in last
    assert "put it into ~/.terraform.d/plugins: what " in last
    assert "terraform providers mirror DIR, run in " in last
    assert project.workspace.cloud.instances == {}


def test_a_provider_in_the_folder_that_the_message_names_is_taken(
    project: Project, stand_in: StandIn, tmp_path: Path
) -> None:
    require("cdktf")
    home = tmp_path / "home"
    (home / ".terraform.d").mkdir(parents=True)
    (home / ".terraform.d" / "plugins").symlink_to(stand_in.mirror)
    project.describe(GALENA)
    nothing = tmp_path / "empty.rc"
    nothing.touch()
    done = project.infra(
        "deploy",
        "--yes",
        HOME=str(home),
        TF_CLI_CONFIG_FILE=str(nothing),
        TF_CLI_ARGS_providers_lock="",
    )
    assert done.returncode == 0, done.stdout
    assert list(project.workspace.cloud.instances) == ["galena"]


def test_a_provider_that_was_locked_and_will_not_do_gives_way_to_a_newer_one(
    project: Project,
) -> None:
    require("cdktf")
    project.describe(GALENA)
    assert project.infra("deploy", "--plan").returncode == 0
    lock = project.workspace.folder / ".terraform.lock.hcl"
    newer = lock.read_text()
    older = re.sub(r'version( +)= "7\..*"', r'version\1= "6.50.0"', newer)
    assert older != newer
    lock.write_text(older)
    done = project.infra("deploy", "--plan")
    assert done.returncode == 0, done.stdout
    assert "init -upgrade" in done.stdout  # Terraform's own words, on the first try
    assert lock.read_text() == newer


def test_no_tool_speaks_of_versions_of_itself_or_of_nodes_end(project: Project) -> None:
    require("cdktf")
    project.describe(GALENA)
    told = ("CHECKPOINT_DISABLE", "DISABLE_VERSION_CHECK", "JSII_SILENCE_WARNING_")
    environment = {
        name: value for name, value in project.environment.items() if not name.startswith(told)
    }
    done = subprocess.run(
        [sys.executable, "-m", "infra_lib", "deploy", "--plan"],
        cwd=project.workspace.app,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "end-of-life" not in done.stdout
    assert "[ERROR]" not in done.stdout
    assert "checkpoint" not in done.stdout.lower()


def test_what_the_user_says_of_versions_comes_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHECKPOINT_DISABLE", "")
    monkeypatch.delenv("DISABLE_VERSION_CHECK", raising=False)
    script = 'echo "<$CHECKPOINT_DISABLE> <$DISABLE_VERSION_CHECK>"'
    assert run(["sh", "-c", script], tmp_path) == 0
    assert capfd.readouterr().out == "<> <1>\n"
    assert "DISABLE_VERSION_CHECK" not in os.environ
