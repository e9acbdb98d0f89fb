"""Switches and destroy through the real cdktf and Terraform, to the provider of the tests."""

import json

import pytest

from tests.helpers.deployed import GALENA, Project, scheelite
from tests.helpers.tools import require
from tests.terraform.harness import Workspace

OFF = scheelite("").replace("enabled=True", "enabled=False")
WITH_ORE = GALENA.replace("zone=", 'data_disks=[DataDisk("ore", size_gb=10)], zone=')


@pytest.fixture
def project(workspace: Workspace) -> Project:
    """A project without a fleet, over an empty cloud."""
    require("cdktf")
    return Project(workspace)


def described(project: Project) -> str:
    return (project.workspace.app / "main.py").read_text()


def test_a_machine_is_switched_on_and_off_in_text_and_cloud(project: Project) -> None:
    project.describe(GALENA, OFF)
    assert project.infra("deploy", "--yes").returncode == 0
    cloud = project.workspace.cloud
    galena = cloud.instances["galena"]

    done = project.infra("enable", "scheelite", "--for", "4h", "--deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert cloud.instances["scheelite"]["scheduling"][0]["max_run_duration"][0]["seconds"] == 14400
    assert cloud.instances["galena"] == galena
    assert "enabled=True, on_until=" in described(project)

    # Somebody else's change of another machine is in the description by now.
    project_text = described(project).replace("e2-standard-8", "e2-standard-4")
    (project.workspace.app / "main.py").write_text(project_text)
    done = project.infra("disable", "scheelite", "--deploy", "--yes")
    assert done.returncode == 1
    assert (
        "more would change than scheelite: google_compute_instance.galena (of galena: update)"
        in (done.stdout)
    )
    assert "main.py: changed all the same, and it stays so" in done.stdout
    assert cloud.instances.keys() == {"galena", "scheelite"}
    text = described(project)
    assert "enabled=False" in text
    assert "on_until" not in text
    assert "max_run_duration" not in text

    (project.workspace.app / "main.py").write_text(text.replace("standard-4", "standard-8"))
    done = project.infra("disable", "scheelite", "--deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert "scheelite: off already" in done.stdout
    assert cloud.instances == {"galena": galena}


def test_machines_are_taken_down_and_their_disks_stay(project: Project) -> None:
    project.describe(WITH_ORE, OFF)
    assert project.infra("deploy", "--yes").returncode == 0
    cloud = project.workspace.cloud
    before, log = described(project), cloud.log

    shown = project.infra("destroy", "--plan")
    assert shown.returncode == 0, shown.stdout
    assert "No data disk is deleted: ore stays" in shown.stdout
    data = json.loads(project.infra("destroy", "--plan", "--json").stdout)
    assert data["order"] == [{"stack": "gcp", "machines": ["galena", "scheelite"]}]
    assert data["stays"]["USD"]["per_month"] == pytest.approx(1.0)
    asked = project.infra_at_terminal("destroy", answer="galena")
    assert asked[0] == 1
    assert "nothing was changed" in asked[1]
    assert (described(project), cloud.log) == (before, log)

    status, seen = project.infra_at_terminal("destroy", answer="metals")
    assert status == 0, seen
    assert cloud.instances == {}
    assert [*cloud.named("disk")] == ["ore"]
    assert project.facts("galena").get("external_ip") is None
    again = project.infra("destroy", "galena", "--yes")
    assert again.returncode == 0, again.stdout
    assert "as it is described already, so that nothing is deployed: galena" in again.stdout
    assert [*cloud.named("disk")] == ["ore"]


def test_what_cannot_be_deployed_is_not_written(project: Project) -> None:
    project.describe(GALENA, OFF, fields="budget_usd_per_hour=0.3,")
    before = described(project)
    for arguments in (
        ("enable", "scheelite", "--deploy", "--yes"),  # the budget
        ("disable", "galena", "--deploy"),  # nobody to ask
    ):
        done = project.infra(*arguments)
        assert done.returncode == 2, done.stdout
        assert described(project) == before


def test_a_budget_keeps_nobody_from_switching_off(project: Project) -> None:
    on = OFF.replace("enabled=False", "enabled=True")
    project.describe(GALENA, on, fields="budget_usd_per_hour=0.001,")
    assert project.infra("deploy", "--yes", "--over-budget").returncode == 0
    cloud = project.workspace.cloud
    done = project.infra("stop", "scheelite", "--deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert "will refuse" not in done.stdout
    assert cloud.instances["scheelite"]["desired_status"] == "TERMINATED"
    done = project.infra("disable", "scheelite", "--deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert cloud.instances.keys() == {"galena"}
    done = project.infra("destroy", "galena", "--yes")
    assert done.returncode == 0, done.stdout
    assert cloud.instances == {}
