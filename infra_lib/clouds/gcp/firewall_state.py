"""The firewall rules of a fleet as Terraform has them: whose they are, and whom they shut out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.firewall import CLOSING, closed_texts, rule_prefix, zerotier_tag
from infra_lib.terraform.cdktf_json import provider_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.terraform.plan import Change

_FIREWALL = "google_compute_firewall"
_INSTANCE = "google_compute_instance"
_RULES = re.compile(r"(ssh|ssh-ipv6|no-ssh|zerotier)(-.*)?")


def describe_closed_networks(document: Mapping[str, Any]) -> list[str]:
    """Return what is to be known of the networks in a stack that Google opens to the world.

    Args:
        document: What a framework wrote as cdk.tf.json.
    """
    networks = [
        str(rule.get("network"))
        for name, rule in _rules(document)
        if CLOSING.fullmatch(name) is not None
    ]
    return closed_texts(provider_project(document, "google"), networks)


def explain_shut_out(changes: Sequence[Change]) -> str | None:
    """Return which machines lose the SSH that Google's own rule opens to the world; or None.

    Nobody can tell who comes that way, or whether that rule has been deleted.
    """
    rules = [
        change.after or {}
        for change in changes
        if change.type == _FIREWALL
        and change.actions == ("create",)
        and CLOSING.fullmatch(change.address.rpartition(".")[2])
    ]
    names = [
        change.name
        for change in changes
        if change.type == _INSTANCE
        and change.after
        and any(_is_for(rule, change.before or {}) for rule in rules)
    ]
    if not names:
        return None
    return (
        f"closes SSH to {', '.join(names)}, which Google's rule default-allow-ssh opens to the "
        "world: whoever logs in from elsewhere than ssh_source_ranges is shut out"
    )


def rule_tags(
    fleet: FleetView, stack: str, document: Mapping[str, Any]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the network tags of a `GcpStack`'s rules: those that are the fleet's, and all others.

    Args:
        fleet: The fleet.
        stack: The stack's name.
        document: What a framework wrote as cdk.tf.json.
    """
    begins = (rule_prefix(fleet), rule_prefix(fleet, stack))
    own = {tag for begin in begins for tag in (begin, zerotier_tag(begin))}
    found = frozenset(
        str(tag)
        for name, rule in _rules(document)
        if _RULES.fullmatch(name)
        for tag in rule.get("target_tags") or ()
    )
    return found & own, found - own


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, rule in document.get("resource", {}).get(_FIREWALL, {}).items():
        if isinstance(rule, dict):
            yield name, rule


def _is_for(rule: Mapping[str, Any], instance: Mapping[str, Any]) -> bool:
    """Whether a firewall rule is for an instance, by its tags and networks."""
    networks = [str(each.get("network")) for each in instance.get("network_interface") or ()]
    return bool({*rule.get("target_tags", ())} & {*(instance.get("tags") or ())}) and any(
        network.rpartition("/")[2] == str(rule.get("network")).rpartition("/")[2]
        for network in networks
    )
