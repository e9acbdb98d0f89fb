"""Money in two currencies: amounts, what is converted, what a month costs at most, and sums."""

from typing import Any

import pytest

from infra_lib import Fleet, Machine
from infra_lib.model.bill import Bill, Part
from infra_lib.model.costs import hourly, total_text
from infra_lib.model.errors import FleetError
from infra_lib.model.money import Amount, Cost, hour_text, in_usd, label, month_text
from infra_lib.model.sums import Sum, add, sums_text
from tests.helpers.other_cloud import EurMachine, OtherMachine

# As Hetzner bills them: hours, and a month costs no more than its price by the month.
CX43 = Part(kind="machine", text="cx43", on=Cost(0.0256), stopped=0.0256, most_month=15.99)
ADDRESS = Part(
    kind="address", text="IPv4", on=Cost(0.0008), stopped=0.0008, off=0.0008, most_month=0.5
)
EUR = EurMachine("cinnabar", cost_parts=(CX43, ADDRESS))
USD = OtherMachine("galena", cost_parts=(Part(kind="machine", text="a", on=Cost(0.25)),))


def eur(known: float | None, *unknown: str) -> Amount:
    return Amount(known, unknown, "EUR")


def bill(*parts: Part, state: Any = "on", hours: float = 24) -> Bill:
    return Bill(parts=parts, state=state, hours_per_day=hours, currency="EUR")


def test_an_amount_is_read_in_its_currency() -> None:
    assert hour_text(eur(0.0264)) == "€0.0264"
    assert month_text(eur(1016.49, "address")) == "€1,016.49+"
    assert month_text(eur(0.0, "address")) == hour_text(eur(None, "machine")) == "unknown"
    assert (eur(2).usd, eur(2).eur, eur(2).value) == (None, 2, 2)
    assert (Amount(2).usd, Amount(2).eur, Amount(2).value) == (2, None, 2)
    assert eur(2, "address").value is None


def test_labels_name_the_currency() -> None:
    assert label(eur(0.0264)) == "0-0264-eur-per-hour"
    assert label(eur(0.0264, "address")) == "at-least-0-0264-eur-per-hour"
    assert label(eur(None, "machine")) == "unknown"


def test_euros_are_dollars_at_a_rate_alone() -> None:
    assert in_usd(eur(2, "address"), 1.5) == Amount(3.0, ("address",))
    assert in_usd(eur(2), None) == Amount(None)
    assert in_usd(eur(0.0), None) == Amount(0.0)
    assert in_usd(eur(None, "machine"), 1.5) == Amount(None, ("machine",))
    assert in_usd(Amount(2.0), None) == in_usd(Amount(2.0), 1.5) == Amount(2.0)


@pytest.mark.parametrize("state", ["on", "stopped", "off"])
def test_a_month_costs_at_most_its_price_in_each_state(state: Any) -> None:
    month = {"on": 16.49, "stopped": 16.49, "off": 0.5}
    found = bill(CX43, ADDRESS, state=state)
    assert found.month_now == eur(pytest.approx(month[state]))  # type: ignore[arg-type]
    assert found.month == eur(pytest.approx(16.49))  # type: ignore[arg-type]


def test_a_month_in_which_little_is_used_costs_its_hours() -> None:
    short = Part(kind="machine", text="cx43", on=Cost(0.0256), most_month=15.99)
    assert bill(short, hours=12).month.value == pytest.approx(365 * 0.0256)
    assert bill(short, hours=22).month.value == 15.99  # 669 hours: the price is reached at 624
    assert bill(CX43, hours=12).month.value == 15.99  # as when stopped it costs as much


def test_the_highest_price_of_a_month_is_one_of_months_alone() -> None:
    assert bill(CX43, ADDRESS).hour_now.value == pytest.approx(0.0264)
    free = Part(kind="machine", text="cx43", on=Cost(None), most_month=15.99)
    assert bill(free).month == eur(None, "machine")


def test_a_machine_is_billed_in_the_currency_of_its_cloud() -> None:
    assert EUR.bill.hour_now == eur(pytest.approx(0.0264))  # type: ignore[arg-type]
    assert (EUR.usd_per_hour, EUR.usd_per_hour_now) == (None, None)
    assert (USD.usd_per_hour, USD.usd_per_hour_now) == (0.25, 0.25)
    assert EUR.prices_told(None) == {"usd_per_hour": None, "eur_per_hour": 0.0264}
    assert EUR.prices_told(2.0) == {"usd_per_hour": 0.0528, "eur_per_hour": 0.0264}
    assert USD.prices_told(None) == USD.prices_told(2.0) == {"usd_per_hour": 0.25}
    assert EUR.cost == Cost(0.0264, None)


