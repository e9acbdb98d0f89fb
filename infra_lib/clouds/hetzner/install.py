"""The installation of NixOS over a server's first image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.access import ADVICE
from infra_lib.clouds.hetzner.server import ipv4_address, server_reference
from infra_lib.model.reference import Reference
from infra_lib.terraform.installer import INSTALLATION, install_lines
from infra_lib.terraform.resource import Resource

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.machine import HetznerMachine


def installation(machine: HetznerMachine) -> Resource:
    """Return what installs NixOS when a machine is made, and then no more.

    A machine that already runs NixOS is left alone, and so is one that answers to another name.
    """
    address = ipv4_address(machine)
    assert address is not None  # noqa: S101 - the project was checked for that
    lines = install_lines(machine.name, address, advice=ADVICE, attended=False)
    return Resource(
        INSTALLATION,
        machine.name,
        {"triggers_replace": server_reference(machine, "id")},
        local_exec=Reference("\n".join((*lines, ""))),
    )
