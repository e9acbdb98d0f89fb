"""The one error a person who describes a fleet meets."""

from __future__ import annotations


class FleetError(ValueError):
    """A fleet, or a part of one, that cannot be: the message says what, where and what would do."""


def refuse(where: str, field: str, given: object, accepted: str) -> FleetError:
    """Return the error for a bad value, worded the same everywhere.

    Args:
        where: What holds the field: "machine 'galena'", "fleet 'metals'".
        field: The field's name, as it is written in Python.
        given: What was given.
        accepted: What would be accepted, or what to do instead.
    """
    return FleetError(f"{where}: {field}={given!r}: {accepted}")
