"""Which machines of a fleet people mean, by names and by tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError, nearest
from infra_lib.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


def choose(fleet: Fleet, names: Collection[str], tags: Collection[str] = ()) -> tuple[Machine, ...]:
    """Return the machines of some names and those with some tags, in the order of the fleet.

    Args:
        fleet: The fleet.
        names: Names of its machines.
        tags: Tags; with neither, all machines are meant.

    Raises:
        FleetError: When no machine has a name or a tag.
    """
    for name in names:
        fleet.machine(name)
    if tags:
        _check_tags(fleet, tags)
    if not names and not tags:
        return fleet.machines
    return tuple(
        machine
        for machine in fleet.machines
        if machine.name in names or not {*machine.all_tags}.isdisjoint(tags)
    )


def _check_tags(fleet: Fleet, tags: Collection[str]) -> None:
    known = {tag for machine in fleet.machines for tag in machine.all_tags}
    for tag in tags:
        if tag not in known:
            near = nearest(tag, known) or f"; there are {listed(sorted(known)) or 'none'}"
            raise FleetError(f"fleet {fleet.name!r}: --tag {tag}: no machine has that tag{near}")
