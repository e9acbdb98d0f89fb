"""What Terraform has of an instance of Compute Engine is understood, however it is written."""

import json
from typing import Any

import pytest

from infra_lib.clouds.gcp.instance_state import read_instance
from infra_lib.operate.kinds import instance_readers
from infra_lib.terraform.state import Instance, parse_state

LINK = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-c"
GPU = {"type": "nvidia-tesla-t4", "count": 1}


def test_an_attribute_that_is_absent_is_read_as_none() -> None:
    assert read_instance({}) == Instance()


def test_links_are_the_names_at_their_end() -> None:
    """The provider may have either in a plan, and either in its state."""
    found = read_instance(
        {
            "zone": LINK,
            "machine_type": f"{LINK}/machineTypes/n1-standard-8",
            "guest_accelerator": [{**GPU, "type": f"{LINK}/acceleratorTypes/nvidia-tesla-t4"}],
        }
    )
    assert (found.zone, found.machine_type) == ("us-central1-c", "n1-standard-8")
    assert found.gpu == (("nvidia-tesla-t4", 1),)


@pytest.mark.parametrize(
    ("blocks", "gpu"),
    [
        (GPU, (("nvidia-tesla-t4", 1),)),
        ([GPU], (("nvidia-tesla-t4", 1),)),
        ([], ()),
        ([{"type": "", "count": 0}], ()),
        (None, None),
    ],
)
def test_gpus_are_blocks_alone_or_in_a_list_and_none_of_a_kind_is_no_gpu(
    blocks: Any, gpu: Any
) -> None:
    assert read_instance({"guest_accelerator": blocks}).gpu == gpu


@pytest.mark.parametrize(
    ("interface", "address"),
    [
        ([{"access_config": [{"nat_ip": "203.0.113.7"}]}], "203.0.113.7"),
        ([{"access_config": [{"nat_ip": ""}]}], None),  # it is stopped
        ([{"access_config": []}], None),
        ([], None),
    ],
)
def test_its_address_is_that_of_its_first_interface(interface: Any, address: str | None) -> None:
    assert read_instance({"network_interface": interface}).external_ip == address


@pytest.mark.parametrize(
    ("status", "price", "known"),
    [
        ("RUNNING", 0.27, 0.27),
        ("RUNNING", 0.0, None),
        ("TERMINATED", 0.0, 0.0),
        ("TERMINATED", 0.27, None),
        ("RUNNING", None, None),
    ],
)
def test_a_price_is_told_of_a_machine_that_is_as_it_was_when_it_was_told(
    status: str, price: float | None, known: float | None
) -> None:
    """Terraform writes the output after the plan, and may fail in between."""
    attributes = {
        "zone": "us-central1-c",
        "machine_type": "e2-small",
        "desired_status": status,
        "labels": {"fleet": "metals"},
    }
    said = {"zone": "us-central1-c", "machine_type": "e2-small", "usd_per_hour": price}
    resource = {"mode": "managed", "type": "google_compute_instance", "name": "galena"}
    state = {
        "outputs": {"machines": {"value": {"galena": said}}},
        "resources": [{**resource, "instances": [{"attributes": attributes}]}],
    }
    found = parse_state(json.dumps(state), "stack gcp", instance_readers())
    assert found.machines["galena"].usd_per_hour == known


def test_a_spot_vm_is_one_by_its_provisioning_model() -> None:
    for model, spot in (("SPOT", True), ("STANDARD", False)):
        assert read_instance({"scheduling": [{"provisioning_model": model}]}).spot is spot


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("RUNNING", "on"),
        ("TERMINATED", "stopped"),
        ("SUSPENDED", "SUSPENDED"),
        ("${var.status}", "${var.status}"),
        (["RUNNING"], ["RUNNING"]),
        (None, None),
    ],
)
def test_a_status_is_told_in_the_words_of_the_fleet(status: Any, state: Any) -> None:
    assert read_instance({"desired_status": status}).state == state
