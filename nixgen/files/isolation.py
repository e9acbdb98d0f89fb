"""Running people's code, which may print, end its process, or have modules named like Python's."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from nixgen.errors import NixgenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENDING = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})
_ZIP = f"python{sys.version_info.major}{sys.version_info.minor}.zip"


def put_python_first(project: Path | None = None) -> None:
    """Have modules found among Python's own first, then in a project, then elsewhere.

    Python looks into the folder of a script first. There a `hashlib.py` would take the place of the
    one that we import later, and that other packages do.

    Args:
        project: A folder of people's modules.
    """
    library = Path(os.__file__).parent
    python = [*map(str, (library, library / "lib-dynload", library.parent / _ZIP))]
    first = [entry for entry in sys.path if entry in python] + ([str(project)] if project else [])
    sys.path[:] = first + [entry for entry in sys.path if entry not in first]


def run_in_child(work: Callable[[], bytes], where: str) -> bytes:
    """Run a function in a process of its own and return what it returns.

    So nothing that it does to its process, such as `os._exit(0)`, passes for our having done what
    we are there for: only what it returned does.

    Args:
        work: The function; what it prints goes to stderr.
        where: What is run, for messages.

    Raises:
        NixgenError: When there can be no such process, or it ends without having returned anything.
    """
    with started_in_child(work, where) as wait:
        return wait()


@contextmanager
def started_in_child(work: Callable[[], bytes], where: str) -> Iterator[Callable[[], bytes]]:
    """Run a function as `run_in_child` does, while this process goes on.

    Args:
        work: The function; what it prints goes to stderr.
        where: What is run, for messages.

    Yields:
        A function that waits for what it returns, and returns that; to be called once. A process
        that nobody has waited for in the end is killed.

    Raises:
        NixgenError: As `run_in_child` does; when it is called, where the process ended too early.
    """
    print(end="", flush=True)  # or both would print what is buffered
    reading, writing = os.pipe()
    # A signal that comes now waits until we know what else it is to end.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    with warnings.catch_warnings():
        # Python 3.12 warns where there are threads. The command has none; and who calls it as a
        # function gets a process that only runs the source.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            process = os.fork()
        except BaseException as error:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(reading)
            os.close(writing)
            if isinstance(error, OSError):
                why = f"cannot be run in a process of its own: {error.strerror}"
                raise NixgenError(f"{where}: {why}; nothing was done") from None
            raise
    if not process:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(reading)
        _run_and_exit(work, writing)
    with os.fdopen(reading, "rb") as pipe, _pass_on_signals(process):
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(writing)
        waited = False

        def wait() -> bytes:
            nonlocal waited
            header = pipe.read(8)
            length = int.from_bytes(header)
            returned = pipe.read(length)
            _, status = os.waitpid(process, 0)
            waited = True
            if len(header) < 8 or len(returned) < length:
                code = os.waitstatus_to_exitcode(status)
                how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
                raise NixgenError(
                    f"{where}: its process {how} before it was through; nothing was done"
                )
            return returned

        try:
            yield wait
        except KeyboardInterrupt:
            waited = True  # it is interrupted, too, and ends as it likes
            raise
        finally:
            if not waited:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _run_and_exit(work: Callable[[], bytes], writing: int) -> NoReturn:
    status = 1
    try:
        atexit._clear()  # those of the process that this one was made from
        with redirect_stdout_to_stderr():
            returned = work()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(len(returned).to_bytes(8) + returned)
            atexit._run_exitfuncs()
        status = 0
    finally:
        os._exit(status)


@contextmanager
def _pass_on_signals(process: int) -> Iterator[None]:
    """Pass on to a process the signals that end or interrupt this one, so that both end."""

    def end(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(process, number)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    handled = []
    with suppress(ValueError):  # not in the main thread
        for number in _ENDING - {signal.SIGINT}:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)
                handled.append(number)
    try:
        yield
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGINT)
        raise
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def redirect_stdout_to_stderr() -> Iterator[None]:
    """Have everything that is printed go to stderr, also by other programs."""
    before = sys.stdout
    print(end="", flush=True)
    sys.stdout = sys.stderr
    stdout = None
    with suppress(OSError):
        stdout = os.dup(1)
        os.dup2(2, 1)
    try:
        yield
    finally:
        for stream in filter(None, (sys.stdout, sys.__stdout__, sys.stderr)):
            with suppress(OSError, ValueError):
                stream.flush()
        sys.stdout = before
        if stdout is not None:
            os.dup2(stdout, 1)
            os.close(stdout)


@contextmanager
def forbid_exit() -> Iterator[None]:
    """Have what would end this process, or make it another program, raise SystemExit instead."""
    process = os.getpid()

    def guard(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*arguments: Any) -> Any:
            if os.getpid() != process:  # one that the code made itself
                return act(*arguments)
            raise SystemExit(f"os.{name} would end the command before it is through")

        return refuse

    acts = {name: getattr(os, name) for name in ("_exit", "execv", "execve")}
    for name, act in acts.items():
        setattr(os, name, guard(name, act))
    try:
        yield
    finally:
        for name, act in acts.items():
            setattr(os, name, act)
