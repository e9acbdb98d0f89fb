"""What comes after a fleet has been adopted, for people."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.operate.adopt.describe import Described

_MOST = 20  # addresses that are named one by one


def next_steps(
    described: Described, module: str, *, folder: str = "", has_app: bool = False
) -> list[str]:
    """Return the steps, line by line.

    Args:
        described: The fleet.
        module: The name of the module that binds it: "fleet".
        folder: The folder that it is in; empty for the one that is worked in.
        has_app: Whether there is a cdktf.json beside it.
    """
    source = f"{module}:fleet"
    steps = [
        (f"infra show --source {source}", "see the fleet at a glance"),
        (f"nixgen diff {source}", "see what its Nix files are"),
        (f"nixgen write {source}", "write them; it names files of yours that say the same"),
    ]
    if described.stacks:
        steps.append((f"infra deploy --plan --source {source}", "see what Terraform takes over"))
    width = max(len(command) for command, _ in steps)
    there = [f"    cd {shlex.quote(folder)}"] if folder else []
    lines = ["Next:", "", *there, *(f"    {command:{width}}  # {text}" for command, text in steps)]
    if described.stacks and not has_app:
        lines += [
            "",
            f'for which cdktf.json has "app": "python -P -m infra_lib.app {module}.py".',
        ]
    addresses = list(_managed(described))
    if addresses:
        lines += [
            "",
            "What moved is in two configurations now. Before anybody applies the old one again,",
            "have it forget this, in its own folder, and take it out there:",
            "",
            *(f"    terraform state rm {shlex.quote(each)}" for each in addresses[:_MOST]),
        ]
        if len(addresses) > _MOST:
            more = f"    … and {len(addresses) - _MOST} more, which the report above names"
            lines.append(more)
    return lines


def _managed(described: Described) -> Iterator[str]:
    """Yield what Terraform calls, in another state, what is taken over."""
    for stack in described.stacks:
        for taken in stack.taken:
            _, _, address = taken.where.partition(": ")
            # A list of the cloud's own has names, and a part of a resource none of its own.
            if "." in address and ": " not in address:
                yield address
