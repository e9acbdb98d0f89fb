"""What the report says, gathered while machines are made of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from infra_lib.clouds.adoption import Item
from infra_lib.clouds.hetzner.adoption.secret import secret_item
from infra_lib.clouds.hetzner.adoption.things import is_empty
from infra_lib.model.errors import shown
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.hetzner.adoption.things import Thing

_T = TypeVar("_T")


class Report:
    """The lines of a report, and which things are described.

    Attributes:
        items: The lines.
        carried: The `where` of each found thing that is described.
        dropped: The `where` of each of which a line says that it is not.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        """Begin with some lines."""
        self.items: list[Item] = [*items]
        self.carried: set[str] = set()
        self.dropped: set[str] = set()

    def left(self, where: str, what: str, do: str = "") -> None:
        """Say what is not carried."""
        self.items.append(Item(kind="left", where=where, what=what, do=do))

    def differs(self, where: str, what: str, do: str = "") -> None:
        """Say what will be otherwise than it is."""
        self.items.append(Item(kind="differs", where=where, what=what, do=do))

    def drop(self, thing: Thing, what: str, do: str = "") -> None:
        """Say that a thing is not carried at all, of each source that tells of it."""
        for each in thing.founds:
            self.left(each.where, what, do if each is thing.founds[0] else "")
            self.dropped.add(each.where)

    def contradiction(self, where: str, what: str, do: str) -> None:
        """Say what two sources say otherwise."""
        self.items.append(Item(kind="contradiction", where=where, what=what, do=do))

    def secret(self, where: str, path: str) -> None:
        """Say that something was not carried since it may be secret."""
        self.items.append(secret_item(where, path))

    def carry(self, *things: Thing | None) -> None:
        """Say that things are described."""
        for thing in things:
            if thing is not None:
                self.carried.update(each.where for each in thing.founds)

    def value(self, thing: Thing, name: str, kind: type[_T]) -> _T | None:
        """Return an attribute, of a kind; None where it is nothing, and where nobody can tell.

        Args:
            thing: What has it.
            name: The attribute.
            kind: The type that it has to have. A number is no switch, and a switch no number.
        """
        given: Any = thing.attributes.get(name)
        if isinstance(given, Reference):
            self.left(thing.where, f"{name} is {shown(str(given))}, which no source tells")
            return None
        if isinstance(given, kind) and (kind is bool or not isinstance(given, bool)):
            return None if kind is not bool and is_empty(given) else given
        if not is_empty(given):
            self.left(
                thing.where,
                f"{name} is a {type(given).__name__}, and a {kind.__name__} was expected",
                "look at it by hand",
            )
        return None
