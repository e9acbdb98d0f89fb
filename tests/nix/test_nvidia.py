"""modules/nixos/nvidia.nix: the driver, and CUDA for the packages that the fleet names."""

from collections.abc import Callable
from typing import Any

import pytest

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

from .fleets import A100, FLEETS, L4, P100, T4, fleet_of
from .tree import NixTree, evaluate, run

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


H100 = GcpMachine("malachite", machine_type="a3-highgpu-8g", zone="us-central1-a")
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
    assert found["nixpkgs"]["config"] == {"allowUnfree": True}
    assert "datacenter" not in found["hardware"]["nvidia"]


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


@pytest.mark.parametrize("driver", ["production", "legacy_580", "legacy_535", "legacy_470"])
def test_a_driver_that_is_named_is_the_driver(plant: Plant, driver: Any) -> None:
    packages = f'boot.kernelPackages.nvidiaPackages.{driver} = "it";'
    config = f'{{ {packages} hardware.nvidia.package.bin = ""; }}'
    found = module(plant(fleet_of(P100, T4, nvidia=Nvidia(driver=driver))), config)
    assert found["hardware"]["nvidia"]["package"] == "it"
    # 470 has no open kernel module: nixpkgs refuses open = true with it.
    assert found["hardware"]["nvidia"]["open"] is (driver != "legacy_470")


@pytest.mark.parametrize(
    ("driver", "machine", "label"),
    [("legacy_470", L4, "L4"), ("legacy_470", H100, "H100"), ("legacy_535", BLACKWELL, "RTX")],
)
def test_a_branch_that_is_too_old_for_a_gpu_is_refused(
    driver: Any, machine: GcpMachine, label: str
) -> None:
    with pytest.raises(FleetError) as refusal:
        fleet_of(machine, nvidia=Nvidia(driver=driver))
    assert f"nvidia: driver='{driver}': drives nothing newer than" in str(refusal.value)
    assert label in str(refusal.value)
    fleet_of(machine, nvidia=Nvidia(driver="legacy_580"))


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


def python_packages(tree: NixTree, given: str) -> Any:
    """Python packages of a nixpkgs with the module's overlay, as nixpkgs composes them."""
    return tree.evaluate(f"""
      let
        {NIXPKGS}
        overlays = ((load "{PATH}" {{ }}).flake.modules.nixos.nvidia {{
          config = {CONFIG};
          inherit lib pkgs;
        }}).nixpkgs.overlays or [ ];
        before = {{ pythonPackagesExtensions = [ (final: prev: {{ earlier = "kept"; }}) ]; }};
        after = builtins.foldl' (prev: overlay: prev // overlay after prev) before overlays;
        final = builtins.foldl' (prev: extension: prev // extension final prev) {given}
          after.pythonPackagesExtensions;
      in
      builtins.mapAttrs (
        _: package:
        if package ? override then builtins.removeAttrs package [ "override" ] else package
      ) final
    """)


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
    given = "{ jax = { version = 1; override = _: { version = 1; }; }; }"
    assert python_packages(tree("example"), given)["jax"] == {"version": 1}


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
