"""The catalogue holds the facts it was built from, and lets people know better."""

import re
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    AcceleratorType,
    Catalog,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    Gpu,
    MachineType,
    Nvidia,
    Price,
    Zone,
)
from infra_lib.clouds.gcp.catalog import CATALOG
from nixgen import dumps
from tests.helpers.nix_fleets import fleet_of


def test_machine_types_are_all_there() -> None:
    types = CATALOG.all_machine_types()
    assert len(types) == 546
    assert {item.family for item in types.values()} == {
        *("a2", "a3", "a4", "a4x", "c2", "c2d", "c3", "c3d", "c4", "c4a", "c4d", "c4n", "e2"),
        *("f1", "g1", "g2", "g4", "h3", "h4d", "m1", "m2", "m3", "m4", "m4n"),
        *("n1", "n2", "n2d", "n4", "n4a", "n4d", "t2a", "t2d", "z3"),
    }
    assert types["n1-standard-8"] == MachineType("n1-standard-8", 8, 30)
    assert types["e2-standard-8"] == MachineType("e2-standard-8", 8, 32)
    assert types["e2-micro"] == MachineType("e2-micro", 2, 1, shared_core=True)
    assert types["g2-standard-4"] == MachineType("g2-standard-4", 4, 16, False, "nvidia-l4", 1)
    assert types["a2-highgpu-1g"].memory_gib == 85


def test_every_accelerator_optimized_type_has_its_gpus() -> None:
    for item in CATALOG.all_machine_types().values():
        with_gpus = {"g2", "g4", "a2", "a3", "a4", "a4x"}
        assert (item.accelerator is not None) == (item.family in with_gpus), item.name
        if item.accelerator is not None:
            assert CATALOG.accelerator_type(item.accelerator) is not None
        if count := re.search(r"-(\d+)g(?:-|$)", item.name):
            assert item.accelerator_count == int(count[1])


def test_prices_are_of_whole_machine_types() -> None:
    for name, region, on_demand, spot in (
        ("n1-standard-8", "us-central1", 0.379998, 0.13402),
        ("g2-standard-4", "us-central1", 0.706832, 0.397336),
        ("e2-highcpu-16", "africa-south1", 0.435351, 0.135008),
        ("c4-standard-8-lssd", "us-central1", 0.477532, 0.286525),
        ("e2-micro", "us-central1", 0.008376, 0.005026),
        ("m4-ultramem-224", "us-central1", 41.464127, 16.545173),
    ):
        found = CATALOG.machine_price(name, region)
        assert found.usd_per_hour == pytest.approx(on_demand, abs=2e-6)
        assert found.usd_per_hour_spot == pytest.approx(spot, abs=2e-6), name


def test_accelerators_are_where_the_table_says() -> None:
    offers = [
        (accelerator, zone.name)
        for zone in CATALOG.all_zones().values()
        for accelerator in zone.accelerators
    ]
    assert len(offers) == 202
    assert CATALOG.zones_offering("nvidia-a100-80gb")[:2] == (
        "asia-southeast1-c",
        "europe-west4-a",
    )
    assert CATALOG.accelerator_price("nvidia-tesla-t4", "us-central1-c").usd_per_hour == 0.35
    assert CATALOG.accelerator_price("nvidia-l4", "us-central1-a").usd_per_hour is None
    for accelerator, _ in offers:
        assert CATALOG.accelerator_type(accelerator) is not None


def test_the_zones_of_a_region_are_those_of_the_tables_and_your_own() -> None:
    own = (Zone("us-central1-z", "us-central1"), Zone("us-north9-a", "us-north9"))
    catalog = Catalog(zones=own)
    names = [zone.name[-1] for zone in catalog.zones_in("us-central1")]
    assert names == ["a", "b", "c", "f", "z"]
    assert catalog.zones_in("us-north9") == own[1:]
    assert catalog.zones_in("us-north8") == ()


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
    calculator = "Cyclenerd/google-cloud-pricing-cost-calculator"
    assert [(source.of, source.as_of) for source in CATALOG.sources] == [
        ("Machine types", "2026-07-01"),
        ("Zones", "2026"),
        ("Prices of machine types", "2026-07-30"),
        ("Prices of attached GPUs", "2026"),
        ("Prices of disks", "2026-07-30"),
        ("Prices of addresses", "2026-07-30"),
        ("Discounts", "2026"),
    ]
    assert [calculator in source.name for source in CATALOG.sources] == [
        *(True, False, True, False, True, True, False)
    ]


