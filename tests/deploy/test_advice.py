"""What a person is told to do when no zone has room."""

import pytest
from attrs import evolve

from infra_lib import DataDisk, Fleet, GcpMachine, GcpProject, Gpu
from infra_lib.clouds.failure import NoRoom, QuotaExceeded
from infra_lib.operate.deploy.advice import advice

GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-c")


def fleet_of(machine: GcpMachine) -> Fleet:
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(machine,),
    )


def said(
    machine: GcpMachine, *zones: str, tried: tuple[str, ...] = (), exists: bool = False
) -> str:
    failure = NoRoom("google_compute_instance.galena", "no room", zones)
    text = advice(fleet_of(machine), failure, {"galena": tried}, {"galena"} if exists else ())
    assert text is not None
    return text


def test_the_zones_that_compute_engine_names_are_advised() -> None:
    text = said(GALENA, "us-central1-f", "us-central1-c")
    assert "us-central1-c has no room for galena" in text
    assert "give it fallback_zones=('us-central1-f',) to try next" in text
    assert text.endswith("Compute Engine says that us-central1-f has room")


def test_zones_that_offer_the_same_are_advised_where_none_is_named() -> None:
    for zones in ((), ("us-central1-c",)):
        text = said(GALENA, *zones)
        assert "fallback_zones=('us-central1-a', 'us-central1-b', 'us-central1-f')" in text
        assert "Compute Engine says" not in text
    alone = evolve(GALENA, fallback_zones=("us-central1-a", "us-central1-b", "us-central1-f"))
    assert "give it fallback_zones in other regions" in said(alone)


def test_only_zones_that_have_the_gpu_are_advised() -> None:
    machine = GcpMachine(
        "galena", machine_type="n1-standard-8", zone="us-central1-c", gpu=Gpu("nvidia-tesla-p100")
    )
    assert "give it fallback_zones=('us-central1-f',) to try next" in said(machine)


@pytest.mark.parametrize("named", [(), ("us-central1-f",)])
def test_a_zone_is_named_as_well_after_all_that_may_be_tried(named: tuple[str, ...]) -> None:
    machine = evolve(GALENA, fallback_zones=("us-central1-a",))
    text = said(machine, *named, tried=("us-central1-c", "us-central1-a"))
    assert "no zone of galena has room at the moment (us-central1-c, us-central1-a)" in text
    assert ("Compute Engine says that us-central1-f has room" in text) == bool(named)


def test_what_stays_where_it_is_is_not_sent_elsewhere() -> None:
    exists = said(GALENA, "us-central1-f", exists=True)
    held = said(evolve(GALENA, data_disks=(DataDisk("tank", size_gb=1),)), "us-central1-f")
    assert "it is not moved" in exists
    assert held.endswith("its data disks hold it there")
    for text in (exists, held):
        assert "fallback_zones" not in text
        assert "us-central1-f" not in text


@pytest.mark.parametrize(
    ("metric", "two"), [("NVIDIA_T4_GPUS", True), ("GPUS_ALL_REGIONS", True), ("CPUS", False)]
)
def test_only_a_gpu_needs_two_quotas(metric: str, two: bool) -> None:
    where = "in region us-central1"
    failure = QuotaExceeded("google_compute_instance.galena", "", metric, "8", where)
    text = advice(fleet_of(GALENA), failure, {}, ())
    assert text is not None
    assert f"galena would exceed quota {metric}, which is 8 {where}" in text
    assert "https://console.cloud.google.com/iam-admin/quotas?project=example-project" in text
    assert ("a GPU needs two quotas" in text) is two


def test_a_quota_that_is_not_named_is_still_one() -> None:
    failure = QuotaExceeded("google_compute_disk.tank", "", None, None, None)
    text = advice(fleet_of(GALENA), failure, {}, ())
    assert text is not None
    assert text.startswith("google_compute_disk.tank would exceed a quota: the project may not")
    assert "GPU" not in text
