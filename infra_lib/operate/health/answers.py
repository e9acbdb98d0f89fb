"""What a machine answered to `probe.sh`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from nixgen.frozen import frozen

_FIRST, _LAST = "infra-probe 1", "infra-probe end"
_ASKED = r"\? ([a-z_]+)"
_ANSWER = r"= ([a-z_]+) ([0-9]+)"
_MISSING = 127


@frozen
class Answer:
    """What one program said.

    Attributes:
        status: Its exit status; 127 where there is no such program, 124 where it did not end.
        text: What it printed, also as an error, without the last newline.
    """

    status: int
    text: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether there is no such program."""
        return self.status == _MISSING

    @property
    def said(self) -> str | None:
        """What it printed when it did well; None when it did not, or said nothing."""
        return self.text.strip() or None if self.status == 0 else None

    @property
    def first_line(self) -> str:
        """How its text begins, for people."""
        return self.text.strip().partition("\n")[0]


@frozen
class Answers:
    """Every answer of a machine.

    Attributes:
        named: The answers, by what was asked.
    """

    named: Mapping[str, Answer]

    def __getitem__(self, name: str) -> Answer:
        """Return an answer; one of a missing program where nothing was asked."""
        return self.named.get(name, Answer(_MISSING))


def script() -> str:
    """Return the script that asks a machine, for its `sh` to read."""
    return Path(__file__).with_name("probe.sh").read_text()


def parse(text: str) -> Answers | None:
    """Take what the script printed apart.

    Args:
        text: What came from the machine, with whatever its shell says by itself before and after.

    Returns:
        The answers; None when the script did not run to its end.
    """
    lines = text.split("\n")
    if _FIRST not in lines:
        return None
    lines = lines[lines.index(_FIRST) + 1 :]
    if _LAST not in lines:
        return None
    found: dict[str, tuple[int, list[str]]] = {}
    said: list[str] = []
    for line in lines[: lines.index(_LAST)]:
        if line.startswith("|"):
            said.append(line[1:])
        elif (begun := re.fullmatch(_ANSWER, line)) is not None:
            said = []
            found[begun[1]] = (int(begun[2]), said)
    return Answers(
        {name: Answer(status, "\n".join(each)) for name, (status, each) in found.items()}
    )


def hangs_at(text: str) -> str | None:
    """Return what a machine was asked when nothing more came; None where it was asked nothing.

    Args:
        text: What came from the machine, of which the end is missing.
    """
    _, _, told = f"\n{text}".partition(f"\n{_FIRST}\n")
    asked = [found[1] for line in told.split("\n") if (found := re.fullmatch(_ASKED, line))]
    return asked[-1] if asked else None
