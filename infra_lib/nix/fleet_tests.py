"""`tests/fleet.nix`: what the fleet claims of its machines, as tests for nix-unit.

Nothing in it needs nixpkgs: it looks at the flake that it is given.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.machine import GcpMachine
from infra_lib.model.nvidia import before_turing
from infra_lib.nix import internet, nvidia
from infra_lib.nix.placement import path_of
from nixgen.expr import Apply, AttrSet, BlankLine, Item, Lambda, Let, Not, Pattern, Select, ref

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

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
    """A function: what is in the first list and not in the second."""
    missing = Lambda("item", Not(Apply("builtins.elem", ref("item"), ref("given"))))
    body = Apply("builtins.filter", missing, ref("wanted"))
    return Lambda("wanted", Lambda("given", body))


def _tests(fleet: Fleet, machine: Machine) -> dict[str, Value]:
    entry = partial(Select, ref("machines"), machine.name)
    tests = {
        "has its tags": _test(Apply("lacking", list(machine.all_tags), entry("tags")), []),
        "has its class": _test(entry("machineClass"), machine.machine_class),
        "has its target host": _target_test(fleet, machine),
    }
    if machine.full_description:
        tests["has its description"] = _test(entry("description"), machine.full_description)
    if machine.machine_class == "nixos":
        tests |= _nixos_tests(fleet, machine)
    return {f"test {machine.name} {claim}": test for claim, test in tests.items()}


def _target_test(fleet: Fleet, machine: Machine) -> Value:
    """Clan asks its internet service only where the inventory says nothing."""
    target = internet.target_host(fleet, machine)
    path = (machine.name, "deploy", "targetHost")
    given = Select("machines", *path) if target else Select("machines", *path, default=None)
    return _test(given, target)


def _nixos_tests(fleet: Fleet, machine: Machine) -> dict[str, Value]:
    config = partial(Select, ref("nixos"), machine.name, "config")
    tests = {
        "has its host name": _test(config("networking", "hostName"), machine.name),
        "has no global cudaSupport": _test(_nixpkgs(machine, "cudaSupport", False), False),
    }
    if isinstance(machine, GcpMachine) and machine.gpu is not None:
        tests |= _gpu_tests(fleet, machine)
    return tests


def _nixpkgs(machine: Machine, name: str, default: Value) -> Value:
    """What nixpkgs is configured with, by the machine or by whoever made its packages."""
    made = Select(ref("nixos"), machine.name, "pkgs", "config", name, default=default)
    return Select(ref("nixos"), machine.name, "config", "nixpkgs", "config", name, default=made)


def _gpu_tests(fleet: Fleet, machine: GcpMachine) -> dict[str, Value]:
    config = Select(ref("nixos"), machine.name, "config")
    installed = partial(Select, config, "hardware", "nvidia")
    version = installed("package", "version")
    drivers = Select(config, "services", "xserver", "videoDrivers")
    tests = {
        "imports nvidia": _test(Apply("builtins.elem", "nvidia", drivers), True),
        # GSP firmware is missing then: https://github.com/NixOS/nixpkgs/issues/454772
        "leaves datacenter.enable alone": _test(
            installed("datacenter", "enable", default=False), False
        ),
        "has its kernel module": _test(installed("open"), not before_turing(machine)),
    }
    # Whoever has a module of their own instead of ours decides on these.
    ours = path_of(fleet, nvidia.PATH) is not None
    if ours:
        driver = Select(nvidia.driver(fleet, config), "version")
        tests["has its driver"] = _test(version, driver)
    if before_turing(machine):
        # Whatever the branch is called: https://www.nvidia.com/en-us/drivers/unix/legacy-gpu/
        older = Apply("builtins.compareVersions", version, "590")
        tests["has a driver from before 590"] = _test(older, -1)
    capabilities = nvidia.cuda_capabilities(fleet, machine)
    if capabilities and (ours or nvidia.configures_nixpkgs(fleet, machine)):
        built_for = _nixpkgs(machine, "cudaCapabilities", [])
        tests["has its CUDA capabilities"] = _same(list(capabilities), built_for)
    if ours and fleet.nvidia.cuda_packages:
        extension = Lambda("extension", Select("extension", nvidia.BUILT_WITH_CUDA, default=[]))
        extensions = Select(ref("nixos"), machine.name, "pkgs", "pythonPackagesExtensions")
        given = Apply("builtins.concatMap", extension, extensions)
        packages = list(fleet.nvidia.cuda_packages)
        tests["has its CUDA packages"] = _test(Apply("lacking", packages, given), [])
    return tests


def _same(wanted: Value, given: Value) -> Value:
    """A test that two lists have the same in them: definitions of one option are appended."""
    differences = {
        "lacking": Apply("lacking", wanted, ref("given")),
        "unasked": Apply("lacking", ref("given"), wanted),
    }
    return _test(Let({"given": given}, differences), {"lacking": [], "unasked": []})


def _test(expr: Value, expected: Value) -> Value:
    return {"expr": expr, "expected": expected}
