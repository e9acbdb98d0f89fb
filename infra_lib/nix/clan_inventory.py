"""`modules/clan/inventory/machines.nix`: what clan knows of each machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.style import clan
from infra_lib.services import target_host

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/machines.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: tags, class, description and address of every machine.

    Those that clan's internet service reaches have their address there.
    """
    machines = {machine.name: _machine(fleet, machine) for machine in fleet.machines}
    return {PATH: {clan(fleet, "inventory", "machines"): machines}} if machines else {}


def _machine(fleet: Fleet, machine: Machine) -> Value:
    description = machine.full_description
    return {
        "tags": list(machine.all_tags),
        "machineClass": machine.machine_class,
        **({"description": description} if description else {}),
        **_deploy(fleet, machine),
    }


def _deploy(fleet: Fleet, machine: Machine) -> dict[str | tuple[str, ...], Value]:
    """How clan deploys the machine, as far as it is said: one thing is an attribute path."""
    deploy = {
        "targetHost": target_host(fleet, machine),
        "buildHost": machine.build_host,
        "forwardAgent": machine.forward_agent,
    }
    said = {name: value for name, value in deploy.items() if value is not None}
    if len(said) == 1:
        return {("deploy", name): value for name, value in said.items()}
    return {"deploy": said} if said else {}
