"""The entries of a catalogue: machine types, accelerators, zones and prices.

Those in the tables are made in `tables`, and yours are given to a `Catalog`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field
from attrs.validators import optional

from infra_lib.clouds.gcp.catalog.series import Accelerators, Series, series_of
from infra_lib.model.cuda import check_capability
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.gpu_count import check_gpu_count, whole_or_part
from infra_lib.model.validators import (
    check_boolean,
    check_instance,
    check_matching,
    check_text,
    check_whole,
    check_words,
    frozen_mapping,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.validators import Validator

# How the tables' own names are, and the generations in `AcceleratorType.architecture`.
_NAME = r"[a-z][-a-z0-9]*"
MACHINE_TYPE = ACCELERATOR = _NAME
PRICED_DISK = rf"{_NAME}( \(regional\))?"
REGION = r"[a-z]+-[a-z]+[0-9]+"
ZONE = rf"({REGION})-[a-z0-9]+"  # a group for the region
_HUGE = 1e9
# Hyperdisks that nothing boots from.
NO_BOOT_DISKS = ("hyperdisk-extreme", "hyperdisk-ml", "hyperdisk-throughput")
_GENERATION = r"[a-z]+"


def _counts(value: Mapping[int, int]) -> Mapping[int, int]:
    return frozen_mapping(value)


def _name(example: str, kind: str = "a name") -> Validator:
    return valid(check_matching, _NAME, f'{kind} such as "{example}" is accepted')


def _check_counts(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, "a mapping is accepted: {1: 48}")
    for count, vcpus in value.items():
        check_whole(where, field, count, "GPUs", least=1)
        check_whole(where, f"{field}[{count}]", vcpus, "vCPUs", least=1)


def _check_memory(where: str, field: str, value: object) -> None:
    if not is_amount(value) or value == 0:
        raise field_error(where, field, value, "a number of GiB is accepted")


def _check_location(where: str, field: str, value: object) -> None:
    if value != "*":
        check_matching(where, field, value, _NAME, 'a region, a zone or "*" is accepted')


def _check_usd(where: str, field: str, value: object) -> None:
    if not is_amount(value):
        raise field_error(where, field, value, "USD per hour, or None when unknown, is accepted")


def _check_usd_per_gib_month(where: str, field: str, value: object) -> None:
    if not is_amount(value):
        accepted = "USD per GiB and month, or None when unknown, is accepted"
        raise field_error(where, field, value, accepted)


def is_amount(value: object) -> bool:
    """Whether something is a number that an amount can be: finite and not below zero."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _HUGE


@frozen
class AcceleratorType:
    """A GPU as Compute Engine names it.

    Attributes:
        name: The accelerator type: "nvidia-tesla-t4".
        label: What people call it: "T4".
        architecture: NVIDIA's name of the generation, in lower case: "turing".
        memory_gb: Memory of one GPU in GB.
        max_vcpus: For a GPU that is attached to an N1 machine: the counts that may be attached,
            each with the most vCPUs the machine may have. Empty for a GPU that only comes with a
            machine type (https://cloud.google.com/compute/docs/gpus#n1-gpus).
        compute_capability: What CUDA code for it is built for, "7.5"
            (https://developer.nvidia.com/cuda-gpus); None when unknown. A GPU older than
            Turing needs it: nixpkgs builds for newer ones unless told.
        nvswitch: The generation of the NVSwitches that join eight of them on a board: 2 for A100,
            3 for H100 and H200, 4 for B200 and GB200; None for a GPU that has none
            (https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide).

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=_name("nvidia-tesla-t4"))
    label: str = field(validator=valid(check_text))
    architecture: str = field(
        validator=valid(
            check_matching, _GENERATION, 'a generation in lower case such as "turing" is accepted'
        )
    )
    memory_gb: int = field(validator=valid(check_whole, "GB", least=1))
    max_vcpus: Mapping[int, int] = field(
        factory=dict, converter=_counts, validator=valid(_check_counts), hash=False
    )
    compute_capability: str | None = field(default=None, validator=valid(check_capability))
    nvswitch: int | None = field(
        default=None, validator=valid(check_whole, "as the generation of NVSwitches", least=1)
    )

    @property
    def _where(self) -> str:
        return f"accelerator type {self.name!r}"

    @property
    def open_kernel_module(self) -> bool:
        """Whether NVIDIA's open kernel module drives it: Turing and later."""
        return self.architecture not in {"kepler", "maxwell", "pascal", "volta"}


