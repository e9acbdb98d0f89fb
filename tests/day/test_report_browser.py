"""The page in a real browser: it fits, it is read in every way, and it asks nobody for anything.

Pictures of it are left in build/report.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from infra_lib.operate.report.data import report_data
from infra_lib.operate.report.page import page
from main import fleet as example
from nixgen.terminal import visible
from tests.day.report_fleets import LONG, TEXTS, elsewhere, hostile, large
from tests.day.test_report import at
from tests.helpers import CHECKOUT
from tests.helpers.tools import require

FLEETS = {"example": example, "hostile": hostile, "large": large, "elsewhere": elsewhere}
PICTURES = CHECKOUT / "build" / "report"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

# Of each text: how much its colour differs from the first ground behind it.
CONTRASTS = """() => {
    const parse = colour => colour.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = element => {
        for (let each = element; each; each = each.parentElement) {
            const colour = parse(getComputedStyle(each).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    return [...document.body.querySelectorAll("*:not(svg *):not(svg)")]
        .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
        .map(each => {
            const both = [parse(getComputedStyle(each).color), ground(each)].map(light).sort();
            return [(both[1] + 0.05) / (both[0] + 0.05), each.className + ": " + each.textContent];
        });
}"""
FIGURES = """() => [...document.querySelectorAll("[data-of]")]
    .map(each => [each.dataset.of, each.getAttribute("value")])"""
FOCUSED = """() => document.activeElement.getAttribute("aria-labelledby")
    || document.activeElement.className"""
TITLES = """() => [...document.querySelectorAll("caption")].map(caption => {
    const range = document.createRange();
    range.selectNodeContents(caption);
    return range.getBoundingClientRect().right;
})"""
WIDE = "() => document.scrollingElement.scrollWidth"


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    chromium = require("chromium")
    if pytestconfig.option.quick:  # what Playwright starts, it starts in a loop of its own
        pytest.skip("it starts a process")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    for name, fleet in FLEETS.items():
        (folder / f"{name}.html").write_text(page(report_data(fleet)), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in FLEETS}


class Visit:
    """Somebody who looks at a page, and all that it said or asked for meanwhile."""

    def __init__(self, browser: Browser, path: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.page.close()
        assert self.said == []
        assert self.asked == [self.address]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FLEETS)
def test_it_fits_and_is_legible_in_light_and_dark(
    browser: Browser, pages: dict[str, Path], name: str, scheme: str, viewport: dict[str, int]
) -> None:
    with Visit(browser, pages[name], viewport=viewport, color_scheme=scheme) as shown:
        assert shown.evaluate(WIDE) <= viewport["width"]
        assert shown.title() == f"{FLEETS[name].name}: fleet report"
        ground = shown.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall("[0-9]+", ground))) > 384) == (scheme == "light")
        if name != "large":
            low = [said for contrast, said in shown.evaluate(CONTRASTS) if contrast < 4.5]
            assert low == []
            PICTURES.mkdir(parents=True, exist_ok=True)
            picture = PICTURES / f"{name}-{scheme}-{viewport['width']}.png"
            shown.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    "viewport", [PHONE, {"width": 768, "height": 1024}], ids=["phone", "tablet"]
)
def test_a_table_that_is_scrolled_is_titled_and_its_rows_are_low(
    browser: Browser, pages: dict[str, Path], viewport: dict[str, int]
) -> None:
    for name in ("example", "large"):
        with Visit(browser, pages[name], viewport=viewport) as shown:
            assert max(shown.evaluate(TITLES)) <= viewport["width"]
    with Visit(browser, pages["large"], viewport=viewport) as shown:
        heads = shown.locator("#machines th[scope=row] bdi").all()[:10]
        assert {round(head.bounding_box()["height"]) < 24 for head in heads} == {True}  # type: ignore[index]


@pytest.mark.parametrize("name", FLEETS)
def test_its_figures_are_those_of_json(browser: Browser, pages: dict[str, Path], name: str) -> None:
    data = json.loads(json.dumps(report_data(FLEETS[name])))
    with Visit(browser, pages[name]) as shown:
        figures = shown.evaluate(FIGURES)
        assert len(figures) >= 5
        for pointer, value in figures:
            said = at(data, pointer)
            assert (value is None) == (said is None)
            assert said is None or float(value) == said


def test_the_table_of_machines_says_of_each_what_json_says(
    browser: Browser, pages: dict[str, Path]
) -> None:
    data = report_data(example)
    with Visit(browser, pages["example"]) as shown:
        rows = shown.get_by_role("table", name="Every machine").get_by_role("row").all()[1:]
        assert len(rows) == len(data["show"]["machines"])
        costs = {each["name"]: each for each in data["cost"]["machines"]}
        for row, machine in zip(rows, data["show"]["machines"], strict=True):
            assert row.get_by_role("rowheader").inner_text() == machine["name"]
            state, *cells = row.get_by_role("cell").all_inner_texts()
            assert state == (machine["state"] or "elsewhere")
            cost = costs.get(machine["name"])
            if cost is not None:
                sign, of = ("€", "eur") if cost["currency"] == "EUR" else ("$", "usd")
                assert cells[0] == f"{sign}{cost[f'{of}_per_hour_now']:,.4f}"
                assert cells[1] == f"{sign}{cost[f'{of}_per_month_now']:,.2f}"
                assert cells[3] == machine["machine_type"]
                assert cells[5] == machine["zone"]


def test_hostile_names_are_shown_and_do_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["hostile"]) as shown:
        assert shown.title() == "metals: fleet report"
        text = shown.evaluate("() => document.body.textContent")
        for said in (*TEXTS, LONG):
            assert visible(said) in text
        assert shown.locator("script, img, iframe, [style]").count() == 0
        targets = shown.locator("a").evaluate_all("links => links.map(each => each.hash)")
        assert all(shown.locator(target).count() == 1 for target in targets)


def test_a_script_that_got_in_would_not_run(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    """Even then: the page's own policy stops it."""
    harmed = tmp_path / "harmed.html"
    html = pages["example"].read_text(encoding="utf-8")
    harmed.write_text(
        html.replace("</main>", "<script>document.title = 'gone'</script><img src=a.png></main>"),
        encoding="utf-8",
    )
    visit = Visit(browser, harmed)
    assert visit.page.title() == "metals: fleet report"
    assert len(visit.said) == 2
    assert all("Content Security Policy" in said for said in visit.said)
    visit.page.close()


def test_the_keyboard_reaches_everything(browser: Browser, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["example"], viewport=PHONE) as shown:
        shown.keyboard.press("Tab")
        assert shown.evaluate(FOCUSED) == "skip"
        box = shown.locator(".skip").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        shown.keyboard.press("Enter")
        assert shown.evaluate("() => document.activeElement.id") == "main"
        regions = shown.locator(".scroll").evaluate_all(
            "all => all.filter(each => each.checkVisibility())"
            ".map(each => each.getAttribute('aria-labelledby'))"
        )
        reached = []
        for _ in range(2 * len(regions) + 2):
            shown.keyboard.press("Tab")
            reached.append(shown.evaluate(FOCUSED))
            if reached[-1] == "machine-table":
                outline = shown.evaluate("() => getComputedStyle(document.activeElement).outline")
                assert "3px" in outline
                shown.keyboard.press("ArrowRight")
                shown.wait_for_function("() => document.activeElement.scrollLeft > 0")
        # Behind the last one comes the browser itself, and then the first one again.
        assert [each for each in dict.fromkeys(reached) if each in regions] == regions


def test_who_hears_it_is_told_what_is_what(browser: Browser, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["example"]) as shown:
        tree = shown.locator("body").aria_snapshot()
        for said in (
            "- banner:",
            '- navigation "On this page":',
            "- main:",
            "- contentinfo:",
            '- heading "metals" [level=1]',
            '- table "Every machine, its state, and what it costs":',
            '- region "Machines by cloud and zone":',
            'img "Map of where the machines are"',
            'img "Drawing of the ZeroTier network"',
            '- columnheader "An hour now"',
            '- rowheader "scheelite"',
            '- cell "off"',
        ):
            assert said in tree
        assert "- table:" not in tree  # one without a name
        assert "- img:" not in tree
        levels = [int(level) for level in re.findall(r"\[level=([1-6])\]", tree)]
        assert levels[0] == 1
        assert set(levels[1:]) == {2}
        assert shown.locator("html").get_attribute("lang") == "en"
        assert shown.locator("#map-words").text_content() == (
            "1: Council Bluffs, Iowa: 1 of 2 on. 2: Falkenstein, Germany: 2 of 2 on. "
        )


def test_states_are_told_by_words_and_shapes(browser: Browser, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["hostile"]) as shown:
        looks = {}
        for state in ("on", "stopped", "elsewhere"):
            first = shown.locator(f".state-{state}").first
            assert first.inner_text() == state
            looks[state] = first.evaluate(
                "each => { const s = getComputedStyle(each, '::before');"
                "return [s.backgroundColor === s.color, s.backgroundImage, s.borderStyle].join() }"
            )
        assert len(set(looks.values())) == 3


@pytest.mark.parametrize("name", ["example", "hostile"])
def test_it_prints(browser: Browser, pages: dict[str, Path], name: str) -> None:
    # A4 without its margins, at 96 points an inch.
    with Visit(browser, pages[name], viewport={"width": 680, "height": 1000}) as shown:
        shown.emulate_media(media="print", color_scheme="dark")
        assert not shown.locator("nav").is_visible()
        assert shown.get_by_text("What each machine is billed for").is_visible()
        ink = shown.evaluate("() => getComputedStyle(document.body).color")
        assert sum(map(int, re.findall("[0-9]+", ink))) < 200  # dark on the paper
        cut = shown.locator(".scroll").evaluate_all(
            "all => all.filter(each => each.scrollWidth > each.clientWidth + 1)"
            ".map(each => each.getAttribute('aria-labelledby'))"
        )
        assert cut == []
        printed = shown.pdf(format="A4")
        assert printed.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / f"{name}.pdf").write_bytes(printed)
