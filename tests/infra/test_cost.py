"""`infra cost`: what is on, off and stopped, known and not, of which machines, in which order."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    BootDisk,
    Catalog,
    DataDisk,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    Machine,
    Price,
)
from infra_lib.clouds.gcp.catalog.entries import AddressPrice, DiskPrice
from infra_lib.commands.cli import main
from infra_lib.commands.show import machines_text
from infra_lib.model.bill import Part
from infra_lib.model.costs import hourly, how_to_say
from infra_lib.model.errors import FleetError
from infra_lib.model.money import Cost
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_text import cost_text
from infra_lib.operate.cost_view import BY, View
from infra_lib.operate.deploy.price import price_text
from nixgen import TextFile
from tests.helpers import CHECKOUT
from tests.helpers.markdown import code
from tests.helpers.other_cloud import OtherMachine, TwoClouds

# A boot disk of 100 GB is $0.0200 an hour, and a data disk of 500 GB $0.1000.
KNOWN = Catalog(
    prices=(
        Price("e2-standard-8", "*", 0.25, 0.05),
        Price("n1-standard-8", "*", 0.4, 0.1),
        Price("g2-standard-4", "*", 0.7, 0.2),
        Price("nvidia-tesla-t4", "*", 0.3, 0.15),
    ),
    disk_prices=(DiskPrice("pd-balanced", "*", 0.146), DiskPrice("pd-ssd", "*", None)),
    address_prices=(AddressPrice("*", 0.004, 0.01),),
)
UNPRICED = evolve(KNOWN, prices=(Price("e2-standard-8", "*", None),))
GALENA = GcpMachine(
    "galena",
    machine_type="e2-standard-8",
    zone="us-central1-b",
    tags=("lab",),
    boot_disk=BootDisk(type="pd-balanced"),
    catalog=KNOWN,
)
SCHEELITE = evolve(
    GALENA,
    name="scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    tags=("lab", "night"),
    gpu=Gpu("nvidia-tesla-t4"),
    data_disks=(DataDisk("models", size_gb=500, type="pd-balanced"),),
)
WOLFRAM = evolve(
    GALENA,
    name="wolfram",
    machine_type="g2-standard-4",
    zone="us-central1-a",
    tags=(),
    enabled=True,
    spot=True,
)
HALITE = evolve(GALENA, name="halite", tags=(), stopped=True, external_ip="203.0.113.7")
NITRE = evolve(
    GALENA, name="nitre", machine_type="n1-standard-8", tags=("night",), max_run_duration=8 * 3600
)
NATIVE = evolve(GALENA, name="native", tags=("night",), catalog=UNPRICED)
# Off, and of a boot disk that nobody knows the price of.
DARK = evolve(SCHEELITE, name="dark", tags=(), boot_disk=BootDisk(type="pd-ssd"), data_disks=())


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(Machine("cinnabar", tags=("controller", "desk")), *machines),
        **fields,
    )


METALS = fleet_of(GALENA, SCHEELITE, WOLFRAM, HALITE, NITRE)
PARTLY = fleet_of(GALENA, SCHEELITE, WOLFRAM, HALITE, NITRE, NATIVE, DARK)
RICH = evolve(METALS, budget_usd_per_hour=1.5)
POOR = evolve(METALS, budget_usd_per_hour=0.5)

Describe = Callable[[str], Path]


def show(fleet: Fleet = METALS, width: int | None = None, **view: Any) -> str:
    return cost_text(fleet, View(**view), width)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("cost", *arguments)) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def named(described: Describe, fleet: str = "METALS") -> None:
    """Have the commands be about a fleet of this module."""
    described(f"from tests.infra.test_cost import {fleet} as metals")


def cells(text: str) -> list[list[str]]:
    return [re.split(r" {2,}", line.strip()) for line in text.partition("\n\n")[0].splitlines()]


def rows(text: str) -> dict[str, dict[str, str]]:
    """The rows of the table that a text begins with, by their first cells."""
    head, *lines = cells(text)
    return {line[0]: dict(zip(head, line, strict=True)) for line in lines}


def column(text: str, title: str) -> list[str]:
    head, *lines = cells(text)
    return [line[head.index(title)] for line in lines]


def one_line(text: str) -> str:
    return " ".join(text.split())


def usd(text: str) -> float:
    return float(text.replace("$", "").replace(",", "").rstrip("+"))


def test_each_machine_has_the_price_of_an_hour_on_and_what_it_costs_as_it_is() -> None:
    found = rows(show())
    assert found["galena"] == {
        "MACHINE": "galena",
        "STATE": "on",
        "ZONE": "us-central1-b",
        "MACHINE TYPE": "e2-standard-8",
        "GPU": "-",
        "ON DEMAND": "$0.2740",
        "SPOT": "$0.0740",
        "AS": "on demand",
        "AT MOST": "-",
        "NOW": "$0.2740",
        "MONTH": "$200.02",
        "IF ON": "-",
    }
    assert found["wolfram"]["AS"] == "spot"
    assert found["wolfram"]["NOW"] == found["wolfram"]["SPOT"] == "$0.2240"
    assert found["nitre"]["AT MOST"] == "8 h a day"


def test_what_is_off_or_stopped_has_the_month_of_its_disks_apart_from_a_month_on() -> None:
    found = rows(show())
    assert found["scheelite"]["GPU"] == "1x T4"
    assert found["scheelite"]["NOW"] == "$0.1000"
    assert found["scheelite"]["MONTH"] == "$73.00"
    assert usd(found["scheelite"]["IF ON"]) == pytest.approx(SCHEELITE.bill.month.usd, abs=0.005)
    assert found["halite"]["MONTH"] == "$21.90"  # a boot disk, and an address that nothing uses
    assert usd(found["halite"]["IF ON"]) > 190
    off = evolve(SCHEELITE, data_disks=())
    assert rows(show(fleet_of(off)))["scheelite"]["MONTH"] == "-"


def test_how_a_machine_is_provisioned_is_said() -> None:
    fields: dict[str, Any] = {"zone": "us-central1-b", "enabled": True}
    flex = GcpMachine(
        "flex",
        machine_type="g2-standard-8",
        provisioning_model="FLEX_START",
        max_run_duration=86_400,
        **fields,
    )
    bound = GcpMachine(
        "bound",
        machine_type="g2-standard-8",
        provisioning_model="RESERVATION_BOUND",
        reservation="l4s",
        **fields,
    )
    machines = [GALENA, evolve(GALENA, name="spot", spot=True), flex, bound]
    assert column(show(fleet_of(*machines)), "AS") == [
        *("on demand", "spot", "flex-start", "reservation")
    ]
    text = price_text(fleet_of(*machines), None)
    assert column(text, "AS") == ["on demand", "spot", "flex-start", "reservation"]
    shown = rows(machines_text(fleet_of(*machines)))
    said = [shown[machine.name]["USD/HOUR"].partition(" ")[2] for machine in machines]
    assert said == ["", "spot", "flex-start", "reservation"]
    page = fleet_of(*machines).nix_files()["docs/gpu-costs.md"]
    assert isinstance(page, TextFile)
    for state in ("on", "on (Spot VM)", "on (flex-start)", "on (reservation)"):
        assert f"| {state} |" in page.text


def test_the_total_has_what_is_off_or_stopped_too() -> None:
    assert "3 of 5 machines on: $1.0520 an hour, " in show()
    assert "\n\n0 of 1 machines on: $0.1000 an hour, $73.00 a month.\n" in show(fleet_of(SCHEELITE))


def test_columns_that_say_nothing_of_any_machine_are_not_there() -> None:
    head, *_ = cells(show(fleet_of(GALENA)))
    assert not {"GPU", "AT MOST", "IF ON"} & {*head}
    assert "were it on" not in show(fleet_of(GALENA))
    assert "were it on" in show()


def test_an_unknown_price_is_named_and_makes_no_sum_look_small() -> None:
    text = show(PARTLY)
    found = rows(text)
    assert {found["native"][title] for title in ("ON DEMAND", "SPOT", "NOW", "MONTH")} == {
        "unknown"
    }
    assert found["dark"]["ON DEMAND"] == "$0.7040+"
    assert found["dark"]["NOW"] == "-"
    assert ": at least $1.0520 an hour, " in text
    assert "a month; unknown: native (machine).\n" in text
    assert "\nUnknown, were it on: dark (boot disk).\n" in text
    assert "To say a price: Catalog(prices=…), Catalog(disk_prices=…)." in one_line(text)
    assert "Catalog(" not in show()
    lone = show(fleet_of(NATIVE), by="state")
    assert rows(lone)["on"]["NOW"] == rows(lone)["on"]["MONTH"] == "unknown"
    assert "1 of 1 machines on: unknown: native (machine)." in lone


def test_no_more_than_a_few_of_many_names_are_said() -> None:
    many = fleet_of(*(evolve(NATIVE, name=f"n{number}") for number in range(20)))
    assert "unknown: n0 (machine), n1 (machine)," in show(many)
    assert "n7 (machine) and 12 more." in one_line(show(many))
    assert "n8 (machine)" not in show(many)


def test_each_part_has_a_line() -> None:
    found = cells(show(by="part"))
    assert [line[2] for line in found if line[0] == "scheelite"] == [
        *("machine", "GPU", "boot disk", "data disk", "address")
    ]
    ssd = next(line for line in found if line[2:4] == ["data disk", "models, 500 GB pd-balanced"])
    assert ssd[4:] == [*["$0.1000"] * 5, "$73.00"]
    address = next(line for line in found if line[0] == "halite" and line[2] == "address")
    assert address[4:] == ["$0.0040", "$0.0040", "$0.0100", "$0.0100", "$0.0100", "$7.30"]


def test_the_months_of_the_parts_are_those_of_the_machines() -> None:
    machines, parts = show(), show(by="part")
    for name, row in rows(machines).items():
        months = [line[-1] for line in cells(parts) if line[0] == name]
        assert sum(usd(each) for each in months if each != "-") == pytest.approx(
            usd(row["MONTH"]), abs=0.03
        )


def test_subtotals_of_tags_count_a_machine_in_each_and_say_so() -> None:
    text = show(by="tag")
    found = rows(text)
    assert list(found) == sorted(found)
    assert found["lab"] == {
        "TAG": "lab",
        "MACHINES": "2",
        "ON": "1",
        "NOW": "$0.3740",
        "MONTH": "$273.02",
        "IF ALL ON": f"${GALENA.bill.month.usd + SCHEELITE.bill.month.usd:.2f}",  # type: ignore[operator]
    }
    assert found["night"]["MACHINES"] == "2"
    assert "so that these do not add up" in text
    assert "add up" not in show(by="state")


@pytest.mark.parametrize("by", ["state", "cloud", "zone"])
def test_other_subtotals_add_up_to_the_total(by: Any) -> None:
    text = show(by=by)
    assert sum(map(int, column(text, "MACHINES"))) == 5
    assert sum(map(int, column(text, "ON"))) == 3
    assert f"{sum(map(usd, column(text, 'NOW'))):.4f}" in text.split("\n\n")[1]
    assert list(rows(show(by="state"))) == ["off", "on", "stopped"]
    assert list(rows(show(by="cloud"))) == ["gcp"]


def test_a_subtotal_of_which_a_part_is_unknown_says_so() -> None:
    found = rows(show(PARTLY, by="tag"))
    assert found["night"]["NOW"].endswith("+")
    assert not found["lab"]["NOW"].endswith("+")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        (None, "galena scheelite wolfram halite nitre native dark"),
        ("name", "dark galena halite native nitre scheelite wolfram"),
        ("state", "scheelite dark galena wolfram nitre native halite"),
        ("zone", "wolfram galena halite nitre native scheelite dark"),
        ("type", "galena halite native wolfram scheelite nitre dark"),
        ("price", "scheelite dark nitre galena halite wolfram native"),
        ("now", "nitre galena wolfram scheelite halite dark native"),
        ("month", "galena wolfram nitre scheelite halite dark native"),
    ],
)
def test_lines_are_in_order_and_what_is_unknown_comes_last(sort: Any, names: str) -> None:
    known = [
        name for name in names.split() if sort not in {"price", "now", "month"} or name != "native"
    ]
    unknown = [name for name in names.split() if name not in known]
    assert [*rows(show(PARTLY, sort=sort))] == known + unknown
    reverse = [*rows(show(PARTLY, sort=sort, reverse=True))]
    assert reverse[len(known) :] == unknown
    assert {*reverse} == {*names.split()}
    if sort in {None, "name", "now", "month"}:  # no two are the same
        assert reverse == known[::-1] + unknown


def test_parts_and_subtotals_are_in_order_too() -> None:
    months = [usd(each) for each in column(show(by="part", sort="month"), "MONTH") if each != "-"]
    assert months == sorted(months, reverse=True)
    assert column(show(by="part", sort="name"), "MACHINE")[:3] == ["galena"] * 3
    assert column(show(by="part", reverse=True), "MACHINE")[:3] == ["nitre"] * 3
    assert [*rows(show(by="state", sort="now"))] == ["on", "off", "stopped"]
    assert [*rows(show(by="state", reverse=True))] == ["stopped", "on", "off"]
    assert [*rows(show(fleet_of(GALENA, NATIVE), by="tag", sort="month"))][-1] == "night"


def test_an_order_that_subtotals_have_not_is_refused() -> None:
    with pytest.raises(
        FleetError, match=r"^--sort zone: --by tag has it by one of name, now, month$"
    ):
        View(by="tag", sort="zone")


@pytest.mark.parametrize(
    ("view", "names", "said"),
    [
        ({"tags": ("night",)}, ["scheelite", "nitre"], "Shown (tag night): 1 of 2 machines on: "),
        (
            {"tags": ("night", "lab")},
            ["galena", "scheelite", "nitre"],
            "(tag night or lab): 2 of 3",
        ),
        ({"states": ("off", "stopped")}, ["scheelite", "halite"], "(state off or stopped): 0 of 2"),
        ({"tags": ("lab",), "states": ("on",)}, ["galena"], "(tag lab; state on): 1 of 1"),
        ({"clouds": ("gcp",), "states": ("stopped",)}, ["halite"], "(state stopped; cloud gcp): 0"),
    ],
)
def test_filters_leave_machines_out_of_all_but_the_budget(
    view: dict[str, Any], names: list[str], said: str
) -> None:
    text = show(RICH, **view)
    assert [*rows(text)] == names
    assert said in text
    assert "Budget of the whole fleet: $1.5000 an hour, of which $1.0520 is used." in text
    data = cost_data(RICH, View(**view))
    assert [machine["name"] for machine in data["machines"]] == names
    assert data["total"]["machines"] == len(names)
    assert data["budget"]["used_usd_per_hour"] == 1.052
    assert sum(each["machines"] for each in data["by_zone"].values()) == len(names)


def test_a_cloud_is_one_that_machines_are_in() -> None:
    both = TwoClouds(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(GALENA, OtherMachine("falun")),
    )
    assert [*rows(show(both, clouds=("gcp",)))] == ["galena"]
    assert [*rows(show(both, by="cloud"))] == ["gcp", "other"]


def test_no_machine_of_what_is_asked_for_is_no_error() -> None:
    text = show(tags=("controller",))
    assert text.startswith("Shown (tag controller): no machine.\n")
    assert "not counted: cinnabar" in text


def test_a_tag_that_no_machine_has_is_refused(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    named(described)
    assert main(("cost", "--tag", "nigth")) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "infra: fleet 'metals': --tag nigth: no machine has that tag (nearest: night)\n"
    )
    assert main(("cost", "--tag", "zzz", "--json")) == 2
    assert "; there are cloud, controller, desk, gcp," in capsys.readouterr().err


def test_the_budget_says_what_of_it_is_used_and_by_how_much_it_is_exceeded() -> None:
    assert "\nBudget: $1.5000 an hour, of which $1.0520 is used.\n" in show(RICH)
    assert "\nBudget: $0.5000 an hour, exceeded by $0.5520.\n" in show(POOR)
    known = evolve(PARTLY, budget_usd_per_hour=1.5)
    assert "\nBudget: $1.5000 an hour, of which at least $1.0520 is used.\n" in show(known)
    spent = evolve(METALS, budget_usd_per_hour=hourly(METALS.provisioned).in_usd.usd)
    assert ", of which $1.0520 is used.\n" in show(spent)
    assert "Budget" not in show()


def test_a_budget_that_is_exceeded_is_no_failure(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    named(described, "POOR")
    assert "exceeded by" in printed(capsys)


@pytest.mark.parametrize("years", [1, 3])
def test_commitments_are_for_what_is_on_and_no_spot_vm(years: Any) -> None:
    text = show(years=years)
    found = rows(text)
    for name in ("scheelite", "wolfram", "halite"):
        assert found[name]["COMMITTED"] == found[name]["SAVED"] == "-"
    committed = GALENA.bill.month_committed(years).usd
    month = GALENA.bill.month_now.usd
    assert committed is not None
    assert month is not None
    assert found["galena"]["COMMITTED"] == f"${committed:.2f}"
    assert found["galena"]["SAVED"] == f"${month - committed:.2f}"
    assert f"under a commitment of {'1 year' if years == 1 else '3 years'}." in one_line(text)


def test_a_commitment_that_is_dearer_than_the_hours_used_saves_less_than_nothing() -> None:
    text = show(fleet_of(NITRE), years=1)
    assert rows(text)["nitre"]["SAVED"].startswith("-$")
    assert " more.\n" in text
    assert " less.\n" in show(fleet_of(GALENA), years=1)


def test_commitments_are_in_each_view_and_add_up() -> None:
    parts = [each for each in column(show(by="part", years=1), "SAVED") if each != "-"]
    machines = [each for each in column(show(years=1), "SAVED") if each != "-"]
    (cloud,) = column(show(by="cloud", years=1), "SAVED")
    saved = pytest.approx(usd(cloud), abs=0.05)
    assert sum(map(usd, parts)) == saved
    assert sum(map(usd, machines)) == saved
    data = cost_data(METALS)["total"]
    assert data["usd_per_month"] - data["usd_per_month_committed"]["1"] == saved


def test_parts_that_no_commitment_is_for_have_none() -> None:
    text = show(by="part", years=1)
    head, *lines = cells(text)
    committed = {(line[0], line[2]) for line in lines if line[head.index("COMMITTED")] != "-"}
    assert committed == {("galena", "machine"), ("nitre", "machine")}


def test_a_commitment_that_can_be_had_for_one_year_alone_is_none_for_three() -> None:
    part = Part(kind="machine", text="cax11", on=Cost(0.1), committed_use=((1, 0.5),))
    other = fleet_of(OtherMachine("falun", cost_parts=(part,)))
    assert rows(show(other, years=1))["falun"]["SAVED"] == "$36.50"
    assert rows(show(other, years=3))["falun"]["COMMITTED"] == "-"
    assert "No commitment of 3 years is known for falun." in show(other, years=3)
    assert cost_data(other)["total"]["usd_per_month_committed"] == {"1": 36.5, "3": 73.0}


def test_that_there_is_no_commitment_is_said() -> None:
    shared = evolve(GALENA, machine_type="f1-micro")
    text = show(fleet_of(shared), years=3)
    assert rows(text)["galena"]["COMMITTED"] == "-"
    assert "No commitment of 3 years is known for galena." in text
    assert "Under commitments" not in text


def test_discounts_that_a_month_counts_are_said_where_they_play_a_part() -> None:
    text = one_line(show())
    assert "for sustained use: scheelite, nitre." in text
    assert "a run limit leaves: nitre (8 h a day)." in text
    spot = evolve(NITRE, spot=True)
    short = evolve(NITRE, max_run_duration=6 * 3600)
    assert "sustained" not in show(fleet_of(GALENA, spot, evolve(short, name="brief")))


def test_notes_say_from_when_prices_are_and_what_is_not_counted() -> None:
    text = show()
    assert "\nTraffic is not counted.\n" in text
    assert re.search(r"Machine types, disks and addresses: .+, as of \d{4}", one_line(text))
    assert text.endswith("\nNot provisioned here, so not counted: cinnabar.")


def test_a_fleet_with_nothing_to_pay_for() -> None:
    assert show(fleet_of()) == (
        "0 of 0 machines on.\n\nNot provisioned here, so not counted: cinnabar."
    )
    assert cost_data(fleet_of())["total"]["usd_per_hour"] == 0


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("by", BY)
def test_a_terminal_is_wide_enough(width: int, by: Any) -> None:
    wide = evolve(SCHEELITE, name="scheelite-of-the-second-floor")
    fleet = evolve(fleet_of(GALENA, wide, NITRE, NATIVE), budget_usd_per_hour=2.0)
    text = show(fleet, width, by=by, years=3)
    whole = show(fleet, by=by, years=3)
    longest = max(len(line) for line in text.splitlines())
    assert longest <= width
    for title in {"NOW", "MONTH"} | ({cells(whole)[0][0]} if width >= 80 else set()):
        assert column(text, title) == column(whole, title)
    titles = [] if "…" in text.partition("\n")[0] else cells(whole)[0]
    left_out = [title for title in titles if title not in cells(text)[0]]
    assert all(title in one_line(text).partition("Left out")[2] for title in left_out)
    assert "Left out" in text or not left_out


def seen(columns: int, *command: str) -> str:
    """What a command prints to a terminal of so many columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "infra_lib", *command], env=environment, stdout=its, stdin=its
    )
    os.close(its)
    text = bytearray()
    with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
        while data := os.read(ours, 65536):
            text += data
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9]+m", "", text.decode().replace("\r\n", "\n"))


