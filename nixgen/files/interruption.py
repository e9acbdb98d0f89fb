"""Signals that ask a process to end, while it does what must not be left half done."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_WORDS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "hung up",
}


class Interrupted(KeyboardInterrupt):
    """A signal came; the message says what became of the work.

    Attributes:
        number: The number of the signal.
    """

    def __init__(self, number: int, outcome: str) -> None:
        self.number = number
        super().__init__(f"{_WORDS[signal.Signals(number)]}; {outcome}")


class DelayedSignals:
    """The signals that came, each of which waits until the work can end."""

    def __init__(self) -> None:
        self._received: list[int] = []

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal; this is their handler."""
        self._received.append(number)

    def raise_pending(self, outcome: str) -> None:
        """End the work when a signal came.

        Args:
            outcome: What became of it, for the message.

        Raises:
            Interrupted: When one came.
        """
        if self._received:
            raise Interrupted(self._received[0], outcome)


@contextmanager
def raise_signals(outcome: str) -> Iterator[None]:
    """Have the signals that would end the process at once raise an exception, as Control-C does.

    So what has to be done in the end is done. Those that are ignored, as under `nohup`, or handled
    by somebody else stay so. In another thread than the main one this does nothing.

    Args:
        outcome: What becomes of the work, for the message.

    Raises:
        Interrupted: When one comes.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number, outcome)

    handled = []
    with suppress(ValueError):  # not in the main thread
        for number in _WORDS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)
                handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def delay_signals() -> Iterator[DelayedSignals]:
    """Hold back signals that would end the process, for the work to end where it can.

    Those that are ignored, as under `nohup`, or handled by somebody else stay so. In another thread
    than the main one, which signals do not reach, this does nothing.
    """
    signals = DelayedSignals()
    before = {}
    try:
        for number in _WORDS:
            handler = signal.getsignal(number)
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = handler
                try:
                    signal.signal(number, signals.receive)
                except ValueError:  # not the main thread
                    before.clear()
                    break
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
