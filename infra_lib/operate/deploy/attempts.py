"""A deployment, tried again elsewhere where a zone has no room."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from infra_lib.fleet import Fleet
from infra_lib.model import money
from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy import inputs, synthesis, verify
from infra_lib.operate.deploy.advice import advice
from infra_lib.operate.deploy.failures_in_log import find_created, read_failures
from infra_lib.operate.deploy.fallback import choose_moves, find_without_room, move_machines
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.deploy.retry import differences
from infra_lib.operate.deployed import existing_machines
from infra_lib.terraform.printing import say
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from infra_lib.clouds.failure import Failure
    from infra_lib.model.facts import Facts
    from infra_lib.operate.deploy.cdk import Cdk
    from infra_lib.operate.deploy.fallback import Move
    from infra_lib.operate.deploy.synthesis import Stack


@frozen
class Deployment:
    """A deployment that succeeded.

    Attributes:
        fleet: The fleet, with the machines in the zones that had room.
        made: The names of the instances that were made.
    """

    fleet: Fleet
    made: frozenset[str]


def deploy(
    cdk: Cdk,
    agreed: Sequence[Stack],
    fleet: Fleet,
    *,
    variables: Mapping[str, str] | None = None,
    any_price: bool,
    detached: Sequence[str] = (),
    held: Collection[str] = (),
    there: Collection[str] = (),
) -> Deployment | None:
    """Deploy stacks, and move a machine to its next zone as long as one has no room for it.

    The zone to try is written to the facts first, since that is where the stack has it from; the
    synthesis that follows may differ in that and in nothing else. A deployment that fails, or is
    interrupted, takes it back for every machine that does not exist then: the next one begins with
    the first choice again.

    Args:
        cdk: What deploys.
        agreed: The stacks as they were shown, and agreed to.
        fleet: The fleet.
        variables: A digest of each file with variables that the plan was made with, by path; see
            `inputs.digests`.
        any_price: Whether to go where it costs more than the budget.
        detached: The names of data disks that this takes off their machines, and makes anew: it is
            done once more, which attaches them.
        held: The names of the machines that would lose what outlives them in another zone.
        there: The names of those whose instances are there, whatever the state says of them.

    Returns:
        None when it failed, which has been explained by then.

    Raises:
        FleetError: When the command line cannot be run.
    """
    now = fleet
    stacks = tuple(agreed)
    folders = [stack.folder for stack in stacks]
    made: frozenset[str] = frozenset()
    tried: dict[str, list[str]] = {}
    done = False
    is_changed = partial(_is_changed, cdk.project, variables or {})
    try:
        while True:
            if is_changed(stacks, "since it was shown: it is not deployed. Deploy again"):
                return None
            outcome = cdk.deploy(stacks)
            made |= find_created(outcome.log)
            found = read_failures(outcome.log)
            if is_changed(stacks, "while it was deployed: see what is, infra deploy --plan"):
                if found:
                    _explain(cdk, now, found, tried, frozenset(), held)
                return None
            if outcome.status == 0 and not found:
                lack = verify.find_missing(stacks, outcome.log)
                if lack is not None:
                    say(
                        f"{cdk.name} deploy says that it succeeded, but {lack}; see infra deploy "
                        "--plan"
                    )
                    return None
                if detached:
                    whose = "its machine" if len(detached) == 1 else "their machines"
                    disks = ", ".join(detached)
                    say(f"made anew, and off {whose}: {disks}; deploying once more to attach")
                    detached = ()
                    continue
                done = True
                return Deployment(now, made)
            full = find_without_room(now, found)
            try:
                existing = existing_machines(folders) | {*there} if full else frozenset()
            except FleetError as error:
                say(f"no other zone is tried: {error}")
                return None
            for machine in full:
                zones = tried.setdefault(machine.name, [])
                if machine.zone not in zones:  # others may have been moved, and this one not
                    zones.append(machine.zone)
            chosen = choose_moves(now, found, tried, existing, held)
            if not chosen:
                _explain(cdk, now, found, tried, existing, held)
                return None
            now = move_machines(now, chosen)
            refusal = None if any_price else over_budget(now)
            if refusal is not None:
                say(f"{', '.join(map(str, chosen))} would be next, but {refusal}")
                return None
            try:
                _record(fleet.facts, {move.machine: move.zone for move in chosen})
            except (FleetError, OSError) as error:
                say(f"{', '.join(map(str, chosen))} would be next, but it is not recorded: {error}")
                return None
            _announce(now, chosen)
            anew = _synthesize(cdk, stacks, now, chosen)
            if anew is None:
                return None
            stacks = anew
    finally:
        if not done and now is not fleet:
            _take_back(folders, fleet.facts, now.facts)


def _is_changed(
    project: Path, variables: Mapping[str, str], stacks: Sequence[Stack], when: str
) -> bool:
    now = inputs.digests(project)
    others = (path for path in sorted({*now, *variables}) if now.get(path) != variables.get(path))
    file = synthesis.changed_file(stacks) or next(others, None)
    if file is not None:
        say(f"{file} has changed {when}")
    return file is not None


def _announce(fleet: Fleet, chosen: Sequence[Move]) -> None:
    machines = {machine.name: machine for machine in fleet.provisioned}
    for move in chosen:
        price = money.hour_text(machines[move.machine].bill.hour)
        say(
            f"{move.start} has no room for {move.machine} at the moment; "
            f"trying {move.zone}, at {price} an hour"
        )


def _synthesize(
    cdk: Cdk, agreed: Sequence[Stack], fleet: Fleet, chosen: Sequence[Move]
) -> tuple[Stack, ...] | None:
    """Return the stacks with machines moved; None when anything else in them has changed."""
    try:
        anew = cdk.synth()
    except FleetError as error:
        say(str(error))
        return None
    others = differences(agreed, anew, fleet, chosen)
    if others:
        say(
            f"{', '.join(map(str, chosen))} would be next, but the app has changed since the first "
            f"attempt, and nobody has seen what it would deploy now: {', '.join(others)}. Deploy "
            "again"
        )
        return None
    return tuple(anew[stack.name] for stack in agreed)


def _take_back(folders: Sequence[Path], before: Facts, after: Facts) -> None:
    """Write the zones as they were before, but for those of machines that exist by now."""
    try:
        existing = existing_machines(folders)
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
    cdk: Cdk,
    fleet: Fleet,
    found: Sequence[Failure],
    tried: Mapping[str, Collection[str]],
    existing: Collection[str],
    held: Collection[str],
) -> None:
    for failure in found:
        said = f"{failure.address}: {failure.text}"
        say(advice(fleet, failure, tried, existing, held) or said)
    say(f"{cdk.name} deploy failed; what it says is above")
