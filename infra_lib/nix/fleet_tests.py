"""`tests/fleet.nix`: what the fleet claims of its machines, as tests for nix-unit.

A table says what is claimed of each machine, and a function makes the tests of it. Nothing in it
needs nixpkgs: it looks at the flake that it is given.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from infra_lib.model.nvidia import before_turing, capabilities, has_fabric_manager, has_vgpu
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.targets import fill
from infra_lib.nix import clan_meta, idle_stop, nvidia
from infra_lib.nix.placement import path_of
from infra_lib.services import path, services, target_host
from nixgen.expr import (
    Apply,
    BinaryOp,
    BlankLine,
    Commented,
    HasAttr,
    If,
    Item,
    Lambda,
    Let,
    Not,
    Pattern,
    Select,
    Str,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "tests/fleet.nix"

# By the name, which has the machine's in it.
_Tests: TypeAlias = "dict[tuple[Str | str], Value]"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are machines: a function of the flake."""
    if not fleet.machines:
        return {}
    machines = {machine.name: _row(fleet, machine) for machine in fleet.machines}
    tests_of = _function("name", "said", body=Let(_bindings(fleet), _tests(fleet)))
    bindings: list[Item] = [
        {"machines": Commented(machines, before="What the fleet says of each machine.")},
        BlankLine(),
        {"lacking": Commented(_lacking(), before="What one list has and another has not.")},
        {"when": _function("condition", "tests", body=If(ref("condition"), ref("tests"), {}))},
        BlankLine(),
        {"testsOf": Commented(tests_of, before="The tests of one machine.")},
    ]
    each: Value = Apply(
        "builtins.attrValues", Apply("builtins.mapAttrs", ref("testsOf"), ref("machines"))
    )
    if shared := _clan_tests(fleet):
        bindings += [
            BlankLine(),
            {"clanTests": Commented(shared, before="The tests of what they share.")},
        ]
        each = BinaryOp("++", [ref("clanTests")], each)
    together = Apply("builtins.zipAttrsWith", Lambda("_", ref("builtins.head")), each)
    return {PATH: Lambda(Pattern("self"), Let(bindings, together))}


def _row(fleet: Fleet, machine: Machine) -> Value:
    """A machine in the table: what differs from the defaults in `_bindings` and `_tests`."""
    said: dict[str | tuple[str, ...], Value] = {}
    if machine.machine_class != "nixos":
        said["class"] = machine.machine_class
    said["tags"] = list(machine.all_tags)
    if machine.full_description:
        said["description"] = machine.full_description
    target = target_host(fleet, machine)
    usual = fleet.target_pattern("nixos")
    if target != (None if usual is None else fill(usual, machine.name, fleet.domain)):
        said["targetHost"] = target
    if isinstance(machine, ProvisionedMachine) and machine.accelerator is not None:
        said |= _gpu(fleet, machine)
    if isinstance(machine, ProvisionedMachine):
        minutes = idle_stop.claimed_minutes(fleet, machine)
        said |= {} if minutes is None else {"idleMinutes": minutes}
    return said


def _gpu(fleet: Fleet, machine: ProvisionedMachine) -> dict[str | tuple[str, ...], Value]:
    is_open = not before_turing(machine)
    if has_vgpu(machine):
        return {"gpu": {"open": is_open, "part": True}}
    if has_fabric_manager(fleet.nvidia, machine):
        return {"gpu": {"open": is_open, "fabricManager": True}}
    return {("gpu", "open"): is_open}


def _clan_tests(fleet: Fleet) -> _Tests:
    """Tests that the clan has what is generated for it; what is left out, somebody else says."""
    inventory = ref("self.clan.inventory")
    tests: _Tests = {}
    if path_of(fleet, clan_meta.PATH) is not None:
        name = Select(inventory, "meta", "name")
        tests["test clan has its name",] = {"expr": name, "expected": fleet.name}
    modules = {
        service.name: service.module_name
        for service in services(fleet)
        if path_of(fleet, path(service.name)) is not None
    }
    if modules:
        module = Select(inventory, "instances", ref("name"), "module", "name", default=None)
        given = Apply("builtins.mapAttrs", _function("name", "_", body=module), ref("modules"))
        tests["test clan has its services",] = Let(
            {"modules": modules}, {"expr": given, "expected": ref("modules")}
        )
    return tests


