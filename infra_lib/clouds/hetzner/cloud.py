"""What Hetzner Cloud answers to whoever asks a cloud; see `infra_lib.clouds.cloud.Cloud`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.cloud import Kinds
from infra_lib.clouds.hetzner.fields import LABEL_VALUE
from infra_lib.clouds.hetzner.project import check_machine_in_project
from infra_lib.clouds.hetzner.reach import too_small, unreachable
from infra_lib.clouds.hetzner.reach import ways_in as ways_in  # noqa: PLC0414 - one more answer
from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.clouds.answers import Alternatives, GpuOffer, Nixos, Place, Source, Summary
    from infra_lib.clouds.cloud import Adoption, FleetView, Operations, Renewal
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject

KINDS = Kinds(
    service="Hetzner Cloud",
    provider="hcloud",
    instance="hcloud_server",
    disks=("hcloud_volume",),
    labelled=("hcloud_server", "hcloud_volume"),
    uncounted=("hcloud_floating_ip", "hcloud_load_balancer"),
    own=(
        "hcloud_primary_ip",
        "hcloud_server_network",
        "hcloud_volume_attachment",
        "hcloud_zone_rrset",
    ),
    place="location",
)

# https://docs.hetzner.com/cloud/placement-groups/overview
_MOST_IN_GROUP = 10
# https://docs.hetzner.com/cloud/firewalls/faq
_MOST_FIREWALLS = 5
_LOCATION = r"[a-z]+[0-9]*"


def check(
    fleet: FleetView, project: HetznerProject | None, machines: Sequence[HetznerMachine]
) -> None:
    """Check that there is a project, and that what machines have goes together in it.

    Raises:
        FleetError: When not.
    """
    where = f"fleet {fleet.name!r}"
    if not re.fullmatch(LABEL_VALUE, fleet.name):
        accepted = (
            "labels at Hetzner Cloud bear it: 1 to 63 letters, digits and _ -, with a letter or a "
            "digit first and last"
        )
        raise field_error(where, "name", fleet.name, accepted)
    if fleet.dns is not None:
        from infra_lib.clouds.hetzner.dns import check_dns  # few fleets have names there

        check_dns(fleet.dns)
    if not machines:
        return
    if project is None:
        accepted = f"a HetznerProject(…), which machine {machines[0].name!r} needs"
        raise field_error(where, "hetzner", None, accepted)
    for machine in machines:
        check_machine_in_project(machine, project)
        _check_firewalls(fleet, machine)
    _check_locations_in_facts(fleet, machines)
    _check_volumes(machines)
    _check_private_addresses(machines)
    _check_groups(where, machines)


def warnings(
    fleet: FleetView, project: HetznerProject | None, machines: Sequence[HetznerMachine]
) -> Iterator[str]:
    """Yield a warning for what may fail or be for nothing, and for machines out of reach."""
    on = [machine for machine in machines if machine.enabled]
    if project is None or not on:
        return
    if not (project.ssh_keys or project.ssh_key_names):
        yield (
            f"Hetzner project: ssh_keys=(): machine {on[0].name!r} is enabled, and nobody can log "
            "in to install NixOS on it, while it costs money; give the public keys of those who "
            'may: ssh_keys=("ssh-ed25519 AAAA… comment",)'
        )
    if len(on) > project.server_limit:
        yield (
            f"Hetzner project: server_limit={project.server_limit}: {len(on)} machines are on. "
            "New projects may have as few as five servers: see the limits of yours in the console, "
            "ask for more there, and say server_limit=…"
        )
    # Of those that are there nobody orders anything.
    new = [each for each in on if not _is_there(fleet, each)]
    if new:
        from infra_lib.clouds.hetzner.catalog.stock import stock_note

        note = stock_note(new)
        if note is not None:
            yield note
    yield from too_small(new)
    yield from unreachable(fleet, project, machines)


def nixos(fleet: FleetView, project: HetznerProject, machine: HetznerMachine) -> Nixos:
    """Return what the NixOS configuration of a machine has from Hetzner Cloud."""
    from infra_lib.clouds.hetzner import nixos as module

    return module.nixos(fleet, project, machine)


def summary(project: HetznerProject) -> Summary:
    """Return what tells a project from others: the name that people gave it here."""
    from infra_lib.clouds.answers import Summary

    text = f"Hetzner Cloud project {project.name}" if project.name else "Hetzner Cloud"
    return Summary(text, {"project": project.name})


def notes(project: HetznerProject | None, machines: Sequence[HetznerMachine]) -> list[str]:
    """Return nothing: no network is open to the world there by itself."""
    del project, machines
    return []


def price_sources(machines: Sequence[HetznerMachine]) -> dict[str, Source]:
    """Return where the prices of machines come from, by what they are of."""
    from infra_lib.clouds.hetzner import price_sources as module

    return module.price_sources(machines)


def cost_notes(machines: Sequence[HetznerMachine]) -> Iterator[str]:
    """Yield what is to be known of prices: traffic, and orders of earlier days."""
    from infra_lib.clouds.hetzner import cost_notes as module

    return module.cost_notes(machines)


def alternatives(
    project: HetznerProject, machines: Sequence[HetznerMachine]
) -> Alternatives | None:
    """Return nothing: Hetzner Cloud has no GPUs."""
    del project, machines
    return None


def gpu_offers(machines: Sequence[HetznerMachine]) -> Iterable[GpuOffer]:
    """Return nothing: Hetzner Cloud has no GPUs."""
    del machines
    return ()


def gpu_types(machines: Sequence[HetznerMachine], said: str) -> tuple[str, ...]:
    """Return nothing: Hetzner Cloud has no GPUs."""
    del machines, said
    return ()


def regions(machines: Sequence[HetznerMachine]) -> tuple[str, ...]:
    """Return every location of the catalogue."""
    from infra_lib.clouds.hetzner.catalog import CATALOG

    catalog = machines[0].catalog if machines else CATALOG
    return tuple(catalog.all_locations())


def place(machine: HetznerMachine) -> Place | None:
    """Return where the machine's location is; None for one that is not known here."""
    from infra_lib.clouds.hetzner.places import PLACES

    return PLACES.get(machine.zone)


