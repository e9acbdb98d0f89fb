"""`modules/clan/fleet.nix`: what else the fleet says to clan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.arguments import add_free_arguments
from infra_lib.nix.from_root import from_root
from infra_lib.nix.placement import path_of
from infra_lib.nix.style import clan, is_plain

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/clan/fleet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when the fleet has such a module of clan."""
    if fleet.clan is None:
        return {}
    said = from_root(path_of(fleet, PATH) or PATH, fleet.clan)
    return {PATH: add_free_arguments(fleet, said if is_plain(fleet) else {clan(fleet): said})}
