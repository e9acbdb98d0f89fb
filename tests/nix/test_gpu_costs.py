"""docs/gpu-costs.md: the table that people read before they turn a GPU on."""

import re
from collections.abc import Callable

from attrs import evolve

from infra_lib import AcceleratorType, Catalog, Fleet, MachineType, Price, Zone
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.catalog import (
    ACCELERATORS_AS_OF,
    MACHINE_TYPES_AS_OF,
    PRICES_AS_OF,
    PRICES_SOURCE,
)
from infra_lib.commands.cost import as_data, as_text
from main import fleet as example
from tests.helpers import markdown
from tests.helpers.nix import NixTree
from tests.helpers.nix_fleets import CPU, FLEETS, T4, fleet_of


def text(fleet: Fleet) -> str:
    return str(fleet.nix_files()["docs/gpu-costs.md"].text)


def rows(fleet: Fleet) -> dict[tuple[str, ...], list[str]]:
    """Rows of all tables, by their first two cells."""
    return {(row[0], row[1]): row for row in markdown.rows(text(fleet))}


def prices(row: list[str]) -> list[str]:
    return row[-4:]


def test_every_machine_on_and_off() -> None:
    found = rows(example)
    assert found["galena", "on"][2:5] == ["e2-standard-8", "none", "us-central1-b"]
    assert found["scheelite", "off"][2:5] == ["n1-standard-8", "1x T4", "us-central1-c"]


def test_costs_come_from_the_catalogue() -> None:
    """Of prices.csv, in us-central1: e2-standard-8, n1-standard-8 and a T4, g2-standard-4 …"""
    found = rows(example)
    # 0.26805 and 0.08041
    galena = ["$0.2681", "$195.68", "$0.0804", "$58.70"]
    assert prices(found["galena", "on"]) == galena
    # 0.38 + 0.35 and 0.08 + 0.175
    scheelite = ["$0.7300", "$532.90", "$0.2550", "$186.15"]
    assert prices(found["scheelite", "off"]) == prices(found["n1-standard-8", "1x T4"]) == scheelite
    # 0.38 + 4 * 0.35 and 0.08 + 4 * 0.175
    assert prices(found["n1-standard-8", "4x T4"]) == ["$1.7800", "$1,299.40", "$0.7800", "$569.40"]
    # 0.70683 and 0.2238: the GPU is in it
    assert prices(found["g2-standard-4", "1x L4"]) == ["$0.7068", "$515.99", "$0.2238", "$163.37"]
    assert found["n1-standard-8", "4x T4"][2] == "64 GB"
    assert found["a2-ultragpu-8g", "8x A100 80GB"][2] == "640 GB"


def test_every_machine_of_a_fleet_has_its_own_price() -> None:
    found = rows(fleet_of(CPU, evolve(CPU, name="halite", zone="europe-west1-b")))
    assert prices(found["halite", "on"])[0] != prices(found["galena", "on"])[0] == "$0.2681"


def test_the_alternatives_are_every_gpu_of_the_region() -> None:
    found = rows(example)
    for alternative in (
        ("g2-standard-4", "1x L4"),
        ("n1-standard-8", "1x T4"),
        ("n1-standard-8", "4x T4"),
        ("a2-highgpu-1g", "1x A100"),
        ("a2-ultragpu-8g", "8x A100 80GB"),
    ):
        assert all("us-central1-" in zone for zone in found[alternative][3].split(", "))
    assert ("n1-standard-8", "1x A100") not in found


def test_the_cheapest_comes_first() -> None:
    found = [
        float(prices(row)[0].replace("$", "").replace(",", ""))
        for key, row in rows(example).items()
        if key[1][0].isdigit() and prices(row)[0].startswith("$")
    ]
    assert len(found) > 10
    assert found == sorted(found)


UNPRICED = Catalog(machine_types=(MachineType("g9-standard-4", 4, 16, False, "nvidia-l4", 1),))


