"""What a cloud answers with when machines that are there already become Python.

What it is asked is `infra_lib.clouds.cloud.Adoption`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import field

from infra_lib.model.facts import MachineFacts
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(kw_only=True)
class Found:
    """A resource that a source tells of: something in the cloud, or what is to be there.

    Attributes:
        type: Its type in Terraform: "google_compute_instance". What a cloud's own list tells is put
            into the terms of that type.
        name: Its name in Terraform; empty for one that Terraform does not have.
        where: The source and what it is called there, for messages:
            "state.json: module.gpu.google_compute_instance.node[0]".
        attributes: What is known of it, with Terraform's names. A text that Terraform is to
            evaluate first is a `Reference`; every other is the text it is. A block is a mapping,
            or a list of mappings.
        exists: Whether it is there, and all of it is known: of a state, or of a cloud's own list.
            Otherwise these are the arguments that somebody wrote, and no more.
        secret: The dotted paths of attributes that Terraform calls sensitive: "metadata.token".
    """

    type: str
    name: str
    where: str
    attributes: Mapping[str, Any]
    exists: bool
    secret: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """What Terraform calls it, without module and index: "google_compute_instance.node"."""
        return f"{self.type}.{self.name}"


# Arguments whose keys are the user's own, in all clouds.
_MAPS = frozenset({"labels", "metadata"})

Kind = Literal["left", "differs", "guessed", "contradiction"]


@frozen(kw_only=True)
class Item:
    """A line of the report: what the Python does not say as the sources do.

    Attributes:
        kind: "left" for what could not be carried, "differs" for what will be otherwise than it is,
            "guessed" for what no source said, "contradiction" for what two sources say otherwise.
        where: The source and the place in it: "state.json: google_compute_instance.galena".
        what: What it is, and why; without the value where that may be secret.
        do: What to do about it; empty for nothing.
    """

    kind: Kind
    where: str
    what: str
    do: str = ""


@frozen(kw_only=True)
class Adopted:
    """What a cloud makes of what was found.

    Attributes:
        project: The project that the machines are in; None where there is none, and no machine.
        machines: The machines, in the order of what was found. Tags and description are left to
            others, and whoever is there is `enabled`.
        sources: What each machine was made of, by its name: the instance first.
        comments: What is guessed, by the name of the machine, or "" for the project, and the field.
        facts: What is known of machines that is no description: addresses.
        items: What the report says.
        carried: The `where` of each resource that is described by all this.
    """

    project: Any = None
    machines: tuple[ProvisionedMachine, ...] = ()
    sources: Mapping[str, tuple[Found, ...]] = field(factory=dict)
    comments: Mapping[tuple[str, str], str] = field(factory=dict)
    facts: tuple[MachineFacts, ...] = ()
    items: tuple[Item, ...] = ()
    carried: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Difference:
    """An argument that the stack says otherwise than it is.

    Attributes:
        path: The argument: "metadata.startup-script", "network_interface[0].network".
        before: What is there; None for nothing.
        after: What the stack says; None for nothing.
        noted: Whether only Terraform's state changes: the provider cannot read it back.
    """

    path: str
    before: Any
    after: Any
    noted: bool = False


@frozen(kw_only=True)
class Taken:
    """A resource of a stack that is there already.

    Attributes:
        address: What the stack calls it: "google_compute_instance.galena".
        id: What the provider imports it by: "projects/p/zones/z/instances/galena".
        where: The `where` of what was found.
        changes: What the first deployment changes of it, in place.
        forced: What it would have to be made anew for: nobody may deploy that.
        remedy: What to do for it to be taken over; empty where nothing is known that would help.
    """

    address: str
    id: str
    where: str
    changes: tuple[Difference, ...] = ()
    forced: tuple[Difference, ...] = ()
    remedy: str = ""


@frozen(kw_only=True)
class Takeover:
    """What the first deployment of a stack does, when what is there is imported.

    Attributes:
        taken: What is taken over.
        made: The addresses of what is new: firewall rules.
        items: What the report says beside that: what stays, and nobody manages.
    """

    taken: tuple[Taken, ...]
    made: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


@frozen(kw_only=True)
class Reading:
    """What a provider makes of a type of resource when it imports one.

    Paths have no indexes: "boot_disk.initialize_params.image".

    Attributes:
        forcing: Arguments whose change makes it anew; with all below them.
        unread: Arguments that the provider cannot read back, and has nothing for after an import.
        taken_away: Arguments that go when the stack does not say them: optional, and not computed.
        defaults: What an argument is when nobody says it.
        unordered: Lists whose order means nothing.
        names: Arguments that take a name or a link: a name is the end of any link, and links are
            the same from "projects/" on.
    """

    forcing: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    taken_away: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = MappingProxyType({})
    unordered: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def differences(
    wanted: Mapping[str, Any],
    there: Mapping[str, Any],
    reading: Reading,
    *,
    ignored: Iterable[str] = (),
    known: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[list[Difference], list[Difference]]:
    """Return what a plan changes of an imported resource: in place, and by making it anew.

    Args:
        wanted: The arguments of the stack's resource.
        there: The attributes of what is there, in the same terms.
        reading: What the provider makes of the type.
        ignored: What the resource's lifecycle ignores: "boot_disk[0].initialize_params[0].image".
        known: What references come to, by their text; one that is not here is taken as it is there.
    """
    skipped = {without_indexes(path) for path in ignored}
    changes: list[Difference] = []
    forced: list[Difference] = []
    for path, before, after in _compare(wanted, there, "", reading, known):
        plain = without_indexes(path)
        if any(_within(plain, each) for each in skipped):
            continue
        noted = any(_within(plain, each) for each in reading.unread)
        difference = Difference(path=path, before=before, after=after, noted=noted)
        forces = any(_within(plain, each) for each in reading.forcing)
        forces = forces or (after is None and _is_missed(before, plain, reading))
        (forced if forces else changes).append(difference)
    return changes, forced


def blocks(value: object) -> list[Mapping[str, Any]]:
    """Return the blocks of a name, which a configuration may write as one, and a state as a list.

    A block in which nothing stands is one all the same; what is no block is left out.
    """
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def relative(link: str) -> str:
    """Return a link of Google's from "projects/" on; what has none as it is."""
    start = link.find("projects/")
    return link[start:] if start >= 0 else link


