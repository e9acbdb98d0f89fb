"""A catalogue of one's own: from a file that a fleet loads, and entries that know better."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import AddressPrice, Catalog, DiskPrice, FleetError, GcpMachine, MachineType, Price
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.catalog.file import FILE

ABOUT = {"as_of": "2026-11-26", "source": "Cloud Billing Catalog API"}
CONTENT: dict[str, Any] = {
    "machine_types": {
        **ABOUT,
        "machine_types": {
            "n9-standard-2": {"vcpus": 2, "memory_gib": 8},
            "n9-standard-2-lssd": {"vcpus": 2, "memory_gib": 8, "local_ssd_gib": 730},
            "n9-standard-4-lssd": {"vcpus": 4, "memory_gib": 16},
            "n9-micro": {"vcpus": 2, "billed_vcpus": 0.5, "memory_gib": 1, "shared_core": True},
            "g9-standard-4": {
                "vcpus": 4,
                "memory_gib": 16,
                "accelerator": "nvidia-l4",
                "accelerator_count": 2,
            },
            "n2-standard-2": {"vcpus": 2, "memory_gib": 8},
        },
    },
    "machine_prices": {
        **ABOUT,
        "rates": {
            "n9": {"us-central1": [0.1, 0.01, 0.05, 0.005, 0.06, 0.006]},
            "g9": {"us-central1": [0.1, 0.01, 0.05]},
            "n2": {"us-central1": [0.1, 0.01]},
            "n2-custom": {"us-central1": [0.2, 0.02, 0.1, 0.01]},
        },
        "extended_memory": {"n2": {"us-central1": [0.04, 0.03]}},
        "local_ssd": {"*": {"us-central1": [0.5, 0.25]}},
        "machine_types": {"n9-micro": {"us-central1": [7, None], "*": []}},
    },
    "accelerator_prices": {**ABOUT, "accelerators": {"nvidia-l4": {"us-central1": [0.3, 0.1]}}},
    "disk_prices": {
        **ABOUT,
        "disks": {"hyperdisk-balanced": {"us-central1": 0.08, "us-east1": None}},
    },
}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture
def loaded(tmp_path: Path) -> Catalog:
    return Catalog.load(write(tmp_path / "catalog.json", CONTENT))


def usd(catalog: Catalog, name: str, region: str = "us-central1") -> tuple[float | None, ...]:
    price = catalog.machine_price(name, region)
    return price.usd_per_hour, price.usd_per_hour_spot


def test_a_price_is_what_the_file_says_of_its_parts(loaded: Catalog) -> None:
    assert usd(loaded, "n9-standard-2") == (0.28, 0.14)
    assert usd(loaded, "n9-standard-2-lssd") == (0.78, 0.39)
    assert usd(loaded, "n2-standard-2") == (0.28, None)
    assert usd(loaded, "n9-standard-2", "us-east1") == (None, None)
    # How much Local SSD comes with it is not known.
    assert usd(loaded, "n9-standard-4-lssd") == (None, None)
    # The price of memory as a Spot VM is missing.
    assert usd(loaded, "g9-standard-4") == (1.16, None)


def test_the_price_of_the_whole_wins_and_may_be_known_of_no_other_region(loaded: Catalog) -> None:
    assert usd(loaded, "n9-micro") == (7, None)
    assert usd(loaded, "n9-micro", "us-east1") == (None, None)
    content = evolve_content("machine_prices", machine_types={})
    assert usd(Catalog(tables=evolve(loaded.tables, text=FILE.text_of(content))), "n9-micro") == (
        0.06,
        0.03,
    )


def test_rates_of_custom_machine_types_win_over_what_they_cost_more(loaded: Catalog) -> None:
    assert usd(loaded, "n2-custom-2-8192") == (0.56, 0.28)
    assert usd(loaded, "n2-custom-2-17408-ext") == (0.76, 0.39)


def test_a_commitment_costs_what_the_file_says_or_else_the_usual_part(loaded: Catalog) -> None:
    assert loaded.committed_use("n9-standard-2", "us-central1", 1) == pytest.approx(0.6)
    assert loaded.committed_use("n9-standard-2", "us-central1", 3) is None
    assert loaded.committed_use("n2-standard-2", "us-central1", 3) == 0.45


def test_the_price_of_local_ssds_is_a_part_of_the_machines(loaded: Catalog) -> None:
    found = loaded.local_ssd_price("n9-standard-2-lssd", "us-central1")
    assert found is not None
    assert (found.usd_per_hour, found.usd_per_hour_spot) == (0.5, 0.25)
    none = loaded.local_ssd_price("n9-standard-2", "us-central1")
    assert none is not None
    assert none.usd_per_hour == 0
    assert loaded.local_ssd_price("n9-standard-2-lssd", "us-east1") is None
    own = evolve(loaded, prices=(Price("n9-standard-2-lssd", "*", 1),))
    assert own.local_ssd_price("n9-standard-2-lssd", "us-central1") is None


def test_a_section_of_the_file_replaces_the_built_in_one_and_the_others_stay(
    loaded: Catalog,
) -> None:
    assert loaded.machine_type("n1-standard-8") is None
    assert loaded.disk_price("hyperdisk-balanced", "us-central1") == 0.08
    assert loaded.disk_price("pd-ssd", "us-central1") is None
    assert loaded.disk_price("hyperdisk-balanced", "us-east1") is None
    assert loaded.zone("us-central1-c") == CATALOG.zone("us-central1-c")
    assert loaded.address_price("us-central1") == CATALOG.address_price("us-central1")
    said = {source.of: (source.name, source.as_of) for source in loaded.sources}
    assert said["Prices of disks"] == ("Cloud Billing Catalog API", "2026-11-26")
    assert said["Zones"] == ("skypilot-org/skypilot-catalog", "2026")


def test_a_machine_is_described_with_it(loaded: Catalog) -> None:
    machine = GcpMachine("a", machine_type="n9-standard-2", zone="us-central1-a", catalog=loaded)
    assert machine.bill.parts[0].on.on_demand == 0.28


def test_your_entries_win_over_the_file(loaded: Catalog) -> None:
    mine = evolve(loaded, prices=(Price("n9-standard-2", "us-central1", 5),))
    assert usd(mine, "n9-standard-2") == (5, None)
    assert mine.tables == loaded.tables


def test_the_same_file_is_the_same_catalogue(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", CONTENT)
    assert Catalog.load(path) == Catalog.load(str(path))
    assert hash(Catalog.load(path)) == hash(Catalog.load(path))
    assert Catalog.load(path) != Catalog()
    assert "tables" not in repr(Catalog.load(path))


def evolve_content(section: str, **tables: Any) -> dict[str, Any]:
    return CONTENT | {section: CONTENT[section] | tables}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON: "),
        ("[]", "no catalogue: an object with machine_types, zones, machine_prices, "),
        ({}, "no catalogue: "),
        ('{"zones": {}, "zones": {}}', "'zones' is there twice in one object"),
        ("9" * 5000, "no JSON: "),
        ({"prices": {}}, "prices is not known (nearest: disk_prices"),
        ({"zones": None}, "zones=None: an object is wanted"),
        ({"zones": {**ABOUT, "zone": {}}}, "zones.zone is not known (nearest: zones)"),
        ({"zones": {"source": "me"}}, 'zones.as_of=None: a date such as "2026-07-30" is wanted'),
        ({"zones": {**ABOUT, "as_of": "today"}}, "zones.as_of='today': a date such as "),
        ({"zones": {**ABOUT, "as_of": "2026-13"}}, "zones.as_of='2026-13': a date such as "),
        ({"zones": ABOUT}, "zones.zones=None: an object is wanted"),
        ({"machine_types": ABOUT}, "machine_types.machine_types=None: an object is wanted"),
        ({"zones": {**ABOUT, "source": ""}}, "zones.source='': who has it is wanted"),
        ({"zones": {**ABOUT, "zones": []}}, "zones.zones=[]: an object is wanted"),
        (
            {"zones": {**ABOUT, "zones": {"us-central1": []}}},
            "zones.zones='us-central1': no such name can be",
        ),
        (
            {"zones": {**ABOUT, "zones": {"us-central1-a": "nvidia-l4"}}},
            "zones.zones.us-central1-a='nvidia-l4': a list of accelerator types",
        ),
        (
            evolve_content("machine_prices", rates={"n2": {"us-central1": [0.1, "0.2"]}}),
            "machine_prices.rates.n2.us-central1=[0.1, '0.2']: a list of up to 8 amounts of USD",
        ),
        (
            evolve_content("machine_prices", local_ssd={"*": {"us-central1": [1, 1, 1, 1, 1]}}),
            "a list of up to 4 amounts of USD is wanted, null for what is unknown",
        ),
        (
            evolve_content("machine_prices", rates={"n2": {"*": [1]}}),
            "machine_prices.rates.n2='*': no such name can be",
        ),
        (
            evolve_content("disk_prices", disks={"pd-ssd": {"us-central1": -1}}),
            "disk_prices.disks.pd-ssd.us-central1=-1: an amount of USD is wanted, or null",
        ),
        (
            evolve_content("machine_types", machine_types={"n2-x": {"vcpus": 2}}),
            "machine_types.machine_types.n2-x={'vcpus': 2}: vcpus and memory_gib are wanted",
        ),
        (
            evolve_content(
                "machine_types", machine_types={"n2-x": {"vcpus": 1.5, "memory_gib": 1}}
            ),
            "machine type 'n2-x': vcpus=1.5: ",
        ),
        (
            evolve_content(
                "machine_types", machine_types={"n2-x": {"vcpus": 1, "memory_gib": 1, "cpu": 1}}
            ),
            "machine_types.machine_types.n2-x.cpu is not known",
        ),
        (
            {"discounts": {**ABOUT, "sustained_use": {"n1": [1, 0.8]}}},
            "discounts.sustained_use.n1=[1, 0.8]: a list of 4 parts of a price is wanted",
        ),
        (
            {"discounts": {**ABOUT, "committed_use": {"n1": [63, 45]}}},
            "discounts.committed_use.n1=63: a part of a price, from 0 to 1, is wanted",
        ),
    ],
)
def test_a_file_that_holds_no_catalogue_is_refused_with_what_is_wrong_in_it(
    tmp_path: Path, content: object, said: str
) -> None:
    path = write(tmp_path / "catalog.json", content)
    with pytest.raises(FleetError) as refused:
        Catalog.load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_a_file_that_is_not_there_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"none\.json: cannot be read: No such file"):
        Catalog.load(tmp_path / "none.json")
    with pytest.raises(FleetError, match="cannot be read: "):
        Catalog.load(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(FleetError, match="cannot be read: it is not UTF-8"):
        Catalog.load(tmp_path / "bytes")


def test_what_is_written_is_sorted_with_one_entry_a_line(tmp_path: Path) -> None:
    text = FILE.text_of(CONTENT)
    assert Catalog.load(write(tmp_path / "a.json", text)).machine_type("n9-standard-2")
    assert json.loads(text) == CONTENT
    assert list(json.loads(text)) == [name for name in FILE.sections if name in CONTENT]
    shuffled = json.loads(json.dumps(CONTENT, sort_keys=True))
    assert FILE.text_of(dict(reversed(shuffled.items()))) == text
    assert '   "us-central1": [0.1, 0.01, 0.05, 0.005, 0.06, 0.006]\n' in text
    assert '  "n9-standard-2": {"vcpus": 2, "memory_gib": 8},\n' in text


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    types = {f"n9-standard-{vcpus}": {"vcpus": vcpus, "memory_gib": 1.0} for vcpus in (16, 8, 128)}
    text = FILE.text_of({"machine_types": {**ABOUT, "machine_types": types}})
    assert [line.split('"')[1] for line in text.splitlines() if "vcpus" in line] == [
        *("n9-standard-8", "n9-standard-16", "n9-standard-128")
    ]
    assert '"memory_gib": 1}' in text


def test_prices_of_disks_and_addresses_that_someone_knows_better() -> None:
    mine = Catalog(
        disk_prices=(
            DiskPrice("hyperdisk-balanced", "*", 0.1),
            DiskPrice("hyperdisk-balanced", "us-central1", 0.08),
            DiskPrice("pd-ssd", "us-east1", None),
            DiskPrice("pd-ssd (regional)", "us-east1", 0.5),
        ),
        address_prices=(AddressPrice("us-central1", 0, 0.02), AddressPrice("*", 0.004)),
    )
    assert mine.disk_price("hyperdisk-balanced", "us-central1") == 0.08
    assert mine.disk_price("hyperdisk-balanced", "us-east1") == 0.1
    assert mine.disk_price("pd-ssd", "us-east1") is None
    assert mine.disk_price("pd-ssd (regional)", "us-east1") == 0.5
    assert mine.disk_price("pd-ssd", "us-central1") == 0.17
    assert mine.address_price("us-central1").usd_per_hour_in_use == 0
    assert mine.address_price("us-east1") == AddressPrice("*", 0.004, None)


def test_disks_and_addresses_have_prices_and_hyperdisk_balanced_has_none() -> None:
    assert CATALOG.disk_price("pd-balanced", "us-central1") == 0.1
    assert CATALOG.disk_price("hyperdisk-balanced", "us-central1") is None
    assert CATALOG.disk_price("pd-balanced", "mars-north1") is None
    assert CATALOG.address_price("us-central1") == AddressPrice("us-central1", 0.005, 0.01)
    assert CATALOG.address_price("mars-north1") == AddressPrice("mars-north1", None, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"disk_prices": (DiskPrice("pd-ssd", "us-central1-a", 1),)}, "(nearest: us-central1"),
        ({"address_prices": (AddressPrice("us-cental1", 1),)}, "(nearest: us-central1"),
        ({"disk_prices": (DiskPrice("pd-ssd", "*", 1),) * 2}, "given twice"),
        ({"address_prices": (AddressPrice("*", 1),) * 2}, "given twice"),
        ({"address_prices": (Price("e2-micro", "*", 1),)}, "AddressPrice(…)"),
        ({"tables": {}}, "tables={}"),
    ],
)
def test_a_price_of_a_disk_that_nothing_would_look_up_is_refused(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(FleetError) as refused:
        Catalog(**given)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DiskPrice("PD SSD", "*", 1), 'a disk type such as "pd-ssd" is accepted'),
        (lambda: DiskPrice("pd-ssd", "*", -1), "USD per GiB and month, or None when unknown"),
        (lambda: DiskPrice("pd-ssd", "US", 1), 'a region, a zone or "*" is accepted'),
        (lambda: AddressPrice("*", float("nan")), "USD per hour, or None when unknown"),
        (lambda: AddressPrice("*", 1, True), "usd_per_hour_unused=True: USD per hour"),
    ],
)
def test_a_price_that_cannot_be_is_refused(make: Any, said: str) -> None:
    with pytest.raises(FleetError) as refused:
        make()
    assert said in str(refused.value)


def test_an_obsolete_machine_type_is_refused_unless_you_know_better() -> None:
    with pytest.raises(FleetError) as refused:
        GcpMachine("a", machine_type="m2-ultramemx-96", zone="us-central1-a")
    said = str(refused.value)
    assert "'m2-ultramemx-96': obsolete: no machine is made of it (nearest: m2-ultramem" in said
    assert said.count("m2-ultramemx-96") == 1
    assert "m2-ultramem2x" not in said
    own = Catalog(machine_types=(MachineType("m2-ultramemx-96", 96, 600),))
    GcpMachine("a", machine_type="m2-ultramemx-96", zone="us-central1-a", catalog=own)


def test_what_runs_for_long_and_what_is_committed_to_is_cheaper() -> None:
    assert CATALOG.sustained_use("n1-standard-8") == (1, 0.8, 0.6, 0.4)
    assert sum(CATALOG.sustained_use("n1-custom-8-32768")) / 4 == pytest.approx(0.7)
    assert sum(CATALOG.sustained_use("n2-standard-8")) / 4 == pytest.approx(0.8, abs=0.001)
    assert CATALOG.sustained_use("nvidia-tesla-t4") == CATALOG.sustained_use("n1-standard-8")
    for none in ("e2-standard-8", "n4-standard-8", "a2-highgpu-1g", "q-standard-8"):
        assert CATALOG.sustained_use(none) == (1, 1, 1, 1)
    for name, one_year, three_years in (
        ("n2-standard-8", 0.63, 0.45),
        ("c4a-standard-8", 0.66, 0.45),
        ("a2-highgpu-1g", 0.63, 0.35),
        ("a2-ultragpu-1g", None, None),
        ("m3-ultramem-32", 0.592, 0.3),
        ("t2a-standard-1", None, None),
        ("f1-micro", None, None),
        ("nvidia-tesla-t4", 0.63, 0.45),
        # Five percent of what three years cost are added: 0.00071125 of 0.0142245 for a vCPU.
        ("n2-custom-8-32768", 0.6214, 0.45),
        ("n2-custom-8-99840-ext", None, None),
    ):
        found = tuple(CATALOG.committed_use(name, "us-central1", years) for years in (1, 3))
        assert found == (one_year, three_years), name
    assert CATALOG.committed_use("n2-standard-8", "us-central1", 2) is None
