"""What it means to take an instance of Compute Engine down, or to make it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import Handling

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine


def handling(machine: GcpMachine) -> Handling:
    """Return what to know of a machine that is taken down, or made anew."""
    kept = ", ".join(disk.name for disk in machine.data_disks)
    return Handling(
        instead="stopped=True instead keeps its boot disk, and stops paying for vCPUs, memory and "
        "GPUs."
        if machine.may_be_stopped
        else "",
        deleted="Delete it." + (f" Its data disks stay: {kept}." if kept else ""),
        replaced="Delete the instance and its boot disk, and make them anew.",
    )
