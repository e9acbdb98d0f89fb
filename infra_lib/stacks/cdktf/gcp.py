"""The stack of Google Cloud for CDKTF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.stacks.bindings import CDKTF
from infra_lib.stacks.provider import load

load(CDKTF)

import cdktf
from cdktf_cdktf_provider_google.compute_disk import ComputeDisk
from cdktf_cdktf_provider_google.compute_firewall import ComputeFirewall
from cdktf_cdktf_provider_google.compute_instance import ComputeInstance
from cdktf_cdktf_provider_google.compute_resource_policy import ComputeResourcePolicy
from cdktf_cdktf_provider_google.provider import GoogleProvider

from infra_lib.stacks.constructs import Constructs
from infra_lib.stacks.gcp import GcpStackBase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GcpStack"]


class GcpStack(GcpStackBase, cdktf.TerraformStack):
    """A fleet's machines on Google Cloud, with their disks and firewall rules.

    Resources have addresses that nothing else in the fleet can change:
    `google_compute_instance.<machine>`, `google_compute_resource_policy.<machine>-stop`,
    `google_compute_disk.<disk>`, and `google_compute_firewall.ssh`, `.no-ssh` or `.zerotier`.
    Constructs of your own may stand in the same stack and refer to these.

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
        cdktf,
        GoogleProvider,
        {
            "google_compute_disk": ComputeDisk,
            "google_compute_firewall": ComputeFirewall,
            "google_compute_instance": ComputeInstance,
            "google_compute_resource_policy": ComputeResourcePolicy,
        },
        # Newer than what the classes were made from; every argument used here is in both.
        version="~> 7.0",
    )
