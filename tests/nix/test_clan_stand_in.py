"""The stand-in for clan-core takes and refuses what clan-core takes and refuses.

Each case was run through clan-core itself, with services that take any settings, and the result was
the same.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.clan_inventory import clan_inventory, clan_refusal

MACHINES = """{
  clan.meta.name = "test";
  clan.inventory.machines = {
    a.tags = [ "x" "nixos" ];
    b.tags = [ "x" "y" ];
    mac.machineClass = "darwin";
  };
}"""
# Of an instance called "internet", in which the role "default" is what follows.
ROLE = "clan.inventory.instances.internet.roles.default"


def flake(root: Path, *files: str) -> Path:
    """A flake with these files below `modules`."""
    (root / "modules").mkdir()
    for index, text in enumerate([MACHINES, *files]):
        (root / f"modules/{index}.nix").write_text(text)
    return root


SETTINGS = {
    "nobody": ([f"{{ {ROLE}.machines = {{ }}; }}"], {}),
    "a machine": ([f'{{ {ROLE}.machines.a.settings.host = "h"; }}'], {"a": {"host": "h"}}),
    "a machine without settings": ([f"{{ {ROLE}.machines.a = {{ }}; }}"], {"a": {}}),
    "a machine that the inventory does not have": (
        [f"{{ {ROLE}.machines.ghost = {{ }}; }}"],
        {"ghost": {}},
    ),
    "a tag": ([f"{{ {ROLE}.tags.y = {{ }}; }}"], {"b": {}}),
    "tags in a list": ([f'{{ {ROLE}.tags = [ "y" "darwin" ]; }}'], {"b": {}, "mac": {}}),
    "a tag that nobody has": ([f"{{ {ROLE}.tags.z = {{ }}; }}"], {}),
    "tags that are always there": (
        [f"{{ {ROLE}.tags = {{ nixos = {{ }}; all = {{ }}; }}; }}"],
        {"a": {}, "b": {}, "mac": {}},
    ),
    "a tag with members": (
        [f'{{ clan.inventory.tags.z = [ "mac" ]; {ROLE}.tags.z = {{ }}; }}'],
        {"mac": {}},
    ),
    "a tag with members and settings": (
        [f'{{ clan.inventory.tags.z = [ "mac" ]; {ROLE}.tags.z.settings.port = 7; }}'],
        {"mac": {"port": 7}},
    ),
    "a tag that is computed": (
        [
            "{ clan.inventory.tags = { config, lib, machines, ... }: {"
            ' both = builtins.filter (name: name != "mac") config.all;'
            ' linux = lib.attrNames (lib.filterAttrs (_: m: m.machineClass == "nixos") machines);'
            " }; }",
            f"{{ {ROLE} = {{ tags.both = {{ }}; tags.linux.settings.port = 7; }}; }}",
        ],
        {"a": {"port": 7}, "b": {"port": 7}},
    ),
    "a tag that is another one's": (
        [f'{{ clan.inventory.tags.all = [ "a" ]; {ROLE}.tags.all = {{ }}; }}'],
        {"a": {}},
    ),
    "tags of a machine in two files": (
        ['{ clan.inventory.machines.a.tags = [ "z" ]; }', f"{{ {ROLE}.tags.z = {{ }}; }}"],
        {"a": {}},
    ),
    "settings of role, tags and machine": (
        [
            f'{{ {ROLE} = {{ settings.jumphosts = [ "r" ]; settings.port = 7;'
            ' tags.x.settings.jumphosts = [ "x" ]; tags.y.settings.jumphosts = [ "y" ];'
            ' machines.b.settings.jumphosts = [ "b" ]; }; }'
        ],
        {
            "a": {"jumphosts": ["x", "r"], "port": 7},
            "b": {"jumphosts": ["y", "x", "b", "r"], "port": 7},
        },
    ),
    "a default of the role": (
        [
            f'{{ lib, ... }}: {{ {ROLE} = {{ settings.host = lib.mkDefault "h";'
            ' machines.a.settings.host = "k"; machines.b = { }; }; }'
        ],
        {"a": {"host": "k"}, "b": {"host": "h"}},
    ),
    "a machine that has its way": (
        [
            f'{{ lib, ... }}: {{ {ROLE} = {{ settings.host = "h";'
            ' machines.a.settings.host = lib.mkForce "k"; tags.y = { }; }; }'
        ],
        {"a": {"host": "k"}, "b": {"host": "h"}},
    ),
    "machines in two files": (
        [f'{{ {ROLE}.machines.a.settings.host = "h"; }}', f"{{ {ROLE}.machines.b = {{ }}; }}"],
        {"a": {"host": "h"}, "b": {}},
    ),
    "the older name of clan": (
        [f"{{ flake.{ROLE}.tags.y = {{ }}; }}"],
        {"b": {}},
    ),
    "the flake itself": (
        [f"{{ self, ... }}: {{ {ROLE}.machines.a.settings.host = self; }}"],
        {"a": {"host": "<flake>"}},
    ),
    "the same from two places": (
        [f'{{ {ROLE} = {{ settings.host = "h"; machines.a.settings.host = "h"; }}; }}'],
        {"a": {"host": "h"}},
    ),
    "a function of the files": (
        [
            "{ flake.modules.nixos.base = { }; }",
            f"{{ config, self, ... }}: {{ {ROLE} = {{ tags.y = {{ }};"
            ' extraModules = [ config.flake.modules.nixos.base "${self}/x.nix" ./0.nix ]; }; }',
        ],
        {"b": {}},
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_role_is_played_by_whom_it_is_said(tmp_path: Path, name: str) -> None:
    files, expected = SETTINGS[name]
    found = clan_inventory(flake(tmp_path, *files))
    assert found["services"] == {"internet": {"default": expected}}


REFUSED = {
    "an attribute that no machine has": (
        "{ clan.inventory.machines.a.deploy.targetPort = 22; }",
        "clan.inventory.machines.a.deploy.targetPort: is not one of",
    ),
    "a class that there is not": (
        '{ clan.inventory.machines.a.machineClass = "nixOS"; }',
        'clan.inventory.machines.a.machineClass: "nixOS" is not one of ["nixos","darwin"]',
    ),
    "a number for a string": (
        "{ clan.inventory.machines.a.deploy.targetHost = 22; }",
        "clan.inventory.machines.a.deploy.targetHost: 22 is not a string",
    ),
    "an attribute that no clan has": ("{ clan.inventroy = { }; }", "clan.inventroy: is not one of"),
    "an attribute that no flake-parts module has": ("{ clna = { }; }", "clna: is not one of"),
    "a name with a space": (
        '{ lib, ... }: { clan.meta.name = lib.mkForce "my clan"; }',
        'meta.name: "my clan" is not a match',
    ),
    "an attribute that no instance has": (
        '{ clan.inventory.instances.internet.name = "internet"; }',
        "clan.inventory.instances.internet.name: is not one of module, roles",
    ),
    "an attribute that no role has": (
        f'{{ {ROLE}.machine = "a"; }}',
        f"{ROLE}.machine: is not one of",
    ),
    "settings beside settings": (
        f'{{ {ROLE}.machines.a.host = "h"; }}',
        f"{ROLE}.machines.a.host: is not one of settings",
    ),
    "machines in a list": (f'{{ {ROLE}.machines = [ "a" ]; }}', f'{ROLE}.machines: ["a"] is not'),
    "settings in a list": (
        f"{{ {ROLE}.settings = [ ]; }}",
        f"{ROLE}.settings: settings are a set",
    ),
    "settings that are a function": (
        f'{{ {ROLE}.settings = {{ ... }}: {{ host = "h"; }}; }}',
        f"{ROLE}.settings: ",
    ),
    "settings with a function": (
        f"{{ {ROLE}.machines.a.settings.host = name: name; }}",
        f"{ROLE}.machines.a.settings: settings hold no function",
    ),
    "settings with imports": (
        f"{{ {ROLE}.machines.a.settings.imports = [ ]; }}",
        f"{ROLE}.machines.a.settings: settings import nothing",
    ),
    "role and machine that disagree": (
        f'{{ {ROLE} = {{ settings.host = "h"; machines.a.settings.host = "k"; }}; }}',
        'a.host: conflicting definitions: "k" (the machine), "h" (the role)',
    ),
    "two tags that disagree": (
        f'{{ {ROLE} = {{ tags.x.settings.host = "h"; tags.y.settings.host = "k"; }}; }}',
        'b.host: conflicting definitions: "k" (the tag y), "h" (the tag x)',
    ),
    "an input that there is not": (
        '{ clan.inventory.instances.internet.module.input = "clan"; }',
        "module.input: clan is not one of clan-core self",
    ),
    "a service that an input does not have": (
        '{ clan.inventory.instances.internet.module.input = "self"; }',
        "module.name: self has no service internet",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_clan_has_no_place_for_is_refused(tmp_path: Path, name: str) -> None:
    text, message = REFUSED[name]
    assert message in clan_refusal(flake(tmp_path, text))


def test_settings_come_from_one_file(tmp_path: Path) -> None:
    files = [f'{{ {ROLE}.settings.host = "h"; }}', f"{{ {ROLE}.settings.port = 7; }}"]
    assert f"{ROLE}.settings: is defined more than once" in clan_refusal(flake(tmp_path, *files))


def test_machines_are_those_with_a_module_or_a_folder_too(tmp_path: Path) -> None:
    root = flake(tmp_path, "{ clan.machines.c = { }; }")
    (root / "machines/d").mkdir(parents=True)
    (root / "inventory.json").write_text('{ "machines": { "a": { "installedAt": 7 }, "e": { } } }')
    found = clan_inventory(root)
    assert found["tags"] == {
        "all": ["a", "b", "c", "d", "e", "mac"],
        "darwin": ["mac"],
        "nixos": ["a", "b", "c", "d", "e"],
    }
    assert found["machines"]["a"]["installedAt"] == 7


def test_the_inventory_says_what_the_clan_is_called_too(tmp_path: Path) -> None:
    found = clan_inventory(flake(tmp_path, '{ clan.inventory.meta.description = "words"; }'))
    assert (found["meta"]["name"], found["meta"]["description"]) == ("test", "words")


def test_import_tree_passes_over_what_begins_with_an_underscore(tmp_path: Path) -> None:
    root = flake(tmp_path)
    (root / "modules/_own").mkdir()
    for path in ("modules/_a.nix", "modules/_own/b.nix"):
        (root / path).write_text("{ clan.inventory.machines.hidden = { }; }")
    (root / "modules/deeper").mkdir()
    (root / "modules/deeper/c.nix").write_text("{ clan.inventory.machines.c = { }; }")
    assert clan_inventory(root)["tags"]["all"] == ["a", "b", "c", "mac"]


def test_a_tag_that_nobody_has_is_named(tmp_path: Path) -> None:
    found = clan_inventory(flake(tmp_path, f"{{ {ROLE}.tags = {{ x = {{ }}; z = {{ }}; }}; }}"))
    assert found["idle"] == ["z"]


def test_plain_modules_have_the_options_of_clan_at_the_top(tmp_path: Path) -> None:
    clan = tmp_path / "modules/clan"
    clan.mkdir(parents=True)
    (clan / "default.nix").write_text("{ imports = [ ./machines.nix ]; }")
    (clan / "machines.nix").write_text('{ inventory.machines.a.tags = [ "x" ]; }')
    found: Any = clan_inventory(tmp_path, style='"nixos"', extra='{ meta.name = "test"; }')
    assert found["machines"]["a"]["tags"] == ["x", "all", "nixos"]
