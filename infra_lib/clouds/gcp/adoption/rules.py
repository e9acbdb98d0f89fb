"""Firewall rules that a stack of the fleet made, and what they say of the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.adoption import Found, blocks
from infra_lib.clouds.gcp.adoption.values import literal, texts
from infra_lib.clouds.gcp.firewall import zerotier_tag
from infra_lib.clouds.gcp.names import shorten_name
from infra_lib.clouds.gcp.readings import FIREWALL
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.clouds.gcp.adoption.sources import Sources


_USES = ("ssh-ipv6", "no-ssh", "ssh", "zerotier")


@frozen
class OwnRule:
    """A firewall rule that a stack of the fleet made.

    Attributes:
        found: The rule.
        use: What it is for: "ssh", "ssh-ipv6", "no-ssh" or "zerotier".
        tag: The network tag of the machines it is for.
    """

    found: Found
    use: str
    tag: str


def own_rules(sources: Sources, fleet: str) -> tuple[OwnRule, ...]:
    """Return the firewall rules that stacks of the fleet made."""
    return tuple(_own_rules(sources, fleet))


def _own_rules(sources: Sources, fleet: str) -> Iterator[OwnRule]:
    for found in sources.of(FIREWALL):
        tags = texts(found.attributes.get("target_tags"))
        name = literal(found.attributes.get("name"))
        if name is None or len(tags) != 1:
            continue
        for begin in _begins(tags[0], fleet):
            use = _use(name, found.name, begin)
            if use is not None:
                yield OwnRule(found, use, tags[0])
                break


def _begins(tag: str, fleet: str) -> Iterator[str]:
    """Yield what rules that are for machines of a tag begin with, where they are the fleet's."""
    if tag == zerotier_tag(fleet):
        yield fleet
    if tag == fleet or tag.startswith(f"{fleet}-"):
        yield tag.removesuffix("-zerotier")
        yield tag


def _use(name: str, address: str, begin: str) -> str | None:
    """Return what a rule is for, by its name in the project, or else by that in Terraform."""
    for use in _USES:
        pattern = rf"{use}(?:-[-a-z0-9]+)?"
        rest = name.removeprefix(f"{begin}-")
        if rest != name and re.fullmatch(pattern, rest):
            return use
        shortened = address if re.fullmatch(pattern, address) else use
        if name == shorten_name(f"{begin}-{shortened}"):
            return use
    return None


def source_ranges(rules: tuple[OwnRule, ...]) -> tuple[str, ...]:
    """Return the address ranges that rules open SSH to: those of IPv4, then those of IPv6."""
    ranges = (
        each
        for use in ("ssh", "ssh-ipv6")
        for rule in rules
        if rule.use == use
        for each in texts(rule.found.attributes.get("source_ranges"))
    )
    return tuple(dict.fromkeys(ranges))


def are_logged(rules: tuple[OwnRule, ...]) -> bool:
    """Whether rules log what they let in."""
    return any(blocks(rule.found.attributes.get("log_config")) for rule in rules)
