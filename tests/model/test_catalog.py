"""The catalogue holds the facts it was built from, and lets people know better."""

import re

import pytest

from infra_lib import (
    AcceleratorType,
    Catalog,
    FleetError,
    GcpMachine,
    Gpu,
    MachineType,
    Price,
    Zone,
)
from infra_lib import catalog as tables
from infra_lib.catalog import CATALOG


def test_machine_types_are_all_there() -> None:
    types = CATALOG.all_machine_types()
    assert len(types) == 138
    assert {item.family for item in types.values()} == {
        *("e2", "n1", "n2", "n2d", "t2d", "c2"),
        *("g2", "a2", "a3"),
    }
    assert types["n1-standard-8"] == MachineType("n1-standard-8", 8, 30)
    assert types["e2-standard-8"] == MachineType("e2-standard-8", 8, 32)
    assert types["e2-micro"] == MachineType("e2-micro", 2, 1, shared_core=True)
    assert types["g2-standard-4"] == MachineType("g2-standard-4", 4, 16, False, "nvidia-l4", 1)
    assert types["a2-highgpu-1g"].memory_gib == 85


def test_every_accelerator_optimized_type_has_its_gpus() -> None:
    for item in CATALOG.all_machine_types().values():
        assert (item.accelerator is not None) == (item.family in {"g2", "a2", "a3"}), item.name
        if item.accelerator is not None:
            assert CATALOG.accelerator_type(item.accelerator) is not None
        if count := re.search(r"-(\d+)g(?:-|$)", item.name):
            assert item.accelerator_count == int(count[1])


def test_prices_are_all_there() -> None:
    types, regions = CATALOG.all_machine_types(), CATALOG.regions()
    known = [
        price
        for name in types
        for region in regions
        if (price := CATALOG.machine_price(name, region)).usd_per_hour is not None
    ]
    assert len(known) == len(tables._prices("prices.csv")) == 3119
    assert CATALOG.machine_price("n1-standard-8", "us-central1").usd_per_hour == 0.38
    assert CATALOG.machine_price("g2-standard-4", "us-central1").usd_per_hour == 0.70683
    assert CATALOG.machine_price("e2-highcpu-16", "africa-south1") == Price(
        "e2-highcpu-16", "africa-south1", 0.51766, 0.1553
    )


def test_accelerators_are_where_the_table_says() -> None:
    offers = [
        (accelerator, zone.name)
        for zone in CATALOG.all_zones().values()
        for accelerator in zone.accelerators
    ]
    assert len(offers) == 157
    assert CATALOG.zones_offering("nvidia-a100-80gb")[:2] == (
        "asia-southeast1-c",
        "europe-west4-a",
    )
    assert CATALOG.accelerator_price("nvidia-tesla-t4", "us-central1-c").usd_per_hour == 0.35
    assert CATALOG.accelerator_price("nvidia-l4", "us-central1-a").usd_per_hour is None
    for accelerator, _ in offers:
        assert CATALOG.accelerator_type(accelerator) is not None


def test_zones_have_the_letters_that_google_gave_them() -> None:
    zones = CATALOG.all_zones()
    by_region = {
        region: "".join(name[-1] for name, zone in zones.items() if zone.region == region)
        for region in CATALOG.regions()
    }
    assert by_region["us-central1"] == "abcf"
    assert by_region["us-east1"] == "bcd"
    assert by_region["europe-west1"] == "bcd"
    assert by_region["us-west1"] == "abc"
    for zone in zones.values():
        assert zone.name.startswith(f"{zone.region}-")


def test_sources_and_dates_are_named() -> None:
    assert tables.PRICES_AS_OF == "2024-06-26"
    assert "gcpinstances.info" in tables.PRICES_SOURCE
    assert tables.MACHINE_TYPES_AS_OF == "2026-07-01"
    assert "google-cloud-pricing-cost-calculator" in tables.MACHINE_TYPES_SOURCE
    assert tables.ACCELERATORS_AS_OF == "2026"
    assert "skypilot-catalog" in tables.ACCELERATORS_SOURCE


