"""What is between two versions of a fleet, for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.operate.cost_diff_text import as_markdown as cost_markdown
from infra_lib.operate.diff.words import (
    because_text,
    counts_text,
    disk_text,
    more_notes,
    nixos_text,
    nixos_texts,
    other_texts,
    state_text,
)
from infra_lib.operate.markdown import LONGEST, fenced, markdown_table, unmentioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.operate.diff.files import FileChange
    from infra_lib.operate.diff.fleet_diff import FleetDiff

_LONGEST_LINE = 1_000  # characters
_FOR_MACHINES, _FOR_LINES, _FOR_COSTS = 18_000, 3_000, 12_000  # bytes


def as_markdown(
    diff: FleetDiff,
    between: str,
    against: str,
    *,
    notes: Sequence[str] = (),
    of_clouds: Sequence[str] = (),
    files: bool = True,
) -> str:
    """Return it in GitHub's Markdown, short enough for a comment.

    What has to be seen comes first: what is lost, and why it should not be deployed so. The
    differences of files are folded. Where there is too much of something, the rest is counted.

    Args:
        diff: What is between them.
        between: What was compared, as a sentence ends: "against HEAD (0bfd88271dbd)".
        against: The version before, for what is said of costs.
        notes: Further lines, such as why there is no fleet before.
        of_clouds: What clouds say of prices and traffic.
        files: Whether the differences of generated files are shown.
    """
    parts = [
        f"## {_headline(diff)}",
        unmentioned(f"Fleet {diff.fleet}, {between}."),
        _quoted(diff.problems),
        _machines(diff),
        *(
            _lines(title, texts)
            for title, texts in (
                ("Disks", [disk_text(disk) for disk in diff.disks]),
                ("Elsewhere", [text for text, _ in other_texts(diff.others)]),
                ("NixOS", [*nixos_texts(diff)]),
                ("To be known", [*notes, *more_notes(diff)]),
            )
        ),
        "### Costs\n\n"
        + cost_markdown(diff.costs, against, of_clouds=of_clouds, longest=_FOR_COSTS)
        if diff.costs.changes
        else "Costs stay as they are.",
    ]
    text = "\n\n".join(part for part in parts if part)
    if not diff.files:
        return text
    table = markdown_table(
        ("File", "Change", "Lines"),
        [(each.path, each.change, f"+{each.added} -{each.removed}") for each in diff.files],
        right=1,
        most=_FOR_LINES * 2,
    ).replace("@", "&#64;")
    text = f"{text}\n\n### Generated files\n\n{table}"
    if files:
        text += "".join(_folded(diff.files, LONGEST - len(text.encode())))
    return text


def _headline(diff: FleetDiff) -> str:
    if diff.is_empty:
        return "Nothing changes"
    said = counts_text(diff) or "no machine changes"
    if diff.lost:
        return f"⚠️ {len(diff.lost)} disk{'s' if len(diff.lost) > 1 else ''} lost; {said}"
    return f"⚠️ {said}" if diff.problems else f"{said[0].upper()}{said[1:]}"


def _quoted(problems: Iterable[str]) -> str:
    return "\n".join(f"> - **{_line(problem)}**" for problem in problems)


def _machines(diff: FleetDiff) -> str:
    if not diff.machines:
        return ""
    rows = [
        (
            machine.name,
            machine.what,
            state_text(machine),
            machine.address or "-",
            nixos_text(machine),
            because_text(machine.because) or "-",
        )
        for machine in diff.machines
    ]
    table = markdown_table(
        ("Machine", "What", "State", "Address", "NixOS", "Because"),
        rows,
        right=0,
        most=_FOR_MACHINES,
    )
    return table.replace("@", "&#64;")


def _lines(title: str, texts: Sequence[str]) -> str:
    """Return lines with a title, as many as there is room for."""
    shown: list[str] = []
    room = _FOR_LINES
    for text in texts:
        line = f"- {_line(text)}"
        room -= len(line.encode()) + 1
        if room < 0:
            shown.append(f"- … and {len(texts) - len(shown)} more.")
            break
        shown.append(line)
    return "\n".join([f"### {title}", "", *shown]) if shown else ""


def _line(text: str) -> str:
    return unmentioned(text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…")


def _folded(files: Sequence[FileChange], room: int) -> Iterator[str]:
    """Yield the differences of files, each folded, as many as there is room for."""
    end = "\n\n… and more, which `infra diff --files` shows."
    room -= len(end.encode())
    for file in files:
        title = f"<summary><code>{unmentioned(file.path)}</code></summary>"
        text = f"\n\n<details>{title}\n\n{fenced(file.diff, 'diff')}\n\n</details>"
        room -= len(text.encode())
        if room < 0:
            yield end
            return
        yield text