def _lacking() -> Value:
    missing = Lambda("item", Not(Apply("builtins.elem", ref("item"), ref("given"))))
    return _function("wanted", "given", body=Apply("builtins.filter", missing, ref("wanted")))


def _bindings(fleet: Fleet) -> dict[str, Value]:
    """What the tests of a machine look at."""
    name, option = ref("name"), ref("option")
    bindings: dict[str, Value] = {
        "class": Select("said", "class", default="nixos"),
        "machine": Select("self.clan.inventory.machines", name),
    }
    if _has_nixos(fleet):
        made = Select("nixos.pkgs.config", option, default=ref("default"))
        said = Select("nixos.config.nixpkgs.config", option, default=made)
        bindings["nixos"] = Select("self.nixosConfigurations", name)
        bindings["nixpkgs"] = Commented(
            _function("option", "default", body=said),
            before="What nixpkgs is configured with, by the machine or by who made its packages.",
        )
    if fleet.gpu_machines:
        bindings["nvidia"] = ref("nixos.config.hardware.nvidia")
    return bindings


def _tests(fleet: Fleet) -> Value:
    """The tests of a machine: those that each has, and those that depend on what it is."""
    usual = _usual_target(fleet)
    target = Select("machine", "deploy", "targetHost", default=None)
    tests: list[Value] = [
        {
            **_test("has its tags", _lacks(ref("said.tags"), ref("machine.tags")), []),
            **_test("has its class", ref("machine.machineClass"), ref("class")),
            **_test("has its target host", target, Select("said", "targetHost", default=usual)),
        },
        _when(
            HasAttr("said", "description"),
            _test("has its description", ref("machine.description"), ref("said.description")),
        ),
    ]
    if _has_nixos(fleet):
        tests.append(_when(BinaryOp("==", ref("class"), "nixos"), _nixos_tests()))
    if fleet.gpu_machines:
        tests.append(_when(HasAttr("said", "gpu"), _gpu_tests(fleet)))
    if any(idle_stop.claimed_minutes(fleet, machine) for machine in fleet.provisioned):
        tests.append(_when(HasAttr("said", "idleMinutes"), _idle_stop_tests()))
    if any(map(has_vgpu, fleet.gpu_machines)) and _ours(fleet):
        whole = BinaryOp(
            "&&",
            HasAttr("said", "gpu"),
            Not(Select("said", "gpu", "part", default=False)),
        )
        tests.append(_when(whole, _driver_test(fleet)))
    if _fabric_managers(fleet) and _ours(fleet):
        tests.append(
            _when(Select("said", "gpu", "fabricManager", default=False), _fabric_manager_tests())
        )
    if any(map(before_turing, fleet.gpu_machines)):
        old = BinaryOp("&&", HasAttr("said", "gpu"), Not(ref("said.gpu.open")))
        tests.append(_when(old, _old_gpu_tests(fleet)))
    return reduce(lambda all_, more: BinaryOp("//", more, all_), reversed(tests))


def _usual_target(fleet: Fleet) -> Str | None:
    """The target of most machines: that of whichever `name` is in Nix."""
    pattern = fleet.target_pattern("nixos")
    if pattern is None:
        return None
    first, *rest = pattern.replace("{domain}", fleet.domain).split("{name}")
    return Str(first, *(part for each in rest for part in (ref("name"), each)))


def _has_nixos(fleet: Fleet) -> bool:
    return any(machine.machine_class == "nixos" for machine in fleet.machines)


def _nixos_tests() -> _Tests:
    host_name = ref("nixos.config.networking.hostName")
    return {
        **_test("has its host name", host_name, ref("name")),
        **_test("has no global cudaSupport", Apply("nixpkgs", "cudaSupport", False), False),
    }


def _gpu_tests(fleet: Fleet) -> _Tests:
    drivers = ref("nixos.config.services.xserver.videoDrivers")
    datacenter = Select("nvidia", "datacenter", "enable", default=False)
    tests = {
        **_test("imports nvidia", Apply("builtins.elem", "nvidia", drivers), True),
        # GSP firmware is missing then: https://github.com/NixOS/nixpkgs/issues/454772
        **_test("leaves datacenter.enable alone", datacenter, False),
        **_test("has its kernel module", ref("nvidia.open"), ref("said.gpu.open")),
    }
    if not _ours(fleet):
        return tests
    if not any(map(has_vgpu, fleet.gpu_machines)):
        tests |= _driver_test(fleet)
    if fleet.nvidia.cuda_capabilities:
        tests |= _capabilities_test(fleet)
    if fleet.nvidia.cuda_packages:
        extension = Lambda("extension", Select("extension", nvidia.BUILT_WITH_CUDA, default=[]))
        given = Apply("builtins.concatMap", extension, ref("nixos.pkgs.pythonPackagesExtensions"))
        lacks = _lacks(list(fleet.nvidia.cuda_packages), given)
        tests |= _test("has its CUDA packages", lacks, [])
    return tests


