"""Names in a sentence: the first of many, and several things as one subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def listed(names: Sequence[str], most: int = 8, *, joint: str = ", ") -> str:
    """Return names for people, the first of them where they are many: "a, b and 90 more".

    Args:
        names: The names; "" is returned for none.
        most: How many are named.
        joint: What stands between two of them.
    """
    shown, more = joint.join(names[:most]), len(names) - most
    return shown if more <= 0 else f"{shown} and {more:,} more"


def noted(what: str, names: Sequence[str], joint: str = ", ") -> Iterator[str]:
    """Yield a note that names some of what it is about; nothing where it is about nothing."""
    if names:
        yield f"{what}: {listed(names, joint=joint)}"


def as_subject(things: Sequence[str]) -> str:
    """Return things as a sentence begins with them: "Machine types, disks and addresses".

    Args:
        things: Each as a sentence would begin with it alone: "Machine types"; at least one.
    """
    first, *others = things
    return and_listed([first, *(f"{thing[:1].lower()}{thing[1:]}" for thing in others)])


def and_listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "a", "a and b", "a, b and c"; "" for none."""
    *others, last = names or ("",)
    return f"{', '.join(others)} and {last}" if others else last
