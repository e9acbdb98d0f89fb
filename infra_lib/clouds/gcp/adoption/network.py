"""Where an instance is in its network, and what address it has outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Found, blocks, relative
from infra_lib.clouds.gcp.adoption.leftover import unsaid
from infra_lib.clouds.gcp.adoption.sources import ADDRESS, Sources
from infra_lib.clouds.gcp.adoption.values import (
    block,
    is_nothing,
    last,
    literal,
    part,
    referred,
    text,
)
from infra_lib.model.errors import shown
from infra_lib.model.facts import is_ipv4
from infra_lib.model.reference import Reference
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.adoption.notes import Notes


@frozen
class Reach:
    """Where an instance is, and what address it has.

    Attributes:
        network: Its network, by its name or a link from "projects/" on; None where nobody says.
        fields: The fields of a machine: `subnetwork`, `external_ip`.
        reserved: The reserved address that it has; None for none.
    """

    network: str | None
    fields: Mapping[str, Any]
    reserved: Found | None


def read(attributes: Mapping[str, Any], first: Found, sources: Sources, notes: Notes) -> Reach:
    """Return where an instance is, and what address it has.

    Args:
        attributes: What is known of it.
        first: The source that counts: it may have been written, or be what is there.
        sources: All that was found.
        notes: What is noted.
    """
    interfaces = blocks(attributes.get("network_interface"))
    if len(interfaces) > 1:
        notes.item(
            f"network_interface: {len(interfaces)} of them, and a machine here has one: Google's "
            "provider would make it anew to be without the others",
            "leave this machine out of the fleet",
        )
    interface = interfaces[0] if interfaces else {}
    project = sources.project_of(notes.found)
    raw = block(first.attributes.get("network_interface"))
    network = _network(interface, project, there=first.exists or not raw.get("network"))
    there = first.exists or not raw.get("subnetwork")
    zone = literal(attributes.get("zone")) or literal(sources.provider.get("zone")) or ""
    place = last(zone).rpartition("-")[0]
    fields = _subnetwork(interface, network, project, place, there=there)
    if network is None:
        subnetwork = sources.named("google_compute_subnetwork", interface.get("subnetwork"), first)
        if subnetwork is not None:
            network = _network(subnetwork.attributes, project, there=subnetwork.exists)
        if isinstance(network, Reference) or (network is None and interface.get("subnetwork")):
            network = None
            what = "no source says the network, only the subnetwork"
            notes.guess("network", what, "give a state, or the list of the instances")
    address, reserved = _external_ip(interface, first, sources, notes)
    if address is not True:
        fields["external_ip"] = address
    return Reach(network, fields, reserved)


def _network(said: Mapping[str, Any], project: str | None, *, there: bool) -> str | None:
    """Return a network as a field takes it: what is there is named as short as it can be."""
    return _shortest(text(said.get("network")), project, "global/networks", there=there)


def _shortest(value: str | None, project: str | None, kind: str, *, there: bool) -> str | None:
    if value is None or isinstance(value, Reference):
        return value
    whole = re.search(rf"projects/[^/]+/{re.escape(kind)}/[^/]+$", value)
    if whole is None:
        return last(value)  # of a part of a link, which nobody else takes
    if there:
        own = project is not None and part(value, "projects") == project
        return last(value) if own else relative(value)
    return value


def _subnetwork(
    interface: Mapping[str, Any],
    network: str | None,
    project: str | None,
    place: str,
    *,
    there: bool,
) -> dict[str, Any]:
    """Return the subnetwork, but for the one that a network has by itself in each region.

    Args:
        interface: The network interface.
        network: The network.
        project: The project of the instance.
        place: The region that the instance is in.
        there: Whether that is what is there, where all links are whole, and not as it was written.
    """
    said = text(interface.get("subnetwork"))
    if said is None:
        return {}
    region = part(said, "regions")
    host = literal(interface.get("subnetwork_project"))
    if "/" not in said and host and host != project and region is None:
        return {"subnetwork": f"projects/{host}/regions/{place}/subnetworks/{said}"}
    given = (
        said
        if region is None
        else _shortest(said, project, f"regions/{region}/subnetworks", there=there)
    )
    by_itself = network is not None and last(network) == last(said)
    same = part(said, "projects") in {None, part(network, "projects") or project}
    return {} if there and by_itself and same else {"subnetwork": given}


def _external_ip(
    interface: Mapping[str, Any], first: Found, sources: Sources, notes: Notes
) -> tuple[bool | str, Found | None]:
    """Return the address outside as the field has it, and what reserves it."""
    configs = blocks(interface.get("access_config"))
    if not configs:
        return False, None
    if len(configs) > 1:
        notes.item(
            f"network_interface[0].access_config: {len(configs)} of them, and a machine here has "
            "one; the first deployment takes the others away"
        )
    config = configs[0]
    path = "network_interface[0].access_config[0].public_ptr_domain_name"
    if not is_nothing(config.get("public_ptr_domain_name")):
        plain = "network_interface.access_config.public_ptr_domain_name"
        notes.items.append(unsaid(notes.found, path, plain, config["public_ptr_domain_name"]))
    address = text(config.get("nat_ip"))
    raw = block(block(first.attributes.get("network_interface")).get("access_config"))
    written = not first.exists and text(raw.get("nat_ip")) is not None
    reserved = _reserved(address, raw.get("nat_ip"), first, sources)
    if isinstance(address, Reference):
        return address, reserved
    if address is not None and is_ipv4(address) and (written or reserved is not None):
        return address, reserved
    if address is not None and not is_ipv4(address):
        what = f"network_interface[0].access_config[0].nat_ip={shown(address)}: no IPv4 address"
        notes.item(what)
    elif address is not None and not _knows_addresses(sources):
        notes.comments["external_ip"] = (
            f'it has {address} now: write external_ip="{address}" if that is a reserved address'
        )
    if literal(config.get("network_tier")) not in {None, "PREMIUM"}:
        notes.item(
            f"network_interface[0].access_config[0].network_tier={shown(config['network_tier'])}: "
            "an address that is not reserved is of the tier PREMIUM here, so the first deployment "
            "gives the machine another address",
            'reserve its address, and write it as external_ip="…"',
        )
    return True, None


def _reserved(address: str | None, raw: object, first: Found, sources: Sources) -> Found | None:
    """Return the reserved address that an instance has."""
    if isinstance(raw, Reference):
        leads = referred(raw)
        return None if leads is None else sources.named(ADDRESS, raw, first)
    if address is None:
        return None
    return next(
        (each for each in sources.of(ADDRESS) if each.attributes.get("address") == address), None
    )


def _knows_addresses(sources: Sources) -> bool:
    """Whether a list of all reserved addresses is among what was found."""
    return any(each.exists and not each.name for each in sources.of(ADDRESS))