FILLED = {
    "vcpus=…": "vcpus=9",
    "memory_gib=…": "memory_gib=36",
    "accelerator=…": "accelerator='nvidia-b9000'",
    "accelerator_count=…": "accelerator_count=8",
    "region=…": "region='us-central9'",
    "label=…": "label='B9000'",
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
    ["a5-highgpu-8g", "g5-standard-8", "x5-gpu-8"],
)
def test_the_way_to_describe_a_new_gpu_leads_to_a_gpu_machine_that_is_off(
    machine_type: str,
) -> None:
    machine = follow(machine_type, "us-central1-c")
    assert machine.gpu == Gpu("nvidia-b9000", 8)
    assert machine.state == "off"
    assert "gpu" in machine.all_tags
    assert machine.gpu_label == "8x B9000"
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
    # How many came with these, which Compute Engine deprecates, its list does not say any more.
    unknown = {"z3-highmem-88", "z3-highmem-176"}
    for item in CATALOG.all_machine_types().values():
        assert item.local_ssds == (item.local_ssd_gib > 0 or item.name in unknown), item.name
    with_ssds = {item.family for item in CATALOG.all_machine_types().values() if item.local_ssds}
    assert with_ssds == {"a2", "a3", "a4", "a4x", "c3", "c3d", "c4", "c4a", "c4d", "h4d", "z3"}


@pytest.mark.parametrize(
    ("name", "platform", "disks"),
    [
        ("n1-standard-8", "x86_64-linux", "SCSI"),
        ("n2-standard-8", "x86_64-linux", "SCSI"),
        ("n2d-standard-8", "x86_64-linux", "SCSI"),
        ("c2-standard-4", "x86_64-linux", "SCSI"),
        ("c2d-standard-4", "x86_64-linux", "SCSI"),
        ("e2-micro", "x86_64-linux", "SCSI"),
        ("f1-micro", "x86_64-linux", "SCSI"),
        ("g1-small", "x86_64-linux", "SCSI"),
        ("m1-ultramem-40", "x86_64-linux", "SCSI"),
        ("m2-ultramem-208", "x86_64-linux", "SCSI"),
        ("t2d-standard-1", "x86_64-linux", "SCSI"),
        ("m3-ultramem-32", "x86_64-linux", "NVMe"),
        ("c3-standard-4", "x86_64-linux", "NVMe"),
        ("c4a-standard-1", "aarch64-linux", "NVMe"),
        ("n4a-standard-1", "aarch64-linux", "NVMe"),
        ("t2a-standard-1", "aarch64-linux", "NVMe"),
        ("a4x-highgpu-4g", "aarch64-linux", "NVMe"),
        ("n9-standard-2", "x86_64-linux", "NVMe"),
        ("q-standard-2", "x86_64-linux", "NVMe"),
    ],
)
def test_a_series_says_what_its_machine_types_have_in_common(
    name: str, platform: str, disks: str
) -> None:
    gpus = ("nvidia-gb200", 4) if name.startswith("a4x") else (None, 0)
    series = MachineType(name, 8, 32, False, *gpus).series
    assert (series.platform, series.disk_interface) == (platform, disks)


@pytest.mark.parametrize(
    ("name", "migrates"),
    [
        ("e2-standard-8", True),
        ("n1-standard-8", True),
        ("g2-standard-4", False),
        ("ct5lp-hightpu-4t", False),
        ("q-standard-2", False),
    ],
)
def test_a_machine_type_without_accelerators_moves_to_another_host(
    name: str, migrates: bool
) -> None:
    found = CATALOG.machine_type(name) or MachineType(name, 8, 32)
    assert found.migrates is migrates


