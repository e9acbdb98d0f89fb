"""When Compute Engine stops a machine by itself, as cron says it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.model.errors import FleetError, field_error, nearest
from infra_lib.model.frozen import frozen
from infra_lib.model.money import HOURS_PER_DAY
from infra_lib.model.validators import valid

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# Each field's name, least and most value, and the names that stand for values from the least on.
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
# Compiled only for a fleet that has a schedule: each compilation is felt at start-up.
_PART = (
    r"(?:\*|(?P<first>[0-9]{1,2}|[A-Za-z]{3})(?:-(?P<last>[0-9]{1,2}|[A-Za-z]{3}))?)"
    r"(?:/(?P<step>[0-9]{1,2}))?"
)
_TIME_ZONE = r"[A-Za-z][-+_A-Za-z0-9]*(?:/[-+_A-Za-z0-9]+)*"

# An operation may begin up to 15 minutes late.
_LEAST_MINUTES = 15


def _check_cron(where: str, field: str, cron: object) -> None:
    parts = cron.split(" ") if isinstance(cron, str) else []
    if not isinstance(cron, str) or len(parts) != len(_FIELDS):
        raise field_error(
            where,
            field,
            cron,
            "five fields with a space between: minute, hour, day of month, month, day of week, "
            'such as "0 20 * * *" for 20:00 every day',
        )
    minutes, _, days, months, _ = _fields(where, cron)
    gaps = zip(minutes, [*minutes[1:], minutes[0] + 60], strict=True)
    if any(after - before < _LEAST_MINUTES for before, after in gaps):
        raise field_error(
            where,
            field,
            cron,
            f"an operation may begin {_LEAST_MINUTES} minutes late: name minutes that are at "
            f"least {_LEAST_MINUTES} apart, such as 0 or 0,30",
        )
    # Where both are restricted, cron takes either.
    if parts[4] == "*" and all(days[0] > _LONGEST_MONTHS[month - 1] for month in months):
        raise field_error(
            where, field, cron, f"no month of those has a day {days[0]}: it never comes"
        )


def _fields(where: str, cron: str) -> Iterator[list[int]]:
    """Yield the values that each of the five fields stands for, sorted."""
    for part, given in zip(cron.split(" "), _FIELDS, strict=True):
        yield _values(where, cron, part, *given)


def _values(
    where: str, cron: object, text: str, name: str, least: int, most: int, names: tuple[str, ...]
) -> list[int]:
    """Return the values that one field stands for, sorted."""
    accepted = f"{name}: * or numbers from {least} to {most}"
    if names:
        accepted += f" ({names[0].upper()} to {names[-1].upper()})"
    error = field_error(where, "cron", cron, f"{accepted}, as 5, 1-5, 1,5 or */5; not {text!r}")
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(_PART, part)
        if match is None or match["step"] == "0" or match["step"] == "00":
            raise error
        first = _value(match["first"], least, names, error)
        last = _value(match["last"], least, names, error)
        if first is None:
            first, last = least, most
        elif last is None:
            last = most if match["step"] else first
        if not least <= first <= last <= most:
            raise error
        found.update(range(first, last + 1, int(match["step"] or 1)))
    return sorted(found)


def _value(text: str | None, least: int, names: tuple[str, ...], error: FleetError) -> int | None:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    if text.lower() not in names:
        raise error
    return names.index(text.lower()) + least


def _check_time_zone(where: str, field: str, name: object) -> None:
    accepted = 'a zone of the tz database: "Europe/Berlin", "America/New_York", "UTC"'
    if not isinstance(name, str) or not re.fullmatch(_TIME_ZONE, name):
        raise field_error(where, field, name, accepted)
    known = _time_zones()
    if known and name not in known:
        raise field_error(where, field, name, f"{accepted}{nearest(name, known)}")


@cache
def _time_zones() -> set[str]:
    """Return every zone; none on a system without the database."""
    from zoneinfo import available_timezones

    return available_timezones()


@frozen
class StopSchedule:
    """When Compute Engine stops a machine that runs, so that a forgotten one turns itself off.

    It never starts one. The next deployment does: what is enabled and not `stopped` is to run.

    Compute Engine does it on behalf of its own service agent, which needs the permission
    `compute.instances.stop`; see
    https://cloud.google.com/compute/docs/instances/schedule-instance-start-stop.

    Attributes:
        cron: The times, as five fields of unix-cron: minute, hour, day of month, month, day of
            week. "0 20 * * *" is every evening at eight. An operation may begin up to 15 minutes
            late, so times are at least 15 minutes apart.
        time_zone: The zone of the tz database that the times are in: "Europe/Berlin".

    Raises:
        FleetError: When cron does not take the times, there is no such zone, or no such time ever
            comes.
    """

    _where = "stop schedule"

    cron: str = field(validator=valid(_check_cron))
    time_zone: str = field(default="UTC", validator=valid(_check_time_zone), kw_only=True)

    @property
    def longest_run(self) -> float:
        """How many hours a run can last between two stops of a day; 24 where days have none."""
        if self.cron.split(" ")[2:] != ["*", "*", "*"]:
            return HOURS_PER_DAY
        minutes, hours, *_ = _fields(self._where, self.cron)
        stops = [hour + minute / 60 for hour in hours for minute in minutes]
        nexts = [*stops[1:], stops[0] + HOURS_PER_DAY]
        return max(after - before for before, after in zip(stops, nexts, strict=True))
