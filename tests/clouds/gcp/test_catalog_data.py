"""The catalogue's files hold what their sources say, and nothing that they do not say.

The rows of the source of prices lie beside this test, compressed. A digest says that a file is what
it was; that it is right, the rows say, and the rules that Google's names and prices keep to. The
last tests put a wrong value into one cell after another, and look.
"""

import csv
import hashlib
import json
import lzma
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Catalog
from infra_lib.clouds.gcp import catalog
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.catalog.file import FILE
from infra_lib.clouds.gcp.catalog.tables import Tables

FOLDER = Path(catalog.__file__).parent
ROWS = Path(__file__).with_name("prices-2026-07-30.csv.xz")

# What each file is: its digest, as of when, and where it is from. A line that is changed on purpose
# changes the digest, and the others with it where they differ.
CALCULATOR = "Cyclenerd/google-cloud-pricing-cost-calculator"
FILES = {
    "machine_types": (
        "cf2394c4b324eb60baf13ee9705cb8f5872c204f85a9dc626016c72e9b512bbf",
        "2026-07-01",
        CALCULATOR,
    ),
    "zones": (
        "71c1f49338334c90659a05ff9931d5b5249d8a51104791c54d400de68d02a6b1",
        "2026",
        "skypilot-org/skypilot-catalog",
    ),
    "machine_prices": (
        "240960c00dce0e27939627f233f1732d0467cd2c706ab86457c312c0a6040d75",
        "2026-07-30",
        CALCULATOR,
    ),
    "accelerator_prices": (
        "000d236e9d8a523f9ee8dd718c644799bc20ae8f5a87f6634a852179d423d32d",
        "2026",
        "skypilot-org/skypilot-catalog",
    ),
    "disk_prices": (
        "dfa84dcb590235211c6b1205e906d4cf2ca170cdb758031cec4d4b3aa3bf89d0",
        "2026-07-30",
        CALCULATOR,
    ),
    "address_prices": (
        "6b5c6045dac316c4f9e70d353e9b18274fb0f1832a6e14d91edd128f837da92c",
        "2026-07-30",
        CALCULATOR,
    ),
    "discounts": (
        "4b5ad0229b2ffce23a5827d7a17b7ea4bc726b1c670e13bb18e926df2e0b1da0",
        "2026",
        "https://cloud.google.com/compute/vm-instance-pricing",
    ),
}

HUNDREDTH_OF_A_CENT = 0.0001

