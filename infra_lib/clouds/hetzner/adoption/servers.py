"""Servers, with all that hangs on them, as machines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.adoption.addresses import VERSIONS, Address, Version, addresses, has
from infra_lib.clouds.hetzner.adoption.firewalls import Firewalls, firewalls
from infra_lib.clouds.hetzner.adoption.networks import Place, places
from infra_lib.clouds.hetzner.adoption.things import Thing, is_empty, plain
from infra_lib.clouds.hetzner.adoption.volumes import volume_of, volumes
from infra_lib.clouds.hetzner.catalog import CATALOG
from infra_lib.clouds.hetzner.fields import STACK_LABELS
from infra_lib.clouds.hetzner.readings import ADDRESS, GROUP, KEY, NETWORK, SERVER, SUBNET, VOLUME
from infra_lib.clouds.secret_values import looks_secret
from infra_lib.model.errors import shown
from infra_lib.model.reference import Reference
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.adoption.networks import Described
    from infra_lib.clouds.hetzner.adoption.report import Report
    from infra_lib.clouds.hetzner.adoption.things import Things

_ESSENTIAL = {
    SERVER: ("server_type", "location"),
    VOLUME: ("size", "location"),
    NETWORK: ("ip_range",),
    SUBNET: ("ip_range", "type", "network_zone"),
    ADDRESS: ("type", "location"),
    KEY: ("public_key",),
}
_IMAGE = "debian-12"
_DIGEST = r"[A-Za-z0-9+/]{27}="
_DATACENTER = r"([a-z]+[0-9]*)-dc[0-9]+"


@frozen
class Relations:
    """What hangs on servers.

    Attributes:
        addresses: Their addresses.
        volumes: Their volumes.
        places: Their places in private networks.
        firewalls: Their firewalls.
    """

    addresses: Mapping[tuple[Thing, Version], Address]
    volumes: Mapping[Thing, Sequence[Thing]]
    places: Mapping[Thing, Sequence[Place]]
    firewalls: Firewalls


@frozen
class Draft:
    """A machine that is about to be made.

    Attributes:
        server: The server.
        fields: What the class takes, but for labels, without what is the default.
        labels: Its labels, without the stack's.
        parts: What hangs on it, and is described by it.
    """

    server: Thing
    fields: dict[str, Any]
    labels: dict[str, str]
    parts: tuple[Thing, ...]


def relations(things: Things, fleet: str) -> Relations:
    """Return what hangs on servers, wherever that is said."""
    return Relations(addresses(things), volumes(things), places(things), firewalls(things, fleet))


def draft(
    server: Thing,
    things: Things,
    of: Relations,
    networks: Mapping[Thing, Described],
    report: Report,
) -> Draft | None:
    """Return a machine as its server is; None, with a line in the report, where nobody can tell.

    Args:
        server: The server.
        things: All that was found.
        of: What hangs on servers.
        networks: The networks that the project has.
        report: What says what is left.
    """
    type_, location = report.value(server, "server_type", str), _location(server, report)
    if type_ is None or location is None:
        report.drop(
            server,
            "no source tells its server_type and its location, so there is no machine of it",
            "give a source that does: a state, or hcloud server list -o json",
        )
        return None
    own = _is_own(server, of.firewalls.fleet)
    fields: dict[str, Any] = {"server_type": type_, "location": location}
    entry = CATALOG.server_type(type_)
    if entry and location in entry.deprecated_in and location not in entry.locations:
        fields["existing"] = True
    image = report.value(server, "image", str)
    if image not in {None, _IMAGE}:
        fields["image"] = image
    parts: list[Thing] = []
    for version in VERSIONS:
        if not has(server, version):
            fields[version] = False
        elif (address := of.addresses.get((server, version))) and address.thing:
            parts.append(address.thing)
    inside, members = _networks(server, of, networks, report)
    found = [(volume_of(each, report), each) for each in of.volumes.get(server, ())]
    rules_of, rules = of.firewalls.rules_of(server)
    group, placement = _group(server, things, report)
    parts += [*members, *(thing for volume, thing in found if volume)]
    parts += [each for each in (rules_of, group) if each]
    more = {
        "networks": inside,
        "volumes": tuple(volume for volume, _ in found if volume),
        "firewall_rules": rules,
        "firewall_ids": _firewall_ids(server, of.firewalls, rules_of, report, own=own),
        "backups": report.value(server, "backups", bool),
        "placement_group": placement,
        "user_data": _user_data(server, report),
        "deletion_protection": _protection(server, report),
    }
    fields |= {name: value for name, value in more.items() if value}
    if _grows(server, own=own):
        fields["keep_disk"] = False
    labels = _labels(server, report, own=own)
    return Draft(server, fields, labels, tuple(parts))


def contradictions(things: Things, report: Report) -> None:
    """Report what two sources say otherwise of a thing, where it would be made anew or resized."""
    for thing in things.all:
        for name in _ESSENTIAL.get(thing.type, ()):
            said = [(each.where, each.attributes.get(name)) for each in thing.founds]
            told = [
                (where, value)
                for where, value in said
                if isinstance(value, str | int) and value and not isinstance(value, Reference)
            ]
            for where, value in told[1:]:
                if value != told[0][1]:
                    report.contradiction(
                        f"{told[0][0]} and {where}",
                        f"{name} of {thing.type} {shown(thing.name)} is {shown(told[0][1])} in the "
                        f"one, and {shown(value)} in the other; the first is taken",
                        "see in Hetzner's console which is so",
                    )


def _location(server: Thing, report: Report) -> str | None:
    location = report.value(server, "location", str)
    if location is not None:
        return location
    # Configurations of before Hetzner's API left datacenters out.
    found = re.fullmatch(_DATACENTER, plain(server.attributes.get("datacenter")) or "")
    return found[1] if found else None


def _networks(
    server: Thing, of: Relations, networks: Mapping[Thing, Described], report: Report
) -> tuple[dict[str, str | None], list[Thing]]:
    inside: dict[str, str | None] = {}
    members: list[Thing] = []
    for place in of.places.get(server, ()):
        described = networks.get(place.network) if place.network else None
        if place.aliases:
            _aliases(server, place, report)
        if described is None:
            name = place.network.name if place.network else f"number {place.number}"
            report.left(
                server.where,
                f"it is in the network {shown(name)}, which the project does not have here",
                "it stays in it, and nothing manages that",
            )
            continue
        inside[described.private.name] = place.address
        members += place.said_by
    return inside, members


def _aliases(server: Thing, place: Place, report: Report) -> None:
    what = f"alias_ips={shown(list(place.aliases))}: a machine has one address in a network"
    if place.said_by:
        report.differs(
            place.said_by[0].where,
            what,
            "the first deployment takes them away, if the fleet has the network and the machine a "
            "public address",
        )
    else:
        report.left(server.where, what, "it keeps them, and nothing manages that")


def _group(server: Thing, things: Things, report: Report) -> tuple[Thing | None, str | None]:
    value = server.attributes.get("placement_group_id")
    if is_empty(value):
        return None, None
    group = things.find(GROUP, value)
    if group is None or not group.name:
        report.left(
            server.where,
            f"its placement_group_id is {shown(str(value))}, whose name no source tells",
            "give hcloud placement-group list -o json: no running server leaves its group",
        )
        return None, None
    return group, group.name


def _firewall_ids(
    server: Thing, found: Firewalls, rules_of: Thing | None, report: Report, *, own: bool
) -> tuple[int | Reference, ...]:
    """Return the firewalls that a machine names by number, or as they were referred to."""
    ids: list[int | Reference] = []
    for each in found.of.get(server, ()):
        if isinstance(each, int):
            ids.append(each)
        elif isinstance(each, Reference):
            ids.append(each)
            if not own:
                report.left(
                    server.where,
                    f"firewall_ids has {shown(str(each))}, whose number no source tells",
                    "write its number in place of that reference: hcloud firewall list",
                )
        elif each is rules_of or found.role(each) is not None:
            continue
        elif each.number is not None:
            ids.append(each.number)
        else:
            report.left(
                server.where,
                f"it has the firewall {shown(each.name)}, whose number no source tells",
                "write that into firewall_ids before you deploy: hcloud firewall list",
            )
    return tuple(ids)


def _user_data(server: Thing, report: Report) -> str | None:
    """Return what cloud-init was told, of whoever wrote it; a state has a digest of it alone."""
    said = [each.attributes.get("user_data") for each in server.founds]
    texts = [each for each in map(plain, said) if each]
    written = [each for each in texts if not re.fullmatch(_DIGEST, each)]
    if written:
        if not looks_secret(written[0]):
            return written[0]
        report.secret(server.where, "user_data")
    elif any(isinstance(each, Reference) for each in said):
        report.left(
            server.where,
            "user_data is an expression of Terraform's, and is not carried",
            "only a new server is told it: write its text as user_data, if one should be",
        )
    elif texts:
        report.left(
            server.where,
            "user_data is known by its digest alone, and is not carried",
            "only a new server is told it: write its text as user_data, if one should be",
        )
    return None


def _protection(server: Thing, report: Report) -> bool | None:
    delete = report.value(server, "delete_protection", bool)
    rebuild = report.value(server, "rebuild_protection", bool)
    if bool(delete) != bool(rebuild):
        report.differs(
            server.where,
            f"delete_protection={bool(delete)}, rebuild_protection={bool(rebuild)}: a machine has "
            "both or none",
            "the first deployment makes the second what the first is",
        )
    return delete


def _grows(server: Thing, *, own: bool) -> bool:
    """Whether the disk is to grow with the server's type: for somebody said so.

    What a state has of a stack that did not say it is the same.
    """
    return any(
        each.attributes.get("keep_disk") is False and (own or not each.exists)
        for each in server.founds
    )


def _labels(server: Thing, report: Report, *, own: bool) -> dict[str, str]:
    given = report.value(server, "labels", Mapping)  # type: ignore[type-abstract]
    labels: dict[str, str] = {}
    for key, value in (given or {}).items():
        if key in STACK_LABELS:
            if not own:
                report.differs(
                    server.where,
                    f"label {shown(key)}: the stack writes it itself, with another value",
                    "call yours otherwise, if something goes by it",
                )
            continue
        text = plain(value)
        if text is None or not isinstance(key, str):
            report.left(server.where, f"label {shown(str(key))} has no text that anybody knows")
        elif looks_secret(text, key):
            report.secret(server.where, f"labels.{key}")
        else:
            labels[key] = text
    return labels


def _is_own(server: Thing, fleet: str) -> bool:
    """Whether a stack of the fleet has made a server, by its labels."""
    labels = server.attributes.get("labels")
    labels = labels if isinstance(labels, Mapping) else {}
    return labels.get("fleet") == fleet and labels.get("machine") == server.name
