"""`infra gpus`: which GPUs can be had where, in which machine types, at what price."""

import json
import os
import pty
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from fcntl import ioctl
from itertools import takewhile
from pathlib import Path
from termios import TIOCSWINSZ
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    AcceleratorType,
    Catalog,
    GcpMachine,
    GcpProject,
    Gpu,
    MachineType,
    Price,
    Zone,
)
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import GpuOffer, Source
from infra_lib.clouds.gcp import cloud as gcp
from infra_lib.commands.cli import main
from infra_lib.model.bill import Bill, Part
from infra_lib.model.money import Cost
from infra_lib.operate.gpu_offers import all_offers
from tests.helpers import CHECKOUT, process
from tests.helpers.nix_fleets import CPU, PROJECT, fleet_of
from tests.helpers.other_cloud import OtherMachine, TwoClouds

from .test_cli import refused

OWN = """
own = Catalog(
    accelerator_types=(
        AcceleratorType("nvidia-x9", "X9", "ada", 48, {1: 2, 2: 48}),
        AcceleratorType("nvidia-x9-super", "X9 Super", "ada", 96),
    ),
    machine_types=(
        MachineType("g9-standard-8", 8, 32, False, "nvidia-x9", 1),
        MachineType("g9-standard-16", 16, 1500.5, False, "nvidia-x9", 2),
        MachineType("g9-super-8", 8, 32, False, "nvidia-x9-super", 1),
        MachineType("g9-super-16", 16, 64, False, "nvidia-x9-super", 2),
    ),
    zones=(
        Zone("mars-north1-b", "mars-north1", ("nvidia-x9",)),
        Zone("mars-north1-a", "mars-north1", ("nvidia-x9",)),
        Zone("mars-south1-z", "mars-south1", ("nvidia-x9",)),
    ),
    prices=(
        Price("g9-standard-8", "mars-north1", 2.0, 0.5),
        Price("g9-standard-8", "mars-south1", 1.5, 0.75),
        Price("g9-standard-16", "mars-north1", 1234.5),
        Price("g9-super-8", "mars-south1", None, 3.0),
        Price("g9-super-16", "*", 8.0, 4.0),
        Price("n1-standard-8", "mars-north1", 1.0, 0.25),
        Price("nvidia-x9", "mars-north1-a", 0.5, 0.125),
        Price("nvidia-x9", "mars-north1-b", 0.75, 0.125),
    ),
)
metals = fleet(gcp(catalog=own))
"""

# n1-standard-8 has more vCPUs than one X9 allows, and n1-standard-2 has no price on Mars.
X9 = """\
MACHINE TYPE    GPU          GPU MEMORY  VCPUS       MEMORY  WHERE               ON DEMAND     SPOT
g9-standard-8   1x X9             48 GB      8       32 GiB  mars-south1-z         $1.5000  $0.7500
g9-standard-8   1x X9             48 GB      8       32 GiB  mars-north1-a, b      $2.0000  $0.5000
n1-standard-8   2x X9             96 GB      8       30 GiB  mars-north1-a         $2.0000  $0.5000
n1-standard-8   2x X9             96 GB      8       30 GiB  mars-north1-b         $2.5000  $0.5000
g9-super-16     2x X9 Super      192 GB     16       64 GiB  unknown               $8.0000  $4.0000
g9-standard-16  2x X9             96 GB     16  1,500.5 GiB  mars-north1-a, b  $1,234.5000  unknown
g9-standard-16  2x X9             96 GB     16  1,500.5 GiB  mars-south1-z         unknown  unknown
g9-super-8      1x X9 Super       96 GB      8       32 GiB  mars-south1           unknown  $3.0000
n1-standard-2   1x X9             48 GB      2      7.5 GiB  mars-north1-a, b      unknown  unknown
n1-standard-2   1x X9             48 GB      2      7.5 GiB  mars-south1-z         unknown  unknown
n1-standard-8   2x X9             96 GB      8       30 GiB  mars-south1-z         unknown  unknown
"""

