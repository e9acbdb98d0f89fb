"""`modules/clan/inventory/services/<instance>.nix`: one file for each instance of a clan service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import clan
from infra_lib.services import path, services

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.services import ClanService, Role
    from nixgen.expr import Name, Value
    from nixgen.files.values import FileValue


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each instance."""
    return {path(service.name): _file(fleet, service) for service in services(fleet)}


def possible(fleet: Fleet) -> tuple[str, ...]:
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
    return {clan(fleet, "inventory", "instances", service.name): instance}


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
        "settings": _settings(here, role.settings),
        "extraModules": [import_value(fleet, here, each) for each in role.extra_modules],
    }
    return dict(_short((name,), value) for name, value in parts.items() if value)


def _members(here: str, members: Mapping[str, Any]) -> dict[tuple[Name, ...], Value]:
    """Machines or tags of a role.

    Clan takes names as a list too, but only for tags and since August 2025; it has always taken
    this form.
    """
    return dict(
        _short((name, "settings") if settings else (name,), _settings(here, settings))
        for name, settings in members.items()
    )


def _settings(here: str, settings: Any) -> Any:
    """Settings with each path as the file has to write it."""
    if isinstance(settings, PurePath):
        return path_from(here, str(settings))
    if isinstance(settings, Mapping):
        return {name: _settings(here, value) for name, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [_settings(here, each) for each in settings]
    return settings
