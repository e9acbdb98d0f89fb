"""The firewall rules of a fleet: which ports of its machines are open, and to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from .names import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine
    from ..gcp_project import GcpProject

_NETWORK_LINK = re.compile(r"(?:.*/)?projects/(?P<project>[^/]+)/global/networks/(?P<name>[^/]+)")


@frozen(kw_only=True)
class Firewall:
    """One rule: TCP or UDP traffic that may come in.

    Attributes:
        address: Its name in Terraform, which tells what it is for.
        name: Its name in the project.
        network: The VPC network it is in.
        project: The project of a network that is given by its link; None for the provider's.
        protocol: "tcp" or "udp".
        port: The port that is opened.
        source_ranges: Who may come, in CIDR notation; all IPv4 or all IPv6.
        target_tag: The network tag of the machines it is for.
    """

    address: str
    name: str
    network: str
    project: str | None
    protocol: str
    port: int
    source_ranges: tuple[str, ...]
    target_tag: str


def network_tags(fleet: Fleet, machine: GcpMachine) -> tuple[str, ...]:
    """Return a machine's network tags: what the fleet's rules go by, then its own."""
    zerotier = (_zerotier_tag(fleet),) if _in_zerotier(fleet, machine) else ()
    return tuple(dict.fromkeys((fleet.name, *zerotier, *machine.network_tags)))


def firewalls(
    fleet: Fleet, project: GcpProject, machines: Iterable[GcpMachine]
) -> tuple[Firewall, ...]:
    """Return the rules for machines of a fleet. They do not depend on which of them are on.

    SSH is open from the project's `ssh_source_ranges`, to every machine. ZeroTier is open to the
    machines that are in its network, from anywhere: its peers find each other's addresses
    themselves (https://docs.zerotier.com/corporate-firewalls).
    """
    networks: dict[str, list[GcpMachine]] = {}
    for machine in machines:
        networks.setdefault(machine.network or project.network, []).append(machine)
    return tuple(
        rule
        for network, inside in networks.items()
        for rule in _network_rules(fleet, project, network, inside)
    )


def _network_rules(
    fleet: Fleet, project: GcpProject, network: str, machines: list[GcpMachine]
) -> Iterator[Firewall]:
    ssh = project.ssh_source_ranges
    zerotier = any(_in_zerotier(fleet, machine) for machine in machines)
    # A rule holds addresses of one version: https://cloud.google.com/firewall/docs/firewalls
    openings = (
        ("ssh", "tcp", 22, tuple(item for item in ssh if ":" not in item), fleet.name),
        ("ssh-ipv6", "tcp", 22, tuple(item for item in ssh if ":" in item), fleet.name),
        ("zerotier", "udp", 9993, ("0.0.0.0/0",) if zerotier else (), _zerotier_tag(fleet)),
    )
    link = _NETWORK_LINK.fullmatch(network)
    suffix = "" if network == project.network else f"-{_slug(network)}"
    for use, protocol, port, source_ranges, target_tag in openings:
        if source_ranges:
            yield Firewall(
                address=f"{use}{suffix}",
                name=bounded(f"{fleet.name}-{use}{suffix}"),
                network=network,
                project=link["project"] if link else None,
                protocol=protocol,
                port=port,
                source_ranges=source_ranges,
                target_tag=target_tag,
            )


def _in_zerotier(fleet: Fleet, machine: GcpMachine) -> bool:
    tags = {fleet.zerotier.peer_tag, fleet.zerotier.controller_tag}
    return not tags.isdisjoint(machine.all_tags) or machine.name in fleet.zerotier.moons


def _zerotier_tag(fleet: Fleet) -> str:
    return bounded(f"{fleet.name}-zerotier")


def _slug(network: str) -> str:
    """Return a network's name in the letters of a resource name."""
    link = _NETWORK_LINK.fullmatch(network)
    words = f"{link['project']}-{link['name']}" if link else network
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
