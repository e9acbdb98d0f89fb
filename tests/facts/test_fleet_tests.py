"""The tests that guard the fleet in the user's own flake: what they take, and what they catch."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, Machine, MachineFacts, Nvidia
from main import fleet as example
from tests.helpers.nix import NixTree, evaluate, planted, quoted
from tests.helpers.nix_fleets import (
    CPU,
    H100,
    L4,
    ONE_H100,
    P100,
    PART,
    T4,
    V100,
    VGPU_DRIVER,
    fleet_of,
)

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

    Machines whose configuration people own are stood in for by a host name. nixpkgs has drivers
    that are no more than their versions, and packages that are made of the overlays.
    """
    configurations = [
        f"{machine.name} = generated {quoted(machine.name)};"
        if machine in fleet.gcp_machines
        else f"{machine.name}.config.networking.hostName = {quoted(machine.name)};"
        for machine in fleet.machines
        if machine.machine_class == "nixos"
    ]
    inventory = [quoted(path) for path in fleet.nix_files() if "/inventory/" in path]
    return f"""
      let
        lib = {{ mkForce = value: value; mkDefault = value: value; }};
        pkgs = {{
          google-guest-configs = "google-guest-configs";
          nvtopPackages.nvidia = "nvtop";
          pciutils = "pciutils";
          writeShellScriptBin = name: _: {{ inherit name; outPath = name; }};
          cudaPackages.cudatoolkit = "cudatoolkit";
        }};
        load = path: args:
          let file = import (/. + "{tree.root}/${{path}}");
          in if builtins.isFunction file then file args else file;
        update = a: b: a // builtins.mapAttrs
          (name: value: if builtins.isAttrs value && builtins.isAttrs (a.${{name}} or null)
            then update a.${{name}} value else value) b;
        arguments = {{ inherit lib pkgs; config = {{ inherit boot; }}; }};
        called = module: if builtins.isFunction module then module arguments else module;
        # What a machine says itself wins here over what it imports.
        merged = module: update
          (builtins.foldl' (all: each: update all (merged (called each))) {{ }}
            (module.imports or [ ]))
          (builtins.removeAttrs module [ "imports" ]);
        boot.kernelPackages.nvidiaPackages = {{
          production.version = "595.84";
          stable.version = "595.84";
          dc.version = "580.159.04";
          dc.fabricmanager.version = "580.159.04";
          dc_590.version = "590.48.01";
          dc_590.fabricmanager.version = "590.48.01";
          mkDriver = driver: driver;
          legacy_580.version = "580.173.02";
          legacy_535.version = "535.288.01";
        }};
        # As nixpkgs and NixOS have it: overlays make the packages, and config is the packages' too.
        generated = name:
          let
            modules = {{
              base = {{ }};
              nvidia = (load "modules/nixos/nvidia.nix" {{ }}).flake.modules.nixos.nvidia;
              idle-stop = (load "modules/nixos/idle-stop.nix" {{ }}).flake.modules.nixos.idle-stop;
            }};
            own = (load "modules/machines/nixos/${{name}}/default.nix" {{
              config.flake.modules.nixos = modules;
            }}).flake.modules.nixos."machines/nixos/${{name}}";
            config = update {{ inherit boot; }} (merged (own arguments));
          in
          {{
            inherit config;
            pkgs = builtins.foldl' (prev: overlay: prev // overlay prev prev)
              {{ config = {{ }}; pythonPackagesExtensions = [ (final: prev: {{ }}) ]; }}
              (config.nixpkgs.overlays or [ ]);
          }};
        self = update {{
          clan.inventory = builtins.foldl' update
            {{ inherit ((load "modules/clan/meta.nix" {{ }}).clan) meta; }}
            (map (path: (load path {{ }}).clan.inventory) [ {" ".join(inventory)} ]);
          nixosConfigurations = {{ {" ".join(configurations)} }};
        }} {changes};
      in
    """


def failures(tree: NixTree, fleet: Fleet, changes: str = "{ }") -> list[dict[str, Any]]:
    failed: list[dict[str, Any]] = evaluate(
        f"{flake(tree, fleet, changes)} ({RUN_TESTS}) (load {quoted(TESTS)} {{ inherit self; }})"
    )
    return failed


