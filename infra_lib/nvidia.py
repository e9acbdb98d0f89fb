"""How machines with an NVIDIA GPU are set up: headless, for computing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

from attrs import field

from nixgen.frozen import frozen

from . import check
from .errors import refuse

if TYPE_CHECKING:
    from .gcp_machine import GcpMachine

_ATTRIBUTE = re.compile(r"[A-Za-z_][-A-Za-z0-9_']*")
_COMPUTE_MODES = ("DEFAULT", "EXCLUSIVE_PROCESS", "PROHIBITED")
_DRIVERS = (
    *("production", "latest", "stable", "beta", "dc"),
    *("legacy_580", "legacy_535", "legacy_470"),
)
_GENERATIONS = (
    *("kepler", "maxwell", "pascal", "volta", "turing", "ampere", "ada", "hopper", "blackwell"),
)
# The newest generation that a branch drives: https://www.nvidia.com/en-us/drivers/unix/legacy-gpu/
_NEWEST = {"legacy_470": "ampere", "legacy_535": "hopper", "legacy_580": "blackwell"}


def _clocks(value: tuple[int, int] | None) -> tuple[int, int] | None:
    return value if value is None else cast("tuple[int, int]", check.in_order(value))


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

    compute_mode: Literal["DEFAULT", "EXCLUSIVE_PROCESS", "PROHIBITED"] | None = None
    power_limit: int | None = None
    application_clocks: tuple[int, int] | None = field(default=None, converter=_clocks)
    ecc: bool | None = None

    def __attrs_post_init__(self) -> None:
        where = "nvidia tuning"
        if self.compute_mode is not None:
            check.one_of(where, "compute_mode", self.compute_mode, _COMPUTE_MODES)
        if self.power_limit is not None:
            check.whole(where, "power_limit", self.power_limit, "watts", least=1)
        if self.application_clocks is not None:
            clocks = self.application_clocks
            check.each(where, "application_clocks", clocks, int, "5001, 1590")
            if len(clocks) != 2:
                raise refuse(where, "application_clocks", clocks, "(memory MHz, graphics MHz)")
            for clock in clocks:
                check.whole(where, "application_clocks", clock, "MHz", least=1)
        if self.ecc is not None:
            check.boolean(where, "ecc", self.ecc)


@frozen(kw_only=True)
class Nvidia:
    """The `nvidia` module of the fleet.

    Attributes:
        driver: Which of `config.boot.kernelPackages.nvidiaPackages` it is. None for "production",
            or, where a GPU is older than Turing, "legacy_580", the last branch that drives it;
            a nixpkgs too old to have that one has such a "production".
        cuda_packages: Python packages that are built with CUDA. Only these: a global
            `nixpkgs.config.cudaSupport` would rebuild everything.
        cuda_toolkit: Put `cudaPackages.cudatoolkit` on the machines.
        environment: Set LD_LIBRARY_PATH and friends for every program on the machine. It can
            break programs that bring other libraries; a development shell is the better place.
        tuning: Settings that nvidia-smi makes at each boot; None for none.
        kernel_params: Further `boot.kernelParams`.

    Raises:
        FleetError: When a field cannot be.
    """

    driver: (
        Literal[
            "production",
            "latest",
            "stable",
            "beta",
            "dc",
            "legacy_580",
            "legacy_535",
            "legacy_470",
        ]
        | None
    ) = None
    cuda_packages: tuple[str, ...] = field(
        default=("torch", "jax", "jaxlib"), converter=check.strings
    )
    cuda_toolkit: bool = False
    environment: bool = False
    tuning: NvidiaTuning | None = None
    kernel_params: tuple[str, ...] = field(default=(), converter=check.strings)

    def __attrs_post_init__(self) -> None:
        where = "nvidia"
        if self.driver is not None:
            check.one_of(where, "driver", self.driver, _DRIVERS)
        check.each(where, "cuda_packages", self.cuda_packages, str, '"torch"')
        for package in self.cuda_packages:
            if not _ATTRIBUTE.fullmatch(package):
                raise refuse(where, "cuda_packages", package, "an attribute of python3Packages")
        check.unique(where, "cuda_packages", self.cuda_packages)
        check.boolean(where, "cuda_toolkit", self.cuda_toolkit)
        check.boolean(where, "environment", self.environment)
        if self.tuning is not None:
            check.instance(where, "tuning", self.tuning, NvidiaTuning)
        check.words(where, "kernel_params", self.kernel_params, '"pci=realloc"')

    @property
    def has_open_module(self) -> bool:
        """Whether the driver comes with NVIDIA's open kernel module."""
        return self.driver != "legacy_470"


def check_driver(nvidia: Nvidia, machine: GcpMachine) -> None:
    """Check that the fleet's driver drives a machine's GPU.

    Raises:
        FleetError: When the GPU is newer than the driver.
    """
    accelerator = machine.accelerator
    if accelerator is None or nvidia.driver not in _NEWEST:
        return
    newest = _NEWEST[nvidia.driver]
    if accelerator.architecture not in _GENERATIONS[: _GENERATIONS.index(newest) + 1]:
        raise refuse(
            "nvidia",
            "driver",
            nvidia.driver,
            f"drives nothing newer than {newest}, and machine {machine.name!r} has "
            f"{accelerator.label} ({accelerator.architecture}); leave driver out, or name another",
        )
