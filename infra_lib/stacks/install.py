"""The installation of NixOS over a machine's first image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdktf

from infra_lib.clouds.gcp.access import ADVICE, host_keys
from infra_lib.stacks.instance import address, reference
from infra_lib.terraform.installer import install_lines, refuse_lines

if TYPE_CHECKING:
    from constructs import Construct

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject


class Installation(cdktf.TerraformResource):
    """A `terraform_data` that installs NixOS when its machine is made, and then no more.

    Not a `cdktf.DataResource`: that runs `terraform version` for each, at every synthesis.
    """

    def __init__(
        self, scope: Construct, id_: str, machine: GcpMachine, project: GcpProject
    ) -> None:
        """Make the resource, for a machine whose instance is in the same stack."""
        command = install_command(machine, project, address(machine))
        super().__init__(
            scope,
            id_,
            terraform_resource_type="terraform_data",
            provisioners=[cdktf.LocalExecProvisioner(type="local-exec", command=command)],
        )
        # The number that Compute Engine gave it: another machine of that name has another.
        self._instance_id = reference(machine, "instance_id")

    def _synthesize_attributes(self) -> dict[str, str]:
        return {"triggers_replace": self._instance_id}


def install_command(machine: GcpMachine, project: GcpProject, address: str) -> str:
    """Return the shell command that installs NixOS on a machine that has just been made.

    A machine that already runs NixOS is left alone: it may hold data, and was there before the
    fleet asked for installation. So is one that answers to another name: an address that Terraform
    knows may be another machine's by now.

    Args:
        machine: The machine.
        project: The project that it is in.
        address: Where SSH reaches it; a Terraform reference.
    """
    if machine.stopped:
        text = f"{machine.name} is stopped and cannot be installed: start it, then deploy again"
        (line,) = refuse_lines(text)
        return line
    published = project.guest_attributes
    lines = install_lines(
        machine.name,
        address,
        advice=ADVICE,
        host_keys=host_keys(machine.name, machine.zone, project.project) if published else (),
        attended=False,
    )
    return "\n".join((*lines, ""))