def test_sums_are_never_made_across_two_currencies() -> None:
    hour = hourly((EUR, USD, EUR))
    assert [(each.currency, each.known) for each in hour.amounts] == [
        ("USD", 0.25),
        ("EUR", pytest.approx(0.0528)),
    ]
    assert hour.in_usd == Amount(0.25, ("what is billed in EUR",))
    assert hour.in_usd.usd is None


def test_with_a_rate_all_is_in_dollars_too() -> None:
    assert hourly((EUR, USD), 1.08).in_usd.usd == pytest.approx(0.25 + 1.08 * 0.0264)


def test_nothing_in_euros_needs_no_rate() -> None:
    off = EurMachine("cinnabar", cost_parts=(Part(kind="machine", text="a", on=Cost(1.0)),))
    total = hourly((EurMachine("b", cost_parts=off.cost_parts, stopped=True), USD))
    assert total.in_usd == Amount(0.25)
    assert total.text(hour_text) == "$0.2500"


def test_a_total_says_each_currency() -> None:
    assert total_text((USD,)) == "$0.2500 an hour, $182.50 a month"
    assert total_text((EUR,)) == "€0.0264 an hour, €16.49 a month"
    assert total_text((EUR, USD)) == (
        "$0.2500 an hour, $182.50 a month and €0.0264 an hour, €16.49 a month"
    )
    assert total_text((EUR, USD), 1.08) == (
        "$0.2500 an hour, $182.50 a month and €0.0264 an hour, €16.49 a month "
        "(in USD, at 1.08 per EUR: $0.2785 an hour, $200.31 a month)"
    )
    assert total_text((USD,), 1.08) == total_text((USD,))
    assert total_text(()) == "$0.0000 an hour, $0.00 a month"


def test_a_total_of_which_a_part_is_unknown_names_it_in_either_currency() -> None:
    hour = add([Amount(1.0), eur(2.0, "cinnabar (address)")], 1.5)
    assert sums_text(hour, hour) == (
        "at least $1.0000 an hour, $1.00 a month and €2.0000 an hour, €2.00 a month "
        "(in USD, at 1.5 per EUR: $4.0000 an hour, $4.00 a month); unknown: cinnabar (address)"
    )
    lost = add([Amount(1.0), eur(None, "cinnabar (machine)")])
    assert sums_text(lost, lost) == (
        "at least $1.0000 an hour, $1.00 a month; unknown: cinnabar (machine)"
    )
    none = add([eur(None, "cinnabar (machine)")])
    assert sums_text(none, none) == "unknown: cinnabar (machine)"
    assert hour.known_text(hour_text) == "at least $1.0000 and €2.0000"
    assert none.known_text(hour_text) == "unknown"


def test_what_is_converted_is_rounded_once_and_at_the_end() -> None:
    """Three amounts of which each would be rounded to 0.00."""
    three = add([eur(0.004)] * 3, 1.0)
    assert month_text(three.in_usd) == "$0.01"


def test_sums_are_in_order_of_dollars_or_of_dollars_before_euros() -> None:
    small, large = Sum((Amount(1.0),)), Sum((eur(100.0),))
    assert (small.order or ()) > (large.order or ())
    small, large = Sum(small.amounts, 1.1), Sum(large.amounts, 1.1)
    assert (small.order or ()) < (large.order or ())
    assert Sum((eur(None, "machine"),)).order is None


def fleet(rate: Any) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=(Machine("cinnabar"),), usd_per_eur=rate)


def test_a_rate_is_a_positive_number() -> None:
    assert fleet(None).usd_per_eur is None
    assert fleet(1.08).usd_per_eur == 1.08
    assert fleet(1).usd_per_eur == 1


@pytest.mark.parametrize(
    "rate", [0, -1.08, float("inf"), float("nan"), True, "1.08", (1.08,)], ids=repr
)
def test_no_other_rate_is_accepted(rate: Any) -> None:
    with pytest.raises(FleetError) as refused:
        fleet(rate)
    assert str(refused.value) == (
        f"fleet 'metals': usd_per_eur={rate!r}: how many USD a EUR is, above 0, or None for no "
        "rate: 1.08"
    )
