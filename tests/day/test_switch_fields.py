"""What a switch changes of a machine, as it is written; and times as people say them."""

import ast
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import FleetError, GcpMachine, Gpu, HetznerMachine
from infra_lib.model.instant import parse
from infra_lib.operate.switch.edit import EditError, calls
from infra_lib.operate.switch.fields import Action, End, switch, write
from infra_lib.operate.switch.overdue import on_for_a_time
from infra_lib.operate.switch.span import instant_text, parse_end, parse_span, span_text
from infra_lib.operate.switch.stays import lost, stays
from tests.helpers.tools import unavailable

NOW = datetime(2026, 11, 27, 14, 3, 40, tzinfo=UTC)
FOUR = End(NOW + timedelta(hours=4), "--for 4h", NOW)
UNTIL = "2026-11-27T18:04+00:00"
PAST = "2026-11-27T12:00+00:00"


def gcp(**fields: Any) -> GcpMachine:
    given: dict[str, Any] = {"machine_type": "n1-standard-8", "zone": "us-central1-c", **fields}
    return GcpMachine("galena", **given)


def hetzner(**fields: Any) -> HetznerMachine:
    return HetznerMachine("galena", server_type="ccx13", location="fsn1", **fields)


def switched(text: str, machine: Any, action: Action, end: End | None = None) -> tuple[str, str]:
    """The text of a call with a machine switched in it, and what people are told."""
    data = text.encode()
    ((place, _),) = [each for each in calls(data) if each[1].args]
    asked = switch(machine, action, end)
    change = write(asked, data, place)
    return change.data.decode(), " ".join(change.notes)


@pytest.mark.parametrize(
    ("machine", "action", "end", "before", "after"),
    [
        (gcp(enabled=False), "enable", None, "enabled=False", "enabled=True"),
        (gcp(), "disable", None, "zone=Z", "zone=Z, enabled=False"),
        (
            gcp(enabled=False),
            "enable",
            FOUR,
            "zone=Z",
            f'zone=Z, enabled=True, on_until="{UNTIL}", max_run_duration=14400',
        ),
        (  # one of people's own stays
            gcp(enabled=False, max_run_duration=600),
            "enable",
            FOUR,
            "max_run_duration=600, enabled=False",
            f'max_run_duration=600, enabled=True, on_until="{UNTIL}"',
        ),
        (
            gcp(on_until=PAST, max_run_duration=60),
            "disable",
            None,
            f'on_until="{PAST}", max_run_duration=60, enabled=True',
            "enabled=False",
        ),
        (  # of a limit that does not stand after on_until nobody knows that a switch wrote it
            gcp(on_until=PAST, max_run_duration=60),
            "disable",
            None,
            f'max_run_duration=60, on_until="{PAST}", enabled=True',
            "max_run_duration=60, enabled=False",
        ),
        (
            gcp(enabled=False, on_until=PAST, max_run_duration=60),
            "enable",
            FOUR,
            f'enabled=False, on_until="{PAST}", max_run_duration=60',
            f'enabled=True, on_until="{UNTIL}", max_run_duration=14400',
        ),
        (
            gcp(enabled=False, on_until=PAST, max_run_duration=60),
            "enable",
            None,
            f'enabled=False, on_until="{PAST}", max_run_duration=60',
            "enabled=True",
        ),
        (gcp(stopped=True), "disable", None, "stopped=True", "stopped=False, enabled=False"),
        (gcp(), "stop", None, "zone=Z", "zone=Z, stopped=True"),
        (gcp(on_until=PAST), "stop", None, f'on_until="{PAST}"', "stopped=True"),
        (gcp(stopped=True), "start", None, "stopped=True", "stopped=False"),
        (
            gcp(stopped=True),
            "start",
            FOUR,
            "stopped=True",
            f'stopped=False, on_until="{UNTIL}"',
        ),
        (gcp(), "enable", FOUR, "zone=Z", f'zone=Z, on_until="{UNTIL}"'),
        (gcp(on_until=PAST), "start", FOUR, f'on_until="{PAST}"', f'on_until="{UNTIL}"'),
        (
            hetzner(enabled=False),
            "enable",
            FOUR,
            "enabled=False",
            f'enabled=True, on_until="{UNTIL}"',
        ),
    ],
)
def test_a_switch_changes_what_it_is_for(
    machine: Any, action: Action, end: End | None, before: str, after: str
) -> None:
    found, _ = switched(f'Gcp("galena", {before})', machine, action, end)
    assert found == f'Gcp("galena", {after})'


