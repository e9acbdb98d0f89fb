"""Private networks as a project has them, and who is in which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.adoption.things import Thing, listed, number_of, plain
from infra_lib.clouds.hetzner.network import PrivateNetwork
from infra_lib.clouds.hetzner.readings import MEMBERSHIP, NETWORK, SERVER, SUBNET
from infra_lib.model.errors import FleetError, shown
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra_lib.clouds.hetzner.adoption.report import Report
    from infra_lib.clouds.hetzner.adoption.things import Things

_CLOUD = "cloud"


@frozen
class Described:
    """A network that a project can have.

    Attributes:
        network: What was found of it.
        subnet: What was found of its subnet.
        private: What a project has.
    """

    network: Thing
    subnet: Thing
    private: PrivateNetwork


@frozen
class Place:
    """A server's place in a network.

    Attributes:
        network: The network; None for one that no source tells of.
        number: The network's number, where that is known.
        address: The server's address there; None where it is not known.
        aliases: Further addresses there.
        said_by: What says so, where that is no part of the server.
    """

    network: Thing | None
    number: int | None
    address: str | None
    aliases: tuple[str, ...] = ()
    said_by: tuple[Thing, ...] = ()


def subnets(things: Things) -> Mapping[Thing, Sequence[Thing]]:
    """Return the subnets of each network; each once, whichever sources tell of it."""
    found: dict[Thing, dict[object, Thing]] = {}
    for subnet in things.of(SUBNET):
        network = things.find(NETWORK, subnet.attributes.get("network_id"))
        if network is None:
            continue
        same = found.setdefault(network, {})
        key = plain(subnet.attributes.get("ip_range")) or subnet.where
        # One that is there says more than one that is only written.
        if key not in same or (subnet.exists and not same[key].exists):
            same[key] = subnet
    return {network: tuple(each.values()) for network, each in found.items()}


def networks(things: Things, report: Report) -> list[Described]:
    """Return the networks that a project can have, and report why the others cannot be had."""
    within = subnets(things)
    described = []
    for network in things.of(NETWORK):
        parts = within.get(network, ())
        if len(parts) != 1 or parts[0].attributes.get("type") != _CLOUD:
            kinds = ", ".join(shown(each.attributes.get("type")) for each in parts) or "none"
            report.drop(
                network,
                f"network {shown(network.name)} has these subnets: {kinds}; a PrivateNetwork has "
                f"one, of type '{_CLOUD}'",
                "it stays as it is, and so do the servers in it: manage it beside the fleet",
            )
            continue
        try:
            private = _private(network, parts[0], report)
        except FleetError as error:
            report.drop(network, str(error), "it stays as it is")
            continue
        described.append(Described(network, parts[0], private))
        report.carry(network)
        for subnet in things.of(SUBNET):
            if things.find(NETWORK, subnet.attributes.get("network_id")) is network:
                report.carry(subnet)
        _unsaid(network, report)
    return described


def places(things: Things) -> Mapping[Thing, Sequence[Place]]:
    """Return the places of servers in networks; one for each network, whoever says it."""
    found: dict[Thing, dict[object, Place]] = {}
    for server in things.of(SERVER):
        for block in server.blocks("network"):
            _add(found.setdefault(server, {}), _place(things, block, ()))
    for each in things.of(MEMBERSHIP):
        member = things.find(SERVER, each.attributes.get("server_id"))
        if member is not None:
            _add(found.setdefault(member, {}), _place(things, each.attributes, (each,)))
    return {server: tuple(each.values()) for server, each in found.items()}


def _add(known: dict[object, Place], place: Place) -> None:
    key = place.network or place.number or place.said_by
    other = known.get(key)
    if other is not None:
        place = Place(
            place.network,
            other.number or place.number,
            other.address or place.address,
            other.aliases or place.aliases,
            (*other.said_by, *place.said_by),
        )
    known[key] = place


def _place(things: Things, said: Mapping[str, object], by: tuple[Thing, ...]) -> Place:
    network, number = None, None
    for value in _pointers(things, said):
        network = network or things.find(NETWORK, value)
        number = number or things.number(NETWORK, value)
    aliases = tuple(filter(None, map(plain, listed(said.get("alias_ips")))))
    return Place(network, number, plain(said.get("ip")) or None, aliases, by)


def _pointers(things: Things, said: Mapping[str, object]) -> Iterable[object]:
    """Yield what may name the network: it, or one of its subnets, whose id begins with it."""
    yield said.get("network_id")
    subnet = said.get("subnet_id")
    found = things.find(SUBNET, subnet)
    if found is not None:
        yield found.attributes.get("network_id")
    text = plain(subnet)
    if text is not None:
        yield number_of(text.partition("-")[0])


def _private(network: Thing, subnet: Thing, report: Report) -> PrivateNetwork:
    """Return a network as a project has it.

    Raises:
        FleetError: When it cannot be.
    """
    whole = report.value(network, "ip_range", str)
    part = report.value(subnet, "ip_range", str)
    zone = report.value(subnet, "network_zone", str)
    if whole is None or part is None or zone is None:
        raise FleetError(f"network {shown(network.name)}: no source tells its ranges and its zone")
    protected = report.value(network, "delete_protection", bool)
    return PrivateNetwork(
        network.name,
        ip_range=whole,
        subnet=None if part == whole else part,
        network_zone=zone,
        delete_protection=bool(protected),
    )


def _unsaid(network: Thing, report: Report) -> None:
    """Report what a network has that a PrivateNetwork has not."""
    if network.attributes.get("expose_routes_to_vswitch") is True:
        report.differs(
            network.where,
            "expose_routes_to_vswitch=true: a PrivateNetwork has no such field, and the first "
            "deployment takes it away",
            "manage that network beside the fleet, if a vSwitch needs its routes",
        )
