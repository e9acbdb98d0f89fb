"""Every instance of a clan service that a fleet has: those of its typed fields, and its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.hosts import external_ip, external_ipv6, guests, ways_in
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.services import ClanService, Role
from infra_lib.model.zerotier import endpoint

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine

FOLDER = "modules/clan/inventory/services"


def path(instance: str) -> str:
    """Return the default path of the file of an instance."""
    return f"{FOLDER}/{instance}.nix"


def services(fleet: Fleet) -> tuple[ClanService, ...]:
    """Return every instance of a fleet: ZeroTier's, the users', the Internet's, then its own."""
    derived = (_zerotier(fleet), *(user.service for user in fleet.users), _internet(fleet))
    return (*(service for service in derived if service is not None), *fleet.services)


def _zerotier(fleet: Fleet) -> ClanService | None:
    """The instance of clan's zerotier service, when a machine is the controller."""
    from nixgen import Commented

    zerotier = fleet.zerotier
    if fleet.controller is None:
        return None
    # It admits who has no vars in clan by their address.
    allowed = [Commented(address, after=guest) for guest, address in guests(fleet)]
    settings = {"allowedIps": allowed} if allowed else {}
    named = zerotier.roles.get("controller", Role())
    roles: dict[str, Role] = {}
    if settings or not named.has_members:
        roles["controller"] = Role(machines={fleet.controller.name: settings})
    if zerotier.peer_tag is not None and fleet.tagged(zerotier.peer_tag):
        roles["peer"] = Role(tags=(zerotier.peer_tag,))
    if zerotier.moons:
        roles["moon"] = Role(
            machines={
                name: {"stableEndpoints": [endpoint(point) for point in points]}
                for name, points in zerotier.moons.items()
            }
        )
    service = ClanService(zerotier.instance, module="zerotier", input=zerotier.input, roles=roles)
    return service.join(zerotier.roles)


def _internet(fleet: Fleet) -> ClanService | None:
    """The instance of clan's internet service, when it reaches a machine."""
    machines: dict[str, Any] = {
        machine.name: {"host": address}
        for machine in fleet.machines
        if (address := internet_host(fleet, machine)) is not None
    }
    roles = {"default": Role(machines=machines)} if machines else {}
    internet = fleet.internet
    service = ClanService(internet.instance, module="internet", input=internet.input, roles=roles)
    joined = service.join(internet.roles)
    return joined if joined.roles else None


def internet_host(fleet: Fleet, machine: Machine) -> str | None:
    """Return where clan's internet service reaches a machine; None when it does not.

    The fleet may say itself where the machine is. And where SSH is closed at the external address,
    as it is by default, clan would wait there before it asks ZeroTier. It takes one address of
    each machine, and IPv6 without brackets: that is for machines that have nothing else.
    """
    default = path(fleet.internet.instance)
    if fleet.files.get(default, default) is None or machine.target_host:
        return None
    if isinstance(machine, ProvisionedMachine) and "direct" not in ways_in(fleet, machine):
        return None
    return external_ip(fleet, machine) or external_ipv6(fleet, machine)


def target_host(fleet: Fleet, machine: Machine) -> str | None:
    """Return the `deploy.targetHost` of a machine; None for one that clan's networks reach.

    Clan takes what the inventory says before it asks any network. Without that it tries the
    networks in turn, the Internet before ZeroTier, and at last `root@<name>.<domain of the clan>`:
    https://git.clan.lol/clan/clan-core/src/branch/main/pkgs/clan-cli/clan_lib/network/network.py
    """
    said = fleet.internet.roles.get("default")
    named = said is not None and said.includes(machine)
    reached = named or internet_host(fleet, machine) is not None
    return None if reached and not machine.target_host else fleet.target_host(machine)