def test_what_nobody_knows_the_price_of_comes_last() -> None:
    known = [key for key in rows(fleet_of(evolve(T4, catalog=UNPRICED))) if key[1][0].isdigit()]
    assert ("g9-standard-4", "1x L4") in known
    unpriced = [prices(rows(fleet_of(evolve(T4, catalog=UNPRICED)))[key])[0] for key in known]
    assert unpriced == sorted(unpriced, key=lambda price: price == "unknown")


def test_the_alternatives_are_those_of_the_catalogue_that_the_gpu_machines_have() -> None:
    alone = rows(fleet_of(CPU, evolve(T4, catalog=UNPRICED)))
    assert ("g9-standard-4", "1x L4") in alone
    assert ("g9-standard-4", "1x L4") not in rows(fleet_of(evolve(CPU, catalog=UNPRICED), T4))
    assert ("g9-standard-4", "1x L4") in rows(fleet_of(evolve(CPU, catalog=UNPRICED)))


def test_the_alternatives_are_in_the_region_of_the_project() -> None:
    elsewhere = evolve(CPU, zone="europe-west1-b")
    assert "## GPU machines in us-central1" in text(fleet_of(elsewhere))
    zones = rows(fleet_of(elsewhere))["g2-standard-4", "1x L4"][3].split(", ")
    assert zones
    assert all(zone.startswith("us-central1-") for zone in zones)


def test_a_label_stays_in_its_cell() -> None:
    catalog = Catalog(
        machine_types=(MachineType("g9-standard-4", 4, 16, False, "nvidia-x", 1),),
        accelerator_types=(AcceleratorType("nvidia-x", "X | <b>\ny", "ada", 24),),
        zones=(Zone("us-central1-z", "us-central1", ("nvidia-x",)),),
    )
    found = text(fleet_of(evolve(T4, catalog=catalog)))
    assert "| g9-standard-4 | 1x X \\| &lt;b> y | 24 GB | us-central1-z |" in found


def test_the_warning_and_the_sources_are_there() -> None:
    found = text(example)
    assert "GPUs are expensive when idle" in found
    assert "off by default" in found
    assert PRICES_SOURCE in found
    assert all(date in found for date in (PRICES_AS_OF, ACCELERATORS_AS_OF, MACHINE_TYPES_AS_OF))


def test_the_total_counts_what_is_on() -> None:
    running = fleet_of(CPU, evolve(T4, enabled=True))
    stopped = fleet_of(CPU, evolve(T4, enabled=True, stopped=True))
    assert "What is on costs $0.9980 an hour, $728.58 a month." in text(running)
    assert "What is on costs $0.2681 an hour, $195.68 a month." in text(stopped)
    assert "What is on costs $0.2681 an hour, $195.68 a month." in text(fleet_of(CPU, T4))


def test_spot_and_stopped_are_said() -> None:
    found = rows(FLEETS["a100"])
    assert ("anatase", "off (Spot VM)") in found
    assert ("topaz", "stopped") in rows(FLEETS["several"])


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    found = rows(FLEETS["arm"])
    assert prices(found["amber", "on"]) == ["unknown"] * 4
    total = r"What is on costs at least \$\S+ an hour, \$\S+ a month; unknown: amber\."
    assert re.search(total, text(FLEETS["arm"]))


def test_your_own_price_counts_everywhere() -> None:
    catalog = Catalog(prices=(Price("n1-standard-8", "*", 1.0, 0.5),))
    mine = rows(fleet_of(evolve(T4, catalog=catalog)))
    assert prices(mine["scheelite", "off"])[0] == "$1.3500"
    assert prices(mine["n1-standard-8", "1x T4"])[0] == "$1.3500"


def test_the_file_is_markdown_with_a_comment_for_header(tree: Callable[[str], NixTree]) -> None:
    first = (tree("example").root / "docs/gpu-costs.md").read_text().splitlines()[0]
    assert first.startswith("<!-- Generated by nixgen")
    assert first.endswith("-->")


def test_the_sources_of_prices_are_those_that_infra_cost_prints() -> None:
    found = {
        key: {"as_of": source.as_of, "source": source.name}
        for key, source in CLOUDS["gcp"].price_sources().items()
    }
    assert found == as_data(example)["prices"]
    assert all(source.text in as_text(example) for source in CLOUDS["gcp"].price_sources().values())
