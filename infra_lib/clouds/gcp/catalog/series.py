"""The series of machine types, and what all types of one have in common.

A series, or a part of one that differs, is an entry of the table below; where documents disagree,
what one of them accepts is accepted. They are those of 2026-04 to 2026-08:

- general purpose: https://docs.cloud.google.com/compute/docs/general-purpose-machines; compute:
  https://docs.cloud.google.com/compute/docs/compute-optimized-machines; memory:
  https://docs.cloud.google.com/compute/docs/memory-optimized-machines; storage:
  https://docs.cloud.google.com/compute/docs/storage-optimized-machines; network:
  https://docs.cloud.google.com/compute/docs/network-optimized-machines; GPUs, with how each type of
  them is to be had: https://docs.cloud.google.com/compute/docs/accelerator-optimized-machines
- Hyperdisks by series, and the vCPUs that Hyperdisk Extreme wants:
  https://docs.cloud.google.com/compute/docs/disks/hyperdisks#machine-type-support
- how disks are connected: https://docs.cloud.google.com/compute/docs/disks/persistent-disks#pd-interface
- Local SSDs: https://docs.cloud.google.com/compute/docs/disks/local-ssd#lssd_disks_fixed
- maintenance: https://docs.cloud.google.com/compute/docs/instances/live-migration-process#limitations
  and https://docs.cloud.google.com/compute/docs/instances/setting-vm-host-options#limitations
- Flex-start: https://docs.cloud.google.com/compute/docs/instances/provisioning-models
- Confidential VM:
  https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/supported-configurations
- threads: https://docs.cloud.google.com/compute/docs/instances/set-threads-per-core
- nested virtualization:
  https://docs.cloud.google.com/compute/docs/instances/nested-virtualization/overview#restrictions
- Arm: https://docs.cloud.google.com/compute/docs/instances/arm-on-compute; TPUs:
  https://docs.cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from attrs import field

from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_matching,
    check_one_of,
    check_whole,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Accelerators = Literal["none", "attached", "GPUs", "TPUs", "unknown"]
Confidential = Literal["SEV", "SEV_SNP", "TDX"]
ProvisioningModel = Literal["STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND"]

CONFIDENTIAL = ("SEV", "SEV_SNP", "TDX")
PROVISIONING_MODELS = ("STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND")

_BOOLEAN = valid(check_boolean)
_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
DISK_TYPE = r"pd-(balanced|extreme|ssd|standard)|hyperdisk-[a-z][-a-z0-9]*"


def _some(values: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if values is None else in_order(values)


def _models(values: Iterable[ProvisioningModel] | None) -> tuple[ProvisioningModel, ...] | None:
    return None if values is None else in_order(values)


def _technologies(values: Iterable[Confidential] | None) -> tuple[Confidential, ...] | None:
    return None if values is None else in_order(values)


def _check_disk_types(where: str, field: str, values: tuple[str, ...] | None) -> None:
    if values is None:
        return
    check_each(where, field, values, str, '"pd-balanced"')
    accepted = (
        'pd-balanced, pd-extreme, pd-ssd, pd-standard or a Hyperdisk\'s: "hyperdisk-balanced"'
    )
    for value in values or ("",):
        check_matching(where, field, value, DISK_TYPE, accepted)


def _check_choices(
    where: str, field: str, values: tuple[str, ...] | None, choices: tuple[str, ...]
) -> None:
    if values is not None:
        check_each(where, field, values, str, f'"{choices[0]}"')
        for value in values:
            check_one_of(where, field, value, choices)


@frozen
class Series:
    """A series of machine types, or a part of one that differs from the rest: "a3-ultragpu".

    What is None is not known, and nothing is refused for it.

    Attributes:
        name: Words of the machine types' names, in their order, the first one first: "n1" for
            n1-standard-8, "c3-metal" for c3-standard-192-metal. Of several that a machine type has,
            the most particular one holds.
        accelerators: "GPUs" or "TPUs" come with them, or with some; GPUs may be "attached" to
            those that share no core; "none"; "unknown", and then a machine is off by default.
        platform: What NixOS is built for on them.
        disk_interface: How disks are connected unless a machine is told otherwise.
        disk_types: The types of disks that they take.
        extreme_vcpus: The least vCPUs with which one takes hyperdisk-extreme, if it is among these.
        local_ssds: Whether Local SSDs come with all of them whose names do not say "nolssd"; those
            with "lssd" in their names have them in any series.
        provisioning_models: How they are to be had.
        migrates: Whether Compute Engine moves a machine that runs to another host when it has to.
        migrated_ssd_gib: GiB of Local SSDs above which it terminates one instead.
        terminates: Whether one that migrates may be told to be terminated instead. A Spot VM is,
            whatever this says.
        confidential: Technologies of Confidential VM that they have.
        confidential_platform: The oldest processors on which a Confidential VM with SEV migrates;
            None for none that does.
        threads_per_core: How many threads a core runs; its vCPUs are these.
        nested_virtualization: Whether virtual machines may run in one.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_matching, _NAME, 'a series such as "n1" is accepted'))
    accelerators: Accelerators = field(
        default="none",
        validator=valid(check_one_of, ("none", "attached", "GPUs", "TPUs", "unknown")),
    )
    platform: Literal["x86_64-linux", "aarch64-linux"] = field(
        default="x86_64-linux", validator=valid(check_one_of, ("x86_64-linux", "aarch64-linux"))
    )
    disk_interface: Literal["SCSI", "NVMe"] = field(
        default="NVMe", validator=valid(check_one_of, ("SCSI", "NVMe"))
    )
    disk_types: tuple[str, ...] | None = field(
        default=None, converter=_some, validator=valid(_check_disk_types)
    )
    extreme_vcpus: int = field(default=0, validator=valid(check_whole, "vCPUs", least=0))
    local_ssds: bool = field(default=False, validator=_BOOLEAN)
    provisioning_models: tuple[ProvisioningModel, ...] | None = field(
        default=None, converter=_models, validator=valid(_check_choices, PROVISIONING_MODELS)
    )
    migrates: bool = field(default=True, validator=_BOOLEAN)
    migrated_ssd_gib: int | None = field(
        default=None, validator=valid(check_whole, "GiB, or None for any,", least=0)
    )
    terminates: bool = field(default=True, validator=_BOOLEAN)
    confidential: tuple[Confidential, ...] | None = field(
        default=None, converter=_technologies, validator=valid(_check_choices, CONFIDENTIAL)
    )
    confidential_platform: str | None = field(
        default=None, validator=valid(check_matching, r"[A-Za-z0-9 ]+", '"AMD Milan"')
    )
    threads_per_core: int | None = field(
        default=None, validator=valid(check_whole, "threads", least=1, most=2)
    )
    nested_virtualization: bool | None = field(default=None, validator=_BOOLEAN)

    @property
    def _where(self) -> str:
        return f"series {self.name!r}"

    @property
    def default_disk_type(self) -> str:
        """The type of a disk of which nobody says it: "pd-balanced" where they take it."""
        taken = self.disk_types or ("pd-balanced",)
        preferred = ("pd-balanced", "hyperdisk-balanced")
        return next((each for each in preferred if each in taken), taken[0])