Describe = Callable[[str], Path]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("gpus", *arguments)) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def table(text: str) -> list[list[str]]:
    """The cells of the table's rows, without the titles."""
    lines = [*takewhile(bool, text.splitlines())]
    starts = [found.start() for found in re.finditer(r"(?<!\S)\S+( \S+)*", lines[0])]
    assert starts
    return [re.split(r" {2,}", line) for line in lines[1:]]


def names(text: str) -> list[str]:
    return [row[0] for row in table(text)]


@pytest.fixture
def mars(described: Describe) -> Path:
    return described(OWN)


@pytest.mark.usefixtures("mars")
def test_each_machine_type_in_each_region_the_cheapest_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys, "X9")
    assert text.startswith(f"{X9}\nON DEMAND and SPOT are USD an hour of the machine")
    assert (
        "GPUs that attach to other machine types too are shown with n1-standard-8, n1-standard-2."
        in text
    )
    sources = json.loads(printed(capsys, "X9", "--json"))["prices"].values()
    assert sources
    assert all(f": {each['source']}, as of {each['as_of']}." in text for each in sources)
    assert "\nDisks: " not in text
    assert "addresses: " not in text


@pytest.mark.usefixtures("mars")
def test_by_the_price_of_spot_vms(capsys: pytest.CaptureFixture[str]) -> None:
    prices = [row[-1] for row in table(printed(capsys, "x9", "--spot"))]
    assert prices == [*["$0.5000"] * 3, "$0.7500", "$3.0000", "$4.0000", *["unknown"] * 5]


@pytest.mark.usefixtures("mars")
def test_a_line_for_each_gpu_with_the_cheapest_of_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = {row[0]: row[1:] for row in table(printed(capsys))}
    assert rows["X9"] == [
        *("nvidia-x9", "48 GB", "1, 2"),
        *("$1.5000", "mars-south1", "$0.5000", "mars-north1"),
        *("2", "3"),
    ]
    # The price for everywhere says nothing of where it is; the other one says it of one region.
    assert rows["X9 Super"] == [
        *("nvidia-x9-super", "96 GB", "1, 2"),
        *("$8.0000", "unknown", "$3.0000", "mars-south1"),
        *("1", "unknown"),
    ]
    assert "T4" in rows


@pytest.mark.usefixtures("mars")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("--count 1", ["g9-standard-8"] * 2 + ["g9-super-8"] + ["n1-standard-2"] * 2),
        ("--count 2 --region mars-north1", ["n1-standard-8"] * 2 + ["g9-standard-16"]),
        ("--region MARS-S --count 1", ["g9-standard-8", "g9-super-8", "n1-standard-2"]),
        ("--region mars --memory 49", ["g9-super-8"]),
        ("--memory 96GB", ["g9-super-16", "g9-super-8"]),
        ("--memory 48 --count 1 --region mars-north1", ["g9-standard-8", "n1-standard-2"]),
    ],
)
def test_only_what_is_wanted(
    capsys: pytest.CaptureFixture[str], filters: str, found: list[str]
) -> None:
    assert names(printed(capsys, "x9", *filters.split())) == found


@pytest.mark.usefixtures("mars")
def test_what_may_be_wanted_and_nobody_knows_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = "Left out, since it is not known whether they fit: "
    text = printed(capsys, "x9", "--region", "mars")
    assert f"{left_out}g9-super-16 (2x X9 Super).\n" in text
    assert left_out not in printed(capsys, "x9")
    assert left_out not in printed(capsys, "x9", "--region", "mars", "--count", "1")
    assert json.loads(printed(capsys, "x9", "--region", "mars", "--json"))["doubtful"] == [
        {
            "cloud": "gcp",
            "machine_type": "g9-super-16",
            "vcpus": 16,
            "memory_gib": 64,
            "gpu": {"type": "nvidia-x9-super", "model": "X9 Super", "count": 2, "memory_gb": 96},
            "attached": False,
            "region": None,
            "zones": [],
            "usd_per_hour": {"on_demand": 8.0, "spot": 4.0},
        }
    ]


