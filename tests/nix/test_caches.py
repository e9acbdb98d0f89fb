"""lib/caches.nix, modules/system/caches.nix and the region of flake.nix."""

from collections.abc import Callable

from main import fleet as example

from .fleets import CACHE, CPU, fleet_of
from .tree import NixTree

SUBSTITUTERS = ["https://cache.nixos.org", "https://cache.nixos-cuda.org?priority=5"]
PUBLIC_KEYS = [cache.public_key for cache in example.caches]


def test_the_data_hold_every_cache(tree: Callable[[str], NixTree]) -> None:
    assert tree("example").value("lib/caches.nix") == {
        "caches": [
            {"url": cache.url, "publicKey": cache.public_key, "priority": cache.priority}
            for cache in example.caches
        ],
        "substituters": SUBSTITUTERS,
        "publicKeys": PUBLIC_KEYS,
    }


def test_nixos_and_darwin_take_builds_from_the_caches(tree: Callable[[str], NixTree]) -> None:
    base = {"nix": {"settings": {"substituters": SUBSTITUTERS, "trusted-public-keys": PUBLIC_KEYS}}}
    assert tree("example").value("modules/system/caches.nix") == {
        "flake": {"modules": {"nixos": {"base": base}, "darwin": {"base": base}}}
    }


def test_the_module_refers_to_the_data(tree: Callable[[str], NixTree]) -> None:
    text = (tree("example").root / "modules/system/caches.nix").read_text()
    assert "import ../../lib/caches.nix" in text
    assert "https://" not in text


def test_the_flake_has_the_caches_as_literals(tree: Callable[[str], NixTree]) -> None:
    nix_config = tree("example").evaluate('(load "flake.nix" { }).nixConfig')
    assert nix_config == {
        "extra-substituters": SUBSTITUTERS,
        "extra-trusted-public-keys": PUBLIC_KEYS,
    }
    assert "import" not in (tree("example").root / "flake.nix").read_text()


def test_without_caches_there_is_still_a_base_to_import(tree: Callable[[str], NixTree]) -> None:
    settings = tree("bare").evaluate(
        '(load "modules/system/caches.nix" { }).flake.modules.nixos.base.nix.settings'
    )
    assert settings == {"substituters": [], "trusted-public-keys": []}


def test_moved_data_are_still_found(plant: Callable[..., NixTree]) -> None:
    module = "modules/system/caches.nix"
    for data_path, module_path in (
        ("caches.nix", module),
        ("modules/system/_data.nix", module),
        ("a b/ü/caches.nix", "x/y z/caches.nix"),
        ("lib/caches.nix", "caches.nix"),
    ):
        files = {"lib/caches.nix": data_path, module: module_path}
        moved = plant(fleet_of(CPU, caches=(CACHE,), files=files))
        assert moved.value(module_path)["flake"]["modules"]["nixos"]["base"]["nix"]["settings"] == {
            "substituters": [CACHE.url],
            "trusted-public-keys": [CACHE.public_key],
        }


def test_without_the_data_file_the_module_holds_them(tree: Callable[[str], NixTree]) -> None:
    dropped = tree("dropped")
    assert not (dropped.root / "lib").exists()
    settings = dropped.evaluate(
        '(load "modules/system/caches.nix" { }).flake.modules.darwin.base.nix.settings'
    )
    assert settings == {
        "substituters": [CACHE.url],
        "trusted-public-keys": [CACHE.public_key],
    }
