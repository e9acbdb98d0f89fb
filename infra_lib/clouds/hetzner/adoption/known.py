"""Which attributes of a thing are read, or need no reader: the others are reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.adoption.things import is_empty
from infra_lib.clouds.hetzner.fields import STACK_LABELS
from infra_lib.clouds.hetzner.readings import (
    ADDRESS,
    FIREWALL,
    GROUP,
    KEY,
    MEMBERSHIP,
    NETWORK,
    SERVER,
    SUBNET,
    VOLUME,
)
from infra_lib.model.errors import shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.clouds.hetzner.adoption.report import Report
    from infra_lib.clouds.hetzner.adoption.things import Thing

_STAYS = "it stays as it is until somebody changes it"
_GOES = "the first deployment takes it away: its class has no field for it"

# What can be something that matters and has no field, and what becomes of it.
_UNSAID = {
    SERVER: {
        "iso": _STAYS,
        "rescue": _STAYS,
        "ignore_remote_firewall_ids": "firewalls that others give it are taken away",
    },
    ADDRESS: {"delete_protection": _GOES},
    NETWORK: {},
    SUBNET: {},
    MEMBERSHIP: {},
    VOLUME: {},
    FIREWALL: {},
    GROUP: {},
    KEY: {},
}
# What is read, what follows from the rest, and what only creation or deletion uses.
_READ = {
    SERVER: frozenset(
        [
            "allow_deprecated_images",
            "backup_window",
            "backups",
            "datacenter",
            "delete_protection",
            "firewall_ids",
            "id",
            "image",
            "ipv4_address",
            "ipv6_address",
            "ipv6_network",
            "keep_disk",
            "labels",
            "location",
            "name",
            "network",
            "placement_group_id",
            "primary_disk_size",
            "public_net",
            "rebuild_protection",
            "server_type",
            "shutdown_before_deletion",
            "ssh_keys",
            "status",
            "timeouts",
            "user_data",
        ]
    ),
    ADDRESS: frozenset(
        [
            "assignee_id",
            "assignee_type",
            "auto_delete",
            "datacenter",
            "id",
            "ip_address",
            "ip_network",
            "labels",
            "location",
            "name",
            "type",
        ]
    ),
    NETWORK: frozenset(
        ["delete_protection", "expose_routes_to_vswitch", "id", "ip_range", "labels", "name"]
    ),
    SUBNET: frozenset(
        ["gateway", "id", "ip_range", "network_id", "network_zone", "type", "vswitch_id"]
    ),
    MEMBERSHIP: frozenset(
        ["alias_ips", "id", "ip", "mac_address", "network_id", "server_id", "subnet_id"]
    ),
    VOLUME: frozenset(
        [
            "automount",
            "delete_protection",
            "format",
            "id",
            "labels",
            "linux_device",
            "location",
            "name",
            "server_id",
            "size",
        ]
    ),
    FIREWALL: frozenset(["apply_to", "id", "labels", "name", "rule"]),
    GROUP: frozenset(["id", "labels", "name", "servers", "type"]),
    KEY: frozenset(["fingerprint", "id", "labels", "name", "public_key"]),
}
# Written where nothing about what is there follows from them.
_META = frozenset({"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner"})


def report_unsaid(thing: Thing, report: Report) -> None:
    """Report each attribute of a thing that matters, and that nothing of the fleet says."""
    unsaid, read = _UNSAID[thing.type], _READ[thing.type]
    for name, value in thing.attributes.items():
        if name in read or name in _META or name.startswith("//"):
            continue
        if is_empty(value) or value is False:
            continue
        # The value may be anything, so it is not repeated.
        said = unsaid.get(name, "the fleet has no field for it")
        report.left(thing.where, f"{name} is set: {said}")


def report_labels(thing: Thing, kept: Collection[str], report: Report) -> None:
    """Report the labels that the first deployment takes off a thing.

    Args:
        thing: The thing.
        kept: The labels that it has afterwards too.
        report: What says so.
    """
    labels = thing.attributes.get("labels")
    names = [*labels] if isinstance(labels, Mapping) else []
    gone = [str(each) for each in names if each not in kept and each not in STACK_LABELS]
    if gone:
        report.differs(
            thing.where,
            f"the first deployment takes the labels {', '.join(map(shown, gone))} off it",
            "say them as labels of its machine, or of the project, if something goes by them",
        )