@pytest.mark.parametrize(
    ("machine_type", "zone", "gpu"),
    [
        ("e2-standard-9", "us-central1-c", None),
        ("e2-standard-8", "us-central9-c", None),
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-t1000")),
    ],
)
def test_the_way_to_know_better_that_a_message_names_is_one(
    machine_type: str, zone: str, gpu: Gpu | None
) -> None:
    """What the message says to write is written, with the blanks filled in, and then it does."""
    with pytest.raises(FleetError) as caught:
        GcpMachine("a", machine_type=machine_type, zone=zone, gpu=gpu)
    advice = str(caught.value).partition("catalog=")[2]
    for blank, filled in (
        ("vcpus=…, memory_gib=…", "vcpus=9, memory_gib=36"),
        ("region=…", "region='us-central9'"),
        ("'nvidia-t1000', …", "'nvidia-t1000', 'T1000', 'turing', 8, {1: 48}"),
    ):
        advice = advice.replace(blank, filled)
    names = {
        "AcceleratorType": AcceleratorType,
        "Catalog": Catalog,
        "MachineType": MachineType,
        "Zone": Zone,
    }
    catalog = eval(advice, names)  # noqa: S307 - our own message
    machine = GcpMachine("a", machine_type=machine_type, zone=zone, gpu=gpu, catalog=catalog)
    assert machine.gpu == gpu


def test_own_entries_win_and_the_others_stay() -> None:
    catalog = Catalog(
        machine_types=(MachineType("n1-standard-8", 16, 60),),
        zones=(Zone("us-central1-a", "us-central1"),),
        accelerator_types=(AcceleratorType("nvidia-l4", "L4!", "ada", 24),),
    )
    own = catalog.machine_type("n1-standard-8")
    assert own is not None
    assert own.vcpus == 16
    assert catalog.all_machine_types()["n1-standard-8"] is own
    assert catalog.machine_type("n1-standard-4") == CATALOG.machine_type("n1-standard-4")
    assert "us-central1-a" not in catalog.zones_offering("nvidia-l4")
    assert "us-central1-a" in CATALOG.zones_offering("nvidia-l4")
    assert catalog.all_accelerator_types()["nvidia-l4"].label == "L4!"
    assert CATALOG.all_accelerator_types()["nvidia-l4"].label == "L4"


def test_the_most_particular_price_wins() -> None:
    catalog = Catalog(
        prices=(
            Price("e2-standard-8", "*", 1.0),
            Price("e2-standard-8", "us-central1", 2.0, 0.5),
            Price("nvidia-tesla-t4", "us-central1-c", None),
        )
    )
    assert catalog.machine_price("e2-standard-8", "us-central1").usd_per_hour == 2.0
    assert catalog.machine_price("e2-standard-8", "us-east1").usd_per_hour == 1.0
    assert catalog.machine_price("n1-standard-8", "us-central1").usd_per_hour == 0.38
    assert catalog.accelerator_price("nvidia-tesla-t4", "us-central1-c").usd_per_hour is None
    assert catalog.accelerator_price("nvidia-tesla-t4", "us-central1-a").usd_per_hour == 0.35


def test_a_price_may_be_of_what_the_catalogue_itself_adds() -> None:
    catalog = Catalog(
        machine_types=(MachineType("c9-standard-8", vcpus=8, memory_gib=30),),
        accelerator_types=(AcceleratorType("nvidia-x9", "X9", "turing", 16, {1: 48}),),
        zones=(Zone("mars-north1-a", region="mars-north1", accelerators=("nvidia-x9",)),),
        prices=(
            Price("c9-standard-8", "mars-north1", 1.0),
            Price("nvidia-x9", "mars-north1-a", 2.0),
            Price("nvidia-x9", "*", 3.0),
        ),
    )
    assert catalog.machine_price("c9-standard-8", "mars-north1").usd_per_hour == 1
    assert catalog.accelerator_price("nvidia-x9", "mars-north1-a").usd_per_hour == 2