def operations() -> Operations:
    """Return what deploying and installing ask."""
    from infra_lib.clouds.hetzner import operations

    return operations


def renewal() -> Renewal:
    """Return what renews the catalogue of server types and prices."""
    from infra_lib.clouds.hetzner.catalog import renewal

    return renewal


def adoption() -> Adoption:
    """Return what makes Python of servers that are there."""
    from infra_lib.clouds.hetzner import adoption as module

    return module


def _is_there(fleet: FleetView, machine: HetznerMachine) -> bool:
    facts = fleet.facts.machine(machine.name)
    return machine.existing or facts.external_ip is not None or facts.external_ipv6 is not None


def _check_firewalls(fleet: FleetView, machine: HetznerMachine) -> None:
    """Check that a server has no more firewalls than it takes, with those of the fleet."""
    fleets = 1 + fleet.zerotier.includes(machine) + bool(machine.firewall_rules)
    if len(machine.firewall_ids) > _MOST_FIREWALLS - fleets:
        accepted = (
            f"at most {_MOST_FIREWALLS - fleets} are accepted: a server takes {_MOST_FIREWALLS} "
            f"firewalls, and this one has {fleets} of the fleet"
        )
        raise field_error(
            f"machine {machine.name!r}", "firewall_ids", machine.firewall_ids, accepted
        )


def _check_locations_in_facts(fleet: FleetView, machines: Sequence[HetznerMachine]) -> None:
    """Check that the facts name a location; it may be one that the machine has left."""
    file = f"{fleet.facts.path}: " if fleet.facts.path else ""
    for machine in machines:
        zone = fleet.facts.machine(machine.name).zone
        if zone is not None and not re.fullmatch(_LOCATION, zone):
            where = f"{file}facts of machine {machine.name!r}"
            raise field_error(where, "zone", zone, 'a location: "fsn1"')


def _check_volumes(machines: Sequence[HetznerMachine]) -> None:
    """A volume's name is its address in Terraform, and its name in the project."""
    owners: dict[str, str] = {}
    for machine in machines:
        for volume in machine.volumes:
            other = owners.setdefault(volume.name, machine.name)
            if other != machine.name:
                accepted = f"taken by a volume of {other!r}; a volume's name is its own"
                raise field_error(
                    f"machine {machine.name!r}", "volumes.name", volume.name, accepted
                )


def _check_private_addresses(machines: Sequence[HetznerMachine]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for machine in machines:
        for network, address in machine.networks.items():
            if address is None:
                continue
            other = owners.setdefault((network, address), machine.name)
            if other != machine.name:
                accepted = f"{other!r} has that address; each has its own"
                raise field_error(
                    f"machine {machine.name!r}", f"networks[{network!r}]", address, accepted
                )


def _check_groups(where: str, machines: Sequence[HetznerMachine]) -> None:
    groups: dict[str, list[str]] = {}
    for machine in machines:
        if machine.placement_group is not None and machine.enabled:
            groups.setdefault(machine.placement_group, []).append(machine.name)
    for name, members in groups.items():
        if len(members) > _MOST_IN_GROUP:
            accepted = f"{len(members)} servers are in it, and at most {_MOST_IN_GROUP} are"
            raise field_error(where, "placement_group", name, f"{accepted} accepted")
