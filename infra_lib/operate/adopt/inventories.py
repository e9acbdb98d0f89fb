"""Several inventories as one: where two say otherwise, the first wins, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.model.errors import shown
from infra_lib.operate.adopt.agreement import between
from infra_lib.operate.adopt.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
            said = differing_fields(there, entry)
            what = f"{said} in {first.where}, which was given first and wins"
            where = f"{other.where}: machines.{entry.name}"
            items.append(Item(kind="contradiction", where=where, what=what))
    instances = {each.name: each for each in first.services}
    for service in other.services:
        there_too = instances.setdefault(service.name, service)
        if there_too != service:
            where = f"{other.where}: instances.{service.name}"
            items += _won(where, between(service, there_too), first)
    for name in ("name", "domain", "description"):
        ours, theirs = getattr(first, name), getattr(other, name)
        if ours and theirs and ours != theirs:
            items += _won(f"{other.where}: meta", [(name, theirs, ours)], first)
    for tag, members in other.tags.items():
        if first.tags.get(tag, members) != members:
            both = [(tag, list(members), list(first.tags[tag]))]
            items += _won(f"{other.where}: tags", both, first)
    for path, value in other.clan.items():
        if first.clan.get(path, value) != value:
            both = [(".".join(path), value, first.clan[path])]
            items += _won(f"{other.where}: clan", both, first)
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


def _won(where: str, said: Iterable[tuple[str, Any, Any]], first: Inventory) -> Iterator[Item]:
    """Yield what the report says of what two inventories say otherwise."""
    for place, theirs, ours in said:
        what = (
            f"{shown(theirs)}, and {shown(ours)} in {first.where}, which was given first and wins"
        )
        yield Item(kind="contradiction", where=f"{where}.{place}", what=what)


def differing_fields(one: Any, other: Any) -> str:
    """Return which fields of two objects differ, with both values, for people."""
    names = [each.name for each in type(one).__attrs_attrs__]
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in names)
    return "; ".join(f"{name} is {shown(b)} there and {shown(a)}" for name, a, b in pairs if a != b)
