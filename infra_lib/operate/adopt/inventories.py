"""Several inventories as one: where two say otherwise, the first wins, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.operate.adopt.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_INVENTORY = Inventory(where="")
"""What there is where no source is an inventory."""


def join_inventories(found: Iterable[Inventory], items: list[Item]) -> Inventory:
    """Return what inventories say together.

    Args:
        found: The inventories, the first one that was named first.
        items: Where to add what the report says.
    """
    together = NO_INVENTORY
    for each in found:
        together = each if together is NO_INVENTORY else _joined(together, each, items)
    return together


def _joined(first: Inventory, other: Inventory, items: list[Item]) -> Inventory:
    """Return two inventories together."""
    machines = {each.name: each for each in first.machines}
    for entry in other.machines:
        there = machines.setdefault(entry.name, entry)
        if there != entry:
            items.append(
                Item(
                    kind="contradiction",
                    where=f"{other.where}: machines.{entry.name}",
                    what=f"{_other(there, entry)} in {first.where}, which was given first and wins",
                )
            )
    instances = {each.name: each for each in first.services}
    for service in other.services:
        if instances.setdefault(service.name, service) != service:
            what = f"{first.where} says otherwise, which was given first and wins"
            where = f"{other.where}: instances.{service.name}"
            items.append(Item(kind="contradiction", where=where, what=what))
    return evolve(
        first,
        name=first.name or other.name,
        domain=first.domain or other.domain,
        description=first.description or other.description,
        machines=tuple(machines.values()),
        services=tuple(instances.values()),
        tags={**other.tags, **first.tags},
        clan={**other.clan, **first.clan},
        items=(*first.items, *other.items),
    )


def _other(one: Any, other: Any) -> str:
    """Return which fields of two entries differ, with both values."""
    names = [each.name for each in type(one).__attrs_attrs__]
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in names)
    return "; ".join(f"{name} is {b!r} there and {a!r}" for name, a, b in pairs if a != b)
