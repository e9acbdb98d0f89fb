"""module_style="nixos": files that NixOS, home-manager and clan take without flake-parts."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, FleetError, GcpMachine, GcpProject, Machine, Ssh
from main import fleet as example
from nixgen import Lambda, Pattern, ref
from tests.helpers.nix import NixTree, planted, run

PLAIN = evolve(
    example,
    module_style="nixos",
    modules=("modules/base.nix",),
    config=Lambda(Pattern("pkgs", ellipsis=True), {("environment", "gcc"): ref("pkgs.gcc")}),
)

# The module system in small: modules import each other, and sets merge.
MERGED = """
  let
    merge = a: b:
      if builtins.isAttrs a && builtins.isAttrs b then
        a // builtins.mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b
      else if builtins.isList a && builtins.isList b then a ++ b
      else if a == b then a
      else throw "two values";
    collect = arguments: module:
      let
        file = if builtins.isPath module then import module else module;
        value = if builtins.isFunction file then file arguments else file;
      in
      builtins.foldl' (all: each: merge all (collect arguments each))
        (builtins.removeAttrs value [ "imports" ]) (value.imports or [ ]);
  in
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> NixTree:
    """The files of the example, as plain modules, and one of people's own."""
    planted_tree = planted(PLAIN, tmp_path_factory.mktemp("plain"))
    (planted_tree.root / "modules/base.nix").write_text("{ base.is = true; }\n")
    return planted_tree


def merged(tree: NixTree, path: str) -> Any:
    arguments = """{
      inherit lib pkgs;
      config = {
        boot.kernelPackages.nvidiaPackages.production = "driver";
        hardware.nvidia.package.bin = "/bin";
      };
    }"""
    lib = "lib // { mkDefault = value: { default = value; }; }"
    return tree.evaluate(
        f"{MERGED} let found = collect ({arguments} // {{ lib = {lib}; }}) "
        f'(/. + "{tree.root}/{path}"); in found // (if found ? nixpkgs then {{ nixpkgs = '
        'builtins.removeAttrs found.nixpkgs [ "overlays" ]; } else { })'
    )


def test_no_file_knows_flake_parts(tree: NixTree) -> None:
    for path in tree.nix_files():
        assert "flake.modules" not in path.read_text()
        assert "flakeModules" not in path.read_text()


