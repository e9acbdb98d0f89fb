"""A clan's inventory: its machines, and the instances of its services.

It is read as Nix evaluates it, and as it is written in `inventory.json`. Evaluated, settings are a
module that says where they are from; and a machine's tags end with those that it has by
`inventory.tags`. See modules/inventoryClass in https://git.clan.lol/clan/clan-core.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import field

from infra_lib.clouds.adoption import Item
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.services import ClanService, Role
from infra_lib.operate.adopt.secrets import public, says
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")

_BUILT_IN_TAGS = ("all", "darwin", "nixos")
_KEYS = ("instances", "machines", "meta", "services", "tags")
# What an inventory has beside these that says nothing of the clan.
_INTERNAL = frozenset({"_inventoryFile", "assertions", "modules", "noInstanceOptions", "options"})
# A file of the flake, as Nix has it in its store.
_IN_FLAKE = r"/nix/store/[a-z0-9]{32}-source/(.+)"
_MACHINE = frozenset(
    {*("deploy", "description", "icon", "installedAt", "machineClass", "name", "tags")}
)


@frozen(kw_only=True)
class Entry:
    """A machine as the inventory has it.

    Attributes:
        name: Its name.
        machine_class: "nixos" or "darwin".
        tags: The tags that are its own.
        description: What is said of it; None for nothing.
        target_host: Where clan reaches it; None where that is not said, as with what follows.
        build_host: Where clan builds it.
        forward_agent: Whether clan forwards the SSH agent.
    """

    name: str
    machine_class: Any = "nixos"
    tags: tuple[str, ...] = ()
    description: str | None = None
    target_host: str | None = None
    build_host: str | None = None
    forward_agent: bool | None = None


@frozen(kw_only=True)
class Inventory:
    """What an inventory tells.

    Attributes:
        where: What to call it in messages.
        name: The clan's name; None where it is not said, as with what follows.
        domain: Its domain.
        description: What it is for.
        machines: The machines, in the inventory's order.
        services: The instances of services.
        tags: Tags beside those of machines, and who has them.
        clan: What the fleet has no field for, by its path in clan's options.
        items: What the report says: what could not be carried.
    """

    where: str
    name: str | None = None
    domain: str | None = None
    description: str | None = None
    machines: tuple[Entry, ...] = ()
    services: tuple[ClanService, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(factory=dict)
    clan: Mapping[tuple[str, ...], Any] = field(factory=dict)
    items: tuple[Item, ...] = ()


def read_inventory(document: Any, where: str) -> Inventory:
    """Return what an inventory tells.

    Args:
        document: The JSON.
        where: What to call it in messages.

    Raises:
        FleetError: When it is no inventory.
    """
    if isinstance(document, Mapping) and isinstance(document.get("inventory"), Mapping):
        document = document["inventory"]  # all of the clan
    if not isinstance(document, Mapping) or not document.keys() & {*_KEYS}:
        accepted = (
            "an object with machines and instances, as `nix eval --json .#clan.inventory` prints it"
        )
        raise FleetError(f"{where}: this is no inventory of a clan: {accepted}, is accepted")
    items: list[Item] = []
    meta = _without_secret(
        _object(document, "meta", where), ("description",), f"{where}: meta", items
    )
    machines = _object(document, "machines", where)
    tags = _tags(_object(document, "tags", where), where)
    entries = [
        _entry(name, each, tags, f"{where}: machines.{name}", items)
        for name, each in machines.items()
    ]
    services = [
        service
        for name, each in _object(document, "instances", where).items()
        if (service := _service(name, each, f"{where}: instances.{name}", items)) is not None
    ]
    for name in _object(document, "services", where):
        what = "clan has no inventory.services any more, and neither has this library"
        do = "make it an instance: https://clan.lol/docs/guides/migrations/migrate-inventory-services"
        items.append(Item(kind="left", where=f"{where}: services.{name}", what=what, do=do))
    for name in document:
        if name not in {*_KEYS, *_INTERNAL}:
            do = 'say it in Fleet(clan={("inventory", …): …}), if clan has such an option'
            what = "the inventory has no such part that is known here"
            items.append(Item(kind="left", where=f"{where}: {name}", what=what, do=do))
    clan: dict[tuple[str, ...], Any] = {
        ("meta", name): said
        for name in ("icon", "tld")
        if (said := _text(meta, name, f"{where}: meta"))
    }
    for name, each in machines.items():
        own = ("icon", "installedAt", "name")
        each = _without_secret(each, own, f"{where}: machines.{name}", items)  # noqa: PLW2901
        for key in own:
            if each.get(key) not in (None, name):
                clan["inventory", "machines", name, key] = each[key]
    return Inventory(
        where=where,
        name=_text(meta, "name", f"{where}: meta"),
        domain=_text(meta, "domain", f"{where}: meta"),
        description=_text(meta, "description", f"{where}: meta"),
        machines=tuple(entries),
        services=tuple(services),
        tags={
            name: tuple(members)
            for name, members in tags.items()
            if name not in _BUILT_IN_TAGS and members
        },
        clan=clan,
        items=tuple(items),
    )


def _entry(
    name: str,
    given: Any,
    tags: Mapping[str, list[str]],
    where: str,
    items: list[Item],
) -> Entry:
    if not isinstance(given, Mapping):
        raise FleetError(f"{where}: an object is wanted")
    deploy = _object(given, "deploy", where)
    deploy = _without_secret(deploy, ("targetHost", "buildHost"), f"{where}.deploy", items)
    given = _without_secret(given, ("description",), where, items)
    what = "no option of a machine that is known here"
    items += [
        Item(kind="left", where=f"{where}.{key}", what=what) for key in given if key not in _MACHINE
    ]
    return Entry(
        name=name,
        machine_class=given.get("machineClass") or "nixos",
        tags=_own_tags(name, _texts(given, "tags", where), tags),
        description=_text(given, "description", where),
        target_host=_text(deploy, "targetHost", where),
        build_host=_text(deploy, "buildHost", where),
        forward_agent=_switch(deploy, "forwardAgent", where),
    )


def _own_tags(name: str, given: list[str], tags: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the tags that a machine has of its own.

    Evaluated, those that it is given by `inventory.tags` come after them, in the order of their
    names; one that is its own as well stands among its own.
    """
    by_tags = [tag for tag in sorted(tags) if name in tags[tag]]
    for number in range(len(by_tags) + 1):
        end = by_tags[number:]
        own = given[: len(given) - len(end)]
        rest = [tag for tag in by_tags if tag not in own]
        if given == [*own, *rest]:
            return tuple(own)
    return tuple(given)