_PD = ("pd-balanced", "pd-ssd", "pd-standard")
_PD_ALL = ("pd-balanced", "pd-extreme", "pd-ssd", "pd-standard")
_PD_SSD = ("pd-balanced", "pd-ssd")
_BALANCED = ("hyperdisk-balanced",)
_AVAILABLE = (*_BALANCED, "hyperdisk-balanced-high-availability")
_EXTREME = ("hyperdisk-extreme",)
_ML = ("hyperdisk-ml",)
_THROUGHPUT = ("hyperdisk-throughput",)
_METAL = (*_BALANCED, *_EXTREME, *_ML)
_HYPERDISKS = (*_AVAILABLE, *_EXTREME, *_ML, *_THROUGHPUT)

_FLEXIBLE = PROVISIONING_MODELS
_USUAL = ("STANDARD", "SPOT", "RESERVATION_BOUND")
_RESERVED = ("RESERVATION_BOUND",)

# What most have: Intel's processors of two threads a core, NVMe disks, no accelerators.
_COMMON: Mapping[str, Any] = {
    "provisioning_models": _USUAL,
    "confidential": (),
    "threads_per_core": 2,
    "nested_virtualization": True,
}
# AMD's, and those with much memory.
_NOT_NESTED: Mapping[str, Any] = {**_COMMON, "nested_virtualization": False}
_ARM: Mapping[str, Any] = {
    **_COMMON,
    "platform": "aarch64-linux",
    "threads_per_core": 1,
    "nested_virtualization": False,
}
_GPUS: Mapping[str, Any] = {
    **_COMMON,
    "accelerators": "GPUs",
    "provisioning_models": _FLEXIBLE,
    "migrates": False,
}
_BARE: Mapping[str, Any] = {"disk_types": _METAL, "migrates": False, "confidential": ()}
_SCSI: Mapping[str, Any] = {"disk_interface": "SCSI"}
_SOME_N1: Mapping[str, Any] = {**_COMMON, **_SCSI, "disk_types": _PD_ALL}
_N1: Mapping[str, Any] = {
    **_SOME_N1,
    "accelerators": "attached",
    "provisioning_models": _FLEXIBLE,
}
_A2: Mapping[str, Any] = {**_GPUS, **_SCSI, "disk_types": (*_PD_ALL, *_ML)}
_A3: Mapping[str, Any] = {
    **_GPUS,
    "disk_types": (*_PD_SSD, *_HYPERDISKS),
    "extreme_vcpus": 104,
    "local_ssds": True,
}
_FEW_H100: Mapping[str, Any] = {**_A3, "provisioning_models": ("SPOT", "FLEX_START")}
_A4X: Mapping[str, Any] = {
    **_ARM,
    "accelerators": "GPUs",
    "provisioning_models": _RESERVED,
    "migrates": False,
    "disk_types": _METAL,
    "local_ssds": True,
}
_C3: Mapping[str, Any] = {
    **_COMMON,
    "disk_types": (*_PD_SSD, "pd-extreme", *_HYPERDISKS),
    "extreme_vcpus": 88,
}
_C4: Mapping[str, Any] = {**_COMMON, "disk_types": _HYPERDISKS, "extreme_vcpus": 96}
_C4A: Mapping[str, Any] = {**_ARM, "disk_types": _HYPERDISKS, "extreme_vcpus": 64}
_C4D: Mapping[str, Any] = {
    **_NOT_NESTED,
    "disk_types": _HYPERDISKS,
    "extreme_vcpus": 64,
    "confidential": ("SEV",),
}
_N2: Mapping[str, Any] = {
    **_COMMON,
    **_SCSI,
    "disk_types": (*_PD_ALL, *_EXTREME, *_ML, *_THROUGHPUT),
    "extreme_vcpus": 80,
}
_N4_DISKS = (*_AVAILABLE, *_ML, *_THROUGHPUT)
_Z3: Mapping[str, Any] = {
    **_COMMON,
    "disk_types": (*_PD_SSD, *_AVAILABLE, *_EXTREME, *_THROUGHPUT),
    "local_ssds": True,
    "migrated_ssd_gib": 18_000,
    "terminates": False,
}

