"""`modules/clan/machines.nix`: which module each machine of the clan is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import Lambda, Pattern, Select

if TYPE_CHECKING:
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..machine import Machine

PATH = "modules/clan/machines.nix"


def module_name(machine: Machine) -> str:
    """Return the name of a machine's module in `flake.modules.<class>`."""
    return f"machines/{machine.machine_class}/{machine.name}"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: `clan.machines.<name>.imports`."""
    if not fleet.machines:
        return {}
    imports = {
        (machine.name, "imports"): [
            Select("config", "flake", "modules", machine.machine_class, module_name(machine))
        ]
        for machine in fleet.machines
    }
    return {PATH: Lambda(Pattern("config", ellipsis=True), {("clan", "machines"): imports})}
