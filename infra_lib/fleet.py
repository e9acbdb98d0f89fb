"""A fleet: every machine, and what they share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from attrs import NOTHING, Factory, evolve, field

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.machine import GcpMachine, gcp_machines
from infra_lib.clouds.gcp.project import GcpProject
from infra_lib.clouds.hetzner.machine import HetznerMachine, hetzner_machines
from infra_lib.clouds.hetzner.project import HetznerProject
from infra_lib.fleet_checks import (
    check_authorities,
    check_caches,
    check_devices,
    check_dns,
    check_facts,
    check_host_names,
    check_module_names,
    check_plain_modules,
    check_services,
    check_tags,
    check_zerotier,
    one_of,
)
from infra_lib.model.caches import BinaryCache, check_netrc_file
from infra_lib.model.device import Device
from infra_lib.model.dns import Dns
from infra_lib.model.errors import field_error
from infra_lib.model.facts import Facts
from infra_lib.model.frozen import frozen
from infra_lib.model.idle_machines import check_idle_stops
from infra_lib.model.internet import Internet
from infra_lib.model.machine import Machine
from infra_lib.model.modules import (
    Module,
    ModuleNames,
    Modules,
    check_modules_by_class,
    modules_by_class,
)
from infra_lib.model.nvidia import Nvidia, check_gpus
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.services import ClanService, Role
from infra_lib.model.ssh import Ssh
from infra_lib.model.state_encryption import StateEncryption
from infra_lib.model.targets import (
    USUAL,
    Targets,
    check_targets,
    fill,
    frozen_targets,
    pattern_of,
)
from infra_lib.model.users import User
from infra_lib.model.validators import (
    CLASSES,
    check_domain,
    check_each,
    check_instance,
    check_matching,
    check_module,
    check_one_of,
    check_text,
    check_unique,
    check_word,
    check_words,
    frozen_mapping,
    frozen_value,
    in_order,
    valid,
)
from infra_lib.model.zerotier import ZeroTier

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import Cloud
    from nixgen.files.values import FileValue

# As clan takes it; a cloud may take less.
# https://git.clan.lol/clan/clan-core/src/branch/main/modules/inventoryClass/meta.nix
_NAME = r"[-_A-Za-z0-9]+"
_NAME_ACCEPTED = "letters, digits, - and _ are accepted, at least one"

# A function of the fleet that gives files: paths below the flake's root, and what they hold.
FileGenerator = Callable[["Fleet"], Mapping[str, Any]]


def _moves(value: Mapping[str, str | None]) -> Mapping[str, str | None]:
    return frozen_mapping(value)


def _machines(value: Iterable[Machine]) -> tuple[Machine, ...]:
    return in_order(value)


def _caches(value: Iterable[BinaryCache]) -> tuple[BinaryCache, ...]:
    return in_order(value)


def _devices(value: Iterable[Device]) -> tuple[Device, ...]:
    return in_order(value)


def _generators(value: Iterable[FileGenerator]) -> tuple[FileGenerator, ...]:
    return in_order(value)


def _base(fleet: Fleet) -> tuple[str, ...]:
    return (fleet.module_names.base,) if fleet.module_style == "flake-parts" else ()


def _users(value: Iterable[User]) -> tuple[User, ...]:
    return in_order(value)


def _services(value: Iterable[ClanService]) -> tuple[ClanService, ...]:
    return in_order(value)


def _tags(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        return value
    return frozen_mapping({tag: in_order(members) for tag, members in value.items()})


def _check_tags(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"server": ("galena",)}')
    if not value:
        return
    from nixgen import Expr  # few fleets have such tags, and it is not small

    for tag, members in value.items():
        check_word(where, field, tag, "a tag")
        if members is not None and not isinstance(members, Expr):
            check_words(where, f"{field}[{tag!r}]", members, '"galena"')


def _is_finite(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    )


def _check_budget(where: str, field: str, value: object) -> None:
    if not _is_finite(value) or value < 0:
        raise field_error(where, field, value, "USD per hour is accepted, or None for no limit")


def _check_rate(where: str, field: str, value: object) -> None:
    if not _is_finite(value) or value <= 0:
        accepted = "how many USD a EUR is, above 0, or None for no rate: 1.08"
        raise field_error(where, field, value, accepted)


def _check_files(where: str, field: str, files: object) -> None:
    if not isinstance(files, Mapping):
        raise field_error(where, field, files, 'a mapping is accepted: {"lib/caches.nix": None}')
    for path, moved in files.items():
        for item in (path, "" if moved is None else moved):
            if not isinstance(item, str):
                raise field_error(
                    where, field, item, "a path as a str, or None to leave a file out"
                )


def _check_generators(where: str, field: str, generators: object) -> None:
    accepted = "functions of the fleet are accepted, each returning a mapping of paths"
    if not isinstance(generators, tuple):
        raise field_error(where, field, generators, f"{accepted}, in a tuple or a list")
    for generate in generators:
        if not callable(generate):
            raise field_error(where, field, generate, accepted)


@frozen(kw_only=True)
class Fleet:
    """Every machine, described once; Terraform and Nix are written from it.

    Attributes:
        name: The fleet's name: letters, digits, - and _. With machines on Google Cloud, where it is
            a label of every instance, 1 to 63 characters, RFC 1035.
        domain: The DNS domain the machines are reached under: `<name>.<domain>`.
        description: What the fleet is for, in your words: `clan.meta.description`.
        machines: The machines, in the order they are listed everywhere. One that has fallback
            zones is in that of its zones that the facts name.
        gcp: The Google Cloud project; wanted when there is a `GcpMachine`.
        hetzner: The Hetzner Cloud project; wanted when there is a `HetznerMachine`.
        caches: Binary caches, in the order they are listed.
        netrc_file: Where the machines have the logins for private caches: the path of a netrc file
            that a secret is written to, such as "/run/secrets/netrc". Nix reads one for all caches.
        users: Accounts.
        nvidia: How machines with a GPU are set up.
        services: Instances of clan services, of clan's own, your flake's, or any other's.
        zerotier: The network that connects the machines: an instance of clan's zerotier service.
        internet: The instance of clan's internet service.
        devices: What else is in that network: phones.
        ssh: What the SSH configuration of people and machines looks like.
        facts: What deployment learned: addresses, keys, and the zones in use.
        dns: Names of machines in the DNS, which follow their addresses; None for none.
        state_encryption: How OpenTofu encrypts the state and the plans of the fleet's stacks; None
            for not at all, as Terraform has it.
        budget_usd_per_hour: What all that is on may cost, in USD per hour: `infra deploy` refuses
            more. None for no limit.
        usd_per_eur: How many USD a EUR is, 1.08: what is billed in EUR counts in USD too, also in
            the budget. Without it, sums are by currency alone, and a budget cannot be compared.
        target_host: Where clan reaches the machines that do not say it themselves. `{name}` stands
            for the machine's name and `{domain}` for the domain: "root@{name}.{domain}" unless you
            say otherwise. None for nowhere: clan tries its networks, and what a machine's own
            configuration says. A mapping says it by class, as in {"darwin": "admin@{name}.local"};
            where clan's internet service knows an address, that comes before it.
        module_style: What the generated files are: "flake-parts" modules, which import-tree
            finds, or plain "nixos" modules, which import each other by path, with clan's options
            at the top as `clan-core.lib.clan` takes them.
        module_names: What the generated modules are called in `flake.modules`.
        modules: What every machine imports whose module is generated, as `Machine.modules` has it:
            ("base",) unless you say otherwise, and with plain modules none. A mapping gives each
            class its own: {"nixos": ("base", "server"), "darwin": ("base",)}.
        config: NixOS configuration of every NixOS machine whose module is generated, beside what
            each has of its own; see `Machine.config`. It is the module `flake.modules.nixos.fleet`,
            for others too.
        tags: Tags beside those that machines say: each with the names of machines that have it,
            with a nixgen expression of such a list, in which `config` holds the other tags and
            `machines` the inventory's machines; or None for one that your own Nix defines.
        clan: What else there is to say to clan: a module of its own, as `config` is one of NixOS:
            `{("inventory", "machines", "galena", "icon"): "…"}`. What clan has no option for, it
            refuses when it is evaluated.
        files: Generated files to move or leave out: the default path to the new one, or to None.
        extra_files: Functions that generate further files: each takes the fleet and returns what
            goes where, as `nix_files` does.

    Raises:
        FleetError: When the parts do not fit together; nothing is written.
    """

    name: str = field(validator=valid(check_matching, _NAME, _NAME_ACCEPTED))
    domain: str = field(validator=valid(check_domain))
    description: str = field(default="", validator=valid(check_text))
    machines: tuple[Machine, ...] = field(
        converter=_machines, validator=valid(check_each, Machine, 'Machine("cinnabar")')
    )
    gcp: GcpProject | None = field(default=None, validator=valid(check_instance, GcpProject))
    hetzner: HetznerProject | None = field(
        default=None, validator=valid(check_instance, HetznerProject)
    )
    caches: tuple[BinaryCache, ...] = field(
        default=(),
        converter=_caches,
        validator=valid(check_each, BinaryCache, "BinaryCache(url, public_key=…)"),
    )
    netrc_file: str | None = field(default=None, validator=valid(check_netrc_file))
    users: tuple[User, ...] = field(
        default=(), converter=_users, validator=valid(check_each, User, 'User("cameron")')
    )
    services: tuple[ClanService, ...] = field(
        default=(),
        converter=_services,
        validator=valid(check_each, ClanService, 'ClanService("sshd", roles=…)'),
    )
    nvidia: Nvidia = field(factory=Nvidia, validator=valid(check_instance, Nvidia))
    zerotier: ZeroTier = field(factory=ZeroTier, validator=valid(check_instance, ZeroTier))
    internet: Internet = field(factory=Internet, validator=valid(check_instance, Internet))
    devices: tuple[Device, ...] = field(
        default=(),
        converter=_devices,
        validator=valid(check_each, Device, "Device(name, zerotier_member_id=…)"),
    )
    ssh: Ssh = field(factory=Ssh, validator=valid(check_instance, Ssh))
    facts: Facts = field(factory=Facts, validator=valid(check_instance, Facts))
    dns: Dns | None = field(default=None, validator=valid(check_instance, Dns))
    state_encryption: StateEncryption | None = field(
        default=None, validator=valid(check_instance, StateEncryption)
    )
    budget_usd_per_hour: float | None = field(default=None, validator=valid(_check_budget))
    usd_per_eur: float | None = field(default=None, validator=valid(_check_rate))
    # The method of that name answers for each machine.
    _target_host: Targets = field(
        default=USUAL,
        converter=frozen_targets,
        validator=valid(check_targets),
        alias="target_host",
        hash=False,
    )
    module_style: Literal["flake-parts", "nixos"] = field(
        default="flake-parts", validator=valid(check_one_of, ("flake-parts", "nixos"))
    )
    module_names: ModuleNames = field(
        factory=ModuleNames, validator=valid(check_instance, ModuleNames)
    )
    modules: Modules = field(
        default=Factory(_base, takes_self=True),
        converter=modules_by_class,
        validator=valid(check_modules_by_class),
        hash=False,
    )
    config: Any = field(
        default=None, converter=frozen_value, validator=valid(check_module), hash=False
    )
    tags: Mapping[str, Any] = field(
        factory=dict, converter=_tags, validator=valid(_check_tags), hash=False
    )
    clan: Any = field(
        default=None, converter=frozen_value, validator=valid(check_module), hash=False
    )
    files: Mapping[str, str | None] = field(
        factory=dict, converter=_moves, validator=valid(_check_files), hash=False
    )
    extra_files: tuple[FileGenerator, ...] = field(
        default=(), converter=_generators, validator=valid(_check_generators)
    )

    def __attrs_post_init__(self) -> None:
        where = self._where
        check_unique(where, "machines", (machine.name for machine in self.machines))
        # Nix would ask one twice that is only spelt otherwise.
        check_unique(where, "caches", (cache.store for cache in self.caches))
        # Two instances with other names may be of one account.
        check_unique(where, "users", (user.name for user in self.users if user.instance is None))
        _take_over(self, "zerotier")
        _take_over(self, "internet")
        check_tags(where, self.tags, self.machines)
        machines = tuple(
            _add_tags(_in_zone_in_use(machine, self.facts), self.tags) for machine in self.machines
        )
        object.__setattr__(self, "machines", machines)
        check_caches(self.caches, machines, self.tags)
        check_zerotier(where, self.zerotier, machines)
        check_devices(where, self.devices, machines, self.zerotier)
        names = [machine.name for machine in machines]
        check_host_names(where, [*names, *(device.name for device in self.devices)])
        check_authorities(self.ssh, machines, self.devices)
        if self.module_style == "nixos":
            modules = tuple(each for name in CLASSES for each in self.modules_of(name))
            check_plain_modules(where, modules, machines, self._instances(), self.ssh)
        else:
            check_module_names(self.module_names, machines)
        if self.dns is not None:
            check_dns(self.dns, machines, CLOUDS)
        check_gpus(self.nvidia, self.gpu_machines)
        check_idle_stops(self.nvidia, self.provisioned)
        check_services(self._instances(), machines, self.tags)
        check_facts(self.facts, self.controller, self.devices, machines)
        _check_clouds(self)

    @property
    def _where(self) -> str:
        return f"fleet {self.name!r}"

    def _instances(self) -> Iterator[tuple[str, str, ClanService]]:
        """Yield each service as it is described, after what to call it and its roles' fields."""
        of_role = "roles[{!r}]."
        if self.controller is not None:
            zerotier = ClanService(self.zerotier.instance, roles=self.zerotier.roles)
            yield "zerotier", of_role, zerotier
        yield "internet", of_role, ClanService(self.internet.instance, roles=self.internet.roles)
        for user in self.users:
            # A user is one role, whose fields are the user's own.
            yield f"user {user.name!r}", "", user.service
        for service in self.services:
            yield f"service {service.name!r}", of_role, service

    @property
    def provisioned(self) -> tuple[ProvisionedMachine, ...]:
        """The machines that this fleet provisions, in whatever cloud, on or off."""
        return tuple(each for each in self.machines if isinstance(each, ProvisionedMachine))

    @property
    def gcp_machines(self) -> tuple[GcpMachine, ...]:
        """Those that it provisions on Google Cloud, on or off."""
        return gcp_machines(self.machines)

    @property
    def hetzner_machines(self) -> tuple[HetznerMachine, ...]:
        """Those that it provisions at Hetzner Cloud, on or off."""
        return hetzner_machines(self.machines)

    @property
    def gpu_machines(self) -> tuple[ProvisionedMachine, ...]:
        """The machines with a GPU, on or off."""
        return tuple(machine for machine in self.provisioned if machine.accelerator is not None)

    @property
    def controller(self) -> Machine | None:
        """The ZeroTier controller; None when the fleet has no ZeroTier network."""
        return next(self._playing("controller"), None)

    @property
    def peers(self) -> tuple[Machine, ...]:
        """The ZeroTier peers."""
        return tuple(self._playing("peer"))

    def _playing(self, role: str) -> Iterator[Machine]:
        """The machines that play a role in the ZeroTier network."""
        return (machine for machine in self.machines if self.zerotier.plays(machine, role))

    def tagged(self, tag: str) -> tuple[Machine, ...]:
        """Return the machines with a tag."""
        return tuple(machine for machine in self.machines if machine.has_tag(tag))

    def caches_of(self, machine: Machine) -> tuple[BinaryCache, ...]:
        """Return the caches that are named for a machine, beside those that all machines use."""
        return tuple(cache for cache in self.caches if cache.is_of(machine))

    def machine(self, name: str) -> Machine:
        """Return the machine of that name.

        Raises:
            FleetError: When no machine has it.
        """
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise field_error(self._where, "machine", name, one_of(self.machines))

    def target_host(self, machine: Machine) -> str | None:
        """Return where clan reaches a machine: what it says, or else what the fleet says.

        Returns:
            An SSH destination; None for nowhere in particular: clan tries its networks.
        """
        said: Any = machine.target_host
        if said is not NOTHING:
            return said  # type: ignore[no-any-return]
        pattern = self.target_pattern(machine.machine_class)
        return None if pattern is None else fill(pattern, machine.name, self.domain)

    def target_pattern(self, machine_class: str) -> str | None:
        """Return where clan reaches machines of a class that say nothing themselves.

        Args:
            machine_class: "nixos" or "darwin".

        Returns:
            Text in which `{name}` and `{domain}` stand for these; None for nowhere in particular.
        """
        return pattern_of(self._target_host, machine_class)

    def modules_of(self, machine_class: str) -> tuple[Module, ...]:
        """Return what every machine of a class imports whose module is generated.

        Args:
            machine_class: "nixos" or "darwin".
        """
        if isinstance(self.modules, tuple):
            return self.modules
        return self.modules.get(machine_class, ())

    def nix_files(self) -> dict[str, FileValue]:
        """Return every generated file: its path in the flake, and what it holds.

        Raises:
            FleetError: When `files` names a path that is not generated, when two files meet, or
                when one of `extra_files` returns no mapping of paths.
        """
        from infra_lib.nix.all_files import fleet_files

        return fleet_files(self)


