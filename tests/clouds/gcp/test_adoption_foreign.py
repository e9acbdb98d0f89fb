"""Instances that no stack of this project made: what becomes of them, and what the report says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import DataDisk, Gpu, Reference, ServiceAccount, ShieldedVm, StopSchedule
from infra_lib.clouds.adoption import Found
from infra_lib.model.errors import FleetError
from tests.clouds.gcp.foreign import (
    PROJECT,
    ZONE,
    adopt,
    changed,
    changes,
    forced,
    instance,
    only,
    resource,
    take_over,
    words,
)
from tests.helpers.stack_fleets import KEY

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

DISK = "google_compute_disk"
POLICY = "google_compute_resource_policy"


def test_a_plain_machine_is_described_in_a_few_words() -> None:
    found = instance()
    adopted = adopt(found)
    machine = only(adopted)
    assert (machine.machine_type, machine.zone, machine.boot_disk.size_gb) == (
        "e2-standard-4",
        ZONE,
        20,
    )
    assert adopted.project.project == PROJECT
    assert adopted.project.region == "europe-west1"
    assert adopted.items == ()
    assert set(adopted.comments) == {
        ("", "project_ssh_keys"),
        ("", "ssh_source_ranges"),
        ("node", "external_ip"),
    }
    takeover = take_over(adopted, found)
    (taken,) = takeover.taken
    assert taken.id == f"projects/{PROJECT}/zones/{ZONE}/instances/node"
    assert forced(takeover) == {}
    assert {path.partition(".")[0] for path in changes(takeover)} == {"tags", "labels", "metadata"}
    assert takeover.made == ("google_compute_firewall.ssh", "google_compute_firewall.no-ssh")
    assert "name where people come from" in words(takeover.items)


def test_a_gpu_exists_and_is_on() -> None:
    adopted = adopt(
        instance(
            machine_type="https://www.googleapis.com/compute/v1/projects/p/zones/z/machineTypes/"
            "n1-standard-8",
            guest_accelerator=[{"type": "nvidia-tesla-t4", "count": 2}],
            scheduling={
                "provisioning_model": "SPOT",
                "preemptible": True,
                "automatic_restart": False,
                "on_host_maintenance": "TERMINATE",
                "instance_termination_action": "STOP",
                "max_run_duration": [{"seconds": 3600, "nanos": 0}],
            },
        )
    )
    machine = only(adopted)
    assert machine.enabled
    assert machine.gpu == Gpu("nvidia-tesla-t4", 2)
    assert machine.spot
    assert machine.max_run_duration == 3600
    assert machine.instance_termination_action is None, "it is what follows anyway"
    assert adopted.items == ()


def test_an_older_preemptible_machine_would_be_made_anew() -> None:
    found = instance(
        scheduling={
            "preemptible": True,
            "automatic_restart": False,
            "provisioning_model": "STANDARD",
            "on_host_maintenance": "TERMINATE",
        }
    )
    adopted = adopt(found)
    assert only(adopted).spot
    assert "preemptible VMs of the older kind" in words(adopted.items)
    takeover = take_over(adopted, found)
    assert forced(takeover) == {"scheduling[0].provisioning_model": ("STANDARD", "SPOT")}


def test_disks_are_attached_under_their_own_names() -> None:
    found = (
        instance(
            boot_disk={
                "device_name": "persistent-disk-0",
                "initialize_params": {"size": 20, "type": "pd-balanced"},
            },
            attached_disk=[{"source": "tank", "device_name": "data-1"}],
        ),
        resource(DISK, "tank", size=100, type="pd-ssd"),
    )
    adopted = adopt(*found)
    assert only(adopted).data_disks == (DataDisk("tank", size_gb=100, type="pd-ssd"),)
    assert adopted.items == ()
    takeover = take_over(adopted, *found)
    assert forced(takeover) == forced(takeover, "google_compute_disk.tank") == {}
    assert changes(takeover)["attached_disk[0].device_name"] == ("data-1", "tank")
    assert "detached and attached again" in words(takeover.items)
    assert takeover.taken[0].id == f"projects/{PROJECT}/zones/{ZONE}/disks/tank"


def test_an_attachment_of_its_own_is_one_too() -> None:
    found = (
        changed(instance(), attached_disk=[]),
        resource(DISK, "tank", size=100, type="pd-ssd"),
        Found(
            type="google_compute_attached_disk",
            name="tank",
            where="state.json: google_compute_attached_disk.tank",
            attributes={
                "disk": f"projects/{PROJECT}/zones/{ZONE}/disks/tank",
                "instance": f"projects/{PROJECT}/zones/{ZONE}/instances/node",
                "device_name": "tank",
            },
            exists=True,
        ),
    )
    adopted = adopt(*found)
    assert [disk.name for disk in only(adopted).data_disks] == ["tank"]
    assert adopted.carried == {each.where for each in found}
    takeover = take_over(adopted, *found)
    assert not any(path.startswith("attached_disk") for path in changes(takeover))


def test_a_disk_that_was_not_found_is_said_to_go() -> None:
    found = instance(
        attached_disk=[{"source": "lost"}, {"source": "tank", "device_name": "x"}],
    )
    tank = resource(DISK, "tank", size=100, type="pd-ssd")
    adopted = adopt(found, tank)
    assert [disk.name for disk in only(adopted).data_disks] == ["tank"]
    assert "gcloud compute disks list" in words(adopted.items)
    said = words(take_over(adopted, found, tank).items)
    assert "takes disks off the machine: 'lost' |" in said
    assert "'x' becomes 'tank'" in said


def test_a_disk_stays_whatever_it_was_made_of() -> None:
    """The stack says nothing of it, and leaves it alone."""
    made = {"snapshot": "old", "source_disk": "older", "image": "debian-12"}
    found = (
        instance(attached_disk=[{"source": "tank", "device_name": "tank"}]),
        resource(
            DISK, "tank", size=100, type="pd-ssd", description="data", storage_pool="pool", **made
        ),
    )
    adopted = adopt(*found)
    takeover = take_over(adopted, *found)
    address = "google_compute_disk.tank"
    assert forced(takeover) == forced(takeover, address) == {}
    assert {*changes(takeover, address)} == {"labels.fleet", "labels.machine"}
    said = {each.what for each in adopted.items if each.where == found[1].where}
    empty = "what is on it stays, and a disk that is made anew is empty"
    without = "it stays as it is, and a disk that is made anew is without"
    assert said == {
        *(f"{name}={value!r}: nothing here says it; {empty}" for name, value in made.items()),
        f"description='data': nothing here says it; {without}",
        f"storage_pool='pool': nothing here says it; {without}",
    }


def test_a_disk_that_follows_another_would_be_made_anew() -> None:
    found = (
        instance(attached_disk=[{"source": "tank", "device_name": "tank"}]),
        resource(DISK, "tank", size=100, type="pd-ssd", async_primary_disk={"disk": "first"}),
    )
    adopted = adopt(*found)
    assert "make the disk anew" in words(adopted.items)
    assert set(forced(take_over(adopted, *found), "google_compute_disk.tank")) == {
        "async_primary_disk"
    }


def test_another_network_and_what_is_taken_away() -> None:
    found = instance(
        can_ip_forward=True,
        description="mine",
        network_interface={
            "network": "projects/host-net/global/networks/shared",
            "subnetwork": "projects/host-net/regions/europe-west1/subnetworks/lab",
            "alias_ip_range": [{"ip_cidr_range": "10.1.0.0/24"}],
        },
    )
    adopted = adopt(found)
    assert adopted.project.network == "projects/host-net/global/networks/shared"
    machine = only(adopted)
    assert machine.subnetwork == "projects/host-net/regions/europe-west1/subnetworks/lab"
    assert machine.external_ip is False
    takeover = take_over(adopted, found)
    assert forced(takeover) == {}
    there = changes(takeover)
    assert there["can_ip_forward"] == (True, False)
    assert there["description"] == ("mine", None)
    assert there["network_interface[0].alias_ip_range"][1] is None
    assert "network_interface[0].subnetwork" not in there
    said = words(adopted.items)
    for name in ("can_ip_forward", "description", "alias_ip_range"):
        assert name in said, "what no field says is in the report"


# What the stack leaves alone, as the console and gcloud make it.
KEPT: dict[str, Any] = {
    "hostname": "a.example.org",
    "network_interface": {"nic_type": "GVNIC", "queue_count": 4},
    "network_performance_config": {"total_egress_bandwidth_tier": "TIER_1"},
    "key_revocation_action_type": "STOP",
    "instance_encryption_key": {"kms_key_self_link": "projects/p/keys/k"},
    "scheduling": {"local_ssd_recovery_timeout": {"seconds": 3600}},
    "boot_disk": {
        "initialize_params": {
            "size": 20,
            "type": "hyperdisk-balanced",
            "storage_pool": "pool",
            "enable_confidential_compute": True,
        }
    },
}


@pytest.mark.parametrize("name", KEPT)
def test_how_an_instance_was_made_stays(name: str) -> None:
    """The stack says nothing of it, and leaves it alone; the report says what that comes to."""
    found = instance(machine_type="c3-standard-4", **{name: KEPT[name]})
    adopted = adopt(found)
    assert forced(take_over(adopted, found)) == {}
    said = [each for each in adopted.items if each.what.startswith(name)]
    assert said
    for each in said:
        assert each.what.endswith("it stays as it is, and a machine that is made anew is without")
        assert each.do == ""


def test_what_an_instance_has_when_nobody_says_it_is_not_told() -> None:
    """As the console writes it of every machine."""
    found = instance(
        key_revocation_action_type="NONE",
        network_performance_config={"total_egress_bandwidth_tier": "DEFAULT"},
    )
    adopted = adopt(found)
    assert adopted.items == ()
    assert forced(take_over(adopted, found)) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scheduling", {"termination_time": "2030-01-01T00:00:00Z"}),
        (
            "boot_disk",
            {"initialize_params": {"size": 20, "type": "pd-ssd", "replica_zones": ["a", "b"]}},
        ),
        ("advanced_machine_features", {"enable_uefi_networking": True}),
    ],
)
def test_what_would_make_an_instance_anew_is_said(name: str, value: Any) -> None:
    """Of what a fleet says otherwise, or Terraform cannot leave alone."""
    found = instance(**{name: value})
    adopted = adopt(found)
    (path,) = forced(take_over(adopted, found))
    assert path.startswith(name)
    assert "would make the machine anew" in words(adopted.items)


def test_another_number_of_network_interfaces_would_make_it_anew() -> None:
    found = instance(network_interface=[{"network": "a"}, {"network": "b"}])
    adopted = adopt(found)
    assert "2 of them" in words(adopted.items)
    assert set(forced(take_over(adopted, found))) == {"network_interface"}


def test_a_schedule_is_each_machines_own_from_then_on() -> None:
    policy = resource(
        POLICY,
        "nightly",
        instance_schedule_policy={
            "vm_stop_schedule": {"schedule": "0 22 * * *"},
            "vm_start_schedule": {"schedule": "0 6 * * *"},
            "time_zone": "Europe/Brussels",
        },
    )
    found = (instance(resource_policies=["nightly"]), instance("b", resource_policies=["nightly"]))
    adopted = adopt(*found, policy)
    schedule = StopSchedule("0 22 * * *", time_zone="Europe/Brussels")
    assert [each.stop_schedule for each in adopted.machines] == [schedule, schedule]  # type: ignore[attr-defined]
    assert "vm_start_schedule" in words(adopted.items)
    takeover = take_over(adopted, *found, policy)
    before, after = changes(takeover)["resource_policies"]
    assert before[0].endswith("/resourcePolicies/nightly")
    assert after == ["google_compute_resource_policy.node-stop, which is new"]
    assert "delete it where no other machine follows it" in words(takeover.items)


def test_a_policy_that_was_not_found_or_stops_nothing_is_left() -> None:
    placement = resource(POLICY, "near", group_placement_policy={"collocation": "COLLOCATED"})
    adopted = adopt(
        instance(resource_policies=["lost"]), instance("b", resource_policies=["near"]), placement
    )
    assert [each.stop_schedule for each in adopted.machines] == [None, None]  # type: ignore[attr-defined]
    assert "resource-policies list" in words(adopted.items)
    assert "stops no machine" in words(adopted.items)
    assert placement.where not in adopted.carried


def test_an_address_is_kept_where_something_reserves_it() -> None:
    address = resource("google_compute_address", "front", address="198.51.100.9")
    found = instance()
    adopted = adopt(found, address)
    assert only(adopted).external_ip == "198.51.100.9"
    assert "nat_ip" not in str(changes(take_over(adopted, found, address)))
    written = Found(
        type="google_compute_instance",
        name="node",
        where="main.tf.json: google_compute_instance.node",
        attributes={
            "name": "node",
            "machine_type": "e2-standard-4",
            "zone": ZONE,
            "boot_disk": {"initialize_params": {"size": 20, "type": "pd-balanced"}},
            "network_interface": {
                "network": "default",
                "access_config": {"nat_ip": Reference("${google_compute_address.front.address}")},
            },
        },
        exists=False,
    )
    beside = Found(
        type="google_compute_address",
        name="front",
        where="main.tf.json: google_compute_address.front",
        attributes={"name": "front"},
        exists=False,
    )
    adopted = adopt(written, beside)
    assert only(adopted).external_ip == Reference("${google_compute_address.front.address}")
    assert ("node", "external_ip") in adopted.comments, "the stack has to have that"
    assert beside.where in adopted.carried


def test_a_tier_that_gives_another_address_is_said() -> None:
    found = instance(
        network_interface={
            "access_config": [
                {
                    "nat_ip": "198.51.100.9",
                    "network_tier": "STANDARD",
                    "public_ptr_domain_name": "a.example.org.",
                }
            ]
        }
    )
    adopted = adopt(found)
    assert "another address" in words(adopted.items)
    assert "public_ptr_domain_name" in words(adopted.items)
    path = "network_interface[0].access_config[0].network_tier"
    assert changes(take_over(adopted, found))[path] == ("STANDARD", "PREMIUM")


def test_confidential_and_shielded_options_are_carried() -> None:
    found = instance(
        machine_type="n2d-standard-8",
        min_cpu_platform="AMD Milan",
        confidential_instance_config={
            "enable_confidential_compute": True,
            "confidential_instance_type": "SEV",
        },
        shielded_instance_config={
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": False,
        },
        advanced_machine_features={"threads_per_core": 1, "visible_core_count": 2},
        service_account={"email": "a@p.iam.gserviceaccount.com", "scopes": ["cloud-platform"]},
        deletion_protection=True,
    )
    adopted = adopt(found)
    machine = only(adopted)
    assert machine.confidential == "SEV"
    assert machine.on_host_maintenance == "MIGRATE"
    assert machine.shielded_vm == ShieldedVm(secure_boot=True, integrity_monitoring=False)
    assert machine.threads_per_core == 1
    assert machine.service_account == ServiceAccount("a@p.iam.gserviceaccount.com")
    assert machine.deletion_protection
    assert "visible_core_count=2" in words(adopted.items)
    takeover = take_over(adopted, found)
    assert forced(takeover) == {}
    assert changes(takeover)["advanced_machine_features[0].visible_core_count"] == (2, 0)
    assert "stopped and started again" in words(takeover.items)


def test_local_ssds_and_what_is_suspended_are_in_the_report() -> None:
    found = changed(
        instance(machine_type="n2-standard-8", scratch_disk=[{"interface": "NVME", "size": 375}]),
        current_status="SUSPENDED",
    )
    adopted = adopt(found)
    assert "scratch_disk" in words(adopted.items)
    assert "resumes it" in words(adopted.items)
    assert adopted.facts[0].external_ip == "198.51.100.9"
    assert changes(take_over(adopted, found))["desired_status"] == ("SUSPENDED", "RUNNING")


def test_a_boot_disk_that_nixos_would_not_find_is_said() -> None:
    disk = resource(DISK, "tank", size=10, type="pd-ssd")
    attached = [{"source": "tank", "device_name": "tank"}]
    adopted = adopt(instance(attached_disk=attached), disk)
    assert "google-node: disko=" in words(adopted.items)
    assert "device_name" not in words(adopt(instance()).items), "it has no other disk"


def test_everything_else_stays_and_is_in_the_report() -> None:
    others = [
        resource("google_compute_instance_from_template", "t"),
        resource("google_dns_record_set", "www"),
        resource("google_storage_bucket", "b"),
        resource("google_compute_firewall", "allow-web", network="default"),
        resource(DISK, "alone", size=10),
        resource("google_compute_address", "spare", address="192.0.2.1"),
    ]
    adopted = adopt(instance(), *others)
    said = {item.where: item for item in adopted.items}
    assert said.keys() == {each.where for each in others}
    assert all(item.kind == "left" for item in adopted.items)
    assert adopted.carried == {"state.json: google_compute_instance.node"}


def test_nothing_at_all_is_nothing() -> None:
    adopted = adopt()
    assert adopted.project is None
    assert adopted.machines == ()
    assert take_over(adopted, name="lab", gcp=None, machines=()).taken == ()


# What machines have in common.


def keys(*lines: str) -> dict[str, str]:
    return {"ssh-keys": "\n".join(lines)}


OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFub3RoZXIgYWRtaW46IG5vIHByaXZhdGUga2V5Li4u"


def test_keys_of_root_that_all_have_are_the_projects() -> None:
    adopted = adopt(
        instance(metadata=keys(f"root:{KEY} a", f"root:{OTHER} b", "bob:ssh-ed25519 AAAA bob")),
        instance("b", metadata=keys(f"root:{KEY} a")),
    )
    assert adopted.project.ssh_keys == (f"{KEY} a",)
    said = words(adopted.items)
    assert "1 key of 'bob'" in said
    assert "1 key of root that not every machine has" in said
    assert OTHER.split()[1] not in said


def test_a_key_that_ends_is_not_for_good() -> None:
    line = f'root:{KEY} google-ssh {{"userName":"a","expireOn":"2026-01-01T00:00:00+0000"}}'
    adopted = adopt(instance(metadata=keys(line)))
    assert adopted.project.ssh_keys == ()
    assert "not a key that lets in for good" in words(adopted.items)


def test_switches_are_as_most_machines_have_them() -> None:
    adopted = adopt(
        instance(metadata={"enable-oslogin": "true", "serial-port-enable": "1"}),
        instance("b", metadata={"enable-oslogin": "TRUE", "enable-guest-attributes": "FALSE"}),
        instance("c", metadata={"enable-oslogin": "FALSE", "enable-guest-attributes": "FALSE"}),
    )
    assert adopted.project.os_login is True
    assert adopted.project.project_ssh_keys is False, "OS Login takes no keys from metadata"
    assert adopted.project.guest_attributes is False
    assert [each.serial_port for each in adopted.machines] == [True, False, False]  # type: ignore[attr-defined]
    assert "metadata.enable-oslogin=FALSE: os_login is one for all" in words(adopted.items)


def test_labels_that_all_have_are_the_projects() -> None:
    adopted = adopt(
        instance(labels={"env": "prod", "team": "a"}), instance("b", labels={"env": "prod"})
    )
    assert adopted.project.labels == {"env": "prod"}
    assert [each.labels for each in adopted.machines] == [{"team": "a"}, {}]  # type: ignore[attr-defined]


def test_labels_that_cannot_be_here_stay_or_are_overwritten() -> None:
    found = instance(
        labels={"fleet": "other", "team": "a", "Ünï": "x", "empty": "", "goog-ops": "v"}
    )
    adopted = adopt(found)
    assert only(adopted).labels == {"team": "a"}
    said = words(adopted.items)
    assert "labels.fleet='other': the stack writes this label" in said
    assert "labels.empty=''" in said
    takeover = take_over(adopted, found)
    assert changes(takeover)["labels.fleet"] == ("other", "lab")
    assert not any(path.startswith("labels.empty") for path in changes(takeover))


def test_machines_of_another_project_are_left() -> None:
    other = changed(instance("b"), project="another-lab", self_link=None, id=None)
    adopted = adopt(instance(), instance("c"), other)
    assert [each.name for each in adopted.machines] == ["node", "c"]
    assert "'another-lab'" in words(adopted.items)


def test_nobody_knows_a_project_that_no_source_names() -> None:
    found = changed(instance(), project=None, self_link=None, id=None)
    adopted = adopt(found, region="europe-west1")
    assert adopted.project.project == "example-project"
    assert adopted.comments["", "project"].endswith("write it here")
    assert [item.kind for item in adopted.items] == ["guessed"]


# Two sources.


def configured(name: str = "node", **arguments: Any) -> Found:
    """An instance as somebody wrote it."""
    return Found(
        type="google_compute_instance",
        name=name,
        where=f"main.tf.json: google_compute_instance.{name}",
        attributes={
            "name": name,
            "machine_type": "e2-standard-4",
            "zone": ZONE,
            "boot_disk": {"initialize_params": {"image": "debian-cloud/debian-13"}},
            "network_interface": {"network": "default", "access_config": {}},
            **arguments,
        },
        exists=False,
    )


def test_the_first_source_counts_and_contradictions_are_said() -> None:
    there = instance(
        machine_type="n1-standard-8",
        guest_accelerator=[{"type": "nvidia-tesla-t4", "count": 1}],
        scheduling={"on_host_maintenance": "TERMINATE", "automatic_restart": True},
    )
    written = configured(
        machine_type="n1-standard-4",
        zone="europe-west1-c",
        guest_accelerator={"type": "nvidia-tesla-t4", "count": 2},
    )
    adopted = adopt(there, written)
    assert only(adopted).machine_type == "n1-standard-8"
    told = [item for item in adopted.items if item.kind == "contradiction"]
    assert [item.what.partition(";")[0] for item in told] == [
        f"{name}='{here}', and '{other}' in main.tf.json: google_compute_instance.node"
        for name, here, other in (
            ("machine_type", "n1-standard-8", "n1-standard-4"),
            ("zone", "europe-west1-b", "europe-west1-c"),
            ("guest_accelerator", "1x nvidia-tesla-t4", "2x nvidia-tesla-t4"),
        )
    ]
    assert all(item.where == there.where for item in told)


def test_what_one_source_leaves_out_another_knows() -> None:
    adopted = adopt(configured(), instance())
    machine = only(adopted)
    assert machine.boot_disk.image == "debian-cloud/debian-13"
    assert machine.boot_disk.size_gb == 20
    assert [item for item in adopted.items if item.kind == "guessed"] == []


def test_what_no_source_says_is_guessed() -> None:
    adopted = adopt(configured())
    assert only(adopted).boot_disk.size_gb == 10
    assert only(adopted).boot_disk.type == "pd-standard"
    assert {item.kind for item in adopted.items} == {"guessed"}
    assert ("node", "boot_disk") in adopted.comments


def test_one_name_in_two_zones_is_two_machines_of_which_a_fleet_has_one() -> None:
    second = changed(instance("b"), name="node", zone="europe-west1-c")
    adopted = adopt(instance(), second)
    assert only(adopted).zone == ZONE
    assert "names are a fleet's own" in words(adopted.items)
    assert second.where not in adopted.carried


def test_references_come_to_what_others_say() -> None:
    adopted = adopt(
        configured(
            network_interface={
                "subnetwork": Reference("${google_compute_subnetwork.lab.self_link}"),
                "network": Reference("${google_compute_network.lab.id}"),
            },
            boot_disk={
                "initialize_params": {
                    "image": Reference("${data.google_compute_image.debian.self_link}"),
                    "size": "20",
                    "type": "pd-ssd",
                }
            },
            service_account={
                "email": Reference("${google_service_account.node.email}"),
                "scopes": ["cloud-platform"],
            },
            labels={"env": Reference("${var.env}")},
            attached_disk=[{"source": Reference('${google_compute_disk.data["a"].id}')}],
        ),
        *(
            Found(type=kind, name=name, where=where, attributes=attributes, exists=False)
            for kind, name, where, attributes in (
                (
                    "google_compute_network",
                    "lab",
                    "main.tf.json: google_compute_network.lab",
                    {"name": "lab-vpc"},
                ),
                (
                    "google_compute_subnetwork",
                    "lab",
                    "main.tf.json: google_compute_subnetwork.lab",
                    {"name": "lab-west"},
                ),
                (
                    "google_service_account",
                    "node",
                    "main.tf.json: google_service_account.node",
                    {"account_id": "node-sa"},
                ),
                (
                    DISK,
                    "data",
                    'main.tf.json: google_compute_disk.data["a"]',
                    {"name": "data-a", "size": 10, "type": "pd-ssd", "zone": ZONE},
                ),
                (
                    DISK,
                    "data",
                    'main.tf.json: google_compute_disk.data["b"]',
                    {"name": "data-b", "size": 10, "type": "pd-ssd", "zone": ZONE},
                ),
            )
        ),
    )
    machine = only(adopted)
    assert adopted.project.network == "lab-vpc"
    assert machine.subnetwork == "lab-west"
    assert machine.service_account == ServiceAccount(f"node-sa@{PROJECT}.iam.gserviceaccount.com")
    assert [disk.name for disk in machine.data_disks] == ["data-a"]
    assert machine.labels == {"env": Reference("${var.env}")}
    assert ("node", "labels") in adopted.comments
    assert machine.boot_disk.image == "debian-cloud/debian-12", "that comes from elsewhere"
    assert "counts only when it is made anew" in words(adopted.items)


@pytest.mark.parametrize("field", ["zone", "machine_type"])
def test_a_machine_of_which_too_little_is_known_is_left_out(field: str) -> None:
    adopted = adopt(configured(**{field: Reference("${var.x}")}), instance("b"))
    assert [each.name for each in adopted.machines] == ["b"]
    (item,) = (each for each in adopted.items if each.where.startswith("main.tf.json"))
    assert item.kind == "left"
    assert "give a state or a plan" in item.do


def test_a_machine_that_cannot_be_is_left_out_with_its_reason() -> None:
    found = instance(machine_type="x99-mega-1")
    adopted = adopt(found, instance("b"))
    assert [each.name for each in adopted.machines] == ["b"]
    assert "not in the catalogue" in words(adopted.items)
    assert found.where not in adopted.carried


# Secrets.

SECRETS = {
    "db_password": "hunter2",
    "api-key": "0123456789",
    "user-data": "#cloud-config\npassword: hunter2\n",
    "config": "postgres://admin:hunter2@db.example.org/x",
    "pem": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    "startup-script": "#!/bin/bash\nexport K3S_TOKEN=hunter2\n",
    "shadow": "passwd=$6$hunter2$x",
    "flags": "--token hunter2",
    "0123456789": "hunter2",
}


def test_no_secret_is_copied() -> None:
    found = instance(metadata=SECRETS, labels={"token": "hunter2", "team": "a"})
    marked = Found(
        type=found.type,
        name=found.name,
        where=found.where,
        attributes=found.attributes,
        exists=True,
        secret=frozenset({"metadata.0123456789", "hostname"}),
    )
    adopted = adopt(marked)
    takeover = take_over(adopted, marked)
    machine = only(adopted)
    assert machine.metadata == {}
    assert machine.startup_script == ""
    assert machine.labels == {"team": "a"}
    everything = repr((adopted.machines, adopted.project, adopted.items, adopted.comments))
    for text in (everything, repr(takeover)):
        assert "hunter2" not in text
    assert words(adopted.items).count("may be secret") == len(SECRETS) + 1
    assert "Reference" in words(adopted.items)


def test_a_map_that_terraform_hides_is_hidden_whole() -> None:
    found = instance(metadata={"motd": "hunter2", **keys(f"root:{KEY}")})
    marked = Found(
        type=found.type,
        name=found.name,
        where=found.where,
        attributes=found.attributes,
        exists=True,
        secret=frozenset({"metadata"}),
    )
    adopted = adopt(marked)
    assert only(adopted).metadata == {}
    assert adopted.project.ssh_keys == ()
    assert "hunter2" not in repr((adopted.items, take_over(adopted, marked)))


def test_raw_keys_of_disks_are_never_told() -> None:
    found = instance(
        boot_disk={"disk_encryption_key_raw": "hunter2", "initialize_params": {"size": 20}},
        attached_disk=[{"source": "tank", "disk_encryption_key_raw": "hunter2"}],
    )
    disk = resource(DISK, "tank", size=10, disk_encryption_key={"raw_key": "hunter2"})
    adopted = adopt(found, disk)
    assert "hunter2" not in repr((adopted.items, adopted.machines, take_over(adopted, found, disk)))
    assert "disk_encryption_key_raw=…" in words(adopted.items)


# Hostile and truncated values.

WRONG: tuple[Any, ...] = (
    None,
    "",
    "x",
    "${x}",
    "a\x1b[31mb\u202e",
    7,
    -1,
    3.5,
    10**30,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    ["x"],
    [{}],
    {"x": "y"},
    [{"x": None}],
    [None, {"size": []}],
)
NESTED = {
    "boot_disk": ("initialize_params", "source", "device_name", "kms_key_self_link"),
    "network_interface": ("network", "subnetwork", "access_config", "alias_ip_range"),
    "scheduling": ("preemptible", "max_run_duration", "on_host_maintenance", "provisioning_model"),
    "guest_accelerator": ("type", "count"),
    "service_account": ("email", "scopes"),
    "attached_disk": ("source", "device_name", "mode"),
    "reservation_affinity": ("type", "specific_reservation"),
    "shielded_instance_config": ("enable_vtpm",),
    "advanced_machine_features": ("threads_per_core",),
    "confidential_instance_config": ("confidential_instance_type",),
}
TOP = (
    *("name", "machine_type", "zone", "project", "labels", "effective_labels", "metadata", "tags"),
    *("metadata_startup_script", "resource_policies", "scratch_disk", "desired_status"),
    *("current_status", "hostname", "min_cpu_platform", "deletion_protection", "self_link", "id"),
    *("allow_stopping_for_update", "lifecycle"),
    *NESTED,
)


def assert_names(message: str, found: Found) -> None:
    """A message says where what is wrong was found."""
    assert message.startswith(found.where)


@st.composite
def broken(draw: st.DrawFn) -> Found:
    attributes = dict(instance().attributes)
    for name in draw(st.lists(st.sampled_from(TOP), min_size=1, max_size=4)):
        wrong = draw(st.sampled_from(WRONG))
        if name in NESTED and draw(st.booleans()):
            inner = draw(st.sampled_from(NESTED[name]))
            wrong = [{**({"size": 20} if name == "boot_disk" else {}), inner: wrong}]
        if name == "metadata" and draw(st.booleans()):
            key = draw(st.sampled_from(("ssh-keys", "startup-script", "enable-oslogin", "motd")))
            wrong = {key: wrong}
        attributes[name] = wrong
    return Found(
        type="google_compute_instance",
        name="node",
        where="state.json: google_compute_instance.node",
        attributes=attributes,
        exists=draw(st.booleans()),
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(broken(), st.sampled_from(({}, {"project": PROJECT}, {"project": 7, "zone": []})))
def test_whatever_a_source_holds_ends_in_the_report_or_a_message(
    found: Found, provider: dict[str, Any]
) -> None:
    others = [
        Found(type=DISK, name="d", where="s: d", attributes={"name": "d", "size": []}, exists=True),
        Found(type=POLICY, name="p", where="s: p", attributes={"name": ["p"]}, exists=True),
        Found(
            type="google_compute_firewall",
            name="f",
            where="s: f",
            attributes={"name": "lab-ssh", "target_tags": ["lab"], "source_ranges": 7},
            exists=True,
        ),
    ]
    try:
        adopted = adopt(found, *others, **(provider or {"region": "europe-west1"}))
    except FleetError as error:
        assert_names(str(error), found)
        return
    said = {item.where for item in adopted.items}
    for each in (found, *others):
        assert each.where in adopted.carried or each.where in said
    if adopted.project is None:
        return
    try:
        take_over(adopted, found, *others)
    except FleetError:
        return


def test_what_has_another_type_is_said_to_have() -> None:
    found = changed(
        instance(),
        deletion_protection=["x"],
        tags="web",
        metadata="x",
        scheduling="x",
        resource_policies="p",
    )
    said = words(adopt(found).items)
    for name in ("deletion_protection", "tags", "metadata", "scheduling", "resource_policies"):
        assert f"{name}=" in said