def _idle_stop_tests() -> _Tests:
    """The tests of a machine that turns itself off: that its timer starts, and looks for as long.

    A test has the settings alone: what decides is the script.
    """
    unit = idle_stop.UNIT
    wanted = Select("nixos.config.systemd.timers", unit, "wantedBy", default=[])
    environment = Select("nixos.config.systemd.services", unit, "environment", default={})
    minutes = Select(environment, idle_stop.MINUTES, default=None)
    return {
        **_test("looks whether it is used", Apply("builtins.elem", "timers.target", wanted), True),
        **_test(
            "turns itself off",
            minutes,
            Apply("toString", ref("said.idleMinutes")),
        ),
    }


def _driver_test(fleet: Fleet) -> _Tests:
    driver: Value = Select(nvidia.driver(fleet, "nixos.config"), "version")
    if fleet.nvidia.driver is None and _fabric_managers(fleet):
        other = Select(nvidia.fabric_manager_driver("nixos.config"), "version")
        driver = If(Select("said", "gpu", "fabricManager", default=False), other, driver)
    return _test("has its driver", ref("nvidia.package.version"), driver)


def _fabric_managers(fleet: Fleet) -> bool:
    """Whether a machine has NVIDIA's fabric manager."""
    return any(has_fabric_manager(fleet.nvidia, machine) for machine in fleet.gpu_machines)


def _fabric_manager_tests() -> _Tests:
    """The tests of a machine with NVIDIA's fabric manager, which takes no other driver."""
    unit = HasAttr("nixos.config.systemd.services", "nvidia-fabricmanager")
    version = Select("nvidia", "package", "fabricmanager", "version", default=None)
    same = BinaryOp("==", version, ref("nvidia.package.version"))
    return {
        **_test("has a fabric manager", unit, True),
        **_test("has a fabric manager of its driver's version", same, True),
    }


def _old_gpu_tests(fleet: Fleet) -> _Tests:
    """The tests of a machine whose GPU is older than Turing."""
    # Whatever the branch is called: https://www.nvidia.com/en-us/drivers/unix/legacy-gpu/
    older = Apply("builtins.compareVersions", ref("nvidia.package.version"), "590")
    tests = _test("has a driver from before 590", older, -1)
    own = _ours(fleet) and not fleet.nvidia.cuda_capabilities
    if own or nvidia.old_gpus_configure_nixpkgs(fleet):
        tests |= _capabilities_test(fleet)
    return tests


def _ours(fleet: Fleet) -> bool:
    """Whether the nvidia module is generated; otherwise people's own module decides on these."""
    return path_of(fleet, nvidia.PATH) is not None


def _capabilities_test(fleet: Fleet) -> _Tests:
    """A test that two lists have the same in them: definitions of one option are appended."""
    wanted = list(capabilities(fleet.nvidia, fleet.gpu_machines))
    differences = {
        "lacking": _lacks(ref("wanted"), ref("given")),
        "unasked": _lacks(ref("given"), ref("wanted")),
    }
    given = Apply("nixpkgs", "cudaCapabilities", [])
    compared = Let({"wanted": wanted, "given": given}, differences)
    return _test("has its CUDA capabilities", compared, {"lacking": [], "unasked": []})


def _lacks(wanted: Value, given: Value) -> Value:
    return Apply("lacking", wanted, given)


def _when(condition: Value, tests: _Tests) -> Value:
    return Apply("when", condition, tests)


def _test(claim: str, expr: Value, expected: Value) -> _Tests:
    name = Str("test ", ref("name"), f" {claim}")
    return {(name,): {"expr": expr, "expected": expected}}


def _function(*names: str, body: Value) -> Value:
    for name in reversed(names):
        body = Lambda(name, body)
    return body