@pytest.mark.parametrize("command", ["cost", "show"])
def test_what_a_terminal_shows_fits_it_and_a_pipe_gets_all(
    described: Describe, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    named(described)
    narrow, wide = seen(60, command), seen(200, command)
    main((command,))
    piped = capsys.readouterr().out
    assert "ZONE" in piped
    assert "ZONE" in wide
    assert "Left out, for the terminal is too narrow: " in narrow
    assert f"infra {command} | less -S" in one_line(narrow)
    table = narrow.split("\n\n")[0 if command == "cost" else 1]
    assert max(map(len, table.splitlines())) <= 60
    assert "Left out" not in wide + piped


def test_what_a_change_costs_fits_a_terminal_too(described: Describe) -> None:
    described(
        "from tests.infra.test_cost import METALS as metals, PARTLY, evolve\n"
        "partly = evolve(PARTLY, name=metals.name)"
    )
    text = seen(70, "cost", "--diff", "described:partly")
    assert text.startswith("MACHINE ")
    assert max(map(len, text.splitlines())) <= 70
    assert "\n         " in text.partition("\nTotal:")[2]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("machine", "Catalog(prices=…)"),
        ("GPU", "Catalog(prices=…)"),
        ("boot disk", "Catalog(disk_prices=…)"),
        ("data disk", "Catalog(disk_prices=…)"),
        ("address", "Catalog(address_prices=…)"),
    ],
)
def test_how_to_say_a_price_depends_on_what_it_is_of(kind: str, said: str) -> None:
    assert how_to_say([(GALENA, kind), (GALENA, kind)]) == said


