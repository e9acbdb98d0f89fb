"""What a machine is billed for at Google, each part in each state; never guessed, never typed."""

import ast
from pathlib import Path
from typing import Any

import attrs
import pytest

import infra_lib
from infra_lib import (
    AddressPrice,
    Catalog,
    DataDisk,
    DiskPrice,
    FleetError,
    GcpMachine,
    Gpu,
    MachineType,
    Price,
    StopSchedule,
    cost,
)
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.disks import BootDisk
from infra_lib.clouds.gcp.prices import bill_of_type
from infra_lib.model import money
from infra_lib.model.money import Amount

T4 = Gpu("nvidia-tesla-t4")
PRICED = Catalog(
    machine_types=(MachineType("c5-standard-8", 8, 30),),
    prices=(
        Price("n1-standard-8", "*", 0.38, 0.08),
        Price("n2-standard-8", "*", 0.4, 0.1),
        Price("e2-standard-8", "*", 0.268, 0.08),
        Price("g2-standard-4", "*", 0.7, 0.3),
        Price("nvidia-tesla-t4", "*", 0.35, 0.175),
    ),
    disk_prices=(DiskPrice("pd-balanced", "*", 0.073), DiskPrice("pd-ssd", "*", 0.146)),
    address_prices=(AddressPrice("*", 0.004, 0.01),),
)
# 100 GB of pd-balanced, and an address.
BOOT, ADDRESS = 0.01, 0.004


def gcp(machine_type: str = "e2-standard-8", **fields: Any) -> GcpMachine:
    given = {"zone": "us-central1-c", "enabled": True, "catalog": PRICED, **fields}
    return GcpMachine("a", machine_type=machine_type, **given)


def parts(machine: GcpMachine) -> dict[str, Any]:
    return {
        part.kind: (part.text, part.hour(machine.state, spot=machine.spot))
        for part in machine.bill.parts
    }


def test_each_part_apart() -> None:
    models = DataDisk("models", size_gb=1000, type="pd-ssd")
    machine = gcp("n1-standard-8", gpu=Gpu("nvidia-tesla-t4", 2), data_disks=(models,))
    assert parts(machine) == {
        "machine": ("n1-standard-8", 0.38),
        "GPU": ("2x nvidia-tesla-t4", 0.7),
        "boot disk": ("100 GB pd-balanced", pytest.approx(0.01)),
        "data disk": ("models, 1000 GB pd-ssd", pytest.approx(0.2)),
        "address": ("external IPv4", 0.004),
    }
    assert machine.cost == money.Cost(1.294, 0.644)
    assert machine.usd_per_hour == 1.294


def test_a_gpu_that_comes_with_the_machine_type_is_in_its_price() -> None:
    machine = gcp("g2-standard-4", zone="us-central1-a")
    assert parts(machine)["machine"] == ("g2-standard-4, its GPUs included", 0.7)
    assert "GPU" not in parts(machine)


def test_a_flex_start_vm_has_the_price_that_is_given_and_no_other() -> None:
    fields = {"provisioning_model": "FLEX_START", "max_run_duration": 3600}
    machine = gcp("g2-standard-4", zone="us-central1-a", catalog=CATALOG, **fields)
    assert machine.bill.hour.unknown == ("machine",)
    assert gcp("g2-standard-4", zone="us-central1-a", **fields).bill.hour.known


def test_a_price_given_for_elsewhere_is_none_of_a_flex_start_vm() -> None:
    own = Catalog(prices=(Price("g2-standard-4", "europe-west4", 0.3),))
    fields = {"provisioning_model": "FLEX_START", "max_run_duration": 3600}
    machine = gcp("g2-standard-4", zone="us-central1-a", catalog=own, **fields)
    assert machine.bill.hour.unknown == ("machine",)


def test_a_flex_start_vm_needs_a_price_of_its_gpus_too_and_has_no_discounts() -> None:
    fields = {
        "gpu": Gpu("nvidia-tesla-t4"),
        "provisioning_model": "FLEX_START",
        "max_run_duration": 604_800,
    }
    machine_price = Price("n1-standard-8", "us-central1", 0.2)
    half = gcp("n1-standard-8", catalog=Catalog(prices=(machine_price,)), **fields)
    assert half.bill.hour.unknown == ("GPU",)
    own = Catalog(prices=(machine_price, Price("nvidia-tesla-t4", "us-central1-c", 0.1)))
    whole = gcp("n1-standard-8", catalog=own, **fields)
    assert not whole.bill.commitments
    assert whole.bill.month.usd == pytest.approx((whole.bill.hour.usd or 0) * 730)


