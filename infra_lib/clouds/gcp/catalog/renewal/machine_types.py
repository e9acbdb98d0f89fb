"""What `gcloud compute machine-types list --format=json` prints: the machine types of each zone.

https://cloud.google.com/compute/docs/reference/rest/v1/machineTypes has its fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.gcp.catalog.renewal.accelerators import zone_of
from infra_lib.clouds.gcp.catalog.renewal.documents import count_field, read_lists, text_field
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND = "gcloud compute machine-types list --format=json"

_FRACTION = r"\b1/(2|4|8) NVIDIA"  # of a GPU, where the count says 1
# GiB of one Local SSD, by how the names of machine types begin or end; in the order that counts:
# https://cloud.google.com/compute/docs/disks/local-ssd#lssd_disks_fixed.
_SSDS = (
    (r"z3-.*-metal", 6000),
    (r"(z3|a4x)-.*|.*-lssd-metal", 3000),
    (r"(a2|a3|a4|c3|c3d|c4|c4a|c4d|c4n|h4d)-.*", 375),
)


@frozen(kw_only=True)
class Listed:
    """A machine type as Compute Engine lists it.

    Attributes:
        vcpus: Number of vCPUs.
        memory_gib: Memory in GiB.
        shared_core: Whether its vCPUs share a core with others.
        accelerator: The accelerator type that comes with it; None for none.
        accelerator_count: How many of them, or 1/2, 1/4 or 1/8 of one.
        local_ssd_gib: GiB of the Local SSDs that come with it; None where their size is not known.
        obsolete: Whether Compute Engine makes no machine of it any more, in any zone.
        zones: Where it is offered.
    """

    vcpus: int
    memory_gib: float
    shared_core: bool
    accelerator: str | None
    accelerator_count: float
    local_ssd_gib: int | None
    obsolete: bool
    zones: tuple[str, ...]


def read_machine_types(files: Iterable[tuple[str, bytes]]) -> dict[str, Listed]:
    """Return the machine types that lists have, by name; those with TPUs are none of ours.

    Args:
        files: What to call each in messages, and what it holds.

    Raises:
        FleetError: When one is not such a file.
    """
    entries: dict[str, dict[str, Listed]] = {}
    for where, each in read_lists(files, "machineType", COMMAND):
        name = text_field(each, "name", where)
        of = f"{where}: {name}"
        if not re.fullmatch(r"[a-z][-a-z0-9]*", name):
            raise field_error(where, "name", name, "a machine type such as n1-standard-8 is wanted")
        zone, listed = zone_of(text_field(each, "zone", of), of), _listed(each, of)
        if listed.accelerator is None or listed.accelerator.startswith("nvidia-"):
            entries.setdefault(name, {})[zone] = listed
    return {
        name: evolve(
            by_zone[min(by_zone)],
            obsolete=all(each.obsolete for each in by_zone.values()),
            zones=tuple(sorted(by_zone)),
        )
        for name, by_zone in sorted(entries.items())
    }


def _listed(entry: dict[str, Any], where: str) -> Listed:
    accelerator, count = _accelerator(entry, where)
    return Listed(
        vcpus=count_field(entry, "guestCpus", where),
        memory_gib=count_field(entry, "memoryMb", where) / 1024,
        shared_core=entry.get("isSharedCpu") is True,
        accelerator=accelerator,
        accelerator_count=count,
        local_ssd_gib=_local_ssd_gib(entry, where),
        obsolete=_is_obsolete(entry, where),
        zones=(),
    )


def _is_obsolete(entry: dict[str, Any], where: str) -> bool:
    """Whether a machine type can no longer be used; one that is deprecated still can."""
    given = entry.get("deprecated") or {}
    if not isinstance(given, dict):
        raise field_error(where, "deprecated", given, "an object is wanted")
    return given.get("state") in {"OBSOLETE", "DELETED"}


def _accelerator(entry: dict[str, Any], where: str) -> tuple[str | None, float]:
    given = entry.get("accelerators") or []
    if not isinstance(given, list) or len(given) > 1 or not all(isinstance(i, dict) for i in given):
        raise field_error(where, "accelerators", given, "a list of one kind is wanted")
    if not given:
        return None, 0
    part = re.search(_FRACTION, str(entry.get("description")))
    count = count_field(given[0], "guestAcceleratorCount", where)
    return text_field(given[0], "guestAcceleratorType", where), 1 / int(part[1]) if part else count


def _local_ssd_gib(entry: dict[str, Any], where: str) -> int | None:
    given = entry.get("bundledLocalSsds")
    if not given:
        return 0
    if not isinstance(given, dict):
        raise field_error(where, "bundledLocalSsds", given, "an object is wanted")
    count = count_field(given, "partitionCount", where)
    each = (gib for names, gib in _SSDS if re.fullmatch(names, entry["name"]))
    gib = next(each, None)
    return None if gib is None else count * gib