@frozen
class MachineType:
    """A machine type.

    Attributes:
        name: Its name: "n1-standard-8".
        vcpus: Number of vCPUs.
        memory_gib: Memory in GiB.
        shared_core: Whether its vCPUs share a core with others (e2-micro, f1-micro).
        accelerator: The accelerator type that comes with it, if one does: "nvidia-l4".
        accelerator_count: How many of them; 0.5, 0.25 or 0.125 for a part of one, which it shares
            with machines of others.
        local_ssd_gib: GiB of the Local SSDs that come with it; 0 for none, or as many as nobody
            says here.
        obsolete: Whether Compute Engine makes no machine of it any more.
        series: What all machine types of its series have in common; None for what the tables say.

    Raises:
        FleetError: When a field cannot be, or the name says that GPUs come with the machine type
            and the fields do not.
    """

    name: str = field(validator=_name("n1-standard-8"))
    vcpus: int = field(validator=valid(check_whole, "vCPUs", least=1))
    memory_gib: float = field(validator=valid(_check_memory))
    shared_core: bool = field(default=False, validator=valid(check_boolean))
    accelerator: str | None = field(
        default=None,
        validator=_name("nvidia-l4"),
    )
    accelerator_count: float = field(default=0, converter=whole_or_part)
    local_ssd_gib: int = field(default=0, validator=valid(check_whole, "GiB", least=0))
    obsolete: bool = field(default=False, validator=valid(check_boolean))
    _series: Series | None = field(
        default=None,
        validator=valid(check_instance, Series),
        alias="series",
        kw_only=True,
        repr=False,
    )

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def _where(self) -> str:
        return f"machine type {self.name!r}"

    def __attrs_post_init__(self) -> None:
        where, count = self._where, self.accelerator_count
        if self.accelerator is None:
            check_whole(where, "accelerator_count", count, "GPUs", least=0, most=0)
        else:
            check_gpu_count(where, "accelerator_count", count)
        self._check_named(where)

    def _check_named(self, where: str) -> None:
        """Check that it has the GPUs that its name tells of: without them a machine would be on."""
        if self.accelerators == "TPUs":
            if self.accelerator is not None:
                accepted = "this series comes with TPUs, which are no GPUs: leave it out"
                raise field_error(where, "accelerator", self.accelerator, accepted)
        elif self.accelerators == "GPUs" and self.accelerator is None:
            accepted = (
                "GPUs come with this series: say which and how many, "
                'accelerator="nvidia-…", accelerator_count=…'
            )
            raise field_error(where, "accelerator", self.accelerator, accepted)

    @property
    def series(self) -> Series:
        """What all machine types of its series have in common."""
        return self._series or series_of(self.name)

    def in_series(self, series: Series) -> MachineType:
        """Return it as one of a series, unless it says its own."""
        return evolve(self, series=series) if self._series is None else self

    @property
    def family(self) -> str:
        """The series by its name: "n1" of "n1-standard-8"."""
        return self.name.partition("-")[0]

    @property
    def accelerators(self) -> Accelerators:
        """What its name and its series say of its accelerators; see `Series.accelerators`."""
        return _accelerators(self.name, self.series)

    @property
    def accelerated(self) -> bool:
        """Whether it comes with GPUs or TPUs, or may, being of a series that nobody knows here."""
        return self.accelerator is not None or self.accelerators in {"TPUs", "unknown"}

    @property
    def takes_gpus(self) -> bool:
        """Whether GPUs attach to it."""
        return self.accelerators == "attached" and not self.shared_core

    @property
    def migrates(self) -> bool:
        """Whether Compute Engine moves a machine that runs to another host when it has to.

        One with accelerators is terminated instead, so is one with GPUs attached, and a Spot VM:
        https://cloud.google.com/compute/docs/instances/live-migration-process#limitations.
        """
        most = self.series.migrated_ssd_gib
        few_ssds = most is None or self.local_ssd_gib <= most
        return self.series.migrates and few_ssds and not self.accelerated

    @property
    def local_ssds(self) -> bool:
        """Whether Local SSDs come with it: its name says so, or `local_ssd_gib` does."""
        named = "lssd" in self.name or self.series.local_ssds
        return self.local_ssd_gib > 0 or (named and "nolssd" not in self.name)

    @property
    def bare_metal(self) -> bool:
        """Whether it is a whole server, without a hypervisor.

        https://docs.cloud.google.com/compute/docs/instances/bare-metal-instances
        """
        return self.name.endswith("-metal")

    @property
    def disk_types(self) -> tuple[str, ...] | None:
        """The types of disks that it takes; None where nobody knows."""
        taken, least = self.series.disk_types, self.series.extreme_vcpus
        if taken is None or self.vcpus >= least:
            return taken
        return tuple(each for each in taken if each != "hyperdisk-extreme")

    @property
    def boot_disk_types(self) -> tuple[str, ...] | None:
        """Those of them that it boots from; None where nobody knows.

        https://docs.cloud.google.com/compute/docs/disks/hyperdisks#limitations
        """
        taken = self.disk_types
        return None if taken is None else tuple(each for each in taken if each not in NO_BOOT_DISKS)