def test_what_a_confidential_vm_costs_more_is_unknown_until_it_is_given() -> None:
    machine = gcp("n2d-standard-8", confidential="SEV", catalog=CATALOG)
    assert machine.bill.hour.unknown == ("Confidential VM",)
    assert machine.usd_per_hour is None
    assert machine.bill.hour.known == gcp("n2d-standard-8", catalog=CATALOG).bill.hour.known
    assert not attrs.evolve(machine, enabled=False).bill.hour_now.unknown
    own = Catalog(prices=(Price("n2d-standard-8", "us-central1", 0.4),))
    assert gcp("n2d-standard-8", confidential="SEV", catalog=own).bill.hour.known


def test_local_ssds_are_shown_apart_and_the_whole_stays() -> None:
    machine = gcp("c3-standard-8-lssd", catalog=CATALOG)
    whole = CATALOG.machine_price("c3-standard-8-lssd", "us-central1").usd_per_hour
    without = CATALOG.machine_price("c3-standard-8", "us-central1").usd_per_hour
    assert whole is not None
    assert without is not None
    found = parts(machine)
    assert found["machine"][1] == pytest.approx(without, abs=1e-5)
    assert found["Local SSD"] == ("750 GiB", pytest.approx(whole - without, abs=1e-5))


@pytest.mark.parametrize("disk_type", ["pd-extreme", "hyperdisk-extreme", "hyperdisk-throughput"])
def test_performance_that_is_billed_apart_makes_a_disk_unknown(disk_type: str) -> None:
    fast = DataDisk("fast", size_gb=2048, type=disk_type)
    machine = gcp("n2-standard-80", data_disks=(fast,), catalog=Catalog())
    assert machine.bill.hour.unknown == ("data disk",)
    own = Catalog(disk_prices=(DiskPrice(disk_type, "us-central1", 0.365),))
    known = gcp("n2-standard-80", data_disks=(fast,), catalog=own)
    assert parts(known)["data disk"][1] == pytest.approx(1.024)


MODELS = DataDisk("models", size_gb=1000, type="pd-ssd")


@pytest.mark.parametrize(
    ("fields", "usd"),
    [
        ({}, 0.268 + BOOT + ADDRESS),
        ({"spot": True}, 0.08 + BOOT + ADDRESS),
        ({"external_ip": False}, 0.268 + BOOT),
        ({"external_ip": "203.0.113.7"}, 0.268 + BOOT + ADDRESS),
        ({"stopped": True}, BOOT),
        ({"stopped": True, "external_ip": "203.0.113.7"}, BOOT + 0.01),
        ({"stopped": True, "data_disks": (MODELS,)}, BOOT + 0.2),
        ({"enabled": False}, 0),
        ({"enabled": False, "data_disks": (MODELS,)}, 0.2),
        ({"enabled": False, "external_ip": "203.0.113.7"}, 0.01),
    ],
)
def test_what_is_off_or_stopped_is_billed_for_what_it_keeps(
    fields: dict[str, Any], usd: float
) -> None:
    assert gcp(**fields).usd_per_hour_now == pytest.approx(usd)


def test_a_month_has_730_hours() -> None:
    assert money.hour_text(0.73) == "$0.7300"
    assert money.month_text(532.9) == "$532.90"
    assert money.hour_text(None) == money.month_text(None) == "unknown"
    assert gcp(external_ip=False).bill.month.usd == pytest.approx(730 * 0.278)


@pytest.mark.parametrize(("machine_type", "part"), [("n1-standard-8", 0.7), ("n2-standard-8", 0.8)])
def test_sustained_use_makes_a_month_cheaper_and_no_hour(machine_type: str, part: float) -> None:
    machine = gcp(machine_type, external_ip=False)
    hour = machine.bill.on_demand.usd
    assert hour is not None
    expected = (hour - BOOT) * 730 * part + BOOT * 730
    assert machine.bill.month.usd == pytest.approx(expected, rel=1e-3)
    assert gcp(machine_type, spot=True).bill.month.usd == pytest.approx(
        730 * (gcp(machine_type, spot=True).usd_per_hour or 0)
    )


def test_a_commitment_is_cheaper_the_longer_it_is() -> None:
    bill = gcp("n2-standard-8").bill
    month, one, three = bill.month.usd, bill.month_committed(1).usd, bill.month_committed(3).usd
    assert month is not None
    assert one is not None
    assert three is not None
    assert three < one < month


