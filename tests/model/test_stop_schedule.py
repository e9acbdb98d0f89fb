"""Times that Compute Engine takes, and times that it would refuse or that are no use."""

from contextlib import suppress

import pytest
from hypothesis import given
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
    StopSchedule(" ".join(map(str, values)))


@given(st.text(alphabet="0123456789*/,-MON@ \n", max_size=20))
def test_any_text_is_taken_or_refused(cron: str) -> None:
    with suppress(FleetError):
        StopSchedule(cron)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_time_zones(zone: str) -> None:
    assert StopSchedule("0 20 * * *", time_zone=zone).time_zone == zone


@pytest.mark.parametrize("zone", ["", "CEST", "Berlin", "europe/berlin", "../etc/passwd"])
def test_time_zones_that_are_none(zone: str) -> None:
    with pytest.raises(FleetError, match="stop schedule: time_zone="):
        StopSchedule("0 20 * * *", time_zone=zone)
