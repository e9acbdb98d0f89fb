"""Records in Hetzner's DNS, which is part of Hetzner Cloud, for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.server import ipv4_address, ipv6_address
from infra_lib.model.errors import field_error
from infra_lib.model.validators import check_domain
from infra_lib.terraform.resource import Resource

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.model.dns import Dns


def check_dns(dns: Dns) -> None:
    """Check that the zone at Hetzner has room for the names of machines.

    Raises:
        FleetError: When it is not one, or the names are not below it.
    """
    zone = dns.zones.get("hetzner")
    if zone is None:
        return
    check_domain("dns", "zones['hetzner']", zone)
    if not f".{dns.domain}".endswith(f".{zone}"):
        accepted = f"a zone that holds {dns.domain!r}: that domain, or one that it is below"
        raise field_error("dns", "zones['hetzner']", zone, accepted)


def records(fleet: FleetView, machine: HetznerMachine) -> list[Resource]:
    """Return the records that lead to a machine: one for each of its addresses.

    They hold addresses as the provider has them, and as the API does, which spells IPv6 in no
    second way: otherwise every plan would show a change.

    Args:
        fleet: The fleet.
        machine: The machine, which is on.
    """
    dns = fleet.dns
    zone = None if dns is None else dns.zone(machine)
    if dns is None or zone is None:
        return []
    # Relative to the zone: https://docs.hetzner.cloud/reference/cloud#zone-rrsets.
    name = dns.name(machine).removesuffix(f".{zone}")
    addresses = {"A": ipv4_address(machine), "AAAA": ipv6_address(machine)}
    return [
        Resource(
            "hcloud_zone_rrset",
            f"{machine.name}-{kind.lower()}",
            {
                "zone": zone,
                "name": name,
                "type": kind,
                "ttl": dns.ttl,
                "records": [{"value": address}],
            },
        )
        for kind, address in addresses.items()
        if address is not None
    ]
