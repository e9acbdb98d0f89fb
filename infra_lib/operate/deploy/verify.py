"""Whether a deployment took place: the exit code of a framework's command line does not say.

When Terraform is killed, that of cdktf takes it for one that has ended well: the terminal that it
runs it in gives 0 as the exit code of what a signal ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate import deployed
from infra_lib.terraform.log import count_applies
from infra_lib.terraform.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.operate.deploy.synthesis import Stack


def find_missing(stacks: Sequence[Stack], log: str) -> str | None:
    """Return what shows that stacks are not deployed, whatever the command line's exit code is.

    None when nothing shows that.

    Args:
        stacks: What was to be deployed.
        log: What Terraform logged meanwhile.
    """
    times = count_applies(log)
    if times < len(stacks):
        return f"Terraform has applied {times} of {len(stacks)} stacks"
    for stack in stacks:
        try:
            state = deployed.ask(stack.folder) or State()
        except FleetError as error:
            return f"the state of stack {stack.name} cannot be read: {error}"
        absent = sorted(set(_addresses(stack)) - state.addresses)
        if absent:
            return f"{absent[0]} is not in the state of stack {stack.name}"
    return None


def _addresses(stack: Stack) -> Iterator[str]:
    """Yield what the state has of a stack, once that is deployed."""
    for kind in stack.document.get("resource", {}):
        for name, body in stack.resources(kind).items():
            if not body.keys() & {"count", "for_each"}:  # there may be none of it
                yield f"{kind}.{name}"