def test_every_file_is_parsed_formatted_and_has_nothing_unused(tree: NixTree) -> None:
    files = [str(path) for path in tree.nix_files()]
    for command in (["nix-instantiate", "--parse"], ["nixfmt", "--check"], ["deadnix", "--fail"]):
        done = run(*command, *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_machine_imports_all_that_it_is_made_of(tree: NixTree) -> None:
    found = merged(tree, "modules/machines/nixos/scheelite/default.nix")
    assert found["networking"]["hostName"] == "scheelite"
    assert found["base"] == {"is": True}
    assert found["environment"]["gcc"] == "/gcc"
    assert found["hardware"]["nvidia"]["package"] == "driver"
    assert found["disko"]["devices"]["disk"]["primary"]["device"] == "/dev/sda"
    assert found["nix"]["settings"]["substituters"] == ["https://cache.nixos-cuda.org?priority=5"]
    assert found["programs"]["ssh"]["knownHosts"]
    galena = merged(tree, "modules/machines/nixos/galena/default.nix")
    assert "hardware" not in galena


def test_clan_is_told_the_same_as_by_flake_parts(tree: NixTree, tmp_path: Path) -> None:
    told = merged(tree, "modules/clan/default.nix")
    parts = planted(example, tmp_path)
    expected: dict[str, Any] = {}
    for path in sorted((tmp_path / "modules/clan/inventory").rglob("*.nix")):
        clan = parts.value(str(path.relative_to(tmp_path)))["clan"]["inventory"]
        for name, value in clan.items():
            expected[name] = expected.get(name, {}) | value
    assert told["inventory"] == expected
    assert told["meta"] == {"name": "metals", "domain": "zt"}
    assert set(told) == {"inventory", "machines", "meta"}


def test_clan_is_told_of_machines_that_have_a_generated_module(tree: NixTree) -> None:
    machines = tree.evaluate(
        "(builtins.mapAttrs (_: machine: map toString machine.imports)"
        f' (import (/. + "{tree.root}/modules/clan/machines.nix")).machines)'
    )
    assert machines == {
        machine.name: [str(tree.root / f"modules/machines/nixos/{machine.name}/default.nix")]
        for machine in example.provisioned
    }


def test_people_and_macs_take_their_modules_as_they_are(tree: NixTree) -> None:
    home = merged(tree, "modules/home/core/ssh-hosts.nix")
    assert home["programs"]["ssh"]["settings"]
    for path in ("modules/system/caches.nix", "modules/system/ssh-known-hosts.nix"):
        assert set(merged(tree, path)) in ({"nix"}, {"programs"})


@pytest.mark.parametrize(
    ("failures", "expected"), [("[ ]", "fleet"), ('[ { name = "x"; } ]', None)]
)
def test_the_tests_of_the_fleet_are_a_check(
    tree: NixTree, failures: str, expected: str | None
) -> None:
    check = f"""
      import (/. + "{tree.root}/modules/checks/fleet.nix") {{
        self = {{ }};
        pkgs.lib.runTests = _: {failures};
        pkgs.lib.generators.toPretty = _: _: "they";
        pkgs.runCommand = name: _: _: name;
      }}"""
    if expected is None:
        done = run("nix-instantiate", "--eval", "--strict", "--expr", check)
        assert "not as the fleet says: they" in done.stderr
    else:
        assert tree.evaluate(check) == expected


def test_files_that_were_moved_are_found(tmp_path: Path) -> None:
    moved = planted(
        evolve(
            PLAIN,
            modules=(),
            files={
                "lib/caches.nix": "nix/caches.nix",
                "modules/nixos/nvidia.nix": "gpu.nix",
                "modules/machines/nixos/scheelite/default.nix": "hosts/scheelite.nix",
                "modules/machines/nixos/scheelite/disko.nix": "hosts/scheelite-disk.nix",
                "modules/system/ssh-known-hosts.nix": None,
                "modules/clan/inventory/machines.nix": "clan/machines.nix",
                "modules/clan/default.nix": "clan.nix",
            },
        ),
        tmp_path,
    )
    found = merged(moved, "hosts/scheelite.nix")
    assert found["hardware"]["nvidia"]["package"] == "driver"
    assert found["disko"]["devices"]["zpool"]
    assert "programs" not in found or "ssh" not in found["programs"]
    assert set(merged(moved, "clan.nix")["inventory"]["machines"]) == {
        machine.name for machine in example.machines
    }


def test_a_machine_whose_files_are_left_out_is_not_imported() -> None:
    left_out = {f"modules/machines/nixos/galena/{name}.nix": None for name in ("default", "disko")}
    described = Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(GcpMachine("galena", machine_type="e2-small", zone="us-central1-b"),),
        module_style="nixos",
        files=left_out,
    )
    assert "modules/clan/machines.nix" not in described.nix_files()


def test_a_fleet_without_machines_has_little_to_say() -> None:
    empty = Fleet(name="metals", domain="zt", machines=(), module_style="nixos")
    assert set(empty.nix_files()) == {"lib/caches.nix", "modules/system/caches.nix"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"module_style": "flakes"}, 'module_style=\'flakes\': "flake-parts" or "nixos"'),
        ({"modules": ("../base.nix",)}, "fleet 'metals': modules='../base.nix'"),
        ({"modules": ("/etc/base.nix",)}, "it is absolute"),
        ({"ssh": Ssh(known_hosts="vars")}, "ssh: known_hosts='vars'"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    given = {"module_style": "nixos", "machines": (Machine("cinnabar"),), **fields}
    with pytest.raises(FleetError) as refusal:
        Fleet(name="metals", domain="zt", facts=Facts(), **given)
    assert message in str(refusal.value)
