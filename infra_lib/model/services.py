"""Instances of clan services: which machines play which role, with which settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from attrs import evolve, field

from infra_lib.model.errors import FleetError, field_error, shown
from infra_lib.model.frozen import frozen
from infra_lib.model.modules import Module, check_modules, frozen_modules
from infra_lib.model.validators import (
    MOST,
    check_each,
    check_matching,
    check_unique,
    check_word,
    frozen_mapping,
    frozen_value,
    in_order,
    option_names,
    valid,
)
from nixgen.exact import exact

if TYPE_CHECKING:
    from infra_lib.model.machine import Machine

# Names, or a mapping from names to settings.
Members: TypeAlias = "Mapping[str, Any] | tuple[str, ...] | list[str]"

_SCALARS = (str, int, float, type(None))

# Clan's own services: without an input, or from the input as most flakes call it.
_CLAN = (None, "clan-core")

# What it is called in the inventory is also the name of its file. import-tree leaves out those that
# begin with an underscore, and no file system takes names of any length.
_INSTANCE = r"[A-Za-z0-9][-+.@A-Za-z0-9_]{0,199}"
_INSTANCE_ACCEPTED = (
    "a name has up to 200 letters, digits, _ - + . and @, a letter or a digit first"
)


def frozen_members(value: Members) -> Mapping[str, Any]:
    """Make a mapping of names, each with settings or none, and leave any other value."""
    if isinstance(value, Mapping):
        return MappingProxyType(
            {
                name: frozen_value({} if each is None else each)
                for name, each in exact(value).items()
            }
        )
    names = exact(in_order(value))
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        return cast("Mapping[str, Any]", names)  # which the check refuses
    once = dict.fromkeys(names, MappingProxyType[str, Any]({}))
    return cast("Mapping[str, Any]", MappingProxyType(once) if len(once) == len(names) else names)


def check_members(where: str, field: str, value: object, kind: str, example: str) -> None:
    """Check what plays a role: names, each with settings or none.

    Args:
        where: What holds it, for the message.
        field: The field's name, for the message.
        value: What `frozen_members` returned.
        kind: What the names are: "a machine", "a tag".
        example: One of them, as it is written in Python.

    Raises:
        FleetError: When it is anything else, names one twice, or has settings that are no data.
    """
    if not isinstance(value, Mapping):
        check_each(where, field, value, str, example)
        check_unique(where, field, value)  # type: ignore[arg-type]  # a tuple of strings by now
    for name, settings in value.items() if isinstance(value, Mapping) else ():
        check_word(where, field, name, kind)
        check_settings(where, f"{field}[{name!r}]", settings)


# Clan takes settings for a module. These say something of a module, and most would be lost without
# a word: https://github.com/NixOS/nixpkgs/blob/master/lib/modules.nix, `unifyModuleSyntax`.
_OF_MODULES = frozenset(
    {
        *("_class", "_file", "_module", "config", "disabledModules", "freeformType", "imports"),
        *("key", "options", "require"),
    }
)


def check_settings(where: str, field: str, value: object) -> None:
    """Check settings of a service: a mapping of plain data, or an expression of nixgen.

    Clan wants data, which it writes down as JSON, and no functions:
    https://git.clan.lol/clan/clan-core/src/branch/main/lib/types/default.nix

    Raises:
        FleetError: When they are anything else.
    """
    accepted = 'data is accepted: {"port": 22}, or an expression of nixgen, which is no function'
    for name in option_names(value):
        if name in _OF_MODULES:
            reason = "clan takes settings for a module, in which this is no option of a service"
            raise field_error(where, field, name, reason)
    if isinstance(value, Mapping) and is_plain_data(value):
        return
    from nixgen import Expr, Lambda, NixError, dumps  # few fleets need it, and it is not small

    if not isinstance(value, Mapping | Expr):
        raise field_error(where, field, value, accepted)
    try:
        dumps(value)
    except NixError as error:
        raise FleetError(f"{where}: {field}: {error}") from None
    for path, each in _leaves(field, value):
        if isinstance(each, Lambda):
            raise field_error(where, path, each, accepted)


def is_plain_data(value: object, depth: int = 8) -> bool:
    """Return whether a value is data that Nix surely has as it is, and that refers to nothing.

    That is what most settings are, and takes none of nixgen to see.

    Args:
        value: Anything.
        depth: How many mappings and lists may be in each other. Of more it is not said.
    """
    if type(value) is str:
        return value.isascii() and value.isprintable()
    if type(value) is int:
        return abs(value) <= MOST
    if value is None or type(value) is bool:
        return True
    if depth == 0:
        return False
    if type(value) is list or type(value) is tuple:
        return all(is_plain_data(each, depth - 1) for each in value)
    if type(value) is not dict and type(value) is not MappingProxyType:
        return False
    paths = [name if type(name) is tuple and name else (name,) for name in value]
    if len({path[0] for path in paths}) < len(paths):
        return False  # two may be in each other's way
    names = (name for path in paths for name in path)
    return all(type(name) is str and is_plain_data(name) for name in names) and all(
        is_plain_data(each, depth - 1) for each in value.values()
    )


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield what data holds that holds no more itself, each with how it is reached in Python."""
    todo = [(path, value)]
    while todo:
        way, each = todo.pop()
        if isinstance(each, Mapping):
            todo += [(f"{way}[{name!r}]", item) for name, item in each.items()]
        elif isinstance(each, list | tuple):
            todo += [(f"{way}[{place}]", item) for place, item in enumerate(each)]
        else:
            yield way, each


