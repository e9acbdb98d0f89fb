"""What a deployment changes in what the fleet costs, as a table for people."""

from typing import Any

from infra_lib import DataDisk, Fleet, GcpMachine
from infra_lib.operate.deploy.price import over_budget, price_text
from infra_lib.terraform.state import Deployed
from tests.helpers.hetzner_fleets import fleet_of as hetzner_fleet
from tests.helpers.hetzner_fleets import server
from tests.helpers.stack_fleets import fleet_of

DISK = DataDisk("models", size_gb=1000)


def off(machine_type: str, **fields: Any) -> Fleet:
    """A fleet of a machine that is off, and keeps a data disk."""
    given: dict[str, Any] = {"zone": "us-central1-a", "enabled": False, "data_disks": (DISK,)}
    return fleet_of(GcpMachine("galena", machine_type=machine_type, **given), **fields)


def test_a_disk_that_may_be_there_makes_what_is_paid_now_no_sum() -> None:
    fleet = off("e2-micro")
    assert "Now:    unknown\nThen:   $0.1370 an hour" in price_text(fleet, {})
    halite = {"halite": Deployed(None, "us-central1-a", 0.5)}
    assert "Now:    at least $0.5000 an hour\n" in price_text(fleet, halite)
    galena = {"galena": Deployed(None, "us-central1-a", 0.5)}
    assert "Now:    $0.5000 an hour\n" in price_text(fleet, galena)


def test_what_costs_only_what_is_unknown_looks_like_no_sum() -> None:
    fleet = off("c4-standard-8")  # whose disks have no price
    assert "0.00" not in price_text(fleet, {}).partition("Now:")[0]


def test_a_budget_that_nobody_can_compare_says_which_price_to_give() -> None:
    problem = over_budget(off("c4-standard-8", budget_usd_per_hour=5))
    assert "say what it costs: Catalog(disk_prices=…), or pass --over-budget" in str(problem)


def test_nothing_costs_nothing_in_the_currency_of_the_machines() -> None:
    assert "Now:    €0.0000 an hour\n" in price_text(hetzner_fleet(server()), {})