def expected(tree: NixTree) -> dict[str, Any]:
    """What each test expects, but for those whose expectation is the flake's: of drivers."""
    found: dict[str, Any] = tree.evaluate(f"""
      builtins.mapAttrs
        (name: test: if builtins.match ".* has its driver" name == null then test.expected else 0)
        (load {quoted(TESTS)} {{ self = {{ }}; }})
    """)
    return found


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
        "scheelite": nixos
        | {
            "imports nvidia",
            "leaves datacenter.enable alone",
            "has its kernel module",
            "has its driver",
            "has its CUDA packages",
            "looks whether it is used",
            "turns itself off",
        },
        "stibnite": all_have,
        "blackphos": all_have,
    }


def test_what_is_expected_of_each_machine_is_what_the_fleet_says(tmp_path: Path) -> None:
    """Also where the table says nothing, since most machines have it so."""
    fleet = fleet_of(
        P100,
        T4,
        Machine("sun", tags=("own",), description="${x}", target_host="admin@sun.example"),
        Machine("gate"),
        Machine("mac", machine_class="darwin"),
        facts=Facts(machines=(MachineFacts("gate", external_ip="203.0.113.7"),)),
    )
    plain: dict[str, Any] = {
        "has its tags": [],
        "has its class": "nixos",
        "has no global cudaSupport": False,
    }
    gpu = plain | {
        "imports nvidia": True,
        "leaves datacenter.enable alone": False,
        "has its driver": 0,
        "has its CUDA packages": [],
    }
    tests = {
        "pitchblende": gpu
        | {
            "has its target host": "root@pitchblende.example.org",
            "has its description": "GCP GPU node (n1-standard-8, 1x P100)",
            "has its host name": "pitchblende",
            "has its kernel module": False,
            "has a driver from before 590": -1,
            "has its CUDA capabilities": {"lacking": [], "unasked": []},
        },
        "scheelite": gpu
        | {
            "has its target host": "root@scheelite.example.org",
            "has its description": "GCP GPU node (n1-standard-8, 1x T4)",
            "has its host name": "scheelite",
            "has its kernel module": True,
        },
        "sun": plain
        | {
            "has its target host": "admin@sun.example",
            "has its description": "${x}",
            "has its host name": "sun",
        },
        # Clan's internet service knows where it is.
        "gate": plain | {"has its target host": None, "has its host name": "gate"},
        "mac": {
            "has its tags": [],
            "has its class": "darwin",
            "has its target host": "root@mac.example.org",
        },
    }
    shared = {
        "test clan has its name": "test",
        "test clan has its services": {"internet": "internet"},
    }
    tree = planted(fleet, tmp_path)
    assert expected(tree) == shared | {
        f"test {machine} {claim}": value
        for machine, claims in tests.items()
        for claim, value in claims.items()
    }
    assert failures(tree, fleet) == []


@pytest.mark.parametrize(
    ("said", "nixos", "mac"),
    [
        (None, None, None),
        ("{name}.{name}.{domain}", "Sun_1.Sun_1.example.org", "mac.mac.example.org"),
        ({"nixos": "{name}", "darwin": None}, "Sun_1", None),
        ({"darwin": "me@{name}.lan"}, "root@Sun_1.example.org", "me@mac.lan"),
    ],
)
def test_targets_are_those_that_the_fleet_says(
    tmp_path: Path, said: Any, nixos: str | None, mac: str | None
) -> None:
    fleet = fleet_of(
        Machine("Sun_1"),
        Machine("mac", machine_class="darwin"),
        Machine("own", target_host="admin@own"),
        Machine("nowhere", target_host=None),
        target_host=said,
    )
    tree = planted(fleet, tmp_path)
    targets = {
        name.split()[1]: value
        for name, value in expected(tree).items()
        if name.endswith("target host")
    }
    assert targets == {"Sun_1": nixos, "mac": mac, "own": "admin@own", "nowhere": None}
    assert failures(tree, fleet) == []


def test_what_is_left_out_of_the_clan_is_somebody_elses_to_say(tmp_path: Path) -> None:
    left = {
        "modules/clan/meta.nix": None,
        "modules/clan/inventory/services/user-cameron.nix": None,
    }
    tree = planted(evolve(example, files=left), tmp_path)
    wanted = expected(tree)
    assert "test clan has its name" not in wanted
    assert "user-cameron" not in wanted["test clan has its services"]
    assert "zerotier" in wanted["test clan has its services"]


