"""A machine's stop schedule as a `google_compute_resource_policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdktf
from cdktf_cdktf_provider_google.compute_resource_policy import (
    ComputeResourcePolicy,
    ComputeResourcePolicyInstanceSchedulePolicy,
    ComputeResourcePolicyInstanceSchedulePolicyVmStopSchedule,
)

from infra_lib.clouds.gcp.names import bounded

if TYPE_CHECKING:
    from constructs import Construct

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.stop_schedule import StopSchedule


def policy_address(machine: GcpMachine) -> str:
    """Return the name in Terraform of a machine's own policy."""
    return f"{machine.name}-stop"


def stop_policy(
    scope: Construct, id_: str, machine: GcpMachine, schedule: StopSchedule
) -> ComputeResourcePolicy:
    """Return the policy that stops a machine."""
    return ComputeResourcePolicy(
        scope,
        id_,
        name=bounded(policy_address(machine)),
        region=machine.region,
        instance_schedule_policy=ComputeResourcePolicyInstanceSchedulePolicy(
            vm_stop_schedule=ComputeResourcePolicyInstanceSchedulePolicyVmStopSchedule(
                schedule=schedule.cron
            ),
            time_zone=schedule.time_zone,
        ),
        # A policy is in use as long as the machine follows it. This has Terraform change the
        # machine first when the schedule is taken away; otherwise it deletes first, and fails.
        lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
    )
