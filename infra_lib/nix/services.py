"""`modules/clan/inventory/services/<instance>.nix`: one for each clan service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.model.services import is_plain_data
from infra_lib.nix.arguments import OF_MACHINE, add_arguments, add_free_arguments, names_used
from infra_lib.nix.from_root import from_root
from infra_lib.nix.modules import import_value
from infra_lib.nix.placement import path_of
from infra_lib.nix.style import clan, is_plain
from infra_lib.services import path, services
from nixgen.expr import Lambda, Pattern, Select, ref

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.modules import Module
    from infra_lib.model.services import ClanService, Role
    from nixgen.expr import Name, Value
    from nixgen.files.values import FileValue


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each instance."""
    return {path(service.name): _file(fleet, service) for service in services(fleet)}


def possible_paths(fleet: Fleet) -> tuple[str, ...]:
    """Return default paths that may not be there yet: what is known of the fleet decides."""
    return path(fleet.zerotier.instance), path(fleet.internet.instance)


def _file(fleet: Fleet, service: ClanService) -> FileValue:
    here = path_of(fleet, path(service.name)) or path(service.name)
    module: dict[str, Value] = {"name": service.module_name}
    # Without an input it is clan's own, whatever the flake calls clan:
    # https://git.clan.lol/clan/clan-core/src/branch/main/lib/resolve-module/default.nix
    if service.input is not None:
        module["input"] = service.input
    roles = (
        _short(("roles", name), _parts(fleet, here, role)) for name, role in service.roles.items()
    )
    instance = dict([_short(("module",), module), *roles])
    value = {clan(fleet, "inventory", "instances", service.name): instance}
    return add_free_arguments(fleet, value) if _may_refer(service) else value


def _short(path: tuple[Name, ...], value: Value) -> tuple[tuple[Name, ...], Value]:
    """Return a set of one attribute as an attribute path: `peer.tags.all = { };` reads better."""
    while isinstance(value, Mapping) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, *(key if isinstance(key, tuple) else (key,)))
    return path, value


def _parts(fleet: Fleet, here: str, role: Role) -> dict[tuple[Name, ...], Value]:
    parts: dict[str, Value] = {
        "machines": _members(here, role.machines),
        "tags": _members(here, role.tags),
        "settings": from_root(here, role.settings),
        "extraModules": _modules(fleet, here, role),
    }
    return dict(_short((name,), value) for name, value in parts.items() if value)


def _modules(fleet: Fleet, here: str, role: Role) -> list[Value]:
    """Modules of the machines that play a role, each by its name in what those run."""
    if not role.extra_modules:
        return []
    classes = {machine.machine_class for machine in fleet.machines if role.includes(machine)}
    if len(classes) > 1 and not is_plain(fleet):
        return [_module_of_either(fleet, here, each) for each in role.extra_modules]
    machine_class = classes.pop() if classes else "nixos"
    return [_module(fleet, here, machine_class, each) for each in role.extra_modules]


def _module_of_either(fleet: Fleet, here: str, item: Module) -> Value:
    """A module for NixOS and for Macs: one that is named is the one of whichever imports it.

    Modules are told what that is: https://nixos.org/manual/nixpkgs/stable/#module-system-lib-evalModules-param-class
    """
    if not isinstance(item, str):
        return _module(fleet, here, "nixos", item)
    named = Select("config", "flake", "modules", ref("_class"), item)
    return Lambda(Pattern("_class", ellipsis=True), {"imports": [named]})


def _module(fleet: Fleet, here: str, machine_class: str, item: Module) -> Value:
    """A module; one that is a mapping takes what it refers to from the machine, as `pkgs`."""
    own = names_used(OF_MACHINE, item) if isinstance(item, Mapping) else []
    value = import_value(fleet, here, machine_class, item)
    return add_arguments(fleet, own, value)


def _members(here: str, members: Mapping[str, Any]) -> dict[tuple[Name, ...], Value]:
    """Machines or tags of a role.

    Clan takes names as a list too, but only for tags and since August 2025; it has always taken
    this form.
    """
    return dict(
        _short((name, "settings") if settings else (name,), from_root(here, settings))
        for name, settings in members.items()
    )


def _may_refer(service: ClanService) -> bool:
    """Whether anything in an instance may refer to a variable; plain data does not."""
    return any(
        role.extra_modules
        or not all(
            map(is_plain_data, (role.settings, *role.machines.values(), *role.tags.values()))
        )
        for role in service.roles.values()
    )
