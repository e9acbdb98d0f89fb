"""What is to be known of a plan at Google Cloud beside what Terraform says of it: nothing.

The provider shuts a machine down in peace before it changes what needs that, and a machine that
does not come back is there to be started again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.terraform.plan import Change


def lacking(environment: Mapping[str, str]) -> None:
    """Return nothing: Google's provider finds credentials in many places, and says it if not.

    Args:
        environment: The environment variables.
    """
    del environment


def explain_changes(machines: Sequence[GcpMachine], changes: Sequence[Change]) -> list[str]:
    """Return nothing that people should know before they agree to changes."""
    del machines, changes
    return []


def prevent(machines: Sequence[GcpMachine], changes: Sequence[Change]) -> None:
    """Return nothing that prevents changes."""
    del machines, changes


def refuse_unseen(machines: Sequence[GcpMachine], changes: Sequence[Change]) -> None:
    """Return no change that nobody should agree to unseen."""
    del machines, changes


def held(changes: Sequence[Change]) -> frozenset[str]:
    """Return no machine that something other than its disks holds where it is."""
    del changes
    return frozenset()


def explain_gone(names: Sequence[str]) -> None:
    """Return nothing: Google itself deletes machines, as Spot VMs and for their run time."""
    del names


def left_behind(changes: Sequence[Change]) -> list[str]:
    """Return nothing that a deployment leaves behind when it fails."""
    del changes
    return []


def no_room(machine: GcpMachine, *, exists: bool) -> str:
    """Return nothing that follows a line on a zone without room."""
    del machine, exists
    return ""
