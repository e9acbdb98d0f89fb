"""How machines with an NVIDIA GPU are set up: headless, for computing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from attrs import field

from infra_lib.model.cuda import by_version, check_capability
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.gpu_count import is_part
from infra_lib.model.idle_stop import IdleStop
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_instance,
    check_matching,
    check_one_of,
    check_unique,
    check_whole,
    check_words,
    in_order,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.expr import Expr

Expression: TypeAlias = "Expr"

_ATTRIBUTE = r"[A-Za-z_][-A-Za-z0-9_']*"
DEFAULT_CUDA_PACKAGES = ("torch", "jax", "jaxlib")
_COMPUTE_MODES = ("DEFAULT", "EXCLUSIVE_PROCESS", "PROHIBITED")
LAST_FOR_OLD = "legacy_580"  # the last branch that drives what is older than Turing
WITH_FABRIC_MANAGER = "dc"  # data center drivers, with which nixpkgs has NVIDIA's fabric manager
_GENERATIONS = (
    *("kepler", "maxwell", "pascal", "volta", "turing", "ampere", "ada", "hopper", "blackwell"),
)
# The oldest and newest generation that a branch drives; None for no limit. In today's nixpkgs dc is
# 580, and the others without a number are 595 or later; Blackwell came with 570:
# https://www.nvidia.com/en-us/drivers/unix/legacy-gpu/
# https://github.com/NixOS/nixpkgs/blob/master/pkgs/os-specific/linux/nvidia-x11/default.nix
_DRIVES: dict[str, tuple[str, str | None]] = {
    "production": ("turing", None),
    "latest": ("turing", None),
    "stable": ("turing", None),
    "beta": ("turing", None),
    "new_feature": ("turing", None),
    "dc": ("maxwell", None),
    "dc_590": ("turing", None),
    "dc_580": ("maxwell", "blackwell"),
    "dc_570": ("maxwell", "blackwell"),
    "legacy_580": ("maxwell", "blackwell"),
    "legacy_535": ("maxwell", "hopper"),
}
# Up to this generation of NVSwitches, the fabric manager is all that sets them up. The next needs
# NVIDIA's subnet manager too, which nixpkgs does not have; of GB200 they are no part of a machine:
# https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide
_LAST_NVSWITCH = 3
_OF_DATA_CENTER = "x86_64-linux"  # nixpkgs has those drivers for nothing else
_BOARD = 8  # GPUs that NVSwitches of these generations join


def _clocks(value: tuple[int, int] | None) -> tuple[int, int] | None:
    return value if value is None else cast("tuple[int, int]", in_order(value))


def _check_clocks(where: str, field: str, value: tuple[int, ...]) -> None:
    check_each(where, field, value, int, "5001, 1590")
    if len(value) != 2:
        raise field_error(where, field, value, "(memory MHz, graphics MHz)")
    for clock in value:
        check_whole(where, field, clock, "MHz", least=1)


@frozen(kw_only=True)
class NvidiaTuning:
    """Settings that nvidia-smi makes at each boot; what is None is left alone.

    Attributes:
        compute_mode: Who may use a GPU at the same time.
        power_limit: Watts.
        application_clocks: Memory and graphics clock in MHz; see `nvidia-smi -q -d
            SUPPORTED_CLOCKS`.
        ecc: Error correction of GPU memory; a change takes effect at the next boot.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "nvidia tuning"

    compute_mode: Literal["DEFAULT", "EXCLUSIVE_PROCESS", "PROHIBITED"] | None = field(
        default=None, validator=valid(check_one_of, _COMPUTE_MODES)
    )
    power_limit: int | None = field(default=None, validator=valid(check_whole, "watts", least=1))
    application_clocks: tuple[int, int] | None = field(
        default=None, converter=_clocks, validator=valid(_check_clocks)
    )
    ecc: bool | None = field(default=None, validator=valid(check_boolean))


def _check_driver_name(where: str, field: str, value: str) -> None:
    if value == "legacy_470":
        accepted = (
            "it has a licence of its own, which nixpkgs.config.nvidia.acceptLicense accepts, and "
            "no GPU of Compute Engine needs it; leave driver out"
        )
        raise field_error(where, field, value, accepted)
    check_one_of(where, field, value, tuple(_DRIVES))


def _check_expression(where: str, field: str, value: object) -> None:
    from nixgen import Expr  # few fleets need it

    if not isinstance(value, Expr):
        accepted = 'an expression of nixgen is accepted: ref("pkgs.vgpu-driver"), Apply(…), Raw(…)'
        raise field_error(where, field, value, accepted)


def _check_packages(where: str, field: str, values: tuple[str, ...]) -> None:
    check_each(where, field, values, str, '"torch"')
    for package in values:
        check_matching(where, field, package, _ATTRIBUTE, "an attribute of python3Packages")
    check_unique(where, field, values)


