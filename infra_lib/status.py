"""What there is of a fleet: described, deployed by Terraform, and in its clouds now.

`infra status` prints it; `status` returns it to whoever writes Python.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.operate.status.asking import TIMEOUT, ask
from infra_lib.operate.status.compare import compare
from infra_lib.operate.status.data import status_data
from infra_lib.operate.status.result import Asked, Difference, MachineStatus, Status
from infra_lib.operate.status.text import status_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.fleet import Fleet

__all__ = [
    "Asked",
    "Difference",
    "MachineStatus",
    "Status",
    "status",
    "status_data",
    "status_text",
]


def status(
    fleet: Fleet,
    names: Collection[str] | None = None,
    *,
    project: Path | str = ".",
    stacks: Collection[str] = (),
    live: bool = True,
    timeout: float = TIMEOUT,
) -> Status:
    """Return what there is of a fleet, as far as Terraform and the clouds can be asked.

    Terraform is asked for the state of each stack that is synthesized, and each cloud by its own
    command line, `gcloud` or `hcloud`. Nobody is made to answer: who is not there or not logged in
    is in `Status.stacks` or `Status.clouds` with the reason, and what they know is None.

    Args:
        fleet: The fleet.
        names: Names of its machines; None for all, and for what the fleet does not describe but
            bears its label.
        project: The folder of cdktf.json, below which stacks are synthesized.
        stacks: The names of the stacks that Terraform is asked about; empty for all.
        live: Whether the clouds that these machines are in are asked.
        timeout: How many seconds each cloud has to answer.

    Raises:
        FleetError: When no machine has one of the names, or there is no such stack.
    """
    chosen = fleet.machines if names is None else tuple(map(fleet.machine, names))
    folder = Path(project)
    mine = {machine.cloud for machine in fleet.provisioned if machine in chosen}
    clouds = None if names is None else mine
    answers = ask(fleet, folder, stacks=stacks, live=live, clouds=clouds, timeout=timeout)
    return compare(fleet, chosen, *answers, datetime.now(UTC), whole=names is None)