@pytest.mark.usefixtures("mars")
def test_a_machine_type_or_a_series_will_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert {*names(printed(capsys, "g9-standard-8"))} == {"g9-standard-8"}
    assert {*names(printed(capsys, "G9"))} == {
        *("g9-standard-8", "g9-standard-16", "g9-super-8", "g9-super-16")
    }
    assert "no GPU that is known" in refused(capsys, "gpus", "g9-standard-1")


def test_a_gpu_is_called_as_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    for said, gpus in (("a100 80gb", {"1x A100 80GB"}), ("A100", {"1x A100", "1x A100 80GB"})):
        rows = table(printed(capsys, *said.split(), "--count", "1"))
        assert {row[1] for row in rows} == gpus


@pytest.mark.usefixtures("mars")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(printed(capsys, "x9", "--count", "1", "--region", "mars-north1", "--json"))
    cheap = {
        "cloud": "gcp",
        "machine_type": "g9-standard-8",
        "vcpus": 8,
        "memory_gib": 32,
        "gpu": {"type": "nvidia-x9", "model": "X9", "count": 1, "memory_gb": 48},
        "attached": False,
        "region": "mars-north1",
        "zones": ["mars-north1-a", "mars-north1-b"],
        "usd_per_hour": {"on_demand": 2.0, "spot": 0.5},
    }
    unpriced = {
        **cheap,
        "machine_type": "n1-standard-2",
        "vcpus": 2,
        "memory_gib": 7.5,
        "attached": True,
        "usd_per_hour": {"on_demand": None, "spot": None},
    }
    assert data == {
        "gpus": [
            {
                "cloud": "gcp",
                "type": "nvidia-x9",
                "model": "X9",
                "memory_gb": 48,
                "counts": [1],
                "regions": ["mars-north1"],
                "zones": ["mars-north1-a", "mars-north1-b"],
                "cheapest": {"on_demand": [cheap], "spot": [cheap]},
            }
        ],
        "offers": [cheap, unpriced],
        "doubtful": [],
        "prices": data["prices"],
    }
    (x9, _) = json.loads(printed(capsys, "x9", "--json"))["gpus"]
    least = {name: [each["region"] for each in x9["cheapest"][name]] for name in x9["cheapest"]}
    assert least["on_demand"] == ["mars-south1"]
    assert {*least["spot"]} == {"mars-north1"}


@pytest.mark.usefixtures("mars")
def test_nothing_that_is_wanted_ends_with_1_and_what_there_is_instead(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["gpus", "x9", "--count", "3", "--region", "mars-s"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "infra: nothing is known with x9 and --region mars-s and --count 3; in place of --count 3 "
        "there is 1, 2\n"
    )
    assert main(["gpus", "x9", "--memory", "96", "--region", "mars-n", "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["offers"] == []
    assert output.err == (
        "infra: nothing is known with x9 and --region mars-n and --memory 96; in place of --region "
        "mars-n there is mars-south1; in place of --memory 96 there is 48 GB; it is not known "
        "whether these fit: g9-super-16 (2x X9 Super)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["H1000"], "infra gpus: GPU='H1000': no GPU that is known (nearest: H100, "),
        (["nvidia-tesla-t5"], "no GPU that is known (nearest: nvidia-tesla-t4, "),
        (["K80"], "no GPU that is known; known are "),
        (["--region", "us-centrl1"], "--region='us-centrl1': a region, or how some begin, such as"),
        (["--region", "us-centrl1"], "(nearest: us-central1, "),
        (["--region", "us-central1-a"], "(nearest: us-central1, "),
        (["--region", ""], "--region='': a region, or"),
    ],
)
def test_a_name_that_is_none_ends_with_2_and_the_nearest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, "gpus", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--count", count] for count in ("x", "-1", "1/0", "1/2/3", "")),
        *(["--memory", memory] for memory in ("much", "-80", "nan", "80 TB", "")),
    ],
)
def test_a_number_that_is_none_is_bad_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["gpus", *arguments])
    assert end.value.code == 2
    assert f"argument {arguments[0]}: " in capsys.readouterr().err