def test_whose_prices_come_from_elsewhere_is_said(tmp_path: Path) -> None:
    renewed = tmp_path / "catalog.json"
    prices = {"as_of": "2027-01-01", "source": "our own list", "disks": {}}
    renewed.write_text(json.dumps({"disk_prices": prices}))
    other = evolve(GALENA, name="quartz", catalog=Catalog.load(renewed))
    text = show(fleet_of(GALENA, other))
    assert "Disks of quartz: our own list, as of 2027-01-01." in text
    assert "Machine types of quartz" not in text


def test_json_has_all(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    named(described, "PARTLY")
    data = json.loads(printed(capsys, "--json", "--by", "tag"))
    machines = {machine["name"]: machine for machine in data.pop("machines")}
    assert list(machines) == [
        *("galena", "scheelite", "wolfram", "halite", "nitre", "native", "dark")
    ]
    scheelite = machines["scheelite"]
    parts = scheelite.pop("parts")
    assert [part["kind"] for part in parts] == [
        *("machine", "GPU", "boot disk", "data disk", "address")
    ]
    committed = scheelite.pop("usd_per_month_committed")
    assert committed.keys() == {"1", "3"}
    assert scheelite.pop("usd_per_month") == pytest.approx(SCHEELITE.bill.month.usd, abs=0.005)
    assert scheelite == {
        "name": "scheelite",
        "cloud": "gcp",
        "tags": ["nixos", "cloud", "gcp", "gpu", "lab", "night"],
        "state": "off",
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "gpu": {"type": "nvidia-tesla-t4", "count": 1},
        "currency": "USD",
        "usd_per_hour": {"on_demand": 0.824, "spot": 0.374},
        "eur_per_hour": {"on_demand": None, "spot": None},
        "eur_per_month": None,
        "eur_per_month_committed": {"1": None, "3": None},
        "eur_per_hour_now": None,
        "eur_per_month_now": None,
        "applies": "on_demand",
        "runs_as": "on demand",
        "hours_per_day": 24,
        "usd_per_hour_now": 0.1,
        "usd_per_month_now": 73.0,
        "unknown": [],
    }
    assert machines["native"]["usd_per_hour"] == {"on_demand": None, "spot": None}
    assert machines["native"]["usd_per_month_now"] is None
    assert machines["native"]["unknown"] == ["machine"]
    assert machines["dark"]["unknown"] == ["boot disk"]
    whole = data["total"]
    assert whole["usd_per_hour"] is None
    assert whole["usd_per_hour_at_least"] == 1.052
    assert whole["unknown"] == ["native"]
    assert (whole["machines"], whole["on"]) == (7, 4)
    assert whole["budget_usd_per_hour"] is None
    assert data["budget"] is None
    assert {name: each["machines"] for name, each in data["by_state"].items()} == {
        "off": 2,
        "on": 4,
        "stopped": 1,
    }
    assert whole["usd_per_month_all_on"] is None
    assert whole["usd_per_month_all_on_at_least"] > whole["usd_per_month_at_least"] + 500
    assert data["by_tag"]["lab"]["usd_per_month_all_on"] == pytest.approx(
        machines["galena"]["usd_per_month"] + SCHEELITE.bill.month.usd, abs=0.02
    )
    assert data["by_tag"]["night"]["unknown"] == ["native"]
    assert data["by_tag"]["lab"]["usd_per_hour"] == 0.374
    assert data["by_cloud"]["gcp"] == {
        key: value for key, value in whole.items() if key != "budget_usd_per_hour"
    }
    assert data["filters"] == {"machines": [], "tags": [], "states": [], "clouds": []}
    assert data["not_provisioned"] == ["cinnabar"]
    assert data["hours_per_month"] == 730


def test_json_is_filtered_and_in_order(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    named(described)
    given = ("--json", "--tag", "lab", "--tag", "night", "--sort", "name", "--reverse")
    data = json.loads(printed(capsys, *given))
    assert [machine["name"] for machine in data["machines"]] == ["scheelite", "nitre", "galena"]
    assert data["filters"]["tags"] == ["lab", "night"]


def test_the_options_of_the_command_are_those_of_the_view(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    named(described)
    given = "--by zone --sort now --reverse --tag lab --state on --cloud gcp --committed-use 3"
    view = View(
        by="zone",
        sort="now",
        reverse=True,
        tags=("lab",),
        states=("on",),
        clouds=("gcp",),
        years=3,
    )
    assert printed(capsys, *given.split()) == f"{cost_text(METALS, view)}\n"


PAGE = (CHECKOUT / "docs/costs.md").read_text()
COMMANDS = [
    line.removeprefix("$ infra cost").partition("#")[0]
    for block in code(PAGE.partition("\n## What it costs\n")[2].partition("\n## ")[0], "console")
    for line in block.splitlines()
    if line.startswith("$ infra cost")
]


@pytest.mark.parametrize("given", COMMANDS)
def test_the_documentation_has_commands_that_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert " machines on" in printed(capsys, *given.split()) or "--json" in given
