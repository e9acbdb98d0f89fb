"""What is deployed, asked of Terraform: it knows the state, wherever that is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.kinds import instance_readers, owners
from infra_lib.terraform import command
from infra_lib.terraform.printing import say
from infra_lib.terraform.state import OUTPUT, State, parse_state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infra_lib.terraform.state import Deployed


def stacks_of(folder: Path, fleet: str) -> list[Path]:
    """Return the folders of the synthesized stacks that provision a fleet, deployed or not.

    An app may have stacks of other fleets, with machines of the same names.

    Args:
        folder: The output folder of the frameworks, `cdktf.out`.
        fleet: The fleet's name. A stack in which nothing says whose it is may be this fleet's.
    """
    found = sorted(folder.glob("stacks/*/cdk.tf.json"))
    return [path.parent for path in found if _provisions(path, fleet)]


def ask(stack: Path) -> State | None:
    """Ask Terraform what is in a stack; None when nothing was ever deployed from here.

    Its state tells which machines exist, and where: after a deployment that failed in part, the
    outputs are those of before.

    Args:
        stack: The folder of the synthesized stack.

    Raises:
        FleetError: When Terraform cannot be run, or fails; the message holds what it said.
    """
    text = command.pull_state(stack)
    return None if text is None else parse_state(text, f"stack {stack.name}", instance_readers())


def deployed_machines(folders: Iterable[Path]) -> dict[str, Deployed] | None:
    """Return the deployed machines of stacks; None when nothing was ever deployed from here.

    Args:
        folders: The folders of the stacks, where Terraform has worked.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    return machines_of(states(folders).values())


def states(folders: Iterable[Path]) -> dict[str, State]:
    """Return what is in stacks, by the names of their folders: of those ever deployed from here.

    Args:
        folders: The folders of the stacks, where Terraform has worked.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    found = ((folder.name, ask(folder)) for folder in folders)
    return {name: state for name, state in found if state is not None}


def machines_of(states: Iterable[State]) -> dict[str, Deployed] | None:
    """Return the deployed machines in states, by name; None for no state at all."""
    found = list(states)
    if not found:
        return None
    return {name: each for state in found for name, each in state.machines.items()}


def existing_machines(folders: Iterable[Path]) -> frozenset[str]:
    """Return the names of the instances that exist; see `deployed_machines`.

    Raises:
        FleetError: When Terraform cannot tell.
    """
    return frozenset(deployed_machines(folders) or ())


def refresh_outputs(folders: Iterable[Path], variables: Iterable[str] = ()) -> None:
    """Have Terraform refresh the stacks whose outputs do not tell the addresses of now.

    Whoever asks for outputs, another stack for one, would have those of before until the next
    deployment; see `State.is_told`. When it does not succeed, that is said, and no harm done.

    Args:
        folders: The folders of the stacks, as they are deployed.
        variables: Paths of files with variables, which they were deployed with.
    """
    files = [f"-var-file={path}" for path in variables]
    for folder in folders:
        try:
            state = ask(folder)
            if state is None or state.is_told:
                continue
            say(f"stack {folder.name}: machines have new addresses, which its outputs learn now")
            failed = command.run(folder, "apply", "-refresh-only", "-auto-approve", *files) != 0
        except FleetError as error:
            say(str(error))
            failed = True
        if failed:
            say(f"stack {folder.name}: its outputs have old addresses until the next deployment")


def _provisions(stack: Path, fleet: str) -> bool:
    try:
        content = json.loads(stack.read_bytes())
        fleets = {each for each, _ in owners(content)}
        return OUTPUT in content.get("output", {}) and (not fleets or fleet in fleets)
    except (OSError, ValueError, TypeError, AttributeError):
        return True  # Terraform tells what is wrong with it
