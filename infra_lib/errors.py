"""The one error a person who describes a fleet meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 160  # characters of what was given
_MOST = 20_000  # characters that are searched for a secret

WITHOUT_CDKTF = (
    "infra_lib.stacks needs cdktf and its Google provider: pip install 'infra-lib[cdktf]'"
)


class FleetError(ValueError):
    """A fleet, or a part of one, that cannot be: the message says what, where and what would do.

    What has the form of a secret is not repeated in it.
    """

    def __init__(self, message: str = "") -> None:
        from nixgen.redact import redacted  # most runs have no error

        super().__init__(redacted(message))


def refuse(where: str, field: str, given: object, accepted: str) -> FleetError:
    """Return the error for a bad value, worded the same everywhere.

    Of what may be a secret key, no more than its beginning is repeated.

    Args:
        where: What holds the field: "machine 'galena'", "fleet 'metals'".
        field: The field's name, as it is written in Python.
        given: What was given.
        accepted: What would be accepted, or what to do instead.
    """
    from nixgen.redact import shortened

    return FleetError(shortened(f"{where}: {field}={_shown(given)}: {accepted}"))


def nearest(given: str, known: Iterable[str]) -> str:
    """Return the end of a message that names what was probably meant; empty when nothing is near.

    Args:
        given: What was given.
        known: What would be accepted.
    """
    from difflib import get_close_matches  # only on the way to an error

    close = get_close_matches(given, sorted(known), n=3)
    return f" (nearest: {', '.join(close)})" if close else ""


def _shown(given: object) -> str:
    """Return what was given, cut short enough to leave the message one to read."""
    try:
        shown = repr(given)
    except ValueError:  # a number of more digits than Python prints
        shown = f"{type(given).__name__}(…)"
    from nixgen.redact import shortened

    shown = shortened(shown[:_MOST])
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
