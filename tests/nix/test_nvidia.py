"""modules/nixos/nvidia.nix: the driver, and CUDA for the packages that the fleet names."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    AcceleratorType,
    Catalog,
    FleetError,
    GcpMachine,
    MachineType,
    Nvidia,
    NvidiaTuning,
    Zone,
)
from nixgen import Raw, ref
from tests.helpers.nix import NixTree, evaluate, run
from tests.helpers.nix_fleets import (
    A100,
    FLEETS,
    H100,
    L4,
    ONE_H100,
    P100,
    PART,
    T4,
    V100,
    VGPU_DRIVER,
    fleet_of,
    gpu_machine,
)

Trees = Callable[[str], NixTree]
Plant = Callable[..., NixTree]

PATH = "modules/nixos/nvidia.nix"

CONFIG = """{
  boot.kernelPackages.nvidiaPackages = {
    production = "the production driver";
    latest = "the latest driver";
  };
  hardware.nvidia.package.bin = "/driver-bin";
}"""

BLACKWELL = GcpMachine(
    "beryl",
    machine_type="g4-standard-48",
    zone="us-central1-z",
    catalog=Catalog(
        machine_types=(MachineType("g4-standard-48", 48, 180, False, "nvidia-rtx", 1),),
        accelerator_types=(AcceleratorType("nvidia-rtx", "RTX", "blackwell", 96),),
        zones=(Zone("us-central1-z", "us-central1"),),
    ),
)

P4 = gpu_machine("erythrite", "nvidia-tesla-p4")


def gpu_of_ones_own(
    generation: str, capability: str | None = None, count: float = 1, nvswitch: int | None = None
) -> GcpMachine:
    """A machine with GPUs that the catalogue does not know."""
    gpu = AcceleratorType(
        "nvidia-x", "X", generation, 16, compute_capability=capability, nvswitch=nvswitch
    )
    catalog = Catalog(
        machine_types=(MachineType("x9-gpu-8", 8, 32, False, "nvidia-x", count),),
        accelerator_types=(gpu,),
    )
    return GcpMachine("beryl", machine_type="x9-gpu-8", zone="us-central1-a", catalog=catalog)


def module(tree: NixTree, config: str = CONFIG) -> Any:
    """The module, but for the overlay, which is a function."""
    return tree.evaluate(
        f'let module = (load "{PATH}" {{ }}).flake.modules.nixos.nvidia {{ config = {config};'
        " inherit lib pkgs; }; in module"
        ' // { nixpkgs = builtins.removeAttrs module.nixpkgs [ "overlays" ]; }'
    )


def test_the_module_of_the_story(tree: Trees) -> None:
    assert module(tree("example")) == {
        "nixpkgs": {"config": {"allowUnfree": True}},
        "hardware": {
            "graphics": {"enable": True, "enable32Bit": False},
            "nvidia": {
                "package": "the production driver",
                "open": True,
                "nvidiaPersistenced": True,
                "nvidiaSettings": False,
                "modesetting": {"enable": False},
                "powerManagement": {"enable": False, "finegrained": False},
            },
        },
        "services": {"xserver": {"enable": False, "videoDrivers": ["nvidia"]}},
        "programs": {
            "nix-required-mounts": {"enable": True, "presets": {"nvidia-gpu": {"enable": True}}}
        },
        "environment": {"systemPackages": ["nvtop", "pciutils", "/cudatoolkit"]},
    }


@pytest.mark.parametrize("name", [name for name, fleet in FLEETS.items() if fleet.gpu_machines])
def test_what_must_never_be_set(tree: Trees, name: str) -> None:
    found = module(tree(name))
    assert found["nixpkgs"]["config"].keys() <= {"allowUnfree", "cudaCapabilities"}
    assert "datacenter" not in found["hardware"]["nvidia"]


@pytest.mark.parametrize(("given", "config"), [("true", {}), ("false", {"allowUnfree": True})])
def test_whoever_gives_nixpkgs_configures_it(
    tree: Trees, given: str, config: dict[str, bool]
) -> None:
    """NixOS refuses a `nixpkgs.config` beside a `nixpkgs.pkgs`."""
    found = tree("l4").evaluate(
        f'((load "{PATH}" {{ }}).flake.modules.nixos.nvidia {{ config = {CONFIG};'
        f" options.nixpkgs.pkgs.isDefined = {given}; inherit lib pkgs; }}).nixpkgs.config"
    )
    assert found == config


def test_an_old_gpu_in_a_mixed_fleet_gives_way_as_well(tree: Trees) -> None:
    found = tree("mixed").evaluate("""
      ((load "modules/machines/nixos/pitchblende/default.nix" {
        config.flake.modules.nixos = { base = 1; nvidia = 2; ssh-known-hosts = 3; };
      }).flake.modules.nixos."machines/nixos/pitchblende" {
        inherit lib pkgs;
        config = { };
        options.nixpkgs.pkgs.isDefined = true;
      }).nixpkgs.config
    """)
    assert found == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("example", True), ("l4", True), ("a100", True), ("pascal", False), ("mixed", True)],
)
def test_the_kernel_module_follows_the_architecture(tree: Trees, name: str, expected: bool) -> None:
    assert module(tree(name))["hardware"]["nvidia"]["open"] is expected


def test_in_a_mixed_fleet_only_the_old_gpu_has_the_proprietary_module(tree: Trees) -> None:
    modules = '{ base = "b"; nvidia = "n"; ssh-known-hosts = "s"; }'
    assert tree("mixed").machine("pitchblende", modules)["hardware"] == {
        "nvidia": {"open": {"force": False}}
    }
    assert "hardware" not in tree("mixed").machine("scheelite", modules)
    assert "hardware" not in tree("pascal").machine("pitchblende")


def test_the_driver_is_the_one_that_the_fleet_names(tree: Trees) -> None:
    assert module(tree("a100"))["hardware"]["nvidia"]["package"] == "the latest driver"


def test_old_gpus_have_the_last_branch_that_drives_them(tree: Trees) -> None:
    known = CONFIG.replace("latest =", 'legacy_580 = "the 580 driver"; latest =')
    for name in ("pascal", "mixed"):
        assert module(tree(name), known)["hardware"]["nvidia"]["package"] == "the 580 driver"
    assert (
        module(tree("example"), known)["hardware"]["nvidia"]["package"] == "the production driver"
    )


def test_a_nixpkgs_without_that_branch_has_it_as_production(tree: Trees) -> None:
    assert module(tree("pascal"))["hardware"]["nvidia"]["package"] == "the production driver"


@pytest.mark.parametrize("driver", ["production", "stable", "legacy_580", "legacy_535"])
def test_a_driver_that_is_named_is_the_driver(plant: Plant, driver: Any) -> None:
    packages = f'boot.kernelPackages.nvidiaPackages.{driver} = "it";'
    config = f'{{ {packages} hardware.nvidia.package.bin = ""; }}'
    found = module(plant(fleet_of(T4, nvidia=Nvidia(driver=driver))), config)
    assert found["hardware"]["nvidia"]["package"] == "it"
    assert found["hardware"]["nvidia"]["open"] is True


@pytest.mark.parametrize(
    ("driver", "machine", "label"),
    [("legacy_535", BLACKWELL, "RTX")],
)
def test_a_branch_that_is_too_old_for_a_gpu_is_refused(
    driver: Any, machine: GcpMachine, label: str
) -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(machine, nvidia=Nvidia(driver=driver))
    assert f"nvidia: driver='{driver}': drives nothing newer than" in str(refusal.value)
    assert label in str(refusal.value)
    fleet_of(machine, nvidia=Nvidia(driver="legacy_580"))


@pytest.mark.parametrize("machine", [P100, V100])
@pytest.mark.parametrize("driver", ["production", "latest", "stable", "beta"])
def test_a_branch_that_is_too_new_for_a_gpu_is_refused(driver: Any, machine: GcpMachine) -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(T4, machine, nvidia=Nvidia(driver=driver))
    assert f"nvidia: driver='{driver}': drives nothing older than turing" in str(refusal.value)
    assert machine.accelerator is not None
    assert f"machine {machine.name!r} has {machine.accelerator.label}" in str(refusal.value)


@pytest.mark.parametrize("driver", [None, "dc", "legacy_580", "legacy_535"])
def test_a_branch_that_drives_old_gpus_is_taken_for_them(driver: Any) -> None:
    assert fleet_of(P100, V100, T4, nvidia=Nvidia(driver=driver)).nvidia.driver == driver


def test_no_driver_drives_the_oldest_and_the_newest_gpus() -> None:
    newest = gpu_of_ones_own("rubin")
    fleet_of(newest, T4)
    with pytest.raises(FleetError) as refusal:
        fleet_of(newest, P100)
    assert (
        "nvidia: driver=None: legacy_580, which machine 'pitchblende' needs, drives nothing newer "
        "than blackwell, and machine 'beryl' has X (rubin)"
    ) in str(refusal.value)
    with pytest.raises(FleetError) as refusal:
        fleet_of(gpu_of_ones_own("kepler", "6.0"))
    assert (
        "nvidia: driver=None: legacy_580 drives nothing older than maxwell, and machine 'beryl' "
        "has X (kepler)"
    ) in str(refusal.value)


def with_gpus(machine_type: str, zone: str = "us-central1-a") -> GcpMachine:
    """A machine of a type that comes with GPUs."""
    return GcpMachine("beryl", machine_type=machine_type, zone=zone)


# What a machine sees of nixpkgs: drivers that are no more than their names, and a join of folders
# that is the folders.
BOARD = """{
  config = {
    boot.kernelPackages.nvidiaPackages = { dc = "the dc driver"; mkDriver = driver: driver; };
    hardware.nvidia.package.fabricmanager = "/fabricmanager";
  };
  pkgs = pkgs // { symlinkJoin = { name, paths }: builtins.concatStringsSep "+" paths; };
}"""
FABRIC_MANAGER = {
    "description": "NVIDIA fabric manager",
    "wantedBy": ["multi-user.target"],
    "wants": ["modprobe@nvidia.service"],
    "after": ["modprobe@nvidia.service"],
    "before": ["nvidia-persistenced.service"],
    "unitConfig": {"ConditionDirectoryNotEmpty": "/proc/driver/nvidia-nvswitch/devices"},
    "serviceConfig": {
        "Type": "forking",
        "ExecStart": (
            "/fabricmanager/bin/nv-fabricmanager -c /usr/share/nvidia/nvswitch/fabricmanager.cfg"
        ),
        "BindReadOnlyPaths": (
            "/fabricmanager/share/nvidia-fabricmanager/nvidia/nvswitch+"
            "/fabricmanager/share/nvidia-fabricmanager/etc:/usr/share/nvidia/nvswitch"
        ),
        "RuntimeDirectory": "nvidia-fabricmanager",
        "TimeoutStartSec": 240,
    },
}


def own_driver(tree: NixTree, name: str) -> tuple[Any, Any]:
    """The driver that a machine has of its own, and its fabric manager; None for none."""
    names = '{ base = "b"; nvidia = "n"; }'
    found = tree.machine(name, names, BOARD)
    package = found.get("hardware", {}).get("nvidia", {}).get("package")
    return package, found["systemd"].get("services", {}).get("nvidia-fabricmanager")


def test_a_machine_with_a_whole_board_has_the_fabric_manager_of_its_driver(tree: Trees) -> None:
    """Its file is NVIDIA's of that very version, where NVIDIA's packages put it."""
    assert own_driver(tree("boards"), "malachite") == (
        {"force": "the dc driver"},
        FABRIC_MANAGER,
    )


@pytest.mark.parametrize(
    ("machine", "given"),
    [
        (H100, True),
        (ONE_H100, False),
        (L4, False),
        (T4, False),
        (A100, False),  # four of the eight of a board
        (with_gpus("a2-highgpu-8g"), True),
        (with_gpus("a2-megagpu-16g"), True),
        (with_gpus("a2-ultragpu-8g", "us-central1-c"), True),
        (with_gpus("a3-megagpu-8g"), True),
        (with_gpus("a3-edgegpu-8g"), True),
        (gpu_of_ones_own("hopper", "9.0", 8), False),  # no NVSwitches
        (gpu_of_ones_own("hopper", "9.0", 7, nvswitch=3), False),
        (gpu_of_ones_own("hopper", "9.0", 8, nvswitch=3), True),
        (gpu_of_ones_own("volta", "7.0", 8, nvswitch=1), True),  # production drives no Volta
        (gpu_of_ones_own("blackwell", "10.0", 8, nvswitch=4), False),  # needs more than that
    ],
)
def test_only_a_machine_that_has_such_a_board_to_itself_has_it(
    plant: Plant, machine: GcpMachine, given: bool
) -> None:
    package, unit = own_driver(plant(fleet_of(machine)), machine.name)
    assert (package is not None, unit is not None) == (given, given)


def test_others_of_its_fleet_keep_their_driver(plant: Plant) -> None:
    both = plant(fleet_of(H100, T4))
    assert module(both)["hardware"]["nvidia"]["package"] == "the production driver"
    assert own_driver(both, "scheelite") == (None, None)
    old = plant(fleet_of(H100, P100))
    assert own_driver(old, "malachite")[0] == {"force": "the dc driver"}


@pytest.mark.parametrize("driver", ["dc", "dc_570", "dc_580", "dc_590"])
def test_a_data_center_driver_that_is_named_has_its_own_fabric_manager(
    plant: Plant, driver: Any
) -> None:
    found = plant(fleet_of(H100, nvidia=Nvidia(driver=driver)))
    assert own_driver(found, "malachite") == (None, FABRIC_MANAGER)


@pytest.mark.parametrize("driver", ["production", "stable", "new_feature", "legacy_580"])
def test_any_other_driver_that_is_named_has_none(plant: Plant, driver: Any) -> None:
    """nixpkgs has none of its version, and no other would do."""
    found = plant(fleet_of(H100, nvidia=Nvidia(driver=driver)))
    assert own_driver(found, "malachite") == (None, None)


def test_a_module_of_ones_own_chooses_the_driver_of_a_board_too(plant: Plant) -> None:
    found = plant(fleet_of(H100, files={"modules/nixos/nvidia.nix": None}))
    assert own_driver(found, "malachite") == (None, None)


def test_a_fabric_manager_of_plain_modules_is_the_same(plant: Plant) -> None:
    found = plant(fleet_of(H100, module_style="nixos", modules=()))
    machine = found.evaluate(
        f'load "modules/machines/nixos/malachite/default.nix" ({{ inherit lib pkgs; }} // {BOARD})'
    )
    assert machine["systemd"]["services"]["nvidia-fabricmanager"] == FABRIC_MANAGER


def test_a_part_of_a_gpu_has_the_driver_that_the_fleet_names(tree: Trees) -> None:
    driver = {"version": "580.159.03", "url": "https://drivers.example.org/vgpu.run"}
    assert own_driver(tree("boards"), "beryl") == ({"force": driver}, None)


def test_the_driver_of_a_part_of_a_gpu_may_be_an_input_of_the_flake(plant: Plant) -> None:
    found = plant(fleet_of(PART, nvidia=Nvidia(vgpu_driver=ref("inputs.own.vgpu"))))
    text = (found.root / "modules/machines/nixos/beryl/default.nix").read_text()
    assert "{ config, inputs, ... }:" in text
    assert "hardware.nvidia.package = lib.mkForce inputs.own.vgpu;" in text


def test_a_part_of_a_gpu_is_refused_without_a_driver_for_it() -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(T4, PART)
    assert str(refusal.value) == (
        "nvidia: vgpu_driver=None: machine 'beryl' has 1/4x RTX PRO 6000, and a part of a GPU "
        "needs NVIDIA's vGPU guest driver, which nixpkgs does not have: give it as an expression, "
        "or take a machine type with whole GPUs"
    )
    fleet_of(T4, PART, nvidia=Nvidia(vgpu_driver=Raw("pkgs.own")))
    fleet_of(T4, L4)


def test_no_branch_of_nixpkgs_is_held_against_a_part_of_a_gpu() -> None:
    """Blackwell is too new for 535, which is for the other machine."""
    fleet_of(P100, PART, nvidia=Nvidia(driver="legacy_535", vgpu_driver=VGPU_DRIVER))


def on_arm(machine: GcpMachine) -> GcpMachine:
    """The machine, as one of an Arm series that needs a reservation would be."""
    object.__setattr__(machine, "platform", "aarch64-linux")
    return machine


@pytest.mark.parametrize("driver", [None, "production", "latest", "beta", "legacy_580"])
def test_nixpkgs_has_drivers_for_gpus_of_arm_machines(driver: Any) -> None:
    fleet_of(
        on_arm(gpu_of_ones_own("blackwell", "10.0", 4, nvswitch=4)), nvidia=Nvidia(driver=driver)
    )
    fleet_of(on_arm(gpu_of_ones_own("blackwell", "10.0")), T4, nvidia=Nvidia(driver=driver))


@pytest.mark.parametrize("driver", ["dc", "dc_570", "dc_580", "dc_590"])
def test_nixpkgs_has_no_data_center_driver_for_arm(driver: Any) -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(on_arm(gpu_of_ones_own("blackwell", "10.0")), nvidia=Nvidia(driver=driver))
    assert str(refusal.value) == (
        f"nvidia: driver='{driver}': drives nothing but x86_64-linux, and machine 'beryl' has X "
        "(blackwell, aarch64-linux); leave driver out, or name another"
    )


@pytest.mark.parametrize(
    ("driver", "refused"),
    [("dc_570", "rubin"), ("dc_580", "rubin"), ("dc_590", "volta"), ("new_feature", "volta")],
)
def test_a_numbered_branch_has_its_limits(driver: Any, refused: str) -> None:
    with pytest.raises(FleetError, match=f"has X \\({refused}\\)"):
        fleet_of(gpu_of_ones_own(refused, "7.0"), nvidia=Nvidia(driver=driver))
    for generation in ("turing", "ampere", "ada", "hopper", "blackwell"):
        fleet_of(gpu_of_ones_own(generation, "7.5"), nvidia=Nvidia(driver=driver))


def cuda_capabilities(tree: NixTree) -> list[str] | None:
    """What the module builds CUDA code for."""
    found: list[str] | None = module(tree)["nixpkgs"]["config"].get("cudaCapabilities")
    return found


def test_old_gpus_have_cuda_code_built_for_them(tree: Trees, plant: Plant) -> None:
    """nixpkgs has neither in what it builds for since CUDA 12.6; the last is for newer GPUs too."""
    assert cuda_capabilities(tree("pascal")) == ["6.0", "7.0"]
    assert cuda_capabilities(plant(fleet_of(V100, P4, P100))) == ["6.0", "6.1", "7.0"]


def test_the_newest_of_them_is_the_last(plant: Plant) -> None:
    """As numbers, not as text: 10.0 is newer than 6.0."""
    found = plant(fleet_of(gpu_of_ones_own("blackwell", "10.0"), P100)).machine("pitchblende")
    assert found["nixpkgs"]["config"] == {"cudaCapabilities": ["6.0", "10.0"]}


@pytest.mark.parametrize("name", ["example", "l4", "several"])
def test_newer_gpus_have_what_the_binary_caches_hold(tree: Trees, name: str) -> None:
    assert cuda_capabilities(tree(name)) is None


def test_in_a_mixed_fleet_only_the_old_gpus_leave_the_binary_caches(plant: Plant) -> None:
    mixed = plant(fleet_of(A100, P100, T4, L4, V100))
    assert cuda_capabilities(mixed) is None
    for name in ("pitchblende", "vanadinite"):
        assert mixed.machine(name)["nixpkgs"] == {
            "hostPlatform": "x86_64-linux",
            "config": {"cudaCapabilities": ["6.0", "7.0", "7.5", "8.0", "8.9"]},
        }
    for name in ("scheelite", "anatase", "lorandite"):
        assert mixed.machine(name)["nixpkgs"] == {"hostPlatform": "x86_64-linux"}


def test_the_fleet_chooses_what_cuda_code_is_built_for(plant: Plant) -> None:
    chosen = plant(fleet_of(P100, T4, nvidia=Nvidia(cuda_capabilities=("7.5", "6.0"))))
    assert cuda_capabilities(chosen) == ["7.5", "6.0"]
    for name in ("pitchblende", "scheelite"):
        assert chosen.machine(name)["nixpkgs"] == {"hostPlatform": "x86_64-linux"}


B200 = gpu_of_ones_own("blackwell", "10.0")
B300 = gpu_of_ones_own("blackwell", "10.3")


@pytest.mark.parametrize(
    ("machine", "chosen", "taken"),
    [
        (V100, ("7.0",), True),
        (V100, ("7.5",), False),
        (V100, ("6.0", "6.1"), True),  # the driver translates the last
        (V100, ("6.0", "7.5"), False),
        (P4, ("6.0", "9.0"), True),  # the same major number
        (P100, ("6.1",), False),
        (T4, ("7.0", "9.0"), True),
        (T4, ("8.0",), False),
        (H100, ("8.0", "12.0"), False),
        (H100, ("12.0", "8.0"), True),
        (H100, ("9.0a",), True),
        (B200, ("10.0a",), True),
        (B200, ("9.0a",), False),  # no other GPU runs it, be it the last
        (B200, ("10.0f",), True),
        (B200, ("10.3f",), False),
        (B200, ("12.0f",), False),
        (B300, ("10.0a",), False),
        (B300, ("10.0f", "12.0"), True),
        (gpu_of_ones_own("blackwell", "12.0"), ("10.0f",), False),  # another major number
    ],
)
def test_what_is_chosen_has_to_run_on_every_gpu(
    machine: GcpMachine, chosen: tuple[str, ...], taken: bool
) -> None:
    nvidia = Nvidia(cuda_capabilities=chosen)
    if taken:
        fleet_of(machine, nvidia=nvidia)
        return
    assert machine.accelerator is not None
    with pytest.raises(FleetError) as refusal:
        fleet_of(machine, nvidia=nvidia)
    assert f"nvidia: cuda_capabilities={chosen}: none is for" in str(refusal.value)
    assert f"machine {machine.name!r}" in str(refusal.value)
    fleet_of(
        machine,
        nvidia=Nvidia(cuda_capabilities=(machine.accelerator.compute_capability or "", *chosen)),
    )


def test_an_old_gpu_of_ones_own_says_its_capability() -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(gpu_of_ones_own("maxwell"))
    assert "accelerator type 'nvidia-x': compute_capability=None: " in str(refusal.value)
    assert "machine 'beryl'" in str(refusal.value)
    fleet_of(gpu_of_ones_own("maxwell", "5.2"))
    fleet_of(gpu_of_ones_own("maxwell"), nvidia=Nvidia(cuda_capabilities=("5.2",)))
    fleet_of(gpu_of_ones_own("turing"), T4)


def test_the_toolkit_and_the_environment_are_on_request(plant: Plant, tree: Trees) -> None:
    plain = module(plant(fleet_of(T4)))["environment"]
    assert plain == {"systemPackages": ["nvtop", "pciutils"]}
    assert module(tree("several"))["environment"] == {
        "systemPackages": ["nvtop", "pciutils", "/cudatoolkit"],
        "variables": {
            "LD_LIBRARY_PATH": "/run/opengl-driver/lib",
            "TRITON_LIBCUDA_PATH": "/run/opengl-driver/lib",
            "XLA_FLAGS": "--xla_gpu_cuda_data_dir=/cudatoolkit",
            "CC": "/gcc/bin/gcc",
        },
    }


def test_kernel_parameters_reach_the_kernel(tree: Trees) -> None:
    assert module(tree("several"))["boot"] == {
        "kernelParams": ["pci=realloc", "nvidia.NVreg_EnableGpuFirmware=1"]
    }


def test_tuning_is_a_oneshot_unit_with_the_tools_of_the_loaded_driver(tree: Trees) -> None:
    assert module(tree("several"))["systemd"]["services"] == {
        "nvidia-tuning": {
            "description": "NVIDIA GPU settings",
            "wantedBy": ["multi-user.target"],
            "after": ["nvidia-persistenced.service"],
            "wants": ["nvidia-persistenced.service"],
            "serviceConfig": {"Type": "oneshot", "RemainAfterExit": True},
            "script": (
                "/driver-bin/bin/nvidia-smi --ecc-config=0\n"
                "/driver-bin/bin/nvidia-smi --compute-mode=EXCLUSIVE_PROCESS\n"
                "/driver-bin/bin/nvidia-smi --power-limit=60\n"
                "/driver-bin/bin/nvidia-smi --applications-clocks=5001,1590\n"
            ),
        }
    }


def test_one_setting_is_one_command(plant: Plant) -> None:
    found = module(plant(fleet_of(T4, nvidia=Nvidia(tuning=NvidiaTuning(ecc=True)))))
    script = found["systemd"]["services"]["nvidia-tuning"]["script"]
    assert script.split() == ["/driver-bin/bin/nvidia-smi", "--ecc-config=1"]


@pytest.mark.parametrize("tuning", [None, NvidiaTuning()])
def test_without_settings_there_is_no_unit(plant: Plant, tuning: NvidiaTuning | None) -> None:
    assert "systemd" not in module(plant(fleet_of(T4, nvidia=Nvidia(tuning=tuning))))


# Package sets as nixpkgs makes them: what `callPackage` gives has an `override` that is a set with
# `__functor` and `__functionArgs`, and calls the package's function, which takes no other argument.
NIXPKGS = """
  makeOverridable = f: args: f args // {
    override = {
      __functionArgs = builtins.functionArgs f;
      __functor = _: new: makeOverridable f (args // new);
    };
  };
  package = f: makeOverridable f { };
  torch = { cudaSupport ? false, rocmSupport ? true, triton ? "triton" }:
    { inherit cudaSupport rocmSupport triton; };
  jax = { cudaSupport ? false }: { inherit cudaSupport; };
  wheel = { src ? "wheel" }: { inherit src; };
  numpy = { blas ? "openblas" }: { inherit blas; };