def project_of(fleet: Fleet, cloud: str) -> Any:
    """Return a fleet's project in a cloud; None where it has none there.

    Args:
        fleet: The fleet.
        cloud: The cloud's name, a key of `CLOUDS`.
    """
    return getattr(fleet, cloud)


def clouds_of(
    fleet: Fleet,
) -> Iterator[tuple[Cloud, Any, tuple[ProvisionedMachine, ...]]]:
    """Yield each cloud, a fleet's project in it, and the fleet's machines there: maybe none."""
    for name, cloud in CLOUDS.items():
        machines = tuple(machine for machine in fleet.provisioned if machine.cloud == name)
        yield cloud, project_of(fleet, name), machines


def _take_over(fleet: Fleet, module: Literal["zerotier", "internet"]) -> None:
    """Have an instance of clan's that is given as a service be the one that has fields of its own.

    So what follows from it, the controller or the moons, is known however it is written. It is the
    instance of that name, or the only one of that service where the fields say nothing. Then it is
    whole: if it says who the peers are, a tag that is called so may mean something else.
    """
    typed: ZeroTier | Internet = getattr(fleet, module)
    silent = typed == type(typed)()
    of_module = [each for each in fleet.services if each.is_clans and each.module_name == module]
    alike = [each for each in of_module if each.name == typed.instance]
    if not alike and len(of_module) == 1 and silent:
        alike = of_module
    for service in alike[:1]:
        if silent and isinstance(typed, ZeroTier) and service.roles.get("peer", Role()).has_members:
            typed = evolve(typed, peer_tag=None)
        roles = ClanService(service.name, roles=typed.roles).join(service.roles).roles
        taken = evolve(typed, instance=service.name, input=service.input, roles=roles)
        others = tuple(other for other in fleet.services if other is not service)
        object.__setattr__(fleet, module, taken)
        object.__setattr__(fleet, "services", others)


def _in_zone_in_use(machine: Machine, facts: Facts) -> Machine:
    """Return the machine in the zone it is deployed in, when that is one of its own."""
    if not isinstance(machine, ProvisionedMachine) or not machine.fallback_zones:
        return machine
    zone = facts.machine(machine.name).zone
    return machine.in_zone(zone) if zone in machine.fallback_zones and zone else machine


def _add_tags(machine: Machine, tags: Mapping[str, Any]) -> Machine:
    """Return the machine with the tags that the fleet gives it."""
    given = tuple(
        tag
        for tag, members in tags.items()
        if isinstance(members, tuple) and machine.name in members and tag not in machine.all_tags
    )
    return evolve(machine, tags=(*machine.tags, *given)) if given else machine


def _check_clouds(fleet: Fleet) -> None:
    for cloud, project, machines in clouds_of(fleet):
        if machines or project is not None:
            cloud.check(fleet, project, machines)
        if machines:
            for text in cloud.warnings(fleet, project, machines):
                # Here, not at the caller's: a command may make a fleet several times.
                warnings.warn(text, stacklevel=1)
