"""Times that Compute Engine takes, and times that it would refuse or that are no use."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import FleetError, StopSchedule


@pytest.mark.parametrize(
    "cron",
    [
        "0 20 * * *",
        "30 18 * * MON-FRI",
        "0,30 18-23/2 1,15 jan,Jul sun",
        "*/15 * * * *",
        "0 0 31 2 1",  # on Mondays of February
        "0 0 29 2 *",
        "5 4 * * 7",
        "0 1 5/10 * *",
    ],
)
def test_times_that_are_some(cron: str) -> None:
    assert StopSchedule(cron).cron == cron


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "@daily",
        "0 20 * * * *",
        "0  20 * * *",
        "* * * * *",
        "55,5 * * * *",
        "*/7 1 * * *",
        "*/0 1 * * *",
        "0 5-1 * * *",
        "0 0 0 * *",
        "0 0 1 13 *",
        "0 0 * * 8",
        "0 0 * * FRI-MON",
        "0 0 * MON *",
        "0 0 * * MON-",
        "0 0 , * *",
        "0 0 31 4,6,9,11 *",
        "0 20 * * *\n",
    ],
)
def test_times_that_are_none(cron: str) -> None:
    with pytest.raises(FleetError, match="stop schedule: cron="):
        StopSchedule(cron)


FIELDS = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 7))


@given(st.tuples(*(st.integers(*bounds) for bounds in FIELDS)))
def test_every_one_time_is_some(values: tuple[int, ...]) -> None:
    cron = " ".join(map(str, values))
    assert StopSchedule(cron).cron == cron


def matched(part: str, least: int, most: int) -> set[int] | None:
    """The values that a field of numbers stands for, found by asking each; None for no field."""
    found: set[int] = set()
    for item in part.split(","):
        span, slash, step = item.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            first, last = str(least), str(most)
        elif not dash:
            last = str(most) if slash else first
        numbers = [first, last, *([step] if slash else [])]
        if not all(each.isascii() and each.isdigit() and len(each) < 3 for each in numbers):
            return None
        begin, end, every = int(first), int(last), int(step) if slash else 1
        if not (least <= begin <= end <= most and every):
            return None
        found |= {
            value
            for value in range(least, most + 1)
            if begin <= value <= end and (value - begin) % every == 0
        }
    return found


def comes(cron: str) -> bool:
    """Whether times in numbers are 15 minutes apart in every hour, and one of them ever comes."""
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    parts = cron.split(" ")
    if len(parts) != len(bounds):
        return False
    found = [matched(part, *ends) for part, ends in zip(parts, bounds, strict=True)]
    minutes, hours, days, months, weekdays = found
    if minutes is None or hours is None or days is None or months is None or weekdays is None:
        return False
    hour = [*sorted(minutes), min(minutes) + 60]
    if any(after - before < 15 for before, after in pairwise(hour)):
        return False
    year = (date(2024, 1, 1) + timedelta(day) for day in range(366))  # a leap year
    return any(
        day.month in months
        and (
            day.day in days
            if parts[4] == "*"
            else day.isoweekday() % 7 in {each % 7 for each in weekdays} or day.day in days
        )
        for day in year
    )


NUMBERS = st.integers(0, 62).map(str) | st.sampled_from(["00", "05"])
ITEM = st.one_of(
    st.just("*"),
    NUMBERS,
    st.builds("{}-{}".format, NUMBERS, NUMBERS),
    st.builds("*/{}".format, NUMBERS),
    st.builds("{}/{}".format, NUMBERS, NUMBERS),
    st.builds("{}-{}/{}".format, NUMBERS, NUMBERS, NUMBERS),
    st.text(alphabet="0123456789*/,-", max_size=4),
)
SOME_FIELD = st.one_of(ITEM, st.lists(ITEM, min_size=1, max_size=3).map(",".join))
CRON = st.one_of(
    st.lists(SOME_FIELD, min_size=5, max_size=5).map(" ".join),
    # What is mostly fine, so that days and months are looked at as well.
    st.builds(
        "{} {} {} {} {}".format,
        st.sampled_from(["0", "0,15", "0,14", "1,46", "1,47", "*/15", "*/14", "0/14", "59"]),
        st.sampled_from(["*", "0", "23", "24", "*/5"]),
        st.sampled_from(["*", "0", "1", "28", "29", "30", "31", "31,30", "32"]),
        st.sampled_from(["*", "0", "2", "4,6", "2,4", "1", "12", "13"]),
        st.sampled_from(["*", "0", "7", "8", "1-5"]),
    ),
    st.text(alphabet="0123456789*/,- ", max_size=20),
)


@given(CRON)
@settings(deadline=None, max_examples=400)
def test_times_are_taken_when_they_are_some_and_refused_when_they_are_none(cron: str) -> None:
    if comes(cron):
        assert StopSchedule(cron).cron == cron
    else:
        with pytest.raises(FleetError, match="stop schedule: cron="):
            StopSchedule(cron)


@pytest.mark.parametrize(
    ("cron", "taken"),
    [
        ("0,15 * * * *", True),
        ("0,14 * * * *", False),
        ("0,45 * * * *", True),
        ("0,46 * * * *", False),
        ("59 23 31 12 7", True),
        ("60 0 1 1 0", False),
        ("0 24 1 1 0", False),
        ("0 0 32 1 *", False),
        ("0 0 0 1 *", False),
        ("0 0 1 0 *", False),
        ("0 0 1 13 *", False),
        ("0 0 1 1 8", False),
        ("0 0 29 2 *", True),
        ("0 0 30 2 *", False),
        ("0 0 30 4 *", True),
        ("0 0 31 4 *", False),
        ("0 0 31 4,5 *", True),
        ("0 0 31 4 0", True),
        ("0 0 1 JAN-DEC SUN-SAT", True),
        ("0 0 * * 0-7/7", True),
        ("0 0 * * */99", True),
        ("0 0 * * */100", False),
        ("0/15 * * * *", True),
        ("0/14 * * * *", False),
        ("0 0 29/2 2,4 *", True),
        ("*/0 0 * * *", False),
        ("*/00 0 * * *", False),
        ("00 00 01 01 00", True),
    ],
)
def test_times_at_the_edge_of_what_there_is(cron: str, taken: bool) -> None:
    if taken:
        assert StopSchedule(cron).cron == cron
    else:
        with pytest.raises(FleetError, match="stop schedule: cron="):
            StopSchedule(cron)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_time_zones(zone: str) -> None:
    assert StopSchedule("0 20 * * *", time_zone=zone).time_zone == zone


@pytest.mark.parametrize("zone", ["", "CEST", "Berlin", "europe/berlin", "../etc/passwd"])
def test_time_zones_that_are_none(zone: str) -> None:
    with pytest.raises(FleetError, match="stop schedule: time_zone="):
        StopSchedule("0 20 * * *", time_zone=zone)
