"""`modules/clan/inventory/tags.nix`: tags that the fleet gives to machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.style import clan

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/tags.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are such tags; those of people's own Nix are not in it."""
    tags: dict[str, Value] = {
        tag: list(members) if isinstance(members, tuple) else members
        for tag, members in fleet.tags.items()
        if members is not None
    }
    if not tags:
        return {}
    return {PATH: {clan(fleet, "inventory", "tags"): tags}}
