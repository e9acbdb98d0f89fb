"""Printing that stops no deployment: whoever reads may leave before it has ended."""

from __future__ import annotations

import os
import shlex
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nixgen.command import unescaped_stream
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

CLEAR = "\r\x1b[K"
"""What has the line that the cursor is in begin anew."""


_SOON = 2.0  # seconds that people wait without being told what for


class _Volume:
    """How much is said beside what was asked for; the command line sets it once."""

    quiet = False
    verbose = False
    is_told = False  # whether progress is shown at the moment


def set_volume(*, quiet: bool = False, verbose: bool = False) -> None:
    """Say less or more from here on.

    Args:
        quiet: Whether notes and progress are left out; errors never are.
        verbose: Whether the commands that are run are told.
    """
    _Volume.quiet, _Volume.verbose = quiet, verbose


def note(text: str) -> None:
    """Print a message that people can do without, unless they asked for quiet."""
    if not _Volume.quiet:
        say(text)


def trace(command: Sequence[str]) -> None:
    """Print a command that is about to be run, where people asked to be told."""
    if _Volume.verbose:
        say(f"+ {shlex.join(command)}")


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show what is waited for, and how long by now, when it takes more than two seconds.

    It is shown on a terminal alone, in a line that goes away at the end. Nothing else is to be
    printed meanwhile.

    Args:
        text: What is done: "asking Terraform for stack gcp".
    """
    if _Volume.quiet or _Volume.is_told or not sys.stderr.isatty():
        yield  # of two things that go on at once, the first is told
        return
    _Volume.is_told = True
    from threading import Event, Thread  # most commands show none

    started, done, stream = time.monotonic(), Event(), sys.stderr

    def tell() -> None:
        wait = _SOON
        while not done.wait(wait):
            elapsed = time.monotonic() - started
            _print(f"{CLEAR}{visible(f'infra: {text} … {elapsed_text(elapsed)}')}", stream)
            wait = 1.0

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        _Volume.is_told = False
        if time.monotonic() - started >= _SOON:
            _print(CLEAR, stream)


def elapsed_text(seconds: float) -> str:
    """Return a time in words: "8 s", "2 min 5 s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


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
