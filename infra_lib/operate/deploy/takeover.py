"""What a deployment takes over by `import` blocks: it is there already, and no state knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.operate.kinds import (
    address_of,
    instance_readers,
    is_disk,
    is_instance,
    machine_of,
)
from infra_lib.terraform.installer import INSTALLATION
from infra_lib.terraform.state import Deployed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.terraform.plan import Change, Plan


def describe(plans: Sequence[Plan]) -> list[str]:
    """Return what people should know of what is taken over: how much, and what changes of it."""
    return [line for plan in plans for line in _describe(plan)]


def running(fleet: Fleet, plans: Sequence[Plan]) -> dict[str, Deployed]:
    """Return the machines that are taken over, by name: they run, and are paid for, by now.

    One costs what the fleet says where it is as the fleet describes it; of another, nobody knows.
    """
    machines = {address_of(machine): machine for machine in fleet.provisioned}
    return {
        machines[change.address].name: _deployed(change, machines[change.address], fleet)
        for plan in plans
        for change in plan.changes
        if change.imported and change.address in machines
    }


def existing(plans: Sequence[Plan]) -> frozenset[str]:
    """Return the names of the machines whose instances are there, and stay.

    The state of one that is taken over may not say yet whose it is.
    """
    return frozenset(
        change.name
        for plan in plans
        for change in plan.changes
        if is_instance(change.type) and change.before is not None and not change.deletes
    )


def refusal(plans: Sequence[Plan]) -> str | None:
    """Return why nobody should take things over unseen; None where everybody may.

    They are taken over to stay as they are, with what is on them: none is deleted, and no machine
    is installed anew.
    """
    for plan in plans:
        for change in plan.changes:
            kept = is_instance(change.type) or is_disk(change.type)
            if change.imported and change.deletes and kept:
                reason = f", for its {' and '.join(change.forced_by)}" if change.forced_by else ""
                return (
                    f"stack {plan.stack} is to take over {change.address}, which is there, and "
                    f"would delete it with what is on it, to make it anew{reason}. Describe it as "
                    "it is. To have it made anew, deploy without --yes"
                )
        for line in _installed(plan):
            return f"{line}, or deploy without --yes"
    return None


def _describe(plan: Plan) -> Iterator[str]:
    found = [change for change in plan.changes if change.imported]
    anew = [change for change in found if change.deletes]
    altered = [change for change in found if change.actions == ("update",)]
    same = len(found) - len(anew) - len(altered)
    if same:
        what = "1 resource as it is" if same == 1 else f"{same} resources as they are"
        yield f"stack {plan.stack} takes over {what}"
    if altered:
        listed = ", ".join(f"{each.address} ({', '.join(each.altered)})" for each in altered)
        yield f"stack {plan.stack} takes over, and changes in place: {listed}"
    if anew:
        listed = ", ".join(f"{each.address} ({', '.join(each.forced_by)})" for each in anew)
        yield f"stack {plan.stack} takes over, and then makes anew: {listed}"
    yield from _installed(plan)


def _installed(plan: Plan) -> Iterator[str]:
    """Yield a line for each machine that is taken over, and is about to be installed."""
    made = {change.address for change in plan.changes if change.actions == ("create",)}
    for change in plan.changes:
        name = machine_of(change.address)
        if change.imported and name is not None and f"{INSTALLATION}.{name}" in made:
            yield (
                f"stack {plan.stack} takes over {name}, and then has NixOS installed on it, over "
                "what is there, unless it runs NixOS: leave install=True out of the project"
            )


def _deployed(change: Change, machine: ProvisionedMachine, fleet: Fleet) -> Deployed:
    there = instance_readers()[change.type](change.before or {})
    now = there.zone, there.machine_type, there.paid_as or there.state
    as_wanted = now == (machine.zone, machine.machine_type, machine.state)
    told = machine.prices_told(fleet.usd_per_eur) if as_wanted else {}
    return Deployed(
        there.external_ip,
        there.zone,
        told.get("usd_per_hour"),
        there.state,
        fleet.name,
        external_ipv6=there.external_ipv6,
        eur_per_hour=told.get("eur_per_hour"),
    )
