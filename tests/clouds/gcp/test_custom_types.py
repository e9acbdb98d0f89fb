"""Custom machine types: those that Compute Engine makes are known, others are refused with one."""

import re

import pytest

from infra_lib import Catalog, FleetError, GcpMachine, Price
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.catalog.custom import LIMITS, Custom, custom, nearest_name


def refusal(machine_type: str) -> str:
    """What is said of a machine type that cannot be."""
    with pytest.raises(FleetError) as refused:
        GcpMachine("galena", machine_type=machine_type, zone="us-central1-c")
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gib"),
    [
        # The valid examples of the documentation, and those at its limits.
        *(("n4a-custom-36-73728", 36, 72), ("n4a-custom-5-14336", 5, 14)),
        *(("n4a-custom-1-2048", 1, 2), ("n4a-custom-64-524288", 64, 512)),
        *(("n4d-custom-32-16384", 32, 16), ("n4d-custom-2-7168", 2, 7)),
        *(("n4d-custom-96-786432", 96, 768), ("n4d-custom-32-524288-ext", 32, 512)),
        *(("n4-custom-36-73728", 36, 72), ("n4-custom-2-14336", 2, 14), ("n4-custom-2-4096", 2, 4)),
        *(("n2d-custom-32-16384", 32, 16), ("n2d-custom-2-49152-ext", 2, 48)),
        *(("n2-custom-36-18432", 36, 18), ("n2-custom-8-32768", 8, 32)),
        *(("n2-custom-128-884736-ext", 128, 864), ("n2-custom-2-1024", 2, 1)),
        *(("e2-custom-32-16384", 32, 16), ("e2-custom-2-1280", 2, 1.25)),
        *(("custom-32-29696", 32, 29), ("n1-custom-32-29696", 32, 29), ("custom-1-1024", 1, 1)),
        *(("custom-96-638976", 96, 624), ("custom-1-6656", 1, 6.5), ("custom-6-5632", 6, 5.5)),
    ],
)
def test_a_custom_machine_type_that_can_be_is_known(
    name: str, vcpus: int, memory_gib: float
) -> None:
    found = CATALOG.machine_type(name)
    assert found is not None
    assert (found.vcpus, found.memory_gib, found.shared_core) == (vcpus, memory_gib, False)
    assert GcpMachine("galena", machine_type=name, zone="us-central1-c").state == "on"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        # The invalid examples of the documentation, and those a step beyond its limits.
        ("n4a-custom-2-512", "n4a-custom-2-4096"),
        ("n4a-custom-100-204800", "n4a-custom-64-204800"),
        ("n4a-custom-5-14592", "n4a-custom-5-14336"),
        ("n4d-custom-2-410", "n4d-custom-2-1024"),
        ("n4d-custom-34-34816", "n4d-custom-32-34816"),
        ("n4d-custom-1-1024", "n4d-custom-2-1024"),
        ("n4-custom-2-512", "n4-custom-2-4096"),
        ("n4-custom-1-8192", "n4-custom-2-8192"),
        ("n4-custom-82-167936", "n4-custom-80-167936"),
        ("n2d-custom-24-24576", "n2d-custom-32-24576"),
        ("n2-custom-34-34816", "n2-custom-36-34816"),
        ("n2-custom-8-65792", "n2-custom-8-65536"),
        ("n2-custom-8-3840", "n2-custom-8-4096"),
        ("n2-custom-8-884992-ext", "n2-custom-8-884736-ext"),
        ("n2-custom-8-32767", "n2-custom-8-32768"),
        ("n2-custom-132-135168", "n2-custom-128-135168"),
        ("n2-custom-128-1048576", "n2-custom-128-884736"),
        ("e2-custom-32-262144", "e2-custom-32-131072"),
        ("e2-custom-1-1024", "e2-custom-2-1024"),
        ("e2-custom-32-1024", "e2-custom-32-16384"),
        ("e2-custom-4-40960-ext", "e2-custom-4-32768"),
        ("custom-1-205", "custom-1-1024"),
        ("custom-3-1024", "custom-4-3840"),
        ("n1-custom-1-6912", "n1-custom-1-6656"),
        ("n1-custom-98-90112", "n1-custom-96-90112"),
        ("e2-custom-micro-4096", "e2-custom-micro-2048"),
        ("e2-custom-small-512", "e2-custom-small-1024"),
    ],
)
def test_a_custom_machine_type_that_cannot_be_is_refused_with_the_nearest(
    name: str, nearest: str
) -> None:
    said = refusal(name)
    assert said.startswith(f"machine 'galena': machine_type='{name}': ")
    assert said.endswith(f"(nearest: {nearest})")
    assert GcpMachine("galena", machine_type=nearest, zone="us-central1-c").state == "on"


