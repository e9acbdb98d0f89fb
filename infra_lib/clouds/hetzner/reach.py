"""The ways in to a server at Hetzner Cloud, as far as the fleet says, and whether there is one.

What the fleet does not say may be a way all the same: so a `target_host` or a firewall of one's own
is taken for one, and nothing is claimed of machines that others provision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.ranges import is_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.cloud import FleetView, Way
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject

# What the installer is started with by kexec takes more than 1 GB, and hardly fits into 2:
# https://github.com/nix-community/nixos-anywhere/blob/main/README.md#prerequisites
_LEAST_GIB = 2


def ways_in(
    fleet: FleetView, project: HetznerProject | None, machine: HetznerMachine
) -> frozenset[Way]:
    """Return the ways in to a machine.

    Args:
        fleet: The fleet.
        project: The project that the machine is in.
        machine: A machine of it, whether it is on or off.

    Returns:
        "own" for one that the fleet's rules do not show: a `target_host`, a rule of the machine
        that opens SSH, or firewalls of one's own; "zerotier"; "direct" to an address of it;
        "inside" a private network, which firewalls do not filter.
    """
    found: set[Way] = set()
    if machine.target_host or machine.firewall_ids or _opens_ssh(machine):
        found.add("own")
    if fleet.zerotier.includes(machine):
        found.add("zerotier")
    if machine.networks:
        found.add("inside")
    ranges = () if project is None else project.ssh_source_ranges
    if any(_comes_in(source, machine) for source in ranges):
        found.add("direct")
    return frozenset(found)


def unreachable(
    fleet: FleetView, project: HetznerProject | None, machines: Sequence[HetznerMachine]
) -> list[str]:
    """Return what is to be known of machines that no rule of the fleet lets anyone reach."""
    found: dict[str, list[str]] = {}
    for machine in machines:
        ways = ways_in(fleet, project, machine)
        # Who names ranges wants to come in from there, and not by a private network.
        meant = bool(project and project.ssh_source_ranges) and (machine.ipv4 or machine.ipv6)
        if not (ways - {"inside"} if meant else ways):
            found.setdefault(_reason(project, machine), []).append(machine.name)
    peer_tag = fleet.zerotier.peer_tag
    named = fleet.controller is not None and peer_tag is not None
    tag = f"give the tag {peer_tag!r}, " if named else ""
    return [
        f"{'machine' if len(names) == 1 else 'machines'} {', '.join(map(repr, names))}: {reason}; "
        f"{tag}name where you come from in ssh_source_ranges, or tell a way of your own: "
        "target_host=…, or firewall_ids=(…) for firewalls of yours"
        for reason, names in found.items()
    ]


def too_small(machines: Sequence[HetznerMachine]) -> list[str]:
    """Return what is to be known of machines that the installer of NixOS may not fit into."""
    return [
        f"machine {machine.name!r}: {machine.server_type} has {entry.memory_gib:g} GB of memory: "
        "the installer of NixOS is started in it by kexec, which takes more than 1 GB, and fails "
        "where there is too little. Deploy it so, then with a larger server_type, install NixOS, "
        "and take this one back, which its disk still fits into: keep_disk=True, the default. One "
        "that is made with a larger type has a larger disk for good"
        for machine in machines
        if (entry := machine.server_type_entry).memory_gib <= _LEAST_GIB
    ]


def _reason(project: HetznerProject | None, machine: HetznerMachine) -> str:
    if project is None or not project.ssh_source_ranges:
        return "nobody outside its network can log in, for ssh_source_ranges=() closes SSH"
    if machine.ipv4 and machine.ipv6:
        return "nobody can log in, for nobody comes from ssh_source_ranges over the Internet"
    has, lacks = ("IPv4", "IPv6") if machine.ipv4 else ("IPv6", "IPv4")
    return (
        f"nobody can log in, for it has no {lacks} address, and ssh_source_ranges has no range of "
        f"{has}"
    )


def _opens_ssh(machine: HetznerMachine) -> bool:
    return any(
        rule.protocol == "tcp" and rule.port is not None and _covers(rule.port, 22)
        for rule in machine.firewall_rules
    )


def _covers(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


def _comes_in(source: str, machine: HetznerMachine) -> bool:
    """Whether somebody from a range reaches an address of a machine over the Internet."""
    return (machine.ipv6 if ":" in source else machine.ipv4) and not is_inside(source)
