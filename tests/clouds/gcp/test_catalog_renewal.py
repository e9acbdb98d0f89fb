"""A catalogue of today: what lists of gcloud and SKUs of the Billing Catalog API make of it."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import Catalog, FleetError
from infra_lib.clouds.answers import Renewed
from infra_lib.clouds.gcp.catalog.renewal.products import OTHER, Product, is_spot, product_of
from infra_lib.clouds.gcp.catalog.renewal.renew import renew
from infra_lib.clouds.gcp.catalog.renewal.skus import convert, read_skus, usd
from tests.helpers.google_lists import accelerator_type, machine_type, pair, sku

TODAY = "2026-11-26"
US = "us-central1"
SPOT: dict[str, Any] = {"usage": "Preemptible"}


def encoded(*documents: Any) -> bytes:
    return "\n".join(map(json.dumps, documents)).encode()


def page(*skus: dict[str, Any], following: str = "") -> dict[str, Any]:
    return {"skus": [*skus], "nextPageToken": following}


def renewed(
    *,
    prices: list[dict[str, Any]] | None = None,
    machine_types: list[dict[str, Any]] | None = None,
    accelerators: list[dict[str, Any]] | None = None,
    kept: str | None = None,
    as_of: str | None = None,
) -> Renewed:
    files = {
        "prices": prices and encoded(page(*prices)),
        "machine-types": machine_types and encoded(machine_types),
        "accelerators": accelerators and encoded(accelerators),
    }
    return renew(
        {name: [(f"{name}.json", data)] for name, data in files.items() if data},
        None if kept is None else ("catalog.json", kept),
        as_of,
        TODAY,
    )


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    """What loads a catalogue that was renewed, as a fleet does."""

    def load(result: Renewed) -> Catalog:
        path = tmp_path / "catalog.json"
        path.write_text(result.text)
        return Catalog.load(path)

    return load


def notes(result: Renewed) -> str:
    return "\n".join(result.notes)


# What SKUs are of.

PRODUCTS = {
    "N2 Instance Core running in Americas": ("CPU", "vcpu", "n2"),
    "N2 Instance Ram running in Sao Paulo": ("RAM", "gib", "n2"),
    "N1 Predefined Instance Core running in Zurich": ("N1Standard", "vcpu", "n1"),
    "N1 Predefined Instance Ram running in Zurich": ("N1Standard", "gib", "n1"),
    "N2D AMD Instance Core running in EMEA": ("CPU", "vcpu", "n2d"),
    "C4A Arm Instance Ram running in Iowa": ("RAM", "gib", "c4a"),
    "Compute optimized Core running in Americas": ("CPU", "vcpu", "c2"),
    "Compute optimized Instance Core running in Americas": ("CPU", "vcpu", "c2"),
    "Memory-optimized Instance Ram running in Americas": ("RAM", "gib", "m1"),
    "M3 Memory-optimized Instance Core running in Americas": ("CPU", "vcpu", "m3"),
    "Memory Optimized Upgrade Premium for Memory-optimized Instance Core running in Japan": (
        *("CPU", "vcpu", "m2 premium"),
    ),
    "M4Ultramem224 Instance Ram running in Americas": ("RAM", "gib", "m4-ultramem-224"),
    "M4NUltramem224Instance Ram running in Iowa": ("RAM", "gib", "m4n-ultramem-224"),
    "A3Plus Instance Core running in Americas": ("CPU", "vcpu", "a3-megagpu"),
    "A3Ultra Instance Ram running in Americas": ("RAM", "gib", "a3-ultragpu"),
    "X9 Instance Core running in Iowa": ("CPU", "vcpu", "x9"),
    "Custom Instance Core running in Americas": ("CPU", "vcpu", "n1-custom"),
    "Custom Extended Instance Ram running in Americas": ("RAM", "extended_gib", "n1-custom"),
    "N2D AMD Custom Instance Ram running in Paris": ("RAM", "gib", "n2d-custom"),
    "N2 Custom Extended Instance Ram running in Paris": ("RAM", "extended_gib", "n2-custom"),
    "Micro Instance with burstable CPU running in Americas": ("F1Micro", "machine", "f1-micro"),
    "Small Instance with 1 VCPU running in Americas": ("G1Small", "machine", "g1-small"),
    "Nvidia Tesla T4 GPU running in Americas": ("GPU", "gpu", "nvidia-tesla-t4"),
    "Nvidia Tesla A100 GPU running in Americas": ("GPU", "gpu", "nvidia-tesla-a100"),
    "Nvidia Tesla A100 80GB GPU running in Iowa": ("GPU", "gpu", "nvidia-a100-80gb"),
    "Nvidia L4 GPU running in Hong Kong": ("GPU", "gpu", "nvidia-l4"),
    "Nvidia H100 80GB GPU running in Americas": ("GPU", "gpu", "nvidia-h100-80gb"),
    "Nvidia H100 80GB Mega GPU running in Tokyo": ("GPU", "gpu", "nvidia-h100-mega-80gb"),
    "Nvidia H100 80GB Plus GPU running in Americas": ("GPU", "gpu", "nvidia-h100-mega-80gb"),
    "H200 141GB GPU running in Netherlands": ("GPU", "gpu", "nvidia-h200-141gb"),
    "RTX 6000 96GB running in Belgium": ("GPU", "gpu", "nvidia-rtx-pro-6000"),
    "1/8 vGPU no lssd running in Iowa": ("GPU", "eighth", "g4 nvidia-rtx-pro-6000"),
    "A4 Nvidia B200 (1 gpu slice) running in Americas": ("GPU", "slice", "a4 nvidia-b200"),
    "SSD backed Local Storage": ("LocalSSD", "local_ssd", "*"),
    "SSD backed Local Storage in Zurich": ("LocalSSD", "local_ssd", "*"),
    "C4A Instance Local SSD running in Iowa": ("LocalSSD", "local_ssd", "c4a"),
    "Commitment v1: Cpu in Americas for 1 Year": ("CPU", "vcpu", "n1"),
    "Commitment v1: Ram in Americas for 3 Year": ("RAM", "gib", "n1"),
    "Commitment v1: N2D AMD Cpu in EMEA for 3 Years": ("CPU", "vcpu", "n2d"),
    "Commitment: Compute optimized Ram running in Americas for 1 Year": ("RAM", "gib", "c2"),
    "Commitment v1: Memory-optimized Cpu in Japan for 1 Year": ("CPU", "vcpu", "m1"),
    "Commitment v1: Nvidia L4 GPU running in Iowa for 3 Years": ("GPU", "gpu", "nvidia-l4"),
    "Commitment v1: Local SSD In Zurich for 1 Year": ("LocalSSD", "local_ssd", "*"),
    "Commitment v1: C4 Local SSD in Iowa for 3 Years": ("LocalSSD", "local_ssd", "c4"),
}


@pytest.mark.parametrize("description", PRODUCTS)
def test_a_description_says_what_a_sku_is_of(description: str) -> None:
    group, *product = PRODUCTS[description]
    assert product_of(description, "Compute", group) == Product(*product)  # type: ignore[arg-type]
    assert not is_spot(description)


@pytest.mark.parametrize(
    ("description", "group", "product"),
    [
        ("Spot Preemptible N2 Instance Core running in Paris", "CPU", Product("vcpu", "n2")),
        ("Preemptible N2 Instance Core running in Paris", "CPU", Product("vcpu", "n2")),
        (
            "Nvidia L4 GPU attached to Spot Preemptible VMs running in Paris",
            *("GPU", Product("gpu", "nvidia-l4")),
        ),
        (
            "SSD backed Local Storage attached to Spot Preemptible VMs in Zurich",
            *("LocalSSD", Product("local_ssd", "*")),
        ),
        (
            "Spot Preemptible C4D Instance Local SSD running in Iowa",
            *("LocalSSD", Product("local_ssd", "c4d")),
        ),
        (
            "Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Americas",
            *("GPU", Product("slice", "a4 nvidia-b200")),
        ),
    ],
)
def test_a_description_says_whether_it_is_of_a_spot_vm(
    description: str, group: str, product: Product
) -> None:
    assert product_of(description, "Compute", group) == product
    assert is_spot(description)


@pytest.mark.parametrize(
    ("description", "group", "family"),
    [
        ("Sole Tenancy Instance Core running in Jakarta", "CPU", "Compute"),
        ("N2 Sole Tenancy Instance Ram running in Jakarta", "RAM", "Compute"),
        ("Reserved A3 Core in Americas", "CPU", "Compute"),
        (
            "Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Iowa",
            *("GPU", "Compute"),
        ),
        ("A3 Instance Core in Calendar Mode running in Iowa", "CPU", "Compute"),
        ("Commitment - dollar based v1: GCE for 1 year", "CPU", "Compute"),
        ("Hyperdisk Balanced IOPS in Tokyo", "SSD", "Storage"),
        ("Hyperdisk Throughput Throughput Capacity in Tokyo", "SSD", "Storage"),
        ("Hyperdisk Balanced Storage Pools Standard Capacity in Tokyo", "SSD", "Storage"),
        ("Licensing Fee for Debian 10 Buster (CPU cost)", "Debian", "License"),
        ("Storage PD Snapshot in Zurich", "PDSnapshot", "Storage"),
        ("External IP Charge on a Spot Preemptible VM", "IpAddress", "Network"),
        ("Network Internet Egress from Iowa to Zurich", "InterregionEgress", "Network"),
    ],
)
def test_another_way_to_pay_is_no_price_of_a_machine(
    description: str, group: str, family: str
) -> None:
    assert product_of(description, family, group) == OTHER


@pytest.mark.parametrize(
    ("description", "group"),
    [
        ("N2 Confidential Instance Core running in Iowa", "CPU"),
        ("Instance Core running in Iowa", "CPU"),
        ("Cpu in Iowa", "CPU"),
        ("N2 Instance Cache running in Iowa", "CPU"),
        ("Nvidia Z1000 GPU running in Iowa", "GPU"),
        ("Nvidia H100 80GB Minus GPU running in Iowa", "GPU"),
        ("1/16 vGPU no lssd running in Iowa", "GPU"),
        ("Hyperdisk Quick Capacity in Iowa", "SSD"),
        ("Fast Local SSD in Iowa", "LocalSSD"),
    ],
)
def test_what_is_not_understood_is_not_taken_for_another(description: str, group: str) -> None:
    assert product_of(description, "Compute", group) is None


# What they cost.


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**9 - 1))
def test_money_is_read_exactly(units: int, nanos: int) -> None:
    price = {"currencyCode": "USD", "units": str(units), "nanos": nanos}
    assert usd(price, "it") == Fraction(Decimal(f"{units}.{nanos:09}"))


AMOUNTS = st.fractions(min_value=0, max_value=1000, max_denominator=10**9)
UNITS = {
    "time": ("s", "min", "h", "d", "mo"),
    "data": ("By", "KiBy", "MiBy", "GiBy", "TiBy", "kBy", "MBy", "GBy", "TBy"),
    "both": ("GiBy.h", "GBy.h", "GiBy.mo", "GBy.mo", "MiBy.d", "TiBy.mo", "By.s"),
}


@given(AMOUNTS, st.sampled_from([*UNITS]), st.data())
def test_a_price_by_another_unit_is_the_same_price(
    price: Fraction, kind: str, data: st.DataObject
) -> None:
    one, other = (data.draw(st.sampled_from(UNITS[kind])) for _ in range(2))
    there = convert(price, one, other)
    assert there is not None
    assert convert(there, other, one) == price


@pytest.mark.parametrize(
    ("unit", "wanted", "price"),
    [
        ("GBy.h", "GiBy.h", "1.073741824"),
        ("GiBy.h", "GiBy.mo", "730"),
        ("mo", "h", f"1/{730}"),
        ("d", "h", "1/24"),
        ("TiBy.mo", "GiBy.mo", "1/1024"),
        ("h", "s", "1/3600"),
    ],
)
def test_units_are_of_the_size_that_google_bills(unit: str, wanted: str, price: str) -> None:
    assert convert(Fraction(1), unit, wanted) == Fraction(price)


@pytest.mark.parametrize("unit", ["GiBy.h", "GiBy", "count", "", "h.h", "GiBy.GiBy.h", "h.", "wk"])
def test_a_price_by_what_measures_something_else_is_none(unit: str) -> None:
    assert convert(Fraction(1), unit, "h") is None
    assert unit == "GiBy.h" or convert(Fraction(1), unit, "GiBy.h") is None


def test_the_price_of_now_counts_and_not_what_an_account_has_for_nothing() -> None:
    disk = sku("Storage PD Capacity", "0.04", group="PDStandard", family="Storage", unit="GiBy.mo")
    rate = disk["pricingInfo"][0]["pricingExpression"]["tieredRates"][0]
    free = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": 0}}
    much = {"startUsageAmount": 1000, "unitPrice": {"nanos": 30_000_000}}
    tiers = [much, rate | {"startUsageAmount": 30}, free]
    disk["pricingInfo"][0]["pricingExpression"]["tieredRates"] = tiers
    before = sku("Storage PD Capacity", "0.07", unit="GiBy.mo")["pricingInfo"][0]
    disk["pricingInfo"].insert(0, before)
    (found,) = read_skus([("prices.json", encoded(page(disk)))]).rates
    assert found.usd == Fraction("0.04")


# What prices they make.

N2 = pair("N2 Instance", "0.031611", "0.004237")
N2_SPOT = pair("Spot Preemptible N2 Instance", "0.0126", "0.0017", **SPOT)


def test_a_machine_costs_what_the_skus_of_its_vcpus_and_memory_say(loaded: Any) -> None:
    price = loaded(renewed(prices=[*N2, *N2_SPOT])).machine_price("n2-standard-8", US)
    assert price.usd_per_hour == pytest.approx(8 * 0.031611 + 32 * 0.004237)
    assert price.usd_per_hour_spot == pytest.approx(8 * 0.0126 + 32 * 0.0017)


def test_memory_by_the_gigabyte_costs_more_by_the_gibibyte(loaded: Any) -> None:
    core, ram = pair("C4D Instance", "0.0327035", "0.003495578")
    ram["pricingInfo"][0]["pricingExpression"]["usageUnit"] = "GBy.h"
    price = loaded(renewed(prices=[core, ram])).machine_price("c4d-standard-8", US)
    assert price.usd_per_hour == pytest.approx(8 * 0.0327035 + 31 * 0.003495578 * 1.073741824)


@pytest.mark.parametrize("missing", [0, 1])
def test_half_a_price_is_none(loaded: Any, missing: int) -> None:
    prices = [*N2[:missing], *N2[missing + 1 :], *N2_SPOT]
    price = loaded(renewed(prices=prices)).machine_price("n2-standard-8", US)
    assert price.usd_per_hour is None
    assert price.usd_per_hour_spot is not None


def test_a_region_that_no_sku_names_has_no_price(loaded: Any) -> None:
    price = loaded(renewed(prices=N2)).machine_price("n2-standard-8", "europe-west1")
    assert price.usd_per_hour is None


def test_what_is_told_twice_and_differs_is_unknown_and_named(loaded: Any) -> None:
    twice = sku("N2 Instance Core running in Iowa", "0.04")
    result = renewed(prices=[*N2, twice, *N2_SPOT])
    price = loaded(result).machine_price("n2-standard-8", US)
    assert price.usd_per_hour is None
    assert price.usd_per_hour_spot is not None
    said = "unknown, for SKUs differ on its price: n2 (vcpu) in us-central1, on demand"
    assert said in result.notes


def test_what_is_told_twice_and_the_same_is_known(loaded: Any) -> None:
    same = sku("N2 Instance Core running in Iowa", "0.031611")
    assert loaded(renewed(prices=[*N2, same])).machine_price("n2-standard-8", US).usd_per_hour


def test_a_spot_price_is_one_also_where_its_category_says_on_demand(loaded: Any) -> None:
    slices = [
        sku("A4 Nvidia B200 (1 gpu slice) running in Americas", "16.11", group="GPU"),
        sku(
            "Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Americas",
            "4.9542",
            group="GPU",
        ),
    ]
    price = loaded(renewed(prices=[*N2, *slices])).machine_price("a4-highgpu-8g", US)
    assert price.usd_per_hour == pytest.approx(8 * 16.11)
    assert price.usd_per_hour_spot == pytest.approx(8 * 4.9542)


def test_gpus_and_local_ssds_that_come_with_a_machine_are_in_its_price(loaded: Any) -> None:
    prices = [
        *pair("A3 Instance", "0.03222", "0.002817"),
        sku("Nvidia H100 80GB GPU running in Americas", "11.06", group="GPU"),
        sku("SSD backed Local Storage", "0.08", group="LocalSSD", unit="GiBy.mo"),
    ]
    catalog = loaded(renewed(prices=prices))
    parts = 208 * 0.03222 + 1872 * 0.002817 + 8 * 11.06 + 6000 * 0.08 / 730
    assert catalog.machine_price("a3-highgpu-8g", US).usd_per_hour == pytest.approx(parts)
    for gone in range(len(prices)):
        catalog = loaded(renewed(prices=[*N2, *prices[:gone], *prices[gone + 1 :]]))
        if gone != 2:  # the GPUs' section then stays as it is built in
            assert catalog.machine_price("a3-highgpu-8g", US).usd_per_hour is None


def test_what_is_billed_by_skus_of_its_own_has_no_price_by_those_of_its_series(
    loaded: Any,
) -> None:
    prices = [
        *pair("A3 Instance", "0.03222", "0.002817"),
        *pair("M4 Instance", "0.02", "0.005"),
        sku("SSD backed Local Storage", "0.08", group="LocalSSD", unit="GiBy.mo"),
        *(
            sku(f"{gpu} GPU running in Americas", "11", group="GPU")
            for gpu in ("Nvidia H100 80GB", "Nvidia H100 80GB Mega", "H200 141GB")
        ),
    ]
    names = ("a3-megagpu-8g", "a3-ultragpu-8g", "a3-edgegpu-8g", "m4-ultramem-224")
    catalog = loaded(renewed(prices=prices))
    assert [catalog.machine_price(name, US).usd_per_hour for name in names] == [None] * 4
    assert catalog.machine_price("m4-ultramem-112", US).usd_per_hour is not None
    own = pair("A3Plus Instance", "0.04", "0.003")
    price = loaded(renewed(prices=[*prices, *own])).machine_price("a3-megagpu-8g", US)
    parts = 208 * 0.04 + 1872 * 0.003 + 8 * 11 + 6000 * 0.08 / 730
    assert price.usd_per_hour == pytest.approx(parts)


def test_a_part_of_a_gpu_is_paid_for_by_eighths_with_its_machine(loaded: Any) -> None:
    prices = [
        *pair("G4 Instance", "0.04891", "0.00587"),
        sku("RTX 6000 96GB running in Iowa", "1.09565", group="GPU"),
    ]
    eighth = sku("1/8 vGPU no lssd running in Iowa", "0.64688", group="GPU")
    catalog = loaded(renewed(prices=[*prices, eighth]))
    for name, eighths in {"g4-standard-6": 1, "g4-standard-12": 2, "g4-standard-24": 4}.items():
        assert catalog.machine_price(name, US).usd_per_hour == pytest.approx(eighths * 0.64688)
    whole = 48 * 0.04891 + 180 * 0.00587 + 1.09565
    assert catalog.machine_price("g4-standard-48", US).usd_per_hour == pytest.approx(whole)
    assert loaded(renewed(prices=prices)).machine_price("g4-standard-6", US).usd_per_hour is None


def test_shared_cores_pay_for_a_part_of_a_vcpu(loaded: Any) -> None:
    result = renewed(
        prices=[
            *pair("E2 Instance", "0.021811", "0.002923"),
            sku("Micro Instance with burstable CPU running in Americas", "0.0076", group="F1Micro"),
        ],
        machine_types=[
            machine_type("e2-micro", "us-central1-a", 2, 1, isSharedCpu=True),
            machine_type("e2-medium", "us-central1-a", 2, 4, isSharedCpu=True),
            machine_type("f1-micro", "us-central1-a", 1, 0.6, isSharedCpu=True),
        ],
    )
    catalog = loaded(result)
    for name, price in {
        "e2-micro": 0.25 * 0.021811 + 0.002923,
        "e2-medium": 0.021811 + 4 * 0.002923,
        "f1-micro": 0.0076,
    }.items():
        found = catalog.machine_price(name, US).usd_per_hour
        assert found == pytest.approx(price, abs=1e-6)
        assert catalog.machine_type(name).shared_core


def test_m2_costs_what_m1_does_and_a_premium(loaded: Any) -> None:
    m1 = pair("Memory-optimized Instance", "0.0348", "0.0051")
    premium = pair(
        "Memory Optimized Upgrade Premium for Memory-optimized Instance", "0.0104", "0.0015"
    )
    spot = pair("Spot Preemptible Memory-optimized Instance", "0.007", "0.001", **SPOT)
    price = loaded(renewed(prices=[*m1, *premium, *spot])).machine_price("m2-ultramem-208", US)
    assert price.usd_per_hour == pytest.approx(208 * 0.0452 + 5888 * 0.0066)
    assert price.usd_per_hour_spot is None
    price = loaded(renewed(prices=[*m1, *spot])).machine_price("m2-ultramem-208", US)
    assert price.usd_per_hour is None


def test_commitments_are_of_custom_machine_types_too() -> None:
    prices = [
        *N2,
        *pair("N2 Custom Instance", "0.033174", "0.004446"),
        sku("Commitment v1: N2 Cpu in Americas for 1 Year", "0.019915", usage="Commit1Yr"),
        sku(
            "Commitment v1: N2 Ram in Americas for 1 Year",
            *("0.002669",),
            group="RAM",
            unit="GiBy.h",
            usage="Commit1Yr",
        ),
        sku(
            "N2 Custom Extended Instance Ram running in Americas",
            *("0.00955",),
            group="RAM",
            unit="GiBy.h",
        ),
    ]
    section = json.loads(renewed(prices=prices).text)["machine_prices"]
    committed = [None, None, 0.019915, 0.002669]
    assert section["rates"]["n2"][US] == [0.031611, 0.004237, *committed]
    assert section["rates"]["n2-custom"][US] == [0.033174, 0.004446, *committed]
    assert section["extended_memory"]["n2"][US] == [0.00955]


def test_disks_addresses_and_gpus_have_their_prices(loaded: Any) -> None:
    disk: dict[str, Any] = {"group": "SSD", "family": "Storage", "unit": "GiBy.mo"}
    network: dict[str, Any] = {"group": "IpAddress", "family": "Network"}
    prices = [
        *N2,
        sku("SSD backed PD Capacity", "0.17", **disk),
        sku("Hyperdisk Balanced Capacity in Iowa", "0.08", **disk),
        sku("Regional SSD backed PD Capacity", "0.34", **disk),
        sku("External IP Charge on a Standard VM", "0.005", regions=("global",), **network),
        sku("Static Ip Charge", "0.01", **network),
        sku("Nvidia Tesla T4 GPU running in Americas", "0.35", group="GPU"),
        sku(
            "Nvidia Tesla T4 GPU attached to Spot Preemptible VMs running in Americas",
            *("0.14",),
            group="GPU",
            **SPOT,
        ),
    ]
    catalog = loaded(renewed(prices=prices))
    assert catalog.disk_price("pd-ssd", US) == 0.17
    assert catalog.disk_price("hyperdisk-balanced", US) == 0.08
    assert catalog.disk_price("pd-ssd (regional)", US) == 0.34
    assert catalog.disk_price("pd-standard", US) is None
    address = catalog.address_price(US)
    assert (address.usd_per_hour_in_use, address.usd_per_hour_unused) == (0.005, 0.01)
    gpu = catalog.accelerator_price("nvidia-tesla-t4", "us-central1-a")
    assert (gpu.usd_per_hour, gpu.usd_per_hour_spot) == (0.35, 0.14)


LABELS = {
    "c2d": "C2D AMD Instance",
    "c4a": "C4A Arm Instance",
    "m1": "Memory-optimized Instance",
    "m3": "M3 Memory-optimized Instance",
    "m4-ultramem-224": "M4Ultramem224 Instance",
    "n1": "N1 Predefined Instance",
    "n2d": "N2D AMD Instance",
}


def amount(price: float) -> str:
    return f"{Decimal(str(price)):.9f}"


def test_every_series_that_is_built_in_is_renewed_from_its_skus(loaded: Any) -> None:
    built_in = Catalog()
    section = built_in.tables.section("machine_prices")
    rates = {name: rows[US] for name, rows in section["rates"].items() if US in rows}
    ssd, spot_ssd, *_ = section["local_ssd"]["*"][US]
    prices = [
        sku("SSD backed Local Storage", amount(ssd), group="LocalSSD", unit="GiBy.mo"),
        sku(
            "SSD backed Local Storage attached to Spot Preemptible VMs",
            amount(spot_ssd),
            group="LocalSSD",
            unit="GiBy.mo",
            **SPOT,
        ),
    ]
    whole = {name for name, row in rates.items() if 0 not in row and len(row) >= 4 and name != "m2"}
    for name in whole:
        label = LABELS.get(name, f"{name.upper()} Instance")
        vcpu, gib, vcpu_spot, gib_spot, *_ = map(amount, rates[name])
        prices += pair(label, vcpu, gib)
        prices += pair(f"Spot Preemptible {label}", vcpu_spot, gib_spot, **SPOT)
    result = renewed(prices=prices)
    assert not any("not understood, so" in note for note in result.notes)
    catalog = loaded(result)
    types = {
        name: entry
        for name, entry in built_in.all_machine_types().items()
        if (name if name in rates else entry.family) in whole
        and entry.accelerator is None
        and not (entry.local_ssds and entry.family in section["local_ssd"])
        and not name.startswith(("n1-megamem", "n1-ultramem"))  # which have the rates of m1
    }
    assert len({entry.family for entry in types.values()}) >= 15
    for name in types:
        before, after = built_in.machine_price(name, US), catalog.machine_price(name, US)
        assert after == before, name


def test_what_is_free_of_charge_is_no_price(loaded: Any) -> None:
    free = pair("N2 Instance", "0", "0")
    result = renewed(prices=[*free, *N2_SPOT])
    assert loaded(result).machine_price("n2-standard-8", US).usd_per_hour is None


def test_a_section_that_no_sku_is_of_stays_as_it_is(loaded: Any) -> None:
    disk = sku("SSD backed PD Capacity", "0.2", group="SSD", family="Storage", unit="GiBy.mo")
    result = renewed(prices=[disk])
    assert json.loads(result.text).keys() == {"disk_prices"}
    assert (
        "no SKU of these, which stay as they are: accelerator_prices, address_prices, "
        "machine_prices"
    ) in result.notes
    built_in = Catalog().machine_price("g4-standard-48", US)
    assert loaded(result).machine_price("g4-standard-48", US) == built_in


def test_m1_has_its_rates_by_its_old_names_too(loaded: Any) -> None:
    n1 = pair("N1 Predefined Instance", "0.03", "0.004")
    m1 = pair("Memory-optimized Instance", "0.0348", "0.0051")
    price = loaded(renewed(prices=[*n1, *m1])).machine_price("n1-megamem-96", US)
    assert price.usd_per_hour == pytest.approx(96 * 0.0348 + 1433.6 * 0.0051)
    assert loaded(renewed(prices=n1)).machine_price("n1-megamem-96", US).usd_per_hour is None


# What is said of it.


def test_what_is_not_understood_is_counted_and_named_once() -> None:
    odd = [
        sku("Flying Instance Core running in Iowa", "1"),
        sku("Flying Instance Core running in Paris", "1", regions=("europe-west9",)),
        sku("N2 Instance Core running in Milan", "1", unit="count", regions=("europe-west8",)),
    ]
    other = sku("Licensing Fee for Windows", "1", group="Google", family="License")
    assert renewed(prices=[*N2, *odd, other]).notes[:2] == (
        "SKUs: 6, with prices of what a catalogue holds 2, of other things 1, not understood 3",
        "not understood, so not used: 'Flying Instance Core', 'N2 Instance Core'",
    )


def test_a_note_names_some_and_counts_the_others() -> None:
    odd = [sku(f"Odd{number} Instance Core running in Iowa", "1") for number in range(10)]
    assert (
        "not understood, so not used: 'Odd0 Instance Core', 'Odd1 Instance Core', "
        "'Odd2 Instance Core', 'Odd3 Instance Core', 'Odd4 Instance Core', 'Odd5 Instance Core', "
        "'Odd6 Instance Core', 'Odd7 Instance Core' and 2 more"
    ) in renewed(prices=[*N2, *odd]).notes


def test_machine_types_that_lose_their_price_are_named() -> None:
    everything = [*N2, *pair("E2 Instance", "0.02", "0.003")]
    kept = renewed(prices=everything).text
    said = notes(renewed(prices=N2, kept=kept))
    assert "without the price that they had: e2-" in said
    assert "without the price" not in notes(renewed(prices=everything, kept=kept))


# What lists of gcloud make.

ZONES = ("us-central1-a", "us-central1-ai1a")


def test_machine_types_are_as_gcloud_lists_them(loaded: Any) -> None:
    gpu = [{"guestAcceleratorCount": 8, "guestAcceleratorType": "nvidia-h200-141gb"}]
    ssds = {"defaultInterface": "NVME", "partitionCount": 32}
    catalog = loaded(
        renewed(
            machine_types=[
                machine_type("n9-standard-8", ZONES[0], 8, 30.5),
                machine_type("n9-standard-8", ZONES[1], 8, 30.5),
                machine_type(
                    *("a3-ultragpu-8g", ZONES[0], 224, 2952),
                    accelerators=gpu,
                    bundledLocalSsds=ssds,
                ),
            ]
        )
    )
    assert sorted(catalog.all_machine_types()) == ["a3-ultragpu-8g", "n9-standard-8"]
    plain = catalog.machine_type("n9-standard-8")
    assert not plain.shared_core
    assert (plain.vcpus, plain.memory_gib, plain.local_ssd_gib) == (8, 30.5, 0)
    large = catalog.machine_type("a3-ultragpu-8g")
    assert (large.accelerator, large.accelerator_count) == ("nvidia-h200-141gb", 8)
    assert large.local_ssd_gib == 12000


def test_a_part_of_a_gpu_is_in_the_description_alone(loaded: Any) -> None:
    gpu = [{"guestAcceleratorCount": 1, "guestAcceleratorType": "nvidia-rtx-pro-6000"}]
    catalog = loaded(
        renewed(
            machine_types=[
                machine_type(
                    *("g4-standard-6", ZONES[0], 6, 22),
                    description="Graphics Optimized: 1/8 NVIDIA RTX PRO 6000 GPU, 6 vCPUs",
                    accelerators=gpu,
                ),
                machine_type(
                    *("g4-standard-48", ZONES[0], 48, 180),
                    description="Graphics Optimized: 1 NVIDIA RTX PRO 6000 GPU, 48 vCPUs",
                    accelerators=gpu,
                ),
            ]
        )
    )
    assert catalog.machine_type("g4-standard-6").accelerator_count == 1 / 8
    assert catalog.machine_type("g4-standard-48").accelerator_count == 1


def test_lists_may_be_in_several_files(loaded: Any) -> None:
    gpus = ("nvidia-l4", "nvidia-tesla-t4")
    files = {
        "machine-types": [[machine_type("n2-standard-2", zone, 2, 8)] for zone in ZONES],
        "accelerators": [[accelerator_type(gpu, ZONES[0])] for gpu in gpus],
    }
    given = {name: [("list.json", encoded(each)) for each in files[name]] for name in files}
    zones = loaded(renew(given, None, None, TODAY)).all_zones()
    assert {name: zone.accelerators for name, zone in zones.items()} == {
        ZONES[0]: gpus,
        ZONES[1]: (),
    }


@pytest.mark.parametrize(
    ("name", "count", "gib"),
    [
        ("c4-standard-4-lssd", 1, 375),
        ("c4-standard-288-lssd-metal", 6, 18000),
        ("a2-ultragpu-2g", 2, 750),
        ("z3-highmem-8-highlssd", 1, 3000),
        ("z3-highmem-192-highlssd-metal", 12, 72000),
    ],
)
def test_local_ssds_have_the_size_that_their_machine_has(
    loaded: Any, name: str, count: int, gib: int
) -> None:
    gpus = [{"guestAcceleratorCount": 2, "guestAcceleratorType": "nvidia-a100-80gb"}]
    more: dict[str, Any] = {"accelerators": gpus} if "gpu" in name else {}
    listed = machine_type(
        *(name, ZONES[0], 4, 15), bundledLocalSsds={"partitionCount": count}, **more
    )
    assert loaded(renewed(machine_types=[listed])).machine_type(name).local_ssd_gib == gib


def test_a_machine_type_whose_local_ssds_nobody_knows_here_is_left_out_and_named(
    loaded: Any,
) -> None:
    result = renewed(
        machine_types=[
            machine_type("z9-highmem-8", ZONES[0], 8, 64, bundledLocalSsds={"partitionCount": 2}),
            machine_type("n2-standard-2", ZONES[0], 2, 8),
        ]
    )
    assert loaded(result).machine_type("z9-highmem-8") is None
    assert "left out: z9-highmem-8: Local SSDs come with it" in notes(result)


def test_a_machine_type_is_obsolete_where_no_zone_makes_machines_of_it(loaded: Any) -> None:
    obsolete = {"deprecated": {"state": "OBSOLETE"}}
    deprecated = {"deprecated": {"state": "DEPRECATED"}}
    catalog = loaded(
        renewed(
            machine_types=[
                machine_type("m2-ultramemx-96", ZONES[0], 96, 600, **obsolete),
                machine_type("m2-ultramemx-96", ZONES[1], 96, 600, **obsolete),
                machine_type("n1-standard-1", ZONES[0], 1, 3.75, **obsolete),
                machine_type("n1-standard-1", ZONES[1], 1, 3.75, **deprecated),
            ]
        )
    )
    assert catalog.machine_type("m2-ultramemx-96").obsolete
    assert not catalog.machine_type("n1-standard-1").obsolete


def test_tpus_are_no_gpus_and_machines_with_them_none_of_ours(loaded: Any) -> None:
    tpu = [{"guestAcceleratorCount": 4, "guestAcceleratorType": "ct5lp"}]
    catalog = loaded(
        renewed(
            machine_types=[
                machine_type("ct5lp-hightpu-4t", ZONES[0], 112, 192, accelerators=tpu),
                machine_type("n2-standard-2", ZONES[0], 2, 8),
            ],
            accelerators=[
                accelerator_type("ct5lp", ZONES[0]),
                accelerator_type("nvidia-tesla-t4", ZONES[0]),
            ],
        )
    )
    assert [*catalog.all_machine_types()] == ["n2-standard-2"]
    assert catalog.zone(ZONES[0]).accelerators == ("nvidia-tesla-t4",)


def test_zones_are_those_of_machine_types_and_offer_what_is_listed(loaded: Any) -> None:
    lists = [machine_type("n2-standard-2", zone, 2, 8) for zone in (*ZONES, "us-east9-b")]
    gpus = [accelerator_type("nvidia-tesla-t4", ZONES[0])]
    zones = loaded(renewed(machine_types=lists, accelerators=gpus)).all_zones()
    assert {name: zone.accelerators for name, zone in zones.items()} == {
        ZONES[0]: ("nvidia-tesla-t4",),
        ZONES[1]: (),
        "us-east9-b": (),
    }


def test_zones_that_are_known_stay_where_only_gpus_are_listed(loaded: Any) -> None:
    catalog = loaded(renewed(accelerators=[accelerator_type("nvidia-tesla-t4", ZONES[0])]))
    assert catalog.all_zones().keys() == Catalog().all_zones().keys()
    assert catalog.zones_offering("nvidia-l4") == ()


# What stays.


def test_only_what_files_are_given_for_is_renewed(loaded: Any) -> None:
    first = renewed(prices=N2, as_of="2026-01-02")
    lists = [machine_type("n2-standard-2", ZONES[0], 2, 8)]
    second = renewed(machine_types=lists, kept=first.text)
    before, after = json.loads(first.text), json.loads(second.text)
    assert after == before | {"machine_types": after["machine_types"]}
    assert after["machine_types"]["as_of"] == TODAY
    # What no file is for is left to what is built in, by now and later.
    assert after.keys() == {"machine_types", "machine_prices"}
    sources = {source.of: source.as_of for source in loaded(second).sources}
    assert sources["Prices of machine types"] == "2026-01-02"


def test_prices_are_of_the_newest_day_that_a_sku_tells() -> None:
    old = sku("E2 Instance Core running in Americas", "0.02", day="2026-10-01")
    for as_of, day in ((None, "2026-11-20"), ("2026-09-09", "2026-09-09")):
        section = json.loads(renewed(prices=[old, *N2], as_of=as_of).text)["machine_prices"]
        assert section["as_of"] == day


def test_the_order_of_files_and_skus_makes_no_difference() -> None:
    skus = [*N2, *N2_SPOT, *pair("E2 Instance", "0.02", "0.003")]
    pages = [
        ("1.json", encoded(page(*skus[:3], following="next"))),
        ("2.json", encoded(page(*skus[3:]))),
    ]
    backwards = [("1.json", encoded([*reversed(skus)]))]
    texts = {
        renew({"prices": files}, None, None, TODAY).text
        for files in (pages, pages[::-1], backwards, [("1.json", encoded([page(*skus)]))])
    }
    assert texts == {renewed(prices=skus).text}


# What is refused.


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"skus": [', "no JSON"),
        (encoded([]), "no page of SKUs"),
        (encoded({"services": []}), "no page of SKUs"),
        (encoded("SKUs"), "no page of SKUs"),
        (encoded({"error": {"code": 403, "message": "API key not valid."}}), "API key not valid."),
        (encoded(page()), "no SKU of Compute Engine is in it"),
        (encoded(page({"name": "services/95FF-2EF5-5EA1/skus/1"})), "no SKU of Compute Engine"),
        (encoded(page(*N2, following="more")), "pages are missing"),
        (encoded(page(*N2, following="a"), page(*N2_SPOT, following="b")), "pages are missing"),
        (encoded({"skus": ["N2"]}), "a list of objects is wanted"),
        (encoded(page(N2[0] | {"description": None})), "text is wanted"),
        (encoded(page(N2[0] | {"category": None})), "an object is wanted"),
        (encoded(page(N2[0] | {"serviceRegions": "us"})), "a list of regions is wanted"),
        (encoded(page(N2[0] | {"pricingInfo": "free"})), "a list of prices is wanted"),
        (encoded(page(N2[0] | {"pricingInfo": [{}]})), "a list of prices is wanted"),
    ],
)
def test_what_is_no_list_of_skus_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(FleetError, match=r"^prices\.json: ") as refused:
        renew({"prices": [("prices.json", data)]}, None, None, TODAY)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ({"currencyCode": "EUR"}, "fetch them without currencyCode"),
        ({"units": "-1"}, "a whole number of USD is wanted"),
        ({"units": "1.5"}, "a whole number of USD is wanted"),
        ({"nanos": -1}, "0 to 999999999"),
        ({"nanos": 10**9}, "0 to 999999999"),
        ({"nanos": "5"}, "0 to 999999999"),
    ],
)
def test_what_is_no_money_is_refused(price: dict[str, Any], message: str) -> None:
    with pytest.raises(FleetError, match=message):
        usd(price, "it")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("machine-types", encoded({"items": []}), "a list is wanted, as gcloud compute machine-"),
        ("machine-types", encoded([]), "an empty list"),
        ("machine-types", encoded([accelerator_type("nvidia-l4", ZONES[0])]), "machineType"),
        ("accelerators", encoded([machine_type("e2-micro", ZONES[0], 2, 1)]), "acceleratorType"),
        ("accelerators", encoded([{"name": "nvidia-l4"}]), "zone=None"),
        ("accelerators", encoded([{"name": "nvidia-l4", "zone": "moon"}]), "zone='moon'"),
        ("machine-types", encoded([{"name": "n2-standard-2", "zone": ZONES[0]}]), "guestCpus=None"),
        ("machine-types", encoded([machine_type("N 2", ZONES[0], 2, 1)]), "name='N 2'"),
        ("machine-types", encoded([machine_type("n2-s", ZONES[0], 0, 1)]), "guestCpus=0"),
        *(
            ("machine-types", encoded([machine_type("n2-s", ZONES[0], 2, 1, **wrong)]), message)
            for wrong, message in (
                ({"accelerators": "none"}, "accelerators='none'"),
                ({"accelerators": [{}, {}]}, "a list of one kind is wanted"),
                ({"accelerators": [{"guestAcceleratorType": "x"}]}, "guestAcceleratorCount=None"),
                ({"bundledLocalSsds": 3}, "bundledLocalSsds=3"),
                ({"bundledLocalSsds": {"defaultInterface": "NVME"}}, "partitionCount=None"),
                ({"deprecated": True}, "deprecated=True"),
            )
        ),
    ],
)
def test_what_is_no_list_of_gcloud_is_refused(name: str, data: bytes, message: str) -> None:
    with pytest.raises(FleetError, match=r"^list\.json: ") as refused:
        renew({name: [("list.json", data)]}, None, None, TODAY)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', "# Notes\n"])
def test_a_file_that_is_no_catalogue_stays(text: str) -> None:
    with pytest.raises(FleetError, match=r"^catalog\.json: .* It stays as it is: "):
        renewed(prices=N2, kept=text)
