"""Points in time as ISO 8601 writes them, with the offset of the place whose clock they are of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from datetime import datetime

_FORM = r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)"


def parse(text: str) -> datetime:
    """Return the time that a text says.

    Args:
        text: "2026-11-27T18:00+01:00".

    Raises:
        ValueError: When it is no such text, or there is no such day, hour or offset.
    """
    from datetime import datetime  # few machines are on for a time

    if re.fullmatch(_FORM, text, re.ASCII) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def check_instant(where: str, field: str, value: object) -> None:
    """Check a point in time.

    Raises:
        FleetError: When it is none, or does not say its offset.
    """
    try:
        if isinstance(value, str):
            parse(value)
            return
    except ValueError:
        pass
    accepted = 'a time with its offset is accepted: "2026-11-27T18:00+01:00", or None for none'
    raise field_error(where, field, value, accepted)
