"""The ways in to a provisioned machine, as far as the fleet says, and whether there is one.

What the fleet does not say may be a way all the same: so a `target_host` or a network tag of one's
own is taken for one, and nothing is claimed of machines that others provision.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.project import IAP_RANGE
from infra_lib.model.ranges import is_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.cloud import FleetView, Way
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject


def ways_in(fleet: FleetView, project: GcpProject | None, machine: GcpMachine) -> frozenset[Way]:
    """Return the ways in to a machine.

    Args:
        fleet: The fleet.
        project: The project that the machine is in.
        machine: A machine of it, whether it is on or off.

    Returns:
        "own" for one that the fleet's rules do not show: a `target_host`, or a network tag for
        rules of one's own; "zerotier"; "direct" to its external address; "inside" its network;
        "tunnel" through Identity-Aware Proxy.
    """
    found: set[Way] = set()
    if machine.target_host or machine.network_tags:
        found.add("own")
    if fleet.zerotier.includes(machine):
        found.add("zerotier")
    if project is not None:
        for source in project.ssh_source_ranges:
            found |= _ways_from(source, outside=machine.external_ip is not False)
    return frozenset(found)


@cache
def _ways_from(source: str, *, outside: bool) -> frozenset[Way]:
    if ":" in source:
        # To an IPv6 address, which the stack does not give: somebody knows of one.
        return frozenset({"inside"})
    from ipaddress import IPv4Network

    found: set[Way] = set()
    network, proxy = IPv4Network(source), IPv4Network(IAP_RANGE)
    if network.overlaps(proxy):
        found.add("tunnel")
    if is_inside(source):
        found.add("inside")
    elif outside and not network.subnet_of(proxy):
        found.add("direct")
    return frozenset(found)


def unreachable(
    fleet: FleetView, project: GcpProject | None, machines: Sequence[GcpMachine]
) -> list[str]:
    """Return what is to be known of machines that no rule of the fleet lets anyone reach.

    The tunnel alone does not lead to a name of the ZeroTier network. Where that is
    missing, the domain is somebody else's, such as that of another VPN, and nothing is said.
    """
    found: dict[str, list[str]] = {}
    named = fleet.controller is not None
    for machine in machines:
        reason = _reason(fleet, project, machine, named=named)
        if reason is not None:
            found.setdefault(reason, []).append(machine.name)
    peer_tag = fleet.zerotier.peer_tag
    tag = f"give the tag {peer_tag!r}, " if named and peer_tag is not None else ""
    return [
        f"{'machine' if len(names) == 1 else 'machines'} {', '.join(map(repr, names))}: {reason}; "
        f"{tag}name where you come from in ssh_source_ranges, or tell a way of your own: "
        "target_host=…, or network_tags=(…) for rules of yours"
        for reason, names in found.items()
    ]


def _reason(
    fleet: FleetView, project: GcpProject | None, machine: GcpMachine, *, named: bool
) -> str | None:
    ways = ways_in(fleet, project, machine)
    ranges = project.ssh_source_ranges if project else ()
    if named and ways == {"tunnel"}:
        return (
            "not in the ZeroTier network, and SSH is open to Identity-Aware Proxy alone, so nobody "
            f"reaches <name>.{fleet.domain}, where clan and ssh look"
        )
    if not ways and not ranges:
        return "nobody outside its network can log in, for ssh_source_ranges=() closes SSH"
    if not ways:
        return (
            "nobody can log in, for there is no external address, and ssh_source_ranges has "
            f"neither Identity-Aware Proxy ({IAP_RANGE}) nor an address inside the network"
        )
    return None