# A series by its name, with what it differs in; `Series` says what the names mean.
_SERIES: Mapping[str, Mapping[str, Any]] = {
    "a2": _A2,
    "a2-ultragpu": {**_A2, "local_ssds": True},
    "a3": _A3,
    "a3-highgpu-1g": {**_FEW_H100, "confidential": ("TDX",)},
    "a3-highgpu-2g": _FEW_H100,
    "a3-highgpu-4g": _FEW_H100,
    "a3-ultragpu": {**_A3, "disk_types": (*_AVAILABLE, *_EXTREME, *_ML)},
    "a4": {**_GPUS, "disk_types": _METAL, "local_ssds": True},
    "a4x": _A4X,
    "a4x-maxgpu": {**_A4X, "disk_types": (*_METAL, *_THROUGHPUT)},
    "c2": {**_COMMON, **_SCSI, "disk_types": _PD_ALL},
    "c2d": {**_NOT_NESTED, **_SCSI, "disk_types": _PD_ALL, "confidential": ("SEV",)},
    "c3": _C3,
    "c3-standard": {**_C3, "confidential": ("TDX",)},
    "c3-metal": {**_C3, **_BARE},
    "c3d": {
        **_NOT_NESTED,
        "disk_types": (*_PD_SSD, *_HYPERDISKS),
        "extreme_vcpus": 60,
        "confidential": ("SEV",),
        "confidential_platform": "AMD Genoa",
    },
    "c4": _C4,
    "c4-standard": {**_C4, "confidential": ("TDX",)},
    "c4-metal": {**_C4, **_BARE},
    "c4a": _C4A,
    "c4a-metal": {**_C4A, **_BARE},
    "c4d": _C4D,
    "c4d-metal": {**_C4D, **_BARE},
    "c4n": {**_COMMON, "disk_types": _HYPERDISKS},
    "custom": _N1,
    "e2": {
        **_COMMON,
        **_SCSI,
        "disk_types": _PD_ALL,
        "terminates": False,
        "nested_virtualization": False,
    },
    "f1": _SOME_N1,
    "g1": _SOME_N1,
    "g2": {**_GPUS, **_SCSI, "disk_types": (*_PD, *_ML, *_THROUGHPUT)},
    "g4": {
        **_GPUS,
        "disk_types": _HYPERDISKS,
        "extreme_vcpus": 96,
        "nested_virtualization": False,
    },
    "g4-standard-48": {
        **_GPUS,
        "disk_types": _HYPERDISKS,
        "extreme_vcpus": 96,
        "confidential": ("SEV",),
        "nested_virtualization": False,
    },
    "h3": {
        **_COMMON,
        "disk_types": ("pd-balanced", *_BALANCED, *_THROUGHPUT),
        "threads_per_core": 1,
    },
    "h4d": {
        **_NOT_NESTED,
        "disk_types": _AVAILABLE,
        "provisioning_models": _FLEXIBLE,
        "migrates": False,
        "threads_per_core": 1,
    },
    "m1": {
        **_NOT_NESTED,
        **_SCSI,
        "disk_types": (*_PD_ALL, *_BALANCED, *_EXTREME),
        "extreme_vcpus": 80,
    },
    "m2": {
        **_NOT_NESTED,
        **_SCSI,
        "disk_types": (*_PD_ALL, *_BALANCED, *_EXTREME),
        "provisioning_models": ("STANDARD", "RESERVATION_BOUND"),
    },
    "m3": {
        **_NOT_NESTED,
        "disk_types": (*_PD_ALL, *_AVAILABLE, *_EXTREME, *_THROUGHPUT),
        "extreme_vcpus": 64,
    },
    "m4": {**_NOT_NESTED, "disk_types": (*_BALANCED, *_EXTREME), "extreme_vcpus": 64},
    "m4n": {**_NOT_NESTED, "disk_types": _HYPERDISKS},
    "n1": _N1,
    "n2": _N2,
    "n2-custom": {**_N2, "disk_types": (*_PD_ALL, *_ML, *_THROUGHPUT)},
    "n2d": {
        **_NOT_NESTED,
        **_SCSI,
        "disk_types": (*_PD_ALL, *_THROUGHPUT),
        "confidential": ("SEV", "SEV_SNP"),
        "confidential_platform": "AMD Milan",
    },
    "n4": {**_COMMON, "disk_types": _N4_DISKS},
    "n4a": {**_ARM, "disk_types": _N4_DISKS},
    "n4d": {**_NOT_NESTED, "disk_types": _N4_DISKS},
    "t2a": {**_ARM, "disk_types": _PD},
    "t2d": {**_NOT_NESTED, **_SCSI, "disk_types": (*_PD, *_THROUGHPUT), "threads_per_core": 1},
    "z3": _Z3,
    "z3-metal": {**_Z3, **_BARE},
}


