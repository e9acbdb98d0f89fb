"""Times as people say them: for how long, until when, how long ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {"d": 86_400, "h": 3_600, "m": 60}
_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d)", re.ASCII)
_MOST_DAYS = 3650


def now() -> datetime:
    """Return the time it is, by the clock and in the zone of this computer.

    The commands ask it once each, and hand it on.
    """
    return datetime.now().astimezone()


def parse_span(text: str) -> timedelta:
    """Return a length of time: of days, hours and minutes, the larger ones first.

    Args:
        text: "4h", "1h30m", "2d", "90m".

    Raises:
        FleetError: When it is none, or too long for any calendar.
    """
    found = _SPAN.fullmatch(text)
    seconds = 0
    if found is not None:
        counts = zip(found.groups(), _UNITS.values(), strict=True)
        seconds = sum(int(count or 0) * unit for count, unit in counts)
    if not 0 < seconds <= _MOST_DAYS * _UNITS["d"]:
        raise FleetError(
            f"--for {text}: a length of time is accepted, in days, hours and minutes: 4h, 1h30m, 2d"
        )
    return timedelta(seconds=seconds)


def parse_end(text: str, at: datetime) -> datetime:
    """Return the time that is meant by what somebody says of an end.

    Args:
        text: "18:00", which is the next such time here; or a day and a time in ISO 8601, of here
            unless it says its offset: "2026-11-27T18:00".
        at: The time it is, with an offset.

    Raises:
        FleetError: When it is neither, or past.
    """
    accepted = (
        "a time of the day is accepted, 18:00, or a day and a time: 2026-11-27T18:00, which may "
        "have an offset, +01:00"
    )
    clock = _CLOCK.fullmatch(text)
    try:
        if clock is not None:
            today = at.astimezone().replace(tzinfo=None, second=0, microsecond=0, fold=0)
            today = today.replace(hour=int(clock[1]), minute=int(clock[2]))
            end = _next((today, today + timedelta(days=1)), at)
        elif re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text, re.ASCII):
            end = datetime.fromisoformat(text)
            end = end.astimezone() if end.tzinfo is not None else _next((end,), at)
        else:
            raise ValueError(text)
    except (ValueError, OverflowError, OSError):
        raise FleetError(f"--until {text}: {accepted}") from None
    if end <= at:
        raise FleetError(f"--until {text}: that is past; {accepted}")
    if end - at > timedelta(days=_MOST_DAYS):
        raise FleetError(f"--until {text}: that is in more than ten years; {accepted}")
    return end


def _next(clocks: Iterable[datetime], at: datetime) -> datetime:
    """Return the first time after another at which clocks here show something; else the last.

    Where they are set back, they show it twice. What they skip is as much later.

    Args:
        clocks: What they show, in order, without an offset.
        at: The other time.
    """
    times: list[datetime] = []
    for shown in clocks:
        both = [shown.replace(fold=fold).astimezone() for fold in (0, 1)]
        real = [each for each in both if each.replace(tzinfo=None, fold=0) == shown]
        times += sorted(real) if real else [max(both)]
    return next((each for each in times if each > at), times[-1])


def instant_text(when: datetime) -> str:
    """Return a time as it is written into a description: to the minute, up to the next one."""
    whole = when.replace(second=0, microsecond=0)
    return (whole if whole == when else whole + timedelta(minutes=1)).isoformat(timespec="minutes")


def span_text(length: timedelta) -> str:
    """Return a length of time for people, in its two largest units: "4 h", "2 d 3 h", "5 min"."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    if not minutes:
        return f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    parts.append(f"{minutes} min" if minutes and not days else "")
    return " ".join(filter(None, parts))
