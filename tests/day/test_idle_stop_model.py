"""Which machines turn themselves off, and which are refused with the reason."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    Catalog,
    Fleet,
    FleetError,
    GcpMachine,
    HetznerMachine,
    HetznerProject,
    IdleStop,
    Machine,
    MachineType,
    Nvidia,
)
from infra_lib.clouds.gcp.instance import instance
from infra_lib.model.idle_machines import idle_stop
from main import ADMIN_KEY
from tests.helpers.nix_fleets import CPU, H100, L4, PROJECT, T4, fleet_of

SOON = IdleStop(minutes=20)
NVIDIA = Nvidia(idle_stop=IdleStop(minutes=30))


def hetzner(**fields: Any) -> HetznerMachine:
    return HetznerMachine("cinnabar", server_type="cx43", location="fsn1", **fields)


def at_google(machine_type: str, **fields: Any) -> GcpMachine:
    return GcpMachine("galena", machine_type=machine_type, zone="us-central1-a", **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"minutes": 1}, "minutes=1: a whole number of minutes from 2 to 10080"),
        ({"minutes": True}, "minutes=True"),
        ({"minutes": 30.0}, "minutes=30.0"),
        ({"minutes": 5}, "grace_minutes=5: a whole number of minutes, fewer than minutes, from 1"),
        ({"grace_minutes": 0}, "grace_minutes=0"),
        ({"gpu_percent": 100}, "gpu_percent=100: a whole number of per cent from 0 to 99"),
        ({"load": 0}, "load=0: a load average above 0"),
        ({"load": float("nan")}, "load=nan"),
        ({"load": "0.5"}, "load='0.5'"),
        ({"load": True}, "load=True"),
        ({"session_minutes": -1}, "session_minutes=-1: a whole number of minutes (None for no"),
        ({"stalled_minutes": 10081}, "stalled_minutes=10081"),
        ({"boot_minutes": None}, "boot_minutes=None"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FleetError) as refusal:
        IdleStop(**fields)
    assert str(refusal.value).startswith(f"idle stop: {message}")


@pytest.mark.parametrize("given", [True, 30, "30", 0, {"minutes": 30}])
def test_a_machine_takes_an_idle_stop_or_false(given: Any) -> None:
    with pytest.raises(FleetError, match=r"idle_stop=.*IdleStop\(minutes=30\) is accepted, False"):
        evolve(CPU, idle_stop=given)


def test_nvidias_is_of_machines_with_a_gpu_and_each_has_the_last_word() -> None:
    own, none = evolve(L4, idle_stop=SOON), evolve(T4, name="wolframite", idle_stop=False)
    fleet = fleet_of(CPU, T4, own, none, nvidia=NVIDIA)
    found = {machine.name: idle_stop(fleet.nvidia, machine) for machine in fleet.provisioned}
    assert found == {
        "galena": None,
        "scheelite": NVIDIA.idle_stop,
        "lorandite": SOON,
        "wolframite": None,
    }
    assert idle_stop(Nvidia(), evolve(CPU, idle_stop=SOON)) == SOON


def test_where_off_costs_the_same_it_is_refused() -> None:
    with pytest.raises(FleetError) as refusal:
        hetzner(idle_stop=SOON)
    assert "machine 'cinnabar': idle_stop=" in str(refusal.value)
    assert "a server that is powered off costs its full price at Hetzner" in str(refusal.value)
    quiet = hetzner(idle_stop=False)
    Fleet(
        name="metals",
        domain="zt",
        machines=(quiet, T4),
        gcp=PROJECT,
        hetzner=HetznerProject(ssh_keys=(ADMIN_KEY,)),
        nvidia=NVIDIA,
    )


@pytest.mark.parametrize(
    ("machine_type", "fields"),
    [
        ("e2-standard-8", {"reservation": "team"}),
        ("a2-highgpu-1g", {"provisioning_model": "RESERVATION_BOUND", "reservation": "team"}),
        ("a2-highgpu-1g", {"provisioning_model": "RESERVATION_BOUND", "enabled": False}),
    ],
)
def test_a_reservation_is_paid_for_all_the_same(machine_type: str, fields: dict[str, Any]) -> None:
    at_google(machine_type, **fields)
    with pytest.raises(FleetError, match="a reservation is paid for also while"):
        at_google(machine_type, idle_stop=SOON, **fields)


def test_a_machine_with_tpus_shows_nobody_its_use() -> None:
    catalog = Catalog(machine_types=(MachineType("ct5lp-hightpu-4t", 112, 192),))
    with pytest.raises(FleetError, match="nothing tells whether they are used"):
        at_google("ct5lp-hightpu-4t", catalog=catalog, idle_stop=SOON)


@pytest.mark.parametrize(
    "fields",
    [
        {"spot": True},
        {"spot": True, "instance_termination_action": "DELETE"},
        {"max_run_duration": 3600},
        {"provisioning_model": "FLEX_START", "max_run_duration": 3600},
        {"deletion_protection": True},
        {"stopped": True, "enabled": True},
    ],
)
def test_however_else_it_is_provisioned_it_may(fields: dict[str, Any]) -> None:
    """To power off is neither a preemption nor the end of a run: its boot disk stays."""
    assert at_google("a2-highgpu-1g", idle_stop=SOON, **fields).idle_stop == SOON


def test_local_ssds_are_lost_by_nobodys_mistake() -> None:
    with pytest.raises(FleetError) as refusal:
        evolve(H100, idle_stop=SOON)
    assert "machine 'malachite': idle_stop=" in str(refusal.value)
    assert "comes with Local SSDs, and what is on them is lost" in str(refusal.value)
    with pytest.raises(FleetError) as refusal:
        fleet_of(T4, H100, nvidia=NVIDIA)
    assert str(refusal.value).startswith("nvidia: idle_stop=")
    assert "machine 'malachite' has a GPU, and a3-highgpu-8g comes with" in str(refusal.value)
    assert "say idle_stop=False of that one" in str(refusal.value)
    fleet_of(T4, evolve(H100, idle_stop=False), nvidia=NVIDIA)
    agreed = evolve(H100, idle_stop=SOON, discard_local_ssd=True)
    fleet_of(T4, agreed, nvidia=NVIDIA)


@pytest.mark.parametrize("seconds", [None, 3600])
def test_compute_engine_hears_of_the_end_of_a_run_alone(seconds: int | None) -> None:
    """It takes `on_instance_stop_action` for nothing else."""
    machine = evolve(H100, idle_stop=SOON, discard_local_ssd=True, max_run_duration=seconds)
    fleet = fleet_of(machine)
    (made,) = [instance(fleet, PROJECT, each, ()) for each in fleet.gcp_machines]
    said = made.arguments["scheduling"]["on_instance_stop_action"]
    assert said == (None if seconds is None else {"discard_local_ssd": True})


def test_to_agree_to_a_loss_that_nothing_brings_about_is_refused() -> None:
    with pytest.raises(FleetError, match="max_run_duration that stops it, or an idle_stop"):
        evolve(H100, idle_stop=False, discard_local_ssd=True)
    with pytest.raises(FleetError, match="only for a machine type that comes with Local SSDs"):
        evolve(CPU, idle_stop=SOON, discard_local_ssd=True)


def test_a_machine_of_others_has_no_such_field() -> None:
    given: Any = {"idle_stop": SOON}
    with pytest.raises(FleetError, match="there is no field 'idle_stop'"):
        Machine("stibnite", **given)
