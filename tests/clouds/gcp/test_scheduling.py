"""How a machine is provisioned, how its runs end, and what maintenance of its host does to it."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import FleetError, GcpMachine, Gpu
from infra_lib.clouds.gcp.instance_state import read_instance
from tests.helpers.stack_fleets import cpu, gpu, newer

from .test_hardware import instance

WEEK = 7 * 24 * 60 * 60


def scheduling(machine: GcpMachine) -> dict[str, Any]:
    """What is said of a machine's scheduling, but for what is left out."""
    said: dict[str, Any] = instance(machine)["scheduling"]
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize(
    ("machine_type", "fields", "maintenance"),
    [
        ("e2-standard-8", {}, "MIGRATE"),
        ("e2-standard-8", {"on_host_maintenance": "MIGRATE"}, "MIGRATE"),
        ("e2-standard-8", {"spot": True, "on_host_maintenance": "TERMINATE"}, "TERMINATE"),
        ("e2-standard-8", {"provisioning_model": "RESERVATION_BOUND"}, "MIGRATE"),
        ("n2-standard-8", {"provisioning_model": "RESERVATION_BOUND"}, "TERMINATE"),
        ("n2-standard-8", {"on_host_maintenance": "TERMINATE"}, "TERMINATE"),
        ("n2-standard-8", {}, "MIGRATE"),
        ("h3-standard-88", {}, "MIGRATE"),
        ("h4d-standard-192", {}, "TERMINATE"),
        ("c3-standard-8", {}, "MIGRATE"),
        ("c3-standard-192-metal", {}, "TERMINATE"),
        ("z3-highmem-44-highlssd", {}, "MIGRATE"),
        ("z3-highmem-88-highlssd", {}, "TERMINATE"),
        ("g2-standard-4", {}, "TERMINATE"),
        ("a4-highgpu-8g", {"zone": "us-central1-b"}, "TERMINATE"),
        ("x9-standard-8", {}, "MIGRATE"),
        (
            "x9-standard-8",
            {"provisioning_model": "FLEX_START", "max_run_duration": WEEK},
            "TERMINATE",
        ),
        ("n2d-standard-8", {"confidential": "SEV"}, "TERMINATE"),
        ("n2d-standard-8", {"confidential": "SEV", "on_host_maintenance": "MIGRATE"}, "MIGRATE"),
    ],
)
def test_maintenance_moves_a_machine_that_can_be_moved(
    machine_type: str, fields: dict[str, Any], maintenance: str
) -> None:
    bound = {"reservation": "lab"} if "RESERVATION_BOUND" in fields.values() else {}
    machine = newer(machine_type, **fields, **bound)
    assert machine.on_host_maintenance == maintenance
    assert scheduling(machine)["on_host_maintenance"] == maintenance


def test_a_machine_that_is_moved_and_may_not_be_terminated_is_not() -> None:
    with pytest.raises(FleetError, match="a machine of z3 is always moved"):
        newer("z3-highmem-44-highlssd", on_host_maintenance="TERMINATE")


def test_gpus_that_are_attached_keep_a_machine_where_it_is() -> None:
    machine = gpu()
    assert machine.on_host_maintenance == "TERMINATE"
    assert evolve(machine, gpu=None).on_host_maintenance == "MIGRATE"


def test_spot_is_short_for_its_provisioning_model() -> None:
    short, long = cpu(spot=True), cpu(provisioning_model="SPOT")
    assert short == long
    assert instance(short) == instance(long)
    assert long.spot
    assert long.usd_per_hour == long.cost.spot
    assert cpu(spot=True, provisioning_model="SPOT") == short
    assert cpu(spot=False, provisioning_model="STANDARD") == cpu()


def test_a_copy_derives_anew_how_it_is_provisioned() -> None:
    assert evolve(cpu(provisioning_model="SPOT"), provisioning_model=None) == cpu()
    assert evolve(cpu(spot=True), spot=False) == cpu()
    assert evolve(cpu(), provisioning_model="SPOT").spot
    reserved = newer("a4x-highgpu-4g", enabled=False)
    assert evolve(reserved, machine_type="e2-standard-8", gpu=None) == newer(
        "e2-standard-8", enabled=False
    )


