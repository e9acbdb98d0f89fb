"""Modules of NixOS or nix-darwin that something imports, in whatever way they are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    CLASSES,
    check_one_of,
    check_options,
    check_word,
    frozen_mapping,
    frozen_value,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from nixgen.expr import Expr

Module: TypeAlias = "str | PurePath | Mapping[Any, Any] | Expr"

_ACCEPTED = (
    'the name of a module is accepted, "base"; a file or folder below the flake\'s root, '
    'PurePath("machines/vault/hardware.nix"); or a module itself: a mapping of options, or an '
    'expression of nixgen such as ref("inputs.srvos.nixosModules.server")'
)


# What every machine imports: modules, or a mapping from class to those of its machines.
Modules: TypeAlias = "tuple[Module, ...] | Mapping[str, tuple[Module, ...]]"

# Lists too, before they are made what nobody can change.
GivenModules: TypeAlias = "tuple[Module, ...] | list[str] | list[Module] | Iterator[Module]"

_NAME = valid(check_word, 'one word such as "base"')


def frozen_modules(value: GivenModules) -> tuple[Module, ...]:
    """Make a tuple of modules that nobody can change, and leave any other value."""
    given = in_order(value)
    return tuple(map(frozen_value, given)) if isinstance(given, tuple) else given


def check_modules(where: str, field: str, values: object) -> None:
    """Check a tuple of modules to import.

    Each is a name of one of the flake's modules (with plain modules, a path below the flake's
    root), a path below it, or a module itself: a mapping of options or an expression of nixgen.

    Raises:
        FleetError: When it is not a tuple, or an item is none of these.
    """
    if not isinstance(values, tuple):
        raise field_error(where, field, values, 'a tuple or a list is accepted: ("base",)')
    for value in values:
        if isinstance(value, str):
            check_word(where, field, value, 'one word such as "base"')
        elif isinstance(value, PurePath):
            check_path(where, field, value.as_posix())
        elif _is_module(value):
            check_options(where, field, value)
        else:
            raise field_error(where, field, value, _ACCEPTED)


def check_path(where: str, field: str, path: str) -> None:
    """Check a path below the flake's root, of a file or a folder that people own.

    Raises:
        FleetError: When no such path is written in Nix.
    """
    from nixgen.errors import NixgenError
    from nixgen.files.paths import relative

    try:
        relative(path, generated=False)
    except NixgenError as error:
        raise field_error(where, field, path, str(error)) from None


def modules_by_class(value: GivenModules | Mapping[str, GivenModules]) -> Modules:
    """Make modules what nobody can change, be they of every class or by class."""
    if isinstance(value, Mapping):
        return frozen_mapping({name: frozen_modules(given) for name, given in value.items()})
    return frozen_modules(value)


def check_modules_by_class(where: str, field: str, value: object) -> None:
    """Check modules to import, which may be by class: {"nixos": ("base",), "darwin": ()}.

    Raises:
        FleetError: When a class is not known, or `check_modules` refuses what it has.
    """
    if not isinstance(value, Mapping):
        check_modules(where, field, value)
        return
    for name, modules in value.items():
        check_one_of(where, f"{field}'s class", name, CLASSES)
        check_modules(where, f"{field}[{name!r}]", modules)


def _check_pattern(where: str, field: str, value: object) -> None:
    accepted = (
        'the name of a machine\'s module with {name} in it: "machines/{machine_class}/{name}"'
    )
    if not isinstance(value, str) or "{name}" not in value:
        raise field_error(where, field, value, accepted)
    filled = value.replace("{machine_class}", "nixos").replace("{name}", "galena")
    if "{" in filled or "}" in filled:
        accepted = "nothing but {machine_class} and {name} stands in braces"
        raise field_error(where, field, value, accepted)
    check_word(where, field, filled, accepted)


def _is_module(value: object) -> bool:
    from nixgen.expr import Expr  # few fleets name modules so, and it is not small

    return isinstance(value, (Mapping, Expr))


@frozen(kw_only=True)
class ModuleNames:
    """What generated modules are called in `flake.modules.<class>`, so that others may import them.

    Attributes:
        base: The module that holds the settings of binary caches and SSH's known hosts, for NixOS
            and nix-darwin, unless these have modules of their own: then it is yours.
        caches: A module of its own for the binary caches, which generated machines import too.
        known_hosts: A module of its own for SSH's known hosts, likewise.
        home: home-manager's, with SSH's hosts.
        nvidia: NixOS for machines with a GPU.
        idle_stop: NixOS for machines that turn themselves off when nobody uses them.
        fleet: What `Fleet.config` says.
        machine: Each machine's; `{name}` stands for its name, which has to be part of it, and
            `{machine_class}` for "nixos" or "darwin".

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "module names"

    base: str = field(default="base", validator=_NAME)
    caches: str | None = field(default=None, validator=_NAME)
    known_hosts: str | None = field(default=None, validator=_NAME)
    home: str = field(default="core", validator=_NAME)
    nvidia: str = field(default="nvidia", validator=_NAME)
    idle_stop: str = field(default="idle-stop", validator=_NAME)
    fleet: str = field(default="fleet", validator=_NAME)
    machine: str = field(default="machines/{machine_class}/{name}", validator=valid(_check_pattern))

    def __attrs_post_init__(self) -> None:
        shared = {self.base, self.caches, self.known_hosts}
        idle_stop = {*shared, self.fleet, self.nvidia}
        of_few = (("nvidia", {*shared, self.fleet}), ("idle_stop", idle_stop), ("fleet", shared))
        for name, others in of_few:
            if getattr(self, name) in others:
                accepted = "another module has that name, and more machines import it"
                raise field_error(self._where, name, getattr(self, name), accepted)

    def of_machine(self, machine_class: str, name: str) -> str:
        """Return the name of the module of a machine that says none."""
        return self.machine.replace("{machine_class}", machine_class).replace("{name}", name)
