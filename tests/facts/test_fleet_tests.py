"""The tests that guard the fleet in the user's own flake: what they take, and what they catch."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Fleet, Machine
from main import fleet as example
from tests.nix.tree import NixTree, evaluate, planted, quoted

TESTS = "tests/fleet.nix"
CHECK = "modules/checks/fleet.nix"

# What nixpkgs' lib.runTests does: the tests whose result is another than the one expected.
RUN_TESTS = """
  tests: builtins.concatMap
    (name: let inherit (tests.${name}) expr expected; in
      if builtins.substring 0 4 name == "test" && expr != expected
      then [ { inherit name expected; result = expr; } ] else [ ])
    (builtins.attrNames tests)
"""


def flake(tree: NixTree, fleet: Fleet, changes: str = "{ }") -> str:
    """A flake made of the generated files themselves, as far as they go without nixpkgs.

    Machines whose configuration people own are stood in for by a host name, and modules that take
    nixpkgs (nvidia) by what matters here.
    """
    configurations = [
        f"{machine.name}.config = generated {quoted(machine.name)};"
        if machine in fleet.gcp_machines
        else f"{machine.name}.config.networking.hostName = {quoted(machine.name)};"
        for machine in fleet.machines
        if machine.machine_class == "nixos"
    ]
    return f"""
      let
        lib = {{ mkForce = value: value; }};
        pkgs = {{ google-guest-configs = "google-guest-configs"; }};
        load = path: args:
          let file = import (/. + "{tree.root}/${{path}}");
          in if builtins.isFunction file then file args else file;
        update = a: b: a // builtins.mapAttrs
          (name: value: if builtins.isAttrs value && builtins.isAttrs (a.${{name}} or null)
            then update a.${{name}} value else value) b;
        merged = module: builtins.foldl' update module (module.imports or [ ]);
        generated = name: merged ((load "modules/machines/nixos/${{name}}/default.nix" {{
          config.flake.modules.nixos = {{
            base = {{ }};
            nvidia.services.xserver.videoDrivers = [ "nvidia" ];
          }};
        }}).flake.modules.nixos."machines/nixos/${{name}}" {{ inherit lib pkgs; config = {{ }}; }});
        self = update {{
          clan.inventory = (load "modules/clan/inventory/machines.nix" {{ }}).clan.inventory;
          nixosConfigurations = {{ {" ".join(configurations)} }};
        }} {changes};
      in
    """


def failures(tree: NixTree, fleet: Fleet, changes: str = "{ }") -> list[dict[str, Any]]:
    failed: list[dict[str, Any]] = evaluate(
        f"{flake(tree, fleet, changes)} ({RUN_TESTS}) (load {quoted(TESTS)} {{ inherit self; }})"
    )
    return failed


@pytest.fixture
def tree(tmp_path: Path) -> NixTree:
    return planted(example, tmp_path)


def test_what_we_generate_is_what_they_expect(tree: NixTree) -> None:
    assert failures(tree, example) == []


def test_every_claim_has_a_test(tree: NixTree) -> None:
    names = evaluate(
        f"builtins.attrNames (({flake(tree, example)} load {quoted(TESTS)} {{ inherit self; }}))"
    )
    claims = {
        machine.name: {
            name.removeprefix(f"test {machine.name} ")
            for name in names
            if name.startswith(f"test {machine.name} ")
        }
        for machine in example.machines
    }
    all_have = {"has its tags", "has its class", "has its target host", "has its description"}
    nixos = all_have | {"has its host name", "has no global cudaSupport"}
    assert claims == {
        "cinnabar": nixos,
        "electrum": nixos,
        "galena": nixos,
        "scheelite": nixos | {"imports nvidia", "leaves datacenter.enable alone"},
        "stibnite": all_have,
        "blackphos": all_have,
    }


@pytest.mark.parametrize(
    ("changes", "failed", "result"),
    [
        (
            '{ nixosConfigurations.galena.config.networking.hostName = "nixos"; }',
            "test galena has its host name",
            "nixos",
        ),
        (
            '{ clan.inventory.machines.scheelite.tags = [ "nixos" "cloud" "gcp" "peer" ]; }',
            "test scheelite has its tags",
            ["gpu"],
        ),
        (
            '{ clan.inventory.machines.stibnite.machineClass = "nixos"; }',
            "test stibnite has its class",
            "nixos",
        ),
        (
            '{ clan.inventory.machines.galena.deploy.targetHost = "root@elsewhere"; }',
            "test galena has its target host",
            "root@elsewhere",
        ),
        (
            '{ clan.inventory.machines.galena.description = "L4"; }',
            "test galena has its description",
            "L4",
        ),
        (
            "{ nixosConfigurations.scheelite.config.services.xserver.videoDrivers = [ ]; }",
            "test scheelite imports nvidia",
            False,
        ),
        (
            "{ nixosConfigurations.scheelite.config.nixpkgs.config.cudaSupport = true; }",
            "test scheelite has no global cudaSupport",
            True,
        ),
        (
            "{ nixosConfigurations.scheelite.config.hardware.nvidia.datacenter.enable = true; }",
            "test scheelite leaves datacenter.enable alone",
            True,
        ),
    ],
)
def test_each_catches_what_it_is_for(
    tree: NixTree, changes: str, failed: str, result: object
) -> None:
    found = failures(tree, example, changes)
    assert [(failure["name"], failure["result"]) for failure in found] == [(failed, result)]


def test_more_tags_are_nobodys_fault(tree: NixTree) -> None:
    tags = '[ "mine" "nixos" "cloud" "hetzner" "controller" ]'
    more = f"{{ clan.inventory.machines.cinnabar.tags = {tags}; }}"
    assert failures(tree, example, more) == []


def checked(tree: NixTree, fleet: Fleet, changes: str = "{ }") -> Any:
    """What `nix flake check` would build, or the message it would stop with."""
    return evaluate(f"""
      {flake(tree, fleet, changes)}
      let
        module = load {quoted(CHECK)} {{
          inherit self;
          lib = {{ runTests = {RUN_TESTS}; generators.toPretty = _: builtins.toJSON; }};
        }};
        runCommand = name: _: script: "${{name}}: ${{script}}";
        checks = (module.perSystem {{ pkgs = {{ inherit runCommand; }}; }}).checks;
        tried = builtins.tryEval checks.fleet;
      in
      if tried.success then tried.value else false
    """)


def test_nix_flake_check_runs_them(tree: NixTree) -> None:
    assert checked(tree, example) == "fleet: touch $out"
    assert checked(tree, example, "{ clan.inventory.machines.galena.tags = [ ]; }") is False


def test_the_check_follows_the_tests_when_they_move(tmp_path: Path) -> None:
    moved = evolve(example, files={TESTS: "checks/mine.nix", CHECK: "modules/deep/er/check.nix"})
    tree = planted(moved, tmp_path)
    text = (tree.root / "modules/deep/er/check.nix").read_text()
    assert "import ../../../checks/mine.nix" in text
    assert (tree.root / "checks/mine.nix").is_file()


@pytest.mark.parametrize("left_out", [TESTS, CHECK])
def test_without_tests_there_is_no_check(left_out: str) -> None:
    files = evolve(example, files={left_out: None}).nix_files()
    assert CHECK not in files
    assert (TESTS in files) == (left_out != TESTS)


def test_words_with_nix_in_them_are_words(tmp_path: Path) -> None:
    said = 'a "b" ${builtins.abort "x"} \'\' \\'
    fleet = evolve(
        example,
        machines=(Machine("stibnite", machine_class="darwin", description=said),),
        users=(),
        gcp=None,
        devices=(),
    )
    tree = planted(fleet, tmp_path)
    found = failures(tree, fleet, "{ clan.inventory.machines.stibnite.description = null; }")
    assert json.dumps([failure["expected"] for failure in found]) == json.dumps([said])
