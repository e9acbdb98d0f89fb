"""`modules/clan/default.nix`: all of clan's files at once, for those who import plain modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/clan/default.nix"
FOLDER = "modules/clan/"


def files(fleet: Fleet, others: Iterable[str]) -> dict[str, FileValue]:
    """Return the file, when modules are plain ones: flake-parts finds its modules by itself.

    Args:
        fleet: The fleet.
        others: Default paths of the other generated files, and paths of extra ones. Clan's modules
            are those below `modules/clan`.
    """
    here = path_of(fleet, PATH)
    if here is None or not is_plain(fleet):
        return {}
    clans = (each for each in others if each.startswith(FOLDER) and each.endswith(".nix"))
    paths = [path_of(fleet, each) for each in clans]
    imports = [path_from(here, path) for path in dict.fromkeys(paths) if path is not None]
    return {PATH: {"imports": imports}} if imports else {}
