"""Configuration, disk layouts and files of one's own: what they give, and what is refused."""

from typing import Any

import pytest

from infra_lib import DataDisk, Fleet, FleetError, GcpMachine, GcpProject, Gpu, zfs_layout
from nixgen import (
    BlankLine,
    FileValue,
    Lambda,
    NixgenError,
    Pattern,
    Raw,
    Region,
    TextFile,
    dumps,
    ref,
)
from tests.helpers.nix import LIB, evaluate

DEFAULT = "modules/machines/nixos/galena/default.nix"
DISKO = "modules/machines/nixos/galena/disko.nix"

Files = dict[str, FileValue]


def fleet(*others: GcpMachine, machine: dict[str, Any] | None = None, **fields: Any) -> Fleet:
    galena = GcpMachine(
        "galena", **{"machine_type": "e2-small", "zone": "us-central1-b", **(machine or {})}
    )
    return Fleet(
        **{
            "name": "metals",
            "domain": "zt",
            "gcp": GcpProject("example-project", region="us-central1"),
            "machines": (galena, *others),
            **fields,
        }
    )


def module(of: Fleet, modules: str = '{ base = "base"; fleet = "fleet"; }') -> Any:
    """The NixOS module of galena; functions in its imports are called as NixOS calls them."""
    return evaluate(f"""
      let
        lib = {LIB};
        arguments = {{ inherit lib; config = {{ answer = 42; }}; pkgs = {{ hello = "hello"; }}; }};
        file = ({dumps(of.nix_files()[DEFAULT])}) {{ config.flake.modules.nixos = {modules}; }};
        machine = file.flake.modules.nixos."machines/nixos/galena" arguments;
        called = value: if builtins.isFunction value then value arguments else value;
      in
      machine // {{ imports = map called machine.imports; }}
    """)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({("services", "nginx", "enable"): True}, {"services": {"nginx": {"enable": True}}}),
        (
            Lambda(Pattern("pkgs", ellipsis=True), {"packages": [ref("pkgs.hello")]}),
            {"packages": ["hello"]},
        ),
        (Raw("{ config, ... }: { told = config.answer; }"), {"told": 42}),
        (Raw("{ told = 1; }"), {"told": 1}),
        ({}, {}),
    ],
)
def test_configuration_is_one_more_of_the_imports(config: Any, expected: Any) -> None:
    assert module(fleet(machine={"config": config}))["imports"] == ["base", expected]
    without = module(fleet())
    assert without["imports"] == ["base"]
    assert module(fleet(machine={"config": config})) | {"imports": []} == without | {"imports": []}


def test_what_the_machine_sets_too_is_left_for_nixos_to_merge() -> None:
    ports = {("networking", "firewall", "allowedTCPPorts"): [443]}
    found = module(fleet(machine={"config": ports}))
    assert found["networking"]["firewall"]["allowedTCPPorts"] == [22]
    assert found["imports"][-1] == {"networking": {"firewall": {"allowedTCPPorts": [443]}}}


def test_configuration_of_the_fleet_is_one_module_for_all() -> None:
    halite = GcpMachine("halite", machine_type="e2-small", zone="us-central1-b")
    described = fleet(halite, config={"told": 1}, machine={"config": {"told": 2}})
    assert module(described)["imports"] == ["base", "fleet", {"told": 2}]
    files = described.nix_files()
    shared = evaluate(dumps(files["modules/nixos/fleet.nix"]))
    assert shared == {"flake": {"modules": {"nixos": {"fleet": {"told": 1}}}}}
    assert "flakeModules.fleet" in dumps(files["modules/machines/nixos/halite/default.nix"])
    assert "modules/nixos/fleet.nix" not in fleet().nix_files()


def test_configuration_cannot_be_changed_afterwards() -> None:
    given = {"told": 1}
    described = fleet(config=given, machine={"config": given})
    given["told"] = 2
    assert described.config == {"told": 1}
    assert module(described)["imports"][-1] == {"told": 1}
    hash(described)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("{ pkgs, ... }: { }", "a mapping of options, an expression of nixgen, or Raw("),
        ([{}], "a mapping of options"),
        (5, "a mapping of options"),
        ({"a b": float("nan")}, "not finite"),
        ({"services": {"nginx": {1, 2}}}, "no Nix expression"),
        ({("a",): 1, ("a", "b"): 2}, "a.b"),
    ],
)
def test_what_is_no_configuration_is_refused(config: Any, named: str) -> None:
    for what, fields in (
        ("fleet 'metals': config", {"config": config}),
        ("machine 'galena': config", {"machine": {"config": config}}),
    ):
        with pytest.raises(FleetError) as refusal:
            fleet(**fields)
        assert str(refusal.value).startswith(what)
        assert named in str(refusal.value)


def devices(described: Fleet) -> Any:
    file = evaluate(dumps(described.nix_files()[DISKO]))
    return file["flake"]["modules"]["nixos"]["machines/nixos/galena"]["disko"]["devices"]


