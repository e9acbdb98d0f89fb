"""The firewalls of a fleet: what of its servers is open to the Internet, and to whom.

A server without a firewall lets everything in, so each server has one. And each firewall has a rule
at all times: the provider sends nothing when the last one goes, and the server stays open
(resourceFirewallUpdate in
https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/internal/firewall/resource.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.firewall_rule import EVERYBODY
from infra_lib.model.zerotier import PORT
from infra_lib.terraform.resource import Resource, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.model.reference import Reference

SSH, ZEROTIER = "ssh", "zerotier"


def firewalls(
    fleet: FleetView, project: HetznerProject, machines: Iterable[HetznerMachine], begin: str
) -> Iterator[Resource]:
    """Yield the firewalls for machines of a fleet. They do not depend on which of them are on.

    SSH is open from the project's `ssh_source_ranges`, and ICMP to everybody, for the path's MTU.
    ZeroTier is open to the machines that are in its network, from anywhere: its peers find each
    other's addresses themselves (https://docs.zerotier.com/corporate-firewalls).

    Args:
        fleet: The fleet.
        project: The project that the machines are in.
        machines: The machines.
        begin: What the names of the firewalls begin with.
    """
    machines = tuple(machines)
    if not machines:
        return
    ranges = project.ssh_source_ranges
    ssh = [_rule("tcp", "22", ranges)] if ranges else []
    yield _firewall(SSH, begin, [_rule("icmp", None, EVERYBODY), *ssh])
    if any(fleet.zerotier.includes(machine) for machine in machines):
        yield _firewall(ZEROTIER, begin, [_rule("udp", str(PORT), EVERYBODY)])
    for machine in machines:
        if machine.firewall_rules:
            rules = [
                _rule(each.protocol, each.port, each.source_ranges)
                for each in machine.firewall_rules
            ]
            yield _firewall(_own(machine), begin, rules)


def firewall_ids(fleet: FleetView, machine: HetznerMachine) -> list[int | Reference]:
    """Return the firewalls of a machine: those of the fleet, those of its rules, and its own."""
    names = [
        SSH,
        *([ZEROTIER] if fleet.zerotier.includes(machine) else []),
        *([_own(machine)] if machine.firewall_rules else []),
    ]
    return [*(reference("hcloud_firewall", each, "id") for each in names), *machine.firewall_ids]


def _own(machine: HetznerMachine) -> str:
    return f"{machine.name}-rules"


def _firewall(name: str, begin: str, rules: list[dict[str, Any]]) -> Resource:
    return Resource("hcloud_firewall", name, {"name": f"{begin}-{name}", "rule": rules})


def _rule(protocol: str, port: str | None, ranges: Iterable[str]) -> dict[str, Any]:
    rule = {"direction": "in", "protocol": protocol, "source_ips": list(ranges)}
    return rule if port is None else {**rule, "port": port}
