"""The installation of NixOS over a machine's first image."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..gcp_machine import GcpMachine


def install_command(machine: GcpMachine, address: str) -> str:
    """Return the shell command that installs NixOS on a machine that has just been made.

    A machine that already runs NixOS is left alone: it may hold data, and was there before the
    fleet asked for installation.

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
    return (
        "if ssh -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no "
        f"-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR {host} test -e /etc/NIXOS; then "
        f"echo {name} runs NixOS already; else "
        f"clan machines install {name} --update-hardware-config nixos-facter "
        f"--build-on remote --target-host {host} --yes; fi"
    )
