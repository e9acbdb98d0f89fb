"""Colour on a terminal: what a text means, and how that looks where colours are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import TextIO

Tone = Literal["good", "bad", "warn", "quiet", "strong", "money"]
"""What a text means: as it should be; wrong, lost or deleted; to be looked at; of little
interest; a heading; an amount of money."""

Paint = Callable[[str, "Tone | None"], str]
"""Gives a text the look of its tone; of none, it stays as it is."""

# https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters: the eight
# colours alone, which every terminal lets its owner choose, on whatever background.
_LOOKS: dict[Tone, str] = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "quiet": "2",
    "strong": "1",
    "money": "36",
}

STATE_TONES: dict[str, Tone] = {"on": "good", "stopped": "warn", "off": "quiet"}
"""The tones of the states of machines."""


def plain(text: str, tone: Tone | None) -> str:
    """Return text without any colour."""
    del tone
    return text


def coloured(text: str, tone: Tone | None) -> str:
    """Return text in the colour of its tone, for `infra_lib.terraform.printing.show`."""
    return text if tone is None or not text else f"\x1b[{_LOOKS[tone]}m{text}\x1b[0m"


def paint_for(stream: TextIO | None = None) -> Paint:
    """Return what paints text for a stream: in colour where it is a terminal that shows colours.

    NO_COLOR in the environment, unless it is empty, has none there either (https://no-color.org).

    Args:
        stream: Where the text goes; stdout by default.
    """
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return coloured if (stream or sys.stdout).isatty() and not unwanted else plain


def state_tone(title: str, cell: str) -> Tone | None:
    """Return the tone of a cell of a table of machines: its state's, or that of a price.

    Args:
        title: The title of the cell's column.
        cell: What is in it.
    """
    if title == "STATE":
        return STATE_TONES.get(cell)
    return "money" if "/HOUR" in title or "/MONTH" in title else None
