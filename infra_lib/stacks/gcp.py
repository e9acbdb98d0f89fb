"""The stack that provisions a fleet's machines on Google Cloud, for any framework."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.cloud import KINDS
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.clouds.gcp.stop_policy import SUFFIX
from infra_lib.model.errors import field_error
from infra_lib.stacks.base import StackBase, named
from infra_lib.terraform.imports import with_imports
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import Construct

    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.fleet import Fleet


class GcpStackBase(StackBase):
    """What the stacks of all frameworks are: see `infra_lib.stacks.GcpStack`."""

    instances: Mapping[str, Any]
    disks: Mapping[str, Any]
    firewalls: Mapping[str, Any]
    stop_policies: Mapping[str, Any]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        fleet: Fleet,
        gcp: GcpProject | None = None,
        machines: Iterable[str] | None = None,
        imports: Mapping[str, str] | None = None,
    ) -> None:
        """Make the stack.

        Args:
            scope: The app.
            id_: The stack's name.
            fleet: The fleet.
            gcp: The project that the stack is in; None for the fleet's.
            machines: Names of the machines that it provisions; None for all of the fleet. Its
                firewall rules and network tags then have the stack's name in theirs, so that
                several such stacks may be in one project.
            imports: What is there already, and is taken over as it is: what the provider calls it,
                "projects/p/zones/z/instances/galena", by the address of the resource,
                "google_compute_instance.galena". What the stack has not, such as a machine that is
                off, is left out.

        Raises:
            FleetError: When there is no Google Cloud project, a name is not that of a
                machine the fleet provisions, two networks are too much alike in name, a machine has
                more labels or metadata in the project than an instance may have, the
                project's key is in another region than a disk without one of its own, or
                `imports` has what is no address or no ID.
        """
        id_ = exact(id_)
        project = gcp or fleet.gcp
        provisioned = named(fleet, fleet.gcp_machines, machines, "GcpMachine")
        if project is None:
            raise field_error(
                f"fleet {fleet.name!r}", "gcp", None, "GcpStack needs a GcpProject(…) here"
            )
        wanted = configuration(fleet, project, provisioned, id_, alone=machines is None)
        wanted = with_imports(wanted, exact(imports), f"stack {id_!r}", {})
        made = self._make(scope, id_, fleet, KINDS.provider, wanted)

        def of_type(type_: str) -> dict[str, Any]:
            return made.get(type_, {})

        self.instances = MappingProxyType(of_type("google_compute_instance"))
        self.disks = MappingProxyType(of_type("google_compute_disk"))
        self.firewalls = MappingProxyType(of_type("google_compute_firewall"))
        policies = of_type("google_compute_resource_policy").items()
        self.stop_policies = MappingProxyType(
            {name.removesuffix(SUFFIX): policy for name, policy in policies}
        )
