"""`modules/nixos/nvidia.nix`: NVIDIA GPUs on headless machines, for computing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.nvidia import (
    DEFAULT_CUDA_PACKAGES,
    LAST_FOR_OLD,
    WITH_FABRIC_MANAGER,
    before_turing,
    capabilities,
    has_fabric_manager,
    has_vgpu,
)
from infra_lib.nix.placement import path_of
from infra_lib.nix.style import OPTIONS, module
from nixgen.expr import (
    Apply,
    AttrSet,
    BinaryOp,
    BlankLine,
    Commented,
    HasAttr,
    If,
    IndentedStr,
    Item,
    Lambda,
    Let,
    Pattern,
    Select,
    Str,
    Value,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.nvidia import Nvidia, NvidiaTuning
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

PATH = "modules/nixos/nvidia.nix"
BUILT_WITH_CUDA = "builtWithCuda"

_DRIVER_LIBRARIES = "/run/opengl-driver/lib"
_NVSWITCH = "/usr/share/nvidia/nvswitch"  # where the fabric manager looks for what it comes with
_NOT_BY_DEFAULT = "CUDA from 12.6 on builds nothing by default for what is older than Turing."


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a machine has a GPU, be it on or off."""
    if not fleet.gpu_machines:
        return {}
    pattern = Pattern("config", OPTIONS, "pkgs", ellipsis=True)
    value = Lambda(pattern, AttrSet(*_items(fleet)))
    return {PATH: module(fleet, ("nixos", fleet.module_names.nvidia), value)}


def items_for_old_gpus(fleet: Fleet) -> list[Item]:
    """Return what a machine with an old GPU has of its own, where the module is for newer ones."""
    if not _is_mixed(fleet):
        return []
    items: list[Item] = [
        BlankLine(),
        {
            ("hardware", "nvidia", "open"): Commented(
                Apply("lib.mkForce", False), before="The open kernel module needs Turing or later."
            )
        },
    ]
    if old_gpus_configure_nixpkgs(fleet):
        built_for = list(capabilities(fleet.nvidia, fleet.gpu_machines))
        config = _unless_pkgs_are_given({"cudaCapabilities": built_for})
        items.append({("nixpkgs", "config"): Commented(config, before=_NOT_BY_DEFAULT)})
    return items


def old_gpus_configure_nixpkgs(fleet: Fleet) -> bool:
    """Whether `items_for_old_gpus` configure nixpkgs, and so take `OPTIONS`.

    Not the module: what newer GPUs have by default is in the binary caches.
    """
    return not fleet.nvidia.cuda_capabilities and _is_mixed(fleet)


def items_for_own_driver(fleet: Fleet, machine: ProvisionedMachine) -> list[Item]:
    """Return what a machine has of its own, where the module's driver is not for its GPUs.

    Nothing where the module is not generated: then people's own decides.
    """
    if path_of(fleet, PATH) is None:
        return []
    if has_vgpu(machine):
        package = Commented(
            Apply("lib.mkForce", fleet.nvidia.vgpu_driver),
            before="No driver of nixpkgs drives a part of a GPU.",
        )
        return [BlankLine(), {("hardware", "nvidia", "package"): package}]
    if not has_fabric_manager(fleet.nvidia, machine):
        return []
    items: list[Item] = [BlankLine()]
    if fleet.nvidia.driver is None:
        driver = fabric_manager_driver("config")
        package = Commented(
            Apply("lib.mkForce", driver), before="nixpkgs has the fabric manager for this one."
        )
        items.append({("hardware", "nvidia", "package"): package})
    unit = Commented(
        _fabric_manager(),
        before="NVSwitches join these GPUs. Where the machine sees them, CUDA says that it is not\n"
        "yet initialized (error 802) until this has set them up.",
    )
    return [*items, {("systemd", "services", "nvidia-fabricmanager"): unit}]


def fabric_manager_driver(config: Value | str) -> Value:
    """Return the driver of a machine with a fabric manager, where the fleet names none.

    Args:
        config: The configuration of a machine, as an expression.
    """
    return Select(config, "boot", "kernelPackages", "nvidiaPackages", WITH_FABRIC_MANAGER)


