"""Machines that others provision, as far as the fleet says how they are configured.

`options` is NixOS's own module system in small: it merges what several modules say, and refuses two
values of one priority (https://nixos.org/manual/nixos/stable/#sec-option-definitions-setting-priorities).
"""

from collections.abc import Callable
from pathlib import PurePath, PurePosixPath
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, Machine, MachineFacts, ModuleNames, zfs_layout
from nixgen import Apply, Lambda, Pattern, Raw, ref
from tests.helpers import nix_fleets
from tests.helpers.nix import NixTree, run
from tests.helpers.nix_fleets import KEY, T4

Plant = Callable[[Fleet], NixTree]

OPTIONS = """
  let
    weakly = value: { _priority = 1000; inherit value; };
    lib = { mkDefault = weakly; mkForce = value: { _priority = 50; inherit value; }; };
    isSet = value: builtins.isAttrs value && !(value ? _priority);
    priority = value: value._priority or 100;
    # Two definitions of one option.
    merge = path: a: b:
      if isSet a && isSet b then
        a // builtins.mapAttrs
          (name: value: if a ? ${name} then merge "${path}.${name}" a.${name} value else value) b
      else if builtins.isList a && builtins.isList b then a ++ b
      else if priority a < priority b then a
      else if priority b < priority a then b
      else if a == b then a
      else throw "conflicting definitions of${path}";
    strip = value:
      if isSet value then builtins.mapAttrs (_: strip) value
      else value.value or value;
    # A module, and all that it imports.
    collect = arguments: module:
      let
        file = if builtins.isPath module then import module else module;
        value = if builtins.isFunction file then file arguments else file;
      in
      builtins.foldl' (all: each: merge "" all (collect arguments each))
        (builtins.removeAttrs value [ "imports" ]) (value.imports or [ ]);
    inputs = {
      srvos.nixosModules.server = { services.server.enable = true; };
      nixpkgs.rev = "abc";
    };
    self = { inherit inputs; nixosModules.own = { services.own.enable = true; }; };
    given = {
      inherit lib;
      pkgs = { hello = "hello"; };
      config.networking.domain = "zt";
    };
    # What flake-parts makes of files that add to one attribute.
    flake = builtins.foldl' (all: path:
      let
        file = import path;
        value =
          if builtins.isFunction file then
            file {
              inherit inputs self;
              config.flake.modules = {
                nixos = {
                  base = { base.is = "nixos"; };
                  fleet = { fleet.is = true; };
                  caches = { caches.are = true; };
                  postgres = { services.postgres.enable = true; };
                };
                darwin = { base = { base.is = "darwin"; }; };
              };
            }
          else file;
      in
      builtins.mapAttrs (class: modules:
        (all.${class} or { }) // builtins.mapAttrs
          (name: module: (all.${class}.${name} or [ ]) ++ [ module ]) modules)
        value.flake.modules);
    machine = modules: strip (collect given { imports = modules; });
  in
"""


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=machines, **fields)


def configuration(
    tree: NixTree, machine: Machine, beside: str = "{ }", name: str | None = None
) -> Any:
    """What NixOS or nix-darwin makes of a machine's files, beside a module of people's own."""
    folder = tree.root / f"modules/machines/{machine.machine_class}/{machine.name}"
    paths = " ".join(str(path) for path in sorted(folder.iterdir()))
    name = name or f"machines/{machine.machine_class}/{machine.name}"
    return tree.evaluate(
        f"{OPTIONS} machine ((flake {{ }} [ {paths} ]).{machine.machine_class}."
        f'"{name}" ++ [ ({beside}) ])'
    )


def refused(tree: NixTree, machine: Machine, beside: str) -> str:
    """What NixOS says where a module of people's own contradicts the generated one."""
    with pytest.raises(AssertionError) as caught:
        configuration(tree, machine, beside)
    return str(caught.value)