def test_gpus_attach_to_machine_types_of_n1_that_share_no_core() -> None:
    takers = {item.family for item in CATALOG.all_machine_types().values() if item.takes_gpus}
    assert takers == {"n1"}
    assert not MachineType("n1-tiny", 1, 1, shared_core=True).takes_gpus


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
    assert catalog.machine_price("n1-standard-8", "us-central1").usd_per_hour == 0.379998
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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((name, ["nvidia-tesla-t4"]) for name in ("t4", "T4", "nvidia-t4", "tesla_t4", "T4 16GB")),
        *((name, ["nvidia-l4"]) for name in ("l4", "NVIDIA L4", "NVIDIA-L4")),
        *((name, ["nvidia-tesla-a100", "nvidia-a100-80gb"]) for name in ("a100", "nvidia-a100")),
        *((name, ["nvidia-a100-80gb"]) for name in ("A100 80GB", "a100-80g", "A100-SXM4-80")),
        *((name, ["nvidia-tesla-a100"]) for name in ("a100-40gb", "tesla-a100")),
        *((name, ["nvidia-h100-80gb", "nvidia-h100-mega-80gb"]) for name in ("H100", "h100-nvl")),
        ("H100 Mega", ["nvidia-h100-mega-80gb"]),
        ("H200", ["nvidia-h200-141gb"]),
        *(("b200", ["nvidia-b200"]), ("GB200", ["nvidia-gb200"]), ("gb300", ["nvidia-gb300"])),
        ("v100", ["nvidia-tesla-v100"]),
        ("p100", ["nvidia-tesla-p100"]),
        ("P4", ["nvidia-tesla-p4"]),
        ("b200", ["nvidia-b200"]),
        ("gb200", ["nvidia-gb200"]),
        *((name, ["nvidia-rtx-pro-6000"]) for name in ("RTX PRO 6000", "RTXPRO6000")),
        *((name, ["nvidia-tesla-t4-vws"]) for name in ("T4 vWS", "t4-vws")),
        *((name, []) for name in ("k80", "nvidia-tesla-k80", "b300", "rtx6000", "L40S", "vws")),
        *(
            (name, [])
            for name in ("a10", "A10G", "80gb", "nvidia", "tesla", "nvidia-tesla", "", "é")
        ),
    ],
)
def test_a_gpu_as_people_call_it_is_one_of_its_model_or_none(said: str, meant: list[str]) -> None:
    assert [item.name for item in CATALOG.accelerator_types_meant(said)] == meant


def test_the_name_of_each_gpu_means_it_alone() -> None:
    for name, item in CATALOG.all_accelerator_types().items():
        assert CATALOG.accelerator_types_meant(name) == (item,)
        assert CATALOG.accelerator_types_meant(name.replace("-", " ").upper()) == (item,)


def test_a_gpu_of_yours_is_meant_by_its_label() -> None:
    own = AcceleratorType("nvidia-b9000", label="B9000", architecture="blackwell", memory_gb=180)
    assert Catalog(accelerator_types=(own,)).accelerator_types_meant("b9000 180GB") == (own,)


def refusal(**given: Any) -> str:
    """What is said of a machine that cannot be."""
    fields = {"machine_type": "n1-standard-8", "zone": "us-central1-c", **given}
    with pytest.raises(FleetError) as refused:
        GcpMachine("galena", **fields)
    return str(refused.value)


def test_what_another_cloud_sells_is_not_to_be_described_as_a_machine_type() -> None:
    said = refusal(machine_type="cpx22")
    assert "machine_type='cpx22': a server type of Hetzner Cloud, for HetznerMachine(" in said
    assert "MachineType(" not in said


def test_a_gpu_that_is_meant_is_pointed_at_with_the_machine_types_that_bring_it() -> None:
    assert refusal(gpu=Gpu("t4")).startswith(
        "machine 'galena': gpu.type='t4': not in the catalogue (did you mean 'nvidia-tesla-t4'?); "
        "when it exists all the same, say so: catalog=Catalog("
    )
    said = refusal(gpu=Gpu("A100"))
    assert "(did you mean 'nvidia-tesla-a100' or 'nvidia-a100-80gb'?)" in said
    assert "; nvidia-tesla-a100 comes with a2-highgpu-1g, a2-highgpu-2g, " in said
    assert "; nvidia-a100-80gb comes with a2-ultragpu-1g, " in said
    assert said.endswith(
        "a2-ultragpu-8g, and such a machine_type takes no gpu; infra gpus lists all GPUs"
    )
    # Words of people are no reason to be told of spaces.
    assert "(did you mean 'nvidia-a100-80gb'?)" in refusal(gpu=Gpu("A100 80GB"))
    attached = refusal(gpu=Gpu("nvidia-l4"))
    assert attached.endswith("not with n1-standard-8; name one as machine_type, and leave gpu out")


