"""The catalogue holds the facts it was built from, and lets people know better."""

import re
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    AcceleratorType,
    Catalog,
    FleetError,
    GcpMachine,
    Gpu,
    MachineType,
    Nvidia,
    Price,
    Zone,
)
from infra_lib import catalog as tables
from infra_lib.catalog import CATALOG
from nixgen import dumps
from tests.nix.fleets import fleet_of


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


FILLED = {
    "vcpus=…": "vcpus=9",
    "memory_gib=…": "memory_gib=36",
    "accelerator=…": "accelerator='nvidia-b200'",
    "accelerator_count=…": "accelerator_count=8",
    "region=…": "region='us-central9'",
    "label=…": "label='B200'",
    "architecture=…": "architecture='blackwell'",
    "memory_gb=…": "memory_gb=180",
    "max_vcpus=…": "max_vcpus={1: 48}",
}


def advised(message: str) -> Catalog:
    """The catalogue that a message says to write, with the blanks filled in."""
    advice = message.partition("catalog=")[2].partition("; ")[0]
    for blank, filled in FILLED.items():
        advice = advice.replace(f" {blank}", f" {filled}")
    names = {
        "AcceleratorType": AcceleratorType,
        "Catalog": Catalog,
        "MachineType": MachineType,
        "Zone": Zone,
    }
    catalog = eval(advice, names)  # noqa: S307 - our own message
    assert isinstance(catalog, Catalog)
    return catalog


def follow(machine_type: str, zone: str, gpu: Gpu | None = None) -> GcpMachine:
    """The machine that comes of doing what each message says, until there is none."""
    catalog = Catalog()
    for _ in range(3):
        try:
            return GcpMachine("a", machine_type=machine_type, zone=zone, gpu=gpu, catalog=catalog)
        except FleetError as error:
            more = advised(str(error))
        catalog = evolve(
            catalog,
            machine_types=catalog.machine_types + more.machine_types,
            accelerator_types=catalog.accelerator_types + more.accelerator_types,
            zones=catalog.zones + more.zones,
        )
    raise AssertionError("the messages lead nowhere")


@pytest.mark.parametrize(
    ("machine_type", "zone", "gpu"),
    [
        ("e2-standard-9", "us-central1-c", None),
        ("e2-standard-8", "us-central9-c", None),
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-t1000")),
        ("c3-standard-4-lssd", "us-central1-c", None),
        ("e2-standard-9", "us-central9-c", None),
    ],
)
def test_the_way_to_know_better_that_a_message_names_is_one(
    machine_type: str, zone: str, gpu: Gpu | None
) -> None:
    """What the message says to write is written, with the blanks filled in, and then it does."""
    machine = follow(machine_type, zone, gpu)
    assert machine.gpu == gpu
    assert machine.enabled == (gpu is None)


@pytest.mark.parametrize(
    "machine_type",
    ["a4-highgpu-8g", "a4x-highgpu-4g", "g4-standard-48", "g5-standard-8", "x5-gpu-8"],
)
def test_the_way_to_describe_a_new_gpu_leads_to_a_gpu_machine_that_is_off(
    machine_type: str,
) -> None:
    machine = follow(machine_type, "us-central1-c")
    assert machine.gpu == Gpu("nvidia-b200", 8)
    assert machine.state == "off"
    assert "gpu" in machine.all_tags
    assert machine.gpu_label == "8x B200"
    files = fleet_of(machine).nix_files()
    assert "flake.modules.nixos.nvidia" in dumps(files["modules/nixos/nvidia.nix"])
    assert "nvidiaPackages.production" in dumps(files["modules/nixos/nvidia.nix"])
    assert "open = true" in dumps(files["modules/nixos/nvidia.nix"])
    assert "flakeModules.nvidia" in dumps(files["modules/machines/nixos/a/default.nix"])
    with pytest.raises(FleetError, match="drives nothing newer than hopper"):
        evolve(fleet_of(machine), nvidia=Nvidia(driver="legacy_535"))