def test_the_message_says_what_the_series_has() -> None:
    assert "2, 4 … 32, 36 … 128 vCPUs are accepted, each with 0.5 to 8 GiB" in refusal("n2-custom")
    assert "with -ext at the end up to 864 GiB" in refusal("n2-custom-3-3")
    assert "in multiples of 1024 MiB" in refusal("n4a-custom-2-512")
    assert "-ext" not in refusal("e2-custom-3-1024")
    assert "GiB or more, in multiples of 256 MiB, up to 128 GiB in all; or" in refusal(
        "e2-custom-32-262144"
    )
    said = refusal("c4-custom-4-16384")
    assert said.endswith(
        "c4 has no custom machine types; those that have are e2, n1, n2, n2d, n4, n4a, n4d"
    )


@pytest.mark.parametrize(
    "name", ["custom", "n2-custom", "n2-custom-8", "n2-custom-8-32GB", "N2-Custom-8-32768"]
)
def test_what_is_meant_for_one_is_told_how_one_is_called(name: str) -> None:
    assert re.search(r"custom-8-32768(, in MiB|\))$", refusal(name))


def test_a_name_with_custom_in_it_that_is_none_gets_the_usual_message() -> None:
    assert "not in the catalogue" in refusal("x9-customized-8")


def test_the_nearest_of_each_can_be_and_of_one_that_can_be_is_itself() -> None:
    for series, limits in LIMITS.items():
        for vcpus in {0, 1, 2, 3, 33, 65, 97, 129, 500} | set(limits.vcpus):
            for mib in (0, 1, 1000, 1024, vcpus * 921, vcpus * 5000, vcpus * 9000, 10**7):
                for ext in ("", "-ext"):
                    near = nearest_name(f"{series}-custom-{vcpus}-{mib}{ext}")
                    assert nearest_name(near) == near
                    found = custom(near)
                    assert found is not None, near
                    assert found.extended_gib == 0 or near.endswith("-ext")


def test_extended_memory_is_what_is_beyond_the_most_per_vcpu() -> None:
    found = [custom(f"{name}-ext") for name in ("custom-2-16384", "n2-custom-2-16640")]
    assert [each and each.extended_gib for each in found] == [3, 0.25]


def test_a_name_without_end_is_none() -> None:
    assert custom(f"n2-custom-8-{'9' * 5000}") is None
    assert "nearest" not in refusal(f"n2-custom-8-{'9' * 200}")


def test_it_costs_five_percent_more_than_what_is_predefined() -> None:
    """The rates of us-central1 that Google shows: 0.03319155 for a vCPU, 0.00444885 for a GiB."""
    price = CATALOG.machine_price("n2-custom-8-32768", "us-central1")
    assert price.usd_per_hour == pytest.approx(8 * 0.03319155 + 32 * 0.00444885, abs=1e-5)
    assert price.usd_per_hour_spot is None
    for series, vcpu, gib in (
        ("n2d", 0.0288771, 0.0038703),
        ("n4", 0.03275, 0.003717),
        ("n4d", 0.030566, 0.003476),
        ("n4a", 0.027783, 0.003161),
        ("e2", 0.02290217, 0.003069707),
    ):
        usd = CATALOG.machine_price(f"{series}-custom-4-16384", "us-central1").usd_per_hour
        assert usd == pytest.approx(4 * vcpu + 16 * gib, abs=4e-5), series


def test_one_that_shares_a_core_pays_for_its_part_of_a_vcpu() -> None:
    assert custom("e2-custom-micro-2048") == Custom("e2", 2, 0.25, 2, shared_core=True)
    micro = CATALOG.machine_price("e2-custom-micro-1024", "us-central1").usd_per_hour
    predefined = CATALOG.machine_price("e2-micro", "us-central1").usd_per_hour
    assert micro is not None
    assert predefined is not None
    assert micro == pytest.approx(predefined * 1.05, abs=2e-6)


def test_what_is_unknown_of_its_price_makes_it_unknown() -> None:
    assert CATALOG.machine_price("n2-custom-8-99840-ext", "us-central1").usd_per_hour is None
    # More memory is allowed with "-ext" than used here, and none of it is extended.
    assert CATALOG.machine_price("n2-custom-8-32768-ext", "us-central1").usd_per_hour is not None
    assert CATALOG.machine_price("n4a-custom-4-16384", "asia-east1").usd_per_hour is None


def test_a_price_of_yours_may_be_of_one() -> None:
    catalog = Catalog(prices=(Price("n2-custom-8-99840-ext", "*", 1.5),))
    assert catalog.machine_price("n2-custom-8-99840-ext", "us-east1").usd_per_hour == 1.5
    with pytest.raises(FleetError, match="a machine type or an accelerator type"):
        Catalog(prices=(Price("n2-custom-3-1", "*", 1.5),))


def test_custom_types_of_n1_are_of_n1_by_either_name() -> None:
    one, other = (
        CATALOG.machine_price(name, "us-central1").usd_per_hour
        for name in ("custom-4-16384", "n1-custom-4-16384")
    )
    assert one == other is not None
