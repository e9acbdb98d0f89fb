"""What a file imports: modules by name, by path, or themselves; and the arguments that they use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from types import NoneType
from typing import TYPE_CHECKING

from infra_lib.nix.from_root import from_root
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain, module
from nixgen.expr import Inherit, Lambda, Let, Pattern, Select, ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
    from infra_lib.model.modules import Module
    from nixgen.expr import Param, Value

OF_FLAKE = frozenset(
    {"flake-parts-lib", "getSystem", "inputs", "moduleWithSystem", "self", "withSystem"}
)
"""Arguments that are the same wherever they are used; flake-parts gives them to its modules.

See https://flake.parts/module-arguments. A plain module has `self` alone, from `specialArgs`.
"""

OF_MACHINE = frozenset({"config", "lib", "modulesPath", "options", "pkgs", "utils"})
"""Arguments that are a machine's own in its modules.

See https://nixos.org/manual/nixos/stable/#sec-writing-modules. flake-parts has some of these names
for something else.
"""


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


def names_used(arguments: frozenset[str], *values: object) -> list[str]:
    """Return the arguments that values refer to, in the order of the alphabet.

    Args:
        arguments: `OF_FLAKE`, `OF_MACHINE`, or both.
        values: Expressions and data. What takes its arguments itself, as a module may, refers to
            none of them.
    """
    may_use = [each for each in values if not isinstance(each, str | PurePath | NoneType)]
    if not may_use:
        return []
    from nixgen import free_names  # few fleets need it

    return sorted(arguments & {name for each in may_use for name in free_names(each)})


def takes(arguments: Iterable[str | Param], body: Value) -> Value:
    """Return a function of arguments; without any, its body alone."""
    given = tuple(arguments)
    return Lambda(Pattern(*given, ellipsis=True), body) if given else body


def without_inputs(arguments: list[str], body: Value) -> tuple[list[str], Value]:
    """Return arguments and body of a plain module that has the flake's inputs from `self`.

    Clan gives that to the modules of machines, and `inputs` only where its `specialArgs` say so:
    https://git.clan.lol/clan/clan-core/src/branch/main/modules/clan/module.nix
    """
    if "inputs" not in arguments:
        return arguments, body
    others = [name for name in arguments if name not in ("inputs", "self")]
    return ["self", *others], Let(Inherit("inputs", source=ref("self")), body)


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
        names, value = without_inputs([*of_flake, *of_machine], value)
        return takes(names, value)
    return takes(of_flake, module(fleet, (machine_class, module_name), takes(of_machine, value)))
