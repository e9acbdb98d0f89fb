"""A fleet of what was found: without what the model refuses, and reached as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.fleet import Fleet
from infra_lib.model.errors import FleetError
from infra_lib.model.zerotier import ZeroTier
from infra_lib.operate.adopt.inventories import NO_INVENTORY
from infra_lib.operate.scaffold import name_from
from infra_lib.services import path, services, target_host

if TYPE_CHECKING:
    from infra_lib.operate.adopt.inventory import Inventory


def fitting_fleet(
    fields: dict[str, Any], inventory: Inventory, items: list[Item]
) -> tuple[Fleet, dict[str, Any]]:
    """Return a fleet, and its fields without what it does not take.

    Args:
        fields: The fields, by their names.
        inventory: What the fleet's inventory is to be.
        items: Where to add what the report says.

    Raises:
        FleetError: When no fleet can be made of its machines.
    """
    try:
        fleet = Fleet(**fields)
    except FleetError:
        fields = _accepted(fields, inventory, items)
        fleet = Fleet(**fields)
    files: dict[str, None] = {}
    wanted = {service.name: service for service in fields.get("services", ())}
    internet = path(fleet.internet.instance)
    if fleet.internet.instance not in wanted:
        made = {service.name for service in services(fleet)}
        if fleet.internet.instance in made:
            files[internet] = None
    tells = inventory is not NO_INVENTORY
    if tells and fleet.controller is not None and fleet.zerotier.instance not in wanted:
        # A tag of that name means something else there.
        fields["zerotier"] = ZeroTier(controller_tag=None, peer_tag=None)
    if files:
        fields["files"] = files
    fleet = Fleet(**fields)
    return _reached_as_before(fleet, fields, inventory)


def _reached_as_before(
    fleet: Fleet, fields: dict[str, Any], inventory: Inventory
) -> tuple[Fleet, dict[str, Any]]:
    """Return the fleet with each machine's own target where clan's internet service has one.

    The fleet leaves the target to the service; the inventory said both.
    """
    wanted = {each.name: each.target_host for each in inventory.machines}
    machines = tuple(
        evolve(machine, target_host=host)
        if host == wanted.get(machine.name) and host != target_host(fleet, made)
        else machine
        for machine, made in zip(fields["machines"], fleet.machines, strict=True)
        for host in (fleet.target_host(made),)
    )
    if machines == fields["machines"]:
        return fleet, fields
    fields = {**fields, "machines": machines}
    return Fleet(**fields), fields


def _accepted(fields: dict[str, Any], inventory: Inventory, items: list[Item]) -> dict[str, Any]:
    """Return the fields without each part that the model refuses, which the report names."""
    optional = ("facts", "tags", "target_host", "clan", "caches", "services")
    base = {name: value for name, value in fields.items() if name not in optional}
    base = _with_name(base, items)
    for name in ("tags", "target_host", "clan", "facts"):
        if name in fields:
            base = _tried(base, name, fields[name], inventory, items)
    for name in ("caches", "services"):
        try:
            Fleet(**{**base, name: fields.get(name, ())})
        except FleetError:
            pass
        else:
            base |= {name: fields[name]} if name in fields else {}
            continue
        for each in fields.get(name, ()):
            base = _tried(base, name, (*base.get(name, ()), each), inventory, items, of=each)
    return {name: base[name] for name in fields if name in base}


def _with_name(base: dict[str, Any], items: list[Item]) -> dict[str, Any]:
    """Return the fields with a name that all clouds of the fleet take."""
    try:
        Fleet(**base)
    except FleetError as error:
        name = name_from(str(base["name"]))
        if name == base["name"] or "name" not in str(error):
            raise
        Fleet(**{**base, "name": name})
        what = f"{error}; it is called {name!r} here"
        items.append(Item(kind="differs", where="name", what=what))
        return {**base, "name": name}
    return base


def _tried(
    base: dict[str, Any],
    name: str,
    value: Any,
    inventory: Inventory,
    items: list[Item],
    of: Any = None,
) -> dict[str, Any]:
    """Return the fields with one more, or as they are where the model refuses it."""
    tried = {**base, name: value}
    try:
        Fleet(**tried)
    except FleetError as error:
        which = getattr(of, "name", None) or getattr(of, "url", "")
        where = f"{inventory.where or 'fleet'}: {name}{f' {which!r}' if which else ''}"
        do = "write it in Nix, or mend what it says and adopt again"
        items.append(Item(kind="left", where=where, what=str(error), do=do))
        return base
    return tried
