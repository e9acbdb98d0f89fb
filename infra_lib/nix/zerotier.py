"""`modules/clan/inventory/services/zerotier.nix`: who is what in the ZeroTier network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.hosts import guests
from infra_lib.model.zerotier import endpoint
from infra_lib.nix.services import instance, members
from infra_lib.nix.style import clan
from nixgen.expr import Commented

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/services/zerotier.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a machine is the controller: roles of clan's zerotier service."""
    if fleet.controller is None:
        return {}
    roles: dict[tuple[str, str], Value] = {
        ("controller", "machines"): _controller(fleet, fleet.controller.name)
    }
    if fleet.peers:
        roles["peer", "tags"] = members([fleet.zerotier.peer_tag])
    if fleet.zerotier.moons:
        roles["moon", "machines"] = {
            (name, "settings", "stableEndpoints"): [endpoint(point) for point in points]
            for name, points in fleet.zerotier.moons.items()
        }
    return {
        PATH: {
            clan(fleet, "inventory", "instances", fleet.zerotier.instance): instance(
                "zerotier", roles
            )
        }
    }


def _controller(fleet: Fleet, name: str) -> dict[str | tuple[str, ...], Value]:
    """The controller admits who has no vars in clan by their address."""
    allowed = [Commented(address, after=guest) for guest, address in guests(fleet)]
    return {(name, "settings", "allowedIps"): allowed} if allowed else {**members([name])}