def test_a_layout_is_given_the_device() -> None:
    given = []

    def layout(device: str) -> FileValue:
        given.append(device)
        return {"nodev": {"/": {"fsType": "tmpfs"}}}

    assert devices(fleet(machine={"disko": layout})) == {"nodev": {"/": {"fsType": "tmpfs"}}}
    assert set(given) == {"/dev/sda"}
    given.clear()
    disks = (DataDisk("ore", size_gb=10),)
    devices(fleet(machine={"disko": layout, "data_disks": disks}))
    assert set(given) == {"/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"}


def test_the_default_layout_takes_another_pool_and_more_disks() -> None:
    def layout(device: str) -> FileValue:
        return zfs_layout(device, pool="tank", esp_size="2G") | {("disk", "ore"): {"type": "disk"}}

    found = devices(fleet(machine={"disko": layout}))
    assert list(found["zpool"]) == ["tank"]
    assert found["disk"]["ore"] == {"type": "disk"}
    partitions = found["disk"]["primary"]["content"]["partitions"]
    assert partitions["zfs"]["content"]["pool"] == "tank"
    assert partitions["ESP"]["size"] == "2G"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (zfs_layout, True),
        (lambda _: {"zpool": {"tank": {}}}, True),
        (lambda _: Raw("{ zpool.tank = { }; }"), True),
        (lambda _: {"disk": {}}, False),
    ],
)
def test_zfs_is_set_up_where_there_may_be_a_pool(layout: Any, expected: bool) -> None:
    assert ("zfs" in module(fleet(machine={"disko": layout}))["boot"]) is expected


def test_a_layout_that_is_none_is_refused() -> None:
    with pytest.raises(FleetError, match=r"machine 'galena': disko=.*a function from the device"):
        fleet(machine={"disko": "zfs"})


def motd(of: Fleet) -> Files:
    return {
        f"modules/motd/{machine.name}.nix": {("flake", "motd", machine.name): machine.description}
        for machine in of.gcp_machines
    }


def test_further_files_come_beside_the_others() -> None:
    def text(_: Fleet) -> Files:
        return {"README.txt": TextFile("hello"), "flake.nix": Region({"a": 1}, name="own")}

    halite = GcpMachine("halite", machine_type="e2-small", zone="us-central1-b")
    usual = fleet(halite).nix_files()
    files = fleet(halite, extra_files=[motd, text]).nix_files()
    assert files.items() >= usual.items()
    assert set(files) - set(usual) == {
        "modules/motd/galena.nix",
        "modules/motd/halite.nix",
        "README.txt",
        "flake.nix",
    }


def test_a_file_left_out_makes_room_for_another() -> None:
    own = {"disko.devices": 1}
    described = fleet(files={DISKO: None}, extra_files=(lambda _: {DISKO: own},))
    assert described.nix_files()[DISKO] == own


def taken(_: Fleet) -> Files:
    return {DISKO: {}}


@pytest.mark.parametrize(
    ("generators", "message"),
    [
        ((taken,), f"extra_files: taken='{DISKO}': another file is generated there"),
        ((motd, motd), "another file is generated there"),
        ((lambda _: {"../x.nix": 1},), "'..' could lead out of the root"),
        ((lambda _: {"/x.nix": 1},), "it is absolute"),
        ((lambda _: {"LIB/caches.nix": 1},), "extra_files: paths"),
        ((lambda _: None,), "is to return a mapping of paths"),
    ],
)
def test_files_that_cannot_be_are_refused(generators: Any, message: str) -> None:
    with pytest.raises(FleetError) as refusal:
        fleet(extra_files=generators).nix_files()
    assert str(refusal.value).startswith("fleet 'metals': extra_files")
    assert message in str(refusal.value)


@pytest.mark.parametrize("generators", [motd, "motd", ("motd",), {motd}])
def test_what_generates_no_files_is_refused(generators: Any) -> None:
    with pytest.raises(FleetError, match=r"extra_files=.*functions of the fleet are accepted"):
        fleet(extra_files=generators)


def test_an_error_in_a_file_names_the_file() -> None:
    from nixgen.files.rendered import render

    described = fleet(extra_files=(lambda _: {"x.nix": BlankLine()},))
    with pytest.raises(NixgenError, match=r"^x\.nix: "):
        render(described.nix_files(), "main:fleet")


def test_a_gpu_machine_has_its_configuration_after_the_driver() -> None:
    gpu = {
        "machine_type": "n1-standard-8",
        "zone": "us-central1-c",
        "gpu": Gpu("nvidia-tesla-t4"),
        "config": {"hardware": {}},
    }
    modules = '{ base = "base"; nvidia = "nvidia"; }'
    assert module(fleet(machine=gpu), modules)["imports"] == ["base", "nvidia", {"hardware": {}}]
