"""The same on many machines at once, by ssh, with what each says."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.reach import Via, WayIn, choose_way, ways_in
from infra_lib.operate.ssh_command import (
    FAILED,
    check_ssh,
    key_files,
    shell_status,
    ssh_words,
    start,
    unknown_key,
)
from infra_lib.terraform.printing import progress, trace
from nixgen.files.interruption import raise_signals
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine

AT_ONCE = 8
"""How many machines are asked at the same time."""

LONGEST = 64 * 2**20
"""How many bytes a machine may print: all of it is kept until it has ended."""

_NO_ANSWER = 124  # as `timeout` says it
_ENDED = 137  # as shells say it of what was killed
_PART = 2**16  # bytes
_REST = 5.0  # seconds to read what ssh has printed once it has ended


@frozen(kw_only=True)
class Said:
    """What a machine said, and how that ended.

    Attributes:
        machine: The machine's name.
        way: The way that was taken; None where there was none.
        words: The command line of ssh; none where it was not run.
        status: The exit status: the command's own, and 255 where ssh failed.
        output: What the command printed, and with `together` errors too.
        errors: What else was said: by the command, and by ssh.
    """

    machine: str
    way: WayIn | None
    words: tuple[str, ...] = ()
    status: int
    output: str = ""
    errors: str = ""


@frozen(kw_only=True)
class Question:
    """What many machines are asked.

    Attributes:
        command: What each one's shell is to run.
        stdin: What the command reads.
        together: Whether errors are to stand among what is printed, where they came.
        limit: After how many seconds nothing is waited for any more; None for never.
        login: Who to log in as; see `infra_lib.operate.reach.ways_in`.
        via: The only kind of way that is wanted, likewise.
        accept_new_key: Whether the first host key that answers is taken where none is known.
    """

    command: str
    stdin: str = ""
    together: bool = False
    limit: float | None = None
    login: str | None = None
    via: Via | None = None
    accept_new_key: bool = False


def ask_all(fleet: Fleet, machines: Sequence[Machine], question: Question) -> Iterator[Said]:
    """Ask machines, eight at a time, and yield what each says, in their order.

    Args:
        fleet: The fleet.
        machines: Machines of it.
        question: What they are asked.

    Raises:
        FleetError: When there is no ssh.
        KeyboardInterrupt: When a signal ends it; then every ssh has been ended.
    """
    check_ssh()
    running = _Running()
    with (
        raise_signals("what was asked on the machines may go on there"),
        key_files(fleet, machines) as keys,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        futures = [
            pool.submit(_ask, fleet, machine, question, keys, running) for machine in machines
        ]
        try:
            for machine, future in zip(machines, futures, strict=True):
                with progress(f"waiting for {machine.name}"):
                    said = future.result()
                if said.words:
                    trace(said.words)
                yield said
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            running.end()


class _Running:
    """Every ssh that runs, so that none is left when we end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def start(self, words: Sequence[str], *, together: bool) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._ended:
                raise FleetError("interrupted")
            process = start(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if together else subprocess.PIPE,
            )
            self._processes.append(process)
            return process

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for process in self._processes:
                if process.poll() is None:
                    process.terminate()


def _ask(
    fleet: Fleet,
    machine: Machine,
    question: Question,
    keys: Mapping[str, Path],
    running: _Running,
) -> Said:
    """Ask one machine; what is wrong with the way to it is what it says."""
    way: WayIn | None = None
    words: tuple[str, ...] = ()

    def said(status: int, output: bytes | None = None, errors: str = "") -> Said:
        return Said(
            machine=machine.name,
            way=way,
            words=words,
            status=status,
            output=_text(output),
            errors=errors,
        )

    try:
        file = keys.get(machine.name)
        if file is None and not question.accept_new_key:
            raise FleetError(unknown_key([machine.name]))
        way = choose_way(ways_in(fleet, machine, login=question.login, via=question.via))
        words = ssh_words(fleet, machine, way, file, command=question.command, attended=False)
        process = running.start(words, together=question.together)
    except FleetError as error:
        return said(FAILED, errors=str(error))
    heard = [_Heard(process, pipe) for pipe in (process.stdout, process.stderr) if pipe is not None]
    _write(process, question.stdin)
    try:
        process.wait(question.limit)
    except subprocess.TimeoutExpired:
        process.kill()
        output = heard[0].all()
        return said(_NO_ANSWER, output, f"it did not answer within {question.limit:g} s")
    output, *errors = [each.all() for each in heard]
    if any(each.is_too_much for each in heard):
        most = f"it printed more than {LONGEST // 2**20} MiB, and was ended"
        return said(_ENDED, output, most)
    return said(shell_status(process.returncode), output, _text(b"".join(errors)))


class _Heard:
    """What ssh prints into a pipe, as long as there is not too much of it."""

    def __init__(self, process: subprocess.Popen[bytes], pipe: IO[bytes]) -> None:
        self.is_too_much = False
        self._process = process
        self._pipe = pipe
        self._parts: list[bytes] = []
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def all(self) -> bytes:
        """Return all of it, once ssh has ended; a program that it left may hold the pipe still."""
        self._thread.join(_REST)
        return b"".join([*self._parts])

    def _read(self) -> None:
        left = LONGEST
        with self._pipe:
            while part := os.read(self._pipe.fileno(), _PART):
                self._parts.append(part[:left])
                left -= len(part)
                if left < 0:
                    self.is_too_much = True
                    self._process.kill()
                    return


def _write(process: subprocess.Popen[bytes], text: str) -> None:
    """Tell ssh what the command reads, which a pipe holds at once."""
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(text.encode())


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n")
