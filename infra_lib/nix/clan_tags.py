"""`modules/clan/inventory/tags.nix`: tags that the fleet gives to machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.arguments import add_arguments, add_free_arguments, names_used
from infra_lib.nix.style import clan

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/tags.nix"

# https://git.clan.lol/clan/clan-core/src/branch/main/modules/inventoryClass/inventory.nix
_OF_TAGS = frozenset({"clanLib", "config", "lib", "machines", "options"})


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are such tags; those of people's own Nix are not in it."""
    tags: dict[str, Value] = {
        tag: list(members) if isinstance(members, tuple) else members
        for tag, members in fleet.tags.items()
        if members is not None
    }
    if not tags:
        return {}
    # What clan gives such a function: inventory.tags and inventory.machines.
    value = add_arguments(fleet, names_used(_OF_TAGS, tags), tags)
    return {PATH: add_free_arguments(fleet, {clan(fleet, "inventory", "tags"): value})}