def _tags(given: Mapping[str, Any], where: str) -> dict[str, list[str]]:
    return {name: _texts(given, name, f"{where}: tags") for name in given}


def _service(name: str, given: Any, where: str, items: list[Item]) -> ClanService | None:
    """Return an instance of a service; None, with an item, where it cannot be."""
    if not isinstance(given, Mapping):
        raise FleetError(f"{where}: an object is wanted")
    module = given.get("module") or {}
    if isinstance(module, str):  # as clan once had it
        module = {"name": module}
    if not isinstance(module, Mapping):
        raise field_error(where, "module", module, "an object with name and input is wanted")
    roles = {
        role: made
        for role, each in _object(given, "roles", where).items()
        if (made := _role(each, f"{where}.roles.{role}", items)) is not None
    }
    module_name = _text(module, "name", f"{where}.module")
    return _made(
        lambda: ClanService(
            name,
            module=None if module_name == name else module_name,
            input=_text(module, "input", f"{where}.module"),
            roles=roles,
        ),
        where,
        items,
    )


def _role(given: Any, where: str, items: list[Item]) -> Role | None:
    if not isinstance(given, Mapping):
        raise FleetError(f"{where}: an object is wanted")
    modules: list[PurePosixPath] = []
    for each in _list(given, "extraModules", where):
        found = re.fullmatch(_IN_FLAKE, each) if isinstance(each, str) else None
        if found is not None:
            modules.append(PurePosixPath(found[1]))
            continue
        what = "an extra module is Nix, which cannot be told from what it evaluates to"
        do = 'say it in Role(extra_modules=(Path("…"),)), with its path below the flake\'s root'
        items.append(Item(kind="left", where=f"{where}.extraModules", what=what, do=do))
    machines, tags = (_members(given, name, where, items) for name in ("machines", "tags"))
    settings = _public(_settings(given.get("settings"), f"{where}.settings"), where, items)
    return _made(
        lambda: Role(machines=machines, tags=tags, settings=settings, extra_modules=tuple(modules)),
        where,
        items,
    )


