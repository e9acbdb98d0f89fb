"""What is deployed, as Terraform's state says, wherever that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import outputs
from ..outputs import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..outputs import Deployed


def deployed(folders: Iterable[Path]) -> State | None:
    """Return what is deployed of stacks; None when nothing was ever deployed from here.

    Args:
        folders: The folders of the stacks, where Terraform has worked.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    answers = [outputs.ask(folder) for folder in folders]
    known = [answer for answer in answers if answer is not None]
    if not known:
        return None
    machines: dict[str, Deployed] = {}
    for state in known:
        machines |= state.machines
    return State(machines, frozenset().union(*(state.addresses for state in known)))


def existing(folders: Iterable[Path]) -> frozenset[str]:
    """Return the names of the instances that exist; see `deployed`.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    found = deployed(folders)
    return frozenset() if found is None else frozenset(found.machines)
