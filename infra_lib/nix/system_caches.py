"""`modules/system/caches.nix`: machines take builds from the caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.validators import CLASSES
from infra_lib.nix import caches
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain
from nixgen.expr import Apply, Commented, Lambda, Let, Not, Value, ref

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/system/caches.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: it adds to the base modules of NixOS and darwin, or is one of its own.

    It is there without caches too, so that there is a module to import.
    """
    here, data = path_of(fleet, PATH), path_of(fleet, caches.PATH)
    bindings = _from_data(fleet, here, data) if here and data else _literal(fleet)
    if is_plain(fleet):
        base = bindings.pop("base")
        return {PATH: Let(bindings, base) if bindings else base}
    name = fleet.module_names.caches or fleet.module_names.base
    both = {(machine_class, name): ref("base") for machine_class in CLASSES}
    return {PATH: Let(bindings, {("flake", "modules"): both})}


def _from_data(fleet: Fleet, here: str, data: str) -> dict[str, Value]:
    substituters: Value = ref("caches.substituters")
    own = [cache.substituter for cache in fleet.caches if cache.everywhere and cache.nixos_own]
    if own:
        other = Not(Apply("builtins.elem", ref("url"), own))
        substituters = Commented(
            Apply("builtins.filter", Lambda("url", other), substituters),
            before="NixOS and nix-darwin append their own cache, which would be asked twice.",
        )
    return {
        "caches": Apply("import", path_from(here, data)),
        "base": _base(
            fleet, {"substituters": substituters, "trusted-public-keys": ref("caches.publicKeys")}
        ),
    }


def _literal(fleet: Fleet) -> dict[str, Value]:
    return {
        "base": _base(fleet, caches.settings(cache for cache in fleet.caches if cache.everywhere))
    }


def _base(fleet: Fleet, of_caches: dict[str, Value]) -> Value:
    logins = {} if fleet.netrc_file is None else {"netrc-file": fleet.netrc_file}
    return {("nix", "settings"): {**of_caches, **logins}}