def _fabric_manager() -> Value:
    """The unit, with what NVIDIA's package has, where it has it.

    nixpkgs has one that comes with datacenter.enable, and settings for it, which differ between
    releases of the fabric manager. What decides whether there is anything to do is what NVIDIA's
    own containers look at:
    https://github.com/NVIDIA/gpu-driver-container/blob/main/ubuntu24.04/nvidia-driver
    """
    own, loaded = ref("fabricmanager"), ["modprobe@nvidia.service"]
    shared = Apply(
        "pkgs.symlinkJoin",
        {
            "name": "nvswitch",
            "paths": [
                Str(own, "/share/nvidia-fabricmanager/nvidia/nvswitch"),
                Str(own, "/share/nvidia-fabricmanager/etc"),
            ],
        },
    )
    unit: Value = {
        "description": "NVIDIA fabric manager",
        "wantedBy": ["multi-user.target"],
        "wants": loaded,
        "after": Commented(loaded, before="Which shows the NVSwitches; udev may load it late."),
        "before": ["nvidia-persistenced.service"],
        ("unitConfig", "ConditionDirectoryNotEmpty"): "/proc/driver/nvidia-nvswitch/devices",
        "serviceConfig": {
            "Type": "forking",
            "ExecStart": Str(own, f"/bin/nv-fabricmanager -c {_NVSWITCH}/fabricmanager.cfg"),
            "BindReadOnlyPaths": Str(shared, f":{_NVSWITCH}"),
            "RuntimeDirectory": "nvidia-fabricmanager",
            "TimeoutStartSec": 240,
        },
    }
    return Let({"fabricmanager": ref("config.hardware.nvidia.package.fabricmanager")}, unit)


def _is_mixed(fleet: Fleet) -> bool:
    """Whether some GPUs are older than Turing, and the module is for newer ones."""
    return any(map(before_turing, fleet.gpu_machines)) and not _is_for_old(fleet)


def _is_for_old(fleet: Fleet) -> bool:
    """Whether the module itself is for GPUs older than Turing: there are no others."""
    return all(map(before_turing, fleet.gpu_machines))