@cache
def series_of(machine_type: str, own: tuple[Series, ...] = ()) -> Series:
    """Return the series of a machine type.

    One that is not in the table is like those of the same letter: a3 and c3, and later ones, have
    NVMe disks and processors other than Arm.

    Args:
        machine_type: Its name, also one that nobody knows here: "x9-standard-8".
        own: Further series; of two that are as particular, one of these holds.
    """
    words = machine_type.split("-")
    known: dict[str, Series | None] = dict.fromkeys(
        name for name in _SERIES if name.partition("-")[0] == words[0]
    )
    known |= {series.name: series for series in own}
    places = {name: found for name in known if (found := _places(name.split("-"), words))}
    if not places:
        name = words[0]
        return Series(name, _accelerators(name), migrates="metal" not in words)
    name = max(places, key=lambda each: places[each])
    return known[name] or _built_in(name)


def series_with(technology: Confidential) -> tuple[str, ...]:
    """Return the series that have a technology of Confidential VM, by their names."""
    return tuple(name for name, said in _SERIES.items() if technology in said["confidential"])


@cache
def _built_in(name: str) -> Series:
    return Series(name, **_SERIES[name])


def _places(name: list[str], words: list[str]) -> tuple[int, ...]:
    """Return where the words of a series are among a machine type's; empty where one is not.

    Of two, the larger is of the more particular: "c3-metal" of (0, 3) before "c3-standard" of
    (0, 1), and that before "c3" of (0,).
    """
    if name[0] != words[0]:
        return ()
    places = [0]
    for word in name[1:]:
        if word not in words[places[-1] + 1 :]:
            return ()
        places.append(words.index(word, places[-1] + 1))
    return tuple(places)


def _accelerators(series: str) -> Accelerators:
    if series.startswith("ct") and series[2:3].isdigit():
        return "TPUs"
    if not series[1:2].isdigit():
        return "unknown"
    if series[0] in "ag":
        return "GPUs"
    return "none" if series[0] in "cefhmntxz" else "unknown"
