"""What a change of a fleet costs: what is compared, and how it is printed."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from infra_lib import Fleet, Nvidia
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.bill import Part
from infra_lib.model.money import Cost
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_diff import CostDiff, as_data, compare
from infra_lib.operate.cost_diff_text import as_markdown, as_text
from nixgen import ref
from nixgen.frozen import frozen
from tests.helpers.other_cloud import OtherMachine, TwoClouds


@frozen(kw_only=True)
class Priced(OtherMachine):
    """A machine that says of itself what else there is to say of the cost of one."""

    spot: bool = False
    hours_per_day: float = 24.0
    gpus: float = 0

    provisioning: str = ""

    @property
    def runs_as(self) -> str:
        return self.provisioning or super().runs_as

    @property
    def accelerator(self) -> Any:
        gpu = SimpleNamespace(
            name="nvidia-l4",
            label="L4",
            architecture="ada",
            compute_capability="8.9",
            open_kernel_module=True,
            nvswitch=None,
        )
        return gpu if self.gpus else None

    @property
    def accelerator_count(self) -> float:
        return self.gpus


@pytest.fixture(autouse=True)
def other(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud: Any = SimpleNamespace(
        check=lambda *_: None,
        warnings=lambda *_: (),
        cost_notes=lambda _: (),
        price_sources=lambda _: {},
        ways_in=frozenset,
    )
    monkeypatch.setitem(CLOUDS, "other", cloud)


def on(usd: float | None, text: str = "cax11") -> Part:
    return Part(kind="machine", text=text, on=Cost(usd, usd and usd / 2))


def disk(usd: float | None, size: int = 100, name: str = "models") -> Part:
    return Part(
        kind="data disk", text=f"{name}, {size} GB ssd", on=Cost(usd, usd), stopped=usd, off=usd
    )


def boot(text: str) -> Part:
    return Part(kind="boot disk", text=text, on=Cost(0.1, 0.1))


def machine(name: str = "beryl", *parts: Part, **fields: Any) -> Priced:
    return Priced(name, cost_parts=parts or (on(1.0),), **fields)


def fleet(*machines: Priced, **fields: Any) -> Fleet:
    nvidia = Nvidia(vgpu_driver=ref("pkgs.vgpu-driver"))
    usual = {"name": "ores", "domain": "zt", "machines": machines, "nvidia": nvidia}
    return TwoClouds(**{**usual, **fields})


def between(before: Fleet | None, after: Fleet) -> CostDiff:
    return compare(None if before is None else cost_data(before), cost_data(after))


def words(before: Priced, after: Priced) -> list[str]:
    (change,) = between(fleet(before), fleet(after)).changes
    return list(change.words)


def difference(hour: float, month: float) -> dict[str, Any]:
    """A difference as programs get it, of what is billed in USD alone."""
    in_usd = {"USD": {"per_hour": hour, "per_month": month}}
    return {"usd_per_hour": hour, "usd_per_month": month, "by_currency": in_usd}


BEFORE = (
    machine("agate", on(0.01)),
    machine("beryl", on(1.0), stopped=True),
    machine("halite", on(0.5), machine_type="cax21"),
    machine("quartz", on(0.2)),
)
AFTER = (
    machine("agate", on(0.01)),
    machine("beryl", on(1.0)),
    machine("halite", on(0.25)),
    machine("topaz", on(0.2), disk(0.1)),
)

TEXT = """\
MACHINE               HOUR              MONTH  DIFFERENCE  CHANGE
beryl    $0.0000 → $1.0000    $0.00 → $730.00    +$730.00  stopped → on
topaz          - → $0.3000        - → $219.00    +$219.00  new: cax11, on
halite   $0.5000 → $0.2500  $365.00 → $182.50    -$182.50  cax21 → cax11
quartz         $0.2000 → -        $146.00 → -    -$146.00  gone: cax11, on

Total:   $0.7100 → $1.5600 an hour, $518.30 → $1,138.80 a month; difference +$620.50 a month
Budget:  $1.0000 → $2.0000 an hour
Against HEAD. Prices of now on both sides. A month is 730 hours of the state that each machine is \
in; traffic is not counted.
"""

MARKDOWN = """\
▲ **+$620.50 a month** for ores, against <code>HEAD</code>