VAULT = Machine(
    "vault",
    modules=(
        "postgres",
        PurePosixPath("machines/vault/hardware.nix"),
        ref("inputs.srvos.nixosModules.server"),
        ref("self.nixosModules.own"),
        {("services", "inline"): {"enable": True, "package": ref("pkgs.hello")}},
        Lambda(Pattern("pkgs", ellipsis=True), {("environment", "hello"): ref("pkgs.hello")}),
    ),
    config={
        "here": ref("config.networking.domain"),
        ("nixpkgs", "rev"): ref("inputs.nixpkgs.rev"),
        "weak": Apply("lib.mkDefault", "by the fleet"),
    },
    state_version="25.11",
    platform="aarch64-linux",
)


def with_hardware(tree: NixTree) -> NixTree:
    file = tree.root / "machines/vault/hardware.nix"
    file.parent.mkdir(parents=True)
    file.write_text("{ hardware.is = true; }\n")
    return tree


def test_a_machine_is_what_the_fleet_says_and_nothing_beside(plant: Plant) -> None:
    tree = with_hardware(plant(fleet_of(VAULT)))
    assert configuration(tree, VAULT) == {
        "base": {"is": "nixos"},
        "services": {
            "postgres": {"enable": True},
            "server": {"enable": True},
            "own": {"enable": True},
            "inline": {"enable": True, "package": "hello"},
        },
        "hardware": {"is": True},
        "environment": {"hello": "hello"},
        "here": "zt",
        "nixpkgs": {"hostPlatform": "aarch64-linux", "rev": "abc"},
        "weak": "by the fleet",
        "system": {"stateVersion": "25.11"},
        "networking": {"hostName": "vault"},
    }


def test_what_a_configuration_alone_refers_to_is_there(plant: Plant) -> None:
    config = {"rev": ref("inputs.nixpkgs.rev"), "hello": ref("pkgs.hello")}
    machine = Machine("vault", config=config)
    for modules in ((), ("base",)):
        found = configuration(plant(fleet_of(machine, modules=modules)), machine)
        assert (found["rev"], found["hello"]) == ("abc", "hello")


def test_a_mac_is_configured_by_nix_darwin(plant: Plant) -> None:
    mac = Machine("Mac", machine_class="darwin", state_version=6, platform="aarch64-darwin")
    found = configuration(plant(fleet_of(mac, config={"fleet": True})), mac)
    assert found == {
        "base": {"is": "darwin"},
        "nixpkgs": {"hostPlatform": "aarch64-darwin"},
        "system": {"stateVersion": 6},
        "networking": {"hostName": "Mac"},
    }


@pytest.mark.parametrize(
    "said",
    [
        {"modules": ("base",)},
        {"config": {"a": 1}},
        {"disko": {"disk": {}}},
        {"state_version": "25.11"},
        {"platform": "x86_64-linux"},
    ],
)
def test_whatever_the_fleet_says_of_a_machine_gives_it_a_module(said: dict[str, Any]) -> None:
    files = fleet_of(Machine("a", **said), Machine("b", description="words")).nix_files()
    assert "modules/machines/nixos/a/default.nix" in files
    assert ("modules/machines/nixos/a/disko.nix" in files) == ("disko" in said)
    assert not any(path.startswith("modules/machines/nixos/b") for path in files)


def test_what_a_module_of_ones_own_says_wins_or_says_the_same(plant: Plant) -> None:
    """A host name is the user's to say; a release that the fleet says is not said otherwise."""
    machine = Machine("vault", state_version="25.11", platform="x86_64-linux")
    tree = plant(fleet_of(machine))
    clans = '{ lib, ... }: { networking.hostName = lib.mkDefault "vault"; }'
    assert configuration(tree, machine, clans)["networking"] == {"hostName": "vault"}
    own = '{ networking.hostName = "safe"; }'
    assert configuration(tree, machine, own)["networking"] == {"hostName": "safe"}
    same = '{ system.stateVersion = "25.11"; nixpkgs.hostPlatform = "x86_64-linux"; }'
    assert configuration(tree, machine, same)["system"] == {"stateVersion": "25.11"}
    other = '{ system.stateVersion = "24.05"; }'
    assert "conflicting definitions of.system.stateVersion" in refused(tree, machine, other)
    other = '{ nixpkgs.hostPlatform = "aarch64-linux"; }'
    assert "conflicting definitions of.nixpkgs.hostPlatform" in refused(tree, machine, other)


