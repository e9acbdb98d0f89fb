"""lib/caches.nix, modules/system/caches.nix and the region of flake.nix."""

from collections.abc import Callable

import pytest

from infra_lib import BinaryCache
from main import fleet as example
from tests.helpers.nix import NixTree
from tests.helpers.nix_fleets import CACHE, CPU, fleet_of

SUBSTITUTERS = ["https://cache.nixos.org", "https://cache.nixos-cuda.org?priority=5"]
MODULE = "modules/system/caches.nix"
NIXOS = BinaryCache(
    "https://cache.nixos.org",
    public_key="cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
)
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
    """They append cache.nixos.org themselves."""
    base = {
        "nix": {"settings": {"substituters": SUBSTITUTERS[1:], "trusted-public-keys": PUBLIC_KEYS}}
    }
    assert tree("example").value("modules/system/caches.nix") == {
        "flake": {"modules": {"nixos": {"base": base}, "darwin": {"base": base}}}
    }


def test_the_module_refers_to_the_data(tree: Callable[[str], NixTree]) -> None:
    text = (tree("example").root / "modules/system/caches.nix").read_text()
    assert "import ../../lib/caches.nix" in text
    assert "cache.nixos-cuda.org" not in text


def test_the_flake_has_the_caches_as_literals(tree: Callable[[str], NixTree]) -> None:
    """Nix has cache.nixos.org, and its key, itself."""
    nix_config = tree("example").evaluate('(load "flake.nix" { }).nixConfig')
    assert nix_config == {
        "extra-substituters": SUBSTITUTERS[1:],
        "extra-trusted-public-keys": PUBLIC_KEYS[1:],
    }
    assert "import" not in (tree("example").root / "flake.nix").read_text()


def test_without_caches_there_is_still_a_base_to_import(tree: Callable[[str], NixTree]) -> None:
    settings = tree("bare").evaluate(
        '(load "modules/system/caches.nix" { }).flake.modules.nixos.base.nix.settings'
    )
    assert settings == {"substituters": [], "trusted-public-keys": []}


@pytest.mark.parametrize("files", [{}, {"lib/caches.nix": None}])
@pytest.mark.parametrize(
    ("url", "priority", "listed"),
    [
        ("https://cache.nixos.org", None, False),
        ("https://cache.nixos.org/", None, False),
        ("http://cache.nixos.org", None, False),
        ("http://cache.nixos.org/", None, False),
        ("https://cache.nixos.org", 5, True),
        ("https://cache.nixos.org/mirror", None, True),
        ("https://cache.nixos.org.example", None, True),
        ("https://cache-nixos.org", None, True),
        ("https://a.example/cache.nixos.org", None, True),
    ],
)
def test_only_what_nixos_appends_itself_is_left_to_it(
    plant: Callable[..., NixTree],
    url: str,
    priority: int | None,
    listed: bool,
    files: dict[str, str | None],
) -> None:
    cache = BinaryCache(url, public_key=NIXOS.public_key, priority=priority)
    module = plant(fleet_of(CPU, caches=(CACHE, cache), files=files)).value(MODULE)
    settings = module["flake"]["modules"]["nixos"]["base"]["nix"]["settings"]
    assert settings["substituters"] == [CACHE.url, *([cache.substituter] if listed else [])]
    assert NIXOS.public_key in settings["trusted-public-keys"]


@pytest.mark.parametrize(
    ("cache", "listed"),
    [
        (NIXOS, False),
        (BinaryCache("https://cache.nixos.org/", public_key=NIXOS.public_key), False),
        (BinaryCache("https://cache.nixos.org", public_key=NIXOS.public_key, priority=5), True),
        (CACHE, True),
    ],
)
def test_a_flake_is_given_only_what_nix_does_not_ask_itself(
    plant: Callable[..., NixTree], cache: BinaryCache, listed: bool
) -> None:
    """With nothing to say, the region is what it is without caches: not written."""
    fleet = fleet_of(CPU, caches=(cache,))
    assert ("flake.nix" in fleet.nix_files()) is listed
    config = plant(fleet).evaluate('(load "flake.nix" { }).nixConfig or { }')
    assert config.get("extra-substituters", []) == ([cache.substituter] if listed else [])


def test_moved_data_are_still_found(plant: Callable[..., NixTree]) -> None:
    for data_path, module_path in (
        ("caches.nix", MODULE),
        ("modules/system/_data.nix", MODULE),
        ("a b/ü/caches.nix", "x/y z/caches.nix"),
        ("lib/caches.nix", "caches.nix"),
    ):
        files = {"lib/caches.nix": data_path, MODULE: module_path}
        moved = plant(fleet_of(CPU, caches=(CACHE,), files=files))
        assert moved.value(module_path)["flake"]["modules"]["nixos"]["base"]["nix"]["settings"] == {
            "substituters": [CACHE.url],
            "trusted-public-keys": [CACHE.public_key],
        }


def test_without_the_data_file_the_module_holds_them(plant: Callable[..., NixTree]) -> None:
    files = {"lib/caches.nix": None, "flake.nix": None}
    dropped = plant(fleet_of(CPU, caches=(CACHE, NIXOS), files=files))
    assert not (dropped.root / "lib").exists()
    settings = dropped.evaluate(
        '(load "modules/system/caches.nix" { }).flake.modules.darwin.base.nix.settings'
    )
    assert settings == {
        "substituters": [CACHE.url],
        "trusted-public-keys": [CACHE.public_key, NIXOS.public_key],
    }
