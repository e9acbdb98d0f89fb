"""Two sources that say otherwise: both are shown, the first one wins, and that is said."""

from pathlib import Path
from typing import Any

import pytest

from infra_lib import GcpMachine, Gpu, Machine
from tests.helpers.adoption import adopt, put_json, report

NODE = "GCP GPU node (n1-standard-8, 1x T4)"


def state(kind: str, **more: Any) -> dict[str, Any]:
    """A state with one instance that has a GPU of this kind."""
    values = {
        "name": "scheelite",
        "project": "example-project",
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "boot_disk": [{"initialize_params": [{"size": 100, "type": "pd-balanced"}]}],
        "network_interface": [{"network": "default", "access_config": [{}]}],
        "guest_accelerator": [{"type": kind, "count": 1}],
        "scheduling": [{"on_host_maintenance": "TERMINATE", "automatic_restart": True}],
        "current_status": "RUNNING",
        **more,
    }
    resource = {
        "address": "google_compute_instance.scheelite",
        "mode": "managed",
        "type": "google_compute_instance",
        "name": "scheelite",
        "values": values,
    }
    return {"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}}


def inventory(**machine: Any) -> dict[str, Any]:
    return {"meta": {"name": "ore", "domain": "zt"}, "machines": {"scheelite": machine}}


@pytest.mark.parametrize("first", [0, 1])
def test_a_machine_with_different_gpus_in_two_states(
    first: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("nvidia-tesla-t4", "nvidia-tesla-p100")
    files = [put_json(tmp_path, f"{kind}.json", state(kind)) for kind in kinds]
    given = [files[first], files[1 - first]]

    fleet = adopt(tmp_path, *(word for file in given for word in ("--terraform", file)))

    (machine,) = fleet.gcp_machines
    assert machine.gpu == Gpu(kinds[first])
    told = report(capsys)
    assert "Sources that contradict each other" in told
    assert all(kind in told for kind in kinds)
    assert str(given[1]) in told


@pytest.mark.parametrize("inventory_first", [True, False])
def test_a_machine_that_is_described_with_another_gpu(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, inventory_first: bool
) -> None:
    said = put_json(tmp_path, "inventory.json", inventory(description=f"{NODE}: mine"))
    there = put_json(tmp_path, "state.json", state("nvidia-tesla-p100"))
    sources = ["--inventory", said, "--terraform", there]

    fleet = adopt(tmp_path, *(sources if inventory_first else [*sources[2:], *sources[:2]]))

    (machine,) = fleet.gcp_machines
    assert machine.gpu == Gpu("nvidia-tesla-p100")
    wanted = f"{NODE}: mine" if inventory_first else f"{NODE.replace('T4', 'P100')}: mine"
    assert machine.full_description == wanted
    told = report(capsys)
    assert f"'{NODE}' is said there" in told
    assert "n1-standard-8, 1x P100" in told
    assert "the first source that was given wins" in told


def test_a_mac_that_is_a_machine_of_a_cloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = put_json(tmp_path, "inventory.json", inventory(machineClass="darwin"))
    there = put_json(tmp_path, "state.json", state("nvidia-tesla-t4"))

    fleet = adopt(tmp_path, "--inventory", said, "--terraform", there)

    assert type(fleet.machine("scheelite")) is Machine
    assert "is a machine of a cloud" in report(capsys)


def test_a_machine_that_no_inventory_has_joins_it_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"meta": {"name": "ore", "domain": "zt"}, "machines": {"vault": {}}}
    said = put_json(tmp_path, "inventory.json", document)
    there = put_json(tmp_path, "state.json", state("nvidia-tesla-t4"))

    fleet = adopt(tmp_path, "--inventory", said, "--terraform", there)

    assert [machine.name for machine in fleet.machines] == ["vault", "scheelite"]
    assert "# Not in the inventory so far." in (tmp_path / "fleet.py").read_text()
    assert "is not in the inventory" in report(capsys)


def test_one_machine_of_a_cloud_alone(tmp_path: Path) -> None:
    """What others are is not in what is adopted, nor in the report."""
    document = state("nvidia-tesla-t4")
    resources = document["values"]["root_module"]["resources"]
    other = state("nvidia-tesla-t4", name="wolframite")["values"]["root_module"]["resources"][0]
    resources.append({**other, "address": "google_compute_instance.other", "name": "other"})

    fleet = adopt(
        tmp_path,
        *("--terraform", put_json(tmp_path, "state.json", document)),
        *("--machine", "wolframite"),
    )

    (machine,) = fleet.machines
    assert isinstance(machine, GcpMachine)
    assert machine.name == "wolframite"
    assert "scheelite" not in (tmp_path / "fleet.py").read_text()
    assert "scheelite" not in (tmp_path / "imports.json").read_text()
