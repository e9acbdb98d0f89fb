"""What the first deployment of each stack does to what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Adopted, Difference, Found, Item, Taken
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import clouds_of
from nixgen.frozen import frozen
from nixgen.redact import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet


@frozen(kw_only=True)
class Stack:
    """What the first deployment of a cloud's stack does.

    Attributes:
        name: The stack's name, which is its cloud's.
        taken: What it takes over.
        made: The addresses of what it makes.
        forced: The machines that would be made anew, and so are left where they are.
        refusals: What the report says of those.
        items: What the report says of all else.
    """

    name: str
    taken: tuple[Taken, ...]
    made: tuple[str, ...]
    forced: frozenset[str]
    refusals: tuple[Item, ...]
    items: tuple[Item, ...]

    @property
    def imports(self) -> dict[str, str]:
        """What the provider knows each thing by that is taken over, by what the stack calls it."""
        return {each.address: each.id for each in self.taken}


def take_over(
    fleet: Fleet, adopted: Mapping[str, Adopted], found: Mapping[str, Sequence[Found]]
) -> list[Stack]:
    """Return what the first deployment of each of a fleet's stacks does.

    Args:
        fleet: The fleet.
        adopted: What each cloud made of what was found.
        found: What was found of each cloud.
    """
    stacks = []
    for cloud, (_, project, machines) in zip(CLOUDS, clouds_of(fleet), strict=True):
        if not machines or cloud not in adopted:
            continue
        mine = evolve(adopted[cloud], project=project, machines=machines)
        done = CLOUDS[cloud].adoption().take_over(fleet, mine, found[cloud], cloud)
        items: list[Item] = list(done.items)
        kept = []
        for taken in done.taken:
            if taken.forced and _machine_of(taken, machines) is None:
                items.append(_left(taken))
                continue
            kept.append(taken)
            items += _changed(taken)
        if done.made:
            what = f"the first deployment makes {', '.join(done.made)}"
            items.append(Item(kind="differs", where=f"stack {cloud}", what=what))
        forced = [(taken, _machine_of(taken, machines)) for taken in kept if taken.forced]
        stacks.append(
            Stack(
                name=cloud,
                taken=tuple(kept),
                made=done.made,
                forced=frozenset(name for _, name in forced if name is not None),
                refusals=tuple(_refusal(taken, name) for taken, name in forced if name is not None),
                items=tuple(items),
            )
        )
    return stacks


def _changed(taken: Taken) -> Iterator[Item]:
    """Yield what the report says of what becomes otherwise, in place."""
    changes = [each for each in taken.changes if not each.noted]
    if changes:
        what = f"becomes {taken.address}, and changes in place: {_said(changes)}"
        yield Item(kind="differs", where=taken.where, what=what)
    noted = [each.path for each in taken.changes if each.noted]
    if noted:
        what = (
            f"becomes {taken.address}; Terraform notes {', '.join(noted)} down, which cannot be "
            "read back, and nothing changes in the cloud"
        )
        yield Item(kind="differs", where=taken.where, what=what)


def _refusal(taken: Taken, machine: str) -> Item:
    return Item(
        kind="left",
        where=taken.where,
        what=(
            f"machine {machine!r} would be made anew, or lose something, for "
            f"{_said(taken.forced)}; so it is a Machine here, and what manages it now goes on to"
        ),
        do=taken.remedy or "make it alike by hand first, and adopt again; or leave it there",
    )


def _left(taken: Taken) -> Item:
    return Item(
        kind="left",
        where=taken.where,
        what=(
            f"{taken.address} would be made anew, for {_said(taken.forced)}; so it is not taken "
            "over, and a deployment that makes another one beside it may be refused for its name"
        ),
        do="say in the fleet what it is, or make it alike by hand first, and adopt again",
    )


def _machine_of(taken: Taken, machines: Sequence[Any]) -> str | None:
    """Return the machine that a resource is of: by its name, or what begins with it."""
    name = taken.address.partition(".")[2]
    for machine in machines:
        if name == machine.name or name in {disk.name for disk in machine.data_disks}:
            return str(machine.name)
    owners = [each.name for each in machines if name.startswith((f"{each.name}-", f"{each.name}_"))]
    return max(owners, key=len, default=None)


def _said(changes: Sequence[Difference]) -> str:
    return "; ".join(
        f"{each.path} {_shown(each.before)} → {_shown(each.after)}" for each in changes
    )


def _shown(value: Any) -> str:
    """Return a value for people: no more than the beginning, and no secret."""
    if value is None:
        return "(nothing)"
    text = shorten(repr(value) if not isinstance(value, str) else repr(str(value)))
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"
