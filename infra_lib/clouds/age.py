"""How old the facts of a catalogue are, and what is said of those that are too old to go by."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.model.wording import as_subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.answers import Source

OLD = 180
"""Days for which a price list is good."""


def today() -> date:
    """Return the day it is, by UTC; INFRA_TODAY in the environment stands in for it, for tests.

    Raises:
        FleetError: When that is no day.
    """
    said = os.environ.get("INFRA_TODAY")
    if said is None:
        return datetime.now(tz=UTC).date()
    if not is_day(said):
        raise FleetError(f"INFRA_TODAY={said!r}: a day such as 2026-07-30 is wanted")
    return date.fromisoformat(said)


def is_day(text: str) -> bool:
    """Whether a text is a day as ISO 8601 writes it: "2026-07-30"."""
    return re.fullmatch(r".{4}-.{2}-.{2}", text) is not None and last_day(text) is not None


def age_note(sources: Iterable[Source], day: date) -> str | None:
    """Return a sentence on what is more than 180 days old; None when nothing is.

    It is for where prices are shown, and depends on the day: never for a generated file.

    Args:
        sources: Where the facts shown come from.
        day: The day that it is, `today()`.
    """
    old: dict[str, dict[str, None]] = {}  # of each day, what is of it: in order, and once
    for source in sources:
        last = last_day(source.as_of)
        if last is not None and day - last > timedelta(days=OLD):
            old.setdefault(source.as_of, {})[source.of] = None
    if not old:
        return None
    what = "; ".join(f"{as_subject([*of])}: as of {as_of}" for as_of, of in old.items())
    return f"{what}, more than {OLD} days ago; infra catalog update --help says how to renew that"


def last_day(as_of: str) -> date | None:
    """Return the last day that a date may mean; None for none: "2026-07-30", "2026-07", "2026"."""
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", as_of)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        if day:
            return date(year, month, day)
        after = date(year + 1, 1, 1) if month in {0, 12} else date(year, month + 1, 1)
        return after - timedelta(days=1)
    except (ValueError, OverflowError):
        return None
