"""Costs are computed from the catalogue, whole machine, and never guessed."""

import ast
from pathlib import Path

import pytest

import infra_lib
from infra_lib import Catalog, FleetError, GcpMachine, Gpu, MachineType, Price, cost
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.prices import cost_of_type
from infra_lib.model import money

T4 = Gpu("nvidia-tesla-t4")
UNPRICED = Catalog(machine_types=(MachineType("c4-standard-8", 8, 30),))


def gcp(
    machine_type: str,
    zone: str = "us-central1-c",
    gpu: Gpu | None = None,
    *,
    enabled: bool = True,
    stopped: bool = False,
    spot: bool = False,
    catalog: Catalog = UNPRICED,
) -> GcpMachine:
    return GcpMachine(
        "a",
        machine_type=machine_type,
        zone=zone,
        gpu=gpu,
        enabled=enabled,
        stopped=stopped,
        spot=spot,
        catalog=catalog,
    )


@pytest.mark.parametrize(
    ("machine", "on_demand", "spot"),
    [
        (gcp("e2-standard-8"), 0.26805, 0.08041),
        (gcp("n1-standard-8"), 0.38, 0.08),
        (gcp("n1-standard-8", gpu=T4), 0.73, 0.255),
        (gcp("n1-standard-8", gpu=Gpu("nvidia-tesla-t4", 2)), 1.08, 0.43),
        # These come with their GPU, so it is in their price.
        (gcp("g2-standard-4", "us-central1-a"), 0.70683, 0.2238),
        (gcp("a2-highgpu-1g", "us-central1-a"), 3.67339, 1.46935),
    ],
)
def test_machine_and_gpus_together(machine: GcpMachine, on_demand: float, spot: float) -> None:
    assert machine.cost == money.Cost(on_demand, spot)


def test_a_month_has_730_hours() -> None:
    assert money.per_month(0.73) == 532.9
    assert money.month_text(0.73) == "$532.90"
    assert money.hour_text(0.73) == "$0.7300"
    assert money.per_month(None) is None
    assert money.month_text(None) == money.hour_text(None) == "unknown"


def test_what_applies_is_how_the_machine_runs() -> None:
    assert gcp("n1-standard-8").usd_per_hour == 0.38
    spot = gcp("n1-standard-8", spot=True).usd_per_hour
    assert spot == gcp("n1-standard-8").cost.spot


def test_what_is_off_or_stopped_costs_nothing_now() -> None:
    assert gcp("n1-standard-8").usd_per_hour_now == 0.38
    assert gcp("n1-standard-8", stopped=True).usd_per_hour_now == 0.0
    assert gcp("n1-standard-8", enabled=False).usd_per_hour_now == 0.0
    assert gcp("n1-standard-8", enabled=False).usd_per_hour == 0.38
    assert gcp("c4-standard-8", enabled=False).usd_per_hour_now == 0.0


def test_a_total_with_something_unknown_is_unknown_and_not_less() -> None:
    known, unknown = gcp("n1-standard-8"), gcp("c4-standard-8")
    assert unknown.cost == money.Cost(None, None)
    assert cost.total((known, known)) == 0.76
    assert cost.total((known, unknown)) is None
    assert cost.at_least((known, unknown)) == 0.38
    assert cost.unknown((known, unknown)) == (unknown,)
    assert cost.total((known, gcp("c4-standard-8", enabled=False))) == 0.38
    assert cost.total(iter((known, known))) == 0.76
    assert cost.total(()) == 0.0


def test_one_unknown_part_makes_the_whole_unknown() -> None:
    catalog = Catalog(prices=(Price("nvidia-tesla-t4", "*", None, 0.1),))
    price = gcp("n1-standard-8", gpu=T4, catalog=catalog).cost
    assert price.on_demand is None
    assert price.spot is not None


def test_a_price_that_someone_knows_better() -> None:
    catalog = Catalog(prices=(Price("n1-standard-8", "us-central1", 0.30),))
    assert gcp("n1-standard-8", gpu=T4, catalog=catalog).cost.on_demand == 0.65


def test_the_wrong_numbers_of_the_story_come_out_nowhere() -> None:
    """It says $0.37 for g2-standard-4, $0.54 for n1-standard-8 with a T4, and A100 on n1."""
    wrong = {"g2-standard-4": (None, "0.37"), "n1-standard-8": (T4, "0.54")}
    priced = set()
    for name, (gpu, usd) in wrong.items():
        for zone in CATALOG.all_zones().values():
            if gpu is None or gpu.type in zone.accelerators:
                found = cost_of_type(name, gpu, region=zone.region, zone=zone.name, catalog=CATALOG)
                priced.add((name, found.on_demand))
                for price in (found.on_demand, found.spot):
                    assert price is None or f"{price:.2f}" != usd, (name, zone.name)
    assert {("g2-standard-4", 0.70683), ("n1-standard-8", 0.73)} <= priced
    carriers = {item.name for item in CATALOG.all_machine_types().values() if "a100" in item.name}
    assert not carriers
    with pytest.raises(FleetError, match="attaches to no machine: it comes with a2-highgpu-1g"):
        gcp("n1-standard-8", "us-central1-a", Gpu("nvidia-tesla-a100"))


def test_no_price_is_typed_in_code() -> None:
    """They stand in the tables, with their source and date: a number in code would have neither."""
    root = Path(infra_lib.__file__).parent
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}
    about = {path: text for path, text in texts.items() if "usd" in text.lower()}
    assert {"clouds/gcp/catalog/entries.py", "cost.py", "nix/gpu_costs.py"} <= about.keys()
    typed = [
        (path, node.value)
        for path, text in about.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and not node.value.is_integer()
    ]
    assert typed == []
