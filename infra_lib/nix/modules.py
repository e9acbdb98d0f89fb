"""Modules that people give: how a file imports them, and a file that holds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from infra_lib.nix.arguments import OF_FLAKE, OF_MACHINE, add_arguments, names_used
from infra_lib.nix.from_root import from_root
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain, module
from nixgen.expr import Select

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
    from infra_lib.model.modules import Module
    from nixgen.expr import Value


def import_value(
    fleet: Fleet, here: str, machine_class: str, item: Module, *, modules: Value | None = None
) -> Value:
    """Return an item of `imports`.

    Args:
        fleet: The fleet.
        here: Where the file is that imports it.
        machine_class: "nixos" or "darwin", whose modules a name is looked up in.
        item: A module, in a way that `infra_lib.model.modules.check_modules` takes.
        modules: The flake's modules of that class, where the file has bound them to a name; else
            they are looked up in flake-parts' `config`.
    """
    if isinstance(item, PurePath):
        return path_from(here, item.as_posix())
    if not isinstance(item, str):
        return from_root(here, item)
    if is_plain(fleet):
        return path_from(here, item)
    if modules is not None:
        return Select(modules, item)
    return Select("config", "flake", "modules", machine_class, item)


def each_once(items: Iterable[Module]) -> list[Module]:
    """Return items of `imports` without those whose name or path came before."""
    seen: set[str] = set()
    once: list[Module] = []
    for item in items:
        name = item.as_posix() if isinstance(item, PurePath) else item
        if isinstance(name, str):
            if name in seen:
                continue
            seen.add(name)
        once.append(item)
    return once


def module_file(fleet: Fleet, path: str, name: tuple[str, ...], value: Value) -> Value:
    """Return a file that holds a module, with the arguments that it uses.

    Args:
        fleet: The fleet.
        path: The file's default path.
        name: Where the module is in `flake.modules`: its class and name, and attributes in it.
        value: What stands there, of the user's: it may refer to arguments.
    """
    value = from_root(path_of(fleet, path) or path, value)
    of_flake, of_machine = names_used(OF_FLAKE, value), names_used(OF_MACHINE, value)
    if not of_flake and not of_machine:
        return module(fleet, name, value)
    machine_class, module_name, *attributes = name
    if attributes:
        value = {tuple(attributes): value}
    elif of_machine and not isinstance(value, Mapping):
        value = {"imports": [value]}  # a function of arguments returns options
    if is_plain(fleet):
        return add_arguments(fleet, [*of_flake, *of_machine], value)
    value = add_arguments(fleet, of_machine, value)
    return add_arguments(fleet, of_flake, module(fleet, (machine_class, module_name), value))