def _accelerators(name: str, series: Series | None = None) -> Accelerators:
    if "tpu" in name:
        return "TPUs"
    return "GPUs" if "gpu" in name else (series or series_of(name)).accelerators


def blank_machine_type(name: str) -> str:
    """Return how a machine type of that name is described in Python, with … for what to fill in.

    Empty for what cannot be the name of one.
    """
    if not re.fullmatch(_NAME, name):
        return ""
    fields = ["vcpus=…", "memory_gib=…"]
    if _accelerators(name) == "GPUs":
        fields += ["accelerator=…", "accelerator_count=…"]
    return f"MachineType({name!r}, {', '.join(fields)})"


def blank_accelerator_type(name: str, *, attached: bool) -> str:
    """Return how a GPU of that name is described, as `blank_machine_type` does.

    Args:
        name: The accelerator type.
        attached: Whether it is one that attaches to a machine.
    """
    if not re.fullmatch(_NAME, name):
        return ""
    fields = ["label=…", "architecture=…", "memory_gb=…", *(["max_vcpus=…"] if attached else [])]
    return f"AcceleratorType({name!r}, {', '.join(fields)})"


def blank_zone(name: str, accelerators: tuple[str, ...] = ()) -> str:
    """Return how a zone of that name is described in Python; empty where it cannot be its name."""
    found = re.fullmatch(ZONE, name)
    if found is None:
        return ""
    offered = f", accelerators={accelerators!r}" if accelerators else ""
    return f"Zone({name!r}, region={found[1]!r}{offered})"


def may_be_region(name: str) -> bool:
    """Whether a region may have that name: us-central1, and neither us-central1-a nor us-east-1."""
    return re.fullmatch(REGION, name) is not None


@frozen
class Zone:
    """A zone.

    Attributes:
        name: Its name: "us-central1-c".
        region: The region it lies in: "us-central1".
        accelerators: The accelerator types it offers.

    Raises:
        FleetError: When a field cannot be, or the name is not in the region.
    """

    name: str
    region: str = field(validator=_name("us-central1", "a region"))
    accelerators: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"nvidia-l4"')
    )

    @property
    def _where(self) -> str:
        return f"zone {self.name!r}"

    def __attrs_post_init__(self) -> None:
        accepted = f'a name such as "{self.region}-a" is accepted'
        check_matching(self._where, "name", self.name, _NAME, accepted)
        if not self.name.startswith(f"{self.region}-"):
            raise field_error(self._where, "name", self.name, accepted)


@frozen
class Price:
    """What a machine type costs in a region, or one GPU in a zone.

    Attributes:
        name: The machine type, or an accelerator type that is attached to N1 machines: the price
            of a machine type that comes with GPUs has them in it.
        location: The region (machine type) or zone (accelerator type); "*" for everywhere.
        usd_per_hour: USD per hour on demand; None when unknown.
        usd_per_hour_spot: USD per hour as a Spot VM; None when unknown.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(
        validator=valid(check_matching, _NAME, "a machine type or an accelerator type is accepted")
    )
    location: str = field(validator=valid(_check_location))
    usd_per_hour: float | None = field(validator=optional(valid(_check_usd)))
    usd_per_hour_spot: float | None = field(default=None, validator=valid(_check_usd))

    @property
    def _where(self) -> str:
        return f"price of {self.name!r}"


@frozen
class DiskPrice:
    """What a disk costs in a region.

    Attributes:
        disk_type: The disk type: "hyperdisk-balanced"; "pd-ssd (regional)" is one in two zones.
        location: The region; "*" for everywhere.
        usd_per_gib_month: USD per GiB and month; None when unknown. What is billed apart from the
            size is in it: the IOPS and throughput of a Hyperdisk, or of pd-extreme.

    Raises:
        FleetError: When a field cannot be.
    """

    disk_type: str = field(
        validator=valid(check_matching, PRICED_DISK, 'a disk type such as "pd-ssd" is accepted')
    )
    location: str = field(validator=valid(_check_location))
    usd_per_gib_month: float | None = field(validator=optional(valid(_check_usd_per_gib_month)))

    @property
    def _where(self) -> str:
        return f"price of {self.disk_type!r}"


@frozen
class AddressPrice:
    """What an external IPv4 address costs in a region.

    Attributes:
        location: The region; "*" for everywhere.
        usd_per_hour_in_use: USD per hour that a machine which runs has it; None when unknown.
        usd_per_hour_unused: USD per hour that it is reserved, and none has; None when unknown.

    Raises:
        FleetError: When a field cannot be.
    """

    location: str = field(validator=valid(_check_location))
    usd_per_hour_in_use: float | None = field(validator=optional(valid(_check_usd)))
    usd_per_hour_unused: float | None = field(default=None, validator=optional(valid(_check_usd)))

    @property
    def _where(self) -> str:
        return f"price of an address in {self.location!r}"
