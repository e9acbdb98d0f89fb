"""All that a fleet has at Hetzner Cloud, as Terraform is to have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.dns import records
from infra_lib.clouds.hetzner.firewall import firewalls
from infra_lib.clouds.hetzner.install import installation
from infra_lib.clouds.hetzner.project import check_machine_in_project
from infra_lib.clouds.hetzner.server import (
    addresses,
    attachments,
    common_labels,
    ipv4_address,
    ipv6_address,
    server,
)
from infra_lib.clouds.hetzner.ssh_keys import ssh_keys
from infra_lib.terraform.resource import Configuration, Output, Resource, reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.clouds.hetzner.volume import Volume


def configuration(
    fleet: FleetView,
    project: HetznerProject,
    machines: Sequence[HetznerMachine],
    stack: str,
    *,
    alone: bool = True,
) -> Configuration:
    """Return all that machines of a fleet need, and the machines that are on.

    Resources have names that nothing else in the fleet can change: those of machines and of what
    they have, what firewalls are for, and digests of keys.

    Args:
        fleet: The fleet.
        project: The project that they are in.
        machines: The machines, on or off.
        stack: The stack's name.
        alone: Whether no other stack has machines of the fleet. Otherwise names that are not of a
            machine have the stack's name in theirs, so that several may be in one project.

    Raises:
        FleetError: When a machine is in a private network that the project has not.
    """
    for machine in machines:
        check_machine_in_project(machine, project)
    on = [machine for machine in machines if machine.enabled]
    begin = fleet.name if alone else f"{fleet.name}-{stack}"
    groups = {machine.placement_group for machine in machines} - {None}
    return Configuration(
        provider={},  # The token is in the environment, and nowhere else.
        backend=None,
        resources=(
            *ssh_keys(project, begin),
            *firewalls(fleet, project, machines, begin),
            *_networks(project),
            *(_placement_group(group) for group in sorted(filter(None, groups))),
            # A machine that is off keeps its addresses and its data.
            *(each for machine in machines for each in addresses(fleet, project, machine)),
            *(
                _volume(fleet, project, machine, volume)
                for machine in machines
                for volume in machine.volumes
            ),
            *(server(fleet, project, machine) for machine in on),
            *(each for machine in on for each in attachments(machine)),
            *(record for machine in on for record in records(fleet, machine)),
            *(installation(machine) for machine in on if project.install),
        ),
        outputs=(
            Output(
                "machines",
                {machine.name: _told(fleet, machine) for machine in on},
                description="The machines that exist, by name",
            ),
        ),
    )


def _networks(project: HetznerProject) -> Iterator[Resource]:
    for network in project.networks:
        yield Resource(
            "hcloud_network",
            network.name,
            {
                "name": network.name,
                "ip_range": network.ip_range,
                "delete_protection": network.delete_protection,
            },
        )
        yield Resource(
            "hcloud_network_subnet",
            network.name,
            {
                "network_id": reference("hcloud_network", network.name, "id"),
                "type": "cloud",
                "network_zone": network.network_zone,
                "ip_range": network.machine_range,
            },
        )


def _placement_group(name: str) -> Resource:
    return Resource("hcloud_placement_group", name, {"name": name, "type": "spread"})


def _volume(
    fleet: FleetView, project: HetznerProject, machine: HetznerMachine, volume: Volume
) -> Resource:
    return Resource(
        "hcloud_volume",
        volume.name,
        {
            "name": volume.name,
            "size": volume.size_gb,
            "location": machine.location,
            "format": volume.format,
            "delete_protection": volume.delete_protection,
            "labels": common_labels(fleet, project, machine),
        },
        # The provider takes another format for a change, and does nothing about it.
        lifecycle={
            "ignore_changes": ["format"],
            **({"prevent_destroy": True} if volume.prevent_destroy else {}),
        },
    )


def _told(fleet: FleetView, machine: HetznerMachine) -> dict[str, object]:
    """Return what the output `machines` says of a machine."""
    return {
        "state": machine.state,
        "zone": machine.location,
        "machine_type": machine.server_type,
        "external_ip": ipv4_address(machine),
        "external_ipv6": ipv6_address(machine),
        "gpu": None,
        **machine.prices_told(fleet.usd_per_eur),
    }
