"""What a fleet's inventory says otherwise than the one that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Item
from infra_lib.services import services, target_host
from nixgen import Commented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.fleet import Fleet
    from infra_lib.model.services import ClanService
    from infra_lib.operate.adopt.inventory import Inventory


def disagreements(fleet: Fleet, inventory: Inventory | None) -> list[Item]:
    """Return what the report says of where the two differ.

    Args:
        fleet: The fleet.
        inventory: What it was made of; None for nothing.
    """
    if inventory is None:
        return []
    before, after = _of_inventory(inventory), _of_fleet(fleet)
    return [
        Item(kind="differs", where=f"{inventory.where}: {path}", what=f"{_shown(b)} → {_shown(a)}")
        for path, b, a in _differences("", before, after)
        if not (path.startswith("machines.") and path.count(".") == 1)  # said where it was found
    ]


def between(one: ClanService, other: ClanService) -> list[tuple[str, Any, Any]]:
    """Return what two instances of one name say otherwise: where, and both values."""
    return [*_differences("", _service(one), _service(other))]


def _of_inventory(inventory: Inventory) -> dict[str, Any]:
    given: dict[str, list[str]] = {}
    for tag, members in inventory.tags.items():
        for name in members:
            given.setdefault(name, []).append(tag)
    return {
        "meta": {"name": inventory.name, "description": inventory.description or None},
        "machines": {
            each.name: {
                "tags": [*each.tags, *(t for t in given.get(each.name, ()) if t not in each.tags)],
                "machineClass": each.machine_class,
                "description": each.description or None,
                "targetHost": each.target_host,
                "buildHost": each.build_host,
                "forwardAgent": each.forward_agent,
            }
            for each in inventory.machines
        },
        "instances": {each.name: _service(each) for each in inventory.services},
    }


def _of_fleet(fleet: Fleet) -> dict[str, Any]:
    return {
        "meta": {"name": fleet.name, "description": fleet.description or None},
        "machines": {
            each.name: {
                "tags": [*each.all_tags],
                "machineClass": each.machine_class,
                "description": each.full_description or None,
                "targetHost": target_host(fleet, each),
                "buildHost": each.build_host,
                "forwardAgent": each.forward_agent,
            }
            for each in fleet.machines
        },
        "instances": {each.name: _service(each) for each in services(fleet)},
    }


def _service(service: Any) -> dict[str, Any]:
    return {
        "module": {"name": service.module_name, "input": service.input},
        "roles": {
            name: {
                "machines": _plain(role.machines),
                "tags": _plain(role.tags),
                "settings": _plain(role.settings),
            }
            for name, role in service.roles.items()
        },
    }


def _plain(value: Any) -> Any:
    """Return data without what the model puts around it."""
    if isinstance(value, Commented):
        return _plain(value.value)
    if isinstance(value, Mapping):
        together: dict[str, Any] = {}
        for key, each in value.items():
            inner = together
            *path, last = key if isinstance(key, tuple) else (key,)
            for step in path:
                inner = inner.setdefault(step, {})
            inner[last] = _plain(each)
        return together
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            inner = f"{path}.{name}" if path else str(name)
            yield from _differences(inner, before.get(name), after.get(name))
    elif before != after:
        yield path, before, after


def _shown(value: Any) -> str:
    text = "(nothing)" if value is None else repr(value)
    return text if len(text) <= 120 else f"{text[:100]}…"
