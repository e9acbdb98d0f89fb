"""Fleet.files: moving generated files, and leaving them out."""

import pytest

from infra_lib import FleetError, Machine
from tests.helpers.nix_fleets import CACHE, CPU, T4, fleet_of

Files = dict[str, str | None]


def paths(files: Files, *machines: Machine) -> set[str]:
    return set(fleet_of(*(machines or (CPU,)), caches=(CACHE,), files=files).nix_files())


def test_a_file_is_moved() -> None:
    usual = paths({})
    assert paths({"docs/gpu-costs.md": "GPUS.md"}) == usual - {"docs/gpu-costs.md"} | {"GPUS.md"}


def test_a_file_is_left_out() -> None:
    left_out = "modules/machines/nixos/galena/disko.nix"
    assert paths({left_out: None}) == paths({}) - {left_out}


def test_two_files_may_change_places() -> None:
    one, other = "lib/caches.nix", "modules/system/caches.nix"
    assert paths({one: other, other: one}) == paths({})


def test_a_file_may_be_named_before_the_fleet_has_a_use_for_it() -> None:
    files: Files = {"modules/nixos/nvidia.nix": "modules/nvidia.nix"}
    assert "modules/nvidia.nix" not in paths(files)
    assert "modules/nvidia.nix" in paths(files, CPU, T4)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"lib/cache.nix": "caches.nix"},
            "fleet 'test': files['lib/cache.nix']='caches.nix': not a generated file "
            "(nearest: lib/caches.nix",
        ),
        (
            {"modules/machines/nixos/scheelite/disko.nix": None},
            "fleet 'test': files['modules/machines/nixos/scheelite/disko.nix']=None: not a",
        ),
        (
            {"lib/caches.nix": "modules/clan/machines.nix"},
            "two files meet: 'lib/caches.nix' and 'modules/clan/machines.nix'",
        ),
        ({"lib/caches.nix": "x.nix", "flake.nix": "x.nix"}, "two files meet"),
        ({"lib/caches.nix": "X.nix", "flake.nix": "x.nix"}, "differ only in case"),
        ({"lib/caches.nix": "flake.nix/caches.nix"}, "flake.nix"),
        ({"lib/caches.nix": "../caches.nix"}, "'..' could lead out of the root"),
        ({"lib/caches.nix": "/etc/caches.nix"}, "it is absolute"),
        ({"lib/caches.nix": ""}, "it is empty"),
        ({"lib/caches.nix": ".git/caches.nix"}, "belongs to another tool"),
        ({"x": None}, "not a generated file; one of docs/gpu-costs.md, flake.nix, lib/caches.nix"),
        ({"lib/caches.nix": "lib/caches.json"}, "a path ending in '.nix', or None to leave it out"),
        ({"docs/gpu-costs.md": "docs/gpu-costs.nix"}, "a path ending in '.md'"),
    ],
)
def test_what_cannot_be_is_refused(files: Files, message: str) -> None:
    with pytest.raises(FleetError) as refusal:
        paths(files)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("fleet 'test': files")
    assert "\n" not in str(refusal.value)


def test_a_dropped_module_is_still_imported_by_its_name() -> None:
    kept = fleet_of(T4).nix_files()
    dropped = fleet_of(T4, files={"modules/nixos/nvidia.nix": None}).nix_files()
    machine = "modules/machines/nixos/scheelite/default.nix"
    assert dropped[machine] == kept[machine]
