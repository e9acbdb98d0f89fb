"""docs/clan.md: the Nix that people have, and what the Python beside it gives, mean the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra_lib import clan_services
from nixgen.files.load import load
from nixgen.files.write import write
from tests.helpers import CHECKOUT
from tests.helpers.markdown import Example, examples, rows
from tests.helpers.nix import evaluate

PAGE = (CHECKOUT / "docs/clan.md").read_text()

EXAMPLES = list(examples(PAGE))

# The module system in small, and flake-parts' `config`, in which files see each other's values.
# Data comes of everything: a function is called with stand-ins, a path is text. Clan gives plain
# modules no `inputs`: https://git.clan.lol/clan/clan-core/src/branch/main/lib/clan/default.nix
NIX = """
  let
    merge = a: b:
      if builtins.isAttrs a && builtins.isAttrs b then
        a // builtins.mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b
      else if builtins.isList a && builtins.isList b then a ++ b
      else b;
    called = value:
      let file = if builtins.isPath value then import value else value; in
      if builtins.isFunction file then file arguments else file;
    flat = module:
      if builtins.isPath module || builtins.isString module then { imported = [ module ]; }
      else
        let value = called module; in
        builtins.foldl' merge (builtins.removeAttrs value [ "imports" ])
          (map flat (value.imports or [ ]));
    plain = value:
      if builtins.isFunction value then plain (called value)
      else if builtins.isPath value then toString value
      else if builtins.isAttrs value then builtins.mapAttrs (_: plain) value
      else if builtins.isList value then map plain value
      else value;
    config = builtins.foldl' merge {
      all = [ "laptop" "vault" "gate" "mac" ];
      nixos = [ "laptop" "vault" "gate" ];
      clan.inventory.instances = { };
      flake.modules = rec {
        nixos = { base = { is = "base"; }; server = { is = "server"; }; };
        darwin = nixos;
      };
    } (map called files);
    arguments = {
      inherit config;
      lib = {
        mkDefault = value: value;
        mkForce = value: { force = value; };
        filter = builtins.filter;
      };
      pkgs = { htop = "htop"; zsh = "zsh"; };
      self = {
        outPath = "the flake";
        packages.x86_64-linux.image = "the image";
        inputs = {
          srvos.nixosModules.server = "srvos's server";
          home-manager.nixosModules.home-manager = "home-manager";
        };
      };
    } // (if clans then { } else { inherit (arguments.self) inputs; });
    said = clan: plain (clan // {
      machines = builtins.mapAttrs (_: flat) (clan.machines or { });
    });
  in
"""


def clan(files: list[Path]) -> Any:
    """What files of flake-parts modules say to clan together, or what clan's own modules do."""
    plain = any(path.match("modules/clan/default.nix") for path in files)
    modules = [path for path in files if not plain or path.name != "default.nix"]
    paths = " ".join(f'(/. + "{path}")' for path in modules)
    given = f"files = [ {paths} ]; clans = {str(plain).lower()};"
    return evaluate(f"let {given} in {NIX} said (if clans then config else config.clan)")


def role(given: Any) -> Any:
    """A role as clan sees it: tags may be a list, and what nobody says is empty.

    See https://git.clan.lol/clan/clan-core/src/branch/main/modules/inventoryClass/role.nix
    """
    return {
        "machines": settings_of(given.get("machines", {})),
        "tags": settings_of(given.get("tags", {})),
        "settings": given.get("settings", {}),
        "extraModules": given.get("extraModules", []),
    }


def settings_of(members: Any) -> Any:
    """The settings of each machine or tag; a list of names has none."""
    if isinstance(members, list):
        return {name: {} for name in members}
    return {name: given.get("settings", {}) for name, given in members.items()}


def instance(name: str, given: Any) -> Any:
    """An instance as clan sees it: by default its service has its name and is clan's own."""
    module = given.get("module", {})
    origin = module.get("input")
    return {
        "module": (module.get("name", name), None if origin == "clan-core" else origin),
        "roles": {name: role(it) for name, it in given.get("roles", {}).items()},
    }


def machine(given: Any) -> Any:
    """A machine as clan sees it: it is one of NixOS, and clan adds tags of its own."""
    machine_class = given.get("machineClass", "nixos")
    computed = {"all", machine_class}
    return {
        **given,
        "machineClass": machine_class,
        "tags": [tag for tag in given.get("tags", []) if tag not in computed],
    }


def is_part(part: Any, whole: Any) -> bool:
    """Whether all that one value says is in the other."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_part(it, whole[name]) for name, it in part.items())
    return bool(part == whole)


def the_same(theirs: Any, ours: Any) -> None:
    """Check that what people say to clan is what the fleet says of the same things."""
    inventory, generated = theirs.pop("inventory", {}), ours["inventory"]
    for name, given in inventory.pop("instances", {}).items():
        assert instance(name, given) == instance(name, generated["instances"][name])
    for name, given in inventory.pop("machines", {}).items():
        assert machine(given) == machine(generated["machines"][name])
    assert is_part(inventory, generated), generated
    assert is_part(theirs, ours), ours


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_what_people_have_is_what_is_generated(example: Example, project: Path) -> None:
    assert example.theirs, "the Nix that people have stands before the Python"
    write(load("main:fleet", project), project, "main:fleet")
    said = "\n".join(block.code for block in example.theirs)
    people = project / "people.nix"
    people.write_text(f"{{ config, inputs, lib, self, ... }}: {{ clan = {{ {said} }}; }}")
    modules = [*project.glob("modules/clan/**/*.nix"), *project.glob("modules/machines/**/*.nix")]
    the_same(clan([people]), clan(modules))


def test_every_function_that_describes_a_service_is_named() -> None:
    named = {name for row in rows(PAGE) for name in re.findall(r"`(\w+)`", row[-1])}
    functions = {name for name in clan_services.__all__ if name.islower()}
    assert functions
    assert functions - named == set()
