"""The stack of Google Cloud for CDK Terrain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.stacks.bindings import CDKTN
from infra_lib.stacks.provider import load

load(CDKTN)

import cdktn
from cdktn_provider_google.compute_disk import ComputeDisk
from cdktn_provider_google.compute_firewall import ComputeFirewall
from cdktn_provider_google.compute_instance import ComputeInstance
from cdktn_provider_google.compute_resource_policy import ComputeResourcePolicy
from cdktn_provider_google.provider import GoogleProvider

from infra_lib.stacks.constructs import Constructs
from infra_lib.stacks.gcp import GcpStackBase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GcpStack"]


class GcpStack(GcpStackBase, cdktn.TerraformStack):
    """A fleet's machines on Google Cloud, with their disks and firewall rules, in CDK Terrain.

    It is what `infra_lib.stacks.GcpStack` is for CDKTF, with the same resources and attributes.

    Attributes:
        instances: The instances by machine name; those of machines that are off are not there.
        disks: The data disks by name, also those of machines that are off.
        firewalls: The firewall rules by their address in Terraform.
        stop_policies: The policies of stop schedules by machine name, where the instance is there.
    """

    instances: Mapping[str, ComputeInstance]
    disks: Mapping[str, ComputeDisk]
    firewalls: Mapping[str, ComputeFirewall]
    stop_policies: Mapping[str, ComputeResourcePolicy]

    constructs = Constructs(
        cdktn,
        GoogleProvider,
        {
            "google_compute_disk": ComputeDisk,
            "google_compute_firewall": ComputeFirewall,
            "google_compute_instance": ComputeInstance,
            "google_compute_resource_policy": ComputeResourcePolicy,
        },
        version="~> 8.0",
    )
