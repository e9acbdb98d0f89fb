"""Fleets that together use every feature of the stack."""

from typing import Any

import attrs

from infra_lib import (
    BootDisk,
    Catalog,
    DataDisk,
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    GcsBackend,
    Gpu,
    Machine,
    MachineFacts,
    MachineType,
    Reference,
    ServiceAccount,
    ShieldedVm,
    StopSchedule,
    ZeroTier,
)
from main import fleet as example

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
PROJECT = GcpProject("example-project", region="us-central1", ssh_keys=(f"{KEY} admin",))
KMS_KEY = "projects/example-project/locations/us-central1/keyRings/fleet/cryptoKeys/disks"
HOSTILE = "${path.module} %{if true}x%{endif} $${y} %%{z} '' \" \\ $$ # end\n  line\ttab é 漢 $"


def cpu(name: str = "galena", **fields: Any) -> GcpMachine:
    """A machine without a GPU."""
    return GcpMachine(name, **{"machine_type": "e2-standard-8", "zone": "us-central1-b", **fields})


def gpu(name: str = "scheelite", kind: str = "nvidia-tesla-t4", **fields: Any) -> GcpMachine:
    """An N1 machine with GPUs, on."""
    return GcpMachine(
        name,
        machine_type="n1-standard-8",
        zone="us-central1-c",
        gpu=Gpu(kind, fields.pop("count", 1)),
        **{"enabled": True, **fields},
    )


def project(**fields: Any) -> GcpProject:
    """The project of the tests, but for these fields."""
    return attrs.evolve(PROJECT, **fields)


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    """A fleet of these machines."""
    return Fleet(
        **{
            "name": "test",
            "domain": "example.org",
            "gcp": PROJECT,
            "machines": machines,
            **fields,
        }
    )


def with_machine(fleet: Fleet, name: str, **fields: Any) -> Fleet:
    """The fleet with these fields of one machine changed."""
    return attrs.evolve(
        fleet,
        machines=[
            attrs.evolve(machine, **fields) if machine.name == name else machine
            for machine in fleet.machines
        ],
    )


# Of a series that nobody knows.
NEWER = Catalog(machine_types=(MachineType("x9-standard-8", 8, 32),))


def newer(machine_type: str, name: str = "galena", **fields: Any) -> GcpMachine:
    """A machine of a type of `NEWER`, or of the tables, on."""
    given = {"zone": "us-central1-a", "catalog": NEWER, "enabled": True, **fields}
    return GcpMachine(name, machine_type=machine_type, **given)


CONTROLLER = Machine("cinnabar", tags=("controller",))
WITH_DATA = gpu(data_disks=(DataDisk("tank", size_gb=500, type="pd-ssd"),), tags=("peer",))