"""

OLD = """{
  torch = package torch;
  jax = package jax;
  jaxlib = package jax;
  numpy = package numpy;
  triton-cuda = "triton-cuda";
}"""
NEW = """{
  torch = package torch;
  jax = package jax;
  jaxlib = package wheel;
  numpy = package numpy;
  triton-cuda = "triton-cuda";
}"""

TORCH = {"cudaSupport": True, "rocmSupport": False, "triton": "triton-cuda"}


def composed(given: str) -> str:
    """Python packages of a nixpkgs with the module's overlay, as nixpkgs composes them."""
    return f"""
      let
        {NIXPKGS}
        overlays = ((load "{PATH}" {{ }}).flake.modules.nixos.nvidia {{
          config = {CONFIG};
          inherit lib pkgs;
        }}).nixpkgs.overlays or [ ];
        before = {{
          lib.warn = message: builtins.trace "evaluation warning: ${{message}}";
          pythonPackagesExtensions = [ (final: prev: {{ earlier = "kept"; }}) ];
        }};
        after = builtins.foldl' (prev: overlay: prev // overlay after prev) before overlays;
        final = builtins.foldl' (prev: extension: prev // extension final prev) {given}
          after.pythonPackagesExtensions;
      in
      builtins.mapAttrs (
        _: package:
        if package ? override then builtins.removeAttrs package [ "override" ] else package
      ) final
    """


