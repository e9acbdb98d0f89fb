"""Which addresses servers have, and by which numbers they can be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from infra_lib.clouds.hetzner.adoption.things import Thing, plain
from infra_lib.clouds.hetzner.readings import ADDRESS, SERVER
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import MachineFacts, canonical_ipv6, is_ipv4
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.hetzner.adoption.things import Things

Version = Literal["ipv4", "ipv6"]
VERSIONS: tuple[Version, ...] = ("ipv4", "ipv6")


@frozen
class Address:
    """An address of a server: an IPv4 address, or a network of IPv6.

    Attributes:
        thing: What was found of it; None for nothing but its number.
        number: Its number; None where no source tells.
    """

    thing: Thing | None
    number: int | None


def addresses(things: Things) -> Mapping[tuple[Thing, Version], Address]:
    """Return what is known of the addresses of servers, by server and version."""
    found: dict[tuple[Thing, Version], Address] = {}
    for server in things.of(SERVER):
        for block in server.blocks("public_net"):
            for version in VERSIONS:
                pointed = things.find(ADDRESS, block.get(version))
                number = things.number(ADDRESS, block.get(version))
                if pointed is not None or number is not None:
                    found[server, version] = Address(pointed, number)
    for address in things.of(ADDRESS):
        assigned = things.find(SERVER, address.attributes.get("assignee_id"))
        for version in VERSIONS:
            if assigned is not None and address.attributes.get("type") == version:
                found.setdefault((assigned, version), Address(address, address.number))
    return found


def has(server: Thing, version: Version) -> bool:
    """Return whether a server has an address: as it is there, or else as it is written."""
    there = server.there
    given = plain(there.get(f"{version}_address"))
    if given:
        return True
    for block in server.blocks("public_net"):
        enabled = block.get(f"{version}_enabled")
        if isinstance(enabled, bool):
            return enabled
    # What is there would say which; what is written says nothing, and Hetzner gives it one.
    return not there


def facts(server: Thing) -> MachineFacts | None:
    """Return what is known of where a server is reached; None for nothing."""
    there = server.there
    ipv4 = plain(there.get("ipv4_address"))
    ipv6 = canonical_ipv6(plain(there.get("ipv6_address"))) or first_of(there.get("ipv6_network"))
    ipv4 = ipv4 if is_ipv4(ipv4) else None
    if ipv4 is None and ipv6 is None:
        return None
    try:
        return MachineFacts(server.name, external_ip=ipv4, external_ipv6=ipv6)
    except FleetError:
        return None


def first_of(network: object) -> str | None:
    """Return the first address of an IPv6 network, which a server has there; None for no network.

    Args:
        network: "2001:db8:1:2::/64", or whatever stands in its place.
    """
    from ipaddress import AddressValueError, IPv6Network, NetmaskValueError

    text = plain(network)
    if not text or "/" not in text:
        return None
    try:
        begin = IPv6Network(text, strict=False).network_address
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    return canonical_ipv6(str(begin + 1))
