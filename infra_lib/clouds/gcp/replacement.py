"""What Google's provider makes anew, and what it stops an instance for.

Read off its resource definitions, github.com/hashicorp/terraform-provider-google at v7.45.0,
google/services/compute: `ForceNew`, `CustomizeDiff`, and in resourceComputeInstanceUpdate what
needToStopInstanceBeforeUpdating is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.gcp.readings import DISK, INSTANCE, READINGS, STOPPED_FOR
from infra_lib.clouds.gcp.resources import configuration as _configuration
from infra_lib.clouds.replacement import INSTALLED_BY, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.terraform.resource import Configuration

RULES: Mapping[str, Rules] = {
    # What an import cannot read, a state that a deployment left has.
    **{kind: Rules(reading=evolve(each, unread=frozenset())) for kind, each in READINGS.items()},
    INSTANCE: Rules(
        reading=evolve(READINGS[INSTANCE], unread=frozenset()),
        stopped_for=STOPPED_FOR,
        stop_allowed_by="allow_stopping_for_update",
        kept=frozenset(
            ("guest_accelerator", "confidential_instance_config", "reservation_affinity")
        ),
        protected_by="deletion_protection",
    ),
    DISK: Rules(reading=evolve(READINGS[DISK], unread=frozenset()), shrinking=frozenset(("size",))),
    **INSTALLED_BY,
}
"""By the type of resource, those that a stack makes."""


def configuration(
    fleet: FleetView, project: GcpProject, machines: Sequence[GcpMachine], stack: str
) -> Configuration:
    """Return all that the fleet has there, each resource with the project that it is in.

    A resource that does not say its project is in the provider's, and cannot go to another.

    Raises:
        FleetError: When project and machines do not make a stack.
    """
    whole = _configuration(fleet, project, machines, stack)
    resources = (
        evolve(each, arguments={**each.arguments, "project": project.project})
        if each.type in READINGS and each.arguments.get("project") is None
        else each
        for each in whole.resources
    )
    return evolve(whole, resources=tuple(resources))