def test_a_flex_start_vm_ends_by_deletion_and_consumes_no_reservation() -> None:
    machine = newer("g2-standard-4", provisioning_model="FLEX_START", max_run_duration=WEEK)
    assert not machine.spot
    assert scheduling(machine) == {
        "provisioning_model": "FLEX_START",
        "preemptible": False,
        "automatic_restart": False,
        "on_host_maintenance": "TERMINATE",
        "max_run_duration": {"seconds": WEEK},
        "instance_termination_action": "DELETE",
    }
    assert instance(machine)["reservation_affinity"] == {"type": "NO_RESERVATION"}


@pytest.mark.parametrize("seconds", [600, WEEK])
def test_a_flex_start_vm_runs_from_ten_minutes_to_a_week(seconds: int) -> None:
    for machine in (
        newer("g2-standard-4", provisioning_model="FLEX_START", max_run_duration=seconds),
        newer("h4d-standard-192", provisioning_model="FLEX_START", max_run_duration=seconds),
        gpu(provisioning_model="FLEX_START", max_run_duration=seconds),
        # Local SSDs are lost when it is deleted, as it always is.
        newer(
            "a4-highgpu-8g",
            "b",
            zone="us-central1-b",
            provisioning_model="FLEX_START",
            max_run_duration=seconds,
        ),
    ):
        assert machine.provisioning_model == "FLEX_START"


def test_a_machine_that_is_bound_to_a_reservation_names_it() -> None:
    machine = newer("n2-standard-8", provisioning_model="RESERVATION_BOUND", reservation="lab")
    assert scheduling(machine) == {
        "provisioning_model": "RESERVATION_BOUND",
        "preemptible": False,
        "automatic_restart": False,
        "on_host_maintenance": "TERMINATE",
        "instance_termination_action": "STOP",
    }
    assert instance(machine)["reservation_affinity"] == {
        "type": "SPECIFIC_RESERVATION",
        "specific_reservation": {
            "key": "compute.googleapis.com/reservation-name",
            "values": ["lab"],
        },
    }
    deleted = evolve(machine, instance_termination_action="DELETE")
    assert scheduling(deleted)["instance_termination_action"] == "DELETE"


def test_a_standard_machine_may_consume_a_reservation() -> None:
    machine = cpu(reservation="projects/example.com:host/reservations/lab")
    assert machine.provisioning_model == "STANDARD"
    (value,) = instance(machine)["reservation_affinity"]["specific_reservation"]["values"]
    assert value == "projects/example.com:host/reservations/lab"
    assert scheduling(machine) == scheduling(cpu())
    assert cpu(reservation="lab/reservationBlocks/lab-block-1").reservation
    assert "reservation_affinity" not in instance(cpu())


def test_what_is_to_be_had_in_one_way_alone_is_had_so() -> None:
    machine = newer("a4x-highgpu-4g", reservation="rack")
    assert machine.provisioning_model == "RESERVATION_BOUND"
    # One that is off needs no reservation before it is on.
    assert newer("a4x-highgpu-4g", enabled=False).state == "off"
    with pytest.raises(FleetError, match="reservation=None: RESERVATION_BOUND wants the name"):
        newer("a4x-highgpu-4g")


def test_few_h100s_are_to_be_had_as_spot_vms() -> None:
    machine = GcpMachine(
        "a", machine_type="a3-highgpu-1g", zone="us-central1-a", spot=True, enabled=True
    )
    assert machine.gpu == Gpu("nvidia-h100-80gb")


@pytest.mark.parametrize(
    ("model", "spot"),
    [("STANDARD", False), ("SPOT", True), ("FLEX_START", False), ("RESERVATION_BOUND", False)],
)
def test_a_machine_that_is_there_is_a_spot_vm_when_its_model_says_so(
    model: str, spot: bool
) -> None:
    assert read_instance({"scheduling": [{"provisioning_model": model}]}).spot is spot
