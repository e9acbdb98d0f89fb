"""A bill: its parts in each state, months with discounts and limits, and what nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib.model.bill import Bill, Part, hours_text
from infra_lib.model.money import Amount, Cost, hour_text, label, month_text

N1 = (1.0, 0.8, 0.6, 0.4)
MACHINE = Part(
    kind="machine", text="n1", on=Cost(1.0, 0.3), sustained_use=N1, committed_use=((1, 0.63),)
)
BOOT = Part(kind="boot disk", text="100 GB", on=Cost(0.1, 0.1), stopped=0.1)
DATA = Part(kind="data disk", text="models, 1000 GB", on=Cost(0.2, 0.2), stopped=0.2, off=0.2)
RESERVED = Part(kind="address", text="reserved", on=Cost(0.005, 0.005), stopped=0.01, off=0.01)
PARTS = (MACHINE, BOOT, DATA, RESERVED)


def bill(*parts: Part, state: str = "on", spot: bool = False, hours: float = 24) -> Bill:
    return Bill(parts=parts or PARTS, state=state, spot=spot, hours_per_day=hours)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "spot", "usd"),
    [
        ("on", False, 1.305),
        ("on", True, 0.605),
        ("stopped", False, 0.31),
        ("stopped", True, 0.31),
        ("off", False, 0.21),
    ],
)
def test_each_state_is_billed_for_what_it_keeps(state: str, spot: bool, usd: float) -> None:
    found = bill(state=state, spot=spot)
    assert found.hour_now.usd == pytest.approx(usd)
    assert found.hour.usd == pytest.approx(0.605 if spot else 1.305)


def test_a_month_on_has_the_discount_for_sustained_use() -> None:
    assert bill(MACHINE).month.usd == pytest.approx(730 * 0.7)
    assert bill(MACHINE, BOOT).month.usd == pytest.approx(730 * 0.8)
    assert bill(MACHINE, spot=True).month.usd == pytest.approx(730 * 0.3)
    assert bill(MACHINE, spot=True).month_on_demand.usd == pytest.approx(730 * 0.7)


def test_a_month_of_what_is_off_or_stopped_is_that_of_what_it_keeps() -> None:
    assert bill(state="off").month_now.usd == pytest.approx(730 * 0.21)
    assert bill(state="stopped").month_now.usd == pytest.approx(730 * 0.31)
    assert bill(MACHINE, state="off").month_now.usd == 0
    assert bill(MACHINE, state="off").month.usd == pytest.approx(730 * 0.7)


@pytest.mark.parametrize(
    ("hours", "paid"),
    [(24, 0.7), (18, 0.6), (12, 0.45), (9, 0.35), (6, 0.25), (3, 0.125)],
)
def test_a_run_that_ends_is_counted_once_a_day(hours: float, paid: float) -> None:
    """The first quarter of a month is paid whole, and each one after it less."""
    assert bill(MACHINE, hours=hours).month.usd == pytest.approx(730 * paid)
    assert bill(MACHINE, spot=True, hours=hours).month.usd == pytest.approx(730 * 0.3 * hours / 24)


def test_disks_are_paid_for_all_the_month_and_an_unused_address_is_dearer() -> None:
    assert bill(BOOT, DATA, hours=8).month.usd == pytest.approx(730 * 0.3)
    assert bill(RESERVED, hours=12).month.usd == pytest.approx(730 * 0.0075)


def test_a_commitment_is_paid_for_used_or_not() -> None:
    assert bill(MACHINE, BOOT, hours=8).month_committed(1).usd == pytest.approx(730 * 0.73)
    # There is none of three years: it is a month as any other.
    assert bill(MACHINE).month_committed(3) == bill(MACHINE).month


def test_an_unknown_part_is_named_and_the_rest_is_only_the_least() -> None:
    unknown = Part(kind="boot disk", text="?", on=Cost(None, None), stopped=None)
    found = bill(MACHINE, unknown)
    assert found.hour == Amount(1.0, ("boot disk",))
    assert found.hour.usd is None
    assert hour_text(found.hour) == "$1.0000+"
    assert label(found.hour) == "at-least-1-0000-usd-per-hour"
    # Off, there is no boot disk, and nothing is unknown.
    assert bill(MACHINE, unknown, state="off").hour_now.usd == 0


@pytest.mark.parametrize("kind", ["machine", "GPU"])
def test_disks_alone_are_no_sum_where_the_machine_is_unknown(kind: str) -> None:
    unknown = Part(kind=kind, text="?", on=Cost(None, 0.5))  # type: ignore[arg-type]
    found = bill(unknown, BOOT)
    assert found.hour == Amount(None, (kind,))
    assert hour_text(found.hour) == month_text(found.month) == label(found.hour) == "unknown"
    assert found.as_spot.usd == 0.6


def test_hours_for_people() -> None:
    assert hours_text(8) == "8 h a day"
    assert hours_text(1 / 3) == "0.33 h a day"


@given(hours=st.floats(0.01, 24), rates=st.sampled_from([(), N1, (1.0, 0.5), (1.0,)]))
def test_running_longer_never_costs_less_and_a_discount_never_more(
    hours: float, rates: tuple[float, ...]
) -> None:
    part = Part(kind="machine", text="a", on=Cost(1.0), sustained_use=rates)
    usd, less = bill(part, hours=hours).month.usd, bill(part, hours=hours / 2).month.usd
    assert usd is not None
    assert less is not None
    assert less <= usd <= 730 * hours / 24 + 1e-9
