"""`infra cost`: what is on, off and stopped, on demand and spot, known and not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_lib.commands.cli import main

EVERY_STATE = """
unpriced = Catalog(machine_types=(MachineType("c4-standard-8", 8, 30),))
metals = fleet(
    Machine("cinnabar"),
    gcp("galena"),
    n1(Gpu("nvidia-tesla-t4"), name="scheelite"),
    gcp("wolfram", "g2-standard-4", "us-central1-a", enabled=True, spot=True),
    gcp("halite", "e2-standard-8", enabled=True, stopped=True),
    {more}
)
"""
UNKNOWN = 'gcp("native", "c4-standard-8", catalog=unpriced),'

TABLE = """\
MACHINE    STATE    ZONE           MACHINE TYPE   GPU    ON DEMAND     SPOT  AS           MONTH
galena     on       us-central1-b  e2-standard-8  -        $0.2681  $0.0804  on demand  $195.68
scheelite  off      us-central1-c  n1-standard-8  1x T4    $0.7300  $0.2550  on demand  $532.90
wolfram    on       us-central1-a  g2-standard-4  1x L4    $0.7068  $0.2238  spot       $163.37
halite     stopped  us-central1-b  e2-standard-8  -        $0.2681  $0.0804  on demand  $195.68
"""

NOTES = """\
ON DEMAND and SPOT are USD an hour while the machine is on; MONTH is 730 hours of what
it runs AS. Disks, reserved addresses and traffic are not counted.
Machine types: doitintl/gcpinstances.info, as of 2024-06-26.
Attached GPUs: skypilot-org/skypilot-catalog, as of 2026.
A price that you know better: Catalog(prices=…).
Not provisioned here, so not counted: cinnabar.
"""

Describe = Callable[[str], Path]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_text(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(EVERY_STATE.format(more=""))
    total = "2 of 4 machines on: $0.4919 an hour, $359.05 a month."
    assert printed(capsys, "cost") == f"{TABLE}\n{total}\n\n{NOTES}"


def test_an_unknown_price_makes_the_total_a_least_one(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described(EVERY_STATE.format(more=UNKNOWN))
    text = printed(capsys, "cost")
    row = next(line for line in text.splitlines() if line.startswith("native"))
    assert row.split()[3:] == ["c4-standard-8", "-", *["unknown"] * 2, "on", "demand", "unknown"]
    assert (
        "3 of 5 machines on: at least $0.4919 an hour, $359.05 a month; unknown: native.\n" in text
    )


def test_json(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(EVERY_STATE.format(more=UNKNOWN))
    data: dict[str, Any] = json.loads(printed(capsys, "cost", "--json"))
    machines = {machine["name"]: machine for machine in data["machines"]}
    assert list(machines) == ["galena", "scheelite", "wolfram", "halite", "native"]
    assert machines["scheelite"] == {
        "name": "scheelite",
        "state": "off",
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "gpu": {"type": "nvidia-tesla-t4", "count": 1},
        "usd_per_hour": {"on_demand": 0.73, "spot": 0.255},
        "applies": "on_demand",
        "usd_per_month": 532.9,
        "usd_per_hour_now": 0.0,
    }
    assert machines["wolfram"]["applies"] == "spot"
    assert machines["wolfram"]["usd_per_hour_now"] == 0.2238
    assert machines["halite"]["usd_per_hour_now"] == 0.0
    assert machines["native"] == {
        "name": "native",
        "state": "on",
        "zone": "us-central1-b",
        "machine_type": "c4-standard-8",
        "gpu": None,
        "usd_per_hour": {"on_demand": None, "spot": None},
        "applies": "on_demand",
        "usd_per_month": None,
        "usd_per_hour_now": None,
    }
    del data["machines"]
    assert data == {
        "fleet": "metals",
        "total": {
            "usd_per_hour": None,
            "usd_per_month": None,
            "usd_per_hour_at_least": 0.49185,
            "unknown": ["native"],
            "budget_usd_per_hour": None,
        },
        "not_provisioned": ["cinnabar"],
        "hours_per_month": 730,
        "prices": {
            "machine_types": {"as_of": "2024-06-26", "source": "doitintl/gcpinstances.info"},
            "accelerators": {"as_of": "2026", "source": "skypilot-org/skypilot-catalog"},
        },
    }


def test_a_fleet_with_nothing_to_pay_for(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described('metals = fleet(Machine("cinnabar"), gcp=None)')
    text = printed(capsys, "cost")
    assert text.startswith("0 of 0 machines on.\n")
    assert "not counted: cinnabar" in text
    assert json.loads(printed(capsys, "cost", "--json"))["total"]["usd_per_hour"] == 0


def test_everything_off(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described("metals = fleet(gcp(enabled=False))")
    assert "0 of 1 machines on.\n" in printed(capsys, "cost")
