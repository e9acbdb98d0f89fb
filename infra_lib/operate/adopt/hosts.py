"""What is known of where machines are reached, and by which key they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import Facts, MachineFacts
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate import clan_vars
from infra_lib.operate.adopt.secrets import public
from infra_lib.operate.adopt.sources import Sources, SshConfig, Vars
from infra_lib.operate.adopt.ssh_files import HostKeys, best_key, ssh_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra_lib.clouds.adoption import Adopted
    from infra_lib.model.machine import Machine
    from infra_lib.model.services import ClanService


def with_ssh(
    machines: Iterable[Machine],
    sources: Sources,
    aliases: Mapping[str, str],
    items: list[Item],
) -> list[Machine]:
    """Return machines with what people's SSH configuration says of them.

    Args:
        machines: The machines.
        sources: The sources.
        aliases: The machines by what people call them, in lower case.
        items: Where to add what the report says.
    """
    made = {machine.name: machine for machine in machines}
    said: dict[str, Any] = {}
    for source in sources.of(SshConfig):
        for block in source.blocks:
            owners = {aliases[name.lower()] for name in block.names if name.lower() in aliases}
            if len(owners) != 1:
                what = f"Host {' '.join(block.names)} is of no machine of the fleet"
                do = "a phone or the like is a Device(…); anything else stays in your configuration"
                items.append(Item(kind="left", where=block.where, what=what, do=do))
                continue
            (name,) = owners
            try:
                host = ssh_host(block)
                options, gone = public(host.options)
                if gone:
                    said_still = {name: value for name, value in options.items() if value}
                    host = evolve(host, options=said_still)
                    what = f"{', '.join(gone)} may be secret, and is not carried"
                    do = "leave it in your own configuration"
                    items.append(Item(kind="left", where=block.where, what=what, do=do))
                if host.host_name in {name, *aliases} and aliases[str(host.host_name)] == name:
                    host = evolve(host, host_name=None)
                machine = evolve(made[name], ssh=host)
            except (FleetError, KeyError) as error:
                do = "leave it in your own configuration"
                items.append(Item(kind="left", where=block.where, what=str(error), do=do))
                continue
            if name in said:
                if said[name] != host:
                    what = f"it says of {name} otherwise than a block before it, which wins"
                    items.append(Item(kind="contradiction", where=block.where, what=what))
                continue
            said[name], made[name] = host, machine
    return list(made.values())


def known_facts(
    sources: Sources,
    adopted: Iterable[Adopted],
    machines: Iterable[Machine],
    services: Iterable[ClanService],
    domain: str,
    items: list[Item],
) -> Facts:
    """Return what the sources know of machines: addresses and keys.

    Args:
        sources: The sources.
        adopted: What each cloud made of what was found.
        machines: The fleet's machines.
        services: The fleet's services, among which ZeroTier's says what its vars are called.
        domain: The fleet's domain.
        items: Where to add what the report says.
    """
    named = {machine.name: machine for machine in machines}
    facts: dict[str, dict[str, Any]] = {name: {} for name in named}
    origins: dict[tuple[str, str], str] = {}

    def learn(name: str, which: str, value: Any, where: str) -> None:
        if value is None or name not in facts:
            return
        there = facts[name].setdefault(which, value)
        first = origins.setdefault((name, which), where)
        if there != value:
            what = f"{which} of {name} is {value} there and {there} in {first}, which wins"
            items.append(Item(kind="contradiction", where=where, what=what))

    for each in adopted:
        kinds = {machine.name: type(machine) for machine in each.machines}
        for known in each.facts:
            ours = named.get(known.name)
            if isinstance(ours, ProvisionedMachine) and type(ours) is not kinds.get(known.name):
                continue  # of another machine of that name, in another cloud
            for which in ("external_ip", "external_ipv6", "zone"):
                where = each.sources[known.name][0].where if known.name in each.sources else "cloud"
                learn(known.name, which, getattr(known, which), where)
    instance, controller = _zerotier(services)
    network = None
    for source in sources.of(Vars):
        for name in named:
            told = clan_vars.of_machine(source.folder, name, instance)
            for which in ("ssh_host_key", "state_version", "zerotier_ip"):
                learn(name, which, getattr(told, which), str(source.folder))
        if controller is not None:
            network = network or clan_vars.network_id(source.folder, controller, instance)
    for keys in sources.of(HostKeys):
        for name in named:
            key = _key_of(keys, name, domain, facts[name])
            if key is not None:
                learn(name, "ssh_host_key", *key)
    return _accepted(facts, network, items)


def _zerotier(services: Iterable[ClanService]) -> tuple[str, str | None]:
    """Return the name of ZeroTier's instance, and its controller where a machine is named."""
    for service in services:
        if service.is_clans and service.module_name == "zerotier":
            role = service.roles.get("controller")
            return service.name, next(iter(role.machines), None) if role else None
    return "zerotier", None


def _key_of(
    keys: HostKeys, name: str, domain: str, facts: Mapping[str, Any]
) -> tuple[str, str] | None:
    names = (name, f"{name}.{domain}", facts.get("external_ip"), facts.get("zerotier_ip"))
    for each in names:
        found = best_key(keys.keys.get(str(each).lower(), ()))
        if found is not None:
            return found
    return None


def _accepted(
    facts: Mapping[str, Mapping[str, Any]], network: str | None, items: list[Item]
) -> Facts:
    """Return the facts without those that the model refuses, which the report names."""
    made: list[MachineFacts] = []
    for name, known in facts.items():
        try:
            each = MachineFacts(name, **known) if known else None
        except FleetError as error:
            items.append(Item(kind="left", where=f"facts of {name}", what=str(error)))
            continue
        if each is not None:
            made.append(each)
    try:
        return Facts(machines=tuple(made), zerotier_network_id=network)
    except FleetError:
        return _agreeing(made, network, items)


def _agreeing(made: list[MachineFacts], network: str | None, items: list[Item]) -> Facts:
    """Return facts without those that contradict others, which the report names."""
    agreeing: list[MachineFacts] = []
    for each in made:
        try:
            Facts(machines=(*agreeing, each), zerotier_network_id=network)
        except FleetError as error:
            do = "see which is right: `infra sync` learns it again"
            where = f"facts of {each.name}"
            items.append(Item(kind="left", where=where, what=str(error), do=do))
        else:
            agreeing.append(each)
    return Facts(machines=tuple(agreeing), zerotier_network_id=network)
