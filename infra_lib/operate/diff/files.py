"""Which generated files are others, or new, or gone."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Literal

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@frozen(kw_only=True)
class FileChange:
    """A generated file that is not as it was. At least one of the two texts is there.

    Attributes:
        path: Where it is.
        before: What was in it, but for its digest; None for a new one.
        after: What is in it now; None for one that is gone.
        added: How many lines it has more, other lines among them.
        removed: How many it has no more.
        machines: The names of the machines that it may concern; None for all, and empty for none.
    """

    path: str
    before: str | None
    after: str | None
    added: int
    removed: int
    machines: tuple[str, ...] | None

    @property
    def change(self) -> Literal["created", "changed", "removed"]:
        """What becomes of it."""
        if self.before is None:
            return "created"
        return "removed" if self.after is None else "changed"

    @property
    def diff(self) -> str:
        """The unified diff, for people: digests in headers are left out of it."""
        return "".join(_diff(self.path, self.before, self.after))


def file_changes(
    before: Mapping[str, str],
    after: Mapping[str, str],
    concerned: Mapping[str, tuple[str, ...] | None],
) -> tuple[FileChange, ...]:
    """Return what becomes of generated files, by path.

    Args:
        before: The texts of the files before, by path.
        after: The texts after.
        concerned: The machines that a file may concern, by path; none for one that is not here.
    """
    paths = sorted({*before, *after})
    changed = [path for path in paths if before.get(path) != after.get(path)]
    return tuple(
        _change(path, before.get(path), after.get(path), concerned.get(path, ()))
        for path in changed
    )


def _change(
    path: str, before: str | None, after: str | None, machines: tuple[str, ...] | None
) -> FileChange:
    if before is None or after is None:
        count = len(_lines(before or after))
        added, removed = (count, 0) if before is None else (0, count)
    else:
        signs = [line[0] for line in _diff(path, before, after)][2:]
        added, removed = signs.count("+"), signs.count("-")
    return FileChange(
        path=path, before=before, after=after, added=added, removed=removed, machines=machines
    )


def _diff(path: str, before: str | None, after: str | None) -> Iterator[str]:
    old = "/dev/null" if before is None else f"a/{path}"
    new = "/dev/null" if after is None else f"b/{path}"
    return unified_diff(_lines(before), _lines(after), old, new)


def _lines(text: str | None) -> list[str]:
    """Return the lines of a text as `git` counts them, each with its end."""
    if not text:
        return []
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
