"""A machine as an `hcloud_server`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from infra_lib.clouds.hetzner.firewall import firewall_ids
from infra_lib.clouds.hetzner.ssh_keys import key_names
from infra_lib.model import money
from infra_lib.model.reference import Reference
from infra_lib.terraform.resource import Resource, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject

# What only the creation of a server uses. The provider would make the server anew, and delete the
# old one first, for another image, for a key more or less, and for a server that was imported:
# https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/docs/resources/server.md.
_IGNORED = ("image", "ssh_keys", "user_data")

# What the provider does not read of what it takes over. It takes a server for one without addresses
# of its own: it would switch it off, delete the addresses that it has, and fail to give it those
# (updatePublicNet in
# https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/internal/server/resource.go).
# And it takes a server for one in no subnet: it would leave its network, to join it again.
UNREAD: Final = {
    "hcloud_server": ("public_net", "network"),
    "hcloud_server_network": ("subnet_id",),
}


def server(fleet: FleetView, project: HetznerProject, machine: HetznerMachine) -> Resource:
    """Return the server of a machine. It does not hold the machine's description.

    Args:
        fleet: The fleet.
        project: The project that the machine is in.
        machine: The machine.
    """
    group = machine.placement_group
    public = machine.ipv4 or machine.ipv6
    return Resource(
        "hcloud_server",
        machine.name,
        {
            "name": machine.name,
            "server_type": machine.server_type,
            "location": machine.location,
            "image": machine.image,
            "ssh_keys": key_names(project) or None,
            "user_data": machine.user_data or None,
            "public_net": [
                {
                    "ipv4_enabled": machine.ipv4,
                    "ipv4": address_id(machine, "ipv4") if machine.ipv4 else None,
                    "ipv6_enabled": machine.ipv6,
                    "ipv6": address_id(machine, "ipv6") if machine.ipv6 else None,
                }
            ],
            "network": None
            if public
            # Without a list of further addresses, the provider takes the server out of its network
            # and puts it in again at every apply: docs/resources/server.md of the provider.
            else [{**_in_network(*each), "alias_ips": []} for each in machine.networks.items()],
            "firewall_ids": firewall_ids(fleet, machine),
            "placement_group_id": None
            if group is None
            else reference("hcloud_placement_group", group, "id"),
            "backups": machine.backups,
            "keep_disk": machine.keep_disk,
            "shutdown_before_deletion": True,
            # The API has the two go together.
            "delete_protection": machine.deletion_protection,
            "rebuild_protection": machine.deletion_protection,
            "labels": {
                **common_labels(fleet, project, machine),
                "cost": money.label(machine.bill.hour),
                "state": machine.state,
            },
        },
        lifecycle={"ignore_changes": [*_IGNORED]},
    )


def addresses(
    fleet: FleetView, project: HetznerProject, machine: HetznerMachine
) -> Iterator[Resource]:
    """Yield the addresses of a machine, which it has again when it comes back."""
    for kind, wanted in (("ipv4", machine.ipv4), ("ipv6", machine.ipv6)):
        if wanted:
            name = f"{machine.name}-{kind}"
            yield Resource(
                "hcloud_primary_ip",
                name,
                {
                    "name": name,
                    "type": kind,
                    "location": machine.location,
                    "auto_delete": False,
                    "labels": common_labels(fleet, project, machine),
                },
            )


def attachments(machine: HetznerMachine) -> Iterator[Resource]:
    """Yield what attaches a machine to its volumes and its private networks.

    The server itself has no blocks for its networks, so that a machine joins and leaves them
    without a change of its server. One without public addresses is not made without them, and has
    them.
    """
    server_id = server_reference(machine, "id")
    for volume in machine.volumes:
        volume_id = reference("hcloud_volume", volume.name, "id")
        arguments = {"volume_id": volume_id, "server_id": server_id}
        yield Resource("hcloud_volume_attachment", volume.name, arguments)
    if machine.ipv4 or machine.ipv6:
        for name, address in machine.networks.items():
            arguments = {"server_id": server_id, **_in_network(name, address)}
            # Neither name has an underscore.
            yield Resource("hcloud_server_network", f"{machine.name}_{name}", arguments)


def address_id(machine: HetznerMachine, kind: str) -> Reference:
    """Return a reference to the number of an address of a machine: its "ipv4" or its "ipv6"."""
    return reference("hcloud_primary_ip", f"{machine.name}-{kind}", "id")


def ipv4_address(machine: HetznerMachine) -> Reference | None:
    """Return a reference to the IPv4 address of a machine; None where it has none."""
    if not machine.ipv4:
        return None
    return reference("hcloud_primary_ip", f"{machine.name}-ipv4", "ip_address")


def ipv6_address(machine: HetznerMachine) -> Reference | None:
    """Return a reference to the first address of a machine's IPv6 network; None without one.

    It comes from the network: what the server says of it is still the one before, or none, while a
    plan that changes its networks is carried out.
    """
    if not machine.ipv6:
        return None
    network = f"hcloud_primary_ip.{machine.name}-ipv6.ip_network"
    return Reference(f"${{cidrhost({network}, 1)}}")


def server_reference(machine: HetznerMachine, attribute: str) -> Reference:
    """Return a reference to an attribute of a machine's server."""
    return reference("hcloud_server", machine.name, attribute)


def common_labels(
    fleet: FleetView, project: HetznerProject, machine: HetznerMachine
) -> dict[str, str]:
    """Return the labels that a machine, its volumes and its addresses have in whatever state."""
    own = {**project.labels, **machine.labels}
    return own | {"fleet": fleet.name, "machine": machine.name}


def _in_network(name: str, address: str | None) -> dict[str, Any]:
    return {"subnet_id": reference("hcloud_network_subnet", name, "id"), "ip": address}
