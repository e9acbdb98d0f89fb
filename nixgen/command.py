"""How a command ends: its exit status, and what becomes of it when nobody reads any more."""

import os
import sys
import warnings
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


def ended(run: "Callable[[], int]", name: str, errors: tuple[type[Exception], ...]) -> int:
    """Run a command and return its exit status, which is the same whoever reads what it prints.

    Characters that the terminal's encoding lacks are printed as escapes.

    Args:
        run: What the command does; it returns the status.
        name: The command's name, which begins messages. NAME_DEBUG=1 in the environment has errors
            raised.
        errors: What ends in one message and 2.
    """

    def warn(message: "Warning | str", *_args: object, **_options: object) -> None:
        print(f"{name}: warning: {message}", file=sys.stderr)

    streams = sys.stdout, sys.stderr
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = (stream and cast("TextIO", _Lasting(stream)) for stream in streams)
    try:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = warn
                return run()
        finally:
            print(end="", flush=True)
    except errors as error:
        if os.environ.get(f"{name.upper()}_DEBUG") == "1":
            raise
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        with suppress(OSError):  # the terminal may be gone
            if str(error):
                print(f"{name}: {error}", file=sys.stderr)
        return 128 + getattr(error, "number", 2)
    finally:
        sys.stdout, sys.stderr = streams


class _Lasting:
    """A stream whose reader may have seen enough: what follows goes nowhere, and nothing fails."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> "_Lasting":
        return _Lasting(self._stream.buffer)  # type: ignore[attr-defined]

    def write(self, data: Any) -> None:
        self._lasting(self._stream.write, data)

    def flush(self) -> None:
        self._lasting(self._stream.flush)

    def _lasting(self, act: "Callable[..., object]", *data: Any) -> None:
        try:
            act(*data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
