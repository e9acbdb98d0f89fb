"""What is on the page of a fleet, where it is written, and that it is safe whatever it says."""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from math import dist
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import infra_lib.operate.report
from infra_lib import Catalog, Facts, Fleet, GcpMachine, GcpProject, Zone
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.places import PLACES as GOOGLE
from infra_lib.clouds.hetzner.places import PLACES as HETZNER
from infra_lib.commands.cli import main
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.report.data import report_data
from infra_lib.operate.report.mesh import mesh_drawing
from infra_lib.operate.report.page import MARKER, page
from infra_lib.operate.report.world import world_map
from infra_lib.operate.show_data import as_data as show_data
from main import fleet as example
from nixgen.terminal import visible
from tests.day.report_fleets import LONG, TAGS, TEXTS, elsewhere, hostile, large

FOLDER = Path(infra_lib.operate.report.__file__).parent
FLEETS = {"example": example, "hostile": hostile, "large": large, "elsewhere": elsewhere}


UNKNOWN = GcpMachine(
    "galena",
    machine_type="e2-standard-8",
    zone="moon-west1-a",
    catalog=Catalog(zones=(Zone("moon-west1-a", region="moon-west1"),)),
)
"""A machine of which nobody knows where it is, or what it costs."""


class Figures(HTMLParser):
    """Every figure of a page: its path in the data, its value, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str | None, str]] = []
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: tuple[str, str | None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if given.get("data-of"):
            self._open = str(given["data-of"]), given.get("value")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._open is not None:
            self.found.append((*self._open, data))
            self._open = None


def at(data: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS)
def test_every_figure_is_that_of_the_data(fleet: Fleet) -> None:
    data = json.loads(json.dumps(report_data(fleet)))
    found = Figures(page(data)).found
    for pointer, value, text in found:
        said = at(data, pointer)
        number = re.search(r"[0-9][0-9,]*(\.[0-9]+)?", text)
        if said is None:
            assert (value, text) == (None, "unknown")
        else:
            assert value is not None
            assert number is not None
            assert float(value) == said
            digits = len(number[0].partition(".")[2])
            assert float(number[0].replace(",", "")) == pytest.approx(said, abs=0.6 / 10**digits)
    paths = [pointer for pointer, _, _ in found]
    assert "/cost/total/on" in paths
    for index, machine in enumerate(data["cost"]["machines"]):
        currency = machine["currency"].lower()
        assert f"/cost/machines/{index}/{currency}_per_hour_now" in paths
        assert f"/cost/machines/{index}/{currency}_per_month_now" in paths


def test_the_data_are_those_of_show_and_cost() -> None:
    data = report_data(example)
    assert data["show"] == show_data(example)
    assert data["cost"] == cost_data(example)


def test_parts_add_up_to_what_the_fleet_costs_in_each_currency() -> None:
    data = report_data(hostile)
    for currency, total in data["cost"]["total"]["by_currency"].items():
        parts = [each for each in data["by_part"] if each["currency"] == currency]
        assert sum(each["per_hour"] for each in parts) == pytest.approx(total["per_hour"])
        assert sum(each["per_month"] for each in parts) == pytest.approx(
            total["per_month"], abs=0.02
        )


def test_data_of_the_example() -> None:
    data = report_data(example)
    assert data["states"] == {"on": 3, "stopped": 0, "off": 1, "elsewhere": 2}
    assert data["gpus"] == [
        {"type": "nvidia-tesla-t4", "label": "T4", "total": 1, "on": 0, "machines": ["scheelite"]}
    ]
    assert [(each["zone"], each["place"], each["machines"]) for each in data["places"]] == [
        ("us-central1-b", "Council Bluffs, Iowa", ["galena"]),
        ("us-central1-c", "Council Bluffs, Iowa", ["scheelite"]),
        ("fsn1", "Falkenstein, Germany", ["cinnabar", "electrum"]),
    ]
    assert [(each["name"], each["roles"]) for each in data["mesh"]["members"]] == [
        ("cinnabar", ["controller"]),
        ("electrum", ["peer"]),
        ("galena", ["peer"]),
        ("scheelite", ["peer"]),
    ]
    assert data["all_on"]["by_currency"]["USD"]["per_hour"] == pytest.approx(0.286745 + 0.748697)
    assert data["users"][0]["machines"] == ["cinnabar", "electrum", "galena", "scheelite"]
    assert {"tag": "gpu", "machines": ["scheelite"]} in data["tags"]
    peers = ["electrum", "galena", "scheelite"]
    peer = {"instance": "zerotier", "service": "zerotier", "role": "peer", "machines": peers}
    assert peer in data["roles"]


def test_warnings_are_those_of_the_clouds_the_budget_and_unknown_prices() -> None:
    assert report_data(example)["warnings"] == []
    fleet = evolve(
        example,
        budget_usd_per_hour=0.01,
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(UNKNOWN, *example.hetzner_machines),
        users=(),
    )
    budget, keys, *_, prices = report_data(fleet)["warnings"]
    assert "budget_usd_per_hour=0.01" in budget
    assert "nobody can log in" in keys
    assert "galena (machine)" in prices
    assert "unknown" in page(report_data(fleet))


def test_a_machine_that_is_on_for_a_time_says_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GcpMachine, "on_until", "2026-11-27 18:00 UTC", raising=False)
    data = report_data(example)
    assert data["on_until"] == {"galena": "2026-11-27 18:00 UTC"}  # scheelite is off
    assert "2026-11-27 18:00 UTC" in page(data)


def test_same_fleet_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = page(report_data(example))
    monkeypatch.setenv("INFRA_TODAY", "2031-01-01")
    assert page(report_data(evolve(example))) == before


def test_the_page_forbids_itself_whatever_it_does_not_need() -> None:
    html = page(report_data(example))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'" in html
    tags = Figures(html).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert not [given for _, given in tags if "style" in given]
    assert all(given["href"].startswith("#") for _, given in tags if given.get("href"))  # type: ignore[union-attr]


def test_whatever_users_typed_is_text() -> None:
    html = page(report_data(hostile))
    parsed = Figures(html)
    text = "".join(parsed.text)
    for said in (*TEXTS, *TAGS, LONG, "<b>"):
        assert visible(said) in text
    assert not {tag for tag, _ in parsed.tags} & {"script", "img", "b"}
    assert not [given for _, given in parsed.tags if any(name.startswith("on") for name in given)]
    assert "\u202e" not in html
    assert "\u2066" not in html
    assert "\u05e9\u05dc\u05d5\u05dd" in text  # other people's letters stay


@given(st.text())
def test_any_text_is_shown_as_it_is_or_escaped(text: str) -> None:
    data = report_data(example)
    tags = [tag for tag, _ in Figures(page({**data, "description": "x"})).tags]
    parsed = Figures(page({**data, "description": f"<{text}>"}))
    assert [tag for tag, _ in parsed.tags] == tags
    # A parser of HTML takes a carriage return for a newline.
    assert visible(f"<{text}>") in "".join(parsed.text)


def test_a_large_fleet_has_a_small_page_and_a_small_drawing() -> None:
    data = report_data(large)
    html = page(data)
    assert len(html.encode()) < 1_200_000
    drawing = mesh_drawing(data["mesh"]["members"])
    assert [(box.name, box.words) for box in drawing.boxes][:2] == [
        ("cinnabar", "controller · on"),
        ("asia-northeas…", "200 peers"),
    ]
    assert len(drawing.boxes) == 1 + 5


def test_boxes_of_the_drawing_are_inside_and_apart() -> None:
    for fleet in (example, hostile, large):
        drawing = mesh_drawing(report_data(fleet)["mesh"]["members"])
        boxes = [(box.x, box.y) for box in drawing.boxes]
        for x, y in boxes:
            assert 0 <= x <= drawing.width - drawing.box_width
            assert 0 <= y <= drawing.height - drawing.box_height
        for index, (x, y) in enumerate(boxes):
            for other_x, other_y in boxes[index + 1 :]:
                apart = abs(x - other_x) >= drawing.box_width
                assert apart or abs(y - other_y) >= drawing.box_height


def test_every_region_of_the_clouds_is_somewhere() -> None:
    assert set(CLOUDS["gcp"].regions(())) <= GOOGLE.keys()
    assert set(CLOUDS["hetzner"].regions(())) <= HETZNER.keys()


def test_places_are_where_the_map_has_land() -> None:
    rows = (FOLDER / "land.txt").read_text().splitlines()
    for place in (*GOOGLE.values(), *HETZNER.values()):
        x, y = int((place.longitude + 180) / 2.5), int((80 - place.latitude) / 2.5)
        near = [
            rows[row][column : column + 1] == "#"
            for row in range(y - 1, y + 2)
            for column in range(x - 1, x + 2)
        ]
        assert any(near), place.name


def test_marks_are_apart_on_the_map_and_numbered_as_places_are() -> None:
    places = report_data(large)["places"]
    found = world_map(places, [1] * len(places))
    assert found is not None
    europe = {
        number
        for place, number in zip(places, found.numbers, strict=True)
        if place["zone"].startswith(("europe", "fsn"))
    }
    assert len(europe) == 1  # one mark for what would lie on each other
    assert {mark.number for mark in found.marks} == set(found.numbers)
    for mark in found.marks:
        assert found.x < mark.x - found.radius < mark.x + found.radius < found.x + found.width
        assert found.y < mark.y - found.radius < mark.y + found.radius < found.y + found.height


@given(
    st.lists(
        st.tuples(st.floats(min_value=-54, max_value=75), st.floats(min_value=-179, max_value=179)),
        min_size=1,
        max_size=12,
    )
)
def test_marks_of_any_places_are_on_the_map_and_apart(points: list[tuple[float, float]]) -> None:
    places = [
        {"place": "x", "latitude": latitude, "longitude": longitude, "machines": ["a"]}
        for latitude, longitude in points
    ]
    found = world_map(places, [1] * len(places))
    assert found is not None
    assert None not in found.numbers
    for mark in found.marks:
        assert found.x <= mark.x <= found.x + found.width
        assert found.y <= mark.y <= found.y + found.height
        for other in found.marks[mark.number :]:
            assert dist((mark.x, mark.y), (other.x, other.y)) >= 2 * found.radius - 0.2


def test_a_zone_that_nobody_knows_the_place_of_is_beside_the_map() -> None:
    fleet = evolve(example, machines=(UNKNOWN, *example.hetzner_machines), users=())
    assert "not on the map" in page(report_data(fleet))
    html = page(report_data(evolve(fleet, machines=(UNKNOWN,), facts=Facts())))
    assert "moon-west1-a" in html
    assert "Map of where" not in html


def test_a_fleet_that_provisions_nothing_has_a_page() -> None:
    html = page(report_data(elsewhere))
    for said in ("No machine of the fleet is in a cloud", "has no users", "no ZeroTier network"):
        assert said in html


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def themes() -> Iterator[dict[str, str]]:
    style = (FOLDER / "page.css").read_text()
    for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL):
        yield dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def test_colours_of_text_stand_out_in_light_and_dark() -> None:
    light, dark = themes()
    assert light.keys() == dark.keys()
    for theme in (light, dark):
        pairs = [
            (ink, ground)
            for ink in ("ink", "soft", "accent", "good", "warn", "bad")
            for ground in ("paper", "card")
        ]
        for ink, ground in (*pairs, ("on-accent", "accent")):
            low, high = sorted(luminance(theme[name]) for name in (ink, ground))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_written_anew_and_printed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "-o", "fleet.html"]) == 0
    assert capsys.readouterr().err == "infra: fleet.html: written\n"
    written = (project / "fleet.html").read_text()
    assert written == page(report_data(example))
    (project / "fleet.html").write_text(written.replace("metals", "older"))
    assert main(["report", "-q", "-o", "fleet.html"]) == 0
    assert (project / "fleet.html").read_text() == written
    assert main(["report", "-o", "-"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (written, "")
    assert [each.name for each in project.iterdir() if "html" in each.name] == ["fleet.html"]


def test_json_is_the_data_of_the_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--json", "--source", "main:fleet"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(report_data(example)))
    assert not [*project.glob("*.html")]


def test_what_is_there_and_is_no_page_of_ours_stays(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = project / "index.html"
    mine.write_text(f"<!DOCTYPE html><p>mine</p>{' ' * 4000}{MARKER}")
    (project / "folder").mkdir()
    for file, problem in (
        ("index.html", "infra report did not write it: name another file"),
        ("folder", "it is not a regular file"),
        ("missing/fleet.html", "there is no folder missing"),
    ):
        assert main(["report", "-o", file]) == 2
        assert problem in capsys.readouterr().err
    assert mine.read_text().startswith("<!DOCTYPE html><p>mine</p>")


def test_one_of_the_two_forms_is_asked_for(project: Path) -> None:
    for words in (["report"], ["report", "--json", "-o", "-"], ["report", "galena", "--json"]):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 2
    assert not [*project.glob("*.html")]


def test_without_jinja2_the_extra_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", "-o", "fleet.html"]) == 2
    error = capsys.readouterr().err
    assert 'pip install "infra-lib[all]"' in error
    assert error.count("\n") == 1
    assert not (project / "fleet.html").exists()
    assert main(["report", "--json"]) == 0


def test_old_prices_are_told_beside_the_page(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INFRA_TODAY", "2031-01-01")
    assert main(["report", "-q", "-o", "fleet.html"]) == 0
    assert "more than 180 days ago" in capsys.readouterr().err
    assert "180 days" not in (project / "fleet.html").read_text()