def python_packages(tree: NixTree, given: str) -> Any:
    return tree.evaluate(composed(given))


def warnings(tree: NixTree, given: str, used: str) -> list[str]:
    """What Nix warns of where one Python package is used."""
    done = tree.run(f"({composed(given)}).{used}")
    assert done.returncode == 0, done.stderr
    return re.findall("(?<=evaluation warning: ).*", done.stderr)


def test_cuda_where_jaxlib_takes_it(tree: Trees) -> None:
    found = python_packages(tree("example"), OLD)
    assert found["torch"] == TORCH
    assert found["jax"] == {"cudaSupport": True}
    assert found["jaxlib"] == {"cudaSupport": True}


def test_cuda_where_jaxlib_does_not_take_it(tree: Trees) -> None:
    found = python_packages(tree("example"), NEW)
    assert found["torch"] == TORCH
    assert found["jax"] == {"cudaSupport": True}
    assert found["jaxlib"] == {"src": "wheel"}


def test_these_package_sets_refuse_an_argument_that_is_not_taken() -> None:
    expression = f"let {NIXPKGS} in ({NEW}).jaxlib.override {{ cudaSupport = true; }}"
    done = run("nix-instantiate", "--eval", "--strict", "--expr", expression)
    assert "unexpected argument 'cudaSupport'" in done.stderr