def test_the_tests_of_one_more_machine_are_a_few_lines(tmp_path: Path) -> None:
    """A fleet is read in review, and laid out at each commit."""
    lines = []
    for number in (10, 11):
        root = tmp_path / str(number)
        root.mkdir()
        machines = [evolve(CPU, name=f"galena-{index}") for index in range(number)]
        lines.append(
            len((planted(fleet_of(*machines), root).root / TESTS).read_text().splitlines())
        )
    assert lines[1] - lines[0] < 12


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
        (
            "{ nixosConfigurations.scheelite.pkgs.config.cudaSupport = true; }",
            "test scheelite has no global cudaSupport",
            True,
        ),
        (
            "{ nixosConfigurations.scheelite.config.hardware.nvidia.open = false; }",
            "test scheelite has its kernel module",
            False,
        ),
        (
            "{ nixosConfigurations.scheelite.config.hardware.nvidia.package = "
            "boot.kernelPackages.nvidiaPackages.legacy_535; }",
            "test scheelite has its driver",
            "535.288.01",
        ),
        (
            "{ nixosConfigurations.scheelite.pkgs.pythonPackagesExtensions = [ (_: _: { }) ]; }",
            "test scheelite has its CUDA packages",
            ["torch", "jax", "jaxlib"],
        ),
    ],
)
def test_each_catches_what_it_is_for(
    tree: NixTree, changes: str, failed: str, result: object
) -> None:
    found = failures(tree, example, changes)
    assert [(failure["name"], failure["result"]) for failure in found] == [(failed, result)]


MIXED = fleet_of(P100, T4)
OLD = "nixosConfigurations.pitchblende"


def test_what_we_generate_for_gpus_of_every_age_is_what_they_expect(tmp_path: Path) -> None:
    for fleet in (
        MIXED,
        fleet_of(P100, V100, CPU),
        fleet_of(T4, nvidia=Nvidia(cuda_packages=(), cuda_capabilities=("7.5",))),
        fleet_of(P100, L4, nvidia=Nvidia(driver="legacy_535", cuda_packages=("torch",))),
    ):
        root = tmp_path / "+".join(machine.name for machine in fleet.machines)
        root.mkdir(exist_ok=True)
        assert failures(planted(fleet, root), fleet) == []


BOARDS = fleet_of(H100, ONE_H100, PART, T4, nvidia=Nvidia(vgpu_driver=VGPU_DRIVER))


def test_what_we_generate_for_boards_and_parts_of_gpus_is_what_they_expect(tmp_path: Path) -> None:
    tree = planted(BOARDS, tmp_path)
    assert failures(tree, BOARDS) == []
    names = set(expected(tree))
    assert {name for name in names if "fabric manager" in name} == {
        "test malachite has a fabric manager",
        "test malachite has a fabric manager of its driver's version",
    }
    assert {name for name in names if "has its driver" in name} == {
        f"test {name} has its driver" for name in ("malachite", "azurite", "scheelite")
    }


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        (
            "hardware.nvidia.package = boot.kernelPackages.nvidiaPackages.production;",
            {"has its driver", "has a fabric manager of its driver's version"},
        ),
        (
            'hardware.nvidia.package.fabricmanager.version = "580.1";',
            {"has a fabric manager of its driver's version"},
        ),
    ],
)
def test_each_catches_a_board_without_the_fabric_manager_of_its_driver(
    tmp_path: Path, changes: str, failed: set[str]
) -> None:
    tree = planted(BOARDS, tmp_path)
    found = failures(tree, BOARDS, f"{{ nixosConfigurations.malachite.config.{changes} }}")
    assert {each["name"].removeprefix("test malachite ") for each in found} == failed


def test_a_data_center_driver_that_is_named_is_expected_of_a_board(tmp_path: Path) -> None:
    fleet = fleet_of(H100, nvidia=Nvidia(driver="dc_590"))
    assert failures(planted(fleet, tmp_path), fleet) == []


def test_an_nvidia_module_of_ones_own_is_trusted_with_boards_and_parts_too(tmp_path: Path) -> None:
    tree = planted(evolve(BOARDS, files={"modules/nixos/nvidia.nix": None}), tmp_path)
    text = (tree.root / TESTS).read_text()
    assert "imports nvidia" in text
    assert "has its driver" not in text
    assert "fabric manager" not in text


def test_only_what_the_fleet_says_of_cuda_is_claimed(tmp_path: Path) -> None:
    chosen = Nvidia(cuda_packages=(), cuda_capabilities=("7.5",))
    tree = planted(fleet_of(T4, nvidia=chosen), tmp_path)
    names = expected(tree).keys()
    assert "test scheelite has its CUDA capabilities" in names
    assert not any("CUDA packages" in name or "before 590" in name for name in names)
    text = (tree.root / TESTS).read_text()
    assert "CUDA packages" not in text
    assert "before 590" not in text


