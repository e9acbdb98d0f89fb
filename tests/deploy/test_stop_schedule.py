"""A stop schedule comes, changes and goes, and each time touches its own machine and no other."""

from collections.abc import Callable

import pytest
from attrs import evolve

from infra_lib import Fleet, GcpMachine, GcpProject, Gpu, StopSchedule
from tests.helpers.synthesis import text_of
from tests.terraform.harness import Plan, Workspace

GALENA = GcpMachine(
    "galena",
    machine_type="e2-standard-8",
    zone="us-central1-b",
    stop_schedule=StopSchedule("0 22 * * *"),
)
SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    gpu=Gpu("nvidia-tesla-t4"),
    enabled=True,
)
EVENINGS = StopSchedule("0 20 * * *", time_zone="Europe/Berlin")
INSTANCE = "google_compute_instance.scheelite"
POLICY = "google_compute_resource_policy.scheelite-stop"


@pytest.fixture
def deploy(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plan]:
    """Deploy galena and other machines, and return what was planned."""
    monkeypatch.chdir(workspace.app)

    def deployed(*machines: GcpMachine) -> Plan:
        project = GcpProject("example-project", region="us-central1")
        fleet = Fleet(name="metals", domain="zt", gcp=project, machines=(GALENA, *machines))
        text_of(workspace.app, fleet)
        workspace.initialize()
        planned = workspace.apply()
        assert workspace.plan().actions == {}
        return planned

    return deployed


def followed(workspace: Workspace) -> list[str]:
    """The names of the policies that scheelite follows."""
    policies = workspace.cloud.instances["scheelite"]["resource_policies"] or []
    return [policy.rpartition("/")[2] for policy in policies]


def test_a_schedule_comes_and_goes_in_place(
    workspace: Workspace, deploy: Callable[..., Plan]
) -> None:
    deploy(SCHEELITE)
    assert deploy(evolve(SCHEELITE, stop_schedule=EVENINGS)).actions == {
        POLICY: ("create",),
        INSTANCE: ("update",),
    }
    assert followed(workspace) == ["scheelite-stop"]
    (schedule,) = workspace.cloud.named("resource_policy")["scheelite-stop"][
        "instance_schedule_policy"
    ]
    assert schedule["vm_stop_schedule"] == [{"schedule": "0 20 * * *"}]
    assert schedule["time_zone"] == "Europe/Berlin"

    weekdays = StopSchedule("0 18 * * MON-FRI", time_zone="Europe/Berlin")
    assert deploy(evolve(SCHEELITE, stop_schedule=weekdays)).actions == {POLICY: ("update",)}

    # The machine lets go of it before it is deleted: Compute Engine keeps what is in use.
    done = len(workspace.cloud.log)
    assert deploy(SCHEELITE).actions == {INSTANCE: ("update",), POLICY: ("delete",)}
    assert followed(workspace) == []
    assert [call.partition(":")[0] for call in workspace.cloud.log[done:]] == [
        "instances.update scheelite",
        "resource_policys.delete scheelite-stop",
    ]


def test_it_exists_with_its_machine(workspace: Workspace, deploy: Callable[..., Plan]) -> None:
    scheduled = evolve(SCHEELITE, stop_schedule=EVENINGS)
    off = evolve(scheduled, enabled=False)
    deploy(off)
    assert deploy(scheduled).actions == {POLICY: ("create",), INSTANCE: ("create",)}
    assert deploy(off).actions == {INSTANCE: ("delete",), POLICY: ("delete",)}
    assert list(workspace.cloud.named("resource_policy")) == ["galena-stop"]


def test_the_next_deployment_starts_what_a_schedule_stopped(
    workspace: Workspace, deploy: Callable[..., Plan]
) -> None:
    scheduled = evolve(SCHEELITE, stop_schedule=EVENINGS)
    deploy(scheduled)
    with workspace.cloud.changed() as content:
        for instance in content["resources"]["google_compute_instance"].values():
            instance["current_status"] = "TERMINATED"
    assert deploy(scheduled).actions == {
        INSTANCE: ("update",),
        "google_compute_instance.galena": ("update",),
    }
    assert workspace.cloud.instances["scheelite"]["current_status"] == "RUNNING"
