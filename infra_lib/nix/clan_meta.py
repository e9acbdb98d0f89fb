"""`modules/clan/meta.nix`: what the clan is called, and where its machines are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.style import clan

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/clan/meta.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines: the fleet's name, domain and description."""
    if not fleet.machines:
        return {}
    meta = {"name": fleet.name, "domain": fleet.domain}
    if fleet.description:
        meta["description"] = fleet.description
    return {PATH: {clan(fleet, "meta"): meta}}
