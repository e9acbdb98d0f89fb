"""What a fleet is called, and where its machines are reached, where nobody says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.clouds.adoption import Item
from infra_lib.operate.adopt.inventories import NO_INVENTORY
from infra_lib.operate.scaffold import name_from
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.adoption import Found
    from infra_lib.operate.adopt.inventory import Inventory


@frozen
class Guess:
    """What no source says of a fleet.

    Attributes:
        field: The field: "name".
        comment: What stands before it in the Python.
        item: What the report says.
    """

    field: str
    comment: str
    item: Item


def fleet_name(
    inventory: Inventory, found: Iterable[Found], folder: str
) -> tuple[str, Guess | None]:
    """Return what a fleet is called: what the inventory says, or labels, or else the folder.

    Args:
        inventory: The inventory.
        found: All resources.
        folder: The name of the folder.
    """
    if inventory.name:
        return inventory.name, None
    labels: Counter[str] = Counter()
    for each in found:
        said = each.attributes.get("labels")
        if isinstance(said, Mapping) and isinstance(said.get("fleet"), str):
            labels[str(said["fleet"])] += 1
    if labels:
        return max(labels, key=lambda each: labels[each]), None
    name = name_from(folder)
    what = f"no source says what the fleet is called: {name!r} is the folder's name"
    item = Item(kind="guessed", where="name", what=what, do="--name says it")
    return name, Guess("name", "Guessed: the folder's name.", item)


def fleet_domain(inventory: Inventory, name: str) -> tuple[str, Guess | None]:
    """Return the domain that machines are reached under: what the inventory says, or clan's own.

    Args:
        inventory: The inventory.
        name: The fleet's name, of which the domain is made where there is none.
    """
    if inventory is not NO_INVENTORY:
        return inventory.domain or "clan", None  # as clan has it by default
    domain = name.lower().replace("_", "-")
    what = f"no source says the domain of the machines: {domain!r} is the fleet's name"
    item = Item(kind="guessed", where="domain", what=what, do="--domain says it")
    return domain, Guess("domain", "Guessed: the domain that machines are reached under.", item)
