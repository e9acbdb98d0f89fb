"""`modules/nixos/nvidia.nix`: NVIDIA GPUs on headless machines, for computing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import (
    Apply,
    AttrSet,
    BinaryOp,
    BlankLine,
    Commented,
    HasAttr,
    If,
    IndentedStr,
    Inherit,
    Item,
    Lambda,
    Let,
    Pattern,
    Select,
    Str,
    Value,
    ref,
)

from .style import module

if TYPE_CHECKING:
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine
    from ..nvidia import Nvidia, NvidiaTuning

PATH = "modules/nixos/nvidia.nix"
MODULE = "nvidia"

_DRIVER_LIBRARIES = "/run/opengl-driver/lib"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a machine has a GPU, be it on or off."""
    if not fleet.gpu_machines:
        return {}
    value = Lambda(Pattern("config", "pkgs", ellipsis=True), AttrSet(*_items(fleet, _open(fleet))))
    return {PATH: module(fleet, ("nixos", MODULE), value)}


def differs(fleet: Fleet, machine: GcpMachine) -> bool:
    """Whether a machine needs the proprietary kernel module while the fleet's is the open one."""
    return _open(fleet) and not _runs_open_module(machine)


def _open(fleet: Fleet) -> bool:
    return fleet.nvidia.has_open_module and any(map(_runs_open_module, fleet.gpu_machines))


def _runs_open_module(machine: GcpMachine) -> bool:
    return machine.accelerator is None or machine.accelerator.open_kernel_module


def _items(fleet: Fleet, open_module: bool) -> list[Item]:
    nvidia = fleet.nvidia
    items: list[Item] = [
        {
            ("nixpkgs", "config", "allowUnfree"): Commented(
                True,
                before="The driver and CUDA are unfree.\n"
                "No cudaSupport here: that would rebuild every package.",
            )
        }
    ]
    if nvidia.cuda_packages:
        items += [BlankLine(), {("nixpkgs", "overlays"): [_overlay(nvidia)]}]
    if nvidia.kernel_params:
        items += [BlankLine(), {("boot", "kernelParams"): list(nvidia.kernel_params)}]
    items += [
        BlankLine(),
        {
            ("hardware", "graphics"): {"enable": True, "enable32Bit": False},
            ("hardware", "nvidia"): Commented(
                _driver(fleet, open_module),
                before="datacenter.enable stays unset: it leaves out firmware that the GPU needs\n"
                "(https://github.com/NixOS/nixpkgs/issues/454772).",
                blank_before=True,
            ),
        },
        BlankLine(),
        {
            ("services", "xserver"): {
                "enable": False,
                "videoDrivers": Commented(
                    ["nvidia"], before="This loads the driver, also without a display server."
                ),
            }
        },
        BlankLine(),
        {
            ("programs", "nix-required-mounts"): Commented(
                {"enable": True, ("presets", "nvidia-gpu", "enable"): True},
                before='Builds that require the system feature "cuda" may use the GPU.',
            )
        },
        BlankLine(),
        {("environment", "systemPackages"): _packages(nvidia)},
    ]
    if nvidia.environment:
        items += [{("environment", "variables"): _environment()}]
    commands = _tuning_arguments(nvidia.tuning)
    if commands:
        items += [BlankLine(), {("systemd", "services", "nvidia-tuning"): _tuning(commands)}]
    return items


def _driver(fleet: Fleet, open_module: bool) -> Value:
    return {
        "package": _package(fleet),
        "open": open_module,
        "nvidiaPersistenced": Commented(
            True, before="Nothing else keeps the GPU initialized between jobs."
        ),
        "nvidiaSettings": False,
        ("modesetting", "enable"): False,
        "powerManagement": {"enable": False, "finegrained": False},
    }


def _package(fleet: Fleet) -> Value:
    packages = ("boot", "kernelPackages", "nvidiaPackages")
    if fleet.nvidia.driver is not None:
        return Select("config", *packages, fleet.nvidia.driver)
    production = Select("config", *packages, "production")
    if all(map(_runs_open_module, fleet.gpu_machines)):
        return production
    return Commented(
        Select("config", *packages, "legacy_580", default=production),
        before="Later branches leave out what is older than Turing.",
    )


