"""Firewalls: those of a fleet, those that become a machine's rules, and all others by number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import blocks
from infra_lib.clouds.hetzner.adoption.things import FIREWALLED, Thing, is_empty, listed, number_of
from infra_lib.clouds.hetzner.firewall import SSH, ZEROTIER
from infra_lib.clouds.hetzner.firewall_rule import EVERYBODY, FirewallRule
from infra_lib.clouds.hetzner.readings import FIREWALL, SERVER
from infra_lib.model.errors import FleetError
from infra_lib.model.reference import Reference
from infra_lib.model.zerotier import PORT
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.adoption.things import Things

_MOST_RULES = 50


@frozen
class Firewalls:
    """The firewalls of each server.

    Attributes:
        fleet: The fleet's name, which those of the fleet begin with.
        of: The firewalls of each server: things, and numbers and references of unknown ones.
        servers: How many servers have each firewall.
        selecting: The firewalls that are applied to servers by their labels.
    """

    fleet: str
    of: Mapping[Thing, Sequence[Thing | int | Reference]]
    servers: Mapping[Thing, int]
    selecting: frozenset[Thing]

    def role(self, firewall: Thing) -> str | None:
        """Return which of a fleet's own firewalls it is, "ssh" or "zerotier"; None for none."""
        rules = [_form(each) for each in firewall.blocks("rule")]
        begin = rf"{re.escape(self.fleet)}(?:-.+)?"
        if re.fullmatch(f"{begin}-{SSH}", firewall.name):
            ping, rest = _rule("icmp", ""), [each for each in rules if each[0] != "icmp"]
            others = [each for each in rest if each[:2] != ("tcp", "22")]
            if ping in rules and not others and len(rest) <= 1:
                return SSH
        if re.fullmatch(f"{begin}-{ZEROTIER}", firewall.name) and rules == [
            _rule("udp", str(PORT))
        ]:
            return ZEROTIER
        return None

    def rules_of(self, server: Thing) -> tuple[Thing | None, tuple[FirewallRule, ...]]:
        """Return the firewall of one server alone that its rules are, and the rules.

        It is the one that has the fleet's name for it, or else the only one, if a machine's rules
        can be all that it says.
        """
        found = [each for each in self.of.get(server, ()) if not isinstance(each, int | Reference)]
        name = rf"{re.escape(self.fleet)}-(?:.+-)?{re.escape(server.name)}-rules"
        own = [each for each in found if re.fullmatch(name, each.name)]
        others = [each for each in found if each not in own and self.role(each) is None]
        for each in (*own, *(others if not own and len(others) == 1 else ())):
            rules = firewall_rules(each)
            if rules and self.servers[each] == 1 and each not in self.selecting:
                return each, rules
        return None, ()


def firewalls(things: Things, fleet: str) -> Firewalls:
    """Return the firewalls of each server, wherever that is said.

    Args:
        things: All that was found.
        fleet: The fleet's name.
    """
    of: dict[Thing, dict[Thing | int | Reference, None]] = {}
    for server in things.of(SERVER):
        known = of.setdefault(server, {})
        for value in listed(server.attributes.get("firewall_ids")):
            number = number_of(value)
            pointed = things.find(FIREWALL, value)
            if pointed is not None:
                known[pointed] = None
            elif isinstance(value, Reference):
                known[value] = None
            elif number is not None:
                known[number] = None
    selecting = set()
    for firewall in things.of(FIREWALL):
        for each in firewall.blocks("apply_to"):
            if not is_empty(each.get("label_selector")):
                selecting.add(firewall)
            _apply(of, things.find(SERVER, each.get("server")), firewall)
    for link in things.of(FIREWALLED):
        attached = things.find(FIREWALL, link.attributes.get("firewall_id"))
        if attached is None:
            continue
        if not is_empty(link.attributes.get("label_selectors")):
            selecting.add(attached)
        for value in listed(link.attributes.get("server_ids")):
            _apply(of, things.find(SERVER, value), attached)
    servers: dict[Thing, int] = {}
    for found in of.values():
        for one in found:
            if not isinstance(one, int | Reference):
                servers[one] = servers.get(one, 0) + 1
    lists = {server: tuple(found) for server, found in of.items()}
    return Firewalls(fleet, lists, servers, frozenset(selecting))


def firewall_rules(firewall: Thing) -> tuple[FirewallRule, ...]:
    """Return the rules of a firewall as a machine has them; none where one has no such form."""
    rules = firewall.blocks("rule")
    if not 0 < len(rules) <= _MOST_RULES:
        return ()
    try:
        return tuple(_of_machine(each) for each in rules)
    except FleetError:
        return ()


def ssh_ranges(firewall: Thing) -> tuple[str, ...]:
    """Return who the SSH firewall of a fleet lets in."""
    for each in firewall.blocks("rule"):
        if each.get("protocol") == "tcp":
            return _ranges(each)
    return ()


def plain_rules(value: object) -> list[dict[str, Any]]:
    """Return rules in one form, which is in one order: they are a set, and so are its ranges."""
    rules = [
        {
            "direction": each.get("direction"),
            "protocol": each.get("protocol"),
            "port": each.get("port") or None,
            "source_ips": sorted(map(str, listed(each.get("source_ips")))),
            "destination_ips": sorted(map(str, listed(each.get("destination_ips")))),
            "description": each.get("description") or None,
        }
        for each in blocks(value)
    ]
    return sorted(rules, key=repr)


def _apply(
    of: dict[Thing, dict[Thing | int | Reference, None]], server: Thing | None, firewall: Thing
) -> None:
    if server is not None:
        of.setdefault(server, {})[firewall] = None


def _of_machine(rule: Mapping[str, Any]) -> FirewallRule:
    """Return a rule as a machine has it.

    Raises:
        FleetError: When it has no such form.
    """
    if rule.get("direction") != "in" or any(
        not is_empty(rule.get(name)) for name in ("description", "destination_ips")
    ):
        raise FleetError("no rule of a machine")
    protocol: Any = rule.get("protocol")
    return FirewallRule(protocol, port=rule.get("port") or None, source_ranges=_ranges(rule))


def _ranges(rule: Mapping[str, Any]) -> tuple[str, ...]:
    found = tuple(listed(rule.get("source_ips")))
    return EVERYBODY if sorted(map(str, found)) == sorted(EVERYBODY) else found


def _form(rule: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what tells a rule of a fleet's own firewalls; who may use SSH is left out."""
    protocol, port = rule.get("protocol"), rule.get("port") or ""
    ranges = () if (protocol, port) == ("tcp", "22") else _ranges(rule)
    return (protocol, port, rule.get("direction"), ranges)


def _rule(protocol: str, port: str) -> tuple[object, ...]:
    return (protocol, port, "in", EVERYBODY)