| Machine | Change | Hour | Month | Difference |
| --- | --- | ---: | ---: | ---: |
| beryl | stopped → on | $0.0000 → $1.0000 | $0.00 → $730.00 | +$730.00 |
| topaz | new: cax11, on | - → $0.3000 | - → $219.00 | +$219.00 |
| halite | cax21 → cax11 | $0.5000 → $0.2500 | $365.00 → $182.50 | -$182.50 |
| quartz | gone: cax11, on | $0.2000 → - | $146.00 → - | -$146.00 |

- Total: $0.7100 → $1.5600 an hour, $518.30 → $1,138.80 a month; difference +$620.50 a month
- Budget: $1.0000 → $2.0000 an hour

Prices of now on both sides. A month is 730 hours of the state that each machine is in; traffic is \
not counted.

<details><summary>Part by part</summary>

| Machine | Part | Month before | Month after |
| --- | --- | ---: | ---: |
| beryl | machine cax11 | $0.00 | $730.00 |
| topaz | machine cax11 | - | $146.00 |
| topaz | data disk models, 100 GB ssd | - | $73.00 |
| halite | machine cax11 | $365.00 | $182.50 |
| quartz | machine cax11 | $146.00 | - |

</details>
"""


@pytest.mark.parametrize("order", [1, -1])
def test_the_biggest_change_comes_first_whatever_the_order_of_machines(order: int) -> None:
    diff = between(
        fleet(*BEFORE[::order], budget_usd_per_hour=1), fleet(*AFTER[::-1], budget_usd_per_hour=2)
    )
    assert f"{as_text(diff, 'HEAD')}\n" == TEXT
    assert f"{as_markdown(diff, 'HEAD')}\n" == MARKDOWN


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (machine(enabled=False), machine(), ["off → on"]),
        (machine(machine_type="cax21"), machine(), ["cax21 → cax11"]),
        (machine(gpus=1), machine(gpus=2), ["1x → 2x nvidia-l4"]),
        (machine(), machine(gpus=1), ["no GPU → 1x nvidia-l4"]),
        (machine(gpus=0.5), machine(gpus=0.25), ["1/2x → 1/4x nvidia-l4"]),
        (machine(), machine(spot=True), ["on demand → spot"]),
        (machine(), machine(provisioning="flex-start"), ["on demand → flex-start"]),
        (machine(zone="fsn1-dc14"), machine(zone="nbg1-dc3"), ["fsn1-dc14 → nbg1-dc3"]),
        (machine(), machine(hours_per_day=8.0), ["24 → 8 h a day"]),
        (
            machine("a", on(1), disk(0.1)),
            machine("a", on(1), disk(0.5, 500)),
            ["data disk models, 100 → 500 GB ssd"],
        ),
        (
            machine("a", on(1), disk(0.1), disk(0.1, name="logs")),
            machine("a", on(1), disk(0.1, name="logs"), disk(0.1, name="cache")),
            ["+ data disk cache, 100 GB ssd", "- data disk models, 100 GB ssd"],
        ),
        (
            machine("a", on(1), boot("ssd ssd")),
            machine("a", on(1), boot("ssd nvme ssd")),
            ["boot disk ssd ssd → nvme ssd"],
        ),
        (
            machine("a", on(1, "cax21, its GPUs included"), machine_type="cax21"),
            machine("a", on(1, "cax11, its GPUs included")),
            ["cax21 → cax11"],
        ),
        (machine("a", on(1)), machine("a", on(2)), ["its price"]),
        (
            machine("a", on(1), enabled=False),
            machine("a", on(2), machine_type="cax21", spot=True),
            ["off → on", "cax11 → cax21", "on demand → spot"],
        ),
    ],
)
def test_what_changed_is_said_in_words(before: Priced, after: Priced, said: list[str]) -> None:
    assert words(before, after) == said


def test_what_costs_nothing_and_says_nothing_of_costs_is_no_change() -> None:
    before = machine("a", on(1), tags=("old",), description="Old")
    assert between(fleet(before), fleet(machine("a", on(1)))).changes == ()


def test_a_change_of_the_same_price_is_listed_last() -> None:
    diff = between(
        fleet(machine("agate", zone="fsn1-dc14"), machine("beryl", on(0.1))),
        fleet(machine("agate", zone="nbg1-dc3"), machine("beryl", on(0.2))),
    )
    assert [change.name for change in diff.changes] == ["beryl", "agate"]
    agate = as_text(diff, "HEAD").splitlines()[2]
    assert agate.split() == ["agate", "$1.0000", "$730.00", "$0.00", "fsn1-dc14", "→", "nbg1-dc3"]


def test_parts_of_one_kind_are_all_compared() -> None:
    ssd = Part(kind="Local SSD", text="375 GiB", on=Cost(0.1))
    diff = between(fleet(machine("a", on(1), ssd)), fleet(machine("a", on(1), ssd, ssd)))
    (change,) = diff.changes
    assert change.words == ("+ Local SSD 375 GiB",)
    assert [(part.text, part.before and part.before.usd) for part in change.parts] == [
        ("machine cax11", 730),
        ("Local SSD 375 GiB", 73),
        ("Local SSD 375 GiB", None),
    ]


def test_months_are_those_of_the_state_that_a_machine_is_in() -> None:
    parts = (on(1.0), disk(0.1))
    diff = between(
        fleet(machine("agate", *parts), machine("beryl", *parts)),
        fleet(machine("agate", *parts, enabled=False), machine("beryl", *parts, hours_per_day=12)),
    )
    assert {change.name: change.difference.month for change in diff.changes} == {
        "agate": -730.0,
        "beryl": -365.0,
    }
    assert diff.difference.month == -1095.0
    assert as_markdown(diff, "HEAD").startswith("▼ **-$1,095.00 a month** for ores")


@pytest.mark.parametrize(
    ("before", "after"),
    [(on(None), on(0.1)), (on(0.1), on(None)), (on(None, "x"), on(None)), (None, on(None))],
)
def test_a_difference_with_an_unknown_side_is_unknown_and_comes_first(
    before: Part | None, after: Part
) -> None:
    was = [machine("zircon", before, zone="fsn1-dc8")] if before else []
    diff = between(fleet(machine("agate", on(1)), *was), fleet(machine("zircon", after)))
    assert [change.name for change in diff.changes] == ["zircon", "agate"]
    assert diff.changes[0].difference.month is None
    assert diff.difference.month is None
    assert diff.difference.hour is None
    text, markdown = as_text(diff, "HEAD"), as_markdown(diff, "HEAD")
    assert "; difference unknown\n" in text
    assert markdown.startswith("**What ores costs more or less is unknown**, against")
    assert "zircon (machine)" in text
    assert "zircon (machine)" in markdown
    assert "| unknown |\n" in markdown


def test_a_part_that_is_not_known_makes_the_difference_unknown_and_is_named() -> None:
    diff = between(
        fleet(machine("agate", on(1), disk(0.1))), fleet(machine("agate", on(1), disk(None, 500)))
    )
    text = as_text(diff, "HEAD")
    assert "agate    $1.1000 → $1.0000+  $803.00 → $730.00+     unknown  data disk models," in text
    assert "Unknown: before none; after agate (data disk)" in text
    assert "| data disk models, 100 → 500 GB ssd | $73.00 | unknown |" in as_markdown(diff, "HEAD")


def test_an_unknown_price_of_what_stays_as_it_is_makes_no_difference() -> None:
    stays = machine("agate", on(None))
    diff = between(fleet(stays, machine("beryl")), fleet(stays, machine("beryl", enabled=False)))
    assert (diff.difference.hour, diff.difference.month) == (-1.0, -730.0)
    text = as_text(diff, "HEAD")
    assert "Total:   at least $1.0000 → unknown an hour, at least $730.00 → unknown a month" in text
    assert "difference -$730.00 a month" in text
    assert "Unknown: agate (machine)\n" in text


@pytest.mark.parametrize(
    ("fields", "hour"),
    [
        ({}, -0.5),
        ({"spot": True}, -0.75),
        ({"enabled": False}, None),
        ({"stopped": True}, None),
        ({"zone": "nbg1-dc3"}, None),
        ({"hours_per_day": 8.0}, None),
    ],
)
def test_a_disk_of_an_unknown_price_makes_no_difference_where_it_stays_as_it_is(
    fields: dict[str, Any], hour: float | None
) -> None:
    before = machine("agate", on(1.0), disk(None))
    diff = between(fleet(before), fleet(machine("agate", on(0.5), disk(None), **fields)))
    assert diff.difference.hour == diff.changes[0].difference.hour == hour
    assert diff.difference.month == (None if hour is None else hour * 730)


def test_a_disk_that_is_another_one_makes_the_difference_unknown() -> None:
    before = machine("agate", on(1.0), disk(None))
    for parts in (
        (on(1.0), disk(None, 500)),
        (on(1.0), disk(None), disk(None, name="logs")),
        (on(1),),
    ):
        diff = between(fleet(before), fleet(machine("agate", *parts)))
        assert diff.difference.month is None


def test_a_machine_of_an_unknown_price_makes_no_difference_as_long_as_it_runs_the_same_way() -> (
    None
):
    before = machine("agate", on(None), disk(0.1), provisioning="flex-start")
    same = machine("agate", on(None), disk(0.5, 500), provisioning="flex-start")
    assert between(fleet(before), fleet(same)).difference.month == 292.0
    other = machine("agate", on(None), disk(0.1))
    assert between(fleet(before), fleet(other)).difference.month is None


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_is_wide_enough(width: int) -> None:
    tall = [machine(f"agate-{number}", on(None), disk(0.1)) for number in range(9)]
    moved = [machine("onyx", on(1.0), zone=zone) for zone in ("fsn1-dc14", "nuremberg-of-old-dc3")]
    before = fleet(*BEFORE, moved[0])
    after = fleet(*AFTER, *tall, moved[1], budget_usd_per_hour=2)
    text = as_text(between(before, after), "HEAD", ["No fleet is there, so that all is new"], width)
    assert max(map(len, text.splitlines())) <= width
    whole = as_text(between(before, after), "HEAD", ["No fleet is there, so that all is new"])
    shown = " ".join(text.split())
    assert "agate-8 (machine)" in shown
    assert "…" not in text
    assert ("infra cost --diff | less -S shows all." in shown) == (width == 60)
    if width == 120:
        assert " ".join(whole.split()) == shown
    nothing = as_text(between(after, after), "HEAD", width=width)
    assert max(map(len, nothing.splitlines())) <= width


def test_what_is_known_of_a_machine_with_an_unknown_price_does_not_pass_for_it() -> None:
    diff = between(fleet(), fleet(machine("agate", on(None), disk(0.1))))
    agate = as_text(diff, "HEAD").splitlines()[1]
    assert agate.split()[:8] == ["agate", *(["-", "→", "unknown"] * 2), "unknown"]
    assert "$0.0000 → unknown an hour, $0.00 → unknown a month" in as_text(diff, "HEAD")


def test_a_month_may_be_unknown_where_the_hour_is_known() -> None:
    """Of what is stopped for a part of the day, and nobody knows what that costs."""
    part = Part(kind="machine", text="cax11", on=Cost(1.0), stopped=None)
    diff = between(fleet(), fleet(machine("agate", part, hours_per_day=12)))
    assert (diff.difference.hour, diff.difference.month) == (1.0, None)
    text = as_text(diff, "HEAD")
    assert "$0.0000 → $1.0000 an hour, $0.00 → unknown a month; difference unknown\n" in text
    assert "after agate (machine)" in text


def test_a_part_of_another_text_is_one_line() -> None:
    parts = [on(1, f"{name}, its GPUs included") for name in ("cax21", "cax11")]
    (change,) = between(
        *(fleet(machine("a", part, machine_type=part.text[:5])) for part in parts)
    ).changes
    assert [part.text for part in change.parts] == ["machine cax21 → cax11, its GPUs included"]


def test_nothing_changed_is_said_in_one_line() -> None:
    diff = between(fleet(machine()), fleet(machine()))
    assert as_text(diff, "v1") == "Nothing changed against v1: $1.0000 an hour, $730.00 a month."
    assert as_markdown(diff, "v1") == (
        "**Nothing changed** for ores: $1.0000 an hour, $730.00 a month, against <code>v1</code>"
    )
    assert as_data(diff, {}, None)["machines"] == []
    unknown = fleet(machine("agate", on(1.0), disk(None)), machine("beryl", on(None)))
    assert as_text(between(unknown, unknown), "v1") == (
        "Nothing changed against v1: at least $1.0000 an hour, at least $730.00 a month; "
        "unknown: agate (data disk), beryl (machine)."
    )


def test_without_a_fleet_before_all_is_new() -> None:
    diff = between(None, fleet(machine("agate"), machine("beryl", on(2.0)), budget_usd_per_hour=5))
    assert [change.words for change in diff.changes] == [("new: cax11, on",)] * 2
    assert diff.difference.month == 2190.0
    text = as_text(diff, "HEAD", ["No fleet is there"])
    assert "Total:   $0.0000 → $3.0000 an hour" in text
    assert "Budget:  $5.0000 an hour\nNo fleet is there\nAgainst" in text
    assert as_data(diff, {}, None)["total"]["before"] is None


def test_programs_get_all_of_it() -> None:
    before, after = fleet(*BEFORE), fleet(*AFTER)
    data = as_data(between(before, after), {"revision": "HEAD"}, "too much")
    assert json.loads(json.dumps(data)) == data
    assert (data["fleet"], data["against"], data["over_budget"]) == (
        "ores",
        {"revision": "HEAD"},
        "too much",
    )
    assert data["total"] == {
        "before": cost_data(before)["total"],
        "after": cost_data(after)["total"],
        "difference": difference(0.85, 620.5),
    }
    beryl, topaz, halite, quartz = data["machines"]
    assert beryl == {
        "name": "beryl",
        "change": "changed",
        "what": ["stopped → on"],
        "before": cost_data(before)["machines"][1],
        "after": cost_data(after)["machines"][1],
        "difference": difference(1.0, 730.0),
    }
    assert (topaz["change"], topaz["before"]) == ("new", None)
    assert halite["difference"] == difference(-0.25, -182.5)
    assert (quartz["change"], quartz["after"]) == ("gone", None)


HOSTILE = "a|b\n| c | <img src=x> &lt; `d` *e* _f_ [g](h) ~~i~~ \\ # @{j} \x1b[2J \u202e"


def test_nothing_in_a_name_acts_in_markdown_or_html_or_breaks_a_column() -> None:
    hostile = machine("agate", on(0.1), disk(0.1, name=HOSTILE), machine_type=HOSTILE)
    markdown = as_markdown(between(fleet(), fleet(hostile, name="a_b_c")), HOSTILE, [HOSTILE])
    assert markdown.isprintable() is False  # its lines end
    assert all(line.isprintable() for line in markdown.splitlines())
    tables = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {5, 6}
    assert len(tables) == 3 + 4
    ours = ("code", "/code", "details", "summary", "/summary", "/details")
    assert {tag for tag in re.findall(r"<([^>]*)>", markdown) if tag not in ours} == set()
    assert "for a\\_b\\_c, against" in markdown
    for acting in ("`d`", " *e*", " _f_", "[g]", "~~", "&lt; "):
        assert f" {acting}" not in markdown.replace("&amp;lt;", "")
    assert markdown.count("\\[g\\](h)") == 4  # the revision, the note, the change, a part


@pytest.mark.parametrize("name", ["ab", "машина"])
def test_a_comment_is_no_longer_than_github_takes_and_says_what_it_leaves_out(name: str) -> None:
    many = [machine(f"m{n}", on(n + 1), disk(0.1, name=f"{name * 9}{n}")) for n in range(2000)]
    markdown = as_markdown(between(fleet(), fleet(*many)), "HEAD")
    assert len(markdown) <= 65536
    changes, parts = (
        [line for line in half.splitlines() if line.startswith("| m")]
        for half in markdown.split("<details>")
    )
    assert changes[0].startswith("| m1999 |")
    assert parts[0].startswith("| m1999 | machine")
    left_out = re.findall(r"^… and (\d+) more\.$", markdown, re.MULTILINE)
    assert left_out == [str(2000 - len(changes)), str(4000 - len(parts))]
    assert min(len(changes), len(parts)) > 100
    assert markdown.endswith("</details>")


def test_names_and_reasons_without_end_leave_room_for_what_changed() -> None:
    many = [machine(f"m{n}", on(None)) for n in range(9000)]
    diff = between(fleet(machine("agate")), fleet(machine("agate", on(2.0)), *many))
    markdown = as_markdown(diff, "HEAD", ["why " * 50_000])
    assert len(markdown) <= 65536
    assert "| m0 |" in markdown
    assert "m19 (machine) and 8,980 more\n" in markdown


def test_a_terminal_acts_on_nothing_and_each_machine_is_one_line() -> None:
    hostile = machine("agate", on(0.1), machine_type=HOSTILE)
    text = as_text(between(fleet(), fleet(hostile)), HOSTILE)
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == 5
    same = as_text(between(fleet(hostile), fleet(hostile)), HOSTILE)
    assert same.startswith("Nothing changed against a|b\\n| c |")