def priced(on_demand: float | None, spot: float | None = None) -> dict[str, Any]:
    """What an offer has for its price."""
    part = Part(kind="machine", text="x", on=Cost(on_demand, spot))
    return {"bill": Bill(parts=(part,), state="on")}


PART = GpuOffer(
    cloud="gcp",
    machine_type="g8-standard-6",
    vcpus=6,
    memory_gib=22,
    gpu_type="nvidia-x8",
    gpu_model="X8",
    gpu_count=0.25,
    gpu_memory_gb=24.0,
    attached=False,
    region="mars-north1",
    zones=(),
    **priced(1.0, 0.5),
)


def have(monkeypatch: pytest.MonkeyPatch, *offers: GpuOffer) -> None:
    """Let Google have these offers, and no other."""
    monkeypatch.setattr(gcp, "gpu_offers", lambda _: offers)


def test_a_part_of_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = evolve(PART, machine_type="g8-standard-48", gpu_count=1, gpu_memory_gb=96)
    have(monkeypatch, evolve(whole, gpu_count=2), PART, whole)
    assert table(printed(capsys))[0][:4] == ["X8", "nvidia-x8", "96 GB", "1/4, 1, 2"]
    for count in ("1/4", "0.25"):
        ((machine_type, gpu, memory, *_),) = table(printed(capsys, "g8", "--count", count))
        assert (machine_type, gpu, memory) == ("g8-standard-6", "1/4x X8", "24 GB")
    # As much memory as there is of one, and not as all of them have together.
    for memory, there in (("24", 3), ("25", 2), ("96", 2)):
        assert len(table(printed(capsys, "g8", "--memory", memory))) == there
    assert main(["gpus", "--memory", "97"]) == 1
    assert "in place of --memory 97 there is 24 GB, 96 GB\n" in capsys.readouterr().err


def test_a_price_of_several_regions_says_of_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    a, b, c = (
        evolve(PART, region=region, **priced(1.0, spot))
        for region, spot in (("a", 0.5), ("b", 0.5), ("c", None))
    )
    have(monkeypatch, c, b, a, evolve(a, zones=("a-1",)))
    (row,) = table(printed(capsys))
    assert row[4:8] == ["$1.0000", "a (+2)", "$0.5000", "a (+1)"]


def test_the_name_of_a_region_means_no_other_that_begins_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    regions = ("north1", "north10")
    have(monkeypatch, *(evolve(PART, region=region) for region in regions))
    monkeypatch.setattr(gcp, "regions", lambda _: regions)
    for said, found in (("north1", regions[:1]), ("north10", regions[1:]), ("north", regions)):
        data = json.loads(printed(capsys, "--region", said, "--json"))
        assert tuple(offer["region"] for offer in data["offers"]) == found


def test_memory_that_nobody_knows_is_neither_much_nor_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    have(monkeypatch, evolve(PART, gpu_memory_gb=None, machine_type="g8-x"), PART)
    assert [row[2] for row in table(printed(capsys, "g8"))] == ["24 GB", "unknown"]
    text = printed(capsys, "g8", "--memory", "1")
    assert names(text) == ["g8-standard-6"]
    assert "not known whether they fit: g8-x (1/4x X8)." in text


