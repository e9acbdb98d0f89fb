"""What a retry in another zone may change in what was agreed to: the zone, and what follows."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.operate.deploy.synthesis import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.deploy.fallback import Move
    from infra_lib.operate.deploy.synthesis import Stack

_SHOWN = 5  # differences; one is reason enough


def differences(
    agreed: Sequence[Stack], anew: Mapping[str, Stack], fleet: Fleet, moves: Sequence[Move]
) -> list[str]:
    """Return where stacks differ from the agreed ones, apart from what moving machines changes.

    A machine that moves has another zone, with it the price that was said, in its output and its
    label, and the region of its own stop policy. Everything else has to be as it was.

    Args:
        agreed: The stacks that were agreed to.
        anew: The stacks of the synthesis after the moves, by name.
        fleet: The fleet with the machines moved.
        moves: Who moves.

    Returns:
        What differs, by address and attribute: "google_compute_instance.galena.machine_type".
        Values are not told: they may be secret.
    """
    names = {move.machine for move in moves}
    moved = [machine for machine in fleet.provisioned if machine.name in names]
    found: list[str] = []
    for stack in agreed:
        now = anew.get(stack.name)
        if now is None:
            found.append(f"stack {stack.name}")
            continue
        found += _documents(_move(stack, moved, fleet), now.document)
        for path in sorted(stack.files.keys() | now.files.keys()):
            if path != FILE and stack.files.get(path) != now.files.get(path):
                found.append(f"the file {path} of stack {stack.name}")
    return found[:_SHOWN]


def _move(stack: Stack, machines: Sequence[ProvisionedMachine], fleet: Fleet) -> dict[str, Any]:
    """Return what a stack holds once machines are in the zones that they have by now."""
    document: dict[str, Any] = deepcopy(dict(stack.document))
    resources = document.get("resource", {})
    for machine in machines:
        cloud = CLOUDS[machine.cloud]
        if machine.name not in resources.get(cloud.KINDS.instance, {}):
            continue  # it is in another stack
        cloud.operations().move(resources, machine)
        said = document["output"]["machines"]["value"][machine.name]
        said["zone"] = machine.zone
        for name, price in machine.prices_told(fleet.usd_per_eur).items():
            said[name] = "${null}" if price is None else price
    return document


def _documents(agreed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for path in _paths(agreed, now):
        # resource, type, name: what Terraform calls a resource leaves out the first.
        yield ".".join(path[1:] if path[0] == "resource" and len(path) > 1 else path)


def _paths(agreed: object, now: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(agreed, dict) and isinstance(now, dict):
        for key in sorted(agreed.keys() | now.keys()):
            if key not in agreed or key not in now:
                yield (*path, key)
            else:
                yield from _paths(agreed[key], now[key], (*path, key))
    elif agreed != now:
        yield path