def test_a_gpu_for_a_machine_type_gets_the_one_way_that_a_machine_has_it() -> None:
    said = refusal(machine_type="T4")
    assert said.endswith(
        'machine_type="n1-standard-8", gpu=Gpu("nvidia-tesla-t4"); infra gpus lists all GPUs'
    )
    said = refusal(machine_type="l4")
    assert said.endswith(
        "g2-standard-96, and such a machine_type takes no gpu; infra gpus lists all GPUs"
    )
    assert "infra gpus" in refusal(machine_type="g9-standard-4")
    # What is followed is taken.
    GcpMachine(
        "galena",
        machine_type="n1-standard-8",
        zone="us-central1-c",
        gpu=Gpu("nvidia-tesla-t4"),
    )
    said = refusal(machine_type="c9-standard-8")
    assert "when it exists all the same" in said
    assert "infra gpus" not in said


def test_a_gpu_that_none_is_like_gets_the_names_of_all() -> None:
    said = refusal(gpu=Gpu("nvidia-tesla-k80"))
    assert "did you mean" not in said
    for name in CATALOG.all_accelerator_types():
        assert name in said
    assert said.endswith("; infra gpus lists all GPUs")


@pytest.mark.parametrize("gpu", [Gpu("l4"), Gpu("t4"), Gpu("nvidia-l4", 2), Gpu("k80")])
def test_a_machine_type_with_gpus_says_that_they_are_its_own(gpu: Gpu) -> None:
    assert refusal(machine_type="g2-standard-4", gpu=gpu).endswith(
        "g2-standard-4 comes with 1x nvidia-l4 and takes no other; leave gpu out (None), or choose "
        "another machine type"
    )


@pytest.mark.parametrize(
    ("field", "given", "pointer"),
    [
        ("machine_type", "n1-standard8", "(nearest: n1-standard-8)"),
        ("machine_type", "E2 Standard 8", "(nearest: e2-standard-8)"),
        ("machine_type", "g2-standard_4", "(nearest: g2-standard-4)"),
        (
            "machine_type",
            "a2-highgpu",
            "(nearest: a2-highgpu-1g, a2-highgpu-2g, a2-highgpu-4g, a2-",
        ),
        ("machine_type", "T2D", "(nearest: t2d-standard-1, "),
        ("machine_type", "n1", "n1-highmem-2, 18 more); when"),
        ("machine_type", "N9-standard-8", "(nearest: n4-standard-8, n2-standard-8, n1-standard-8)"),
        ("zone", "us-central1c", "(nearest: us-central1-c)"),
        ("zone", "US-Central1-A", "(nearest: us-central1-a)"),
        ("zone", "us-central1 c", "(nearest: us-central1-c)"),
        (
            "zone",
            "us-central-1",
            "not a zone of us-central1, which has us-central1-a, us-central1-b, us-central1-c, ",
        ),
        ("zone", "us-east1-a", "not a zone of us-east1, which has us-east1-b, us-east1-c, us-east"),
    ],
)
def test_a_machine_type_or_a_zone_as_people_write_it_is_pointed_at(
    field: str, given: str, pointer: str
) -> None:
    said = refusal(**{field: given})
    assert pointer in said
    # What differs in nothing but how it is written is no other, new one.
    assert ("when it exists all the same" in said) == (not pointer.endswith((")", ", ")))


BLANKS = {
    "vcpus": "8",
    "memory_gib": "32",
    "accelerator": "'nvidia-l4'",
    "accelerator_count": "1",
    "label": "'T9'",
    "architecture": "'turing'",
    "memory_gb": "16",
    "max_vcpus": "{1: 96}",
}


def cure(said: str) -> Catalog | None:
    """The catalogue that a message offers, filled in; None where it offers none."""
    _, _, code = said.partition("catalog=")
    code = code.partition(";")[0]
    for name, value in BLANKS.items():
        code = re.sub(rf"\b{name}=…", f"{name}={value}", code)
    offered: Catalog | None = eval(code.replace("-…", "-a")) if code else None  # noqa: S307
    return offered


