"""Printing that stops no deployment: whoever reads may leave before it has ended."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def show(text: str) -> None:
    """Print text as it is, at once."""
    _print(text, sys.stdout)


def say(text: str) -> None:
    """Print a message of `infra` itself, after what was printed so far."""
    show("")
    _print(f"infra: {text}\n", sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except OSError:
        # Nobody reads, or the disk is full. Terraform is not to be cut off for that, nor what it
        # did to go unrecorded.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
