"""The series of machine types, and what all types of one have in common.

https://cloud.google.com/compute/docs/machine-resource lists them. More about each: Arm processors,
https://cloud.google.com/compute/docs/instances/arm-on-compute; disks,
https://cloud.google.com/compute/docs/disks/persistent-disks#pd-interface; GPUs,
https://cloud.google.com/compute/docs/gpus; TPUs,
https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus; Local SSDs,
https://cloud.google.com/compute/docs/disks/local-ssd#lssd_disks_fixed.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from nixgen.frozen import frozen


@frozen
class Series:
    """A series of machine types.

    Attributes:
        name: What their names begin with: "n1".
        accelerators: "GPUs" or "TPUs" come with them, or with some; GPUs may be "attached" to
            those that share no core; "none"; "unknown" for a series that nobody knows here.
        disks: How disks are connected unless a machine is told otherwise.
        platform: What NixOS is built for on them.
        local_ssds: How the names of those begin that come with Local SSDs and do not say so by
            "lssd" in it; empty for none.
    """

    name: str
    accelerators: Literal["none", "attached", "GPUs", "TPUs", "unknown"] = "none"
    disks: Literal["SCSI", "NVMe"] = "NVMe"
    platform: Literal["x86_64-linux", "aarch64-linux"] = "x86_64-linux"
    local_ssds: tuple[str, ...] = ()


_SERIES = {
    series.name: series
    for series in (
        Series("a2", "GPUs", "SCSI", local_ssds=("a2-ultragpu-",)),
        Series("a3", "GPUs", local_ssds=("a3-",)),
        Series("a4", "GPUs", local_ssds=("a4-",)),
        Series("a4x", "GPUs", platform="aarch64-linux", local_ssds=("a4x-",)),
        Series("c2", disks="SCSI"),
        Series("c2d", disks="SCSI"),
        Series("c4a", platform="aarch64-linux"),
        Series("custom"),
        Series("e2", disks="SCSI"),
        Series("f1", disks="SCSI"),
        Series("g1", disks="SCSI"),
        Series("g2", "GPUs", "SCSI"),
        Series("m1", disks="SCSI"),
        Series("m2", disks="SCSI"),
        Series("n1", "attached", "SCSI"),
        Series("n2", disks="SCSI"),
        Series("n2d", disks="SCSI"),
        Series("n4a", platform="aarch64-linux"),
        Series("t2a", platform="aarch64-linux"),
        Series("t2d", disks="SCSI"),
        Series("z3", local_ssds=("z3-",)),
    )
}


@cache
def series_of(machine_type: str) -> Series:
    """Return the series of a machine type.

    One that is not in the table is like those of the same letter: a3 and c3, and later ones, have
    NVMe disks and processors other than Arm.

    Args:
        machine_type: Its name, also one that nobody knows here: "c4-standard-8".
    """
    name = machine_type.partition("-")[0]
    return _SERIES.get(name) or Series(name, _accelerators(name))


def _accelerators(series: str) -> Literal["none", "GPUs", "TPUs", "unknown"]:
    if series.startswith("ct") and series[2:3].isdigit():
        return "TPUs"
    if not series[1:2].isdigit():
        return "unknown"
    if series[0] in "ag":
        return "GPUs"
    return "none" if series[0] in "cefhmntxz" else "unknown"
