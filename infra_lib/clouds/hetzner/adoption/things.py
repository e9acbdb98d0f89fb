"""What was found at Hetzner Cloud, put together: a thing is one, whichever sources tell of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from infra_lib.clouds.adoption import Found, Item, blocks
from infra_lib.clouds.hetzner.adoption.secret import without_secrets
from infra_lib.clouds.hetzner.readings import (
    ADDRESS,
    FIREWALL,
    GROUP,
    KEY,
    NETWORK,
    SERVER,
    VOLUME,
)
from infra_lib.model.errors import shown
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FIREWALLED = "hcloud_firewall_attachment"

# A project has no two of one name.
_NAMED = frozenset({SERVER, VOLUME, ADDRESS, FIREWALL, NETWORK, KEY, GROUP})
_POINTER = r"\$\{(hcloud_[a-z_]+)\.([-\w]+)(\[[^\]]*\])?\.[a-z_]+\}"


@frozen(eq=False)
class Thing:
    """A thing in a project.

    Attributes:
        type: Its type in Terraform.
        founds: What was found of it, the source that counts first.
        attributes: What is known of it, of all sources together. None stands nowhere.
        number: Its number in the cloud; None where no source tells.
    """

    type: str
    founds: tuple[Found, ...]
    attributes: Mapping[str, Any]
    number: int | None

    @property
    def where(self) -> str:
        """What it is called in messages."""
        return self.founds[0].where

    @property
    def name(self) -> str:
        """Its name in the project; empty where none is known."""
        return plain(self.attributes.get("name")) or ""

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return any(each.exists for each in self.founds)

    @property
    def there(self) -> dict[str, Any]:
        """What is known to be there: not what somebody only wrote."""
        return _merged([each for each in self.founds if each.exists])

    def blocks(self, name: str) -> list[Mapping[str, Any]]:
        """Return blocks of a name; what is none is left out."""
        return blocks(self.attributes.get(name))


class Things:
    """All that was found, to be asked."""

    def __init__(self, things: Iterable[Thing]) -> None:
        """Take the things, in order."""
        self.all = tuple(things)
        self._by_type: dict[str, list[Thing]] = {}
        self._by_number: dict[tuple[str, int], Thing] = {}
        self._by_address: dict[tuple[str, str], list[Thing]] = {}
        self._by_name: dict[tuple[str, str], Thing] = {}
        for thing in self.all:
            self._by_type.setdefault(thing.type, []).append(thing)
            self._by_name.setdefault((thing.type, thing.name), thing)
            if thing.number is not None:
                self._by_number.setdefault((thing.type, thing.number), thing)
            for address in dict.fromkeys(each.name for each in thing.founds if each.name):
                self._by_address.setdefault((thing.type, address), []).append(thing)

    def of(self, type_: str) -> Sequence[Thing]:
        """Return the things of a type."""
        return self._by_type.get(type_, ())

    def named(self, type_: str, name: str) -> Thing | None:
        """Return the thing of a name in the project; None for none."""
        return self._by_name.get((type_, name)) if name else None

    def find(self, type_: str, value: object) -> Thing | None:
        """Return the thing that a number, or a reference to one, means; None where it is none."""
        if isinstance(value, Reference):
            found = re.fullmatch(_POINTER, value)
            if found is None or found[1] != type_:
                return None
            things = self._by_address.get((type_, found[2]), [])
            if len(things) > 1 and found[3]:
                end = f"{type_}.{found[2]}{found[3]}"
                things = [e for e in things if any(f.where.endswith(end) for f in e.founds)]
            return things[0] if len(things) == 1 else None
        number = number_of(value)
        return None if number is None else self._by_number.get((type_, number))

    def number(self, type_: str, value: object) -> int | None:
        """Return the number that a value means, also of what is not among the things."""
        thing = self.find(type_, value)
        return number_of(value) if thing is None else thing.number


def gather(found: Iterable[Found]) -> tuple[Things, list[Item]]:
    """Return what was found, put together, and what there is to say of that.

    What is secret is not among it.
    """
    items: list[Item] = []
    groups: dict[tuple[str, str, str], list[Found]] = {}
    nameless: list[Found] = []
    for each in found:
        if not each.type.startswith("hcloud_"):
            continue
        cleaned, said = without_secrets(each)
        items += said
        name = plain(cleaned.attributes.get("name"))
        if each.type not in _NAMED or not name:
            nameless.append(cleaned)
            continue
        group = groups.setdefault((each.type, name, ""), [])
        numbers = {number_of(e.attributes.get("id")) for e in group} - {None}
        number = number_of(cleaned.attributes.get("id"))
        if number is not None and numbers and number not in numbers:
            items.append(_two(group[0], cleaned, name))
            continue
        group.append(cleaned)
    by_address: dict[tuple[str, str], list[list[Found]]] = {}
    for group in groups.values():
        for address in dict.fromkeys((each.type, each.name) for each in group if each.name):
            by_address.setdefault(address, []).append(group)
    pairs = _pairs(nameless)
    for each in nameless:
        # The configuration of what another source knows by its name: one of several, perhaps.
        same = by_address.get((each.type, each.name), []) if each.type in _NAMED else []
        for group in same:
            group.append(each)
        if not same:
            key = pairs.get((each.type, each.name), f"{each.where}, {len(groups)}")
            groups.setdefault((each.type, "", key), []).append(each)
    return Things(_thing(_in_order(each)) for each in groups.values()), items


def plain(value: object) -> str | None:
    """Return a text that is no reference; None for anything else."""
    return value if isinstance(value, str) and not isinstance(value, Reference) else None


def number_of(value: object) -> int | None:
    """Return a number as Hetzner gives them, also one that is written as text; None for others."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value > 0 else None
    text = plain(value)
    return int(text) if text is not None and re.fullmatch(r"[1-9][0-9]{0,18}", text) else None


