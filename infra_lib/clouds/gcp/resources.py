"""All that a fleet has on Google Cloud, as Terraform is to have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp import left_alone
from infra_lib.clouds.gcp.disks import included_performance
from infra_lib.clouds.gcp.dns import records
from infra_lib.clouds.gcp.firewall import Firewall, firewalls, network_tags, rule_prefix
from infra_lib.clouds.gcp.install import installation
from infra_lib.clouds.gcp.instance import address, common_labels, instance
from infra_lib.clouds.gcp.project import check_machine_in_project
from infra_lib.clouds.gcp.stop_policy import stop_policy
from infra_lib.terraform.resource import Backend, Configuration, Output, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.disks import DataDisk
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject


def configuration(
    fleet: FleetView,
    project: GcpProject,
    machines: Sequence[GcpMachine],
    stack: str,
    *,
    alone: bool = True,
) -> Configuration:
    """Return all that machines of a fleet need, and the machines that are on.

    Resources have names that nothing else in the fleet can change: those of machines and of disks,
    `<machine>-stop`, `<machine>-a`, and what firewall rules are for, `ssh`, `no-ssh` and
    `zerotier`.

    Args:
        fleet: The fleet.
        project: The project that they are in.
        machines: The machines, on or off.
        stack: The stack's name.
        alone: Whether no other stack has machines of the fleet. Otherwise firewall rules and
            network tags have the stack's name in theirs, so that several may be in one project.

    Raises:
        FleetError: When two networks are too much alike in name, a machine has more labels or
            metadata in the project than an instance may have, or the project's key is in another
            region than a disk without one of its own.
    """
    for machine in machines:
        check_machine_in_project(machine, project)
    on = [machine for machine in machines if machine.enabled]
    begin = rule_prefix(fleet, None if alone else stack)
    named = [records(fleet, machine) for machine in on]
    return Configuration(
        provider={"project": project.project, "region": project.region},
        backend=_backend(project, stack),
        resources=(
            *(_firewall(rule, project) for rule in firewalls(fleet, project, machines, begin)),
            # A machine that is off keeps its data.
            *(
                _disk(fleet, project, machine, disk)
                for machine in machines
                for disk in machine.data_disks
            ),
            *(stop_policy(each, each.stop_schedule) for each in on if each.stop_schedule),
            *(instance(fleet, project, each, network_tags(fleet, each, begin)) for each in on),
            *(record for _, own in named for record in own),
            *(installation(each, project) for each in on if project.install),
        ),
        data_sources=tuple(source for read, _ in named for source in read),
        outputs=(
            Output(
                "machines",
                {machine.name: _told(fleet, machine) for machine in on},
                description="The machines that exist, by name",
            ),
        ),
    )


def _backend(project: GcpProject, stack: str) -> Backend | None:
    """Return the project's own, in a folder for each stack."""
    if project.backend is None:
        return None
    prefix = "/".join(part for part in (project.backend.prefix.rstrip("/"), stack) if part)
    return Backend("gcs", {"bucket": project.backend.bucket, "prefix": prefix})


def _firewall(rule: Firewall, project: GcpProject) -> Resource:
    what = [{"protocol": rule.protocol, "ports": [str(rule.port)]}]
    logged = project.firewall_logging and rule.allows
    return Resource(
        "google_compute_firewall",
        rule.address,
        {
            "name": rule.name,
            "network": rule.network,
            "project": rule.project,
            "direction": "INGRESS",
            "priority": rule.priority,
            "allow" if rule.allows else "deny": what,
            "source_ranges": list(rule.source_ranges),
            "target_tags": [rule.target_tag],
            "log_config": {"metadata": "INCLUDE_ALL_METADATA"} if logged else None,
        },
    )


def _disk(fleet: FleetView, project: GcpProject, machine: GcpMachine, disk: DataDisk) -> Resource:
    key = disk.kms_key or project.kms_key
    performance = included_performance(disk.type, disk.size_gb)
    return Resource(
        "google_compute_disk",
        disk.name,
        {
            "name": disk.name,
            "type": disk.type,
            "zone": machine.zone,
            "size": disk.size_gb,
            **performance,
            "disk_encryption_key": None if key is None else {"kms_key_self_link": key},
            "labels": common_labels(fleet, project, machine),
        },
        lifecycle={
            **({"prevent_destroy": True} if disk.prevent_destroy else {}),
            # More performance, which it was given since, stays.
            "ignore_changes": [*left_alone.DATA_DISK, *performance],
        },
    )


def _told(fleet: FleetView, machine: GcpMachine) -> dict[str, object]:
    """Return what the output `machines` says of a machine."""
    gpu = machine.gpu
    return {
        "state": machine.state,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "external_ip": address(machine) if machine.external_ip else None,
        "gpu": None if gpu is None else {"type": gpu.type, "count": gpu.count},
        **machine.prices_told(fleet.usd_per_eur),
    }
