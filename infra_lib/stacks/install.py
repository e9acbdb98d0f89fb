"""The installation of NixOS over a machine's first image."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import cdktf

from ..installed import RUNS_NIXOS
from .instance import address, reference

if TYPE_CHECKING:
    from constructs import Construct

    from ..gcp_machine import GcpMachine


# With 5 s between them: minutes, while a machine starts and its startup script runs.
_TRIES = 40


class Installation(cdktf.TerraformResource):
    """A `terraform_data` that installs NixOS when its machine is made, and then no more.

    Not a `cdktf.DataResource`: that runs `terraform version` for each, at every synthesis.
    """

    def __init__(self, scope: Construct, id_: str, machine: GcpMachine) -> None:
        """Make the resource, for a machine whose instance is in the same stack."""
        command = install_command(machine, address(machine))
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


def install_command(machine: GcpMachine, address: str) -> str:
    """Return the shell command that installs NixOS on a machine that has just been made.

    A machine that already runs NixOS is left alone: it may hold data, and was there before the
    fleet asked for installation. So nothing is installed before the machine itself has said that it
    does not: one that has just been made, or started, takes a while to answer.

    Args:
        machine: The machine.
        address: Where SSH reaches it; a Terraform reference.
    """
    name = shlex.quote(machine.name)
    host = f"root@{address}"
    if machine.stopped:
        return (
            f"echo {name} is stopped and cannot be installed: start it, then deploy again >&2; "
            "exit 1"
        )
    return f"""tries=0
while
  ssh -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no \\
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR {host} \\
    {RUNS_NIXOS}
  status=$?
  [ "$status" -ne 1 ]
do
  if [ "$status" -eq 0 ]; then
    echo {name} runs NixOS already
    exit 0
  fi
  tries=$((tries + 1))
  if [ "$tries" -ge {_TRIES} ]; then
    echo "{name} does not let root in over SSH, so nothing is installed: is SSH open to this \
computer, in ssh_source_ranges, and its key among ssh_keys?" >&2
    exit 1
  fi
  sleep 5
done
clan machines install {name} --update-hardware-config nixos-facter \\
  --build-on remote --host-key-check none --target-host {host} --yes
"""