@pytest.mark.parametrize(
    ("machine", "action"),
    [
        (gcp(), "enable"),
        (gcp(stopped=True), "enable"),
        (gcp(), "start"),
        (gcp(stopped=True), "stop"),
        (gcp(enabled=False), "stop"),
        (gcp(enabled=False), "disable"),
        (gcp(gpu=Gpu("nvidia-tesla-t4")), "disable"),  # which is off unless somebody says so
    ],
)
def test_what_is_so_already_is_left(machine: Any, action: Action) -> None:
    assert switch(machine, action).is_nothing


@pytest.mark.parametrize(
    ("machine", "action", "end", "named"),
    [
        (gcp(enabled=False), "start", None, ["infra enable galena makes it"]),
        (gcp(enabled=False), "start", FOUR, ["infra enable galena --for 4h makes it"]),
        (gcp(stopped=True), "enable", FOUR, ["infra start galena --for 4h"]),
        (hetzner(), "stop", None, ["costs its full price at Hetzner"]),
        (
            gcp(enabled=False),
            "enable",
            evolve(FOUR, at=NOW + timedelta(seconds=29)),
            ["30 s to 120 d", "29 s"],
        ),
        (gcp(enabled=False), "enable", evolve(FOUR, at=NOW + timedelta(days=121)), ["121 d"]),
    ],
)
def test_what_cannot_be_says_what_can(
    machine: Any, action: Action, end: End | None, named: list[str]
) -> None:
    with pytest.raises(FleetError) as caught:
        switch(machine, action, end)
    for each in ("machine 'galena'", *named):
        assert each in str(caught.value)


@pytest.mark.parametrize(
    ("machine", "action", "said"),
    [
        (gcp(), "enable", "would make it anew, with an empty boot disk"),
        (gcp(stopped=True), "start", "nothing stops it by itself then but idle_stop"),
        (gcp(stopped=True, max_run_duration=600), "start", "ends each run after 10 min"),
        (gcp(enabled=False, max_run_duration=600), "enable", "ends each run after 10 min"),
        (hetzner(enabled=False), "enable", "Its cloud ends no run by itself"),
    ],
)
def test_people_are_told_what_ends_a_run(machine: Any, action: Action, said: str) -> None:
    text = 'Gcp("galena", enabled=True, stopped=True)'
    assert said in switched(text, machine, action, FOUR)[1]


@pytest.mark.parametrize(
    ("written", "known", "said"),
    [
        ("enabled=ON", (), "enabled=ON is not a value"),
        ("**common", ("enabled",), "**common gives it enabled"),
        ("**common()", ("**",), "**common() may give it enabled"),
        ('enabled="no"', (), "is no value that enabled takes"),
    ],
)
def test_what_is_written_elsewhere_is_named(
    written: str, known: tuple[str, ...], said: str
) -> None:
    data = f'Gcp("galena", {written})'.encode()
    place = next(place for place, call in calls(data) if ast.unparse(call.func) == "Gcp")
    with pytest.raises(EditError) as caught:
        write(switch(gcp(), "disable"), data, place, known)
    assert said in str(caught.value)


def test_a_mapping_that_does_not_say_it_is_no_hindrance() -> None:
    data = b'Gcp("galena", **common)'
    ((place, _),) = calls(data)
    change = write(switch(gcp(), "disable"), data, place, ("zone",))
    assert change.data == b'Gcp("galena", **common, enabled=False)'


def test_what_stays_is_what_is_billed_in_that_state() -> None:
    from infra_lib import DataDisk

    machine = gcp(data_disks=[DataDisk("ore", size_gb=10)], external_ip="203.0.113.66")
    assert [part.kind for part in stays(machine, "off").parts] == ["data disk", "address"]
    assert [part.kind for part in stays(machine, "stopped").parts] == [
        "boot disk",
        "data disk",
        "address",
    ]
    assert stays(machine, "off").hour == evolve(machine, enabled=False).bill.hour_now
    assert "boot disk is deleted" in lost(machine, "off")
    assert lost(machine, "stopped") == lost(evolve(machine, enabled=False), "off") == ""


@pytest.mark.parametrize(
    ("said", "minutes"), [("4h", 240), ("1h30m", 90), ("90m", 90), ("2d", 2880), ("1d1h1m", 1501)]
)
def test_lengths_of_time(said: str, minutes: int) -> None:
    assert parse_span(said) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "said", ["", "4", "h", "4 h", "-4h", "0h", "1m1h", "1.5h", "٤h", "9999999d", "99999d", "4h "]
)
def test_what_is_no_length_of_time(said: str) -> None:
    with pytest.raises(FleetError, match="4h, 1h30m, 2d"):
        parse_span(said)


