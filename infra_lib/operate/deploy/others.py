"""What a plan changes that is not of the machines that somebody means to deploy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.wording import listed
from infra_lib.operate.kinds import machine_of, owner_of
from infra_lib.terraform.installer import INSTALLATION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.terraform.plan import Change, Plan

_MOST = 8  # resources that are named


def concern(fleet: Fleet, plans: Sequence[Plan], names: Collection[str]) -> bool:
    """Return whether plans change anything of some machines."""
    return any(
        not change.is_empty and owner_in(fleet, change) in names
        for plan in plans
        for change in plan.changes
    )


def refusal(fleet: Fleet, plans: Sequence[Plan], names: Collection[str]) -> str | None:
    """Return why plans are not carried out for some machines alone; None where they may be.

    What the machines share, such as firewall rules, is made with the first of them: where nothing
    of a stack is deployed so far, it may be.

    Args:
        fleet: The fleet that is to be.
        plans: What Terraform would do.
        names: The names of the machines that are meant.
    """
    others = [
        f"{change.address} ({_whose(owner)}: {', '.join(change.actions)})"
        for plan in plans
        for change, owner in _others(fleet, plan, names)
    ]
    if not others:
        return None
    return (
        f"more would change than {', '.join(sorted(names))}: {listed(others, _MOST)}. Nothing was "
        "deployed; infra deploy deploys all of it"
    )


def _others(
    fleet: Fleet, plan: Plan, names: Collection[str]
) -> Iterator[tuple[Change, str | None]]:
    is_first = all(change.before is None for change in plan.changes)
    on = any(machine.enabled for machine in fleet.provisioned if machine.name in names)
    for change in plan.changes:
        if change.is_empty:
            continue
        owner = owner_in(fleet, change)
        shared = owner is None and is_first and on
        if owner not in names and not shared:
            yield change, owner


def owner_in(fleet: Fleet, change: Change) -> str | None:
    """Return the machine that a resource is of: its name; None for what is of none, or of several.

    Args:
        fleet: The fleet.
        change: What becomes of the resource.
    """
    for there in (change.after, change.before):
        owner = owner_of(there or {})
        if owner is not None:
            fleet_name, name = owner
            return name if fleet_name == fleet.name else f"{name} of fleet {fleet_name}"
    instance = machine_of(change.address)
    if instance is not None:
        return instance
    own = {INSTALLATION, *(kind for cloud in CLOUDS.values() for kind in cloud.KINDS.own)}
    if change.type not in own:
        return None
    called = change.address.partition(".")[2]
    # The longest name counts: galena-b-stop is of galena-b, not of galena.
    known = {machine.name: machine.name for machine in fleet.machines}
    for machine in fleet.provisioned:
        known |= {disk.name: machine.name for disk in machine.data_disks}
    for begin in sorted(known, key=len, reverse=True):
        if re.match(rf"{re.escape(begin)}(?:[-_]|$)", called):
            return known[begin]
    return None


def _whose(owner: str | None) -> str:
    return "shared" if owner is None else f"of {owner}"
