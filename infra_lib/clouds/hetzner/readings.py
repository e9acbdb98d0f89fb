"""What hcloud's provider, 1.68, makes of each type of resource that it imports.

Read off its source: https://github.com/hetznercloud/terraform-provider-hcloud/tree/main/internal.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER, VOLUME, ADDRESS = "hcloud_server", "hcloud_volume", "hcloud_primary_ip"
FIREWALL, NETWORK, SUBNET = "hcloud_firewall", "hcloud_network", "hcloud_network_subnet"
KEY, GROUP = "hcloud_ssh_key", "hcloud_placement_group"
MEMBERSHIP, ATTACHMENT = "hcloud_server_network", "hcloud_volume_attachment"

# What a stack leaves alone of what it imports, for the provider does not read it. It would cut the
# power, delete the addresses that the server has, and fail to give it those; it would have the
# server leave its network, and join it again.
LEFT_ALONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {SERVER: ("public_net", "network"), MEMBERSHIP: ("subnet_id",)}
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _defaults(**values: Any) -> Mapping[str, Any]:
    return MappingProxyType(values)


_PROTECTION = _defaults(delete_protection=False)

READINGS = {
    SERVER: Reading(
        # The first make it anew; for the next the power is cut, or the server is reset. A server
        # that runs leaves no placement group, and joins none: the provider fails.
        forcing=_names(
            "image location user_data ssh_keys server_type public_net rescue iso placement_group_id"
        ),
        unread=_names(
            "user_data ssh_keys keep_disk shutdown_before_deletion public_net network rescue iso"
            " ignore_remote_firewall_ids"
        ),
        taken_away=_names("placement_group_id labels"),
        defaults=_defaults(
            keep_disk=False,
            backups=False,
            delete_protection=False,
            rebuild_protection=False,
            shutdown_before_deletion=False,
        ),
        unordered=_names("firewall_ids"),
    ),
    ADDRESS: Reading(
        forcing=_names("type location"),
        taken_away=_names("labels delete_protection"),
        defaults=_defaults(auto_delete=False, delete_protection=False),
    ),
    VOLUME: Reading(
        forcing=_names("location"),
        unread=_names("format automount"),
        taken_away=_names("labels"),
        defaults=_PROTECTION,
    ),
    ATTACHMENT: Reading(forcing=_names("volume_id server_id")),
    FIREWALL: Reading(),
    NETWORK: Reading(
        forcing=_names("ip_range"),
        taken_away=_names("labels expose_routes_to_vswitch"),
        defaults=_defaults(delete_protection=False, expose_routes_to_vswitch=False),
    ),
    SUBNET: Reading(
        forcing=_names("network_id type network_zone ip_range vswitch_id"),
        taken_away=_names("vswitch_id"),
    ),
    MEMBERSHIP: Reading(
        forcing=_names("server_id network_id subnet_id ip"),
        unread=_names("subnet_id"),
        taken_away=_names("alias_ips"),
        unordered=_names("alias_ips"),
    ),
    GROUP: Reading(taken_away=_names("labels")),
    KEY: Reading(forcing=_names("public_key"), taken_away=_names("labels")),
}