def _items(fleet: Fleet) -> list[Item]:
    nvidia = fleet.nvidia
    config: dict[str, Value] = {"allowUnfree": True}
    if nvidia.cuda_capabilities:
        config["cudaCapabilities"] = list(nvidia.cuda_capabilities)
    elif _is_for_old(fleet):
        built_for = list(capabilities(nvidia, fleet.gpu_machines))
        config["cudaCapabilities"] = Commented(built_for, before=_NOT_BY_DEFAULT)
    items: list[Item] = [
        {
            ("nixpkgs", "config"): Commented(
                _unless_pkgs_are_given(config),
                before="The driver and CUDA are unfree. Whoever gives nixpkgs.pkgs says so there.\n"
                "No cudaSupport here: that would rebuild every package.",
            )
        }
    ]
    named = [name for name in nvidia.cuda_packages if name not in DEFAULT_CUDA_PACKAGES]
    if named:
        items += [BlankLine(), {"assertions": _assert_there_are(named)}]
    if nvidia.cuda_packages:
        items += [BlankLine(), {("nixpkgs", "overlays"): [_overlay(nvidia)]}]
    if nvidia.kernel_params:
        items += [BlankLine(), {("boot", "kernelParams"): list(nvidia.kernel_params)}]
    items += [
        BlankLine(),
        {
            ("hardware", "graphics"): {"enable": True, "enable32Bit": False},
            ("hardware", "nvidia"): Commented(
                _driver(fleet),
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


def _unless_pkgs_are_given(config: Value) -> Value:
    """Return a `nixpkgs.config` that gives way to a `nixpkgs.pkgs`, which has one of its own.

    NixOS refuses both together, and clan's `pkgsForSystem` sets `nixpkgs.pkgs`:
    https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/misc/nixpkgs.nix
    """
    given = Select("options", "nixpkgs", "pkgs", "isDefined", default=False)
    return If(given, {}, config)


def _driver(fleet: Fleet) -> Value:
    package = driver(fleet, "config")
    if fleet.nvidia.driver is None and any(map(before_turing, fleet.gpu_machines)):
        package = Commented(package, before="Later branches leave out what is older than Turing.")
    return {
        "package": package,
        "open": not _is_for_old(fleet),
        "nvidiaPersistenced": Commented(
            True, before="Nothing else keeps the GPU initialized between jobs."
        ),
        "nvidiaSettings": False,
        ("modesetting", "enable"): False,
        "powerManagement": {"enable": False, "finegrained": False},
    }


def driver(fleet: Fleet, config: Value | str) -> Value:
    """Return the fleet's driver, as an expression.

    Args:
        fleet: The fleet.
        config: The configuration of a machine, as an expression.
    """
    packages = ("boot", "kernelPackages", "nvidiaPackages")
    if fleet.nvidia.driver is not None:
        return Select(config, *packages, fleet.nvidia.driver)
    production = Select(config, *packages, "production")
    if not any(map(before_turing, fleet.gpu_machines)):
        return production
    return Select(config, *packages, LAST_FOR_OLD, default=production)


def _packages(nvidia: Nvidia) -> list[Value]:
    packages: list[Value] = [ref("pkgs.nvtopPackages.nvidia"), ref("pkgs.pciutils")]
    return [*packages, ref("pkgs.cudaPackages.cudatoolkit")] if nvidia.cuda_toolkit else packages


def _assert_there_are(packages: list[str]) -> Value:
    """Assertions: a name that is misspelt would build nothing, and nobody would know."""
    found = HasAttr("pkgs.python3Packages", ref("name"))
    message = Str(
        "nvidia: cuda_packages names ", ref("name"), ", which is none of pkgs.python3Packages"
    )
    check = Lambda("name", {"assertion": found, "message": message})
    return Apply("map", check, list(packages))


def _overlay(nvidia: Nvidia) -> Value:
    """The named Python packages with CUDA, and nothing else.

    What a package takes differs between releases of nixpkgs: overriding `cudaSupport` of a `jaxlib`
    that does not take it fails, and with it all that uses jax. So each is asked first; a package
    that this nixpkgs does not have is left out.
    """
    wheel = {"jax", "jaxlib"} <= set(nvidia.cuda_packages)
    note = "Only packages that there are, and only arguments that they take."
    if wheel:
        note += "\nA jaxlib that takes none is a wheel; its CUDA comes with jax."
    extension = Lambda(
        "_pythonFinal",
        Lambda(
            "pythonPrev",
            Let(
                {"withCuda": dict(map(_with_cuda, nvidia.cuda_packages))},
                Commented(
                    Apply(
                        "builtins.mapAttrs",
                        Lambda("name", Lambda("arguments", _override(wheel=wheel))),
                        Apply("builtins.intersectAttrs", ref("pythonPrev"), ref("withCuda")),
                    ),
                    before=note,
                ),
            ),
        ),
    )
    named = {
        BUILT_WITH_CUDA: Commented(
            list(nvidia.cuda_packages), before="What the tests of the fleet look for."
        ),
        "__functor": Lambda("_self", extension),
    }
    extensions = BinaryOp("++", ref("prev.pythonPackagesExtensions"), [named])
    return Lambda("_final", Lambda("prev", {"pythonPackagesExtensions": extensions}))


def _override(*, wheel: bool) -> Value:
    """A Python package with what it takes of the arguments; a warning where it is not cudaSupport.

    But none of a jaxlib where it may be a `wheel`, which has its CUDA from jax.
    """
    warning = Str(
        "nvidia: cuda_packages names ",
        ref("name"),
        ", which takes no cudaSupport in this nixpkgs: it has no CUDA",
    )
    unchanged: Value = Apply("prev.lib.warn", warning, ref("package"))
    if wheel:
        unchanged = If(BinaryOp("==", ref("name"), "jaxlib"), ref("package"), unchanged)
    return Let(
        {
            "package": Select("pythonPrev", ref("name")),
            "takes": Select("package", "override", "__functionArgs", default={}),
        },
        If(
            HasAttr("takes", "cudaSupport"),
            Apply(
                "package.override",
                Apply("builtins.intersectAttrs", ref("takes"), ref("arguments")),
            ),
            unchanged,
        ),
    )


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
