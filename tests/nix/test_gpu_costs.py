"""docs/gpu-costs.md: the table that people read before they turn a GPU on."""

import re
from collections.abc import Callable

from attrs import evolve

from infra_lib import AcceleratorType, Catalog, Fleet, MachineType, Nvidia, Price, Zone
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.operate.cost_data import cost_data
from main import fleet as example
from tests.helpers import markdown
from tests.helpers.nix import NixTree
from tests.helpers.nix_fleets import CPU, FLEETS, PART, T4, VGPU_DRIVER, fleet_of


def text(fleet: Fleet) -> str:
    return str(fleet.nix_files()["docs/gpu-costs.md"].text)


def rows(fleet: Fleet) -> dict[tuple[str, ...], list[str]]:
    """Rows of all tables, by their first two cells."""
    return {(row[0], row[1]): row for row in markdown.rows(text(fleet))}


def prices(row: list[str]) -> list[str]:
    return row[-4:]


def of_machine(row: list[str]) -> tuple[list[str], str]:
    """What a machine costs on, and a month of it now."""
    return row[-5:-1], row[-1]


def test_every_machine_on_and_off() -> None:
    found = rows(example)
    assert found["galena", "on"][2:5] == ["e2-standard-8", "none", "us-central1-b"]
    assert found["scheelite", "off"][2:5] == ["n1-standard-8", "1x T4", "us-central1-c"]


def test_costs_come_from_the_catalogue() -> None:
    """In us-central1: e2-standard-8, n1-standard-8 and a T4, g2-standard-4, and what is beside.

    A disk of 100 GB of pd-balanced is 10 USD a month, and an address 0.005 USD an hour. A month of
    an n1 machine and its GPUs on demand is paid at 70 %.
    """
    found = rows(example)
    # 0.268046 and 0.160848, + 0.013699 + 0.005
    galena = ["$0.2867", "$209.32", "$0.1795", "$131.07"]
    assert of_machine(found["galena", "on"]) == (galena, "$209.32")
    # 0.379998 + 0.35 and 0.13402 + 0.175, + 0.013699 + 0.005
    scheelite = ["$0.7487", "$386.68", "$0.3277", "$239.23"]
    assert of_machine(found["scheelite", "off"]) == (scheelite, "$0.00")
    assert prices(found["n1-standard-8", "1x T4"]) == ["$0.7300", "$373.03", "$0.3090", "$225.58"]
    # 0.379998 + 4 * 0.35 and 0.13402 + 4 * 0.175
    assert prices(found["n1-standard-8", "4x T4"]) == ["$1.7800", "$909.58", "$0.8340", "$608.83"]
    # 0.706832 and 0.397336: the GPU is in it
    assert prices(found["g2-standard-4", "1x L4"]) == ["$0.7068", "$515.99", "$0.3973", "$290.06"]
    assert found["n1-standard-8", "4x T4"][2] == "64 GB"
    assert found["a2-ultragpu-8g", "8x A100 80GB"][2] == "640 GB"


def test_every_machine_of_a_fleet_has_its_own_price() -> None:
    found = rows(fleet_of(CPU, evolve(CPU, name="halite", zone="europe-west1-b")))
    assert found["halite", "on"][-5] != found["galena", "on"][-5] == "$0.2867"


def test_a_part_of_a_gpu_is_told_as_a_fraction_with_its_part_of_the_memory() -> None:
    zone = Zone("us-central1-b", "us-central1", accelerators=("nvidia-rtx-pro-6000",))
    part = evolve(PART, catalog=evolve(PART.catalog, zones=(zone,)))
    found = rows(fleet_of(part, nvidia=Nvidia(vgpu_driver=VGPU_DRIVER)))
    assert found["beryl", "off"][2:4] == ["g4-standard-12", "1/4x RTX PRO 6000"]
    assert found["g4-standard-12", "1/4x RTX PRO 6000"][2] == "24 GB"


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
    of = {source.of: source for source in CATALOG.sources}
    for each in ("Prices of machine types", "Prices of attached GPUs", "Machine types"):
        assert of[each].name in found
        assert of[each].as_of in found


def test_the_total_counts_what_is_on() -> None:
    running = fleet_of(CPU, evolve(T4, enabled=True))
    stopped = fleet_of(CPU, evolve(T4, enabled=True, stopped=True))
    assert "The fleet costs $1.0354 an hour, $596.00 a month." in text(running)
    # What is stopped keeps its boot disk, which is 10 USD a month.
    assert "The fleet costs $0.3004 an hour, $219.32 a month." in text(stopped)
    assert "The fleet costs $0.2867 an hour, $209.32 a month." in text(fleet_of(CPU, T4))


def test_machines_of_a_cloud_without_gpus_are_left_out_and_named() -> None:
    assert {name for name, _ in rows(example)} >= {"galena", "scheelite"}
    assert ("cinnabar", "on") not in rows(example)
    assert "€" not in text(example)
    assert (
        "Together they cost $0.2867 an hour, $209.32 a month. Not counted here, since their clouds "
        "have no GPUs: cinnabar, electrum; `infra cost` counts them too." in text(example)
    )


def test_spot_and_stopped_are_said() -> None:
    found = rows(FLEETS["a100"])
    assert ("anatase", "off (Spot VM)") in found
    assert ("topaz", "stopped") in rows(FLEETS["several"])


C5 = Catalog(machine_types=(MachineType("c5-x", 8, 30),))


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    found = rows(FLEETS["arm"])
    shown, now = of_machine(found["amber", "on"])
    assert all(price.endswith("+") for price in (*shown, now))
    total = r"The fleet costs at least \$\S+ an hour, \$\S+ a month; unknown: amber \(boot disk\)\."
    assert re.search(total, text(FLEETS["arm"]))
    assert "A price that ends in + is without what is unknown." in text(FLEETS["arm"])
    assert "ends in +" not in text(example)
    unpriced = rows(fleet_of(evolve(CPU, machine_type="c5-x", catalog=C5)))
    assert of_machine(unpriced["galena", "on"]) == (["unknown"] * 4, "unknown")


def test_how_long_a_machine_runs_at_most_is_said() -> None:
    limited = evolve(CPU, max_run_duration=8 * 3600)
    assert "Counted as started once a day, and run at most: galena 8 h a day." in text(
        fleet_of(limited)
    )
    assert "started once a day" not in text(example)


def test_your_own_price_counts_everywhere() -> None:
    catalog = Catalog(prices=(Price("n1-standard-8", "*", 1.0, 0.5),))
    mine = rows(fleet_of(evolve(T4, catalog=catalog)))
    assert mine["scheelite", "off"][-5] == "$1.3687"
    assert prices(mine["n1-standard-8", "1x T4"])[0] == "$1.3500"


def test_the_file_is_markdown_with_a_comment_for_header(tree: Callable[[str], NixTree]) -> None:
    first = (tree("example").root / "docs/gpu-costs.md").read_text().splitlines()[0]
    assert first.startswith("<!-- Generated by nixgen")
    assert first.endswith("-->")


def test_the_sources_of_prices_are_those_that_infra_cost_prints() -> None:
    found = {
        key: {"as_of": source.as_of, "source": source.name}
        for key, source in CLOUDS["gcp"].price_sources(example.gcp_machines).items()
    }
    assert found.items() <= cost_data(example)["prices"].items()
    assert all(each["source"] in text(example) for each in found.values())
