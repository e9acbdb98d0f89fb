"""Machines, with what the inventory says of them and what a cloud does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.model.errors import FleetError
from infra_lib.model.machine import Machine
from infra_lib.model.targets import Targets, fill, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.adopt.inventory import Entry

# What a machine in a cloud is called by what it is: "GCP GPU node (n1-standard-8, 1x T4): words".
_DERIVED = re.compile(r"(?P<what>\w+ (?:GPU )?node \([^()]*\))(?:: (?P<words>.*))?", re.DOTALL)
_GPUS = re.compile(r"\b\d+x [A-Z]+\d+\w*")


def is_of_a_cloud(description: str) -> bool:
    """Return whether a description begins as that of a machine in a cloud does."""
    return _DERIVED.fullmatch(description) is not None


def plain_machine(
    entry: Entry, where: str, targets: Targets, domain: str
) -> tuple[Machine | None, list[Item]]:
    """Return a machine that only the inventory tells of; None where the model refuses it.

    Args:
        entry: What the inventory says of it.
        where: What to call that in messages.
        targets: Where the fleet's machines are reached.
        domain: The fleet's domain.
    """
    items: list[Item] = []
    try:
        bare = Machine(entry.name, machine_class=entry.machine_class)
    except FleetError as error:
        do = "give it a name and a class that NixOS takes, or leave it in Nix"
        return None, [Item(kind="left", where=where, what=str(error), do=do)]
    machine = _with_entry(bare, entry, where, targets, domain, items)
    return machine, items


def machine_in_cloud(
    machine: ProvisionedMachine,
    entry: Entry,
    where: str,
    source: str,
    targets: Targets,
    domain: str,
    *,
    inventory_first: bool,
) -> tuple[Machine, list[Item]]:
    """Return a machine of a cloud with what the inventory says of it.

    Args:
        machine: The machine.
        entry: What the inventory says of it.
        where: What to call that in messages.
        source: What told of the machine, for messages.
        targets: Where the fleet's machines are reached.
        domain: The fleet's domain.
        inventory_first: Whether the inventory wins where the two say otherwise.
    """
    items: list[Item] = []
    said = entry.description or ""
    told = _other_hardware(machine, said)
    if told is not None:
        is_one = f"{machine.machine_type}, {machine.gpu_label or 'no GPU'}"
        wins = "the description stays" if inventory_first else "it is described as it is"
        items.append(
            Item(
                kind="contradiction",
                where=f"{where}.description",
                what=f"{told!r} is said there, and {source} says {is_one}; the first source that "
                f"was given wins: {wins}",
                do="see which is right, and say it in description",
            )
        )
        if not inventory_first:
            found = _DERIVED.fullmatch(said)
            words = (found["words"] or "") if found else said
            derived = machine.derived_description
            said = f"{derived}: {words}" if words else derived
    if ("gpu" in entry.tags) != (machine.accelerator is not None) and "gpu" in (
        *entry.tags,
        *machine.derived_tags,
    ):
        has = "has the tag gpu" if "gpu" in entry.tags else "has no tag gpu"
        is_one = machine.gpu_label or "no GPU"
        what = f"it {has}, and {source} says {is_one}; the tags stay as they are"
        items.append(Item(kind="contradiction", where=f"{where}.tags", what=what))
    entry = evolve(entry, description=said or None)
    return _with_entry(machine, entry, where, targets, domain, items), items


def _other_hardware(machine: ProvisionedMachine, description: str) -> str | None:
    """Return the words of a description that say another machine type or GPU than there is."""
    found = _DERIVED.fullmatch(description)
    if found is not None and found["what"] != machine.derived_description:
        return found["what"]
    gpus = _GPUS.findall(description)
    if gpus and machine.gpu_label not in gpus:
        return str(gpus[0])
    return None


def _with_entry(
    machine: Machine,
    entry: Entry,
    where: str,
    targets: Targets,
    domain: str,
    items: list[Item],
) -> Machine:
    """Return a machine with each field of the inventory's, as far as the model takes it."""
    fields: dict[str, Any] = {**_tags(machine, entry)}
    pattern = pattern_of(targets, str(entry.machine_class))
    if entry.target_host != (None if pattern is None else fill(pattern, entry.name, domain)):
        fields["target_host"] = entry.target_host
    if entry.build_host is not None:
        fields["build_host"] = entry.build_host
    if entry.forward_agent is not None:
        fields["forward_agent"] = entry.forward_agent
    try:
        made = evolve(machine, **fields)
    except FleetError:
        made = machine
        for name, value in _each_alone(fields):
            try:
                made = evolve(made, **value)
            except FleetError as error:
                do = "write it in Nix"
                items.append(Item(kind="left", where=f"{where}.{name}", what=str(error), do=do))
    for described in _descriptions(made, entry.description or ""):
        try:
            tried = evolve(made, **described)
        except FleetError as error:
            do = "write it in Nix, or another one here"
            items.append(Item(kind="left", where=f"{where}.description", what=str(error), do=do))
            return made
        if tried.full_description == (entry.description or ""):
            return tried
    return made


def _each_alone(fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    of_tags = ("tags", "derive_tags")
    yield "tags", {name: value for name, value in fields.items() if name in of_tags}
    for name, value in fields.items():
        if name not in of_tags:
            yield name, {name: value}


def _tags(machine: Machine, entry: Entry) -> dict[str, Any]:
    """Return what gives a machine the tags of the inventory, in their order."""
    derived = machine.derived_tags
    rest = entry.tags[len(derived) :]
    if entry.tags[: len(derived)] == derived:
        return {"tags": rest} if rest else {}
    return {"tags": entry.tags, "derive_tags": False}


def _descriptions(machine: Machine, wanted: str) -> Iterator[dict[str, Any]]:
    """Yield what may give a machine its description: the shortest first."""
    derived = machine.derived_description
    if wanted == derived:
        yield {}
    if derived and wanted.startswith(f"{derived}: "):
        yield {"description": wanted.removeprefix(f"{derived}: ")}
    yield {"description": wanted}
    yield {"description": wanted, "derive_description": False}