def _check_capabilities_named(where: str, field: str, values: tuple[str, ...]) -> None:
    check_each(where, field, values, str, '"7.0", "7.5"')
    for capability in values:
        check_capability(where, field, capability, specific=True)
    check_unique(where, field, values)


@frozen(kw_only=True)
class Nvidia:
    """The `nvidia` module of the fleet.

    Attributes:
        driver: Which of `config.boot.kernelPackages.nvidiaPackages` it is. None for "production",
            or, where a GPU is older than Turing, "legacy_580", the last branch that drives it;
            a nixpkgs too old to have that one has such a "production". A machine with all GPUs of
            a board that NVSwitches join has "dc" then, of a nixpkgs of March 2026 or later.
        vgpu_driver: The driver of machines with a part of a GPU, as an expression of nixgen: that
            is NVIDIA's guest driver, from Google, which nixpkgs does not have
            (https://docs.cloud.google.com/compute/docs/gpus/create-gpu-vm-g-series). It may refer
            to `config`, `lib` and `pkgs` of the machine.
        cuda_packages: Python packages that are built with CUDA. Only these: a global
            `nixpkgs.config.cudaSupport` would rebuild everything. A name that nixpkgs does not
            have fails the build of a machine; of one that takes no `cudaSupport`, Nix warns.
        cuda_capabilities: What CUDA code is built for on every machine with a GPU, as
            `nixpkgs.config.cudaCapabilities`: ("7.0", "7.5"). The last is the one that GPUs newer
            than all of them run. But "9.0a" is for that capability alone, and "10.0f" for those
            of its major number. Empty for what nixpkgs builds for, which binary caches hold;
            where a GPU is older than Turing, which CUDA from 12.6 on leaves out, its machine
            has the capabilities of all GPUs of the fleet.
        cuda_toolkit: Put `cudaPackages.cudatoolkit` on the machines.
        environment: Set LD_LIBRARY_PATH and friends for every program on the machine. It can
            break programs that bring other libraries; a development shell is the better place.
        tuning: Settings that nvidia-smi makes at each boot; None for none.
        kernel_params: Further `boot.kernelParams`.
        idle_stop: When machines with a GPU that nobody uses turn themselves off; None for never.
            What a machine says itself comes first: `idle_stop=False` of one that stays on. A
            machine that cannot has to say so.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "nvidia"

    driver: (
        Literal[
            "production",
            "latest",
            "stable",
            "beta",
            "new_feature",
            "dc",
            "dc_590",
            "dc_580",
            "dc_570",
            "legacy_580",
            "legacy_535",
        ]
        | None
    ) = field(default=None, validator=valid(_check_driver_name))
    vgpu_driver: Expression | None = field(default=None, validator=valid(_check_expression))
    cuda_packages: tuple[str, ...] = field(
        default=DEFAULT_CUDA_PACKAGES, converter=strings, validator=valid(_check_packages)
    )
    cuda_capabilities: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(_check_capabilities_named)
    )
    cuda_toolkit: bool = field(default=False, validator=valid(check_boolean))
    environment: bool = field(default=False, validator=valid(check_boolean))
    tuning: NvidiaTuning | None = field(default=None, validator=valid(check_instance, NvidiaTuning))
    kernel_params: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"pci=realloc"')
    )
    idle_stop: IdleStop | None = field(default=None, validator=valid(check_instance, IdleStop))


def before_turing(machine: ProvisionedMachine) -> bool:
    """Whether a machine's GPU is older than Turing.

    Then it needs the proprietary kernel module, a driver before 590, and CUDA code that nixpkgs
    does not build unless told.
    """
    return machine.accelerator is not None and not machine.accelerator.open_kernel_module


def has_vgpu(machine: ProvisionedMachine) -> bool:
    """Whether a machine has a part of a GPU, which no driver of nixpkgs drives."""
    return machine.accelerator is not None and is_part(machine.accelerator_count)


def has_fabric_manager(nvidia: Nvidia, machine: ProvisionedMachine) -> bool:
    """Whether a machine is to have NVIDIA's fabric manager, and with it a driver that has one.

    It sets up the NVSwitches between the GPUs of a board. Where a machine sees them, CUDA starts
    after it, or says that the system is not yet initialized (error 802). A machine with fewer GPUs
    shares the board with others, and sees none: its host sets them up. Whether one with all of them
    does, Google does not say; its own installer of drivers does without a fabric manager.

    Sources: https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide (virtualization),
    https://github.com/GoogleCloudPlatform/compute-gpu-installation

    Args:
        nvidia: How the fleet's machines are set up.
        machine: One with a GPU.
    """
    accelerator = machine.accelerator
    return (
        accelerator is not None
        and accelerator.nvswitch is not None
        and accelerator.nvswitch <= _LAST_NVSWITCH
        and machine.accelerator_count >= _BOARD
        and (nvidia.driver is None or _is_data_center(nvidia.driver))
    )


def _is_data_center(driver: str) -> bool:
    return driver.startswith("dc")


def capabilities(nvidia: Nvidia, machines: tuple[ProvisionedMachine, ...]) -> tuple[str, ...]:
    """Return what CUDA code is built for on machines that need more than nixpkgs' defaults.

    Args:
        nvidia: How they are set up.
        machines: All machines with a GPU.
    """
    known = {each.compute_capability for machine in machines if (each := machine.accelerator)}
    return nvidia.cuda_capabilities or tuple(
        sorted((each for each in known if each is not None), key=by_version)
    )


def check_gpus(nvidia: Nvidia, machines: tuple[ProvisionedMachine, ...]) -> None:
    """Check that the fleet's driver drives every GPU, and that CUDA code is built for it.

    Args:
        nvidia: How they are set up.
        machines: All machines with a GPU.

    Raises:
        FleetError: When a GPU is too new or too old for the driver, or nothing is built for it.
    """
    old = next(filter(before_turing, machines), None)
    for machine in machines:
        if has_vgpu(machine):
            _check_vgpu(nvidia, machine)
        else:
            _check_driver(nvidia, machine, old)
        _check_capabilities(nvidia, machine)


def _check_vgpu(nvidia: Nvidia, machine: ProvisionedMachine) -> None:
    if nvidia.vgpu_driver is None:
        accepted = (
            f"machine {machine.name!r} has {machine.gpu_label}, and a part of a GPU needs NVIDIA's "
            "vGPU guest driver, which nixpkgs does not have: give it as an expression, or take a "
            "machine type with whole GPUs"
        )
        raise field_error("nvidia", "vgpu_driver", None, accepted)


def _check_driver(
    nvidia: Nvidia, machine: ProvisionedMachine, old: ProvisionedMachine | None
) -> None:
    accelerator = machine.accelerator
    if accelerator is None:
        return
    if has_fabric_manager(nvidia, machine):
        driver = nvidia.driver or WITH_FABRIC_MANAGER
    else:
        driver = nvidia.driver or ("production" if old is None else LAST_FOR_OLD)
    kind = accelerator.architecture
    oldest, newest = _DRIVES[driver]
    if _is_data_center(driver) and machine.platform != _OF_DATA_CENTER:
        kind, limit = f"{kind}, {machine.platform}", f"nothing but {_OF_DATA_CENTER}"
    elif newest is not None and _age(kind) > _age(newest):
        limit = f"nothing newer than {newest}"
    elif _age(kind) < _age(oldest):
        limit = f"nothing older than {oldest}"
    else:
        return
    gpu = f"machine {machine.name!r} has {accelerator.label} ({kind})"
    if nvidia.driver is not None:
        raise field_error(
            "nvidia",
            "driver",
            driver,
            f"drives {limit}, and {gpu}; leave driver out, or name another",
        )
    needed = "" if old in (None, machine) else f", which machine {old.name!r} needs,"
    raise field_error("nvidia", "driver", None, f"{driver}{needed} drives {limit}, and {gpu}")


def _age(generation: str) -> int:
    """Return where a generation stands among others; one that nobody knows here is newer."""
    known = generation in _GENERATIONS
    return _GENERATIONS.index(generation) if known else len(_GENERATIONS)


def _check_capabilities(nvidia: Nvidia, machine: ProvisionedMachine) -> None:
    accelerator = machine.accelerator
    if accelerator is None:
        return
    own, chosen = accelerator.compute_capability, nvidia.cuda_capabilities
    if own is None:
        if before_turing(machine) and not chosen:
            raise field_error(
                f"accelerator type {accelerator.name!r}",
                "compute_capability",
                own,
                f"nixpkgs builds no CUDA code for a {accelerator.architecture} GPU unless told "
                f'its capability, "6.1" or another, and machine {machine.name!r} has one',
            )
    elif chosen and not any(_runs(own, each, newer=each == chosen[-1]) for each in chosen):
        raise field_error(
            "nvidia",
            "cuda_capabilities",
            chosen,
            f"none is for {accelerator.label} of machine {machine.name!r}: add {own!r}",
        )


def _runs(own: str, built_for: str, *, newer: bool) -> bool:
    """Whether a GPU runs code that is built for a compute capability.

    The same major number, and no greater minor one; any greater, where the code is also there in
    the form that the driver translates, which is of no use elsewhere for "9.0a" and "10.0f":
    https://docs.nvidia.com/cuda/cuda-c-programming-guide/#compute-capability
    """
    gpu, code = by_version(own), by_version(built_for)
    if built_for.endswith("a"):
        return code == gpu
    return code <= gpu and (code[0] == gpu[0] or (newer and not built_for.endswith("f")))
