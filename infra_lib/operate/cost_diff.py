"""What a change of a fleet costs: two fleets, as `cost_data` has them, and what is between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.model import gpu_count
from infra_lib.model.bill import MAIN_KINDS, hours_text
from infra_lib.model.money import Amount
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Data = Mapping[str, Any]

_NO_FLEET: Data = {"machines": [], "total": None}
_NOTHING = Amount(0.0)
# What the price of a part depends on, beside what it is.
_DECIDES = ("state", "zone", "hours_per_day")
_HOWEVER_IT_RUNS = {"boot disk", "data disk", "address"}  # other parts: by `runs_as`, too
_NO_MACHINE: Data = {}
_MONTH_PLACES, _HOUR_PLACES = 2, 6


@frozen
class Costs:
    """What something costs in the state that it is in.

    Attributes:
        hour: USD per hour; None for what is not there.
        month: USD per month; None for what is not there.
    """

    hour: Amount | None
    month: Amount | None


@frozen(kw_only=True)
class Difference:
    """How much more something costs than before; below zero for less.

    Attributes:
        hour: USD per hour; None when nobody knows.
        month: USD per month; None when nobody knows.
    """

    hour: float | None
    month: float | None


@frozen(kw_only=True)
class PartChange:
    """One part of a machine, before and after.

    Attributes:
        text: What it is: "data disk models, 500 → 1000 GB pd-ssd".
        before: USD per month before; None where it was not there.
        after: USD per month after; None where it is not there any more.
    """

    text: str
    before: Amount | None
    after: Amount | None


@frozen(kw_only=True)
class Change:
    """A machine that is new, gone, or not as it was. At least one of the two sides is there.

    Attributes:
        name: The machine's name.
        before: The machine before, as `machine_data` has it; None for a new one.
        after: The machine after; None for one that is gone.
        words: What changed, for people: ("off → on",).
    """

    name: str
    before: Data | None
    after: Data | None
    words: tuple[str, ...]

    @property
    def costs_before(self) -> Costs:
        """What it cost before."""
        return _costs(self.before)

    @property
    def costs_after(self) -> Costs:
        """What it costs after."""
        return _costs(self.after)

    @property
    def difference(self) -> Difference:
        """How much more it costs.

        An unknown price of a part that stays as it is makes no difference.
        """
        whole = _difference(self.costs_before, self.costs_after)
        hour, month = whole.hour, whole.month
        if hour is None:
            hour = _sum(self._by_part("usd_per_hour_now"), _HOUR_PLACES)
        if month is None:
            month = _sum(self._by_part("usd_per_month_now"), _MONTH_PLACES)
        return Difference(hour=hour, month=month)

    def _by_part(self, field: str) -> Iterator[float | None]:
        """Yield how much more each part costs; None where nobody knows."""
        before, after = self.before or _NO_MACHINE, self.after or _NO_MACHINE
        alike = all(before.get(said) == after.get(said) for said in _DECIDES)
        runs_alike = before.get("runs_as") == after.get("runs_as")
        for old, new in _pairs(self.before, self.after):
            stays = alike and old == new
            if not (stays and (runs_alike or (old or {})["kind"] in _HOWEVER_IT_RUNS)):
                less, more = (0.0 if part is None else part[field] for part in (old, new))
                yield None if less is None or more is None else more - less

    @property
    def parts(self) -> tuple[PartChange, ...]:
        """Its parts, with those that are gone."""
        pairs = _pairs(self.before, self.after)
        return tuple(
            PartChange(
                text=_part_text(before, after),
                before=_part_month(before),
                after=_part_month(after),
            )
            for before, after in pairs
        )


@frozen(kw_only=True)
class CostDiff:
    """What is between two fleets.

    Attributes:
        before: The one fleet, as `cost_data` has it; None where there was none.
        after: The other one.
        changes: The machines that are not the same: those that nobody knows the difference of, then
            the biggest difference a month first, whichever way; then by name.
    """

    before: Data | None
    after: Data
    changes: tuple[Change, ...]

    @property
    def costs_before(self) -> Costs:
        """What all machines cost before, in their states; nothing where there was no fleet."""
        return _total(self.before) if self.before else Costs(_NOTHING, _NOTHING)

    @property
    def costs_after(self) -> Costs:
        """What all machines cost after, in their states."""
        return _total(self.after)

    @property
    def difference(self) -> Difference:
        """How much more all machines cost.

        An unknown price of a machine that stays as it is makes no difference.
        """
        whole = _difference(self.costs_before, self.costs_after)
        parts = [change.difference for change in self.changes]
        hour, month = whole.hour, whole.month
        if hour is None:
            hour = _sum((each.hour for each in parts), _HOUR_PLACES)
        if month is None:
            month = _sum((each.month for each in parts), _MONTH_PLACES)
        return Difference(hour=hour, month=month)

    @property
    def budgets(self) -> tuple[float | None, float | None]:
        """USD per hour that all that is on might cost before, and may after; None for no limit."""
        before = self.before["total"]["budget_usd_per_hour"] if self.before else None
        return before, self.after["total"]["budget_usd_per_hour"]


def compare(before: Data | None, after: Data) -> CostDiff:
    """Return what is between two fleets.

    Args:
        before: A fleet as `cost_data` has it; None where there was none, so that all is new.
        after: The fleet that it became.
    """
    old, new = (
        {machine["name"]: machine for machine in (fleet or _NO_FLEET)["machines"]}
        for fleet in (before, after)
    )
    changes = [
        Change(name=name, before=old.get(name), after=new.get(name), words=words)
        for name in sorted({*old, *new})
        if (words := _words(old.get(name), new.get(name)))
    ]
    changes.sort(key=_order)
    return CostDiff(before=before, after=after, changes=tuple(changes))


def as_data(diff: CostDiff, against: Data, over_budget: str | None) -> dict[str, Any]:
    """Return what is between two fleets as plain data, in a shape that stays.

    Args:
        diff: What is between them.
        against: What the fleet was compared with.
        over_budget: Why what the fleet costs is not within its budget; None when it is.

    Returns:
        `fleet`: its name; `against`; `machines`: of each that is not the same `name`, `change`
        ("new", "gone", "changed"), `what` changed in words, `before` and `after` as
        `infra cost --json` has a machine (None where there is none), and `difference`;
        `total`: `before` and `after` as there (`before` is None where there was no fleet), and
        `difference`; `over_budget`. A difference has `usd_per_hour` and `usd_per_month` in the
        states that machines are in, below zero for less, None when unknown.
    """
    return {
        "fleet": diff.after["fleet"],
        "against": against,
        "machines": [
            {
                "name": change.name,
                "change": _kind(change),
                "what": list(change.words),
                "before": change.before,
                "after": change.after,
                "difference": _difference_data(change.difference),
            }
            for change in diff.changes
        ],
        "total": {
            "before": diff.before and diff.before["total"],
            "after": diff.after["total"],
            "difference": _difference_data(diff.difference),
        },
        "over_budget": over_budget,
    }


def unknown_prices(fleet: Data | None) -> list[str]:
    """Return the machines of which a price is not known now, each with the kinds of its parts."""
    machines = (fleet or _NO_FLEET)["machines"]
    unknown = ((machine["name"], _unknown(machine["parts"])) for machine in machines)
    return [f"{name} ({', '.join(kinds)})" for name, kinds in unknown if kinds]


def _kind(change: Change) -> str:
    if change.before is None:
        return "new"
    return "gone" if change.after is None else "changed"


def _difference_data(difference: Difference) -> dict[str, float | None]:
    return {"usd_per_hour": difference.hour, "usd_per_month": difference.month}


def _order(change: Change) -> tuple[bool, float, str]:
    month = change.difference.month
    return month is not None, -abs(month or 0.0), change.name


def _costs(machine: Data | None) -> Costs:
    if machine is None:
        return Costs(None, None)
    return Costs(_now(machine, "usd_per_hour_now"), _now(machine, "usd_per_month_now"))


def _now(machine: Data, field: str) -> Amount:
    if machine[field] is not None:
        return Amount(machine[field])
    unknown = _unknown(machine["parts"])
    if not MAIN_KINDS.isdisjoint(unknown):
        return Amount(None, unknown)
    return Amount(sum(part[field] or 0.0 for part in machine["parts"]), unknown)


def _unknown(parts: Iterable[Data]) -> tuple[str, ...]:
    kinds = (
        part["kind"]
        for part in parts
        if part["usd_per_hour_now"] is None or part["usd_per_month_now"] is None
    )
    return tuple(dict.fromkeys(kinds))


def _part_month(part: Data | None) -> Amount | None:
    return None if part is None else Amount(part["usd_per_month_now"])


def _total(fleet: Data) -> Costs:
    total, unknown = fleet["total"], tuple(unknown_prices(fleet))
    hour, month = (
        Amount(total[f"{field}_at_least"], () if total[field] is not None else unknown)
        for field in ("usd_per_hour", "usd_per_month")
    )
    return Costs(hour, month)


def _difference(before: Costs, after: Costs) -> Difference:
    return Difference(
        hour=_less(after.hour, before.hour, _HOUR_PLACES),
        month=_less(after.month, before.month, _MONTH_PLACES),
    )


def _less(after: Amount | None, before: Amount | None, places: int) -> float | None:
    """Return by how much one amount is more than another; None when one is not known."""
    more, less = ((_NOTHING if each is None else each).usd for each in (after, before))
    return None if more is None or less is None else round(more - less, places) + 0.0


def _sum(amounts: Iterable[float | None], places: int) -> float | None:
    known = [*amounts]
    return None if None in known else round(sum(filter(None, known)), places) + 0.0


def _words(before: Data | None, after: Data | None) -> tuple[str, ...]:
    """Return what changed of a machine; nothing when all is the same."""
    if before is None or after is None:
        there = before or after or {}
        about = [there["machine_type"], there["state"], *_extras(there)]
        return (f"{'new' if before is None else 'gone'}: {', '.join(about)}",)
    words = tuple(_changed_words(before, after))
    if not words and before["parts"] != after["parts"]:
        return ("its price",)  # the fleet says another one than before
    return words


def _extras(machine: Data) -> Iterator[str]:
    if machine["gpu"]:
        yield _gpu(machine)
    if machine["runs_as"] != "on demand":
        yield machine["runs_as"]


def _changed_words(before: Data, after: Data) -> Iterator[str]:
    for old, new in (
        (before["state"], after["state"]),
        (before["machine_type"], after["machine_type"]),
        (_gpu(before), _gpu(after)),
        (before["runs_as"], after["runs_as"]),
        (hours_text(before["hours_per_day"]), hours_text(after["hours_per_day"])),
        (before["zone"], after["zone"]),
    ):
        if old != new:
            yield _between(old, new)
    for one, other in _pairs(before, after):
        if (one or other or {})["kind"] in MAIN_KINDS or _text(one) == _text(other):
            continue  # what those are, fields of the machine say
        sign = "" if one and other else "+ " if other else "- "
        yield f"{sign}{_part_text(one, other)}"


def _gpu(machine: Data) -> str:
    gpu = machine["gpu"]
    return gpu_count.label(gpu["count"], gpu["type"]) if gpu else "no GPU"


def _pairs(before: Data | None, after: Data | None) -> list[tuple[Data | None, Data | None]]:
    """Return the parts of a machine before and after, side by side: new ones, then those gone."""
    old, new = (_by_key(side["parts"]) if side else {} for side in (before, after))
    pairs: list[tuple[Data | None, Data | None]] = [
        (old.get(key), part) for key, part in new.items()
    ]
    return [*pairs, *((part, None) for key, part in old.items() if key not in new)]


def _by_key(parts: Iterable[Data]) -> dict[tuple[str, str, int], Data]:
    """Return parts by what the same thing has before and after.

    That is its kind, for a data disk its name, which its text begins with, and which of these.
    """
    found: dict[tuple[str, str, int], Data] = {}
    for part in parts:
        name = part["text"].partition(",")[0] if part["kind"] == "data disk" else ""
        number = sum(key[:2] == (part["kind"], name) for key in found)
        found[part["kind"], name, number] = part
    return found


def _part_text(before: Data | None, after: Data | None) -> str:
    kind = (after or before or {})["kind"]
    texts = [side["text"] for side in (before, after) if side]
    return f"{kind} {_between(texts[0], texts[-1])}"


def _text(part: Data | None) -> str | None:
    return None if part is None else part["text"]


def _between(before: str, after: str) -> str:
    """Return two texts as one: "500 → 1000 GB" for "500 GB" and "1000 GB"."""
    if before == after:
        return after
    old, new = before.split(" "), after.split(" ")
    most = min(len(old), len(new)) - 1  # one word of each is between the two ends
    first = _common(old[:most], new[:most])
    last = _common(old[::-1][: most - first], new[::-1][: most - first])
    said = " ".join(old[: len(old) - last]).removesuffix(",")
    return " ".join([said, "→", *new[first:]])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts have in common at their beginning."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count
