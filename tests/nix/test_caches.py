"""lib/caches.nix, modules/system/caches.nix and the region of flake.nix."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import BinaryCache
from main import fleet as example
from tests.helpers.nix import NixTree, quoted
from tests.helpers.nix_fleets import CACHE, CPU, FLEETS, KEY_BYTES, T4, fleet_of
from tests.helpers.tools import require

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


ON_ALL: dict[str, list[str]] = {
    "substituters": [
        "https://cache.example.org",
        "s3://builds?endpoint=https://minio.example&region=eu-west-1&priority=10",
        "file:///srv/cache?trusted=true&priority=50",
    ],
    "trusted-public-keys": [*CACHE.public_keys, f"builds-1:{KEY_BYTES}", f"builds-2:{KEY_BYTES}"],
}
ON_BUILDERS = {
    "substituters": ["ssh-ng://nix@cinnabar?ssh-key=/run/secrets/nix"],
    "trusted-public-keys": [f"cinnabar:{KEY_BYTES}"],
}
ON_GPUS = {
    "substituters": ["https://gpu.example"],
    "trusted-public-keys": [f"gpu.example:{KEY_BYTES}"],
}


def test_a_cache_has_the_keys_it_is_given_and_what_follows_the_address_is_joined(
    tree: Callable[[str], NixTree],
) -> None:
    data = tree("caches").value("lib/caches.nix")
    assert data["substituters"] == ON_ALL["substituters"]
    assert data["publicKeys"] == ON_ALL["trusted-public-keys"]
    first, rotated, own = data["caches"]
    assert first == {"url": CACHE.url, "publicKey": CACHE.public_key, "priority": None}
    assert rotated["publicKeys"] == ON_ALL["trusted-public-keys"][1:]
    assert own["publicKeys"] == []
    assert not {"publicKey"} & (rotated.keys() | own.keys())


@pytest.mark.parametrize("files", [{}, {"lib/caches.nix": None}])
def test_caches_of_some_machines_are_with_those_alone(
    plant: Callable[..., NixTree], files: dict[str, None]
) -> None:
    """Each adds to the module that the machine has in any case, generated or not."""
    planted = plant(evolve(FLEETS["caches"], files=files))
    for system in ("nixos", "darwin"):
        base = planted.value(MODULE)["flake"]["modules"][system]["base"]["nix"]["settings"]
        assert base == ON_ALL | {"netrc-file": "/run/secrets/netrc"}
    own = {
        str(path.relative_to(planted.root / "modules/machines")): planted.value(
            str(path.relative_to(planted.root))
        )["flake"]["modules"]
        for path in planted.root.rglob("modules/machines/*/*/caches.nix")
    }
    assert own == {
        f"{system}/{name}/caches.nix": {
            system: {f"machines/{system}/{name}": {"nix": {"settings": settings}}}
        }
        for system, name, settings in (
            ("nixos", "galena", ON_GPUS),
            ("nixos", "scheelite", ON_GPUS),
            ("nixos", "cinnabar", ON_BUILDERS),
            ("darwin", "stibnite", ON_BUILDERS),
        )
    }


def test_plain_modules_import_the_caches_of_their_machine(plant: Callable[..., NixTree]) -> None:
    """A machine's own module is clan's to find, so clan is told of its caches."""
    planted = plant(evolve(FLEETS["caches"], module_style="nixos", modules=()))
    assert planted.value("modules/machines/darwin/stibnite/caches.nix") == {
        "nix": {"settings": ON_BUILDERS}
    }
    imports = planted.evaluate(
        "builtins.mapAttrs (_: machine: map toString machine.imports)"
        ' (load "modules/clan/machines.nix" { }).machines'
    )
    machines = f"{planted.root}/modules/machines"
    assert imports == {
        "galena": [f"{machines}/nixos/galena/default.nix"],
        "scheelite": [f"{machines}/nixos/scheelite/default.nix"],
        "cinnabar": [f"{machines}/nixos/cinnabar/caches.nix"],
        "stibnite": [f"{machines}/darwin/stibnite/caches.nix"],
    }
    galena = planted.evaluate(
        f"map toString (load {quoted('modules/machines/nixos/galena/default.nix')}"
        " { inherit lib pkgs; config = { }; }).imports"
    )
    assert galena[-1] == f"{machines}/nixos/galena/caches.nix"


def test_plain_modules_import_caches_only_where_there_are_some(
    plant: Callable[..., NixTree],
) -> None:
    """Where the generated module of a machine is left out, clan imports its caches."""
    module = "modules/machines/nixos/galena/default.nix"
    only = BinaryCache("https://a.example", public_key=f"a:{KEY_BYTES}", machines=("galena",))
    fleet = fleet_of(CPU, T4, caches=(only,), module_style="nixos", modules=())
    machines = plant(fleet).root / "modules/machines/nixos"
    assert "./caches.nix" in (machines / "galena/default.nix").read_text()
    assert "./caches.nix" not in (machines / "scheelite/default.nix").read_text()
    imports = plant(evolve(fleet, files={module: None})).evaluate(
        'map baseNameOf (load "modules/clan/machines.nix" { }).machines.galena.imports'
    )
    assert imports == ["caches.nix"]


@pytest.mark.parametrize("scope", [{"machines": ("galena",)}, {"tags": ("gcp",)}])
@pytest.mark.parametrize("files", [{}, {"lib/caches.nix": None}])
def test_a_cache_of_some_machines_is_in_no_file_for_all(
    plant: Callable[..., NixTree], scope: dict[str, Any], files: dict[str, None]
) -> None:
    """Also cache.nixos.org, which those machines ask in any case."""
    caches = (evolve(CACHE, **scope), evolve(NIXOS, **scope))
    planted = plant(fleet_of(CPU, caches=caches, files=files))
    base = planted.value(MODULE)["flake"]["modules"]["nixos"]["base"]["nix"]["settings"]
    assert base == {"substituters": [], "trusted-public-keys": []}
    assert "nixConfig" not in (planted.root / "flake.nix").read_text()
    assert "cache.nixos.org" not in (planted.root / MODULE).read_text()
    own = planted.value("modules/machines/nixos/galena/caches.nix")
    assert own["flake"]["modules"]["nixos"]["machines/nixos/galena"]["nix"]["settings"] == {
        "substituters": [CACHE.url],
        "trusted-public-keys": [CACHE.public_key, NIXOS.public_key],
    }


def test_a_flake_is_given_what_is_the_same_for_whoever_evaluates_it(
    tree: Callable[[str], NixTree],
) -> None:
    """A folder is another one on each computer, and some caches are for some machines."""
    assert tree("caches").evaluate('(load "flake.nix" { }).nixConfig') == {
        "extra-substituters": ON_ALL["substituters"][:2],
        "extra-trusted-public-keys": ON_ALL["trusted-public-keys"],
    }


def test_a_key_that_two_caches_have_is_trusted_once(plant: Callable[..., NixTree]) -> None:
    mirror = BinaryCache("https://mirror.example", public_key=CACHE.public_key)
    planted = plant(fleet_of(CPU, caches=(mirror, CACHE)))
    assert planted.evaluate('(load "flake.nix" { }).nixConfig') == {
        "extra-substituters": [mirror.url, CACHE.url],
        "extra-trusted-public-keys": [CACHE.public_key],
    }


@pytest.mark.parametrize(
    ("parameters", "taken"),
    [("?trusted=true", True), ("?trusted=true&priority=5", True), ("", False)],
)
def test_nix_takes_what_nobody_signed_from_a_cache_that_is_trusted_alone(
    tmp_path: Path, parameters: str, taken: bool
) -> None:
    """The one case in which a cache may have no key."""
    settings = "build-users-group =\nsandbox = false\nexperimental-features = nix-command\n"
    places = {
        f"NIX_{name}_DIR": str(tmp_path / name.lower())
        for name in ("STORE", "STATE", "LOG", "CONF")
    }
    environment = {**os.environ, **places, "HOME": str(tmp_path), "NIX_CONFIG": settings}

    def nix(*command: str, substituters: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [require(command[0]), *command[1:], "--option", "substituters", substituters],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )

    expression = (
        'derivation { name = "ore"; system = builtins.currentSystem; builder = "/bin/sh";'
        ' args = [ "-c" "echo ore > $out" ]; }'
    )
    built = nix("nix-build", "--no-out-link", "-E", expression)
    assert built.returncode == 0, built.stderr
    path = built.stdout.strip()
    cache = f"file://{tmp_path}/cache"
    copied = nix("nix", "copy", "--to", cache, path)
    assert copied.returncode == 0, copied.stderr
    for folder in ("store", "state"):
        subprocess.run(["chmod", "-R", "u+w", tmp_path / folder], check=True)
        shutil.rmtree(tmp_path / folder)

    key = () if taken else CACHE.public_key
    substituter = BinaryCache(cache + parameters, public_key=key).substituter
    realised = nix("nix-store", "--realise", path, substituters=substituter)
    assert (realised.returncode == 0) is taken, realised.stderr
    assert Path(path).exists() is taken
    assert taken or "is not signed by any of the keys" in realised.stderr
