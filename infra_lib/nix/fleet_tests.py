"""`tests/fleet.nix`: what the fleet claims of its machines, as tests for nix-unit.

Nothing in it needs nixpkgs: it looks at the flake that it is given.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nixgen.expr import (
    Apply,
    AttrSet,
    BlankLine,
    Item,
    Lambda,
    Let,
    Not,
    Pattern,
    Select,
    ref,
)

from ..gcp_machine import GcpMachine

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..machine import Machine

PATH = "tests/fleet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines: a function of the flake."""
    if not fleet.machines:
        return {}
    bindings: dict[str, Value] = {
        "machines": ref("self.clan.inventory.machines"),
        "lacking": _lacking(),
    }
    if any(machine.machine_class == "nixos" for machine in fleet.machines):
        bindings["nixos"] = ref("self.nixosConfigurations")
    items: list[Item] = []
    for machine in fleet.machines:
        items += [BlankLine()] if items else []
        items.append(_tests(fleet, machine))
    return {PATH: Lambda(Pattern("self"), Let(bindings, AttrSet(*items)))}


def _lacking() -> Value:
    """A function: the tags of the first list that are not in the second."""
    missing = Lambda("tag", Not(Apply("builtins.elem", ref("tag"), ref("given"))))
    body = Apply("builtins.filter", missing, ref("wanted"))
    return Lambda("wanted", Lambda("given", body))


def _tests(fleet: Fleet, machine: Machine) -> dict[str, Value]:
    entry = partial(Select, ref("machines"), machine.name)
    tests = {
        "has its tags": _test(Apply("lacking", list(machine.all_tags), entry("tags")), []),
        "has its class": _test(entry("machineClass"), machine.machine_class),
        "has its target host": _test(entry("deploy", "targetHost"), fleet.target_host(machine)),
    }
    if machine.full_description:
        tests["has its description"] = _test(entry("description"), machine.full_description)
    if machine.machine_class == "nixos":
        tests |= _nixos_tests(machine)
    return {f"test {machine.name} {claim}": test for claim, test in tests.items()}


def _nixos_tests(machine: Machine) -> dict[str, Value]:
    config = partial(Select, ref("nixos"), machine.name, "config")
    cuda = config("nixpkgs", "config", "cudaSupport", default=False)
    tests = {
        "has its host name": _test(config("networking", "hostName"), machine.name),
        "has no global cudaSupport": _test(cuda, False),
    }
    if isinstance(machine, GcpMachine) and machine.gpu is not None:
        drivers = config("services", "xserver", "videoDrivers")
        datacenter = config("hardware", "nvidia", "datacenter", "enable", default=False)
        tests["imports nvidia"] = _test(Apply("builtins.elem", "nvidia", drivers), True)
        # GSP firmware is missing then: https://github.com/NixOS/nixpkgs/issues/454772
        tests["leaves datacenter.enable alone"] = _test(datacenter, False)
    return tests


def _test(expr: Value, expected: Value) -> Value:
    return {"expr": expr, "expected": expected}