@pytest.mark.parametrize(
    ("given", "offers"),
    [
        ({"machine_type": "c9-standard-8"}, True),
        ({"machine_type": "g9-standard-8"}, True),
        ({"machine_type": "C9_standard"}, False),
        ({"machine_type": "9c"}, False),
        ({"zone": "us-central1-z"}, True),
        ({"zone": "us-central1-ai1a"}, True),
        ({"zone": "europe-west99-a"}, True),
        ({"zone": "us-central1"}, False),
        ({"zone": "us-east-1a"}, False),
        ({"zone": "a"}, False),
        ({"zone": "us-central1-"}, False),
        ({"fallback_zones": ("us-central1-z",)}, True),
        ({"fallback_zones": ("us-central1",)}, False),
        ({"zone": "us-central1-z", "gpu": Gpu("nvidia-tesla-t4")}, True),
        ({"fallback_zones": ("us-central1-z",), "gpu": Gpu("nvidia-tesla-t4")}, True),
        ({"zone": "us-central1-z", "machine_type": "g2-standard-4"}, True),
        ({"gpu": Gpu("nvidia-t9")}, True),
        ({"gpu": Gpu("Nvidia-T9")}, False),
        ({"machine_type": "e2-standard-8", "gpu": Gpu("nvidia-t9")}, False),
    ],
)
def test_what_a_message_offers_to_say_is_taken(given: dict[str, Any], offers: bool) -> None:
    catalog = cure(refusal(**given))
    assert (catalog is not None) is offers
    if catalog is not None:
        fields = {"machine_type": "n1-standard-8", "zone": "us-central1-c", **given}
        GcpMachine("galena", **fields, catalog=catalog)


@pytest.mark.parametrize(
    ("field", "given"), [("machine_type", "m5.large"), ("zone", "frankfurt"), ("zone", "a")]
)
def test_where_nothing_is_meant_or_offered_there_is_an_example(field: str, given: str) -> None:
    example = {"machine_type": "n1-standard-8", "zone": "us-central1-c"}[field]
    assert refusal(**{field: given}).endswith(f'; one such as "{example}" is wanted')


def test_a_zone_is_not_offered_with_a_gpu_that_there_is_not() -> None:
    said = refusal(zone="us-central1-z", gpu=Gpu("t4"))
    assert said.endswith("catalog=Catalog(zones=(Zone('us-central1-z', region='us-central1'),))")


def test_a_gpu_that_comes_with_a_machine_type_of_yours_is_taken_as_it_is_said() -> None:
    own = MachineType("g9-x", vcpus=8, memory_gib=32, accelerator="nvidia-t9", accelerator_count=1)
    fields: dict[str, Any] = {"machine_type": "g9-x", "zone": "us-central1-c"}
    said = refusal(**fields, catalog=Catalog(machine_types=(own,)))
    assert "max_vcpus" not in said
    catalog = cure(said)
    assert catalog is not None
    GcpMachine("galena", **fields, catalog=evolve(catalog, machine_types=(own,)))


def test_no_words_but_those_of_one_name_are_let_off_the_rule_of_words() -> None:
    for field in ("machine_type", "zone"):
        assert "without spaces" in refusal(**{field: "not any"})
    assert "without spaces" in refusal(gpu=Gpu("GeForce GTX 1080"))


def test_a_price_points_at_the_gpu_that_is_meant() -> None:
    with pytest.raises(FleetError, match=r"yours included \(did you mean 'nvidia-tesla-t4'\?\)"):
        Catalog(prices=(Price("t4", "*", 0.35),))


def test_a_region_that_is_not_there_is_pointed_at() -> None:
    def fleet(region: str, catalog: Catalog = CATALOG) -> Fleet:
        return Fleet(
            name="metals",
            domain="zt",
            gcp=GcpProject("example-project", region=region),
            machines=(
                GcpMachine("a", machine_type="e2-small", zone="us-central1-b", catalog=catalog),
            ),
        )

    for region, pointer, offers in (
        ("us-central-1", "not in the catalogue (nearest: us-central1)", False),
        ("us-central1-b", "not in the catalogue (nearest: us-central1", False),
        ("iowa", "not in the catalogue, which has africa-south1, asia-east1, ", False),
        ("us-central9", "not in the catalogue (nearest: us-central1, me-central2", True),
    ):
        with pytest.raises(FleetError) as refused:
            fleet(region)
        assert pointer in str(refused.value)
        catalog = cure(str(refused.value))
        assert (catalog is not None) is offers
        if catalog is not None:
            fleet(region, catalog)
