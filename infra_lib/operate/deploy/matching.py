"""Whether what was synthesized is the fleet whose costs are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.firewall import rule_prefix, zerotier_tag
from infra_lib.model.errors import FleetError
from infra_lib.terraform.cdktf_json import INSTANCE, LABELLED, labelled, owned_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.fleet import Fleet
    from infra_lib.operate.deploy.plan import Plan
    from infra_lib.operate.deploy.synthesis import Stack

_RULES = re.compile(r"(ssh|ssh-ipv6|no-ssh|zerotier)(-.*)?")


def check(stacks: Mapping[str, Stack], asked: Sequence[Stack], fleet: Fleet, source: str) -> None:
    """Refuse to deploy what the fleet does not describe: its cost would not be the one shown.

    The fleet was loaded from one source, and the stacks were synthesized by the app a moment later.

    Args:
        stacks: All that were synthesized, by name.
        asked: Those to be deployed.
        fleet: The fleet that was loaded.
        source: Where it was loaded from.

    Raises:
        FleetError: When a stack to be deployed is another fleet's, a machine is in two stacks or
            in none, or it was synthesized otherwise than the fleet describes it.
    """
    for stack in asked:
        _check_owner(stack, fleet, source)
    known = {machine.name: machine for machine in fleet.gcp_machines}
    found: dict[str, Stack] = {}
    for stack in stacks.values():
        for kind in LABELLED:
            for name, body in stack.resources(kind).items():
                owner = owned_by(body)
                if owner is None or owner[0] != fleet.name:
                    continue
                machine = known.get(owner[1])
                if machine is None:
                    raise _differs(
                        f"stack {stack.name!r}: {kind}.{name} is labelled as of machine "
                        f"{owner[1]!r}, which fleet {fleet.name!r} has not",
                        source,
                    )
                if kind == INSTANCE:
                    _check_instance(stack, name, body, machine, source)
                    _refuse_twice(machine, found.setdefault(name, stack), stack)
    for machine in known.values():
        if machine.enabled and machine.name not in found:
            raise _differs(
                f"machine {machine.name!r} is on in fleet {fleet.name!r}, and no stack that was "
                "synthesized has its instance",
                source,
            )


def check_owners(stacks: Sequence[Stack], plans: Sequence[Plan], fleet: Fleet) -> None:
    """Refuse a stack that holds nothing of any fleet, and would change what another fleet has.

    Raises:
        FleetError: When there is such a stack.
    """
    unclaimed = {stack.name for stack in stacks if not _claimed(stack, fleet)}
    for plan in plans:
        for change in plan.changes:
            owner = owned_by(change.before or {})
            if plan.stack not in unclaimed or change.is_empty:
                continue
            if owner is not None and owner[0] != fleet.name:
                raise FleetError(
                    f"stack {plan.stack!r}: {change.address} is deployed there, of fleet "
                    f"{owner[0]!r}, and would change ({', '.join(change.actions)}); the fleet that "
                    f"is to be deployed is {fleet.name!r}. --source names another"
                )


def check_plans(plans: Sequence[Plan], fleet: Fleet) -> None:
    """Refuse a plan in which a machine is not what the fleet describes.

    A stack may say it in ways that only Terraform takes apart, such as `dynamic` blocks.

    Raises:
        FleetError: When there is such a machine.
    """
    machines = {f"{INSTANCE}.{machine.name}": machine for machine in fleet.gcp_machines}
    for plan in plans:
        for change in plan.changes:
            machine = machines.get(change.address)
            if machine is None or change.after is None or not is_of(change.after, fleet):
                continue
            given, wanted = _planned(change.after), _described(machine)
            for field, value in given.items():
                if value is not None and value != wanted[field]:
                    raise FleetError(
                        f"stack {plan.stack!r}: {change.address}: {field}={value!r} is planned, "
                        f"and the fleet has {wanted[field]!r}: what is shown is not what would be "
                        "deployed, and nothing was"
                    )


def is_of(resource: Mapping[str, Any], fleet: Fleet) -> bool:
    """Return whether a resource's labels say that it is a fleet's."""
    owner = owned_by(resource)
    return owner is not None and owner[0] == fleet.name


def _check_owner(stack: Stack, fleet: Fleet, source: str) -> None:
    advice = (
        f"its cost is not that of fleet {fleet.name!r}, which {source} describes; deploy each "
        "fleet's stacks by themselves, with --source for that fleet"
    )
    for other in sorted(_fleets(stack) - {fleet.name}):
        raise FleetError(f"stack {stack.name!r}: it is of fleet {other!r}, and {advice}")
    # One whose machines are all off has its rules, and they say whose it is.
    tags = _tags(stack)
    if tags and not _claimed(stack, fleet):
        raise FleetError(
            f"stack {stack.name!r}: it is of another fleet, whose network tag is "
            f"{min(tags)!r}, and {advice}"
        )


def _check_instance(
    stack: Stack, name: str, body: Mapping[str, Any], machine: GcpMachine, source: str
) -> None:
    where = f"stack {stack.name!r}: {INSTANCE}.{name}"
    if name != machine.name:
        raise FleetError(
            f"{where} has the labels fleet and machine of {machine.name!r}, whose instance is "
            f"{INSTANCE}.{machine.name}: an instance of your own has labels of its own"
        )
    for repeated in ("count", "for_each"):
        if repeated in body:
            raise FleetError(f"{where} has {repeated}: a machine is one instance")
    given, wanted = _synthesized(body, stack.machine(name)), _described(machine)
    for field, value in wanted.items():
        if given[field] != value:
            raise _differs(
                f"{where}: {field}={given[field]!r} was synthesized, and the fleet has {value!r}",
                source,
            )


def _refuse_twice(machine: GcpMachine, first: Stack, second: Stack) -> None:
    if first is not second:
        raise FleetError(
            f"machine {machine.name!r} is in the stacks {first.name!r} and {second.name!r}, and "
            "would be made, and paid for, twice: GcpStack(…, machines=(…)) says which has it"
        )


def _differs(text: str, source: str) -> FleetError:
    return FleetError(
        f"{text}: what is shown is not what would be deployed, and nothing was. The app has to "
        f"synthesize the fleet of {source} as it is: it may have changed in between, or main.py "
        "changes what GcpStack made"
    )


def _synthesized(body: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, object]:
    scheduling = _block(body.get("scheduling"))
    price = said.get("usd_per_hour", "not said")
    return {
        "zone": body.get("zone"),
        "machine_type": body.get("machine_type"),
        "gpu": [
            (gpu.get("type"), gpu.get("count")) for gpu in _blocks(body.get("guest_accelerator"))
        ],
        "spot": scheduling.get("provisioning_model") == "SPOT",
        "desired_status": body.get("desired_status"),
        "usd_per_hour": None if price == "${null}" else price,
    }


def _planned(after: Mapping[str, Any]) -> dict[str, object]:
    """Return what a plan has of a machine; None where it does not say."""
    gpus = after.get("guest_accelerator")
    scheduling = _block(after.get("scheduling")).get("provisioning_model")
    return {
        "zone": _last(after.get("zone")),
        "machine_type": _last(after.get("machine_type")),
        "gpu": None
        if gpus is None
        else [
            (_last(each.get("type")), each.get("count")) for each in _blocks(gpus) if each["count"]
        ],
        "spot": None if scheduling is None else scheduling == "SPOT",
    }


def _last(link: object) -> object:
    """Return the name at the end of a link, which Google's provider may have for it."""
    return link.rpartition("/")[2] if isinstance(link, str) else link


