"""The firewalls of a fleet as Terraform has them: whose they are, and whom they shut out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.terraform.plan import Change

_ROLES = ("ssh", "zerotier")


def describe_closed_networks(document: Mapping[str, Any]) -> list[str]:
    """Return nothing: a network of Hetzner Cloud has no rules, and a server has its own.

    Args:
        document: What a framework wrote as cdk.tf.json.
    """
    del document
    return []


def explain_shut_out(changes: Sequence[Change]) -> str | None:
    """Return which servers get their first firewall, so that what came in is shut out; or None.

    A server without any lets everything in. What a plan does not know yet, such as the number of a
    firewall that is made with it, is not there.
    """
    names = [
        change.name
        for change in changes
        if change.type == "hcloud_server"
        and change.actions == ("update",)
        and not (change.before or {}).get("firewall_ids")
        and (change.after or {}).get("firewall_ids") != []
    ]
    if not names:
        return None
    return (
        f"gives {', '.join(names)} a firewall, where there was none and everything was open: "
        "whoever comes in from elsewhere than ssh_source_ranges, or to another port, is shut out"
    )


def rule_tags(
    fleet: FleetView, stack: str, document: Mapping[str, Any]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what firewalls and addresses of a `HetznerStack` say of whose they are.

    Firewalls say it by their names, and addresses, which stay while a machine is off, by labels.

    Args:
        fleet: The fleet.
        stack: The stack's name.
        document: What a framework wrote as cdk.tf.json.

    Returns:
        The names that are the fleet's, and all others.
    """
    own = {f"{begin}-{role}" for begin in (fleet.name, f"{fleet.name}-{stack}") for role in _ROLES}
    own.add(fleet.name)
    found = frozenset((*_firewalls(document), *_labels(document)))
    return found & own, found - own


def _firewalls(document: Mapping[str, Any]) -> Iterator[str]:
    for address, body in _resources(document, "hcloud_firewall"):
        if address in _ROLES:
            yield str(body.get("name"))


def _labels(document: Mapping[str, Any]) -> Iterator[str]:
    for _, body in _resources(document, "hcloud_primary_ip"):
        labels = body.get("labels")
        if isinstance(labels, dict) and {"fleet", "machine"} <= labels.keys():
            yield str(labels["fleet"])


def _resources(document: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, body in document.get("resource", {}).get(kind, {}).items():
        if isinstance(body, dict):
            yield name, body
