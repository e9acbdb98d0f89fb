"""Disks, images and processors that a machine type takes, and what follows from it of these."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import BootDisk, Catalog, DataDisk, GcpMachine, MachineType, Reference
from infra_lib.clouds.gcp.resources import configuration
from tests.helpers.stack_fleets import cpu, fleet_of, newer

NVME = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"
TANK = DataDisk("tank", size_gb=100)


def instance(machine: GcpMachine) -> dict[str, Any]:
    """What Terraform is given of a machine, but for what is left out."""
    return of(machine, f"google_compute_instance.{machine.name}")


def of(machine: GcpMachine, address: str) -> dict[str, Any]:
    fleet = fleet_of(machine)
    assert fleet.gcp is not None
    made = configuration(fleet, fleet.gcp, fleet.gcp_machines, "gcp").resources
    (found,) = (each for each in made if each.address == address)
    return {name: value for name, value in found.arguments.items() if value is not None}


@pytest.mark.parametrize(
    ("machine_type", "disk_type"),
    [
        ("e2-standard-8", "pd-balanced"),
        ("n1-standard-8", "pd-balanced"),
        ("a3-highgpu-8g", "pd-balanced"),
        ("h3-standard-88", "pd-balanced"),
        ("c3-standard-8", "pd-balanced"),
        ("c3-standard-192-metal", "hyperdisk-balanced"),
        ("a4-highgpu-8g", "hyperdisk-balanced"),
        ("a4x-highgpu-4g", "hyperdisk-balanced"),
        ("c4-standard-8", "hyperdisk-balanced"),
        ("c4a-standard-4", "hyperdisk-balanced"),
        ("h4d-standard-192", "hyperdisk-balanced"),
        ("m4-megamem-28", "hyperdisk-balanced"),
        ("n4a-standard-1", "hyperdisk-balanced"),
    ],
)
def test_disks_are_of_a_type_that_the_machine_type_takes(machine_type: str, disk_type: str) -> None:
    zone = "us-central1-b" if machine_type == "a4-highgpu-8g" else "us-central1-a"
    machine = newer(machine_type, zone=zone, enabled=False, data_disks=(TANK,))
    assert machine.boot_disk.type == disk_type
    assert [disk.type for disk in machine.data_disks] == [disk_type]


def test_what_is_deployed_and_said_is_the_type_that_was_derived() -> None:
    machine = newer("c4-standard-8", data_disks=(TANK,))
    assert instance(machine)["boot_disk"]["initialize_params"]["type"] == "hyperdisk-balanced"
    assert of(machine, "google_compute_disk.tank")["type"] == "hyperdisk-balanced"


def test_a_hyperdisk_is_made_with_the_performance_that_its_price_has_in_it() -> None:
    """More of it, given in Compute Engine later, makes nothing anew."""
    small = DataDisk("small", size_gb=4)
    machine = newer("c4-standard-8", data_disks=(TANK, small))
    params = instance(machine)["boot_disk"]["initialize_params"]
    assert (params["provisioned_iops"], params["provisioned_throughput"]) == (3000, 140)
    for disk, iops in (("tank", 3000), ("small", 2000)):
        made = of(machine, f"google_compute_disk.{disk}")
        assert (made["provisioned_iops"], made["provisioned_throughput"]) == (iops, 140)
    assert "provisioned_iops" not in instance(cpu())["boot_disk"]["initialize_params"]
    fleet = fleet_of(machine)
    assert fleet.gcp is not None
    ignored = {
        each.address: each.lifecycle.get("ignore_changes", [])
        for each in configuration(fleet, fleet.gcp, fleet.gcp_machines, "gcp").resources
    }
    performance = ["provisioned_iops", "provisioned_throughput"]
    assert ignored["google_compute_disk.tank"][-2:] == performance
    of_boot_disk = {f"boot_disk[0].initialize_params[0].{name}" for name in performance}
    assert of_boot_disk <= {*ignored["google_compute_instance.galena"]}


def test_a_copy_derives_anew_what_nobody_said_of_its_disks() -> None:
    machine = newer("c4a-standard-4", data_disks=(TANK,))
    again = evolve(machine, machine_type="e2-standard-8")
    assert again.boot_disk == BootDisk()
    assert again.boot_disk.image == "debian-cloud/debian-12"
    assert again.data_disks == (TANK,)
    larger = evolve(machine, boot_disk=evolve(machine.boot_disk, size_gb=200))
    assert larger.boot_disk.type == "hyperdisk-balanced"
    back = evolve(larger, machine_type="e2-standard-8").boot_disk
    assert (back.type, back.size_gb) == ("pd-balanced", 200)


def test_what_was_said_of_a_disk_stays() -> None:
    machine = newer(
        "c3-standard-8",
        boot_disk=BootDisk(type="hyperdisk-balanced", image="lab/own"),
        data_disks=(DataDisk("tank", size_gb=100, type="pd-ssd"),),
    )
    assert (machine.boot_disk.type, machine.boot_disk.image) == ("hyperdisk-balanced", "lab/own")
    assert machine.data_disks[0].type == "pd-ssd"
    other = evolve(machine, machine_type="a3-highgpu-8g", enabled=False)
    assert (other.boot_disk, other.data_disks) == (machine.boot_disk, machine.data_disks)


@pytest.mark.parametrize("machine_type", ["c4a-standard-4", "n4a-standard-1", "a4x-highgpu-4g"])
def test_an_arm_machine_boots_an_arm_image_into_an_arm_nixos(machine_type: str) -> None:
    machine = newer(machine_type, enabled=False)
    assert machine.boot_disk.image == "debian-cloud/debian-12-arm64"
    assert machine.platform == "aarch64-linux"
    assert machine.boot_device == NVME


@pytest.mark.parametrize(
    ("machine_type", "image"),
    [
        ("e2-standard-8", "debian-cloud/debian-13"),
        ("e2-standard-8", "ubuntu-os-cloud/ubuntu-2404-lts-amd64"),
        ("e2-standard-8", "lab/warm64"),
        ("c4a-standard-4", "debian-cloud/debian-13-arm64"),
        ("c4a-standard-4", "projects/debian-cloud/global/images/family/debian-12-arm64"),
        ("c4a-standard-4", "cos-cloud/cos-arm64-stable"),
        ("c4a-standard-4", "lab/nixos-aarch64-linux"),
        ("c4a-standard-4", "lab/nixos"),
        ("c4a-standard-4", Reference("${google_compute_image.x86_64.self_link}")),
    ],
)
def test_an_image_that_may_be_for_the_processors_is_taken(machine_type: str, image: str) -> None:
    assert newer(machine_type, boot_disk=BootDisk(image=image)).boot_disk.image == image


def test_disks_may_be_as_small_and_as_large_as_they_are_made() -> None:
    for disk_type, sizes in {
        "pd-standard": (1, 65536),
        "pd-extreme": (500, 65536),
        "hyperdisk-balanced": (4, 65536),
        "hyperdisk-extreme": (64, 65536),
        "hyperdisk-throughput": (2048, 32768),
    }.items():
        for size in sizes:
            assert DataDisk("ore", size_gb=size, type=disk_type).size_gb == size


def test_vcpus_enough_take_hyperdisk_extreme() -> None:
    def taken(vcpus: int) -> bool:
        name = f"c4-standard-{vcpus}"
        return "hyperdisk-extreme" in (MachineType(name, vcpus, 8).disk_types or ())

    assert [taken(vcpus) for vcpus in (95, 96, 97)] == [False, True, True]


@pytest.mark.parametrize(
    ("machine_type", "fields", "said"),
    [
        ("n2d-standard-8", {"confidential": "SEV"}, ("SEV", "TERMINATE", None)),
        (
            "n2d-standard-8",
            {"confidential": "SEV", "on_host_maintenance": "MIGRATE"},
            ("SEV", "MIGRATE", "AMD Milan"),
        ),
        ("n2d-standard-8", {"confidential": "SEV_SNP"}, ("SEV_SNP", "TERMINATE", "AMD Milan")),
        ("c3-standard-8", {"confidential": "TDX"}, ("TDX", "TERMINATE", None)),
        ("n2d-standard-8", {}, (None, "MIGRATE", None)),
    ],
)
def test_a_confidential_vm_is_said_as_the_provider_wants_it(
    machine_type: str, fields: dict[str, Any], said: tuple[str | None, ...]
) -> None:
    machine = newer(machine_type, **fields)
    found = instance(machine)
    assert (
        found.get("confidential_instance_config", {}).get("confidential_instance_type"),
        found["scheduling"]["on_host_maintenance"],
        found.get("min_cpu_platform"),
    ) == said
    confidential = "confidential" in fields
    assert machine.boot_device == (
        NVME if confidential or machine_type == "c3-standard-8" else "/dev/sda"
    )


@pytest.mark.parametrize(
    ("machine_type", "fields"),
    [
        (MachineType("c3d-standard-255", 255, 1020), {"confidential": "SEV"}),
        (MachineType("c4-standard-288", 288, 1080), {"confidential": "TDX"}),
        (MachineType("c3d-standard-8-lssd", 8, 32, local_ssd_gib=375), {"confidential": "SEV"}),
        (
            MachineType("a3-highgpu-1g", 26, 234, False, "nvidia-h100-80gb", 1, local_ssd_gib=750),
            {"confidential": "TDX", "spot": True},
        ),
        (MachineType("n2d-standard-8", 8, 32), {"confidential": "SEV", "reservation": "lab"}),
        (MachineType("e2-micro", 2, 1, True), {"threads_per_core": 2}),
    ],
    ids=lambda value: value.name if isinstance(value, MachineType) else "",
)
def test_what_a_machine_type_takes_is_not_refused(
    machine_type: MachineType, fields: dict[str, Any]
) -> None:
    catalog = Catalog(machine_types=(machine_type,))
    assert newer(machine_type.name, catalog=catalog, **fields)


def test_processors_are_said_of_only_where_something_is() -> None:
    assert "advanced_machine_features" not in instance(cpu())
    one = cpu(threads_per_core=1)
    assert instance(one)["advanced_machine_features"] == {"threads_per_core": 1}
    both = newer("n2-standard-8", threads_per_core=2, nested_virtualization=True)
    assert instance(both)["advanced_machine_features"] == {
        "threads_per_core": 2,
        "enable_nested_virtualization": True,
    }


def test_bare_metal_is_no_shielded_vm() -> None:
    assert "shielded_instance_config" in instance(newer("c3-standard-8"))
    assert "shielded_instance_config" not in instance(newer("c3-standard-192-metal"))


def test_a_disk_that_a_confidential_vm_boots_from_is_found_among_others() -> None:
    machine = newer("n2d-standard-8", confidential="SEV", data_disks=(TANK,))
    assert machine.boot_device == NVME
