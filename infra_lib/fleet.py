"""A fleet: every machine, and what they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import field, frozen

from . import check
from .caches import BinaryCache
from .errors import refuse
from .gcp_machine import GcpMachine
from .gcp_project import GcpProject
from .machine import Machine
from .nvidia import Nvidia
from .users import User
from .zerotier import ZeroTier

if TYPE_CHECKING:
    from nixgen.files import FileValue


def _moved(value: Mapping[str, str | None]) -> Mapping[str, str | None]:
    return MappingProxyType(dict(value))


@frozen(kw_only=True)
class Fleet:
    """Every machine, described once; Terraform and Nix are written from it.

    Attributes:
        name: The fleet's name; a label of every instance.
        domain: The DNS domain the machines are reached under: `<name>.<domain>`.
        machines: The machines, in the order they are listed everywhere.
        gcp: The Google Cloud project; wanted when there is a `GcpMachine`.
        caches: Binary caches, in the order they are listed.
        users: Accounts.
        nvidia: How machines with a GPU are set up.
        zerotier: The network that connects the machines.
        modules: Names of the `flake.modules.nixos` modules that every provisioned machine imports.
        files: Generated files to move or leave out: the default path to the new one, or to None.

    Raises:
        FleetError: When the parts do not fit together; nothing is written.
    """

    name: str
    domain: str
    machines: tuple[Machine, ...] = field(converter=tuple)
    gcp: GcpProject | None = None
    caches: tuple[BinaryCache, ...] = field(default=(), converter=tuple)
    users: tuple[User, ...] = field(default=(), converter=tuple)
    nvidia: Nvidia = field(factory=Nvidia)
    zerotier: ZeroTier = field(factory=ZeroTier)
    modules: tuple[str, ...] = field(default=("base",), converter=check.strings)
    files: Mapping[str, str | None] = field(factory=dict, converter=_moved, hash=False)

    def __attrs_post_init__(self) -> None:
        where = f"fleet {self.name!r}"
        check.name(where, "name", self.name)
        check.domain(where, "domain", self.domain)
        check.tags(where, "modules", self.modules)
        for field_name, wanted in (
            ("machines", Machine),
            ("caches", BinaryCache),
            ("users", User),
        ):
            for item in getattr(self, field_name):
                if not isinstance(item, wanted):
                    raise refuse(where, field_name, item, f"{wanted.__name__}s are accepted")
        check.unique(where, "machines", (machine.name for machine in self.machines))
        check.unique(where, "caches", (cache.url for cache in self.caches))
        check.unique(where, "users", (user.name for user in self.users))
        _check_disks(self)
        _check_users(self)
        _check_zerotier(self)
        if self.gcp_machines and self.gcp is None:
            raise refuse(
                where, "gcp", None, f"{self.gcp_machines[0].name!r} needs a GcpProject(…) here"
            )

    @property
    def gcp_machines(self) -> tuple[GcpMachine, ...]:
        """The machines that this project provisions, on or off."""
        return tuple(machine for machine in self.machines if isinstance(machine, GcpMachine))

    @property
    def gpu_machines(self) -> tuple[GcpMachine, ...]:
        """The machines with a GPU, on or off."""
        return tuple(machine for machine in self.gcp_machines if machine.gpu is not None)

    @property
    def controller(self) -> Machine | None:
        """The ZeroTier controller; None when there is no such network."""
        return next(iter(self.tagged(self.zerotier.controller_tag)), None)

    @property
    def peers(self) -> tuple[Machine, ...]:
        """The ZeroTier peers."""
        return self.tagged(self.zerotier.peer_tag)

    def tagged(self, tag: str) -> tuple[Machine, ...]:
        """Return the machines with a tag."""
        return tuple(machine for machine in self.machines if tag in machine.all_tags)

    def machine(self, name: str) -> Machine:
        """Return the machine of that name.

        Raises:
            FleetError: When there is none.
        """
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise refuse(f"fleet {self.name!r}", "machine", name, _one_of(self.machines))

    def target_host(self, machine: Machine) -> str:
        """Return where clan reaches a machine: `deploy.targetHost`."""
        return machine.target_host or f"root@{machine.name}.{self.domain}"

    def nix_files(self) -> dict[str, FileValue]:
        """Return every generated file: its path in the flake, and what it holds.

        Raises:
            FleetError: When `files` names a path that is not generated, or two files meet.
        """
        from .nix import fleet_files

        return fleet_files(self)


def _one_of(machines: Iterable[Machine]) -> str:
    return f"one of {', '.join(machine.name for machine in machines) or '(no machines)'}"


def _check_disks(fleet: Fleet) -> None:
    """A disk's name is its address in Terraform, and its name in the project."""
    owners: dict[str, str] = {machine.name: machine.name for machine in fleet.gcp_machines}
    for machine in fleet.gcp_machines:
        for disk in machine.data_disks:
            if disk.name in owners:
                raise refuse(
                    f"machine {machine.name!r}",
                    "data_disks.name",
                    disk.name,
                    f"taken by a disk of {owners[disk.name]!r}; a disk's name is its own",
                )
            owners[disk.name] = machine.name


def _check_users(fleet: Fleet) -> None:
    names = {machine.name for machine in fleet.machines}
    tags = {tag for machine in fleet.machines for tag in machine.all_tags} | {"all"}
    for user in fleet.users:
        for name in user.machines:
            if name not in names:
                raise refuse(f"user {user.name!r}", "machines", name, _one_of(fleet.machines))
        for tag in user.tags:
            if tag not in tags:
                raise refuse(f"user {user.name!r}", "tags", tag, f"one of {sorted(tags)}")


def _check_zerotier(fleet: Fleet) -> None:
    zerotier = fleet.zerotier
    where = f"fleet {fleet.name!r}"
    controllers = [machine.name for machine in fleet.tagged(zerotier.controller_tag)]
    if len(controllers) > 1:
        raise refuse(
            where,
            "machines",
            controllers,
            f"one machine is the ZeroTier controller (tag {zerotier.controller_tag!r}), not "
            f"{len(controllers)}",
        )
    if not controllers and fleet.peers:
        raise refuse(
            where,
            "machines",
            [machine.name for machine in fleet.peers],
            f"ZeroTier peers need a controller: tag one machine {zerotier.controller_tag!r}",
        )
    for name in zerotier.moons:
        if name not in {machine.name for machine in fleet.machines}:
            raise refuse("zerotier", "moons", name, _one_of(fleet.machines))
