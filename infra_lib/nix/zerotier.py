"""`modules/clan/inventory/services/zerotier.nix`: who is what in the ZeroTier network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .services import instance, members

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet

PATH = "modules/clan/inventory/services/zerotier.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a machine is the controller: roles of clan's zerotier service."""
    if fleet.controller is None:
        return {}
    roles: dict[tuple[str, str], Value] = {
        ("controller", "machines"): members([fleet.controller.name])
    }
    if fleet.peers:
        roles["peer", "tags"] = members([fleet.zerotier.peer_tag])
    if fleet.zerotier.moons:
        roles["moon", "machines"] = {
            (name, "settings", "stableEndpoints"): list(endpoints)
            for name, endpoints in fleet.zerotier.moons.items()
        }
    return {
        PATH: {
            ("clan", "inventory", "instances", fleet.zerotier.instance): instance("zerotier", roles)
        }
    }
