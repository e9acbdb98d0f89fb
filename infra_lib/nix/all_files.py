"""The generated files of a fleet: all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix import (
    caches,
    clan,
    clan_config,
    clan_inventory,
    clan_machines,
    clan_meta,
    clan_tags,
    disko,
    flake,
    fleet_check,
    fleet_config,
    fleet_tests,
    gpu_costs,
    idle_stop,
    machine,
    machine_caches,
    nvidia,
    services,
    ssh_hosts,
    ssh_known_hosts,
    system_caches,
)
from infra_lib.nix.placement import add_extra_files, extra_files, place_files

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

MODULES = (
    flake,
    caches,
    system_caches,
    nvidia,
    idle_stop,
    fleet_config,
    machine,
    disko,
    machine_caches,
    clan_meta,
    clan_config,
    clan_machines,
    clan_inventory,
    clan_tags,
    services,
    ssh_hosts,
    ssh_known_hosts,
    fleet_tests,
    fleet_check,
    gpu_costs,
)


def fleet_files(fleet: Fleet) -> dict[str, FileValue]:
    """Return every generated file of a fleet: its path in the flake, and what it holds.

    Args:
        fleet: The fleet; its `files` moves files or leaves them out.

    Raises:
        FleetError: When `Fleet.files` names a path that is not generated, when it or one of
            `Fleet.extra_files` gives a path that no file can have, or when two files meet.
    """
    generated: dict[str, FileValue] = {}
    for module in MODULES:
        generated |= module.files(fleet)
    extra = extra_files(fleet)
    generated |= clan.files(fleet, [*generated, *extra])
    possible = {module.PATH for module in (*MODULES, clan) if hasattr(module, "PATH")}
    possible.update(services.possible_paths(fleet))
    return add_extra_files(fleet, place_files(fleet, generated, possible), extra)