def test_other_packages_and_extensions_stay(tree: Trees) -> None:
    found = python_packages(tree("example"), NEW)
    assert found["numpy"] == {"blas": "openblas"}
    assert found["earlier"] == "kept"
    assert set(found) == {"torch", "jax", "jaxlib", "numpy", "triton-cuda", "earlier"}


def test_a_package_that_is_missing_is_left_out(tree: Trees) -> None:
    assert python_packages(tree("example"), "{ jax = package jax; }") == {
        "jax": {"cudaSupport": True},
        "earlier": "kept",
    }


def test_torch_without_triton_for_cuda(tree: Trees) -> None:
    found = python_packages(tree("example"), "{ torch = package torch; }")
    assert found["torch"] == {"cudaSupport": True, "rocmSupport": False, "triton": "triton"}


def test_torch_that_takes_less(tree: Trees) -> None:
    given = '{ torch = package jax; triton-cuda = "triton-cuda"; }'
    assert python_packages(tree("example"), given)["torch"] == {"cudaSupport": True}


def test_a_package_whose_override_tells_nothing_is_left_alone(tree: Trees) -> None:
    for given in (
        "{ jax = { version = 1; override = _: { version = 1; }; }; }",
        "{ jax = { version = 1; }; }",
    ):
        assert python_packages(tree("example"), given)["jax"] == {"version": 1}
        assert warnings(tree("example"), given, "jax") == [WITHOUT.format("jax")]


