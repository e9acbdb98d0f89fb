"""The arguments of files and modules: what their values refer to."""

from __future__ import annotations

from pathlib import PurePath
from types import NoneType
from typing import TYPE_CHECKING

from infra_lib.nix.style import is_plain
from nixgen.expr import Inherit, Lambda, Let, Pattern, ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
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

# What Nix binds everywhere: `createBaseEnv` in
# https://github.com/NixOS/nix/blob/master/src/libexpr/primops.cc
_GLOBAL = frozenset(
    {
        *("abort", "baseNameOf", "break", "builtins", "derivation", "derivationStrict", "dirOf"),
        *("false", "fetchGit", "fetchMercurial", "fetchTarball", "fetchTree", "fromTOML"),
        *("import", "isNull", "map", "null", "placeholder", "removeAttrs", "scopedImport"),
        *("throw", "toString", "true"),
    }
)


def names_used(arguments: frozenset[str], *values: object) -> list[str]:
    """Return the arguments that values refer to, in the order of the alphabet.

    Args:
        arguments: `OF_FLAKE`, `OF_MACHINE`, or whatever else there may be.
        values: Expressions and data. What takes its arguments itself, as a module may, refers to
            none of them.
    """
    return sorted(arguments & _free_names(values))


def add_arguments(fleet: Fleet, arguments: Iterable[str | Param], body: Value) -> Value:
    """Return a function of arguments; without any, its body alone.

    Clan gives plain modules `self`, and `inputs` only where its `specialArgs` say so, so that they
    have the flake's inputs from `self`:
    https://git.clan.lol/clan/clan-core/src/branch/main/modules/clan/module.nix

    Args:
        fleet: The fleet.
        arguments: What it takes, in that order.
        body: What it returns.
    """
    given = list(arguments)
    if is_plain(fleet) and "inputs" in given:
        given = ["self" if each == "inputs" else each for each in given if each != "self"]
        body = Let(Inherit("inputs", source=ref("self")), body)
    return Lambda(Pattern(*given, ellipsis=True), body) if given else body


def add_free_arguments(fleet: Fleet, value: Value) -> Value:
    """Return a module of clan that takes all that it refers to, as `{ config, ... }: …`.

    One that refers to nothing needs no arguments, and deadnix refuses those that are not used.

    Args:
        fleet: The fleet.
        value: The module. One that is a function takes its own arguments, and may refer to others.
    """
    free = _free_names((value,)) - _GLOBAL
    names = sorted(name for name in free if not name.startswith("__"))
    if names and isinstance(value, Lambda):
        value = {"imports": [value]}  # a function of arguments returns options
    return add_arguments(fleet, names, value)


def _free_names(values: Iterable[object]) -> frozenset[str]:
    may_refer = [each for each in values if not isinstance(each, str | PurePath | NoneType)]
    if not may_refer:
        return frozenset()
    from nixgen import free_names  # few files need it

    return frozenset().union(*map(free_names, may_refer))
