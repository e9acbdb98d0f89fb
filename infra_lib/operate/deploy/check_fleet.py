"""Checks that what was synthesized is the fleet whose costs are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.errors import FleetError
from infra_lib.model.gpu_count import is_part
from infra_lib.operate.kinds import (
    address_of,
    instance_readers,
    is_instance,
    is_of,
    labelled_kinds,
    owner_of,
    owners,
    stack_class,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.deploy.synthesis import Stack
    from infra_lib.terraform.plan import Plan
    from infra_lib.terraform.state import Instance


def check_stacks(
    stacks: Mapping[str, Stack], asked: Sequence[Stack], fleet: Fleet, source: str
) -> None:
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
    known = {machine.name: machine for machine in fleet.provisioned}
    found: dict[str, Stack] = {}
    for stack in stacks.values():
        for kind in labelled_kinds():
            for name, body in stack.resources(kind).items():
                owner = owner_of(body)
                if owner is None or owner[0] != fleet.name:
                    continue
                machine = known.get(owner[1])
                if machine is None:
                    raise _differs(
                        f"stack {stack.name!r}: {kind}.{name} is labelled as of machine "
                        f"{owner[1]!r}, which fleet {fleet.name!r} has not",
                        source,
                    )
                if is_instance(kind):
                    _check_instance(stack, f"{kind}.{name}", body, machine, fleet, source)
                    _check_in_one_stack(machine, found.setdefault(name, stack), stack)
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
            owner = owner_of(change.before or {})
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
    machines = {address_of(machine): machine for machine in fleet.provisioned}
    readers = instance_readers()
    for plan in plans:
        for change in plan.changes:
            machine = machines.get(change.address)
            if machine is None or change.after is None or not is_of(change.after, fleet):
                continue
            given, wanted = _planned(readers[change.type](change.after)), _described(machine)
            if is_part(machine.accelerator_count):
                given["gpu"] = None  # Compute Engine may call it one GPU
            for field, value in given.items():
                if value is not None and value != wanted[field]:
                    raise FleetError(
                        f"stack {plan.stack!r}: {change.address}: {field}={value!r} is planned, "
                        f"and the fleet has {wanted[field]!r}: what is shown is not what would be "
                        "deployed, and nothing was"
                    )


def _check_owner(stack: Stack, fleet: Fleet, source: str) -> None:
    advice = (
        f"its cost is not that of fleet {fleet.name!r}, which {source} describes; deploy each "
        "fleet's stacks by themselves, with --source for that fleet"
    )
    for other in sorted(_fleets(stack) - {fleet.name}):
        raise FleetError(f"stack {stack.name!r}: it is of fleet {other!r}, and {advice}")
    # One whose machines are all off has its rules, and they say whose it is.
    own, others = _rule_tags(stack, fleet)
    if others and not own and fleet.name not in _fleets(stack):
        raise FleetError(
            f"stack {stack.name!r}: it is of another fleet, as {min(others)!r} in it says, and "
            f"{advice}"
        )


def _check_instance(
    stack: Stack,
    address: str,
    body: Mapping[str, Any],
    machine: ProvisionedMachine,
    fleet: Fleet,
    source: str,
) -> None:
    where = f"stack {stack.name!r}: {address}"
    if address != address_of(machine):
        raise FleetError(
            f"{where} has the labels fleet and machine of {machine.name!r}, whose instance is "
            f"{address_of(machine)}: an instance of your own has labels of its own"
        )
    for repeated in ("count", "for_each"):
        if repeated in body:
            raise FleetError(f"{where} has {repeated}: a machine is one instance")
    instance = CLOUDS[machine.cloud].operations().read_instance(body)
    wanted = {**_described(machine), **machine.prices_told(fleet.usd_per_eur)}
    given = _synthesized(instance, stack.machine(machine.name))
    for field, value in wanted.items():
        if given[field] != value:
            raise _differs(
                f"{where}: {field}={given[field]!r} was synthesized, and the fleet has {value!r}",
                source,
            )


def _check_in_one_stack(machine: ProvisionedMachine, first: Stack, second: Stack) -> None:
    if first is not second:
        raise FleetError(
            f"machine {machine.name!r} is in the stacks {first.name!r} and {second.name!r}, and "
            f"would be made, and paid for, twice: {stack_class(machine.cloud)}(…, machines=(…)) "
            "says which has it"
        )


def _differs(text: str, source: str) -> FleetError:
    return FleetError(
        f"{text}: what is shown is not what would be deployed, and nothing was. The app has to "
        f"synthesize the fleet of {source} as it is: it may have changed in between, or main.py "
        "changes what its stack made"
    )


def _synthesized(instance: Instance, said: Mapping[str, Any]) -> dict[str, object]:
    prices = {name: said.get(name, "not said") for name in ("usd_per_hour", "eur_per_hour")}
    return {
        "zone": instance.zone,
        "machine_type": instance.machine_type,
        "gpu": [*(instance.gpu or ())],
        "spot": instance.spot or False,
        "state": instance.state,
        **{name: None if price == "${null}" else price for name, price in prices.items()},
    }


def _planned(instance: Instance) -> dict[str, object]:
    """Return what a plan has of a machine; None where it does not say."""
    return {
        "zone": instance.zone,
        "machine_type": instance.machine_type,
        "gpu": None if instance.gpu is None else [*instance.gpu],
        "spot": instance.spot,
    }


def _described(machine: ProvisionedMachine) -> dict[str, object]:
    gpu, count = machine.accelerator, machine.accelerator_count
    return {
        "state": machine.state,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        # Of a part of a GPU, which the machine type says, an instance says nothing.
        "gpu": [] if gpu is None or is_part(count) else [(gpu.name, count)],
        "spot": machine.spot,
    }


def _claimed(stack: Stack, fleet: Fleet) -> bool:
    """Return whether something in a stack says that it is the fleet's."""
    own, _ = _rule_tags(stack, fleet)
    return bool(own) or fleet.name in _fleets(stack)


def _fleets(stack: Stack) -> set[str]:
    return {fleet for fleet, _ in owners(stack.document)}


def _rule_tags(stack: Stack, fleet: Fleet) -> tuple[set[str], set[str]]:
    """Return what the rules in a stack say of whose they are: what is the fleet's, and all else.

    They say nothing of a stack that has no output `machines`: somebody else wrote its rules.
    """
    own: set[str] = set()
    others: set[str] = set()
    if isinstance(stack.document.get("output", {}).get("machines"), dict):
        for cloud in CLOUDS.values():
            ours, theirs = cloud.operations().rule_tags(fleet, stack.name, stack.document)
            own |= {*ours}
            others |= {*theirs}
    return own, others
