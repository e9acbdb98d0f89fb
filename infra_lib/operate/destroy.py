"""Taking machines down: in which order, what stays, and what that goes on costing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.money import rounded
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.wording import and_listed
from infra_lib.operate.switch.outcome import as_data as switched_as_data
from infra_lib.operate.switch.stays import all_stays, all_stays_text, stays
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.operate.switch.outcome import Outcome


@frozen
class Step:
    """Machines that are taken down in one deployment.

    Attributes:
        stack: The stack that they are in; empty where that is not known before the app is run.
        machines: The machines.
    """

    stack: str
    machines: tuple[ProvisionedMachine, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the machines."""
        return tuple(machine.name for machine in self.machines)


def steps(
    fleet: Fleet,
    machines: Sequence[ProvisionedMachine],
    stacks: Mapping[str, str],
    needs: Mapping[str, Sequence[str]],
) -> tuple[Step, ...]:
    """Return the deployments that take machines down, in their order.

    A stack that needs another one comes before it. The ZeroTier controller comes last of all, since
    the others are reached through its network. Within a stack Terraform deletes an instance before
    what it uses.

    Args:
        fleet: The fleet.
        machines: The machines.
        stacks: The stack that each machine is in, by its name; empty where that is not known, and
            then it is in one with others of its cloud.
        needs: The stacks that each stack needs.
    """
    controller = fleet.controller
    last = controller.name if controller is not None else None
    found: list[Step] = []
    for is_last in (False, True):
        there = [machine for machine in machines if (machine.name == last) == is_last]
        groups: dict[tuple[str, str], list[ProvisionedMachine]] = {}
        for machine in there:
            stack = stacks.get(machine.name, "")
            groups.setdefault((stack, "" if stack else machine.cloud), []).append(machine)
        order = _order({stack for stack, _ in groups}, needs)
        ordered = sorted((order.index(stack), cloud, stack) for stack, cloud in groups)
        found += [Step(stack, tuple(groups[stack, cloud])) for _, cloud, stack in ordered]
    return tuple(found)


def as_text(outcome: Outcome, order: Sequence[Step], backends: Sequence[str]) -> str:
    """Return what is deleted, what stays and what that costs, in paragraphs for people.

    Args:
        outcome: The machines, before they are switched off.
        order: The deployments that take them down.
        backends: Where the states of the stacks are, in words.
    """
    machines = [machine for machine, _ in outcome.switched]
    return "\n\n".join(_paragraphs(outcome, machines, order, backends))


def as_data(outcome: Outcome, order: Sequence[Step]) -> dict[str, Any]:
    """Return the same as plain data, in a shape that stays.

    Returns:
        What `infra disable --json` has; `fleet`, its name; `order`: the deployments, each with
        `stack` (None where it is not known) and `machines`, their names; and `stays`: what all that
        stays goes on costing, by currency, `per_hour` and `per_month`, None when unknown.
    """
    machines = [machine for machine, _ in outcome.switched]
    hour, month = all_stays(machines, outcome.fleet.usd_per_eur)
    return {
        "fleet": outcome.fleet.name,
        **switched_as_data(outcome),
        "order": [{"stack": each.stack or None, "machines": [*each.names]} for each in order],
        "stays": {
            amount.currency: {
                "per_hour": rounded(amount.value),
                "per_month": rounded(month.of(amount.currency).value),
            }
            for amount in hour.amounts
        },
    }


def _paragraphs(
    outcome: Outcome,
    machines: Sequence[ProvisionedMachine],
    order: Sequence[Step],
    backends: Sequence[str],
) -> Iterator[str]:
    lines = [
        f"{number}. {', '.join(each.names)}{f', in stack {each.stack}' if each.stack else ''}"
        for number, each in enumerate(order, 1)
    ]
    yield "\n".join(["Taken down in this order:", *lines])
    off = [machine.name for machine, asked in outcome.switched if asked.is_nothing]
    if off:
        is_, its = ("are", "their boot disks are") if len(off) > 1 else ("is", "its boot disk is")
        yield (
            f"{and_listed(off)} {is_} described as off already. What is still there goes all the "
            f"same: {its} deleted, with all that is on {'them' if len(off) > 1 else 'it'}."
        )
    disks = [disk for machine in machines for disk in machine.data_disks]
    kept = and_listed([disk.name for disk in disks])
    left = [machine for machine in machines if stays(machine, "off").parts]
    if not left:
        yield "Nothing that is billed stays."
    else:
        total = all_stays_text(machines, outcome.fleet.usd_per_eur)
        yield f"What stays of {and_listed([each.name for each in left])} goes on costing {total}."
    if disks:
        guarded = " prevent_destroy=False first," if any(d.prevent_destroy for d in disks) else ""
        yield (
            f"No data disk is deleted: {kept} {'stay' if len(disks) > 1 else 'stays'}, with all "
            f"that is on {'them' if len(disks) > 1 else 'it'}. To delete one for good, deploy it"
            f"{guarded} then take it out of the fleet, and deploy that without --yes."
        )
    if any(part.kind == "address" for each in left for part in stays(each, "off").parts):
        yield (
            "An address that stays goes when its machine is out of the fleet and that is deployed; "
            "one that was reserved by hand, when it is released by hand."
        )
    where = f": {and_listed(backends)}" if backends else ""
    yield (
        f"Terraform's state stays where it is{where}. So do firewall rules, networks and keys, "
        "which cost nothing, and all other resources of the stacks."
    )


def _order(stacks: set[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return stacks so that each comes before those that it needs, and else by their names."""
    ordered: list[str] = []
    pending = sorted(stacks)
    while pending:
        wanted = {each for stack in pending for each in needs.get(stack, ()) if each != stack}
        first = next((stack for stack in pending if stack not in wanted), pending[0])
        ordered.append(first)
        pending.remove(first)
    return ordered
