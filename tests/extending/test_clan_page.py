"""docs/clan.md: the Nix that people have, and what the Python beside it gives, mean the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra_lib import clan_services
from nixgen.files.load import load
from nixgen.files.write import write
from tests.helpers import CHECKOUT
from tests.helpers.clan_inventory import clan_inventory
from tests.helpers.markdown import Example, examples, rows
from tests.helpers.nix import evaluate

PAGE = (CHECKOUT / "docs/clan.md").read_text()

EXAMPLES = list(examples(PAGE))

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)

# Data comes of everything: a function is called with stand-ins, a path is text. Clan gives plain
# modules no `inputs`: https://git.clan.lol/clan/clan-core/src/branch/main/lib/clan/default.nix
NIX = f"""
  let
    inherit (import {CHECKOUT}/tests/helpers/module_system.nix) flatten lib types;
    whole = modules: types.data [ ] (
      flatten arguments (map (value: {{ inherit value; file = "the page"; }}) modules)
    );
    config = whole (files ++ [ surroundings ]);
    surroundings = {{
      nixos = [ "laptop" "vault" "gate" ];
      flake.modules.nixos.base.is-base = true;
      flake.modules.darwin.base.is-base = true;
    }};
    arguments = {{
      inherit config lib;
      pkgs.htop = "htop";
      self = {{
        outPath = "the flake";
        packages.x86_64-linux.image = "the image";
        inputs.srvos.nixosModules.server.is-server = true;
        inputs.home-manager.nixosModules.home-manager.is-home = true;
      }};
    }} // (if clans then {{ }} else {{ inherit (arguments.self) inputs; }});
    plain = value:
      if builtins.isFunction value then plain (value arguments)
      else if builtins.isPath value then toString value
      else if builtins.isAttrs value then builtins.mapAttrs (_: plain) value
      else if builtins.isList value then map plain value
      else value;
    said = if clans then config else config.clan;
  in
  plain (said // {{ machines = builtins.mapAttrs (_: it: whole [ it ]) (said.machines or {{ }}); }})
"""


def clan(*files: Path) -> Any:
    """What modules of flake-parts say to clan, or one of clan's own with what it imports."""
    clans = files[0].match("modules/clan/default.nix")
    paths = " ".join(f'(/. + "{path}")' for path in files)
    return evaluate(f"let files = [ {paths} ]; clans = {str(clans).lower()}; in {NIX}")


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


def add_files(root: Path, example: Example, text: str) -> None:
    """Write the files that people's Nix refers to, and folders with something in them."""
    for block in example.theirs:
        for name in re.findall(r" \./([-\w/.]+)", block.code):
            path = root / name if "." in name else root / name / "vault/default.nix"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@each_example
def test_what_people_have_is_what_is_generated(example: Example, project: Path) -> None:
    assert example.theirs, "the Nix that people have stands before the Python"
    said = "\n".join(block.code for block in example.theirs)
    people = project / "people.nix"
    people.write_text(f"{{ config, inputs, lib, self, ... }}: {{ clan = {{ {said} }}; }}")
    add_files(project, example, "{ imported.file = true; }\n")
    write(load("main:fleet", project), project, "main:fleet")
    whole = project / "modules/clan/default.nix"
    parts = [*project.glob("modules/clan/**/*.nix"), *project.glob("modules/machines/**/*.nix")]
    generated = [whole] if whole.exists() else parts
    the_same(clan(people), clan(*generated))


OWN = '{ modules."@ore/matrix" = { }; modules.incus = { }; }'


@each_example
def test_clan_takes_what_is_generated(example: Example, project: Path) -> None:
    add_files(project, example, "{ }\n")
    write(load("main:fleet", project), project, "main:fleet")
    clans = (project / "modules/clan/default.nix").exists()
    inventory = clan_inventory(
        project,
        style='"nixos"' if clans else '"flake-parts"',
        inputs="{ srvos.nixosModules.server = { }; home-manager.nixosModules.home-manager = { }; }",
        outputs='{ packages.x86_64-linux.image.type = "derivation"; }',
        extra=OWN if clans else f"{{ clan = {OWN}; }}",
    )
    assert inventory["meta"]["domain"] == "example.org"


def test_every_function_that_describes_a_service_is_named() -> None:
    named = {name for row in rows(PAGE) for name in re.findall(r"`(\w+)`", row[-1])}
    functions = {name for name in clan_services.__all__ if name.islower()}
    assert functions
    assert functions - named == set()
