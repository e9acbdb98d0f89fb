"""What a deployment would delete, or whom it shuts out: it is said, and refused unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import clouds_of
from infra_lib.operate.deploy import takeover
from infra_lib.operate.kinds import cloud_of, instance_readers, is_disk, is_instance

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.deploy.synthesis import Stack
    from infra_lib.terraform.plan import Change, Plan
    from infra_lib.terraform.state import State

_MOVING = "Move its state there first, and all of it stays: see docs/extending.md. To delete it"


def losses(plans: Sequence[Plan]) -> list[str]:
    """Return a line for each disk and each instance that is deleted, also to be made anew."""
    return [
        _loss(plan, change)
        for plan in plans
        for change in plan.changes
        if change.deletes and (is_instance(change.type) or is_disk(change.type))
    ]


def closed_networks(stacks: Sequence[Stack]) -> list[str]:
    """Return what people should know of networks in the stacks that a cloud opens to the world."""
    clouds = [cloud.operations() for cloud in CLOUDS.values()]
    texts = (
        text
        for stack in stacks
        for cloud in clouds
        for text in cloud.describe_closed_networks(stack.document)
    )
    return list(dict.fromkeys(texts))


def describe_shut_out(plans: Sequence[Plan]) -> list[str]:
    """Return a line for each stack that closes machines to those who came in so far."""
    clouds = [cloud.operations() for cloud in CLOUDS.values()]
    found = ((plan, cloud.explain_shut_out(plan.changes)) for plan in plans for cloud in clouds)
    return [f"stack {plan.stack} {text}" for plan, text in found if text is not None]


def explain_changes(fleet: Fleet, plans: Sequence[Plan]) -> list[str]:
    """Return what else people should know before they agree, such as machines that are off then."""
    return [
        line
        for plan in plans
        for cloud, _, machines in clouds_of(fleet)
        for line in cloud.operations().explain_changes(machines, plan.changes)
    ]


def prevented(fleet: Fleet, plans: Sequence[Plan]) -> str | None:
    """Return why plans would fail half-way though Terraform makes them; None when they may not."""
    found = (
        cloud.operations().prevent(machines, plan.changes)
        for plan in plans
        for cloud, _, machines in clouds_of(fleet)
    )
    return next(filter(None, found), None)


def vanished(plans: Sequence[Plan], states: Mapping[str, State]) -> list[str]:
    """Return a line for what is in a state, and would be made anew: it is no longer in its cloud.

    Args:
        plans: What Terraform would do.
        states: What is in each stack, by its name; none where nothing was ever deployed.
    """
    lines = []
    for plan in plans:
        known = states[plan.stack].addresses if plan.stack in states else frozenset()
        gone = [
            change
            for change in plan.changes
            if change.actions == ("create",) and change.address in known
        ]
        for cloud in CLOUDS.values():
            names = [change.address for change in gone if cloud_of(change.address) is cloud]
            line = cloud.operations().explain_gone(names) if names else None
            if line is not None:
                lines.append(f"stack {plan.stack}: {line}")
    return lines


def held(fleet: Fleet, plans: Sequence[Plan]) -> frozenset[str]:
    """Return the machines that would lose what outlives them in another zone: their names.

    What was made for a machine that never came to be is no loss: no facts are known of that.
    """
    names = {
        name
        for plan in plans
        for cloud in CLOUDS.values()
        for name in cloud.operations().held(plan.changes)
    }
    return frozenset(name for name in names if fleet.facts.machine(name).zone is not None)


def left_behind(plans: Sequence[Plan]) -> list[str]:
    """Return what the deployment of plans may leave behind when it fails."""
    return [
        line
        for plan in plans
        for cloud in CLOUDS.values()
        for line in cloud.operations().left_behind(plan.changes)
    ]


def shrinking_disk(plans: Sequence[Plan]) -> str | None:
    """Return why a plan cannot be carried out: a boot disk would shrink. None when none would."""
    readers = instance_readers()
    for change in _changes(plans):
        if not is_instance(change.type) or change.deletes or change.before is None:
            continue
        read = readers[change.type]
        there, wanted = read(change.before).boot_disk_gb, read(change.after or {}).boot_disk_gb
        if there and wanted and wanted < there:
            return (
                f"machine {change.name!r}: boot_disk.size_gb={wanted}: its boot disk has {there} "
                f"GB, and no disk shrinks: {there} or more is accepted. To have the machine made "
                "anew, with a smaller one, deploy it with enabled=False, then with enabled=True"
            )
    return None


def detached_disks(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Return the names of the data disks that are made anew while their machine stays."""
    anew = [each for each in _changes(plans) if is_disk(each.type) and each.replaces]
    readers = instance_readers()
    attached = {
        name
        for change in _changes(plans)
        if is_instance(change.type) and not change.deletes
        for name in readers[change.type](change.before or {}).attached_disks
    }
    return tuple(disk.name for disk in anew if disk.name in attached)