FLEETS: dict[str, Fleet] = {
    "example": example,
    "example-scheelite-on": with_machine(example, "scheelite", enabled=True),
    "accelerators": fleet_of(
        GcpMachine("lorandite", machine_type="g2-standard-4", zone="us-central1-a", enabled=True),
        GcpMachine("anatase", machine_type="a2-highgpu-4g", zone="us-central1-a", enabled=True),
        gpu("quartz", count=4),
        gpu("vanadinite", "nvidia-tesla-v100", count=2),
    ),
    "spot": fleet_of(
        gpu("scheelite", spot=True, max_run_duration=3600),
        cpu("galena", spot=True, instance_termination_action="DELETE"),
        cpu("halite", max_run_duration=86400),
    ),
    "stopped": fleet_of(gpu(stopped=True), cpu(stopped=True)),
    "data-disks": fleet_of(
        CONTROLLER,
        WITH_DATA,
        cpu(
            enabled=False,
            data_disks=(
                DataDisk("attic", size_gb=1000, type="pd-standard"),
                DataDisk("scratch", size_gb=10, prevent_destroy=False),
            ),
        ),
    ),
    "stop-schedule": fleet_of(
        gpu(stop_schedule=StopSchedule("0 20 * * *", time_zone="Europe/Berlin")),
        cpu(stop_schedule=StopSchedule("30 18 * * MON-FRI"), stopped=True),
        cpu("halite", enabled=False, stop_schedule=StopSchedule("0 20 * * *")),
    ),
    "fallback-zones": fleet_of(
        gpu(fallback_zones=("us-central1-a", "us-east1-c")),
        gpu("anatase", fallback_zones=("us-central1-a", "us-east1-c")),
        facts=Facts(machines=(MachineFacts("anatase", zone="us-east1-c"),)),
    ),
    "gcs-backend": fleet_of(cpu(), gcp=project(backend=GcsBackend("example-state"))),
    "install": fleet_of(
        cpu(),
        cpu("halite", external_ip=False),
        gpu(stopped=True),
        gcp=project(install=True, ssh_source_ranges=("198.51.100.0/24",)),
    ),
    "networks": fleet_of(
        CONTROLLER,
        cpu(tags=("peer",), network_tags=("web",), external_ip="203.0.113.7"),
        cpu("halite", network="lab", subnetwork="lab-central", external_ip=False),
        cpu("baryte", network="projects/host/global/networks/shared", tags=("peer",)),
        cpu(
            "dolomite",
            network=Reference("${google_compute_network.vpc.id}"),
            external_ip=Reference("${google_compute_address.dolomite.address}"),
        ),
        gcp=project(ssh_source_ranges=("35.235.240.0/20", "203.0.113.0/24", "2001:db8::/32")),
        zerotier=ZeroTier(moons={"halite": ("203.0.113.9",)}),
    ),
    "every-field": fleet_of(
        cpu(
            boot_disk=BootDisk(
                image="debian-cloud/debian-13",
                size_gb=20,
                type="pd-ssd",
                kms_key=Reference("${google_kms_crypto_key.boot.id}"),
            ),
            data_disks=(DataDisk("tank", size_gb=10), DataDisk("ore", size_gb=10, kms_key=KMS_KEY)),
            labels={"team": "geology", "env": "-"},
            metadata={"motd": HOSTILE},
            serial_port=True,
            startup_script=f"#!/bin/bash\necho {HOSTILE!r}\n",
            shielded_vm=ShieldedVm(secure_boot=True, vtpm=True, integrity_monitoring=False),
            service_account=ServiceAccount("galena@example-project.iam.gserviceaccount.com"),
            deletion_protection=True,
            allow_stopping_for_update=False,
            stop_schedule=StopSchedule("0 20 1,15 * MON", time_zone="America/New_York"),
            description=HOSTILE,
        ),
        gcp=project(
            ssh_source_ranges=("203.0.113.0/24",),
            labels={"org": "example"},
            ssh_keys=(f"{KEY} {'${x} %{y}'}",),
            project_ssh_keys=True,
            os_login=False,
            firewall_logging=True,
            kms_key=KMS_KEY.replace("us-central1", "global"),
        ),
    ),
    "hardware": fleet_of(
        newer("c4-standard-8", data_disks=(DataDisk("tank", size_gb=100),)),
        newer("c4a-standard-4", "axinite", threads_per_core=1),
        newer("n2-standard-8", "beryl", nested_virtualization=True, threads_per_core=1),
        newer("n2d-standard-8", "calcite", confidential="SEV_SNP"),
        newer("n2d-standard-8", "dolomite", confidential="SEV", on_host_maintenance="MIGRATE"),
        newer("c3-standard-8", "euclase", confidential="TDX"),
        newer("c3-standard-192-metal", "fluorite"),
    ),
    "provisioning": fleet_of(
        newer("n2-standard-8", reservation="lab"),
        newer("h4d-standard-192", "axinite"),
        newer("g2-standard-4", "beryl", provisioning_model="FLEX_START", max_run_duration=604800),
        newer("a4-highgpu-8g", "calcite", zone="us-central1-b", provisioning_model="SPOT"),
        newer("a4x-highgpu-4g", "dolomite", reservation="projects/host/reservations/rack"),
        newer("n2-standard-8", "euclase", on_host_maintenance="TERMINATE"),
    ),
}
