"""What `gcloud compute … list --format=json` prints is as good as a state."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import BootDisk, DataDisk, Gpu, ServiceAccount, StopSchedule
from infra_lib.clouds.adoption import Found
from infra_lib.model.errors import FleetError
from tests.clouds.gcp.foreign import (
    ADOPTION,
    PROJECT,
    ZONE,
    adopt,
    changes,
    forced,
    only,
    take_over,
    words,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LINK = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
HERE = f"{LINK}/zones/{ZONE}"
KEY = f"projects/{PROJECT}/locations/europe-west1/keyRings/r/cryptoKeys/k"

INSTANCE: dict[str, Any] = {
    "kind": "compute#instance",
    "id": "4567890123456789012",
    "name": "node",
    "selfLink": f"{HERE}/instances/node",
    "zone": HERE,
    "machineType": f"{HERE}/machineTypes/n1-standard-8",
    "status": "RUNNING",
    "cpuPlatform": "Intel Broadwell",
    "creationTimestamp": "2026-01-02T03:04:05.678-08:00",
    "canIpForward": False,
    "deletionProtection": False,
    "startRestricted": False,
    "labels": {"team": "geology"},
    "labelFingerprint": "42WmSpB8rSM=",
    "tags": {"items": ["web"], "fingerprint": "42WmSpB8rSM="},
    "metadata": {
        "kind": "compute#metadata",
        "fingerprint": "x",
        "items": [
            {"key": "enable-oslogin", "value": "TRUE"},
            {"key": "motd", "value": "hello"},
            {"key": "db_password", "value": "hunter2"},
        ],
    },
    "disks": [
        {
            "kind": "compute#attachedDisk",
            "type": "PERSISTENT",
            "mode": "READ_WRITE",
            "source": f"{HERE}/disks/node",
            "deviceName": "persistent-disk-0",
            "index": 0,
            "boot": True,
            "autoDelete": True,
            "interface": "SCSI",
            "diskSizeGb": "50",
            "licenses": ["x"],
            "guestOsFeatures": [{"type": "UEFI_COMPATIBLE"}],
        },
        {
            "kind": "compute#attachedDisk",
            "type": "PERSISTENT",
            "mode": "READ_WRITE",
            "source": f"{HERE}/disks/tank",
            "deviceName": "tank",
            "index": 1,
            "boot": False,
            "autoDelete": False,
            "diskSizeGb": "500",
            "diskEncryptionKey": {"kmsKeyName": f"{KEY}/cryptoKeyVersions/1"},
        },
        {"kind": "compute#attachedDisk", "type": "SCRATCH", "interface": "NVME", "index": 2},
    ],
    "networkInterfaces": [
        {
            "name": "nic0",
            "network": f"{LINK}/global/networks/default",
            "subnetwork": f"{LINK}/regions/europe-west1/subnetworks/default",
            "networkIP": "10.132.0.2",
            "stackType": "IPV4_ONLY",
            "accessConfigs": [
                {
                    "kind": "compute#accessConfig",
                    "type": "ONE_TO_ONE_NAT",
                    "name": "external-nat",
                    "natIP": "198.51.100.9",
                    "networkTier": "PREMIUM",
                }
            ],
        }
    ],
    "guestAccelerators": [
        {"acceleratorType": f"{HERE}/acceleratorTypes/nvidia-tesla-t4", "acceleratorCount": 1}
    ],
    "scheduling": {
        "onHostMaintenance": "TERMINATE",
        "automaticRestart": False,
        "preemptible": True,
        "provisioningModel": "SPOT",
        "instanceTerminationAction": "STOP",
        "maxRunDuration": {"seconds": "3600"},
    },
    "serviceAccounts": [
        {
            "email": "node@example-lab.iam.gserviceaccount.com",
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }
    ],
    "shieldedInstanceConfig": {
        "enableSecureBoot": False,
        "enableVtpm": True,
        "enableIntegrityMonitoring": True,
    },
    "reservationAffinity": {"consumeReservationType": "ANY_RESERVATION"},
    "resourcePolicies": [f"{LINK}/regions/europe-west1/resourcePolicies/nightly"],
}
DISKS: list[dict[str, Any]] = [
    {
        "kind": "compute#disk",
        "name": "node",
        "selfLink": f"{HERE}/disks/node",
        "zone": HERE,
        "sizeGb": "50",
        "type": f"{HERE}/diskTypes/pd-ssd",
        "sourceImage": f"{LINK}/global/images/debian-12-v1",
        "users": [f"{HERE}/instances/node"],
    },
    {
        "kind": "compute#disk",
        "name": "tank",
        "selfLink": f"{HERE}/disks/tank",
        "zone": HERE,
        "sizeGb": "500",
        "type": f"{HERE}/diskTypes/pd-balanced",
        "diskEncryptionKey": {"kmsKeyName": f"{KEY}/cryptoKeyVersions/1"},
    },
]
ADDRESSES: list[dict[str, Any]] = [
    {
        "kind": "compute#address",
        "name": "front",
        "selfLink": f"{LINK}/regions/europe-west1/addresses/front",
        "address": "198.51.100.9",
        "addressType": "EXTERNAL",
        "region": f"{LINK}/regions/europe-west1",
    }
]
POLICIES: list[dict[str, Any]] = [
    {
        "kind": "compute#resourcePolicy",
        "name": "nightly",
        "selfLink": f"{LINK}/regions/europe-west1/resourcePolicies/nightly",
        "region": f"{LINK}/regions/europe-west1",
        "instanceSchedulePolicy": {
            "vmStopSchedule": {"schedule": "0 22 * * *"},
            "timeZone": "Europe/Brussels",
        },
    }
]
FIREWALLS: list[dict[str, Any]] = [
    {
        "kind": "compute#firewall",
        "name": "lab-ssh",
        "selfLink": f"{LINK}/global/firewalls/lab-ssh",
        "network": f"{LINK}/global/networks/default",
        "direction": "INGRESS",
        "priority": 1000,
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "sourceRanges": ["203.0.113.0/24"],
        "targetTags": ["lab"],
        "logConfig": {"enable": False},
        "disabled": False,
    },
    {
        "kind": "compute#firewall",
        "name": "default-allow-ssh",
        "network": f"{LINK}/global/networks/default",
        "direction": "INGRESS",
        "priority": 65534,
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "sourceRanges": ["0.0.0.0/0"],
    },
]


def listed(document: Any, where: str = "list.json") -> list[Found]:
    found = ADOPTION.listed(document, where)
    assert found is not None
    return found


ALL = {
    "instances.json": [INSTANCE],
    "disks.json": DISKS,
    "addresses.json": ADDRESSES,
    "policies.json": POLICIES,
    "firewalls.json": FIREWALLS,
}


def everything() -> list[Found]:
    return [each for where, document in ALL.items() for each in listed(document, where)]


def test_all_lists_together_describe_a_machine_whole() -> None:
    found = everything()
    adopted = adopt(*found, region="europe-west1")
    machine = only(adopted)
    assert adopted.project.project == PROJECT
    assert adopted.project.ssh_source_ranges == ("203.0.113.0/24",)
    assert machine.machine_type == "n1-standard-8"
    assert machine.zone == ZONE
    assert machine.gpu == Gpu("nvidia-tesla-t4")
    assert machine.spot
    assert machine.max_run_duration == 3600
    assert machine.boot_disk == BootDisk(size_gb=50, type="pd-ssd")
    assert machine.data_disks == (DataDisk("tank", size_gb=500, kms_key=KEY),)
    assert machine.external_ip == "198.51.100.9"
    assert machine.network_tags == ("web",)
    assert machine.labels == {"team": "geology"}
    assert machine.metadata == {"motd": "hello"}
    assert machine.stop_schedule == StopSchedule("0 22 * * *", time_zone="Europe/Brussels")
    assert machine.service_account == ServiceAccount("node@example-lab.iam.gserviceaccount.com")
    assert not [key for key in adopted.comments if key[0] == "node"]
    assert adopted.facts[0].external_ip == "198.51.100.9"
    said = words(adopted.items)
    assert "hunter2" not in said + repr(adopted.machines)
    assert "default-allow-ssh" in said
    takeover = take_over(adopted, *found)
    assert [each.id for each in takeover.taken] == [
        f"projects/{PROJECT}/global/firewalls/lab-ssh",
        f"projects/{PROJECT}/zones/{ZONE}/disks/tank",
        f"projects/{PROJECT}/zones/{ZONE}/instances/node",
    ]
    assert all(forced(takeover, each.address) == {} for each in takeover.taken)
    assert {path.partition(".")[0] for path in changes(takeover)} == {
        *("tags", "labels", "metadata", "resource_policies"),
    }
    assert changes(takeover, "google_compute_firewall.ssh") == {}


def test_where_things_are_is_said_as_google_does() -> None:
    assert [each.where for each in everything()] == [
        f"instances.json: instances {ZONE}/node",
        f"disks.json: disks {ZONE}/node",
        f"disks.json: disks {ZONE}/tank",
        "addresses.json: addresses europe-west1/front",
        "policies.json: resource-policies europe-west1/nightly",
        "firewalls.json: firewall-rules lab-ssh",
        "firewalls.json: firewall-rules default-allow-ssh",
    ]
    assert all(each.exists and not each.name for each in everything())


def test_instances_alone_leave_something_to_guess() -> None:
    adopted = adopt(*listed([INSTANCE]), region="europe-west1")
    machine = only(adopted)
    assert machine.boot_disk == BootDisk(size_gb=50, type="pd-standard")
    assert machine.data_disks == ()
    assert machine.external_ip is True
    guessed = [item for item in adopted.items if item.kind == "guessed"]
    assert "gcloud compute disks list" in guessed[0].do
    assert "the disk itself was not found" in words(adopted.items)
    assert "resource-policies list" in words(adopted.items)
    assert "198.51.100.9" in adopted.comments["node", "external_ip"]


def test_a_stopped_instance_is_stopped() -> None:
    given = {**INSTANCE, "status": "TERMINATED", "guestAccelerators": [], "disks": []}
    adopted = adopt(*listed([given]), region="europe-west1")
    assert only(adopted).stopped
    assert adopted.facts == ()


def test_a_list_of_others_is_none_of_googles() -> None:
    assert ADOPTION.listed([{"id": 7, "server_type": {"name": "cx22"}}], "x") is None
    assert ADOPTION.listed(["x", 7, None], "x") is None
    assert ADOPTION.listed([], "x") == []


def test_a_list_of_links_alone_is_told_apart_too() -> None:
    given = [{key: each for key, each in INSTANCE.items() if key != "kind"}]
    assert [each.type for each in listed(given)] == ["google_compute_instance"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([{"kind": "compute#network", "name": "n"}], "gcloud compute instances list"),
        ([INSTANCE, "x"], "[1]: kind='str'"),
        ([{"kind": "compute#instance"}], "[0]: name=None"),
        ([{"kind": "compute#instance", "name": ["n"]}], "[0]: name=['n']"),
        ([{**INSTANCE, "disks": "x"}], "[0]: disks='x'"),
        ([{**INSTANCE, "disks": [None]}], "[0]: disks=None"),
        ([{**INSTANCE, "scheduling": []}], "[0]: scheduling=[]"),
        ([{**INSTANCE, "scheduling": {"preemptible": "x"}}], "[0].scheduling: preemptible='x'"),
        ([{**DISKS[0], "sizeGb": "many"}], "[0]: sizeGb='many'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(document: list[Any], said: str) -> None:
    with pytest.raises(FleetError) as error:
        ADOPTION.listed(document, "list.json")
    assert str(error.value).startswith("list.json: ")
    assert said in str(error.value)


WRONG: st.SearchStrategy[Any] = st.sampled_from(
    (None, "", "x", 7, True, [], {}, [None], [{}], {"x": "y"}, 10**30)
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(INSTANCE)), WRONG, st.sampled_from(sorted(DISKS[1])), WRONG)
def test_whatever_a_list_holds_ends_in_the_report_or_a_message(
    field: str, value: Any, of_disk: str, other: Any
) -> None:
    document = json.loads(json.dumps([{**INSTANCE, field: value}]))
    disks = json.loads(json.dumps([DISKS[0], {**DISKS[1], of_disk: other}]))
    try:
        found = [*listed(document, "a"), *listed(disks, "b")]
        adopted = adopt(*found, region="europe-west1")
    except FleetError as error:
        assert str(error).startswith(("a: ", "b: "))  # noqa: PT017 - either may be wrong
        return
    except AssertionError:
        return  # no list of Google's any more
    said = {item.where for item in adopted.items}
    assert all(each.where in adopted.carried | said for each in found)


def test_an_instance_of_a_group_is_no_machine() -> None:
    """A node of GKE, or what scales by itself, is made anew under another name at any time."""
    manager = "projects/1/zones/europe-west1-b/instanceGroupManagers/gke-pool"
    node = {**INSTANCE, "metadata": {"items": [{"key": "created-by", "value": manager}]}}

    adopted = adopt(*listed([node]), region="europe-west1")

    assert adopted.machines == ()
    (item,) = adopted.items
    assert "node" in item.where
    assert "a group of instances makes it" in item.what


def test_a_list_that_is_older_than_a_state_says_where_they_differ() -> None:
    older = {**INSTANCE, "tags": {"items": ["db"]}, "labels": {"team": "ore"}}
    adopted = adopt(*listed([INSTANCE]), *listed([older], "older.json"), region="europe-west1")
    said = words(tuple(item for item in adopted.items if item.kind == "contradiction"))
    assert "labels.team='geology', and 'ore' in older.json" in said
    assert "tags=['web'], and ['db'] in older.json" in said
    assert "hunter2" not in said


def test_what_stands_in_metadata_is_in_no_message() -> None:
    odd = {**INSTANCE, "metadata": {"items": [{"key": "db_password", "value": ["hunter2"]}]}}
    with pytest.raises(FleetError, match="value='list'") as raised:
        listed([odd])
    assert "hunter2" not in str(raised.value)
