"""`modules/clan/inventory/machines.nix`: what clan knows of each machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.style import clan
from infra_lib.services import reached_by_internet

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
    target = None if reached_by_internet(fleet, machine) else fleet.target_host(machine)
    return {
        "tags": list(machine.all_tags),
        "machineClass": machine.machine_class,
        **({"description": description} if description else {}),
        **({("deploy", "targetHost"): target} if target else {}),
    }