def frozen_roles(value: Mapping[str, Role]) -> Mapping[str, Role]:
    """Make a mapping of roles that nobody can change, and leave any other value."""
    return frozen_mapping(value)


@frozen(kw_only=True)
class Role:
    """Who plays a role of a service, and how.

    Clan merges the settings of the role, of a machine's tags and of the machine. What two of them
    say differently is an error, unless one says it in an expression with `lib.mkForce`.

    Attributes:
        machines: Names of machines, or a mapping from each to settings of its own.
        tags: Tags: every machine that has one plays the role. Names, or a mapping from each to
            settings of those machines.
        settings: Settings of all that play the role: a mapping of plain data, in which there may
            be expressions of nixgen, or such an expression. What there is to set is in clan's
            reference, for each service: https://clan.lol/docs/unstable/services/definition
        extra_modules: Further modules of the machines that play the role, as `Machine.modules`
            takes them.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "role"

    machines: Mapping[str, Any] = field(
        factory=dict,
        converter=frozen_members,
        validator=valid(check_members, "a machine", '"galena"'),
        hash=False,
    )
    tags: Mapping[str, Any] = field(
        factory=dict,
        converter=frozen_members,
        validator=valid(check_members, "a tag", '"server"'),
        hash=False,
    )
    settings: Any = field(
        factory=dict, converter=frozen_value, validator=valid(check_settings), hash=False
    )
    extra_modules: tuple[Module, ...] = field(
        default=(), converter=frozen_modules, validator=valid(check_modules), hash=False
    )

    def __attrs_post_init__(self) -> None:
        for field_name, members in (("machines", self.machines), ("tags", self.tags)):
            for name, settings in members.items():
                where = f"{field_name}[{name!r}]"
                _check_agreement(self._where, where, self.settings, settings)

    @property
    def has_members(self) -> bool:
        """Whether it says who plays it, be it nobody by now."""
        return bool(self.machines or self.tags)

    def includes(self, machine: Machine) -> bool:
        """Return whether a machine plays it, by its name or one of its tags."""
        return machine.name in self.machines or any(map(machine.has_tag, self.tags))

    def join(self, more: Role, where: str) -> Role:
        """Return the role with what another one adds to it.

        Args:
            more: The other one.
            where: What to call the role in messages.

        Raises:
            FleetError: When both say something, and one of them in an expression.
        """
        return evolve(
            self,
            machines=_join_members(self.machines, more.machines, f"{where}: machines"),
            tags=_join_members(self.tags, more.tags, f"{where}: tags"),
            settings=_merge_settings(self.settings, more.settings, f"{where}: settings"),
            extra_modules=(*self.extra_modules, *more.extra_modules),
        )


def _join_members(
    one: Mapping[str, Any], other: Mapping[str, Any], where: str
) -> Mapping[str, Any]:
    """Return the members of both."""
    merged = {
        name: _merge_settings(one[name], settings, f"{where}[{name!r}]")
        if name in one
        else settings
        for name, settings in other.items()
    }
    return {**one, **merged}


def _merge_settings(one: Any, other: Any, where: str) -> Any:
    """Return the settings of both: lists together, and of anything else the second."""
    if not other or not one:
        return other or one
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {**one, **{name: _join_lists(one.get(name), each) for name, each in other.items()}}
    raise FleetError(f"{where}: an expression cannot be merged with what is derived")


def _join_lists(one: Any, other: Any) -> Any:
    """Return a list with what another one adds to it; of anything else the second."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return [*one, *(each for each in other if each not in one)]
    return other


