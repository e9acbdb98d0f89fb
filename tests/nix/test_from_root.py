"""A path that somebody gives is below the flake's root, wherever it comes to stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_lib import ClanService, Fleet, FleetError, Machine, Role
from nixgen import Apply, Commented, Lambda, Pattern
from tests.helpers.nix import NixTree

Plant = Callable[[Fleet], NixTree]

NOTES = Path("docs/notes.md")

IN_EXPRESSIONS = Lambda(
    Pattern("lib", ellipsis=True),
    {("a", "b"): [Commented(Apply("lib.mkForce", {"c": NOTES}), after="forced")]},
)


def fleet(**fields: Any) -> Fleet:
    machine = fields.pop("machine", {})
    return Fleet(name="ore", domain="zt", machines=(Machine("vault", **machine),), **fields)


def service(**role: Any) -> Fleet:
    return fleet(
        services=(ClanService("incus", roles={"peer": Role(machines=("vault",), **role)}),)
    )


PEER = ".clan.inventory.instances.incus.roles.peer"
INCUS = "modules/clan/inventory/services/incus.nix"
VAULT = "modules/machines/nixos/vault/default.nix"
MODULE = '.flake.modules.nixos."machines/nixos/vault" { inherit lib; }).imports 0'

GIVEN = {
    "settings": (service(settings={"a": [NOTES]}), INCUS, f"builtins.head (FILE{PEER}.settings.a)"),
    "an expression in settings": (
        service(settings={"a": Apply("lib.mkForce", NOTES)}),
        INCUS,
        f"(FILE{PEER}.settings.a).force",
    ),
    "a module of a role": (
        service(extra_modules=({"a": NOTES},)),
        INCUS,
        f"(builtins.head FILE{PEER}.extraModules).a",
    ),
    "a function that is a module of a role": (
        service(extra_modules=(IN_EXPRESSIONS,)),
        INCUS,
        f"(builtins.head (builtins.head FILE{PEER}.extraModules {{ inherit lib; }}).a.b).force.c",
    ),
    "what else clan is told": (fleet(clan={"a": NOTES}), "modules/clan/fleet.nix", "FILE.clan.a"),
    "configuration of all machines": (
        fleet(config={"a": NOTES}),
        "modules/nixos/fleet.nix",
        "FILE.flake.modules.nixos.fleet.a",
    ),
    "configuration of a machine": (
        fleet(modules=(), machine={"config": {"a": NOTES}}),
        VAULT,
        f"(builtins.elemAt (FILE{MODULE}).a",
    ),
    "a module of a machine": (
        fleet(modules=(), machine={"modules": [{"a": NOTES}]}),
        VAULT,
        f"(builtins.elemAt (FILE{MODULE}).a",
    ),
    "a layout": (
        fleet(modules=(), machine={"disko": {"a": NOTES}}),
        "modules/machines/nixos/vault/disko.nix",
        'FILE.flake.modules.nixos."machines/nixos/vault".disko.devices.a',
    ),
    "configuration of all machines, moved": (
        fleet(config={"a": NOTES}, files={"modules/nixos/fleet.nix": "fleet.nix"}),
        "fleet.nix",
        "FILE.flake.modules.nixos.fleet.a",
    ),
    "a file that was moved": (
        fleet(clan={"a": NOTES}, files={"modules/clan/fleet.nix": "clan.nix"}),
        "clan.nix",
        "FILE.clan.a",
    ),
}


@pytest.mark.parametrize(("described", "file", "value"), GIVEN.values(), ids=GIVEN)
def test_it_is_below_the_root(plant: Plant, described: Fleet, file: str, value: str) -> None:
    tree = plant(described)
    loaded = f'(load "{file}" {{ inherit lib; config.flake.modules.nixos = {{ }}; }})'
    found = tree.evaluate(f"toString ({value.replace('FILE', loaded)})")
    assert found == str(tree.root / NOTES)


def test_an_absolute_path_stays(plant: Plant) -> None:
    tree = plant(fleet(clan={"a": Path("/etc/notes")}))
    assert tree.evaluate('toString (load "modules/clan/fleet.nix" { }).clan.a') == "/etc/notes"


OUTSIDE = Path("docs/../../notes.md")


@pytest.mark.parametrize(
    "described",
    [
        service(settings={"a": [Apply("lib.mkForce", OUTSIDE)]}),
        service(extra_modules=({"a": OUTSIDE},)),
        fleet(machine={"config": {"a": OUTSIDE}}),
        fleet(clan={"a": OUTSIDE}),
    ],
    ids=["settings", "a module of a role", "configuration", "what else clan is told"],
)
def test_a_path_out_of_the_flake_is_refused(described: Fleet) -> None:
    """Nix has a copy of the flake's folder, and nothing of what is beside it."""
    with pytest.raises(
        FleetError, match=r"path='docs/\.\./\.\./notes\.md': a path below the flake"
    ):
        described.nix_files()


def test_a_path_that_turns_back_within_the_flake_stays_below_its_root(plant: Plant) -> None:
    tree = plant(fleet(clan={"a": Path("keys/../docs/notes.md")}))
    found = tree.evaluate('toString (load "modules/clan/fleet.nix" { }).clan.a')
    assert found == str(tree.root / NOTES)
