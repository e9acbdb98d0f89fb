"""The one error that a person who describes a fleet meets, and how its message is worded."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 160  # characters of what was given
_MOST = 20_000  # characters that are searched for a secret
_LISTED = 8  # names that begin as one that was given


class FleetError(ValueError):
    """A fleet, or a part of one, that cannot be: the message says what, where and what would do.

    What has the form of a secret is not repeated in it.
    """

    def __init__(self, message: str = "") -> None:
        from nixgen.redact import redact  # most runs have no error

        super().__init__(redact(message))


def field_error(where: str, field: str, given: object, accepted: str) -> FleetError:
    """Return the error for a bad value, worded the same everywhere.

    Of what may be a secret key, no more than its beginning is repeated.

    Args:
        where: What holds the field: "machine 'galena'", "fleet 'metals'".
        field: The field's name, as it is written in Python.
        given: What was given.
        accepted: What would be accepted, or what to do instead.
    """
    from nixgen.redact import shorten

    return FleetError(shorten(f"{where}: {field}={shown(given)}: {accepted}"))


def nearest(given: str, known: Iterable[str]) -> str:
    """Return the end of a message that names what was probably meant; empty when nothing is near.

    That is what `alike` returns, or else what begins with the words given, "g2" or "e2-standard",
    or else what is spelt nearly so.

    Args:
        given: What was given.
        known: What would be accepted.
    """
    from difflib import get_close_matches  # only on the way to an error

    names = [*known]
    close = alike(given, names)
    if not close:
        begun = [name for name in names if name.startswith(f"{given.lower()}-")]
        more = len(begun) - _LISTED
        close = [*begun[:_LISTED], f"{more} more"] if more > 0 else begun
    close = close or get_close_matches(given, sorted(names), n=3)
    return f" (nearest: {', '.join(close)})" if close else ""


def alike(given: str, known: Iterable[str]) -> list[str]:
    """Return the names of the same letters and digits, whatever their case and what is between.

    Args:
        given: What was given.
        known: What would be accepted.
    """
    letters = _letters(given)
    return [name for name in known if _letters(name) == letters]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def shown(given: object) -> str:
    """Return what was given, cut short where it would make the message too long to read."""
    if isinstance(given, MappingProxyType):  # as it was written
        given = dict(given)
    try:
        text = repr(given)
    except ValueError:  # a number of more digits than Python prints
        text = f"{type(given).__name__}(…)"
    from nixgen.redact import shorten

    text = shorten(text[:_MOST])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
