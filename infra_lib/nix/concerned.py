"""Which machines a generated file concerns: those whose NixOS configuration it is a part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.idle_machines import idle_stop as when_idle
from infra_lib.nix import (
    caches,
    fleet_config,
    idle_stop,
    nvidia,
    ssh_known_hosts,
    system_caches,
)
from infra_lib.nix.clan import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet

# Below clan's folder, all goes into every machine's: what clan makes of its inventory.
_FILES = {caches.PATH, system_caches.PATH, fleet_config.PATH, ssh_known_hosts.PATH}


def concerned(fleet: Fleet, paths: Iterable[str]) -> dict[str, tuple[str, ...] | None]:
    """Return the machines that generated files may concern.

    Args:
        fleet: The fleet.
        paths: Where its files are.

    Returns:
        By path, the names of machines; None for all of the fleet's. A file that is not here is in
        no machine's configuration, as far as the fleet tells: documents, tests, and files of
        `Fleet.extra_files` outside of the folders of machines and clan's.
    """
    found: dict[str, tuple[str, ...] | None] = {}
    folders = {
        f"modules/machines/{machine.machine_class}/{machine.name}": (machine.name,)
        for machine in fleet.machines
    }
    of_some = {
        nvidia.PATH: tuple(machine.name for machine in fleet.gpu_machines),
        idle_stop.PATH: tuple(
            machine.name
            for machine in fleet.provisioned
            if when_idle(fleet.nvidia, machine) is not None
        ),
    }
    moved = {new: default for default, new in fleet.files.items() if new is not None}
    for path in paths:
        default = moved.get(path, path)
        folder = default.rpartition("/")[0]
        if folder in folders:
            found[path] = folders[folder]
        elif default in of_some:
            found[path] = of_some[default]
        elif default in _FILES or default.startswith(FOLDER):
            found[path] = None
    return found
