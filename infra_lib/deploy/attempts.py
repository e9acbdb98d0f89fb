"""A deployment, tried again elsewhere where a zone has no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.frozen import frozen

from .. import cost
from ..errors import FleetError
from ..fleet import Fleet
from .advice import advice
from .failure import Failure, created, failures
from .fallback import moved, moves, without_room
from .price import over_budget
from .printing import say

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..facts import Facts
    from .cdktf import Cdktf


@frozen
class Done:
    """A deployment that succeeded.

    Attributes:
        fleet: The fleet, with the machines in the zones that had room.
        made: The names of the instances that were made.
    """

    fleet: Fleet
    made: frozenset[str]


def deploy(
    cdktf: Cdktf, fleet: Fleet, *, any_price: bool, synthesized: bool = False
) -> Done | None:
    """Deploy a fleet, and move a machine to its next zone as long as one has no room for it.

    The zone to try is written to the facts first, since that is where the stack has it from. A
    deployment that fails, or is interrupted, takes it back for every machine that does not exist
    then: the next one begins with the first choice again.

    Args:
        cdktf: What deploys.
        fleet: The fleet.
        any_price: Whether to go where it costs more than the budget.
        synthesized: Whether to begin with what `cdktf diff` showed, whatever changed since.

    Returns:
        None when it failed, which has been explained by then.

    Raises:
        FleetError: When cdktf cannot be run.
    """
    now = fleet
    made: frozenset[str] = frozenset()
    tried: dict[str, list[str]] = {}
    done = False
    try:
        while True:
            ended = cdktf.deploy(synthesized=synthesized)
            synthesized = False
            made |= created(ended.log)
            if ended.status == 0:
                done = True
                return Done(now, made)
            found = failures(ended.log)
            full = without_room(now, found)
            try:
                existing = cdktf.existing() if full else frozenset()
            except FleetError as error:
                say(f"no other zone is tried: {error}")
                return None
            for machine in full:
                zones = tried.setdefault(machine.name, [])
                if machine.zone not in zones:  # others may have been moved, and this one not
                    zones.append(machine.zone)
            chosen = moves(now, found, tried, existing)
            if not chosen:
                _explain(now, found, tried, existing)
                return None
            now = moved(now, chosen)
            refusal = None if any_price else over_budget(now)
            if refusal is not None:
                say(f"{', '.join(map(str, chosen))} would be next, but {refusal}")
                return None
            try:
                _record(fleet.facts, {move.machine: move.zone for move in chosen})
            except (FleetError, OSError) as error:
                say(f"{', '.join(map(str, chosen))} would be next, but it is not recorded: {error}")
                return None
            for move in chosen:
                price = next(
                    cost.hour_text(cost.running(machine))
                    for machine in now.gcp_machines
                    if machine.name == move.machine
                )
                say(
                    f"{move.start} has no room for {move.machine} at the moment; "
                    f"trying {move.zone}, at {price} an hour"
                )
    finally:
        if not done and now is not fleet:
            _take_back(cdktf, fleet.facts, now.facts)


def _take_back(cdktf: Cdktf, before: Facts, after: Facts) -> None:
    """Write the zones as they were before, but for those of machines that exist by now."""
    try:
        existing = cdktf.existing()
    except FleetError:
        return  # a zone too many in the facts does no harm: it is one of the machine's own
    tried = {each.name for each in after.machines if each.zone != before.machine(each.name).zone}
    try:
        _record(before, {name: before.machine(name).zone for name in tried - existing})
    except (FleetError, OSError) as error:
        say(f"the zones that were tried stay in the facts: {error}")


def _record(facts: Facts, zones: Mapping[str, str | None]) -> None:
    """Write zones of machines into the facts as they are by now: others may have written there."""
    with facts.locked(say) as renewed:
        facts = renewed
        for name, zone in zones.items():
            facts = facts.with_zone(name, zone)
        facts.save()


def _explain(
    fleet: Fleet,
    found: Sequence[Failure],
    tried: Mapping[str, Collection[str]],
    existing: Collection[str],
) -> None:
    for failure in found:
        said = f"{failure.address}: {failure.text}"
        say(advice(fleet, failure, tried, existing) or said)
    say("cdktf deploy failed; what it says is above")
