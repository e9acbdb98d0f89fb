"""The firewall rules of a fleet: which ports of its machines are open, and to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.names import shorten_name
from infra_lib.model.errors import field_error
from infra_lib.model.zerotier import PORT
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject

_NETWORK_LINK = re.compile(r"(?:.*/)?projects/(?P<project>[^/]+)/global/networks/(?P<name>[^/]+)")

# Google's network "default" comes with default-allow-ssh, which lets in everybody at the priority
# 65534: https://cloud.google.com/firewall/docs/firewalls#more_rules_default_vpc. One less wins over
# it, and over no rule that somebody made without asking for a number: those have 1000.
_BEFORE_GOOGLES = 65533
_EVERYBODY = "0.0.0.0/0"
# All but 10.128.0.0/9, where the machines of that network have their addresses: between them,
# default-allow-internal stays as it is.
_OUTSIDE = (
    *("0.0.0.0/5", "8.0.0.0/7", "10.0.0.0/9", "11.0.0.0/8", "12.0.0.0/6"),
    *("16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1"),
)
_NO_SSH = "no-ssh"
CLOSING = re.compile(rf"{_NO_SSH}(-.*)?")
"""The names in Terraform of the rules that close what default-allow-ssh opens."""


@frozen(kw_only=True)
class Firewall:
    """One rule: TCP or UDP traffic that may come in, or may not.

    Attributes:
        address: Its name in Terraform, which tells what it is for.
        name: Its name in the project.
        network: The VPC network it is in.
        project: The project of a network that is given by its link; None for the provider's.
        protocol: "tcp" or "udp".
        port: The port that is opened, or closed.
        source_ranges: Who it is about, in CIDR notation; all IPv4 or all IPv6.
        target_tag: The network tag of the machines it is for.
        allows: Whether they may come in.
        priority: Which rule wins: that of the lowest number. None for Google's default, 1000.
    """

    address: str
    name: str
    network: str
    project: str | None
    protocol: str
    port: int
    source_ranges: tuple[str, ...]
    target_tag: str
    allows: bool = True
    priority: int | None = None


def rule_prefix(fleet: FleetView, stack: str | None = None) -> str:
    """Return what a stack's rules and network tags begin with: no other stack has it.

    Args:
        fleet: The fleet.
        stack: The stack's name, where it provisions only some of the machines. Another stack of the
            fleet may then be in the same project, where names are unique.
    """
    return fleet.name if stack is None else shorten_name(f"{fleet.name}-{_slug(stack)}")


def zerotier_tag(begin: str) -> str:
    """Return the network tag of a stack's machines that are in its ZeroTier network.

    Args:
        begin: What the stack's tags begin with; see `rule_prefix`.
    """
    return shorten_name(f"{begin}-zerotier")


def network_tags(fleet: FleetView, machine: GcpMachine, begin: str) -> tuple[str, ...]:
    """Return a machine's network tags: what the rules go by, then its own.

    Args:
        fleet: The fleet.
        machine: The machine.
        begin: What the stack's tags begin with; see `rule_prefix`.
    """
    zerotier = (zerotier_tag(begin),) if fleet.zerotier.includes(machine) else ()
    return tuple(dict.fromkeys((begin, *zerotier, *machine.network_tags)))


def firewalls(
    fleet: FleetView, project: GcpProject, machines: Iterable[GcpMachine], begin: str
) -> tuple[Firewall, ...]:
    """Return the rules for machines of a fleet. They do not depend on which of them are on.

    SSH is open from the project's `ssh_source_ranges`, to every machine. In the network "default"
    it is closed to the rest of the world, which Google's own rule lets in there. ZeroTier is open
    to the machines that are in its network, from anywhere: its peers find each other's addresses
    themselves (https://docs.zerotier.com/corporate-firewalls).

    Args:
        fleet: The fleet.
        project: The project that the machines are in.
        machines: The machines.
        begin: What the names of the rules and the network tags begin with; see `rule_prefix`.

    Raises:
        FleetError: When two networks have names so much alike that their rules would have one.
    """
    rules: dict[str, Firewall] = {}
    for network, inside in _networks(project, machines).items():
        for rule in _network_rules(fleet, project, network, inside, begin):
            if rule.address in rules:
                other = rules[rule.address].network
                accepted = f"its rule {rule.address!r} has the name of one of network {other!r}"
                raise field_error(f"machine {inside[0].name!r}", "network", network, accepted)
            rules[rule.address] = rule
    return tuple(rules.values())


def closed_networks(project: GcpProject, machines: Iterable[GcpMachine]) -> tuple[str, ...]:
    """Return the networks in which a rule closes what Google's own opens.

    Args:
        project: The project that the machines are in.
        machines: The machines.
    """
    return tuple(network for network in _networks(project, machines) if _closed(project, network))


def closed_texts(project: str, networks: Iterable[str]) -> list[str]:
    """Return what is to be known of networks that Google opens to the world, each once.

    Args:
        project: The project of a network that is given by its name.
        networks: Names or links of networks; see `closed_networks`.
    """
    links = ((_NETWORK_LINK.fullmatch(network), network) for network in networks)
    found = (
        (link["project"], link["name"]) if link else (project, network) for link, network in links
    )
    return [_closed_text(*each) for each in dict.fromkeys(found)]


def _closed_text(project: str, network: str) -> str:
    return (
        f"Google's network {network} of project {project} lets everybody in over SSH; a rule of "
        "the stack keeps them out of this fleet's machines.\n"
        "To keep them out of all machines: "
        f"gcloud compute firewall-rules delete default-allow-ssh --project={project}"
    )


def _networks(project: GcpProject, machines: Iterable[GcpMachine]) -> dict[str, list[GcpMachine]]:
    networks: dict[str, list[GcpMachine]] = {}
    for machine in machines:
        networks.setdefault(machine.network or project.network, []).append(machine)
    return networks


def _closed(project: GcpProject, network: str) -> bool:
    """Whether a network is open to the world by Google, where the fleet did not ask for that."""
    return network.rpartition("/")[2] == "default" and _EVERYBODY not in project.ssh_source_ranges


def _network_rules(
    fleet: FleetView, project: GcpProject, network: str, machines: list[GcpMachine], begin: str
) -> Iterator[Firewall]:
    ssh = project.ssh_source_ranges
    closed = _OUTSIDE if _closed(project, network) else ()
    zerotier = any(fleet.zerotier.includes(machine) for machine in machines)
    # A rule holds addresses of one version: https://cloud.google.com/firewall/docs/firewalls
    openings = (
        ("ssh", "tcp", 22, tuple(item for item in ssh if ":" not in item), begin),
        ("ssh-ipv6", "tcp", 22, tuple(item for item in ssh if ":" in item), begin),
        (_NO_SSH, "tcp", 22, closed, begin),
        ("zerotier", "udp", PORT, (_EVERYBODY,) if zerotier else (), zerotier_tag(begin)),
    )
    link = _NETWORK_LINK.fullmatch(network)
    suffix = "" if network == project.network else f"-{_slug(network)}"
    for use, protocol, port, source_ranges, target_tag in openings:
        if source_ranges:
            yield Firewall(
                address=f"{use}{suffix}",
                name=shorten_name(f"{begin}-{use}{suffix}"),
                network=network,
                project=link["project"] if link else None,
                protocol=protocol,
                port=port,
                source_ranges=source_ranges,
                target_tag=target_tag,
                allows=use != _NO_SSH,
                priority=_BEFORE_GOOGLES if use == _NO_SSH else None,
            )


def _slug(name: str) -> str:
    """Return the name of a network or a stack in the letters of a resource name."""
    link = _NETWORK_LINK.fullmatch(name)
    words = f"{link['project']}-{link['name']}" if link else name
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