def test_unknown_is_never_the_cheapest_and_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    free = evolve(PART, machine_type="z", **priced(0.0))
    unknown = evolve(PART, machine_type="a", gpu_type="nvidia-x7", **priced(None, 0.0))
    have(monkeypatch, unknown, PART, free)
    for spot, first, last in ((False, free, unknown), (True, unknown, free)):
        data = json.loads(printed(capsys, "--json", *(["--spot"] if spot else [])))["offers"]
        assert data[0]["machine_type"] == first.machine_type
        assert data[-1]["machine_type"] == last.machine_type
        assert data[0]["usd_per_hour"]["spot" if spot else "on_demand"] == 0
    x8, x7 = table(printed(capsys))
    assert x8[4:8] == ["$0.0000", "mars-north1", "$0.5000", "mars-north1"]
    assert x7[4:8] == ["unknown", "-", "$0.0000", "mars-north1"]


def test_what_is_built_in_is_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = json.loads(printed(capsys, "--json"))
    assert {gpu["type"] for gpu in data["gpus"]} == {*Catalog().all_accelerator_types()}
    types = {offer["machine_type"] for offer in data["offers"] if not offer["attached"]}
    assert types == {each.name for each in Catalog().machine_types_with_gpus()}
    for offer in data["offers"]:
        prices = offer["usd_per_hour"].values()
        assert all(price is None or price > 0 for price in prices)
        assert all(zone.startswith(f"{offer['region']}-") for zone in offer["zones"])
    keys = [
        (each["machine_type"], each["gpu"]["type"], each["gpu"]["count"], each["region"])
        for each in data["offers"]
    ]
    assert len(keys) == len({*keys})


def test_prices_are_those_of_the_catalogue_for_every_zone_and_machines_are_taken() -> None:
    catalog = Catalog()
    offers = [offer for offer in all_offers(None) if offer.region and offer.zones]
    assert {offer.attached for offer in offers} == {False, True}
    for offer in offers:
        machine = catalog.machine_price(offer.machine_type, str(offer.region)).usd_per_hour
        if not offer.attached:
            assert offer.price(spot=False) == pytest.approx(machine)
            continue
        gpu = Gpu(offer.gpu_type, int(offer.gpu_count))
        for zone in offer.zones:
            one = catalog.accelerator_price(offer.gpu_type, zone).usd_per_hour
            if machine is None or one is None:
                assert offer.price(spot=False) is None
            else:
                assert offer.price(spot=False) == pytest.approx(machine + gpu.count * one, abs=1e-4)
        zone = offer.zones[-1]
        taken = GcpMachine("galena", machine_type=offer.machine_type, zone=zone, gpu=gpu)
        assert taken.gpu_label == offer.gpu_label


