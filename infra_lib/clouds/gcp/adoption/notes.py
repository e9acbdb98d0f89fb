"""What is noted while a resource is read, for the report and for the Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from infra_lib.clouds.adoption import Found, Item

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Kind


@define
class Notes:
    """What is noted of one resource; it grows.

    Attributes:
        found: The resource.
        items: What the report says.
        comments: What is guessed, by the field.
    """

    found: Found
    items: list[Item] = field(factory=list)
    comments: dict[str, str] = field(factory=dict)

    def item(
        self, what: str, do: str = "", *, kind: Kind = "left", of: Found | None = None
    ) -> None:
        """Note a line of the report.

        Args:
            what: What it is, and why.
            do: What to do about it.
            kind: Its kind.
            of: The resource it is about, where that is another.
        """
        self.items.append(Item(kind=kind, where=(of or self.found).where, what=what, do=do))

    def guess(self, name: str, what: str, do: str = "") -> None:
        """Note that a field is guessed, in the report and beside the field."""
        self.item(f"{name}: {what}", do, kind="guessed")
        self.comments[name] = what
