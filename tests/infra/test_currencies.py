"""A fleet that is billed in USD and in EUR, as commands, data and differences show it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Fleet
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import Summary
from infra_lib.clouds.cloud import Kinds
from infra_lib.commands.show import as_data as shown_data
from infra_lib.commands.show import machines_text
from infra_lib.model.bill import Part
from infra_lib.model.money import NO_TRAFFIC, Cost
from infra_lib.nix import gpu_costs
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_diff import CostDiff, as_data, compare
from infra_lib.operate.cost_diff_text import as_markdown, as_text
from infra_lib.operate.cost_text import cost_text
from infra_lib.operate.cost_view import View
from infra_lib.operate.deploy.price import over_budget, price_text
from infra_lib.terraform.state import Deployed, parse_outputs, parse_state
from tests.helpers.other_cloud import EurMachine, OtherMachine, TwoClouds


def on(price: float | None, **fields: Any) -> Part:
    return Part(kind="machine", text="cax11", on=Cost(price), **fields)


def volume(price: float | None, name: str = "models") -> Part:
    return Part(kind="data disk", text=f"{name}, 100 GB", on=Cost(price), stopped=price, off=price)


class DollarMachine(OtherMachine):
    """One of a second cloud."""

    cloud = "first"


GALENA = DollarMachine("galena", cost_parts=(on(0.25),))
CINNABAR = EurMachine("cinnabar", cost_parts=(on(0.3, most_month=182.0), volume(0.01)))
OPAL = EurMachine("opal", cost_parts=(on(0.2),), tags=("lab",))
BERYL = DollarMachine("beryl", cost_parts=(on(0.5),), tags=("lab",))
CHEAP = DollarMachine("agate", cost_parts=(on(0.001),))


def cloud(service: str, note: str) -> Any:
    return SimpleNamespace(
        KINDS=kinds(service),
        check=lambda *_: None,
        warnings=lambda *_: (),
        cost_notes=lambda _: (note, note),
        price_sources=lambda _: {},
        alternatives=lambda *_: None,
        ways_in=lambda *_: frozenset(),
        summary=lambda project: Summary(str(project), {}),
        notes=lambda *_: (),
    )


def kinds(service: str) -> Kinds:
    return Kinds(service=service, provider="x", instance="x", disks=(), labelled=(), uncounted=())


@pytest.fixture(autouse=True)
def clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLOUDS, "first", cloud("First Cloud", NO_TRAFFIC))
    monkeypatch.setitem(CLOUDS, "other", cloud("Other Cloud", "Traffic is included."))


class Both(TwoClouds):
    """A fleet in both clouds."""

    first: Any = None


def fleet(*machines: OtherMachine, **fields: Any) -> Fleet:
    given = {"name": "ores", "domain": "zt", "machines": machines, **fields}
    return Both(**given)


BOTH = fleet(GALENA, CINNABAR, OPAL, BERYL)
RATED = evolve(BOTH, usd_per_eur=1.5)


def show(fleet: Fleet, **view: Any) -> str:
    return cost_text(fleet, View(**view))


def prose(fleet: Fleet, **view: Any) -> str:
    """What stands below the table, in one line."""
    return " ".join(show(fleet, **view).partition("\n\n")[2].split())


def names(text: str) -> list[str]:
    return [line.split()[0] for line in text.partition("\n\n")[0].splitlines()[1:]]


def test_each_machine_is_shown_in_its_currency_and_nothing_is_added_across() -> None:
    assert show(BOTH).partition("\n\n")[0] == (
        "MACHINE   STATE  ZONE       MACHINE TYPE  ON DEMAND  AS             NOW    MONTH\n"
        "galena    on     fsn1-dc14  cax11           $0.2500  on demand  $0.2500  $182.50\n"
        "cinnabar  on     fsn1-dc14  cax11           €0.3100  on demand  €0.3100  €189.30\n"
        "opal      on     fsn1-dc14  cax11           €0.2000  on demand  €0.2000  €146.00\n"
        "beryl     on     fsn1-dc14  cax11           $0.5000  on demand  $0.5000  $365.00"
    )
    assert prose(BOTH) == (
        "4 of 4 machines on: $0.7500 an hour, $547.50 a month and €0.5100 an hour, €335.30 a "
        "month. "
        "USD ($) and EUR (€). ON DEMAND: an hour while on. NOW: an hour in its present state. "
        "MONTH: 730 hours in its present state. "
        "A month costs no more than its price by the month: cinnabar. "
        "First Cloud: Traffic is not counted. "
        "Other Cloud: Traffic is included."
    )


def test_a_fleet_in_one_other_currency_is_shown_in_that() -> None:
    text = show(fleet(CINNABAR))
    assert "\n1 of 1 machines on: €0.3100 an hour, €189.30 a month.\n" in text
    assert "\nEUR. ON DEMAND" in text
    assert "$" not in text
    assert text.endswith("\nTraffic is included.")


def test_with_a_rate_the_total_is_in_dollars_too() -> None:
    total = "(in USD, at 1.5 per EUR: $1.5150 an hour, $1,050.45 a month)."
    assert total in prose(RATED)
    # cinnabar a month is 182 and 7.30: the hours of the volume have no highest price
    assert "€0.5100 an hour, €335.30 a month" in prose(RATED)


@pytest.mark.parametrize("by", ["tag", "state", "cloud", "zone"])
def test_groups_have_both(by: Any) -> None:
    text = show(BOTH, by=by)
    if by == "tag":
        assert "lab           2   2  $0.5000 and €0.2000  $365.00 and €146.00" in text
    elif by == "cloud":
        assert "$0.7500" in text.splitlines()[1]
        assert "€0.5100" in text.splitlines()[2]
    else:
        assert "$0.7500 and €0.5100" in text.splitlines()[1]


def test_without_a_rate_dollars_are_listed_before_euros_and_that_is_said() -> None:
    text = show(BOTH, sort="price")
    assert names(text) == ["beryl", "galena", "cinnabar", "opal"]
    assert "\nWhat is billed in USD is listed first, and then what is in EUR: " in text
    assert names(show(BOTH, sort="month", reverse=True)) == ["opal", "cinnabar", "galena", "beryl"]
    assert "listed first" not in show(BOTH, sort="name")
    assert "listed first" not in show(fleet(CINNABAR, OPAL), sort="price")


def test_with_a_rate_there_is_one_order() -> None:
    text = show(RATED, sort="price")
    assert names(text) == ["beryl", "cinnabar", "opal", "galena"]
    assert "listed first" not in text
    parts = names(show(RATED, by="part", sort="now"))
    assert parts == ["beryl", "cinnabar", "opal", "galena", "cinnabar"]
    cheap = evolve(RATED, machines=(CHEAP, OPAL))
    assert names(show(cheap, by="cloud", sort="now")) == ["other", "first"]


def test_an_unknown_price_is_named_and_how_to_say_it_is_its_clouds() -> None:
    text = prose(fleet(GALENA, EurMachine("opal", cost_parts=(on(0.2), volume(None)))))
    assert (
        "at least $0.2500 an hour, $182.50 a month and €0.2000 an hour, €146.00 a month; "
        "unknown: opal (data disk)." in text
    )
    assert "To say a price: catalog=… with a price of its data disk." in text


def test_json_has_both_and_converts_where_there_is_a_rate() -> None:
    data = cost_data(BOTH)
    galena, cinnabar, *_ = data["machines"]
    assert (galena["currency"], cinnabar["currency"]) == ("USD", "EUR")
    assert (galena["usd_per_hour_now"], galena["eur_per_hour_now"]) == (0.25, None)
    assert (cinnabar["usd_per_hour_now"], cinnabar["eur_per_hour_now"]) == (None, 0.31)
    assert cinnabar["usd_per_hour"] == {"on_demand": None, "spot": None}
    assert cinnabar["eur_per_hour"] == {"on_demand": 0.31, "spot": None}
    assert cinnabar["eur_per_month"] == cinnabar["eur_per_month_now"] == 189.3
    part = cinnabar["parts"][0]
    assert (part["eur_per_month_now"], part["usd_per_month_now"]) == (182.0, None)
    assert part["eur_per_hour_off"] == part["usd_per_hour_off"] == 0
    total = data["total"]
    assert (total["usd_per_hour"], total["usd_per_hour_at_least"]) == (None, 0.75)
    assert (total["usd_per_month"], total["usd_per_month_at_least"]) == (None, 547.5)
    committed = {"1": None, "3": None}
    assert total["usd_per_month_committed"] == committed
    assert total["by_currency"]["EUR"] == {
        "per_hour": 0.51,
        "per_month": 335.3,
        "per_hour_at_least": 0.51,
        "per_month_at_least": 335.3,
        "per_month_all_on": 335.3,
        "per_month_all_on_at_least": 335.3,
        "per_month_committed": {"1": 335.3, "3": 335.3},
    }
    assert total["unknown"] == []
    assert data["by_cloud"]["first"]["by_currency"].keys() == {"USD"}
    assert data["by_cloud"]["first"]["usd_per_hour"] == 0.75
    assert data["by_cloud"]["other"]["usd_per_hour"] is None
    assert (data["usd_per_eur"], cost_data(RATED)["usd_per_eur"]) == (None, 1.5)
    _, cinnabar, *_ = cost_data(RATED)["machines"]
    assert (cinnabar["usd_per_hour_now"], cinnabar["eur_per_hour_now"]) == (0.465, 0.31)
    total = cost_data(RATED)["total"]
    assert (total["usd_per_hour"], total["usd_per_hour_at_least"]) == (1.515, 1.515)
    assert total["by_currency"] == data["total"]["by_currency"]


def test_what_is_known_of_each_currency_is_apart() -> None:
    dark = EurMachine("opal", cost_parts=(on(0.2), volume(None)))
    total = cost_data(fleet(GALENA, dark, usd_per_eur=1.5))["total"]
    assert total["unknown"] == ["opal"]
    assert total["by_currency"]["USD"]["per_hour"] == 0.25
    assert total["by_currency"]["EUR"]["per_hour"] is None
    assert total["by_currency"]["EUR"]["per_hour_at_least"] == 0.2
    assert (total["usd_per_hour"], total["usd_per_hour_at_least"]) == (None, 0.55)


def test_a_budget_counts_euros_at_the_rate() -> None:
    rich, poor = (evolve(RATED, budget_usd_per_hour=budget) for budget in (2, 1))
    assert over_budget(rich) is None
    assert over_budget(poor, otherwise="") == (
        "fleet 'ores': budget_usd_per_hour=1: what is to be on costs $0.7500 an hour, $547.50 a "
        "month and €0.5100 an hour, €335.30 a month (in USD, at 1.5 per EUR: $1.5150 an hour, "
        "$1,050.45 a month), which is more; turn something off, raise the budget"
    )
    assert "Budget: $2.0000 an hour, of which $1.5150 is used." in prose(rich)
    assert "Budget: $1.0000 an hour, exceeded by $0.5150." in prose(poor)
    assert cost_data(rich)["budget"]["used_usd_per_hour"] == 1.515
    exact = evolve(RATED, budget_usd_per_hour=1.515)
    assert over_budget(exact) is None


def test_a_budget_without_a_rate_cannot_be_compared() -> None:
    given = evolve(BOTH, budget_usd_per_hour=2)
    assert over_budget(given) == (
        "fleet 'ores': budget_usd_per_hour=2: what is to be on costs $0.7500 an hour, $547.50 a "
        "month and €0.5100 an hour, €335.30 a month, so that nobody can tell whether it is more; "
        "say how many USD a EUR is: Fleet(usd_per_eur=…), or pass --over-budget"
    )
    assert (
        "Budget: $2.0000 an hour, of which at least $0.7500 is used; what is billed in EUR counts "
        "in USD with Fleet(usd_per_eur=…)." in prose(given)
    )
    data = cost_data(given)["budget"]
    assert (data["used_usd_per_hour"], data["used_usd_per_hour_at_least"]) == (None, 0.75)
    # What is in USD is too much by itself, whatever a EUR is.
    assert "which is more" in str(over_budget(evolve(given, budget_usd_per_hour=0.5)))
    dark = fleet(EurMachine("opal", cost_parts=(on(0.2), volume(None))), budget_usd_per_hour=2)
    assert (
        "; say what it costs: catalog=… with a price of its data disk and say how many USD a EUR is"
        in str(over_budget(dark))
    )


def test_what_is_off_and_keeps_nothing_needs_no_rate() -> None:
    off = EurMachine("opal", cost_parts=(on(0.2),), stopped=True)
    assert over_budget(fleet(GALENA, off, budget_usd_per_hour=1)) is None
    assert cost_data(fleet(GALENA, off))["total"]["usd_per_hour"] == 0.25


def test_show_has_prices_in_each_currency() -> None:
    text = machines_text(BOTH)
    assert text.splitlines()[0].endswith("PRICE/HOUR")
    assert text.splitlines()[2].endswith("€0.3100")
    assert "€0.5100 an hour" in text
    assert machines_text(fleet(GALENA)).splitlines()[0].endswith("  USD/HOUR")
    _, cinnabar, *_ = shown_data(RATED)["machines"]
    assert (cinnabar["usd_per_hour"], cinnabar["eur_per_hour"]) == (0.465, 0.31)
    assert cinnabar["currency"] == "EUR"
    assert shown_data(BOTH)["machines"][1]["usd_per_hour"] is None


def between(before: Fleet | None, after: Fleet) -> CostDiff:
    return compare(None if before is None else cost_data(before), cost_data(after))


AFTER = fleet(evolve(GALENA, cost_parts=(on(0.5),)), CINNABAR, BERYL, CHEAP)


def test_a_difference_is_one_of_each_currency() -> None:
    assert as_text(between(BOTH, AFTER), "HEAD") == (
        "MACHINE               HOUR              MONTH  DIFFERENCE  CHANGE\n"
        "galena   $0.2500 → $0.5000  $182.50 → $365.00    +$182.50  its price\n"
        "agate          - → $0.0010          - → $0.73      +$0.73  new: cax11, on\n"
        "opal           €0.2000 → -        €146.00 → -    -€146.00  gone: cax11, on\n"
        "\n"
        "Total:   $0.7500 and €0.5100 → $1.0010 and €0.3100 an hour, $547.50 and €335.30 → "
        "$730.73 and €189.30 a month; difference +$183.23 and -€146.00 a month\n"
        "Against HEAD. Prices of now on both sides. A month is 730 hours of the state that each "
        "machine is in; traffic is not counted."
    )
    text = as_markdown(between(BOTH, AFTER), "HEAD")
    assert text.startswith("**+$183.23 and -€146.00 a month** for ores, against")
    assert "| opal | machine cax11 | €146.00 | - |" in text
    both = between(fleet(GALENA, OPAL), fleet(GALENA, OPAL, BERYL, CINNABAR))
    assert as_markdown(both, "HEAD").startswith("▲ **+$365.00 and +€189.30 a month**")


def test_a_difference_is_in_dollars_too_at_the_rate_of_now() -> None:
    after = evolve(AFTER, usd_per_eur=1.5)
    for before in (BOTH, RATED, evolve(BOTH, usd_per_eur=9.0)):
        diff = between(before, after)
        # Not by what one was worth then: it makes no price another one.
        assert [change.name for change in diff.changes] == ["opal", "galena", "agate"]
        assert diff.difference.month == round(183.23 - 1.5 * 146.0, 2)
        assert "difference +$183.23 and -€146.00 a month (in USD, at 1.5 per EUR: -$35.77)" in (
            as_text(diff, "HEAD")
        )


def test_a_machine_that_moves_to_another_currency_is_less_in_one_and_more_in_the_other() -> None:
    moved = EurMachine("beryl", cost_parts=(on(0.3),), tags=("lab",))
    diff = between(fleet(GALENA, BERYL), fleet(GALENA, moved))
    (change,) = diff.changes
    assert change.words == ("first → other",)
    assert (change.difference.hour, change.difference.month) == (None, None)
    assert "  -$365.00 and +€219.00  first → other\n" in as_text(diff, "HEAD")
    rated = between(fleet(GALENA, BERYL), fleet(GALENA, moved, usd_per_eur=1.5))
    assert rated.difference.month == -365 + 1.5 * 219
    data = as_data(diff, {}, None)["machines"][0]["difference"]
    assert data == {
        "usd_per_hour": None,
        "usd_per_month": None,
        "by_currency": {
            "USD": {"per_hour": -0.5, "per_month": -365.0},
            "EUR": {"per_hour": 0.3, "per_month": 219.0},
        },
    }


def test_what_is_unknown_in_one_currency_leaves_the_other_known() -> None:
    dark = EurMachine("cinnabar", cost_parts=(on(None),))
    diff = between(fleet(GALENA), fleet(BERYL, dark))
    assert "; difference +$182.50 and unknown in EUR a month" in as_text(diff, "HEAD")
    assert diff.changes[0].name == "cinnabar"
    stays = between(fleet(GALENA, dark), fleet(BERYL, dark))
    assert "; difference +$182.50 a month\n" in as_text(stays, "HEAD")


def test_where_there_was_no_fleet_all_is_new_in_its_currency() -> None:
    text = as_text(between(None, fleet(OPAL)), "HEAD")
    assert "€0.0000 → €0.2000 an hour, €0.00 → €146.00 a month; difference +€146.00" in text


def test_a_deployment_shows_what_is_paid_now_and_then_in_each_currency() -> None:
    there = {
        "galena": Deployed(None, "fsn1-dc14", 0.25),
        "opal": Deployed(None, "fsn1-dc14", None, eur_per_hour=0.1),
    }
    text = price_text(BOTH, there)
    assert "opal      on     fsn1-dc14  on demand  €0.1000  €0.2000  €146.00\n" in text
    assert "\nNow:    $0.2500 and €0.1000 an hour\n" in text
    assert "\nThen:   $0.7500 an hour, $547.50 a month and €0.5100 an hour, €335.30" in text
    assert text.endswith(
        "Disks and addresses are counted.\nFirst Cloud: Traffic is not counted.\n"
        "Other Cloud: Traffic is included."
    )
    rated = price_text(RATED, there)
    assert "\nNow:    $0.2500 and €0.1000 an hour (in USD, at 1.5 per EUR: $0.4000)\n" in rated
    lost = {**there, "halite": Deployed(None, "fsn1-dc14")}
    assert "\nNow:    at least $0.2500 and €0.1000 an hour\n" in price_text(BOTH, lost)
    assert "Now:    €0.1000 an hour\n" in price_text(BOTH, {"opal": there["opal"]})


def test_outputs_tell_what_is_billed_in_euros() -> None:
    said = {
        "zone": "fsn1",
        "machine_type": "cx43",
        "external_ip": None,
        "state": "on",
        "gpu": None,
        "usd_per_hour": 0.4,
        "eur_per_hour": 0.2,
    }
    (found,) = parse_outputs(json.dumps({"other": {"machines": {"opal": said}}}), "outputs", {})
    assert (found["opal"].usd_per_hour, found["opal"].eur_per_hour) == (0.4, 0.2)
    assert found["opal"].per_hour.eur == 0.2
    del said["eur_per_hour"]
    (found,) = parse_outputs(json.dumps({"other": {"machines": {"opal": said}}}), "outputs", {})
    assert found["opal"].per_hour.usd == 0.4
    state = {"outputs": {"machines": {"value": {"opal": said}}}, "resources": []}
    assert not parse_state(json.dumps(state), "state", {}).machines


def test_the_page_on_gpus_is_of_the_clouds_that_have_them() -> None:
    assert gpu_costs.files(BOTH) == {}
