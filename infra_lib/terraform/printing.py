"""Printing that stops no deployment: whoever reads may leave before it has ended."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from nixgen.command import unescaped_stream
from nixgen.terminal import visible

if TYPE_CHECKING:
    from typing import TextIO

CLEAR = "\r\x1b[K"
"""What has the line that the cursor is in begin anew."""


def show(text: str) -> None:
    """Print text at once, with its colours; all else that a terminal acts on is escaped.

    Args:
        text: The text. Only at its beginning `CLEAR` does what it is for.
    """
    clear = CLEAR if text.startswith(CLEAR) else ""
    _print(clear + visible(text.removeprefix(CLEAR), colours=True), sys.stdout)


def say(text: str) -> None:
    """Print a message of `infra` itself, after what was printed so far."""
    show("")
    _print(visible(f"infra: {text}\n"), sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        out = unescaped_stream(stream)
        out.write(text.encode(encoding, "replace").decode(encoding))
        out.flush()
    except OSError:
        # Nobody reads, or the disk is full. Terraform is not to be cut off for that, nor what it
        # did to go unrecorded.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
