"""What the parts of a fleet have to agree on. Each of them alone is right by then."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from infra_lib.model import zerotier_address
from infra_lib.model.errors import field_error, nearest
from infra_lib.model.machine import EVERY
from infra_lib.model.modules import check_path
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.validators import check_unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra_lib.model.caches import BinaryCache
    from infra_lib.model.device import Device
    from infra_lib.model.dns import Dns
    from infra_lib.model.facts import Facts
    from infra_lib.model.machine import Machine
    from infra_lib.model.modules import Module, ModuleNames
    from infra_lib.model.services import ClanService
    from infra_lib.model.ssh import Ssh
    from infra_lib.model.zerotier import ZeroTier

# The tags that clan gives to machines by itself:
# https://git.clan.lol/clan/clan-core/src/branch/main/modules/clan/computed-tags.nix
EVERYBODYS = (EVERY, "nixos", "darwin")

# Roles of clan's services for which it is nothing that a Mac plays them: they have a `nixosModule`
# and no `darwinModule`, they export nothing, and the module of no other machine looks at who they
# are. So the servers of sshd are not here, whose domains clients trust, nor those of monitoring.
# https://git.clan.lol/clan/clan-core/src/branch/main/clanServices
NIXOS_ONLY = {
    **dict.fromkeys(
        ("admin", "dm-dns", "dyndns", "emergency-access", "garage", "kde", "localbackup"),
        ("default",),
    ),
    **dict.fromkeys(
        ("matrix-synapse", "packages", "pki", "trusted-nix-caches", "wifi"), ("default",)
    ),
    "certificates": ("ca", "default"),
    "data-mesher": ("default",),
    "installer": ("iso",),
    "monitoring": ("client",),
    "ncps": ("client",),
    "sshd": ("client",),
    "tor": ("client",),
}


def one_of(machines: Iterable[Machine]) -> str:
    """Return the end of a message that names the machines there are."""
    return f"one of {', '.join(machine.name for machine in machines) or '(no machines)'}"


def check_tags(where: str, tags: Mapping[str, Any], machines: tuple[Machine, ...]) -> None:
    """Check that the machines of the inventory's own tags exist.

    Args:
        where: What to call the fleet in messages.
        tags: The fleet's `tags`.
        machines: The machines.

    Raises:
        FleetError: When one is not.
    """
    known = _by_name(machines)
    for tag, members in tags.items():
        if isinstance(members, tuple):
            _check_machines(where, f"tags[{tag!r}]", members, known)


def check_caches(
    caches: tuple[BinaryCache, ...], machines: tuple[Machine, ...], declared: Iterable[str]
) -> None:
    """Check that the machines and tags that caches are for exist, as `check_services` does.

    Raises:
        FleetError: When one is not.
    """
    known, tags = _by_name(machines), _all_tags(machines, declared)
    for cache in caches:
        where = f"cache {cache.url!r}"
        _check_machines(where, "machines", cache.machines, known)
        _check_tags(where, "tags", cache.tags, tags)


def check_services(
    services: Iterable[tuple[str, str, ClanService]],
    machines: tuple[Machine, ...],
    declared: Iterable[str],
) -> None:
    """Check that no two instances have one name, and that their machines and tags exist.

    Args:
        services: Every instance: what to call it in messages, "service 'sshd'"; what to call the
            fields of a role there, "roles[{!r}].", which stands before "machines"; and itself.
        machines: The machines.
        declared: Tags that machines have by other means; see `Fleet.tags`.

    Raises:
        FleetError: When not. Of a tag that nobody has, and that is spelt like none there is, it is
            a warning: machines may come to have it.
    """
    known, tags = _by_name(machines), _all_tags(machines, declared)
    owners: dict[str, str] = {}
    for where, of_role, service in services:
        if service.name in owners:
            other = owners[service.name]
            accepted = f"{other} is the instance of that name; each has its own"
            for typed, own in (("zerotier", "ZeroTier"), ("internet", "Internet")):
                if typed in (where, other):
                    accepted += f": {own}(instance=…) calls the fleet's {own} otherwise"
            raise field_error(where, "instance", service.name, accepted)
        owners[service.name] = where
        for role_name, role in service.roles.items():
            field = of_role.format(role_name)
            _check_machines(where, f"{field}machines", role.machines, known)
            _check_tags(where, f"{field}tags", role.tags, tags)
            for name in role.machines:
                if _has_nothing_for(service, role_name, known[name]):
                    accepted = (
                        f"leave it out: clan's service {service.module_name!r} has nothing for a "
                        f"Mac in the role {role_name!r}; with extra_modules for it, it may stand"
                    )
                    raise field_error(where, f"{field}machines", name, accepted)


def _by_name(machines: Iterable[Machine]) -> dict[str, Machine]:
    return {machine.name: machine for machine in machines}


def _check_machines(
    where: str, field: str, names: Iterable[str], known: Mapping[str, Machine]
) -> None:
    """Check that each name is that of a machine."""
    for name in names:
        if name not in known:
            accepted = f"{one_of(known.values())}{nearest(name, known)}"
            raise field_error(where, field, name, accepted)


def _check_tags(where: str, field: str, tags: Iterable[str], known: set[str]) -> None:
    """Check that machines have each tag: a misspelt one is refused, any other warned of."""
    for tag in tags:
        if tag in known:
            continue
        meant = nearest(tag, known)
        accepted = (
            f"no machine has this tag{meant}; one that your own Nix gives to machines is declared "
            f"in Fleet(tags={{{tag!r}: None}})"
        )
        error = field_error(where, field, tag, accepted)
        if meant:
            raise error
        warnings.warn(str(error), stacklevel=1)


def _all_tags(machines: Iterable[Machine], declared: Iterable[str]) -> set[str]:
    """Return every tag that machines may have."""
    return {tag for machine in machines for tag in machine.all_tags} | {*EVERYBODYS, *declared}


def _has_nothing_for(service: ClanService, role: str, machine: Machine) -> bool:
    """Whether it is nothing that a machine, a Mac, plays a role of a service of clan."""
    if machine.machine_class == "nixos" or service.roles[role].extra_modules:
        return False
    name = service.module_name.removeprefix("@clan/")
    return service.is_clans and role in NIXOS_ONLY.get(name, ())


def check_zerotier(where: str, zerotier: ZeroTier, machines: tuple[Machine, ...]) -> None:
    """Check that ZeroTier has at most one controller, and each role a machine that can play it.

    Args:
        where: What to call the fleet in messages.
        zerotier: The network.
        machines: The machines.

    Raises:
        FleetError: When not.
    """
    controllers = _playing(zerotier, machines, "controller")
    peers = _playing(zerotier, machines, "peer")
    if len(controllers) > 1:
        raise field_error(
            where,
            "machines",
            controllers,
            f"one machine is the ZeroTier controller (tag {zerotier.controller_tag!r}), not "
            f"{len(controllers)}; where that tag means something else, name the controller: "
            'ZeroTier(roles={"controller": Role(machines=(…,))}), or ZeroTier(controller_tag=None)',
        )
    if not controllers and peers:
        raise field_error(
            where,
            "machines",
            peers,
            f"ZeroTier peers (tag {zerotier.peer_tag!r}) need a controller: "
            f"{_give_controller(zerotier)}; where that of peers means something else, "
            "ZeroTier(peer_tag=None)",
        )
    _check_machines("zerotier", "moons", zerotier.moons, _by_name(machines))
    if not controllers and zerotier.moons:
        raise field_error(
            "zerotier",
            "moons",
            [*zerotier.moons],
            f"moons need a controller: {_give_controller(zerotier)}",
        )
    moons = {
        *zerotier.moons,
        *(zerotier.roles["moon"].machines if "moon" in zerotier.roles else ()),
    }
    for machine in machines:
        if machine.machine_class == "darwin" and machine.name in {*controllers, *moons}:
            role = "controller" if machine.name in controllers else "moon"
            raise field_error(
                where,
                "machines",
                machine.name,
                f"the ZeroTier {role} is a NixOS machine: clan does not set up ZeroTier on a Mac",
            )


def _give_controller(zerotier: ZeroTier) -> str:
    """Return how a network comes to have a controller, for messages."""
    if zerotier.controller_tag is None:
        return 'ZeroTier(roles={"controller": Role(machines=(…,))})'
    return f"tag one machine {zerotier.controller_tag!r}"


def check_devices(
    where: str, devices: tuple[Device, ...], machines: tuple[Machine, ...], zerotier: ZeroTier
) -> None:
    """Check that devices have names of their own, and a network to be in.

    Args:
        where: What to call the fleet in messages.
        devices: The devices.
        machines: The machines.
        zerotier: The network.

    Raises:
        FleetError: When not.
    """
    names = [device.name for device in devices]
    check_unique(where, "devices", [*(machine.name for machine in machines), *names])
    if devices and not _playing(zerotier, machines, "controller"):
        raise field_error(
            where,
            "devices",
            names,
            "devices are in the ZeroTier network, which needs a controller: "
            f"{_give_controller(zerotier)}",
        )


def check_authorities(ssh: Ssh, machines: tuple[Machine, ...], devices: tuple[Device, ...]) -> None:
    """Check that certificate authorities have names that no machine or device has.

    Raises:
        FleetError: When one has: they are known by name, each once.
    """
    names = {machine.name for machine in machines} | {device.name for device in devices}
    for authority in ssh.certificate_authorities:
        if authority.name in names:
            where = f"certificate authority {authority.name!r}"
            accepted = "a machine or a device has that name; take one of its own"
            raise field_error(where, "name", authority.name, accepted)


def check_dns(dns: Dns, machines: tuple[Machine, ...], clouds: Iterable[str]) -> None:
    """Check that names in the DNS are of machines that are there, in zones of clouds that are.

    Args:
        dns: The names.
        machines: The machines.
        clouds: The names of the clouds.

    Raises:
        FleetError: When not. Where no machine has a name by it, it is a warning: one may come.
    """
    names = [*clouds]
    for cloud in dns.zones:
        if cloud not in names:
            accepted = f"the zone of a cloud: {', '.join(names)}{nearest(cloud, names)}"
            raise field_error("dns", "zones", cloud, accepted)
    known = _by_name(machines)
    _check_machines("dns", "machines", dns.machines or (), known)
    for name in dns.machines or ():
        machine = known[name]
        if not isinstance(machine, ProvisionedMachine):
            accepted = "only the addresses of machines that the fleet provisions are known here"
            raise field_error("dns", "machines", name, accepted)
        if machine.cloud not in dns.zones:
            accepted = f"its cloud has no zone: zones={{{machine.cloud!r}: …}} names one"
            raise field_error("dns", "machines", name, accepted)
    provisioned = [each for each in machines if isinstance(each, ProvisionedMachine)]
    if not any(dns.zone(machine) for machine in provisioned):
        accepted = "no machine of the fleet is in these clouds, so that none has a name"
        warnings.warn(str(field_error("dns", "zones", dict(dns.zones), accepted)), stacklevel=1)


def check_plain_modules(
    where: str,
    modules: tuple[Module, ...],
    machines: tuple[Machine, ...],
    services: Iterable[tuple[str, str, ClanService]],
    ssh: Ssh,
) -> None:
    """Check what plain modules cannot have: modules that have a name rather than a path.

    Args:
        where: What to call the fleet in messages.
        modules: What every machine imports.
        machines: The machines, which import further ones.
        services: Every instance, whose roles do too; see `check_services`.
        ssh: What SSH's configuration looks like.

    Raises:
        FleetError: When there is such a thing.
    """
    if ssh.known_hosts == "vars":
        raise field_error(
            "ssh",
            "known_hosts",
            "vars",
            'refers to flake.nixosConfigurations, which module_style="nixos" has not; take "facts"',
        )
    imported = {where: modules}
    imported |= {f"machine {machine.name!r}": machine.modules for machine in machines}
    for importer, paths in imported.items():
        for path in paths:
            if isinstance(path, str):
                check_path(importer, "modules", path)
    for importer, of_role, service in services:
        for name, role in service.roles.items():
            field = f"{of_role.format(name)}extra_modules"
            for path in role.extra_modules:
                if isinstance(path, str):
                    check_path(importer, field, path)
    for machine in machines:
        if machine.module_name is not None:
            raise field_error(
                f"machine {machine.name!r}",
                "module_name",
                machine.module_name,
                'modules have no names with module_style="nixos": leave it out',
            )


def check_host_names(where: str, names: Iterable[str]) -> None:
    """Check that no two names differ in case alone: DNS and SSH take them for one.

    Args:
        where: What to call the fleet in messages.
        names: The names of machines and devices.

    Raises:
        FleetError: When two do.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            accepted = f"{other!r} is one of them, and host names ignore case; take another name"
            raise field_error(where, "machines", name, accepted)


