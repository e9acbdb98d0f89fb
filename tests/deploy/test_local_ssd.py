"""Local SSDs that Compute Engine attaches unasked, since they come with a machine type."""

from pathlib import Path
from typing import Any

import pytest

from infra_lib import Catalog, FleetError, GcpMachine, MachineType, StopSchedule
from infra_lib.operate.runbook import Writer
from tests.helpers.stack_fleets import fleet_of
from tests.helpers.synthesis import instance, stack_of, text_of
from tests.terraform.harness import Workspace


def test_a_machine_that_comes_with_local_ssds_is_not_made_anew_for_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.app)
    machine = GcpMachine(
        "anatase", machine_type="a2-ultragpu-1g", zone="us-central1-a", enabled=True
    )
    text_of(workspace.app, fleet_of(machine))
    workspace.initialize()
    workspace.apply()
    with workspace.cloud.changed() as content:
        (made,) = content["resources"]["google_compute_instance"].values()
        made["scratch_disk"] = [{"device_name": "local-ssd-0", "interface": "NVME", "size": 375}]
    assert workspace.plan().actions == {}


def machine(machine_type: str = "a3-highgpu-8g", **fields: Any) -> GcpMachine:
    given = {"zone": "us-central1-a", "enabled": True, **fields}
    return GcpMachine("anatase", machine_type=machine_type, **given)


STOPPED: dict[str, tuple[dict[str, Any], str]] = {
    "stopped": ({"stopped": True}, "take enabled=False"),
    "by a schedule": ({"stop_schedule": StopSchedule("0 20 * * *")}, "take max_run_duration"),
    "at the end of a run": ({"max_run_duration": 3600}, "agree with discard_local_ssd=True, or"),
    "at the end of a run as it is said": (
        {"max_run_duration": 3600, "instance_termination_action": "STOP"},
        'take instance_termination_action="DELETE"',
    ),
    "at the end of a Spot VM's run": ({"max_run_duration": 3600, "spot": True}, "agree with"),
}


@pytest.mark.parametrize("machine_type", ["a2-ultragpu-1g", "a3-highgpu-8g", "c3-standard-4-lssd"])
@pytest.mark.parametrize(("fields", "instead"), STOPPED.values(), ids=STOPPED)
def test_a_machine_with_local_ssds_is_not_one_that_is_stopped(
    machine_type: str, fields: dict[str, Any], instead: str
) -> None:
    catalog = Catalog(machine_types=(MachineType("c3-standard-4-lssd", 4, 16),))
    with pytest.raises(FleetError) as caught:
        machine(machine_type, catalog=catalog, **fields)
    assert f"'anatase': {next(iter(fields))}=" in str(caught.value)
    assert f"{machine_type} comes with Local SSDs" in str(caught.value)
    assert instead in str(caught.value)
    # Without Local SSDs each of them is a way to save.
    assert machine("a2-highgpu-1g", **fields).enabled


@pytest.mark.parametrize(
    ("fields", "scheduling"),
    [
        (
            {"max_run_duration": 3600, "discard_local_ssd": True},
            {
                "instance_termination_action": "STOP",
                "on_instance_stop_action": {"discard_local_ssd": True},
            },
        ),
        (
            {"max_run_duration": 3600, "instance_termination_action": "DELETE"},
            {"instance_termination_action": "DELETE"},
        ),
        (
            {"max_run_duration": 3600, "spot": True, "discard_local_ssd": True},
            {
                "instance_termination_action": "STOP",
                "on_instance_stop_action": {"discard_local_ssd": True},
            },
        ),
        # One that is preempted loses what is on them, and Compute Engine asks nothing.
        ({"spot": True}, {"instance_termination_action": "STOP"}),
    ],
)
def test_what_becomes_of_local_ssds_is_said_where_it_can_be(
    fields: dict[str, Any],
    scheduling: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    said_of = instance(stack_of(tmp_path, fleet_of(machine(**fields))), "anatase")["scheduling"]
    names = ("instance_termination_action", "on_instance_stop_action")
    assert {name: said_of[name] for name in names if name in said_of} == scheduling


def test_a_run_that_discards_local_ssds_is_deployed_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.app)
    limited = machine("a2-ultragpu-1g", max_run_duration=3600, discard_local_ssd=True)
    text_of(workspace.app, fleet_of(limited))
    workspace.initialize()
    workspace.apply()
    (made,) = workspace.cloud.content()["resources"]["google_compute_instance"].values()
    (scheduling,) = made["scheduling"]
    assert scheduling["on_instance_stop_action"] == [{"discard_local_ssd": True}]
    assert workspace.plan().actions == {}


@pytest.mark.parametrize(
    ("machine_type", "fields"),
    [
        ("a3-highgpu-8g", {}),
        ("a3-highgpu-8g", {"spot": True}),
        (
            "a3-highgpu-8g",
            {"max_run_duration": 3600, "instance_termination_action": "DELETE"},
        ),
        ("a2-highgpu-1g", {"max_run_duration": 3600}),
    ],
)
def test_local_ssds_are_discarded_only_where_it_says_something(
    machine_type: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(FleetError, match="discard_local_ssd=True: only for a machine type that"):
        machine(machine_type, discard_local_ssd=True, **fields)


def test_the_runbook_advises_to_stop_only_what_can_be_stopped() -> None:
    def advised(machine_type: str) -> bool:
        described = machine(machine_type)
        steps = [
            step.text
            for each in Writer(fleet=fleet_of(described)).runbooks(described)
            if each.action == "down"
            for step in each.steps
        ]
        assert any("enabled=False" in text for text in steps)
        return any("stopped=True instead" in text for text in steps)

    assert advised("a2-highgpu-1g")
    assert not advised("a3-highgpu-8g")


def test_a_tpu_is_stopped_for_the_maintenance_of_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog = Catalog(machine_types=(MachineType("ct5lp-hightpu-4t", 112, 192),))
    tpu = machine("ct5lp-hightpu-4t", catalog=catalog)
    found = instance(stack_of(tmp_path, fleet_of(tpu)), "anatase")
    assert found["scheduling"]["on_host_maintenance"] == "TERMINATE"
    assert "guest_accelerator" not in found