def test_what_deployment_learned_is_left_to_clan(plant: Plant) -> None:
    """It writes the release down itself, where a machine of one's own may have said another."""
    machine = Machine("vault", platform="x86_64-linux")
    facts = Facts(machines=(MachineFacts("vault", state_version="24.05"),))
    assert "system" not in configuration(plant(fleet_of(machine, facts=facts)), machine)


def test_a_zfs_layout_has_its_host_id_unless_one_is_said(plant: Plant) -> None:
    """ZFS wants one: https://search.nixos.org/options?query=networking.hostId."""
    machine = Machine("vault", disko=zfs_layout, boot_device="/dev/disk/by-id/nvme-a")
    tree = plant(fleet_of(machine))
    found = configuration(tree, machine)
    assert found["networking"] == {"hostName": "vault", "hostId": "8425e349"}
    assert found["disko"]["devices"]["disk"]["primary"]["device"] == "/dev/disk/by-id/nvme-a"
    assert "boot" not in found
    own = configuration(tree, machine, '{ networking.hostId = "01234567"; }')
    assert own["networking"]["hostId"] == "01234567"


@pytest.mark.parametrize(
    "layout",
    [
        {("disk", "main", "device"): "/dev/sda"},
        lambda device: {("disk", "main"): {"device": device}},
        Raw('{ disk.main.device = "/dev/sda"; }'),
        {("disk", "main", "device"): Apply("lib.mkDefault", "/dev/sda")},
        {("disk", "main", "device"): ref("self.disk")},
    ],
)
def test_a_layout_is_data_an_expression_or_a_function_of_the_device(
    plant: Plant, layout: Any
) -> None:
    device = "/dev/sda" if callable(layout) else None
    machine = Machine("vault", disko=layout, boot_device=device)
    tree = plant(fleet_of(machine))
    found = tree.evaluate(
        OPTIONS.replace("self = {", 'self = { disk = "/dev/sda";')
        + f"machine ((flake {{ }} [ {tree.root}/modules/machines/nixos/vault/default.nix "
        f'{tree.root}/modules/machines/nixos/vault/disko.nix ]).nixos."machines/nixos/vault")'
    )
    assert found["disko"]["devices"] == {"disk": {"main": {"device": "/dev/sda"}}}
    assert found["networking"] == {"hostName": "vault"}


def test_clan_takes_the_modules_there_are_and_misses_those_it_was_promised(plant: Plant) -> None:
    """Most clans have a machine's configuration in machines/<name>/configuration.nix alone."""
    machines = (Machine("mine"), Machine("mac", machine_class="darwin"), VAULT)
    tree = plant(fleet_of(*machines, Machine("chosen", module_name="hosts/chosen")))
    load = 'load "modules/clan/machines.nix" { config.flake.modules = %s; }'
    modules = '{ nixos = { "machines/nixos/vault" = 1; "machines/nixos/mine" = 2; %s }; }'
    chosen = load % modules % '"hosts/chosen" = 3;'
    assert tree.evaluate(f"builtins.mapAttrs (_: each: each.imports) ({chosen}).clan.machines") == {
        "mine": [2],
        "mac": [{}],
        "vault": [1],
        "chosen": [3],
    }
    nothing = f"({load % '{ }'}).clan.machines"
    assert tree.evaluate(f"{nothing}.mine.imports") == [{}]
    for promised in ("vault", "chosen"):
        assert tree.run(f"{nothing}.{promised}.imports").returncode != 0


def test_machines_of_ones_own_may_be_made_of_one_module(plant: Plant) -> None:
    machines = (Machine("a", module_name="server"), Machine("b", module_name="base"))
    tree = plant(fleet_of(*machines, Machine("c", module_name="server")))
    clan = tree.evaluate(
        '(load "modules/clan/machines.nix" '
        "{ config.flake.modules.nixos = { server = 1; base = 2; }; }).clan.machines"
    )
    assert {name: machine["imports"] for name, machine in clan.items()} == {
        "a": [1],
        "b": [2],
        "c": [1],
    }