def check_module_names(names: ModuleNames, machines: tuple[Machine, ...]) -> None:
    """Check that no generated module of a machine has the name of another module.

    Args:
        names: What the other modules are called.
        machines: The machines.

    Raises:
        FleetError: When one has: NixOS would take both for one.
    """
    owners: dict[tuple[str, str], str] = {}
    shared = (
        *(names.base, names.caches, names.known_hosts, names.nvidia),
        *(names.idle_stop, names.fleet),
    )
    for machine in sorted(machines, key=lambda each: each.has_module):
        usual = names.of_machine(machine.machine_class, machine.name)
        name = machine.module_name or usual
        owner = owners.get((machine.machine_class, name))
        if machine.has_module and (name in shared or owner is not None):
            accepted = f"{owner or 'another generated module'} has that name; each has its own"
            raise field_error(f"machine {machine.name!r}", "module_name", name, accepted)
        owners[machine.machine_class, name] = f"machine {machine.name!r}"


def check_facts(
    facts: Facts,
    controller: Machine | None,
    devices: tuple[Device, ...],
    machines: tuple[Machine, ...],
) -> None:
    """Check that nothing was learned that contradicts the fleet.

    Facts of machines that are gone do no harm.

    Args:
        facts: What deployment learned.
        controller: The ZeroTier controller.
        devices: What else is in that network.
        machines: The machines, of which some say the state version they were installed with.

    Raises:
        FleetError: When the controller is not who the network's id says, two members have one id,
            or a machine was installed with another state version than it is described with.
    """
    if facts.zerotier_network_id is not None and controller is not None:
        wanted = zerotier_address.controller_id(facts.zerotier_network_id)
        given = facts.machine(controller.name).zerotier_member_id
        if given not in {None, wanted}:
            raise field_error(
                f"facts of machine {controller.name!r}",
                "zerotier_member_id",
                given,
                f"the controller of network {facts.zerotier_network_id} has the id {wanted!r}",
            )
    members = {each.zerotier_member_id: each.name for each in facts.machines}
    for device in devices:
        owner = members.setdefault(device.zerotier_member_id, device.name)
        if owner != device.name:
            raise field_error(
                f"device {device.name!r}",
                "zerotier_member_id",
                device.zerotier_member_id,
                f"{owner!r} has it; each has its own",
            )
    for machine in machines:
        learned = facts.machine(machine.name).state_version
        if None not in {learned, machine.state_version} and learned != machine.state_version:
            raise field_error(
                f"machine {machine.name!r}",
                "state_version",
                machine.state_version,
                f"it was installed with {learned!r} and keeps that for life: leave the field out, "
                f"or write state_version={learned!r}; or, to install it anew, take the fact out of "
                f"{facts.path or 'the facts'}, and out of clan's vars where it is there: "
                f"vars/per-machine/{machine.name}/state-version",
            )


def _playing(zerotier: ZeroTier, machines: Iterable[Machine], role: str) -> list[str]:
    """Return the names of the machines that play a role in the network."""
    return [machine.name for machine in machines if zerotier.plays(machine, role)]