def outdated_plans(plans: Sequence[Plan]) -> list[str]:
    """Return a line for each stack whose plan was made before what it reads of others changes."""
    needs = {plan.stack: set(plan.needs) for plan in plans}
    changing = {plan.stack for plan in plans if not plan.is_empty}
    lines = []
    for name in needs:
        found: set[str] = set()
        pending = {name}
        while pending:
            found |= pending
            pending = {each for one in pending for each in needs.get(one, ())} - found
        if before := sorted(changing & found - {name}):
            lines.append(
                f"stack {name} needs {', '.join(before)}, which changes: what becomes of {name} "
                "then is not in its plan"
            )
    return lines


def refusal(
    fleet: Fleet,
    plans: Sequence[Plan],
    elsewhere: Collection[str] = (),
    gone: Sequence[str] = (),
) -> str | None:
    """Return why nobody should deploy without having seen the plan; None when all may.

    No disk is deleted unseen, whoever it is of: Terraform guards only those that it is told of. Nor
    is a machine that is to be in another zone, or in another stack: it would be deleted with its
    boot disk. Few mean that: the facts may be older than the deployment, as in another checkout, or
    `fallback_zones` may have lost the zone in use. Nor is one whose boot disk is to be another, as
    for a `kms_key` that somebody gives to all of a project.

    Args:
        fleet: The fleet that is to be.
        plans: What Terraform would do.
        elsewhere: The names of the fleet's instances that are in stacks which are not deployed now.
        gone: What `vanished` says.
    """
    for line in gone:
        return f"{line}. To have it made anew, deploy without --yes"
    taken = takeover.refusal(plans)
    if taken is not None:
        return taken
    machines = {machine.name: machine for machine in fleet.provisioned if machine.enabled}
    for change in _changes(plans):
        machine = machines.get(change.name) if is_instance(change.type) else None
        if machine is not None and change.deletes:
            reason = _displacement(change, machine)
            if reason is not None:
                return reason
    for plan in plans:
        for change in plan.changes:
            if change.deletes and is_disk(change.type):
                return _disk(change, plan, fleet)
    for change in _changes(plans):
        if is_instance(change.type) and change.actions == ("create",) and change.name in elsewhere:
            return (
                f"{change.name} is deployed in another stack of the app, which is not deployed "
                "now, and would be made, and paid for, a second time. To do that all the same, "
                "deploy without --yes"
            )
    for plan in plans:
        for cloud, _, there in clouds_of(fleet):
            deployed = [each for each in there if fleet.facts.machine(each.name).zone is not None]
            reason = cloud.operations().refuse_unseen(deployed, plan.changes)
            if reason is not None:
                return reason
    for line in describe_shut_out(plans):
        return f"{line}. Name there whoever is to get in, or deploy without --yes"
    for line in outdated_plans(plans):
        return f"{line}. Deploy one after the other, or without --yes"
    return None


def _changes(plans: Sequence[Plan]) -> Iterator[Change]:
    for plan in plans:
        yield from plan.changes


def _displacement(change: Change, machine: ProvisionedMachine) -> str | None:
    there = instance_readers()[change.type](change.before or {}).zone
    if there != machine.zone:
        reason = (
            "and the facts do not say so; infra sync records it"
            if there in machine.zones
            else f"and {CLOUDS[machine.cloud].KINDS.place}={there!r} in the fleet leaves it there"
        )
        return (
            f"{machine.name} is deployed in {there}, {reason}. To delete it with its "
            f"boot disk, and make it anew in {machine.zone}, deploy without --yes"
        )
    if change.replaces:
        return CLOUDS[machine.cloud].operations().explain_wipe(change)
    return (
        f"{machine.name} is to be in another stack. {_MOVING} with its boot disk, and make it "
        "anew, deploy without --yes"
    )


def _disk(change: Change, plan: Plan, fleet: Fleet) -> str:
    end = "with what is on it, deploy without --yes"
    owners = [
        machine.name
        for machine in fleet.provisioned
        if change.name in (disk.name for disk in machine.data_disks)
    ]
    if not owners:
        return (
            f"data disk {change.name} is deployed, and no machine of fleet {fleet.name} has it. To "
            f"delete it {end}"
        )
    if change.replaces:
        return (
            f"data disk {change.name} of {owners[0]} would be made anew, empty{_reason(change)}. "
            f"To delete the one that is there {end}"
        )
    return (
        f"data disk {change.name} of {owners[0]} is in stack {plan.stack}, and is to be in "
        f"another. {_MOVING} {end}"
    )


def _loss(plan: Plan, change: Change) -> str:
    what = (
        f"{change.name} with its boot disk"
        if is_instance(change.type)
        else f"data disk {change.name} with all that is on it"
    )
    anew = f", to be made anew{_reason(change)}" if change.replaces else ""
    return f"WARNING: stack {plan.stack} deletes {what}{anew}"


def _reason(change: Change) -> str:
    return f", for its {' and '.join(change.forced_by)}" if change.forced_by else ""
