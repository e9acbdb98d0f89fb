"""A long command, run in front of a person: its lines as they come, and a clock when none do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import IO, TYPE_CHECKING

from ..errors import FleetError
from .printing import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_CLEAR = "\r\x1b[K"
_NOT_FOUND = 127  # env says so of a script whose interpreter, here Node.js, is not on PATH
_SILENCE = 1.0  # seconds without a line after which the clock shows


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None) -> int:
    """Run a command, print its lines as they come, and return its exit code; it cannot ask.

    On a terminal a clock tells that it is still at work while it prints nothing. An interrupt
    reaches the command too: it is left the time to end in good order.

    Args:
        command: The program and its arguments; no shell reads them.
        folder: Where it runs.
        variables: Environment variables that differ.

    Raises:
        FleetError: When there is no such program, or nothing that runs it.
        KeyboardInterrupt: After the command has ended, when it was interrupted.
    """
    words = " ".join(command[:2]).rpartition("/")[2]
    lines: SimpleQueue[str | None] = SimpleQueue()
    with _interrupts_kept(), _started(command, folder, variables or {}) as process:
        Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        while (line := _next(lines, words)) is not None:
            show(line)
    if process.returncode == _NOT_FOUND:
        raise FleetError(f"{words}: cannot be run; what it says is above")
    return process.returncode


def _started(
    command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            # In CI, cdktf prints lines and draws nothing.
            env={**os.environ, "CI": "true", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise FleetError(f"{command[0]}: cannot be run ({error.strerror})") from None


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Keep an interrupt until the end: raised at once it could lose a line, or the command."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # so it is for the command too: a job in the background
        yield
        return
    interrupts: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt


def _read(stream: IO[str] | None, lines: SimpleQueue[str | None]) -> None:
    for line in stream or ():
        lines.put(line)
    lines.put(None)


def _next(lines: SimpleQueue[str | None], words: str) -> str | None:
    """Return the next line, None at the end; show a clock while there is none."""
    if not sys.stdout.isatty():
        return lines.get()
    start = monotonic()
    shown = False
    while True:
        try:
            line = lines.get(timeout=_SILENCE)
        except Empty:
            seconds = int(monotonic() - start)
            print(f"{_CLEAR}{words}: {seconds} s without news", end="", flush=True)
            shown = True
        else:
            if shown:
                print(_CLEAR, end="")
            return line
