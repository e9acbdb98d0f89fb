"""A long command, run in front of a person: what it says as it comes, else a clock.

Lines are taken in pieces, and only so many at a time: one may be longer than the memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import IO, TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.terraform.printing import CLEAR, say, show, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_NOT_FOUND = 127  # env says so of a script whose interpreter, here Node.js, is not on PATH
_SILENCE = 1.0  # seconds without a line after which the clock shows
_LONGEST_PIECE = 65536  # characters
_MOST_PIECES = 64  # that wait to be printed; then the command waits
_PROC = Path("/proc")
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What has frameworks, jsii and Terraform neither look for newer versions of themselves nor tell of
# the end of a Node.js that cdktf has no newer one for. What the user has set comes before.
_QUIET = {
    "CHECKPOINT_DISABLE": "1",
    "DISABLE_VERSION_CHECK": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20,22",
}


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    hear: Callable[[str], object] | None = None,
) -> int:
    """Run a command, print its lines as they come, and return its exit code; it cannot ask.

    On a terminal a clock tells that it is still at work while it prints nothing.

    An interrupt does not reach a framework's command line, which would drop Terraform in the middle
    of its work: with instances that are in no state, and the state locked. It reaches Terraform,
    which finishes what it has begun; a second one makes it give up. So do the end of the terminal
    and SIGTERM.

    Args:
        command: The program and its arguments; no shell reads them.
        folder: Where it runs.
        variables: Environment variables that differ.
        hear: Called with each line, or piece of one.

    Raises:
        FleetError: When there is no such program, or nothing that runs it.
        KeyboardInterrupt: After the command has ended, when it was interrupted.
    """
    trace(command)
    words = " ".join(command[:2]).rpartition("/")[2]
    lines: Queue[str | None] = Queue(_MOST_PIECES)
    passed_on = 0
    with _interrupts() as interrupts, _start(command, folder, variables or {}) as process:
        Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        for line in _pieces(lines, words, hear or (lambda _: None)):
            if len(interrupts) > passed_on:
                passed_on = len(interrupts)
                _interrupt(process.pid)
            show(line)
    if interrupts:
        raise KeyboardInterrupt
    if process.returncode == _NOT_FOUND:
        raise FleetError(f"{words}: cannot be run; what it says is above")
    return process.returncode


def _start(
    command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            # In CI, a framework prints lines and draws nothing.
            env={**_QUIET, **os.environ, "CI": "true", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # out of reach of what a terminal sends
        )
    except OSError as error:
        raise FleetError(f"{command[0]}: cannot be run ({error.strerror})") from None


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect interrupts, but for those that are ignored, as in the background."""
    received: list[int] = []
    before = {each: signal.getsignal(each) for each in _INTERRUPTS}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(command: int) -> None:
    """Interrupt what a command runs in terminals of its own, or itself when there is nothing."""
    try:
        groups = _groups(command)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        say(f"interrupted, but Terraform cannot be found, and goes on: {error}")
        return
    say(
        "interrupted: Terraform finishes what it has begun, and records it; "
        "once more, and it leaves that undone"
        if groups
        else "interrupted"
    )
    for group in groups or {command}:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(group, signal.SIGINT)


def _groups(command: int) -> set[int]:
    """Return the process groups below a command, but for its own."""
    children: dict[int, list[tuple[int, int]]] = {}
    mounted = (_PROC / "self/stat").exists()
    for process, parent, group in _list() if mounted else _list_by_ps():
        children.setdefault(parent, []).append((process, group))
    found = children.get(command, [])
    for process, _ in found:  # grows
        found += children.get(process, [])
    return {group for _, group in found} - {command}


def _list() -> Iterator[tuple[int, int, int]]:
    """Yield each process, its parent and its group; a bare Linux has no ps.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    for folder in _PROC.glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):  # ended, or hidden
            # The name before it is up to the program, with spaces and brackets.
            _, _, fields = (folder / "stat").read_bytes().rpartition(b")")
            _, parent, group, *_ = fields.split()
            yield int(folder.name), int(parent), int(group)


def _list_by_ps() -> Iterator[tuple[int, int, int]]:
    """Yield the same where there is no /proc, as on macOS."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid="],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in listed.stdout.splitlines():
        process, parent, group = map(int, line.split())
        yield process, parent, group


def _read(stream: IO[str] | None, lines: Queue[str | None]) -> None:
    while piece := stream.readline(_LONGEST_PIECE) if stream else "":
        lines.put(piece)
    lines.put(None)


def _pieces(lines: Queue[str | None], words: str, hear: Callable[[str], object]) -> Iterator[str]:
    """Yield each line to print, and a clock while none comes."""
    terminal = clock = sys.stdout.isatty()
    start = monotonic()
    clear = ""
    while True:
        try:
            line = lines.get(timeout=_SILENCE)
        except Empty:
            text = f"{CLEAR}{words}: {int(monotonic() - start)} s without news"
            clear = CLEAR if clock else ""
            yield text if clock else ""
        else:
            if line is None:
                break
            hear(line)
            yield f"{clear}{line}"
            start, clear = monotonic(), ""
            clock = terminal and line.endswith("\n")  # it would wipe out half a line
    yield clear
