"""What is deployed, as Terraform's state says, wherever that is; and outputs that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy.plan import work
from infra_lib.operate.deploy.printing import say
from infra_lib.terraform import outputs
from infra_lib.terraform.outputs import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infra_lib.operate.deploy.synthesis import Stack
    from infra_lib.terraform.outputs import Deployed


def deployed(folders: Iterable[Path]) -> State | None:
    """Return what is deployed of stacks; None when nothing was ever deployed from here.

    Args:
        folders: The folders of the stacks, where Terraform has worked.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    answers = [outputs.ask(folder) for folder in folders]
    known = [answer for answer in answers if answer is not None]
    if not known:
        return None
    machines: dict[str, Deployed] = {}
    for state in known:
        machines |= state.machines
    return State(machines, frozenset().union(*(state.addresses for state in known)))


def existing(folders: Iterable[Path]) -> frozenset[str]:
    """Return the names of the instances that exist; see `deployed`.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    found = deployed(folders)
    return frozenset() if found is None else frozenset(found.machines)


def tell(stacks: Iterable[Stack], variables: Iterable[str] = ()) -> None:
    """Have Terraform refresh the stacks whose outputs do not tell the addresses of now.

    Whoever asks for outputs, another stack for one, would have those of before until the next
    deployment; see `outputs.State.tells`. When it does not succeed, that is said, and no harm done.

    Args:
        stacks: The stacks, as they are deployed.
        variables: Paths of files with variables, which they were deployed with.
    """
    files = [f"-var-file={path}" for path in variables]
    for stack in stacks:
        try:
            state = outputs.ask(stack.folder)
            if state is None or state.tells:
                continue
            say(f"stack {stack.name}: machines have new addresses, which its outputs learn now")
            failed = work(stack, "apply", "-refresh-only", "-auto-approve", *files) != 0
        except FleetError as error:
            say(str(error))
            failed = True
        if failed:
            say(f"stack {stack.name}: its outputs have old addresses until the next deployment")
