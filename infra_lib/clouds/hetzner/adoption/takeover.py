"""What the first deployment of a stack does, when what is there is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Difference, Item, Taken, Takeover, differences
from infra_lib.clouds.hetzner.adoption.addresses import VERSIONS
from infra_lib.clouds.hetzner.adoption.firewalls import plain_rules
from infra_lib.clouds.hetzner.adoption.networks import subnets
from infra_lib.clouds.hetzner.adoption.servers import Relations, relations
from infra_lib.clouds.hetzner.adoption.things import gather, is_empty, listed, number_of, plain
from infra_lib.clouds.hetzner.readings import (
    ADDRESS,
    ATTACHMENT,
    FIREWALL,
    GROUP,
    KEY,
    LEFT_ALONE,
    MEMBERSHIP,
    NETWORK,
    READINGS,
    SERVER,
    SUBNET,
    VOLUME,
)
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.clouds.secret_values import looks_secret
from infra_lib.model.errors import shown
from infra_lib.model.reference import Reference
from infra_lib.terraform.resource import reference
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.clouds.adoption import Adopted, Found
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.adoption.things import Thing, Things
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.terraform.resource import Resource

_UNTOLD = "what no source tells"
_ADDRESSES = "give hcloud primary-ip list -o json, or hcloud server list -o json, as a source too"
_UNSPOKEN = "what may be secret"


@frozen
class There:
    """A resource of a stack that some source tells of.

    Attributes:
        id: What the provider imports it by; None where no source tells its number.
        where: What it is called in messages.
        attributes: What is there, in the terms of the stack's resource.
        number: What a reference to its id comes to.
    """

    id: str | None
    where: str
    attributes: Mapping[str, Any]
    number: int | str | None


def take_over(fleet: FleetView, adopted: Adopted, found: Sequence[Found], stack: str) -> Takeover:
    """Return what the first deployment does; see `infra_lib.clouds.adoption.Adoption`.

    Args:
        fleet: The fleet.
        adopted: Project and machines as the fleet has them.
        found: All that the sources have.
        stack: The stack's name.

    Raises:
        FleetError: When project and machines do not go together.
    """
    if adopted.project is None:
        return Takeover(taken=())
    machines: Sequence[Any] = adopted.machines
    things, _ = gather(found)
    finder = _Finder(things, relations(things, fleet.name), machines)
    resources = configuration(fleet, adopted.project, machines, stack).resources
    there = {each.address: finder.find(each) for each in resources}
    known = {
        reference(each.type, each.name, "id"): each_there.number
        for each in resources
        if (each_there := there[each.address]) is not None and each_there.number is not None
    }
    taken, made, items = [], [], []
    for each in resources:
        told = there[each.address]
        if told is None:
            made.append(each.address)
        elif told.id is None:
            made.append(each.address)
            items.append(_numberless(each, told))
        else:
            changes, forced = _differences(each, told, known)
            taken.append(
                Taken(
                    address=each.address,
                    id=told.id,
                    where=told.where,
                    changes=tuple(changes),
                    forced=tuple(forced),
                )
            )
    addressed = {each.address for each in taken}
    all_lost: dict[str, tuple[Difference, ...]] = {}
    for machine in machines:
        server = finder.server(machine.name)
        if server is None or f"{SERVER}.{machine.name}" not in addressed:
            continue
        lost = _lost(machine, server, addressed)
        if lost:
            all_lost[f"{SERVER}.{machine.name}"] = lost
            items.append(_unknown_addresses(machine, server, lost))
        items += _shut_out(machine, server, adopted.project.ssh_source_ranges)
    whole = (
        evolve(each, forced=(*each.forced, *all_lost[each.address]), remedy=_ADDRESSES)
        if each.address in all_lost
        else each
        for each in taken
    )
    return Takeover(taken=tuple(whole), made=tuple(made), items=tuple(items))


class _Finder:
    """What finds what is there of the resources of a stack."""

    def __init__(self, things: Things, of: Relations, machines: Sequence[HetznerMachine]) -> None:
        self._things, self._of, self._subnets = things, of, subnets(things)
        self._machines = {each.name: each for each in machines}
        self._rules = {f"{each.name}-rules": each.name for each in machines if each.firewall_rules}
        self._addresses = {
            f"{name}-{kind}": (name, kind) for name in self._machines for kind in VERSIONS
        }
        self._members = {
            f"{each.name}_{network}": (each.name, network)
            for each in machines
            for network in each.networks
        }
        self._owners = {each: server for server, owned in of.volumes.items() for each in owned}
        self._keys = {_body(each): each for each in reversed(things.of(KEY))}

    def server(self, name: str) -> Thing | None:
        """Return the server of a machine."""
        return self._things.named(SERVER, name)

    def find(self, resource: Resource) -> There | None:
        """Return what is there of a resource; None for nothing that any source tells of."""
        kind, name = resource.type, resource.name
        if kind in (SERVER, VOLUME, NETWORK, GROUP):
            return _of(self._things.named(kind, name))
        if kind == ADDRESS:
            return self._address(*self._addresses[name])
        if kind == SUBNET:
            return self._subnet(name)
        if kind == MEMBERSHIP:
            return self._member(*self._members[name])
        if kind == ATTACHMENT:
            return self._attachment(name)
        if kind == KEY:
            return _of(self._keys.get(str(resource.arguments["public_key"])))
        if kind == FIREWALL:
            return _of(self._firewall(resource))
        return None

    def _address(self, name: str, version: Any) -> There | None:
        server = self.server(name)
        address = self._of.addresses.get((server, version)) if server else None
        if server is None or address is None:
            # One of that name may be there, which the server does not have.
            there = server is not None and server.exists
            return None if there else _of(self._things.named(ADDRESS, f"{name}-{version}"))
        if address.thing is not None:
            return _of(address.thing)
        location = server.attributes.get("location")
        untold = dict.fromkeys(("name", "auto_delete", "delete_protection"), _UNTOLD)
        attributes = {**untold, "type": version, "location": location}
        where = f"{server.where}: public_net.{version}"
        return There(str(address.number), where, attributes, address.number)

    def _subnet(self, name: str) -> There | None:
        network = self._things.named(NETWORK, name)
        parts = self._subnets.get(network, ()) if network else ()
        if network is None or len(parts) != 1:
            return None
        attributes = {**parts[0].there, "network_id": network.number}
        range_ = plain(parts[0].attributes.get("ip_range"))
        known = network.number is not None and range_ is not None and parts[0].exists
        id_ = f"{network.number}-{range_}" if known else None
        return There(id_, parts[0].where, attributes, id_)

    def _member(self, name: str, network: str) -> There | None:
        server, of = self.server(name), self._things.named(NETWORK, network)
        if server is None or of is None:
            return None
        place = next((p for p in self._of.places.get(server, ()) if p.network is of), None)
        if place is None:
            return None
        where = place.said_by[0].where if place.said_by else server.where
        attributes = {
            "server_id": server.number,
            "network_id": of.number,
            "ip": place.address,
            "alias_ips": list(place.aliases),
        }
        known = None not in (server.number, of.number)
        id_ = f"{server.number}-{of.number}" if known else None
        return There(id_, where, attributes, id_)

    def _attachment(self, name: str) -> There | None:
        volume = self._things.named(VOLUME, name)
        owner = self._owners.get(volume) if volume else None
        if volume is None or owner is None:
            return None
        attributes = {"server_id": owner.number, "volume_id": volume.number}
        known = None not in (owner.number, volume.number)
        id_ = str(volume.number) if known else None
        return There(id_, volume.where, attributes, id_)

    def _firewall(self, resource: Resource) -> Thing | None:
        found = self._things.named(FIREWALL, str(resource.arguments["name"]))
        owner = self._rules.get(resource.name)
        server = self.server(owner) if found is None and owner is not None else None
        return self._of.firewalls.rules_of(server)[0] if server else found


def _of(thing: Thing | None) -> There | None:
    if thing is None:
        return None
    id_ = None if thing.number is None else str(thing.number)
    return There(id_, thing.where, thing.there, thing.number)


def _differences(
    resource: Resource, there: There, known: Mapping[Reference, int | str | None]
) -> tuple[list[Difference], list[Difference]]:
    wanted = {name: _resolved(each, known) for name, each in resource.arguments.items()}
    attributes = {name: each for name, each in there.attributes.items() if not is_empty(each)}
    if resource.type == SERVER:
        ids = [number_of(each) for each in listed(attributes.get("firewall_ids"))]
        attributes["firewall_ids"] = [each for each in ids if each is not None]
    elif resource.type == FIREWALL:
        wanted["rule"] = plain_rules(wanted.get("rule"))
        attributes["rule"] = plain_rules(attributes.get("rule"))
    ignored = (*resource.lifecycle.get("ignore_changes", ()), *LEFT_ALONE.get(resource.type, ()))
    changes, forced = differences(
        wanted, attributes, READINGS[resource.type], ignored=map(str, ignored)
    )
    return [_unspoken(each) for each in changes], [_unspoken(each) for each in forced]


def _unspoken(difference: Difference) -> Difference:
    """Return a difference without what may be secret in it."""
    if not any(
        isinstance(each, str) and looks_secret(each, difference.path)
        for each in (difference.before, difference.after)
    ):
        return difference
    return evolve(
        difference,
        before=difference.before and _UNSPOKEN,
        after=difference.after and _UNSPOKEN,
    )


def _resolved(value: Any, known: Mapping[Reference, int | str | None]) -> Any:
    """Return a value with the numbers of what is there in place of references to it."""
    if isinstance(value, Reference):
        return known.get(value, value)
    if isinstance(value, Mapping):
        return {name: _resolved(each, known) for name, each in value.items()}
    if isinstance(value, list | tuple):
        # A list of which a part is not known yet is another one than any that is there.
        return [
            str(each) if isinstance(each, Reference) else each
            for each in (_resolved(each, known) for each in value)
        ]
    return value


def _lost(machine: HetznerMachine, server: Thing, taken: set[str]) -> tuple[Difference, ...]:
    """Return which addresses of a server would not be its own any more, as far as names go."""
    lost = []
    for version in VERSIONS:
        address = f"{ADDRESS}.{machine.name}-{version}"
        if getattr(machine, version) and address not in taken:
            before = server.there.get(f"{version}_address")
            after = f"a new one, {address}"
            lost.append(Difference(path=f"public_net.{version}", before=before, after=after))
    return tuple(lost)


def _unknown_addresses(
    machine: HetznerMachine, server: Thing, lost: tuple[Difference, ...]
) -> Item:
    which = " and ".join(each.path.partition(".")[2] for each in lost)
    return Item(
        kind="left",
        where=server.where,
        what=f"no source tells the number of the {which} address of {shown(machine.name)}, so that "
        "it cannot be imported: another one would be made, be paid for, and lead nowhere, while "
        "outputs and names told that one",
        do=_ADDRESSES,
    )


def _shut_out(machine: HetznerMachine, server: Thing, ranges: Sequence[str]) -> Iterator[Item]:
    """Yield what it means that a server gets its first firewall."""
    if listed(server.there.get("firewall_ids")):
        return
    ssh = f"SSH from {', '.join(ranges)}" if ranges else "no SSH (ssh_source_ranges is empty)"
    yield Item(
        kind="differs",
        where=server.where,
        what=f"SHUTS OUT: {shown(machine.name)} has no firewall, so everything is open. The first "
        "deployment gives it those of the fleet, which let in ICMP, "
        f"{ssh}, ZeroTier if it is in that network, and its firewall_rules: nothing else, on IPv4 "
        "and IPv6",
        do="before you deploy, say ssh_source_ranges of the project, and for each port that it "
        'serves FirewallRule("tcp", port="443") in firewall_rules, or a firewall in firewall_ids',
    )


def _numberless(resource: Resource, told: There) -> Item:
    return Item(
        kind="left",
        where=told.where,
        what=f"no source tells the number of {resource.address}, so that it cannot be imported: "
        "the deployment would make another one",
        do="give a source of what is there too: a state, or a list of hcloud's with -o json",
    )


def _body(key: Thing) -> str:
    return " ".join((plain(key.attributes.get("public_key")) or "").split()[:2])
