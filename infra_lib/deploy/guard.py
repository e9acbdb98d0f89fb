"""What `infra deploy --yes` refuses: deletions that few mean, and that nobody would have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..fleet import Fleet
    from ..outputs import State


def refusal(fleet: Fleet, deployed: State) -> str | None:
    """Return why nobody should deploy without having seen the plan; None when all may.

    A machine that is to be in another zone is deleted with its boot disk. Few mean that: the facts
    may be older than the deployment, as in another checkout, or `fallback_zones` may have lost the
    zone in use. A data disk that the fleet has no more is deleted too, and Terraform guards only
    those that it has.

    Args:
        fleet: The fleet that is to be.
        deployed: What is there.
    """
    for machine in fleet.gcp_machines:
        there = deployed.machines.get(machine.name)
        if machine.enabled and there is not None and there.zone != machine.zone:
            reason = (
                "and the facts do not say so; infra sync records it"
                if there.zone in machine.zones
                else f"and zone={there.zone!r} in the fleet leaves it there"
            )
            return (
                f"{machine.name} is deployed in {there.zone}, {reason}. To delete it with its "
                f"boot disk, and make it anew in {machine.zone}, deploy without --yes"
            )
    kept = {disk.name for machine in fleet.gcp_machines for disk in machine.data_disks}
    for name, owner in sorted(deployed.data_disks.items()):
        if owner == fleet.name and name not in kept:
            return (
                f"data disk {name} is deployed, and no machine of fleet {fleet.name} has it. To "
                "delete it with what is on it, deploy without --yes"
            )
    return None