def is_within(path: str, names: Iterable[str]) -> bool:
    """Whether an argument is one of several, or is below one, whatever its indexes."""
    plain = without_indexes(path)
    return any(_within(plain, name) for name in names)


def without_indexes(path: str) -> str:
    """Return the path of an argument without its indexes: "boot_disk.initialize_params.image"."""
    return re.sub(r"\[\d+\]", "", path)


def _compare(
    wanted: Mapping[str, Any],
    there: Mapping[str, Any],
    begin: str,
    reading: Reading,
    known: Mapping[str, Any],
) -> Iterable[tuple[str, Any, Any]]:
    """Yield each argument, what it is, and what it is to be, where these differ."""
    for name in dict.fromkeys((*wanted, *there)):
        path = f"{begin}{name}"
        plain = without_indexes(path)
        after, before = _value(wanted.get(name), known), there.get(name)
        if plain in reading.unread:
            before = None
        if after is None and plain not in reading.taken_away:
            continue
        default = reading.defaults.get(plain)
        before, after = _or(before, default), _or(after, default)
        if isinstance(wanted.get(name), Reference) and isinstance(after, Reference):
            continue  # what nobody knows before it is there
        if plain in _MAPS and (isinstance(before, Mapping) or isinstance(after, Mapping)):
            yield from _of_map(path, before, after, known)
        elif _is_block(after) and _is_block(before):
            yield from _of_blocks(path, blocks(after), blocks(before), reading, known)
        elif not _same(before, after, plain, reading, known):
            yield path, before, after


def _of_map(
    path: str, before: Any, after: Any, known: Mapping[str, Any]
) -> Iterable[tuple[str, Any, Any]]:
    # What is no mapping has no keys that anybody would keep.
    old, new = (each if isinstance(each, Mapping) else {} for each in (before, after))
    for key in dict.fromkeys((*new, *old)):
        value = _value(new.get(key), known)
        if old.get(key) != value and not isinstance(value, Reference):
            yield f"{path}.{key}", old.get(key), value


def _of_blocks(
    path: str,
    after: list[Mapping[str, Any]],
    before: list[Mapping[str, Any]],
    reading: Reading,
    known: Mapping[str, Any],
) -> Iterable[tuple[str, Any, Any]]:
    if len(after) != len(before):
        yield path, before, after
        return
    if without_indexes(path) in reading.unordered:
        after, before = sorted(after, key=repr), sorted(before, key=repr)
    for index, (new, old) in enumerate(zip(after, before, strict=True)):
        yield from _compare(new, old, f"{path}[{index}].", reading, known)


def _is_missed(before: Any, plain: str, reading: Reading) -> bool:
    """Whether a block that goes holds what makes the resource anew when it goes."""
    return any(
        _is_said(before, path.removeprefix(f"{plain}.").split("."), reading.defaults.get(path))
        for path in reading.forcing - reading.unread
        if path.startswith(f"{plain}.")
    )


def _is_said(value: Any, names: list[str], default: Any) -> bool:
    """Whether anything but the default stands at a path in a block, or in one of several."""
    if not names:
        return bool(_or(value, default) != default)
    inner = blocks(value) if _is_block(value) else []
    return any(_is_said(each.get(names[0]), names[1:], default) for each in inner)


def _same(before: Any, after: Any, plain: str, reading: Reading, known: Mapping[str, Any]) -> bool:
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        new = [_value(each, known) for each in after]
        if any(isinstance(each, Reference) for each in new):
            return len(new) == len(before)
        if plain in reading.unordered:
            return sorted(map(repr, before)) == sorted(map(repr, new))
        return len(before) == len(new) and all(
            _same(old, each, plain, reading, known) for old, each in zip(before, new, strict=True)
        )
    if plain in reading.names and isinstance(before, str) and isinstance(after, str):
        if "/" in before and "/" in after:
            return relative(before) == relative(after)
        return before.rpartition("/")[2] == after.rpartition("/")[2]
    return bool(before == after)


def _value(value: Any, known: Mapping[str, Any]) -> Any:
    """Return what a reference comes to, where that is known."""
    return known.get(value, value) if isinstance(value, Reference) else value


def _or(value: Any, default: Any) -> Any:
    """Return a value, or what it is when nobody says it; nothing is None, however it is written."""
    if value is None or (value in ("", [], {}, ()) and not isinstance(value, bool)):
        return default
    return value


def _is_block(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(each, Mapping) for each in value)
    )


def _within(path: str, whole: str) -> bool:
    return path == whole or path.startswith(f"{whole}.")