@pytest.mark.parametrize(
    "name",
    [
        *("a2-highgpu-3g", "a3-highgpu-16g-nolssd", "a4-highgpu-8g", "a4x-highgpu-4g"),
        *("a5-highgpu-8g", "g2-standard-5", "g3-standard-8", "g4-standard-48", "x5-gpu-8"),
    ],
)
def test_a_machine_type_of_a_series_with_gpus_names_them(name: str) -> None:
    with pytest.raises(FleetError) as caught:
        MachineType(name, 8, 32)
    assert f"machine type '{name}': accelerator=None: GPUs come with this series" in str(
        caught.value
    )
    assert "accelerator_count=…" in str(caught.value)
    with_gpu = MachineType(name, 8, 32, False, "nvidia-b200", 8)
    assert with_gpu.accelerated


TPUS = (
    "ct3-hightpu-4t",
    "ct4p-hightpu-4t",
    "ct5l-hightpu-1t",
    "ct5lp-hightpu-4t",
    "ct5p-hightpu-4t",
)


@pytest.mark.parametrize("name", [*TPUS, "ct6e-standard-4t", "tpu7x-standard-4t", "n9-hightpu-1t"])
def test_a_machine_with_tpus_is_off_and_has_no_gpu(name: str) -> None:
    machine = follow(name, "us-central1-c")
    assert machine.state == "off"
    assert machine.gpu is None
    assert "gpu" not in machine.all_tags
    assert "modules/nixos/nvidia.nix" not in fleet_of(machine).nix_files()
    with pytest.raises(FleetError, match="TPUs, which are no GPUs: leave it out"):
        MachineType(name, 8, 32, accelerator="ct5lp", accelerator_count=4)


@pytest.mark.parametrize("name", ["y1-standard-8", "q-standard-8", "aa-standard-8", "big"])
def test_a_machine_of_a_series_that_nobody_knows_is_off(name: str) -> None:
    assert follow(name, "us-central1-c").state == "off"


@pytest.mark.parametrize(
    "name",
    [
        *("c4-standard-8", "c4a-standard-1", "c2d-standard-8", "h3-standard-88", "m4-ultramem-224"),
        *("n4d-standard-2", "t2a-standard-1", "z3-highmem-88", "x4-megamem-960", "e2-standard-9"),
        *("n2-custom-8-32768", "custom-8-32768", "f1-micro", "g1-small"),
    ],
)
def test_a_machine_of_a_series_without_accelerators_is_on(name: str) -> None:
    assert follow(name, "us-central1-c").state == "on"


@pytest.mark.parametrize(
    ("name", "comes"),
    [
        ("c3-standard-4-lssd", True),
        ("c4-highmem-288-lssd-metal", True),
        ("z3-highmem-14-standardlssd", True),
        ("z3-highmem-88-highlssd", True),
        ("z3-highmem-176", True),
        ("a2-ultragpu-1g", True),
        ("a3-highgpu-16g", True),
        ("a4-highgpu-8g", True),
        ("a4x-highgpu-4g", True),
        ("a2-highgpu-16g", False),
        ("a3-highgpu-16g-nolssd", False),
        ("c3-standard-4", False),
        ("c4a-standard-1", False),
    ],
)
def test_a_machine_type_has_local_ssds_when_its_name_says_so(name: str, comes: bool) -> None:
    gpu, count = ("nvidia-b200", 8) if name.startswith("a") else (None, 0)
    assert MachineType(name, 4, 16, False, gpu, count).local_ssds is comes
    assert MachineType(name, 4, 16, False, gpu, count, local_ssd_gib=1).local_ssds


def test_the_catalogue_knows_local_ssds_as_their_names_say_them() -> None:
    for item in CATALOG.all_machine_types().values():
        assert item.local_ssds == (item.local_ssd_gib > 0), item.name
    with_ssds = {item.family for item in CATALOG.all_machine_types().values() if item.local_ssds}
    assert with_ssds == {"a2", "a3"}


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
    own_gpu = catalog.accelerator_type("nvidia-l4")
    assert own_gpu is not None
    assert own_gpu.label == "L4!"
    assert CATALOG.all_accelerator_types()["nvidia-l4"].label == "L4"


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("machine_types", MachineType("n9-standard-8", 8, 30)),
        ("accelerator_types", AcceleratorType("nvidia-x9", "X9", "turing", 16)),
        ("zones", Zone("us-central1-z", "us-central1")),
    ],
)
def test_what_is_given_twice_is_refused(field: str, entry: Any) -> None:
    given: dict[str, Any] = {field: (entry, entry)}
    with pytest.raises(FleetError, match=f"catalog: {field}='.*': given twice"):
        Catalog(**given)


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
