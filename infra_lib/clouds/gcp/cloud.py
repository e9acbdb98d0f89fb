"""What Google Cloud answers to whoever asks a cloud; see `infra_lib.clouds.cloud.Cloud`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.cloud import Kinds
from infra_lib.clouds.gcp.catalog.entries import ZONE, may_be_region
from infra_lib.clouds.gcp.reach import unreachable
from infra_lib.clouds.gcp.reach import ways_in as ways_in  # noqa: PLC0414 - one more answer
from infra_lib.model.errors import field_error, nearest
from infra_lib.model.money import NO_TRAFFIC
from infra_lib.model.validators import NAME, check_matching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.clouds.answers import Alternatives, GpuOffer, Nixos, Place, Source, Summary
    from infra_lib.clouds.cloud import Adoption, FleetView, Operations, Renewal
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.model.facts import Facts

KINDS = Kinds(
    service="Compute Engine",
    provider="google",
    instance="google_compute_instance",
    disks=("google_compute_disk", "google_compute_region_disk"),
    labelled=("google_compute_instance", "google_compute_disk"),
    uncounted=(
        "google_compute_instance_from_machine_image",
        "google_compute_instance_from_template",
        "google_compute_instance_group_manager",
        "google_compute_region_instance_group_manager",
    ),
    own=("google_compute_resource_policy", "google_dns_record_set"),
)


def check(fleet: FleetView, project: GcpProject | None, machines: Sequence[GcpMachine]) -> None:
    """Check that there is a project in a region that exists, and that disks have their own names.

    A zone in the facts is one of Google's, and the fleet's name one of a label and a firewall rule.

    Raises:
        FleetError: When not.
    """
    if not re.fullmatch(NAME, fleet.name):
        accepted = (
            "labels and firewall rules of Google Cloud bear it: 1 to 63 lower-case letters, digits "
            "and hyphens, beginning with a letter and not ending in a hyphen (RFC 1035)"
        )
        raise field_error(f"fleet {fleet.name!r}", "name", fleet.name, accepted)
    if fleet.dns is not None:
        from infra_lib.clouds.gcp.dns import check_dns  # few fleets have names there

        check_dns(fleet.dns)
    if not machines:
        return
    _check_disks(machines)
    _check_zones(fleet.facts, machines)
    if project is None:
        where = f"fleet {fleet.name!r}"
        accepted = f"a GcpProject(…), which machine {machines[0].name!r} needs"
        raise field_error(where, "gcp", None, accepted)
    region, regions = project.region, machines[0].catalog.regions()
    if not any(region in machine.catalog.regions() for machine in machines):
        raise field_error(
            f"project {project.project!r}",
            "region",
            region,
            "not in the catalogue"
            + (nearest(region, regions) or f", which has {', '.join(regions)}")
            + (
                "; when it exists all the same, say so on a machine: "
                f"catalog=Catalog(zones=(Zone('{region}-…', region={region!r}),))"
                if may_be_region(region)
                else ""
            ),
        )


def warnings(
    fleet: FleetView, project: GcpProject | None, machines: Sequence[GcpMachine]
) -> Iterator[str]:
    """Yield a warning where nobody may log in to what is on, and for machines out of reach."""
    on = next((machine.name for machine in machines if machine.enabled), None)
    if on is not None and project is not None and not project.ssh_keys:
        yield (
            f"project {project.project!r}: ssh_keys=(): machine {on!r} is enabled, and nobody can "
            "log in to install NixOS on it, while it costs money; give the public keys of those "
            'who may: ssh_keys=("ssh-ed25519 AAAA… comment",)'
        )
    yield from unreachable(fleet, project, machines)


def nixos(fleet: FleetView, project: GcpProject, machine: GcpMachine) -> Nixos:
    """Return what the NixOS configuration of a machine has from Google Cloud."""
    del fleet
    from infra_lib.clouds.gcp import nixos as module

    return module.nixos(project, machine)


def summary(project: GcpProject) -> Summary:
    """Return what tells a project from others."""
    from infra_lib.clouds.answers import Summary

    text = f"project {project.project} in {project.region}"
    return Summary(text, {"project": project.project, "region": project.region})


def notes(project: GcpProject | None, machines: Sequence[GcpMachine]) -> list[str]:
    """Return what is to be known of networks that Google opens to the world."""
    from infra_lib.clouds.gcp.firewall import closed_networks, closed_texts

    if project is None:
        return []
    return closed_texts(project.project, closed_networks(project, machines))


def price_sources(machines: Sequence[GcpMachine]) -> dict[str, Source]:
    """Return where the prices of machines come from, by what they are of."""
    from infra_lib.clouds.gcp import price_sources as module

    return module.price_sources(machines)


def cost_notes(machines: Sequence[GcpMachine]) -> tuple[str, ...]:  # noqa: ARG001 - of all
    """Return what is to be known of what machines cost."""
    return (NO_TRAFFIC,)


def alternatives(project: GcpProject, machines: Sequence[GcpMachine]) -> Alternatives:
    """Return every machine type with GPUs that the project's region has, the cheapest first."""
    from infra_lib.clouds.gcp import alternatives as module

    return module.alternatives(project, machines)


def gpu_offers(machines: Sequence[GcpMachine]) -> Iterator[GpuOffer]:
    """Return every machine type with GPUs, wherever it can be had."""
    from infra_lib.clouds.gcp import offers

    return offers.gpu_offers(offers.catalog_of(machines))


def gpu_types(machines: Sequence[GcpMachine], said: str) -> list[str]:
    """Return the accelerator types that people may mean by a name."""
    from infra_lib.clouds.gcp import offers

    meant = offers.catalog_of(machines).accelerator_types_meant(said)
    return [accelerator.name for accelerator in meant]


def regions(machines: Sequence[GcpMachine]) -> tuple[str, ...]:
    """Return every region of the catalogue."""
    from infra_lib.clouds.gcp import offers

    return offers.catalog_of(machines).regions()


def place(machine: GcpMachine) -> Place | None:
    """Return where the machine's region is; None for one that is not known here."""
    from infra_lib.clouds.gcp.places import PLACES

    return PLACES.get(machine.region)


def operations() -> Operations:
    """Return what deploying and installing ask."""
    from infra_lib.clouds.gcp import operations

    return operations


def renewal() -> Renewal:
    """Return what renews the catalogue of machine types and prices."""
    from infra_lib.clouds.gcp.catalog.renewal import renew

    return renew


def adoption() -> Adoption:
    """Return what makes Python of machines that are there already."""
    from infra_lib.clouds.gcp import adoption as module

    return module


def _check_zones(facts: Facts, machines: Sequence[GcpMachine]) -> None:
    """Check that the facts name a zone as Google does; it may be one that the machine has left."""
    file = f"{facts.path}: " if facts.path else ""
    for machine in machines:
        zone = facts.machine(machine.name).zone
        if zone is not None:
            where = f"{file}facts of machine {machine.name!r}"
            check_matching(where, "zone", zone, ZONE, 'a zone: "us-central1-c"')


def _check_disks(machines: Sequence[GcpMachine]) -> None:
    """A disk's name is its address in Terraform, and its name in the project."""
    owners: dict[str, str] = {machine.name: machine.name for machine in machines}
    for machine in machines:
        for disk in machine.data_disks:
            if disk.name in owners:
                raise field_error(
                    f"machine {machine.name!r}",
                    "data_disks.name",
                    disk.name,
                    f"taken by a disk of {owners[disk.name]!r}; a disk's name is its own",
                )
            owners[disk.name] = machine.name
