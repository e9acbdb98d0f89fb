"""What files mean, in words: for a write that is refused, for a diff, and as a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nixgen.files.meaning import nix
from nixgen.files.meaning.verdict import Pair, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nixgen.files.meaning.spare import Spare
    from nixgen.files.plan import File

NO_NIX: Final = "with nix-instantiate on PATH, it would be compared what the files mean"
MOST: Final = 20
"""Lines about one file, where not all are wanted."""

_SAME = "it says the same as what is generated"
_AS_MODULES = "as a module, where one is a function and the other is not"


def verdicts(foreign: Iterable[File]) -> dict[str, Verdict] | None:
    """Return how each Nix file that is in the way differs from what is generated, by its path.

    Returns:
        Nothing of other files; None when there are Nix files and no Nix.
    """
    pairs = [
        Pair(file.path, _text(file.found.data), _text(file.data))
        for file in foreign
        if file.found and file.data is not None and file.path.endswith(".nix")
    ]
    if not pairs:
        return {}
    program = nix.find()
    if program is None:
        return None
    return dict(zip((pair.path for pair in pairs), judge(program, pairs), strict=True))


def lines(verdict: Verdict, most: int | None = None) -> list[str]:
    """Return what a verdict says: a line that has a subject, and one for each difference.

    Args:
        verdict: The verdict.
        most: How many differences are shown; None for all.
    """
    if verdict.unknown:
        return [f"whether it says the same cannot be told ({verdict.unknown})"]
    manner = f", {_AS_MODULES}" if verdict.as_modules else ""
    if not verdict.differences:
        return [f"{_SAME}{manner}"]
    shown = verdict.differences[:most]
    said = [f"it differs from what is generated, yours → generated{manner}:"]
    said += (f"  {difference}" for difference in shown)
    if left := len(verdict.differences) - len(shown):
        said.append(f"  … and {left} more: nixgen diff")
    return said


def comments(path: str, verdict: Verdict) -> bytes:
    """Return a verdict as lines that `patch` and `git apply` pass over, before those of a file."""
    from nixgen.terminal import visible

    first, *others = lines(verdict)
    said = [f"{path}: {first}", *others]
    return "".join(f"# {visible(line)}\n" for line in said).encode(errors="replace")


def hints(spare: Iterable[Spare]) -> list[str]:
    """Return a line for each file that says nothing that is not generated."""
    return [
        f"{_line(each.path)} says nothing that is not generated, too: Nix merges both, so delete it"
        + (
            f", and where it is named: {', '.join(map(_line, each.named_by))}"
            if each.named_by
            else ""
        )
        for each in spare
    ]


def _line(path: str) -> str:
    """Return a path as people gave it, in one line whatever it holds."""
    return path.replace("\n", "\\n")


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
