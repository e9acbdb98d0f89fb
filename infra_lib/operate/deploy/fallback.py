"""Where to try again when a zone has no room for a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.failure import NoRoom
from infra_lib.operate.kinds import machine_of
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from infra_lib.clouds.failure import Failure
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine


@frozen
class Move:
    """A machine that goes from one of its zones to the next.

    Attributes:
        machine: The machine's name.
        start: The zone that has no room.
        zone: The zone to try.
    """

    machine: str
    start: str
    zone: str

    def __str__(self) -> str:
        return f"{self.machine} in {self.zone}"


def find_without_room(fleet: Fleet, found: Sequence[Failure]) -> tuple[ProvisionedMachine, ...]:
    """Return the machines that found no room where they are."""
    names = {machine_of(failure.address) for failure in found if isinstance(failure, NoRoom)}
    return tuple(machine for machine in fleet.provisioned if machine.name in names)


def choose_moves(
    fleet: Fleet,
    found: Sequence[Failure],
    tried: Mapping[str, Collection[str]],
    existing: Collection[str],
    held: Collection[str] = (),
) -> tuple[Move, ...]:
    """Return where to try again; nothing when that is no help.

    A machine that exists is not moved: its boot disk, and what is on it, would not come with it.

    Args:
        fleet: The fleet that failed.
        found: What went wrong.
        tried: The zones that had no room so far, by the machine's name.
        existing: The names of the instances that exist.
        held: The names of the machines that would lose what outlives them elsewhere: an address.
    """
    if not all(isinstance(failure, NoRoom) for failure in found):
        return ()
    return tuple(
        Move(machine.name, machine.zone, zone)
        for machine in find_without_room(fleet, found)
        if machine.name not in existing
        and machine.name not in held
        and (zone := _next_zone(machine, tried.get(machine.name, ()))) is not None
    )


def move_machines(fleet: Fleet, chosen: Sequence[Move]) -> Fleet:
    """Return the fleet with machines moved: its facts say so."""
    facts = fleet.facts
    for move in chosen:
        facts = facts.with_zone(move.machine, move.zone)
    return evolve(fleet, facts=facts)


def _next_zone(machine: ProvisionedMachine, tried: Collection[str]) -> str | None:
    return next((zone for zone in machine.fallback_zones if zone not in tried), None)
