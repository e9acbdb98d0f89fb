"""Records in Cloud DNS for machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.instance import ADDRESS, instance_reference
from infra_lib.model.errors import field_error
from infra_lib.model.reference import Reference
from infra_lib.model.validators import NAME
from infra_lib.terraform.resource import DataSource, Resource

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.model.dns import Dns

# https://cloud.google.com/dns/docs/reference/rest/v1/managedZones
_ZONE = rf"(?:projects/(?P<project>[-.:a-z0-9]+)/managedZones/)?(?P<zone>{NAME})"

# What a record leads to where a machine turns out to have no address: a record needs one. Nobody
# has this one, while the machine's old one may be another customer's by now:
# https://www.rfc-editor.org/rfc/rfc5737#section-3
_NOBODY = "192.0.2.1"


def check_dns(dns: Dns) -> None:
    """Check that what is given for a zone in Cloud DNS names a managed zone.

    Raises:
        FleetError: When it does not.
    """
    zone = dns.zones.get("gcp")
    if zone is not None and not re.fullmatch(_ZONE, zone):
        accepted = (
            "the name of a managed zone, which is not its domain: "
            '"example-org", or "projects/<project>/managedZones/example-org" in another project'
        )
        raise field_error("dns", "zones['gcp']", zone, accepted)


def records(fleet: FleetView, machine: GcpMachine) -> tuple[list[DataSource], list[Resource]]:
    """Return the record that leads to a machine, and what has to be read for it; or nothing.

    An address that changes with each start is read when the machine has started. What its resource
    says before, in a plan, is the old one, and Terraform takes no other for the record then.

    Args:
        fleet: The fleet.
        machine: The machine, which is enabled.
    """
    dns = fleet.dns
    zone = None if dns is None else dns.zone(machine)
    found = None if zone is None else re.fullmatch(_ZONE, zone)
    own = machine.external_ip
    if dns is None or found is None or not own or (machine.stopped and own is True):
        return [], []
    read = [_instance(machine)] if own is True else []
    address: Any = own
    if own is True:
        address = Reference(
            f'${{coalesce(data.google_compute_instance.{machine.name}.{ADDRESS}, "{_NOBODY}")}}'
        )
    record = Resource(
        "google_dns_record_set",
        f"{machine.name}-a",
        {
            "managed_zone": found["zone"],
            "project": found["project"],
            "name": f"{dns.name(machine)}.",
            "type": "A",
            "ttl": dns.ttl,
            "rrdatas": [address],
        },
    )
    return read, [record]


def _instance(machine: GcpMachine) -> DataSource:
    """Return what reads an instance; where it is about to change, after that."""
    return DataSource(
        "google_compute_instance",
        machine.name,
        {"self_link": instance_reference(machine, "self_link")},
        depends_on=(f"google_compute_instance.{machine.name}",),
    )