def _described(machine: GcpMachine) -> dict[str, object]:
    gpu = machine.gpu
    return {
        # A machine that is off has no instance, so one that is there has another status.
        "desired_status": ("TERMINATED" if machine.stopped else "RUNNING")
        if machine.enabled
        else "none: it is off",
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "gpu": [] if gpu is None else [(gpu.type, gpu.count)],
        "spot": machine.spot,
        "usd_per_hour": machine.usd_per_hour_now,
    }


def _block(value: object) -> Mapping[str, Any]:
    return next(_blocks(value), {})


def _blocks(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield blocks, which Terraform's JSON takes alone or in a list."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            yield each


def _claimed(stack: Stack, fleet: Fleet) -> bool:
    """Return whether something in a stack says that it is the fleet's."""
    begins = (rule_prefix(fleet), rule_prefix(fleet, stack.name))
    own = {tag for begin in begins for tag in (begin, zerotier_tag(begin))}
    return fleet.name in _fleets(stack) or not own.isdisjoint(_tags(stack))


def _fleets(stack: Stack) -> set[str]:
    return {fleet for fleet, _ in labelled(stack.document)}


def _tags(stack: Stack) -> set[str]:
    """Return the network tags that the rules of a `GcpStack` are for."""
    if not isinstance(stack.document.get("output", {}).get("machines"), dict):
        return set()
    return {
        str(tag)
        for name, body in stack.resources("google_compute_firewall").items()
        if _RULES.fullmatch(name)
        for tag in body.get("target_tags") or ()
    }
