"""`modules/checks/fleet.nix`: `nix flake check` runs the tests of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix import fleet_tests
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import is_plain
from nixgen.expr import Apply, AttrSet, BinaryOp, If, Inherit, Lambda, Let, Pattern, Str, ref

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "modules/checks/fleet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are tests to run."""
    here, tests = path_of(fleet, PATH), path_of(fleet, fleet_tests.PATH)
    if here is None or tests is None or not fleet.machines:
        return {}
    plain = is_plain(fleet)
    lib = "pkgs.lib" if plain else "lib"
    run = Apply(
        f"{lib}.runTests",
        Apply("import", path_from(here, tests), AttrSet(Inherit("self"))),
    )
    check = If(
        BinaryOp("==", ref("failures"), []),
        Apply("pkgs.runCommand", "fleet", {}, "touch $out"),
        Apply(
            "throw",
            Str(
                "not as the fleet says: ", Apply(f"{lib}.generators.toPretty", {}, ref("failures"))
            ),
        ),
    )
    if plain:
        return {PATH: Lambda(Pattern("pkgs", "self", ellipsis=True), Let({"failures": run}, check))}
    per_system = Lambda(Pattern("pkgs", ellipsis=True), {("checks", "fleet"): check})
    return {
        PATH: Lambda(
            Pattern("lib", "self", ellipsis=True),
            Let({"failures": run}, {"perSystem": per_system}),
        )
    }
