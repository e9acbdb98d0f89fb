"""The installation of NixOS over a machine's first image."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.access import ADVICE, host_keys
from infra_lib.clouds.gcp.instance import address, instance_reference
from infra_lib.model.reference import Reference
from infra_lib.terraform.installer import INSTALLATION, install_lines
from infra_lib.terraform.resource import Resource

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject


def installation(machine: GcpMachine, project: GcpProject) -> Resource:
    """Return what installs NixOS when a machine is made, and then no more."""
    command = install_command(machine, project, address(machine))
    return Resource(
        INSTALLATION,
        machine.name,
        # The number that Compute Engine gave it: another machine of that name has another.
        {"triggers_replace": instance_reference(machine, "instance_id")},
        local_exec=Reference(command),
    )


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
        stopped = f"{machine.name} is stopped and cannot be installed: start it, then deploy again"
        return f"echo {shlex.quote(stopped)} >&2; exit 1"
    published = project.guest_attributes
    lines = install_lines(
        machine.name,
        address,
        advice=ADVICE,
        host_keys=host_keys(machine.name, machine.zone, project.project) if published else (),
        attended=False,
    )
    return "\n".join((*lines, ""))
