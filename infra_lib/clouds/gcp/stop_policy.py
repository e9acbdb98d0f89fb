"""A machine's stop schedule as a `google_compute_resource_policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.names import shorten_name
from infra_lib.terraform.resource import Resource

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.stop_schedule import StopSchedule

SUFFIX = "-stop"
"""What the name in Terraform of a machine's own policy ends in, after the machine's."""


def policy_name(machine: GcpMachine) -> str:
    """Return the name in Terraform of a machine's own policy."""
    return f"{machine.name}{SUFFIX}"


def stop_policy(machine: GcpMachine, schedule: StopSchedule) -> Resource:
    """Return the policy that stops a machine."""
    return Resource(
        "google_compute_resource_policy",
        policy_name(machine),
        {
            "name": shorten_name(policy_name(machine)),
            "region": machine.region,
            "instance_schedule_policy": {
                "vm_stop_schedule": {"schedule": schedule.cron},
                "time_zone": schedule.time_zone,
            },
        },
        # A policy is in use as long as the machine follows it. This has Terraform change the
        # machine first when the schedule is taken away; otherwise it deletes first, and fails.
        lifecycle={"create_before_destroy": True},
    )
