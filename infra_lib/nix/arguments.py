"""The arguments of a file: what its values refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.modules import without_inputs
from infra_lib.nix.style import is_plain
from nixgen.expr import Lambda, Pattern

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.expr import Value

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


def with_arguments(fleet: Fleet, value: Value) -> Value:
    """Return a module of clan that takes what it refers to, as `{ config, ... }: …`.

    One that refers to nothing needs no arguments, and deadnix refuses those that are not used.

    Args:
        fleet: The fleet. Clan gives plain modules `self`, and no `inputs`: the flake's are in it.
            See https://git.clan.lol/clan/clan-core/src/branch/main/lib/clan/default.nix
        value: The module. One that is a function already takes its own.
    """
    names = free_arguments(value)
    if not names or isinstance(value, Lambda):
        return value
    arguments = sorted(names)
    if is_plain(fleet):
        arguments, value = without_inputs(arguments, value)
    return Lambda(Pattern(*sorted(arguments), ellipsis=True), value)


def free_arguments(*values: Value) -> frozenset[str]:
    """Return what values refer to and somebody has to give them."""
    from nixgen import free_names  # few files need it

    free = frozenset().union(*map(free_names, values))
    return frozenset(name for name in free - _GLOBAL if not name.startswith("__"))