WITHOUT = (
    "nvidia: cuda_packages names {}, which takes no cudaSupport in this nixpkgs: it has no CUDA"
)
NAMED = "{ torch = package torch; vllm = package jax; onnxruntime = package wheel; }"


def test_a_package_that_takes_no_cuda_support_is_warned_of_where_it_is_used(tree: Trees) -> None:
    assert warnings(tree("several"), NAMED, "onnxruntime") == [WITHOUT.format("onnxruntime")]
    assert python_packages(tree("several"), NAMED)["onnxruntime"] == {"src": "wheel"}
    assert warnings(tree("several"), NAMED, "torch") == []
    assert warnings(tree("several"), NAMED, "vllm") == []


@pytest.mark.parametrize("used", ["torch", "jax", "jaxlib", "numpy"])
@pytest.mark.parametrize("given", [OLD, NEW])
def test_nothing_is_warned_of_by_default(tree: Trees, given: str, used: str) -> None:
    assert warnings(tree("example"), given, used) == []


def test_a_jaxlib_without_jax_is_warned_of(plant: Plant) -> None:
    """Where jax is named, the CUDA of a jaxlib that is a wheel comes with it."""
    alone = plant(fleet_of(T4, nvidia=Nvidia(cuda_packages=("jaxlib",))))
    assert warnings(alone, NEW, "jaxlib") == [WITHOUT.format("jaxlib")]
    assert warnings(alone, OLD, "jaxlib") == []
    assert "wheel" not in (alone.root / PATH).read_text()