def test_modules_are_called_what_the_fleet_calls_them(plant: Plant) -> None:
    names = ModuleNames(base="common", fleet="everywhere", machine="hosts/{name}")
    machines = (Machine("a", platform="x86_64-linux"), Machine("b", module_name="bee", config={}))
    tree = plant(fleet_of(*machines, module_names=names, config={"a": 1}))
    found = tree.evaluate(
        '(load "modules/machines/nixos/a/default.nix" '
        "{ config.flake.modules.nixos = { common = 1; everywhere = 2; }; }).flake.modules.nixos"
        '."hosts/a" { inherit lib; }'
    )
    assert found["imports"] == [1, 2]
    assert list(tree.value("modules/nixos/fleet.nix")["flake"]["modules"]["nixos"]) == [
        "everywhere"
    ]
    clan = tree.evaluate(
        '(load "modules/clan/machines.nix" '
        '{ config.flake.modules.nixos = { "hosts/a" = 1; bee = 2; }; }).clan.machines'
    )
    assert clan == {"a": {"imports": [1]}, "b": {"imports": [2]}}


def test_the_drivers_have_the_name_that_machines_with_a_gpu_import(plant: Plant) -> None:
    tree = plant(evolve(nix_fleets.fleet_of(T4), module_names=ModuleNames(nvidia="gpu")))
    module = tree.evaluate(
        'builtins.attrNames (load "modules/nixos/nvidia.nix" { }).flake.modules.nixos'
    )
    assert module == ["gpu"]
    assert tree.machine("scheelite", '{ base = "base"; gpu = "gpu"; }')["imports"] == [
        "base",
        "gpu",
    ]


def test_caches_and_known_hosts_have_modules_of_their_own_where_the_fleet_says_so(
    plant: Plant,
) -> None:
    names = ModuleNames(caches="caches", known_hosts="hosts", home="people")
    facts = Facts(machines=(MachineFacts("a", ssh_host_key=KEY, external_ip="203.0.113.7"),))
    nixos = Machine("a", platform="x86_64-linux")
    mac = Machine("b", machine_class="darwin", platform="aarch64-darwin")
    for known in (facts, Facts()):
        tree = plant(fleet_of(nixos, mac, module_names=names, facts=known, config={}))
        for machine in (nixos, mac):
            kind = machine.machine_class
            modules = "base = 1; caches = 2; hosts = 3; fleet = 4;"
            module = f'{kind}."machines/{kind}/{machine.name}"'
            found = tree.evaluate(
                f'(load "modules/machines/{kind}/{machine.name}/default.nix" {{ '
                f"config.flake.modules.{kind} = {{ {modules} }}; "
                f"}}).flake.modules.{module} {{ inherit lib; }}"
            )
            hosts = [3] if known is facts else []
            own = [4] if kind == "nixos" else []
            assert found["imports"] == [1, 2, *hosts, *own]
    of_facts = plant(fleet_of(nixos, module_names=names, facts=facts))
    for path, name in (("caches", "caches"), ("ssh-known-hosts", "hosts")):
        modules = of_facts.value(f"modules/system/{path}.nix")["flake"]["modules"]
        assert {kind: [*each] for kind, each in modules.items()} == {
            "nixos": [name],
            "darwin": [name],
        }
    text = (of_facts.root / "modules/home/core/ssh-hosts.nix").read_text()
    assert "flake.modules.homeManager.people =" in text


@pytest.mark.parametrize("style", ["flake-parts", "nixos"])
def test_the_fleets_configuration_may_be_an_expression_of_the_machines_own(
    plant: Plant, style: Any
) -> None:
    tree = plant(fleet_of(config=ref("config.own"), module_style=style))
    parts = ".flake.modules.nixos.fleet" if style == "flake-parts" else ""
    arguments = "{ config.own = 5; }"
    file = f'(import (/. + "{tree.root}/modules/nixos/fleet.nix"))'
    assert tree.evaluate(f"({file}{parts}) {arguments}") == {"imports": [5]}