@pytest.fixture
def berlin(in_zone: Callable[[str], None]) -> None:
    """Clocks of Berlin, whose days of 23 and 25 hours are known."""
    in_zone("Europe/Berlin")
    if time.localtime(1_753_000_000).tm_gmtoff != 7200:
        unavailable("the time zones of the world are not installed here")


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("now", "said", "end"),
    [
        ("2026-11-27T15:00+01:00", "18:00", "2026-11-27T18:00+01:00"),
        ("2026-11-27T18:00+01:00", "18:00", "2026-11-28T18:00+01:00"),
        ("2026-11-27T23:30+00:00", "0:15", "2026-11-29T00:15+01:00"),
        ("2026-10-24T20:00+02:00", "18:00", "2026-10-25T18:00+01:00"),  # summer time ends
        ("2026-10-25T02:45+02:00", "02:30", "2026-10-25T02:30+01:00"),  # there are two of them
        ("2026-10-25T02:15+01:00", "02:30", "2026-10-25T02:30+01:00"),
        ("2026-10-25T02:15+02:00", "02:30", "2026-10-25T02:30+02:00"),
        ("2026-10-25T02:15+01:00", "2026-10-25T02:30", "2026-10-25T02:30+01:00"),
        ("2027-03-28T00:00+01:00", "02:30", "2027-03-28T03:30+02:00"),  # there is none
        ("2027-03-28T01:59+01:00", "02:30", "2027-03-28T03:30+02:00"),
        ("2026-11-27T15:00+01:00", "2026-12-01T08:00", "2026-12-01T08:00+01:00"),
        ("2026-11-27T15:00+01:00", "2026-12-01T08:00+05:30", "2026-12-01T03:30+01:00"),
        ("2026-11-27T15:00+01:00", "2026-12-01 08:00Z", "2026-12-01T09:00+01:00"),
    ],
)
def test_an_end_is_the_next_such_time(now: str, said: str, end: str) -> None:
    assert instant_text(parse_end(said, parse(now))) == end


@pytest.mark.parametrize("said", ["", "25:00", "6pm", "18:00:00", "2026-02-30T10:00", "tomorrow"])
def test_what_is_no_end(said: str) -> None:
    with pytest.raises(FleetError, match=r"--until .*18:00, or a day and a time"):
        parse_end(said, NOW)


@pytest.mark.parametrize("said", ["2026-11-27T14:00+00:00", "2026-11-27T14:03+00:00"])
def test_an_end_is_not_past(said: str) -> None:
    with pytest.raises(FleetError, match="that is past"):
        parse_end(said, NOW)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_what_is_written_is_a_time_of_the_model_and_not_too_early(when: datetime) -> None:
    if when.year in {1, 9999}:
        return
    written = parse(instant_text(when))
    assert timedelta(0) <= written - when < timedelta(minutes=1)
    assert gcp(on_until=instant_text(when)).on_until == instant_text(when)


@pytest.mark.parametrize("said", ["18:00", "2026-11-27T18:00", "2026-13-01T00:00Z", 5, "", "٢٠٢٦"])
def test_the_model_takes_no_other_time(said: Any) -> None:
    with pytest.raises(FleetError, match="a time with its offset is accepted"):
        gcp(on_until=said)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "5 s"), (300, "5 min"), (7500, "2 h 5 min"), (90000, "1 d 1 h"), (86400, "1 d")],
)
def test_lengths_for_people(seconds: int, said: str) -> None:
    assert span_text(timedelta(seconds=seconds)) == said


def test_who_is_overdue() -> None:
    machines = (
        gcp(on_until=PAST),
        evolve(gcp(on_until=PAST), name="late", enabled=False),
        evolve(gcp(on_until=PAST, stopped=True), name="stopped"),
        evolve(hetzner(on_until=UNTIL), name="cinnabar"),
        gcp(),
    )
    late, early = on_for_a_time(machines, NOW)
    assert (late.name, late.is_overdue, early.name, early.is_overdue) == (
        "galena",
        True,
        "cinnabar",
        False,
    )
    assert late.text == (
        f"galena was to be on until {PAST}, 2 h 3 min ago: infra disable galena --deploy; "
        "infra stop galena --deploy keeps its boot disk"
    )
    assert early.commands == ("infra disable cinnabar --deploy",)
