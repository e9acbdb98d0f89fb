"""What is known of series of machine types, and what holds of one that nobody knows."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import Catalog, DataDisk, FleetError, GcpMachine, MachineType, Series
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.catalog.entries import NO_BOOT_DISKS
from infra_lib.clouds.gcp.catalog.series import _SERIES, PROVISIONING_MODELS, series_of, series_with
from infra_lib.clouds.gcp.disks import _LIMITS_GB

X9 = "x9-standard-8"


def machine(machine_type: str = X9, *series: Series, **fields: Any) -> GcpMachine:
    """A machine of a type that the tables do not know, of series that they do not know either."""
    catalog = Catalog(machine_types=(MachineType(machine_type, 8, 32),), series=series)
    return GcpMachine(
        "a", machine_type=machine_type, zone="us-central1-a", catalog=catalog, **fields
    )


def test_of_every_machine_type_of_the_tables_everything_is_known() -> None:
    for name, found in CATALOG.all_machine_types().items():
        series = found.series
        assert series.name.partition("-")[0] == name.partition("-")[0]
        assert series.disk_types, name
        assert series.provisioning_models, name
        assert series.confidential is not None, name
        assert series.threads_per_core, name
        assert series.nested_virtualization is not None, name
        assert series.accelerators != "unknown", name


@pytest.mark.parametrize("name", _SERIES)
def test_every_series_is_one_that_could_be_given_and_boots(name: str) -> None:
    series = series_of(name)
    assert series.name == name
    taken = series.disk_types or ()
    assert len({*taken}) == len(taken)
    assert series.default_disk_type in {*taken} - {*NO_BOOT_DISKS}
    known = {*_LIMITS_GB, "pd-balanced", "pd-ssd", "pd-standard"}
    assert {*taken} <= known
    assert Catalog(series=(evolve(series),)).series_of(name) == series


@pytest.mark.parametrize(
    ("machine_type", "series"),
    [
        ("n1-standard-8", "n1"),
        ("custom-4-16384", "custom"),
        ("n2-custom-8-32768", "n2-custom"),
        ("n2-standard-8", "n2"),
        ("a3-highgpu-1g", "a3-highgpu-1g"),
        ("a3-highgpu-1g-nolssd", "a3-highgpu-1g"),
        ("a3-highgpu-8g", "a3"),
        ("a3-ultragpu-8g-nolssd", "a3-ultragpu"),
        ("a4x-maxgpu-4g-metal", "a4x-maxgpu"),
        ("c3-standard-8", "c3-standard"),
        ("c3-highcpu-8", "c3"),
        ("c3-standard-192-metal", "c3-metal"),
        ("c4-highmem-288-lssd-metal", "c4-metal"),
        ("g4-standard-48", "g4-standard-48"),
        ("g4-standard-384", "g4"),
        ("x9-standard-8", "x9"),
    ],
)
def test_of_several_the_most_particular_series_holds(machine_type: str, series: str) -> None:
    assert CATALOG.series_of(machine_type).name == series


def test_the_family_is_what_people_call_the_series() -> None:
    assert MachineType("c3-standard-192-metal", 192, 768).family == "c3"


def test_nothing_is_refused_of_a_series_that_nobody_knows() -> None:
    for fields in (
        {"data_disks": (DataDisk("d", size_gb=500, type="pd-extreme"),)},
        {"threads_per_core": 2},
        {"nested_virtualization": True},
        {"confidential": "TDX"},
        {"spot": True},
        {"provisioning_model": "FLEX_START", "max_run_duration": 3600},
        {"reservation": "lab"},
        {"on_host_maintenance": "TERMINATE"},
    ):
        assert machine(X9, enabled=True, **fields).enabled
    found = machine()
    assert found.boot_disk.type == "pd-balanced"
    assert found.on_host_maintenance == "MIGRATE"
    assert found.platform == "x86_64-linux"


def test_a_series_of_your_own_holds_for_its_machine_types() -> None:
    series = Series(
        "x9",
        platform="aarch64-linux",
        disk_types=("hyperdisk-balanced",),
        threads_per_core=1,
        migrates=False,
    )
    found = machine(X9, series)
    assert found.platform == "aarch64-linux"
    assert found.boot_disk.type == "hyperdisk-balanced"
    assert found.boot_disk.image == "debian-cloud/debian-12-arm64"
    assert found.on_host_maintenance == "TERMINATE"
    assert found.catalog.series_of(X9) is series
    with pytest.raises(FleetError, match="threads_per_core=2: a core of x9-standard-8"):
        machine(X9, series, threads_per_core=2)
    assert found.catalog.series_of("n1-standard-8") == CATALOG.series_of("n1-standard-8")


def test_a_series_of_your_own_says_whether_its_machines_are_on() -> None:
    assert machine("y9-standard-8").state == "off"
    assert machine("y9-standard-8", Series("y9")).state == "on"


def test_a_series_of_your_own_corrects_the_tables() -> None:
    """A project that may use more of a series than others says so."""
    n2 = CATALOG.series_of("n2-standard-8")
    disks = (DataDisk("ore", size_gb=10, type="hyperdisk-balanced"),)
    more = evolve(n2, disk_types=(*(n2.disk_types or ()), "hyperdisk-balanced"))
    fields: dict[str, Any] = {"machine_type": "n2-standard-8", "zone": "us-central1-a"}
    with pytest.raises(FleetError, match="n2-standard-8 takes pd-balanced"):
        GcpMachine("a", data_disks=disks, **fields)
    found = GcpMachine("a", data_disks=disks, catalog=Catalog(series=(more,)), **fields)
    assert found.data_disks == disks
    assert found.boot_disk.type == "pd-balanced"


def test_a_machine_type_may_say_its_series_itself() -> None:
    own = Series("x9", migrates=False)
    said = MachineType(X9, 8, 32, series=own)
    assert said.series is own
    assert not said.migrates
    other = Catalog(machine_types=(said,), series=(Series("x9"),))
    found = other.machine_type(X9)
    assert found is not None
    assert found.series is own
    assert evolve(MachineType(X9, 8, 32), name="c3-standard-8").series.name == "c3-standard"


def test_every_technology_and_every_model_is_to_be_had_somewhere() -> None:
    assert {"n2d", "c2d", "c3d", "c4d"} <= {*series_with("SEV")}
    assert series_with("SEV_SNP") == ("n2d",)
    assert {"c3-standard", "a3-highgpu-1g"} <= {*series_with("TDX")}
    had = {model for name in _SERIES for model in series_of(name).provisioning_models or ()}
    assert had == {*PROVISIONING_MODELS}