def test_what_every_machine_imports_may_differ_by_class(plant: Plant) -> None:
    nixos = Machine("a", platform="x86_64-linux")
    mac = Machine("b", machine_class="darwin", platform="aarch64-darwin")
    tree = plant(fleet_of(nixos, mac, modules={"nixos": ("base", "postgres"), "darwin": ()}))
    found = configuration(tree, nixos)
    assert found["services"] == {"postgres": {"enable": True}}
    assert "base" not in configuration(tree, mac)


def test_a_module_is_imported_once_however_it_is_named(plant: Plant) -> None:
    twice = ("base", "base", PurePath("a.nix"), PurePosixPath("a.nix"), {"b": [1]}, {"b": [2]})
    machine = Machine("vault", modules=twice)
    tree = plant(fleet_of(machine, modules=(PurePosixPath("a.nix"),)))
    (tree.root / "a.nix").write_text("{ a = [ 1 ]; }\n")
    found = configuration(tree, machine)
    assert (found["a"], found["b"]) == ([1], [1, 2])


def test_a_machine_that_moved_finds_its_modules(plant: Plant) -> None:
    default = "modules/machines/nixos/vault/default.nix"
    tree = plant(evolve(fleet_of(VAULT), files={default: "hosts/vault.nix"}))
    text = (tree.root / "hosts/vault.nix").read_text()
    assert "../machines/vault/hardware.nix" in text
    assert "../../" not in text


def test_every_file_is_formatted_parsed_and_uses_its_arguments(plant: Plant) -> None:
    layout = {("disk", "main", "device"): ref("self.disk"), "lvm_vg": ref("lib.x")}
    names = ("7zip", "let", "Vault_2", "x" * 63)
    machines = tuple(evolve(VAULT, name=name, disko=layout) for name in names)
    for style in ("flake-parts", "nixos"):
        if style == "nixos":
            machines = tuple(evolve(each, modules=each.modules[1:]) for each in machines)
        config = {"a": ref("inputs.a"), "b": ref("pkgs.b")}
        tree = plant(fleet_of(*machines, config=config, module_style=style))
        files = [str(path) for path in tree.nix_files()]
        for command in (
            ["nix-instantiate", "--parse"],
            ["nixfmt", "--check"],
            ["deadnix", "--fail"],
        ):
            done = run(*command, *files)
            assert done.returncode == 0, done.stdout + done.stderr


def test_plain_modules_say_the_same(plant: Plant) -> None:
    vault = evolve(
        VAULT,
        modules=("modules/postgres.nix", *VAULT.modules[1:]),
        disko=zfs_layout,
        boot_device="/dev/sda",
    )
    mac = Machine("mac", machine_class="darwin", state_version=6)
    config = {"f": ref("inputs.nixpkgs.rev"), "g": ref("config.networking.domain")}
    tree = with_hardware(plant(fleet_of(vault, mac, module_style="nixos", config=config)))
    (tree.root / "modules/postgres.nix").write_text("{ services.postgres.enable = true; }\n")
    machines = f"(import {tree.root}/modules/clan/machines.nix).machines"
    found = tree.evaluate(
        f"{OPTIONS} builtins.mapAttrs (_: each: "
        # Clan gives each machine `self` alone.
        "strip (collect (given // { inherit self; }) each)) " + machines
    )
    assert found["vault"]["services"].keys() == {"postgres", "server", "own", "inline"}
    assert found["vault"]["hardware"] == {"is": True}
    assert (found["vault"]["f"], found["vault"]["g"]) == ("abc", "zt")
    assert found["vault"]["networking"] == {"hostName": "vault", "hostId": "8425e349"}
    assert found["vault"]["disko"]["devices"]["zpool"]["zroot"]["type"] == "zpool"
    assert found["mac"]["system"] == {"stateVersion": 6}
    assert "f" not in found["mac"]
