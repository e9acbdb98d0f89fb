"""Whether what was synthesized is the fleet whose costs are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .. import cost
from ..errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine
    from .plan import Plan
    from .synthesis import Stack

INSTANCE = "google_compute_instance"
_LABELLED = (INSTANCE, "google_compute_disk")

_RULES = re.compile(r"(ssh|ssh-ipv6|zerotier)(-.*)?")
_LONGEST = 63  # of a name in Compute Engine: a longer one ends in its hash
_KEPT = 54  # characters of such a one, before the hash


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
        for kind in _LABELLED:
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
            if machine is None or change.after is None or not _is_of(change.after, fleet):
                continue
            given, wanted = _planned(change.after), _described(machine)
            for field, value in given.items():
                if value is not None and value != wanted[field]:
                    raise FleetError(
                        f"stack {plan.stack!r}: {change.address}: {field}={value!r} is planned, "
                        f"and the fleet has {wanted[field]!r}: what is shown is not what would be "
                        "deployed, and nothing was"
                    )


def owned_by(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the fleet and the machine that a resource's labels name; None where they do not."""
    labels = body.get("labels")
    if not isinstance(labels, dict):
        return None
    fleet, machine = labels.get("fleet"), labels.get("machine")
    return (fleet, machine) if isinstance(fleet, str) and isinstance(machine, str) else None


def claimed(stack: Stack, fleet: Fleet) -> bool:
    """Return whether something in a stack says that it is the fleet's."""
    return fleet.name in _fleets(stack) or any(
        _is_prefix(tag.removesuffix("-zerotier"), fleet.name, stack.name) for tag in _tags(stack)
    )


def _check_owner(stack: Stack, fleet: Fleet, source: str) -> None:
    advice = (
        f"its cost is not that of fleet {fleet.name!r}, which {source} describes; deploy each "
        "fleet's stacks by themselves, with --source for that fleet"
    )
    for other in sorted(_fleets(stack) - {fleet.name}):
        raise FleetError(f"stack {stack.name!r}: it is of fleet {other!r}, and {advice}")
    # One whose machines are all off has its rules, and they say whose it is.
    tags = _tags(stack)
    if tags and not claimed(stack, fleet):
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


def _is_of(attributes: Mapping[str, Any], fleet: Fleet) -> bool:
    owner = owned_by(attributes)
    return owner is not None and owner[0] == fleet.name


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
        "usd_per_hour": cost.now(machine),
    }


def _block(value: object) -> Mapping[str, Any]:
    return next(_blocks(value), {})


def _blocks(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield blocks, which Terraform's JSON takes alone or in a list."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            yield each


def _fleets(stack: Stack) -> set[str]:
    found = (owned_by(body) for kind in _LABELLED for body in stack.resources(kind).values())
    return {owner[0] for owner in found if owner is not None}


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


def _is_prefix(tag: str, fleet: str, stack: str) -> bool:
    """Return whether a tag is one that a fleet's stack has: the fleet's name, or with the stack's.

    The tags of a fleet called "metals-b" begin with "metals" as well.
    """
    begin, rest = f"{fleet}-", tag.removeprefix(f"{fleet}-")
    if tag == fleet:
        return True
    if len(tag) == _LONGEST:
        return tag[:_KEPT].startswith(begin[:_KEPT])
    name = re.sub(r"[^a-z0-9]+", "-", stack.lower())
    return tag.startswith(begin) and rest in name
