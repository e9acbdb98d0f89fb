"""What `infra verify` prints for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from infra_lib.operate.style import plain
from infra_lib.operate.table import fitted_table, fold
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.operate.health.check import Check, Result
    from infra_lib.operate.health.verdict import Verdict
    from infra_lib.operate.style import Paint, Tone

_TONES: dict[Result, Tone] = {
    "ok": "good",
    "failed": "bad",
    "warning": "warn",
    "unknown": "warn",
    "not applicable": "quiet",
}
_FINE = ("ok", "not applicable")


def as_text(
    verdicts: Sequence[Verdict],
    *,
    every: bool = False,
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """Return verdicts for people: a line for each machine, then what is not as it should be.

    Args:
        verdicts: What came of each machine.
        every: Whether what is well is listed too.
        width: How wide it may be; None for any width.
        paint: Gives texts their looks.
    """
    parts = [_machines(verdicts, width, paint)]
    shown = [
        (verdict, check)
        for verdict in verdicts
        for check in verdict.checks
        if every or check.result not in _FINE
    ]
    if shown:
        parts.append(_checks(shown, width, paint))
    advice = "\n".join(fold(line, width) for line in _advice(shown))
    return "\n\n".join([*parts, *([advice] if advice else [])])


def _machines(verdicts: Sequence[Verdict], width: int | None, paint: Paint) -> str:
    head = ("MACHINE", "RESULT", "WAY", "NIXOS", "CHECKS")
    rows = (
        (
            verdict.machine,
            verdict.result,
            verdict.via or "-",
            _found(verdict, "nixos") + _generation(verdict),
            _counts(verdict),
        )
        for verdict in verdicts
    )
    text, _ = fitted_table(
        head,
        rows,
        width=width,
        folds=("CHECKS",),
        optional=("NIXOS", "WAY"),
        tones=_tone,
        paint=paint,
    )
    return text


def _checks(shown: Sequence[tuple[Verdict, Check]], width: int | None, paint: Paint) -> str:
    head = ("MACHINE", "CHECK", "RESULT", "EXPECTED", "FOUND")
    rows = (
        (verdict.machine, check.name, check.result, check.expected or "-", check.found or "-")
        for verdict, check in shown
    )
    text, _ = fitted_table(
        head, rows, width=width, folds=("EXPECTED", "FOUND"), tones=_tone, paint=paint
    )
    return text


def _advice(shown: Sequence[tuple[Verdict, Check]]) -> Iterator[str]:
    for verdict, check in shown:
        if check.advice:
            yield visible(f"{verdict.machine}: {check.name}: {check.advice}.")


def _found(verdict: Verdict, name: str) -> str:
    return next((check.found for check in verdict.checks if check.name == name), "-")


def _generation(verdict: Verdict) -> str:
    known = [check for check in verdict.checks if check.name == "generation"]
    return f", generation {known[0].found}" if known and known[0].result == "ok" else ""


def _counts(verdict: Verdict) -> str:
    """Return how many checks came to what: "12 ok, 1 failed"."""
    counts = Counter(check.result for check in verdict.checks)
    return ", ".join(
        f"{counts[result]} {result}"
        for result in _TONES
        if counts[result] and result != "not applicable"
    )


def _tone(title: str, cell: str) -> Tone | None:
    if title != "RESULT":
        return None
    return next((look for result, look in _TONES.items() if cell == result), None)
