"""What the stacks of all clouds have in common, for any framework."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from infra_lib.model.errors import field_error
from infra_lib.stacks.constructs import Constructs, construct
from infra_lib.terraform.encryption import overrides
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs import Construct

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.terraform.resource import Configuration

    Provisioned = TypeVar("Provisioned", bound=ProvisionedMachine)


class StackBase:
    """A stack of a cloud. Its class has this before the framework's own stack among its bases."""

    constructs: ClassVar[Constructs]

    _name: str

    def _make(
        self, scope: Construct, id_: str, fleet: Fleet, provider: str, wanted: Configuration
    ) -> dict[str, dict[str, Any]]:
        """Become a stack of that name which has all of a configuration.

        Args:
            scope: The app.
            id_: The stack's name.
            fleet: The fleet, which says how the state is encrypted.
            provider: The cloud's provider, as stacks name it.
            wanted: What it is to have.

        Returns:
            The constructs of the resources, by Terraform's type and name.

        Raises:
            FleetError: When a resource has an argument that its class does not know.
        """
        stack: Any = self  # what a framework's own stack has is not known here
        self.constructs.cdk.TerraformStack.__init__(stack, scope, id_)
        made = construct(self.constructs, stack, wanted)
        version = f"terraform.required_providers.{provider}.version"
        stack.add_override(version, self.constructs.version)
        if fleet.state_encryption is not None:
            for path, value in overrides(fleet.state_encryption).items():
                stack.add_override(path, value)
        self._name = id_
        return made

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


def named(
    fleet: Fleet,
    machines: Sequence[Provisioned],
    names: Iterable[str] | None,
    kind: str,
) -> tuple[Provisioned, ...]:
    """Return the machines of these names, in the fleet's order.

    Args:
        fleet: The fleet.
        machines: Its machines in the stack's cloud, on or off.
        names: The names; None for all of these machines.
        kind: What such a machine is: "GcpMachine".

    Raises:
        FleetError: When a name is not that of one of these machines.
    """
    if names is None:
        return tuple(machines)
    wanted = exact((names,) if isinstance(names, str) else tuple(names))
    known = [machine.name for machine in machines]
    for name in wanted:
        if name not in known:
            accepted = f"one of {', '.join(known) or f'(no {kind})'}"
            if any(machine.name == name for machine in fleet.machines):
                accepted += f"; that machine of the fleet is not a {kind}"
            raise field_error(f"fleet {fleet.name!r}", "machines", name, accepted)
    return tuple(machine for machine in machines if machine.name in wanted)
