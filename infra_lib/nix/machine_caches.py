"""`modules/machines/<class>/<name>/caches.nix`: the caches that not every machine uses.

A flake-parts module adds to the machine's own, as its disk layout does, whoever writes that one. A
plain module is imported by the machine's, or by clan where that one is the user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix import caches
from infra_lib.nix.clan_machines import caches_path, module_name
from infra_lib.nix.style import module

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each machine that a cache is named for."""
    return {
        caches_path(machine): module(
            fleet,
            (machine.machine_class, module_name(fleet, machine), "nix", "settings"),
            caches.settings(named),
        )
        for machine in fleet.machines
        if (named := fleet.caches_of(machine))
    }