# Of one GPU: vCPUs, GiB of memory, GiB of Local SSDs, and which it is:
# https://docs.cloud.google.com/compute/docs/accelerator-optimized-machines
ONE_GPU = {
    "a2-highgpu": (12, 85, 0, "nvidia-tesla-a100"),
    "a2-megagpu": (6, 85, 0, "nvidia-tesla-a100"),
    "a2-ultragpu": (12, 170, 375, "nvidia-a100-80gb"),
    "a3-edgegpu": (26, 234, 750, "nvidia-h100-80gb"),
    "a3-highgpu": (26, 234, 750, "nvidia-h100-80gb"),
    "a3-megagpu": (26, 234, 750, "nvidia-h100-mega-80gb"),
    "a3-ultragpu": (28, 369, 1500, "nvidia-h200-141gb"),
    "a4-highgpu": (28, 496, 1500, "nvidia-b200"),
    "a4x-highgpu": (35, 221, 3000, "nvidia-gb200"),
    "a4x-maxgpu": (36, 240, 3000, "nvidia-gb300"),
}
G2_GPUS = {4: 1, 8: 1, 12: 1, 16: 1, 24: 2, 32: 1, 48: 4, 96: 8}
SHARED = {
    "e2-micro": (2, 1),
    "e2-small": (2, 2),
    "e2-medium": (2, 4),
    "f1-micro": (1, 0.6),
    "g1-small": (1, 1.7),
}
# GiB a vCPU, by the class of a machine type: more of it is left to the host in some series.
GIB_PER_VCPU = {"highcpu": (0.9, 2.67), "standard": (3.5, 4), "highmem": (6.5, 8)}
# Label, generation, GB of memory: https://cloud.google.com/compute/docs/gpus
GPUS = {
    "nvidia-tesla-t4": ("T4", "turing", 16),
    "nvidia-tesla-p4": ("P4", "pascal", 8),
    "nvidia-tesla-v100": ("V100", "volta", 16),
    "nvidia-tesla-p100": ("P100", "pascal", 16),
    "nvidia-l4": ("L4", "ada", 24),
    "nvidia-tesla-a100": ("A100", "ampere", 40),
    "nvidia-a100-80gb": ("A100 80GB", "ampere", 80),
    "nvidia-h100-80gb": ("H100", "hopper", 80),
    "nvidia-h100-mega-80gb": ("H100 Mega", "hopper", 80),
    "nvidia-h200-141gb": ("H200", "hopper", 141),
    "nvidia-tesla-t4-vws": ("vWS T4", "turing", 16),
    "nvidia-tesla-p4-vws": ("vWS P4", "pascal", 8),
    "nvidia-tesla-p100-vws": ("vWS P100", "pascal", 16),
    "nvidia-rtx-pro-6000": ("RTX PRO 6000", "blackwell", 96),
    "nvidia-b200": ("B200", "blackwell", 180),
    "nvidia-gb200": ("GB200", "blackwell", 186),
    "nvidia-gb300": ("GB300", "blackwell", 279),
}
# Attached ones: USD per hour on demand where it is the least, and the most times that elsewhere.
ATTACHED = {
    "nvidia-tesla-t4": (0.35, 1.38),
    "nvidia-tesla-p4": (0.60, 1.21),
    "nvidia-tesla-v100": (2.48, 1.06),
    "nvidia-tesla-p100": (1.46, 1.10),
}


