"""Running a command: its messages, its exit status, and what to do when nobody reads any more."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, cast

from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Final, TextIO

WITHOUT_COLOUR: Final[dict[str, Any]] = {"color": False} if sys.version_info >= (3, 14) else {}
"""Arguments of parsers: help that Python 3.14 would colour is escaped like all that is printed."""


def run_command(
    run: Callable[[], int],
    name: str,
    errors: tuple[type[Exception], ...],
    *,
    untouched: bool = False,
) -> int:
    """Run a command and return its exit status, which is the same whoever reads what it prints.

    Characters that the terminal's encoding lacks, or that a terminal would act on, are printed as
    escapes.

    Args:
        run: What the command does; it returns the status.
        name: The command's name, which begins messages. NAME_DEBUG=1 in the environment has the
            traceback printed in place of one.
        errors: What ends in one message and 2.
        untouched: Whether `run` prints what is not ours to escape; messages still are escaped.
    """

    def say(message: str) -> None:
        print(visible(f"{name}: {message}"), file=sys.stderr)

    def warn(message: Warning | str, *_args: object, **_options: object) -> None:
        say(f"warning: {message}")

    streams = sys.stdout, sys.stderr
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    kind = _Pipe if untouched else _EscapingPipe
    sys.stdout, sys.stderr = (stream and cast("TextIO", kind(stream)) for stream in streams)
    try:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = warn
                return run()
        finally:
            print(end="", flush=True)
    except errors as error:
        if os.environ.get(f"{name.upper()}_DEBUG") == "1":
            from traceback import format_exception

            print(visible("".join(format_exception(error))), end="", file=sys.stderr)
        else:
            say(str(error))
        return 2
    except KeyboardInterrupt as error:
        with suppress(OSError):  # the terminal may be gone
            if str(error):
                print(f"{name}: {error}", file=sys.stderr)
        return 128 + getattr(error, "number", 2)
    finally:
        sys.stdout, sys.stderr = streams


def unescaped_stream(stream: TextIO) -> TextIO:
    """Return the stream that writes text as it is: for what is escaped already."""
    return cast("TextIO", stream._stream) if isinstance(stream, _EscapingPipe) else stream


class _Pipe:
    """A stream whose reader may have seen enough: what follows goes nowhere, and nothing fails."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> _Pipe:
        return _Pipe(self._stream.buffer)  # type: ignore[attr-defined]

    def write(self, data: Any) -> None:
        self._attempt(self._stream.write, data)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def _attempt(self, act: Callable[..., object], *data: Any) -> None:
        try:
            act(*data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


class _EscapingPipe(_Pipe):
    """One that escapes what a terminal acts on: in text always, in bytes where it is a terminal."""

    @property
    def buffer(self) -> _Pipe:
        buffer: IO[bytes] = self._stream.buffer  # type: ignore[attr-defined]
        return _EscapingBytesPipe(buffer) if self._stream.isatty() else _Pipe(buffer)

    def write(self, data: str) -> None:
        super().write(visible(data))


class _EscapingBytesPipe(_Pipe):
    def write(self, data: bytes) -> None:
        super().write(visible(data.decode(errors="surrogateescape")).encode())
