"""`modules/clan/default.nix`: all of clan's files at once, for those who import plain modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix import clan_inventory, clan_machines, internet, users, zerotier
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/clan/default.nix"

_MODULES = (clan_machines, clan_inventory, zerotier, users, internet)


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when modules are plain ones: flake-parts finds its modules by itself."""
    here = path_of(fleet, PATH)
    if here is None or not is_plain(fleet):
        return {}
    paths = [path_of(fleet, module.PATH) for module in _MODULES if module.files(fleet)]
    imports = [path_from(here, path) for path in paths if path is not None]
    return {PATH: {"imports": imports}} if imports else {}
