"""`modules/clan/machines.nix`: which module each machine of the clan is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import clan, is_plain
from nixgen.expr import Lambda, Pattern, Select

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/machines.nix"


def module_name(fleet: Fleet, machine: Machine) -> str:
    """Return the name of a machine's module in `flake.modules.<class>`."""
    usual = fleet.module_names.of_machine(machine.machine_class, machine.name)
    return machine.module_name or usual


def default_path(machine: Machine) -> str:
    """Return the default path of a machine's generated module."""
    return f"modules/machines/{machine.machine_class}/{machine.name}/default.nix"


def caches_path(machine: Machine) -> str:
    """Return the default path of the caches that a machine has beside the fleet's."""
    return f"modules/machines/{machine.machine_class}/{machine.name}/caches.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: `clan.machines.<name>.imports`."""
    if is_plain(fleet):
        return _plain(fleet)
    if not fleet.machines:
        return {}
    imports = {(each.name, "imports"): [_module(fleet, each)] for each in fleet.machines}
    return {PATH: Lambda(Pattern("config", ellipsis=True), {clan(fleet, "machines"): imports})}


def _module(fleet: Fleet, machine: Machine) -> Value:
    """A machine's module, which there may be none of where the fleet says nothing of it.

    Clan takes the configuration of such a machine from machines/<name>/configuration.nix too:
    https://git.clan.lol/clan/clan-core/src/branch/main/nixosModules/machineModules/forName.nix
    """
    known = machine.has_module or machine.module_name is not None
    name = module_name(fleet, machine)
    path = ("flake", "modules", machine.machine_class, name)
    return Select("config", *path) if known else Select("config", *path, default={})


def _plain(fleet: Fleet) -> dict[str, FileValue]:
    """The machines that have a generated module; clan finds those that people write itself."""
    here = path_of(fleet, PATH)
    if here is None:
        return {}
    paths = {
        machine.name: path_of(fleet, default_path(machine))
        for machine in fleet.machines
        if machine.has_module
    }
    # A generated module imports its caches itself.
    paths |= {
        machine.name: path_of(fleet, caches_path(machine))
        for machine in fleet.machines
        if paths.get(machine.name) is None and fleet.caches_of(machine)
    }
    imports = {
        (name, "imports"): [path_from(here, path)]
        for name, path in paths.items()
        if path is not None
    }
    return {PATH: {clan(fleet, "machines"): imports}} if imports else {}