def _check_agreement(where: str, field: str, whole: Any, own: Any) -> None:
    """Check that a machine's or tag's settings do not contradict those of the role.

    Sets and lists are joined; of anything else there may be one value:
    https://nixos.org/manual/nixos/stable/#sec-option-types

    Raises:
        FleetError: When they do.
    """
    if isinstance(whole, Mapping) and isinstance(own, Mapping):
        for name in whole.keys() & own.keys():
            _check_agreement(where, f"{field}[{name!r}]", whole[name], own[name])
    elif isinstance(whole, _SCALARS) and isinstance(own, _SCALARS) and whole != own:
        accepted = (
            f"the role's settings say {shown(whole)}, and clan takes neither for the other's "
            'exception; say each where it holds, or Apply("lib.mkForce", …)'
        )
        raise field_error(where, field, own, accepted)


def check_roles(
    where: str, field: str, value: object, known: tuple[str, ...] | None = None
) -> None:
    """Check roles by name.

    Args:
        where: What has them, for the message.
        field: The field's name, for the message.
        value: The roles.
        known: The roles that there are; None where nobody knows.

    Raises:
        FleetError: When it is no mapping, holds anything but roles, or one that there is not.
    """
    accepted = 'a mapping of roles is accepted: {"client": Role(tags=("server",))}'
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, accepted)
    for name, role in value.items():
        check_word(where, field, name, "a role")
        if known is not None and name not in known:
            raise field_error(where, field, name, f"one of {', '.join(known)} is accepted")
        if not isinstance(role, Role):
            raise field_error(where, f"{field}[{name!r}]", role, "a Role(…) is accepted")


def check_instance_name(where: str, field: str, value: object) -> None:
    """Check the name of a service's instance, which is also that of its file.

    Raises:
        FleetError: When it is not one.
    """
    check_matching(where, field, value, _INSTANCE, _INSTANCE_ACCEPTED)


def check_input(where: str, field: str, value: object) -> None:
    """Check the name of a flake input, or None.

    Raises:
        FleetError: When it is not one.
    """
    if value is not None:
        check_word(where, field, value, "the name of a flake input")


@frozen
class ClanService:
    """An instance of a service of clan, of your own flake or of any other.

    See `infra_lib.clan_services` for those that people use most.

    Attributes:
        name: What the instance is called in the inventory, and its file.
        module: The service's name among `clan.modules` of the input; None for the instance's name.
        input: The flake input that has the service: "self" is your own flake. None for clan-core,
            whatever your flake calls it.
        roles: Who plays which role. What roles there are is the service's to say.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_instance_name))
    module: str | None = field(default=None, validator=valid(check_word, "a name"), kw_only=True)
    input: str | None = field(default=None, validator=valid(check_input), kw_only=True)
    roles: Mapping[str, Role] = field(
        factory=dict, converter=frozen_roles, validator=valid(check_roles), kw_only=True, hash=False
    )

    @property
    def _where(self) -> str:
        return f"service {self.name!r}"

    @property
    def module_name(self) -> str:
        """The service's name: `module`, or the instance's name."""
        return self.module or self.name

    @property
    def is_clans(self) -> bool:
        """Whether the service is one of clan's own, and not of another flake."""
        return self.input in _CLAN

    def join(self, roles: Mapping[str, Role]) -> ClanService:
        """Return the instance with further roles, or with more in those that it has.

        Args:
            roles: By name.

        Raises:
            FleetError: When settings cannot be merged; see `Role.join`.
        """
        if not roles:
            return self
        merged = {
            name: self.roles[name].join(role, f"{self._where}: roles[{name!r}]")
            if name in self.roles
            else role
            for name, role in roles.items()
        }
        return evolve(self, roles={**self.roles, **merged})
