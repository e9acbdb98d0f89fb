"""Which of the synthesized stacks each machine of a fleet is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.errors import FleetError
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.kinds import owners
from infra_lib.terraform.cdktf_json import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


def find_stacks(
    fleet: Fleet, machines: Iterable[Machine], folder: Path, named: str | None, cdk: str
) -> Iterator[tuple[Machine, str]]:
    """Yield each machine and the stack that it is in, empty where none is synthesized.

    Raises:
        FleetError: When the stack that is named is not there. It may be in a project of its own,
            where another machine has the name of this one.
    """
    found = sorted(path.parent for path in folder.glob("stacks/*/cdk.tf.json"))
    names = [stack.name for stack in found]
    if named and named not in (names or CLOUDS):
        raise FleetError(
            f"--stack {named}: nobody knows which project it is in: under {folder.name}/stacks is "
            f"{', '.join(names) or 'none'}; run {cdk} synth first"
        )
    if named:
        yield from ((machine, named) for machine in machines)
        return
    documents = {stack.name: read_document(stack) for stack in found}
    for machine in machines:
        yield machine, stack_of(fleet, machine, documents)


def stack_of(fleet: Fleet, machine: Machine, documents: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the stack that a machine is in, of those that are synthesized; empty for none of them.

    A machine that is off, and has nothing that stays, is in none of several. Then it is in the only
    one of its cloud.

    Raises:
        FleetError: When it may be in several.
    """
    name = (fleet.name, machine.name)
    holders = [stack for stack, document in documents.items() if name in owners(document)]
    if len(holders) != 1 and isinstance(machine, ProvisionedMachine):
        provider = CLOUDS[machine.cloud].KINDS.provider
        holders = [
            stack
            for stack, document in documents.items()
            if provider in document.get("provider", {provider: None})
        ]
        if len(holders) > 1:
            raise FleetError(
                f"--stack: one of {', '.join(documents)} is to be named, for machine "
                f"{machine.name!r}"
            )
    return holders[0] if len(holders) == 1 else ""