def listed(value: object) -> list[Any]:
    """Return what a list holds; nothing for what is none."""
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def references_in(value: object) -> Iterator[Reference]:
    """Yield the references in a value."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from references_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from references_in(each)


def is_empty(value: object) -> bool:
    """Whether a value says nothing."""
    return value is None or (not isinstance(value, bool) and value in (0, "", [], {}, ()))


def _in_order(founds: list[Found]) -> list[Found]:
    """Return what was found of a thing, what counts first at the beginning.

    Of servers that is what was given first. Of the rest it is what is there: what hangs on servers
    would be made anew where somebody wrote it otherwise.
    """
    if founds[0].type == SERVER:
        return founds
    return sorted(founds, key=lambda each: not each.exists)


def _pairs(nameless: Iterable[Found]) -> dict[tuple[str, str], str]:
    """Return the addresses of which there is one thing, and one configuration of it."""
    kinds: dict[tuple[str, str], list[bool]] = {}
    for each in nameless:
        if each.name:
            kinds.setdefault((each.type, each.name), []).append(each.exists)
    return {key: key[1] for key, exist in kinds.items() if sorted(exist) == [False, True]}


def _thing(founds: Sequence[Found]) -> Thing:
    numbers = (number_of(each.attributes.get("id")) for each in founds if each.exists)
    number = next((each for each in numbers if each is not None), None)
    return Thing(founds[0].type, tuple(founds), _merged(founds), number)


def _merged(founds: Sequence[Found]) -> dict[str, Any]:
    """Return what sources together know: the first that says a thing, without references if any."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for each in founds for name in each.attributes):
        said = [each.attributes[name] for each in founds if each.attributes.get(name) is not None]
        best = [each for each in said if not is_empty(each)] or said
        if best:
            known = (each for each in best if next(references_in(each), None) is None)
            merged[name] = next(known, best[0])
    return merged


def _two(first: Found, other: Found, name: str) -> Item:
    numbers = " and ".join(shown(each.attributes.get("id")) for each in (first, other))
    return Item(
        kind="contradiction",
        where=other.where,
        what=f"{other.type} {shown(name)} is in {first.where} too, with another number: {numbers}",
        do="a project has one of that name: give what one project has",
    )
