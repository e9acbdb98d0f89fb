"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from typing import Literal

from nixgen.frozen import frozen

Result = Literal["ok", "warning", "failed", "unknown", "not applicable"]
"""As it should be; to be looked at; not as it should be; not to be told; of no such machine."""

_LONGEST = 120  # characters of what a machine said


@frozen(kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is called: "hostname".
        result: What came of it.
        expected: What the fleet promises, in a few words; empty where it is nothing to compare.
        found: What the machine said, in a few words.
        advice: What to do, in a sentence; empty for nothing.
    """

    name: str
    result: Result
    expected: str = ""
    found: str = ""
    advice: str = ""


def short(text: str) -> str:
    """Return the first line of what a machine said, cut where it is long."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