def test_a_name_that_takes_other_arguments_only_is_warned_of(tree: Trees) -> None:
    given = "{ torch = package ({ rocmSupport ? true }: { inherit rocmSupport; }); }"
    assert warnings(tree("several"), given, "torch") == [WITHOUT.format("torch")]
    assert python_packages(tree("several"), given)["torch"] == {"rocmSupport": True}


def test_a_misspelt_package_fails_the_build_by_its_name(tree: Trees, plant: Plant) -> None:
    assert all(each["assertion"] for each in module(tree("several"))["assertions"])
    nvidia = Nvidia(cuda_packages=("torch", "vlm", "onnxruntime", "jax"))
    assert module(plant(fleet_of(T4, nvidia=nvidia)))["assertions"] == [
        {
            "assertion": False,
            "message": "nvidia: cuda_packages names vlm, which is none of pkgs.python3Packages",
        },
        {
            "assertion": True,
            "message": (
                "nvidia: cuda_packages names onnxruntime, which is none of pkgs.python3Packages"
            ),
        },
    ]


def test_a_nixpkgs_that_lacks_one_of_the_default_builds(tree: Trees) -> None:
    assert "assertions" not in module(tree("example"))


def test_the_fleet_names_the_packages(tree: Trees, plant: Plant) -> None:
    found = python_packages(tree("several"), "{ vllm = package jax; jax = package jax; }")
    assert found["vllm"] == {"cudaSupport": True}
    assert found["jax"] == {"cudaSupport": False}
    none = plant(fleet_of(A100, nvidia=Nvidia(cuda_packages=())))
    assert python_packages(none, NEW)["torch"]["cudaSupport"] is False


def test_the_stand_in_composes_as_nixpkgs_does() -> None:
    assert evaluate(f"let {NIXPKGS} in ({OLD}).torch.override.__functionArgs") == {
        "cudaSupport": True,
        "rocmSupport": True,
        "triton": True,
    }


def test_an_old_gpu_beside_newer_ones_keeps_its_capabilities_once_it_is_installed(
    plant: Plant,
) -> None:
    installed = evolve(P100, state_version="25.05")
    found = plant(fleet_of(installed, T4)).machine("pitchblende")
    assert found["nixpkgs"]["config"] == {"cudaCapabilities": ["6.0", "7.5"]}
