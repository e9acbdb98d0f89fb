"""`infra status` of what the real cdktf and Terraform deployed to the provider of the tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.deployed import GALENA, Project, scheelite
from tests.helpers.live import instance, stand_in
from tests.helpers.tools import require
from tests.terraform.harness import Workspace


@pytest.fixture
def project(workspace: Workspace) -> Project:
    require("cdktf")
    return Project(workspace)


def look(project: Project, programs: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    """What `infra status` says of each machine, by its name."""
    path = f"{programs}:{project.environment['PATH']}"
    done = project.infra("status", "--json", *arguments, PATH=path)
    assert done.returncode == 0, done.stdout
    return {each["name"]: each for each in json.loads(done.stdout)["machines"]}


def test_from_a_deployment_to_an_idle_stop_and_a_change_of_mind(
    project: Project, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    project.describe(GALENA, scheelite(", max_run_duration=14400"))
    assert project.infra("deploy", "--yes", "gcp").returncode == 0
    cloud = project.workspace.cloud
    address = cloud.instances["galena"]["network_interface"][0]["access_config"][0]["nat_ip"]
    other = cloud.instances["scheelite"]["network_interface"][0]["access_config"][0]["nat_ip"]
    galena = instance("galena", zone="us-central1-b", machine_type="e2-standard-8", ip=address)
    limit = {"maxRunDuration": {"seconds": "14400"}}
    stand_in(programs, "gcloud", [galena, instance("scheelite", ip=other, scheduling=limit)])
    found = look(project, programs)
    assert [found[name]["differences"] for name in ("galena", "scheelite")] == [[], []]
    assert {found[name]["deployed"] for name in ("galena", "scheelite")} == {"on"}
    assert found["scheelite"]["ends_at"] == "2026-11-26T14:00:00+00:00"

    # The machine turned itself off, and nobody deployed since.
    stand_in(programs, "gcloud", [galena, instance("scheelite", "TERMINATED", ip=None)])
    stopped = look(project, programs)["scheelite"]
    assert [each["kind"] for each in stopped["differences"]] == ["stopped"]
    assert (stopped["deployed"], stopped["live"]) == ("on", "stopped")
    assert 0 < stopped["usd_per_hour"] < found["scheelite"]["usd_per_hour"] / 10

    # It is described off by now, and costs what it did until somebody deploys that.
    project.describe(GALENA)
    stand_in(programs, "gcloud", [galena, instance("scheelite", ip=other)])
    left = look(project, programs)["scheelite"]
    assert [each["kind"] for each in left["differences"]] == ["undescribed"]
    assert left["differences"][0]["command"] == "infra deploy --stack gcp"
    assert left["usd_per_hour"] == 0.73
    assert "scheelite" in look(project, programs, "--no-live")


def test_what_changed_by_hand_is_read_by_the_command_that_is_named(
    project: Project, tmp_path: Path
) -> None:
    """Where nothing is to change, a deployment of the machine alone is none."""
    programs = tmp_path / "programs"
    project.describe(GALENA, scheelite())
    assert project.infra("deploy", "--yes").returncode == 0
    with project.workspace.cloud.changed() as cloud:
        instances = cloud["resources"]["google_compute_instance"]
        (gone,) = (key for key, each in instances.items() if each["name"] == "scheelite")
        del instances[gone]
        (left,) = instances.values()
        left["network_interface"][0]["access_config"][0]["nat_ip"] = "198.51.100.9"
    project.describe(GALENA, scheelite().replace("enabled=True", "enabled=False"))
    galena = instance(
        "galena", zone="us-central1-b", machine_type="e2-standard-8", ip="198.51.100.9"
    )
    stand_in(programs, "gcloud", [galena])
    command = "infra deploy --stack gcp"
    found = look(project, programs)
    for name, kind in (("galena", "address"), ("scheelite", "vanished")):
        (difference,) = found[name]["differences"]
        assert (difference["kind"], difference["command"]) == (kind, command)
    assert project.infra(*command.split()[1:], "--yes").returncode == 0
    assert not any(each["differences"] for each in look(project, programs).values())
