"""What is between two versions of a fleet, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.operate.cost_diff_text import as_text as cost_text
from infra_lib.operate.diff.words import (
    because_text,
    disk_text,
    more_notes,
    nixos_text,
    nixos_texts,
    other_texts,
    state_text,
)
from infra_lib.operate.style import plain
from infra_lib.operate.table import fitted_table, fold
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.operate.diff.files import FileChange
    from infra_lib.operate.diff.fleet_diff import FleetDiff
    from infra_lib.operate.style import Paint, Tone

_FILES = 40  # that are listed without being asked for
_TONES: dict[str, Tone] = {
    **dict.fromkeys(("replaced", "deleted", "removed", "lost"), "bad"),
    **dict.fromkeys(("switched off", "restarted", "stopped", "changes"), "warn"),
    **dict.fromkeys(("started", "created", "added", "new"), "good"),
}
_DISKS: dict[str, Tone | None] = {"created": "good", "grown": "good", "changed": None}
_SIGNS: dict[str, Tone] = {"+": "good", "-": "bad", "@": "quiet"}
_FILE_TONES: dict[str, Tone | None] = {"created": "good", "removed": "bad", "changed": None}


def as_text(
    diff: FleetDiff,
    between: str,
    against: str,
    *,
    notes: Sequence[str] = (),
    of_clouds: Sequence[str] = (),
    width: int | None = None,
    files: bool = False,
    paint: Paint = plain,
) -> str:
    """Return it as a table of machines, with what becomes of all else below.

    Args:
        diff: What is between them.
        between: What was compared, as a sentence ends: "against HEAD (0bfd88271dbd)".
        against: The version before, for what is said of costs: "HEAD (0bfd88271dbd)".
        notes: Further lines, such as why there is no fleet before.
        of_clouds: What clouds say of prices and traffic; see `cost_diff_text.as_text`.
        width: How wide lines may be; None for any width.
        files: Whether the differences of generated files are shown.
        paint: Gives texts the looks of their tones.
    """
    costs = cost_text(diff.costs, against, (), width, of_clouds=of_clouds, paint=paint)
    parts = [
        _machines(diff, width, paint),
        *(
            _section(title, lines, width, paint)
            for title, lines in (
                ("Disks", _disks(diff)),
                ("Elsewhere", _others(diff)),
                ("NixOS", ((text, None) for text in nixos_texts(diff))),
                ("Files", _files(diff, all_of_them=files)),
                ("To be known", ((text, "warn") for text in (*notes, *more_notes(diff)))),
                ("Refused", ((text, "bad") for text in diff.refused)),
            )
        ),
        "\n".join(_painted_diff(each, paint) for each in diff.files) if files else "",
        f"{paint('Costs', 'strong')}\n{costs}",
    ]
    if diff.is_empty:
        first = f"Nothing changed {_one_line(between)}."
        return "\n".join([first, *(part for part in parts[1:-1] if part)])
    return "\n\n".join(part for part in parts if part)


def _machines(diff: FleetDiff, width: int | None, paint: Paint) -> str:
    if not diff.machines:
        return "Nothing happens to any machine."
    head = ("MACHINE", "WHAT", "STATE", "ADDRESS", "NIXOS", "BECAUSE")
    rows = (
        (
            machine.name,
            machine.what,
            state_text(machine),
            machine.address or "-",
            nixos_text(machine),
            because_text(machine.because) or "-",
        )
        for machine in diff.machines
    )
    text, _ = fitted_table(
        head,
        rows,
        width=width,
        folds={"BECAUSE"},
        optional=("NIXOS", "STATE", "ADDRESS"),
        tones=_tone,
        paint=paint,
    )
    return text


def _tone(title: str, cell: str) -> Tone | None:
    return _TONES.get(cell) if title in {"WHAT", "ADDRESS"} else None


def _disks(diff: FleetDiff) -> Iterator[tuple[str, Tone | None]]:
    for disk in diff.disks:
        lost: Tone = "warn" if disk.expected else "bad"
        yield disk_text(disk), lost if disk.what == "lost" else _DISKS[disk.what]


def _others(diff: FleetDiff) -> Iterator[tuple[str, Tone | None]]:
    for text, bad in other_texts(diff.others):
        yield text, "bad" if bad else None


def _files(diff: FleetDiff, *, all_of_them: bool) -> Iterator[tuple[str, Tone | None]]:
    shown = diff.files if all_of_them else diff.files[:_FILES]
    for file in shown:
        yield f"{file.change}: {file.path} +{file.added} -{file.removed}", _FILE_TONES[file.change]
    if rest := len(diff.files) - len(shown):
        yield f"… and {rest} more, which --files lists", None


def _section(
    title: str, lines: Iterator[tuple[str, Tone | None]], width: int | None, paint: Paint
) -> str:
    """Return a part with its title, or nothing where there are no lines."""
    room = None if width is None else max(width - 2, 20)
    shown = [
        "\n".join(f"  {paint(part, tone)}" for part in fold(_one_line(text), room).split("\n"))
        for text, tone in lines
    ]
    return "\n".join([paint(title, "strong"), *shown]) if shown else ""


def _painted_diff(file: FileChange, paint: Paint) -> str:
    lines = file.diff.removesuffix("\n").split("\n")
    return "\n".join(
        paint(visible(line), "strong" if place < 2 else _SIGNS.get(line[:1]))
        for place, line in enumerate(lines)
    )


def _one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