def _made(make: Callable[[], Made], where: str, items: list[Item]) -> Made | None:
    """Return what is made, or None, with an item, where the model refuses it."""
    try:
        return make()
    except FleetError as error:
        do = "write it in Nix, or mend it and adopt again"
        items.append(Item(kind="left", where=where, what=str(error), do=do))
        return None


def _members(given: Mapping[str, Any], name: str, where: str, items: list[Item]) -> dict[str, Any]:
    """Return machines or tags of a role, each with settings of its own; a list has none."""
    members = given.get(name) or {}
    if isinstance(members, list):
        return {each: {} for each in _texts(given, name, where)}
    found: dict[str, Any] = {}
    for each, said in _object(given, name, where).items():
        place = f"{where}.{name}.{each}"
        if said is not None and not isinstance(said, Mapping):
            raise FleetError(f"{place}: an object is wanted")
        what = "clan has no such option of a member: only settings"
        items += [
            Item(kind="left", where=f"{place}.{key}", what=what)
            for key in said or ()
            if key != "settings"
        ]
        settings = _settings((said or {}).get("settings"), f"{place}.settings")
        found[each] = _public(settings, place, items)
    return found


def _public(settings: dict[str, Any], where: str, items: list[Item]) -> dict[str, Any]:
    """Return settings without what is secret, which the report names."""
    kept, gone = public(settings)
    items += [_secret(f"{where}.settings.{path}") for path in gone]
    return kept


def _without_secret(
    given: Mapping[str, Any], names: tuple[str, ...], where: str, items: list[Item]
) -> Mapping[str, Any]:
    """Return an object without those of some texts that hold what is secret."""
    gone = [name for name in names if isinstance(text := given.get(name), str) and says(text)]
    items += [_secret(f"{where}.{name}") for name in gone]
    return {name: value for name, value in given.items() if name not in gone} if gone else given


def _secret(where: str) -> Item:
    what = "may be secret, so it is not carried"
    do = "have clan's vars bring it to the machine; whoever may read the inventory has seen it"
    return Item(kind="left", where=where, what=what, do=do)


def _settings(given: Any, where: str) -> dict[str, Any]:
    """Return settings, without what evaluation puts around them."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise FleetError(f"{where}: an object is wanted")
    if not given.keys() <= {"_file", "imports", "_class", "key"} or "imports" not in given:
        return dict(given)
    together: dict[str, Any] = {}
    for each in _list(given, "imports", where):
        together |= _settings(each, where)
    return together


def _object(given: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FleetError(f"{where}: {name}: an object is wanted")
    return value


def _list(given: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = given.get(name)
    if value is not None and not isinstance(value, list):
        raise FleetError(f"{where}: {name}: a list is wanted")
    return value or []


def _text(given: Mapping[str, Any], name: str, where: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise field_error(where, name, value, "a text or null is wanted")
    return value


def _switch(given: Mapping[str, Any], name: str, where: str) -> bool | None:
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise field_error(where, name, value, "true, false or null is wanted")
    return value


def _texts(given: Mapping[str, Any], name: str, where: str) -> list[str]:
    value = given.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FleetError(f"{where}.{name}: a list of texts is wanted")
    return list(dict.fromkeys(value))