def content(section: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{section}.json").read_text())
    return found


BUILT_IN = {name: section for file in FILE.sections for name, section in content(file).items()}


def rows() -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """What the source says of a machine type in a region: USD per hour on demand, and as Spot VM.

    The table has a column for each machine type, and a line for each region and way to pay.
    """
    with lzma.open(ROWS, "rt") as file:
        header, *lines = csv.reader(file)
    on_demand, spot = (
        {
            (name, region): float(cell)
            for of, region, *cells in lines
            for name, cell in zip(header[2:], cells, strict=True)
            if of == way and cell
        }
        for way in ("on demand", "spot")
    )
    return {key: (on_demand.get(key), spot.get(key)) for key in on_demand.keys() | spot.keys()}


SOURCE = rows()


def price_faults(known: Catalog) -> Iterator[str]:
    """Where the catalogue's prices are not the source's."""
    for (name, region), expected in SOURCE.items():
        price = known.machine_price(name, region)
        for usd, row in zip((price.usd_per_hour, price.usd_per_hour_spot), expected, strict=True):
            if usd is None or row is None:
                if usd is not row:
                    yield f"{name} in {region}: {usd}, and not {row}"
            elif abs(usd - row) > HUNDREDTH_OF_A_CENT:
                yield f"{name} in {region}: {usd}, and not {row}"


def test_every_price_of_the_source_is_given_back() -> None:
    assert len(SOURCE) == 17_041 - 2  # two rows have no price: f1-micro and g1-small in one region
    assert list(price_faults(CATALOG)) == []


def test_no_price_is_known_that_the_source_does_not_have() -> None:
    assert [
        (name, region)
        for name in CATALOG.all_machine_types()
        for region in CATALOG.regions()
        if (name, region) not in SOURCE
        and CATALOG.machine_price(name, region).usd_per_hour is not None
    ] == []


def test_what_the_source_has_no_price_of_is_unknown_as_a_spot_vm_too() -> None:
    for name in ("a4-highgpu-8g", "a4x-highgpu-4g", "a3-ultragpu-8g", "h4d-standard-192"):
        price = CATALOG.machine_price(name, "us-central1")
        assert (price.usd_per_hour, price.usd_per_hour_spot) == (None, None)
    assert CATALOG.machine_price("m2-ultramem-208", "us-central1").usd_per_hour_spot is None


@pytest.mark.parametrize("section", FILES)
def test_a_file_changes_with_this_test_and_says_its_source_and_date(section: str) -> None:
    digest, as_of, source = FILES[section]
    path = FOLDER / f"{section}.json"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert BUILT_IN[section]["as_of"] == as_of
    assert source in BUILT_IN[section]["source"]
    assert list(content(section)) == [section]


@pytest.mark.parametrize("section", FILES)
def test_a_file_is_one_that_can_be_loaded_and_is_as_it_is_written(section: str) -> None:
    text = (FOLDER / f"{section}.json").read_text()
    FILE.check(text, section)
    assert FILE.text_of(json.loads(text)) == text


def expected_gpus(name: str) -> tuple[str | None, float]:
    """What comes with a machine type, as its name says it."""
    series, _, size = name.partition("-")
    if (one := ONE_GPU.get("-".join(name.split("-")[:2]))) is not None:
        found = re.search(r"-(\d+)g(?:-|$)", name)
        return one[3], int(found[1]) if found else 0
    number = int(re.sub(r"\D", "", size) or 0)
    if series == "g2":
        return "nvidia-l4", G2_GPUS[number]
    return ("nvidia-rtx-pro-6000", number / 48) if series == "g4" else (None, 0)


def test_machine_types_are_what_their_names_say() -> None:
    for name, item in CATALOG.all_machine_types().items():
        gpus = expected_gpus(name)
        assert (item.accelerator, item.accelerator_count) == gpus, name
        assert item.shared_core == (name in SHARED), name
        size = "-".join(name.split("-")[:2])
        if name in SHARED:
            assert (item.vcpus, item.memory_gib) == SHARED[name]
        elif size in ONE_GPU:
            vcpus, memory, ssd, _ = (each for each in ONE_GPU[size])
            count = int(gpus[1])
            ssd = 0 if name.endswith("-nolssd") else ssd * count
            facts = (item.vcpus, item.memory_gib, item.local_ssd_gib)
            assert facts == (vcpus * count, memory * count, ssd), name
        else:
            assert item.vcpus == int(name.split("-")[2]), name
            least, most = GIB_PER_VCPU.get(name.split("-")[1], (6, 31))
            assert least <= round(item.memory_gib / item.vcpus, 2) <= most, name


def test_the_obsolete_ones_are_known_as_such() -> None:
    obsolete = {name for name, item in CATALOG.all_machine_types().items() if item.obsolete}
    assert obsolete == {"m2-ultramem2x-96", "m2-ultramemx-96"}


def test_accelerators_are_in_zones_of_regions_and_cost_the_same_in_all_zones_of_one() -> None:
    priced = BUILT_IN["accelerator_prices"]["accelerators"]
    assert set(priced) == set(ATTACHED)
    for zone in CATALOG.all_zones().values():
        assert re.fullmatch(rf"{zone.region}-[a-f]", zone.name)
        for name in GPUS:
            price = CATALOG.accelerator_price(name, zone.name)
            known = name in priced and name in zone.accelerators
            row = priced[name][zone.region] if known else [None, None]
            assert [price.usd_per_hour, price.usd_per_hour_spot] == row
        assert set(zone.accelerators) <= GPUS.keys()


def test_spot_prices_and_prices_of_gpus_are_of_the_usual_size() -> None:
    for name, by_region in BUILT_IN["accelerator_prices"]["accelerators"].items():
        least, times = ATTACHED[name]
        for usd, spot in by_region.values():
            assert least <= usd <= least * times
            assert 0.08 < spot / usd < 0.52


def test_disks_cost_what_their_kind_does_beside_others() -> None:
    disks = BUILT_IN["disk_prices"]["disks"]
    for region, balanced in disks["pd-balanced"].items():
        assert 0.1 <= balanced <= 0.16
        for kind, least, most in (
            ("pd-standard", 0.36, 0.48),
            ("pd-ssd", 1.56, 1.71),
            ("pd-extreme", 1.24, 1.27),
            ("hyperdisk-extreme", 1.08, 1.6),
        ):
            assert least < disks[kind][region] / balanced < most, (kind, region)
        for kind in ("pd-standard", "pd-balanced", "pd-ssd"):
            assert 1.6 < disks[f"{kind} (regional)"][region] / disks[kind][region] < 2.3
    assert {len(by_region) for by_region in disks.values()} == {43}


def test_an_address_that_none_uses_costs_more() -> None:
    for region in CATALOG.regions():
        price = CATALOG.address_price(region)
        assert price.usd_per_hour_in_use == 0.005
        assert price.usd_per_hour_unused is None or 0.01 <= price.usd_per_hour_unused <= 0.016


def test_every_gpu_is_what_it_is() -> None:
    known = CATALOG.all_accelerator_types()
    assert {
        name: (gpu.label, gpu.architecture, gpu.memory_gb) for name, gpu in known.items()
    } == GPUS
    workstations = {f"nvidia-tesla-{gpu}-vws" for gpu in ("t4", "p4", "p100")}
    assert {name for name, gpu in known.items() if gpu.max_vcpus} == {*ATTACHED, *workstations}
    for name in workstations:
        plain = known[name.removesuffix("-vws")]
        assert evolve(plain, name=name, label=f"vWS {plain.label}") == known[name]


def test_nvswitches_join_those_gpus_that_nvidia_says() -> None:
    """https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide."""
    found = {gpu.label: gpu.nvswitch for gpu in CATALOG.all_accelerator_types().values()}
    assert {label: generation for label, generation in found.items() if generation} == {
        **dict.fromkeys(("A100", "A100 80GB"), 2),
        **dict.fromkeys(("H100", "H100 Mega", "H200"), 3),
        **dict.fromkeys(("B200", "GB200", "GB300"), 4),
    }


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Every number below a value, with the way to it."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    elif isinstance(value, float | int) and not isinstance(value, bool) and value:
        yield path, value


@pytest.mark.slow
def test_a_wrong_number_among_the_prices_is_noticed() -> None:
    """Each of them is in a row of the source."""
    chance = random.Random(1)  # noqa: S311 - the same trials each time
    prices = content("machine_prices")
    for path, before in chance.sample(list(leaves(prices)), 40):
        document = json.loads(json.dumps(prices))
        *way, last = path
        holder = document
        for key in way:
            holder = holder[key]
        holder[last] = before * chance.choice((0.5, 0.97, 1.03, 2, 10))
        found = next(price_faults(Catalog(tables=Tables(FILE.text_of(document)))), None)
        assert found is not None, (path, before, holder[last])


def test_every_gpu_has_its_compute_capability() -> None:
    """https://developer.nvidia.com/cuda-gpus, and …/cuda-legacy-gpus for what is older."""
    found = {gpu.label: gpu.compute_capability for gpu in CATALOG.all_accelerator_types().values()}
    assert found == {
        "P100": "6.0",
        "P4": "6.1",
        "V100": "7.0",
        "T4": "7.5",
        "A100": "8.0",
        "A100 80GB": "8.0",
        "L4": "8.9",
        "H100": "9.0",
        "H100 Mega": "9.0",
        "H200": "9.0",
        "vWS P100": "6.0",
        "vWS P4": "6.1",
        "vWS T4": "7.5",
        "RTX PRO 6000": "12.0",
        "B200": "10.0",
        "GB200": "10.0",
        "GB300": "10.3",
    }