def _packages(nvidia: Nvidia) -> list[Value]:
    packages: list[Value] = [ref("pkgs.nvtopPackages.nvidia"), ref("pkgs.pciutils")]
    return [*packages, ref("pkgs.cudaPackages.cudatoolkit")] if nvidia.cuda_toolkit else packages


def _overlay(nvidia: Nvidia) -> Value:
    """The named Python packages with CUDA, and nothing else.

    What a package takes differs between releases of nixpkgs: overriding `cudaSupport` of a `jaxlib`
    that does not take it fails, and with it all that uses jax. So each is asked first; a package
    that this nixpkgs does not have is left out.
    """
    override = Let(
        [Inherit("override", source=Select("pythonPrev", ref("name")))],
        Apply(
            "override",
            Apply(
                "builtins.intersectAttrs",
                Select("override", "__functionArgs", default={}),
                ref("arguments"),
            ),
        ),
    )
    extension = Lambda(
        "_pythonFinal",
        Lambda(
            "pythonPrev",
            Let(
                {"withCuda": dict(map(_with_cuda, nvidia.cuda_packages))},
                Commented(
                    Apply(
                        "builtins.mapAttrs",
                        Lambda("name", Lambda("arguments", override)),
                        Apply("builtins.intersectAttrs", ref("pythonPrev"), ref("withCuda")),
                    ),
                    before="Only packages that there are, and only arguments that they take.",
                ),
            ),
        ),
    )
    extensions = BinaryOp("++", ref("prev.pythonPackagesExtensions"), [extension])
    return Lambda("_final", Lambda("prev", {"pythonPackagesExtensions": extensions}))


def _with_cuda(package: str) -> tuple[str | tuple[str, str], Value]:
    """A Python package, and the arguments it would have; torch as in nixpkgs' torchWithCuda."""
    if package != "torch":
        return (package, "cudaSupport"), True
    triton = If(HasAttr("pythonPrev", "triton-cuda"), {"triton": ref("pythonPrev.triton-cuda")}, {})
    return package, BinaryOp("//", {"cudaSupport": True, "rocmSupport": False}, triton)


def _environment() -> Value:
    return {
        "LD_LIBRARY_PATH": _DRIVER_LIBRARIES,
        "TRITON_LIBCUDA_PATH": _DRIVER_LIBRARIES,
        "XLA_FLAGS": Str("--xla_gpu_cuda_data_dir=", ref("pkgs.cudaPackages.cudatoolkit")),
        "CC": Str(ref("pkgs.gcc"), "/bin/gcc"),
    }


def _tuning_arguments(tuning: NvidiaTuning | None) -> list[str]:
    """Arguments of nvidia-smi, one call each; every value is a word or a number by validation."""
    if tuning is None:
        return []
    arguments = []
    if tuning.ecc is not None:
        arguments.append(f"--ecc-config={int(tuning.ecc)}")
    if tuning.compute_mode is not None:
        arguments.append(f"--compute-mode={tuning.compute_mode}")
    if tuning.power_limit is not None:
        arguments.append(f"--power-limit={tuning.power_limit}")
    if tuning.application_clocks is not None:
        memory, graphics = tuning.application_clocks
        arguments.append(f"--applications-clocks={memory},{graphics}")
    return arguments


def _tuning(commands: list[str]) -> Value:
    persistenced = ["nvidia-persistenced.service"]
    script: list[Value] = []
    for arguments in commands:
        script += [ref("config.hardware.nvidia.package.bin"), f"/bin/nvidia-smi {arguments}\n"]
    return {
        "description": "NVIDIA GPU settings",
        "wantedBy": ["multi-user.target"],
        "after": persistenced,
        "wants": persistenced,
        "serviceConfig": {"Type": "oneshot", "RemainAfterExit": True},
        "script": IndentedStr(*script),
    }