def test_no_fleet_is_needed(tmp_path: Path) -> None:
    done = process.python("-m", "infra_lib", "gpus", "T4", "--region", "us-central1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    counts = [row[1] for row in table(done.stdout)]
    assert sorted(counts) == ["1x T4", "2x T4", "4x T4"]
    assert {row[0] for row in table(done.stdout)} == {"n1-standard-8"}
    missing = process.python("-m", "infra_lib", "gpus", "T4", "--count", "3", cwd=tmp_path)
    assert (missing.returncode, missing.stdout) == (1, "")


@pytest.mark.filterwarnings("default:.*without this fleet's catalogue")
def test_a_fleet_that_is_refused_for_its_gpu_is_told_what_there_is(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described('metals = fleet(n1(Gpu("t4")))')
    assert "; infra gpus lists all GPUs" in refused(capsys, "cost")
    assert main(["gpus", "T4"]) == 0
    output = capsys.readouterr()
    assert "n1-standard-8" in output.out
    assert output.err.startswith("infra: warning: described.py:")
    assert output.err.endswith("; so what follows is without this fleet's catalogue\n")
    assert output.err.count("\n") == 1
    # One that is named is what is asked about.
    refused(capsys, "gpus", "--source", "described:metals")
    refused(capsys, "gpus", "--source", "described:nothing")


def test_the_catalogue_is_that_of_the_fleet(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = described(OWN)
    assert names(printed(capsys, "x9", "--source", "described:metals"))
    (folder / "pyproject.toml").unlink()
    assert names(printed(capsys, "x9", "--source", "described:metals"))
    assert "no GPU that is known" in refused(capsys, "gpus", "x9")
    assert "--region='mars'" in refused(capsys, "gpus", "--region", "mars")


def test_clouds_are_asked_each_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def offers(machines: Sequence[Any]) -> tuple[GpuOffer, ...]:
        asked.append([machine.name for machine in machines])
        return (evolve(PART, cloud="other", gpu_type="nvidia-tesla-t4", gpu_model="T4"),)

    other: Any = SimpleNamespace(
        check=lambda *_: None,
        warnings=lambda *_: (),
        gpu_offers=offers,
        gpu_types=lambda _, said: ["nvidia-tesla-t4"] if said == "T4" else [],
        regions=lambda _: ("fsn1",),
        cost_notes=lambda *_: (),
        price_sources=lambda *_: {"servers": Source("Servers", "somebody", "2026-10")},
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(CLOUDS, "other", other)
    machines = (OtherMachine("beryl"), CPU)
    all_offers(TwoClouds(name="two", domain="zt", machines=machines, gcp=PROJECT, other="there"))
    text = printed(capsys, "T4")
    assert asked == [["beryl"], []]
    assert {"g8-standard-6", "n1-standard-8"} <= {*names(text)}
    assert "Servers: somebody, as of 2026-10." in text
    data = json.loads(printed(capsys, "T4", "--json"))
    assert {gpu["cloud"] for gpu in data["gpus"]} == {"gcp", "other"}
    assert data["prices"]["servers"] == {"as_of": "2026-10", "source": "somebody"}
    # A region of either will do, and a name is of one cloud's GPUs.
    assert main(["gpus", "nvidia-tesla-t4", "--region", "fsn1"]) == 1
    capsys.readouterr()
    assert {*names(printed(capsys, "nvidia-tesla-t4"))} == {"n1-standard-8"}


def seen(width: int, *arguments: str, cwd: Path) -> list[str]:
    """The lines that a terminal of so many columns gets."""
    ours, its = pty.openpty()
    ioctl(its, TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    command = [sys.executable, "-m", "infra_lib", "gpus", *arguments]
    environment = process.environment()
    environment.pop("COLUMNS", None)
    environment["NO_COLOR"] = "1"
    with subprocess.Popen(command, cwd=cwd, env=environment, stdout=its) as running:
        os.close(its)
        output = bytearray()
        with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
            while data := os.read(ours, 65536):
                output += data
        os.close(ours)
    assert running.returncode == 0
    return output.decode().splitlines()


@pytest.mark.parametrize(
    ("width", "arguments"),
    [
        *((width, ()) for width in (40, 60, 80, 100, 140)),
        *((width, ("A100", "--region", "us")) for width in (60, 80, 100, 140)),
    ],
)
def test_no_line_is_wider_than_the_terminal_and_what_has_no_room_is_named(
    tmp_path: Path, width: int, arguments: tuple[str, ...]
) -> None:
    piped = process.python("-m", "infra_lib", "gpus", *arguments, cwd=tmp_path).stdout
    lines = seen(width, *arguments, cwd=tmp_path)
    # A word such as the name of a source stays whole.
    assert max(map(len, takewhile(bool, lines) if width < 60 else lines)) <= width
    said = re.search(r"terminal is too narrow: (.*?)\. infra", " ".join(lines))
    dropped = said[1].split(", ") if said else []
    rows = " ".join(takewhile(bool, lines)).split()
    for title in re.split(r" {2,}", piped.partition("\n")[0]):
        assert title in dropped or {*title.split()} <= {*rows}
    prices = [cell for cell in " ".join(takewhile(bool, piped.splitlines())).split() if "$" in cell]
    assert [cell for cell in rows if "$" in cell] == prices


def test_a_terminal_that_is_wide_enough_gets_what_a_pipe_gets(tmp_path: Path) -> None:
    piped = process.python("-m", "infra_lib", "gpus", "A100", cwd=tmp_path).stdout
    assert seen(300, "A100", cwd=tmp_path) == piped.splitlines()


def test_the_page_of_the_fleet_has_the_same_offers() -> None:
    project = GcpProject("example-project", region="us-central1")
    machines = (GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b"),)
    page = gcp.alternatives(project, machines).machine_types
    assert page
    offers = [offer for offer in gcp.gpu_offers(machines) if offer.region == project.region]
    assert sorted(page, key=repr) == sorted(offers, key=repr)


def test_an_own_catalogue_may_have_machine_types_in_regions_with_a_price_alone() -> None:
    catalog = Catalog(
        accelerator_types=(AcceleratorType("nvidia-x9", "X9", "ada", 48),),
        machine_types=(MachineType("g9-x", 8, 32, False, "nvidia-x9", 1),),
        prices=(Price("g9-x", "us-central1", 1.0),),
    )
    machines = (
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", catalog=catalog),
    )
    found = {
        region: [
            offer.zones
            for offer in gcp.alternatives(
                GcpProject("example-project", region=region), machines
            ).machine_types
            if offer.machine_type == "g9-x"
        ]
        for region in ("us-central1", "us-east1")
    }
    assert found == {"us-central1": [()], "us-east1": []}
    zone = Zone("us-east1-b", "us-east1", ("nvidia-x9",))
    known = evolve(machines[0], catalog=evolve(catalog, zones=(zone,)))
    (offer,) = (each for each in gcp.gpu_offers((known,)) if each.machine_type == "g9-x")
    assert (offer.zones, offer.price(spot=False)) == (("us-east1-b",), None)
    page = gcp.alternatives(GcpProject("example-project", region="us-central1"), (known,))
    assert "g9-x" not in {each.machine_type for each in page.machine_types}


def test_a_gpu_that_attaches_is_not_where_the_machine_type_alone_has_a_price(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described(
        "own = Catalog(\n"
        '    accelerator_types=(AcceleratorType("nvidia-x9", "X9", "ada", 48, {1: 48}),),\n'
        '    prices=(Price("nvidia-x9", "*", 1.0),),\n'
        ")\n"
        "metals = fleet(gcp(catalog=own))"
    )
    (offer,) = json.loads(printed(capsys, "x9", "--json"))["offers"]
    assert (offer["region"], offer["zones"]) == (None, [])
    assert offer["usd_per_hour"] == {"on_demand": None, "spot": None}


def test_the_page_of_the_fleet_names_the_machine_types_that_gpus_are_shown_with() -> None:
    catalog = Catalog(
        accelerator_types=(AcceleratorType("nvidia-x9", "X9", "ada", 48, {1: 4}),),
        zones=(Zone("us-central1-x", "us-central1", ("nvidia-x9",)),),
    )
    for machine, carriers in ((CPU, set()), (evolve(CPU, catalog=catalog), {"n1-standard-4"})):
        page = str(fleet_of(machine).nix_files()["docs/gpu-costs.md"].text)
        said = re.search(r"GPUs that attach to an N1 machine are shown with (.*)\.\n", page)
        assert said is not None
        assert {*said[1].split(", ")} == {"n1-standard-8", *carriers}


def test_the_page_of_the_fleet_says_that_zones_are_unknown() -> None:
    catalog = Catalog(
        accelerator_types=(AcceleratorType("nvidia-x9", "X9", "ada", 48),),
        machine_types=(MachineType("g9-x", 8, 32, False, "nvidia-x9", 1),),
        prices=(Price("g9-x", "us-central1", 1.0),),
    )
    page = str(fleet_of(evolve(CPU, catalog=catalog)).nix_files()["docs/gpu-costs.md"].text)
    assert "| g9-x | 1x X9 | 48 GB | unknown | $1.0000 |" in page


def test_what_the_documentation_shows_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (CHECKOUT / "docs/costs.md").read_text() + (CHECKOUT / "README.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("$ infra gpus")]
    assert len(lines) == 6
    for line in lines:
        assert printed(capsys, *line.partition("#")[0].split()[3:])