OWN_MODULE = """{ flake.modules.nixos.nvidia = {
  services.xserver.videoDrivers = [ "nvidia" ];
  hardware.nvidia = { open = true; package = { version = "610.1"; }; };
}; }"""


@pytest.mark.parametrize(
    ("fleet", "capabilities"),
    [
        (fleet_of(T4), False),
        (fleet_of(T4, nvidia=Nvidia(cuda_capabilities=("7.5",))), False),
        (MIXED, True),  # they are in the machine's own file
    ],
    ids=["newer", "chosen", "mixed"],
)
def test_an_nvidia_module_of_ones_own_chooses_driver_and_packages(
    tmp_path: Path, fleet: Fleet, capabilities: bool
) -> None:
    """What holds for every driver is claimed all the same."""
    fleet = evolve(fleet, files={"modules/nixos/nvidia.nix": None})
    tree = planted(fleet, tmp_path)
    own = tree.root / "modules/nixos/nvidia.nix"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(OWN_MODULE)
    # Of two machines, one is too old for that driver.
    failed = ["test pitchblende has a driver from before 590"] if fleet.machines[1:] else []
    assert [failure["name"] for failure in failures(tree, fleet)] == failed
    names = expected(tree).keys()
    assert any("has its CUDA capabilities" in name for name in names) is capabilities
    assert not any("has its driver" in name or "CUDA packages" in name for name in names)
    assert "test scheelite imports nvidia" in names
    closed = "{ nixosConfigurations.scheelite.config.hardware.nvidia.open = false; }"
    assert "test scheelite has its kernel module" in [
        failure["name"] for failure in failures(tree, fleet, closed)
    ]


def test_a_module_of_ones_own_for_old_gpus_alone_chooses_capabilities_too(tmp_path: Path) -> None:
    tree = planted(fleet_of(P100, files={"modules/nixos/nvidia.nix": None}), tmp_path)
    names = expected(tree).keys()
    assert "test pitchblende has a driver from before 590" in names
    assert "test pitchblende has its CUDA capabilities" not in names


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        (f"{OLD}.config.hardware.nvidia.open = true;", ["has its kernel module"]),
        (
            f'{OLD}.config.hardware.nvidia.package.version = "595.84";',
            ["has a driver from before 590", "has its driver"],
        ),
        (
            f'{OLD}.config.boot.kernelPackages.nvidiaPackages.legacy_580.version = "590.48";'
            f'{OLD}.config.hardware.nvidia.package.version = "590.48";',
            ["has a driver from before 590"],
        ),
        (
            f'{OLD}.config.nixpkgs.config.cudaCapabilities = [ "7.5" ];',
            ["has its CUDA capabilities"],
        ),
        (
            f'{OLD}.config.nixpkgs.config.cudaCapabilities = [ "6.0" "7.5" "9.0" ];',
            ["has its CUDA capabilities"],
        ),
        # As nixpkgs has them where somebody says again what we say.
        (f'{OLD}.config.nixpkgs.config.cudaCapabilities = [ "7.5" "6.0" "7.5" ];', []),
        (
            f"{OLD}.pkgs.pythonPackagesExtensions = [ ];",
            ["has its CUDA packages"],
        ),
    ],
)
def test_each_catches_what_an_old_gpu_needs(
    tmp_path: Path, changes: str, failed: list[str]
) -> None:
    found = failures(planted(MIXED, tmp_path), MIXED, f"{{ {changes} }}")
    assert [failure["name"] for failure in found] == [f"test pitchblende {each}" for each in failed]


def test_packages_that_were_made_elsewhere_are_looked_at(tmp_path: Path) -> None:
    """Where a flake sets `nixpkgs.pkgs`, the configuration of nixpkgs is theirs."""
    tree = planted(MIXED, tmp_path)
    made = '(pkgs: pkgs // { config.cudaCapabilities = [ "6.0" "7.5" ]; })'
    elsewhere = f"""
      {flake(tree, MIXED)}
      let
        old = self.nixosConfigurations.pitchblende;
        moved = self // {{
          nixosConfigurations = self.nixosConfigurations // {{
            pitchblende = {{
              pkgs = {made} old.pkgs;
              config = builtins.removeAttrs old.config [ "nixpkgs" ];
            }};
          }};
        }};
      in
      ({RUN_TESTS}) (load {quoted(TESTS)} {{ self = moved; }})
    """
    assert evaluate(elsewhere) == []


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