@pytest.mark.parametrize(
    ("fields", "hours"),
    [
        ({}, 24),
        ({"max_run_duration": 8 * 3600}, 8),
        ({"max_run_duration": 40 * 3600}, 24),
        ({"stop_schedule": StopSchedule("0 20 * * *")}, 24),
        ({"stop_schedule": StopSchedule("0 12,20 * * *")}, 16),
        ({"stop_schedule": StopSchedule("30 */6 * * *")}, 6),
        ({"stop_schedule": StopSchedule("0 12,20 * * mon-fri")}, 24),
        ({"stop_schedule": StopSchedule("0 20 1 * *")}, 24),
        (
            {"max_run_duration": 4 * 3600, "stop_schedule": StopSchedule("0 12,20 * * *")},
            4,
        ),
    ],
)
def test_a_run_limit_and_a_stop_schedule_are_counted(fields: dict[str, Any], hours: float) -> None:
    machine = gcp(**fields)
    assert machine.hours_per_day == hours
    running, kept = 0.268 + BOOT + ADDRESS, BOOT
    expected = 730 * (running * hours / 24 + kept * (1 - hours / 24))
    assert machine.bill.month_now.usd == pytest.approx(expected)
    assert machine.usd_per_hour_now == pytest.approx(running)  # an hour is an hour


def total(*machines: GcpMachine) -> Amount:
    return cost.hourly(iter(machines)).in_usd


def test_a_total_with_something_unknown_is_unknown_and_not_less() -> None:
    known, unknown = gcp(external_ip=False), gcp("c5-standard-8")
    assert unknown.cost == money.Cost(None, None)
    assert unknown.bill.hour == Amount(None, ("machine",))
    assert total(known, known).usd == pytest.approx(0.556)
    both = total(known, unknown)
    assert both.known == pytest.approx(0.278)
    assert both.unknown == ("a (machine)",)
    assert both.usd is None
    off = gcp("c5-standard-8", enabled=False)
    assert total(known, off).usd == pytest.approx(0.278)
    assert total() == Amount(0.0)


def test_what_is_unknown_is_named_and_nothing_alone_is_no_sum() -> None:
    odd = gcp(boot_disk=BootDisk(type="pd-standard", size_gb=100), catalog=_without_disks())
    assert cost.total_text([gcp("c5-standard-8")]) == "unknown: a (machine)"
    assert cost.total_text([odd]) == (
        "at least $0.2720 an hour, $198.56 a month; unknown: a (boot disk)"
    )
    assert money.label(odd.bill.hour) == "at-least-0-2720-usd-per-hour"


def _without_disks() -> Catalog:
    unknown = DiskPrice("pd-standard", "*", None)
    return Catalog(
        prices=PRICED.prices, address_prices=PRICED.address_prices, disk_prices=(unknown,)
    )


def test_one_unknown_part_makes_the_whole_unknown() -> None:
    catalog = Catalog(prices=(Price("nvidia-tesla-t4", "*", None, 0.1),))
    price = gcp("n1-standard-8", gpu=T4, catalog=catalog).cost
    assert price.on_demand is None
    assert price.spot is not None


def test_the_wrong_numbers_of_the_story_come_out_nowhere() -> None:
    """It says $0.37 for g2-standard-4, $0.54 for n1-standard-8 with a T4, and A100 on n1."""
    wrong = {"g2-standard-4": (None, 0.37), "n1-standard-8": (T4, 0.54)}
    priced = set()
    for name, (gpu, usd) in wrong.items():
        entry = CATALOG.machine_type(name)
        assert entry is not None
        for zone in CATALOG.all_zones().values():
            if (gpu or Gpu("nvidia-l4")).type in zone.accelerators:
                bill = bill_of_type(entry, gpu, region=zone.region, zone=zone.name, catalog=CATALOG)
                found = bill.on_demand.usd
                assert found is not None
                priced.add((name, round(found, 4)))
                assert round(found, 2) != usd, (name, zone.name)
    assert {("g2-standard-4", 0.7068), ("n1-standard-8", 0.73)} <= priced
    carriers = {item.name for item in CATALOG.all_machine_types().values() if "a100" in item.name}
    assert not carriers
    with pytest.raises(FleetError, match="attaches to no machine: it comes with a2-highgpu-1g"):
        gcp("n1-standard-8", zone="us-central1-a", gpu=Gpu("nvidia-tesla-a100"), catalog=CATALOG)


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
