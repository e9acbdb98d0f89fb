"""The stack that provisions a fleet's machines on Google Cloud, for any framework."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from infra_lib.clouds.gcp.cloud import KINDS
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.clouds.gcp.stop_policy import SUFFIX
from infra_lib.model.errors import field_error
from infra_lib.stacks.constructs import Constructs, construct
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import Construct

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.fleet import Fleet


class GcpStackBase:
    """What the stacks of all frameworks are: see `infra_lib.stacks.cdktf.GcpStack`.

    A stack's class has this before the framework's own stack among its bases.
    """

    constructs: ClassVar[Constructs]

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

        Raises:
            FleetError: When there is no Google Cloud project, a name is not that of a
                machine the fleet provisions, two networks are too much alike in name, a machine has
                more labels or metadata in the project than an instance may have, or the
                project's key is in another region than a disk without one of its own.
        """
        id_ = exact(id_)
        project = gcp or fleet.gcp
        provisioned = _named(fleet, machines)
        if project is None:
            raise field_error(
                f"fleet {fleet.name!r}", "gcp", None, "GcpStack needs a GcpProject(…) here"
            )
        wanted = configuration(fleet, project, provisioned, id_, alone=machines is None)
        stack: Any = self  # what a framework's own stack has is not known here
        self.constructs.cdk.TerraformStack.__init__(stack, scope, id_)
        made = construct(self.constructs, stack, wanted)
        version = f"terraform.required_providers.{KINDS.provider}.version"
        stack.add_override(version, self.constructs.version)
        self._name = id_

        def named(type_: str) -> dict[str, Any]:
            return made.get(type_, {})

        self.instances = MappingProxyType(named("google_compute_instance"))
        self.disks = MappingProxyType(named("google_compute_disk"))
        self.firewalls = MappingProxyType(named("google_compute_firewall"))
        policies = named("google_compute_resource_policy").items()
        self.stop_policies = MappingProxyType(
            {name.removesuffix(SUFFIX): policy for name, policy in policies}
        )

    def prepare_stack(self) -> None:
        """Keep the state beside the app, where cdktf does, whatever folder that is.

        A framework writes an absolute path, so that the stack would differ from one checkout to the
        next. A backend of your own wins.
        """
        stack: Any = self
        cdk = self.constructs.cdk
        if stack.node.try_find_child("backend") is None:
            outdir = cdk.App.of(stack).outdir
            app = os.path.relpath(".", start=f"{outdir}/stacks/{self._name}")
            cdk.LocalBackend(stack, path=f"{app}/terraform.{self._name}.tfstate")
        cdk.TerraformStack.prepare_stack(stack)


def _named(fleet: Fleet, names: Iterable[str] | None) -> tuple[GcpMachine, ...]:
    """Return the provisioned machines of these names, in the fleet's order."""
    if names is None:
        return fleet.gcp_machines
    wanted = exact((names,) if isinstance(names, str) else tuple(names))
    known = [machine.name for machine in fleet.gcp_machines]
    for name in wanted:
        if name not in known:
            accepted = f"one of {', '.join(known) or '(no GcpMachine)'}"
            raise field_error(f"fleet {fleet.name!r}", "machines", name, accepted)
    return tuple(machine for machine in fleet.gcp_machines if machine.name in wanted)
