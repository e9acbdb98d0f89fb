"""What a change of a fleet costs: two fleets, as `cost_data` has them, and what is between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.model import gpu_count
from infra_lib.model.bill import MAIN_KINDS, hours_text
from infra_lib.model.money import CURRENCIES, Amount, Currency, in_usd
from infra_lib.model.sums import Sum
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Data = Mapping[str, Any]

_NO_FLEET: Data = {"machines": [], "total": None}
# What the price of a part depends on, beside what it is.
_DECIDES = ("state", "zone", "hours_per_day")
_HOWEVER_IT_RUNS = {"boot disk", "data disk", "address"}  # other parts: by `runs_as`, too
_NO_MACHINE: Data = {}
# What amounts are called in data, after "usd_" or "eur_", and to how many places they are known.
_HOUR, _MONTH = ("per_hour", 6), ("per_month", 2)


@frozen
class Costs:
    """What something costs in the state that it is in.

    Attributes:
        hour: What an hour costs, in each currency; None for what is not there.
        month: What a month costs; None for what is not there.
    """

    hour: Sum | None
    month: Sum | None


@frozen(kw_only=True)
class Difference:
    """How much more something costs than before; below zero for less.

    Attributes:
        hours: What of an hour, in each currency that it is billed in on one of the two sides. What
            is known of an amount is None when nobody knows the difference.
        months: What of a month.
        usd_per_eur: How many USD a EUR is now; None when nobody said.
    """

    hours: tuple[Amount, ...]
    months: tuple[Amount, ...]
    usd_per_eur: float | None

    @property
    def hour(self) -> float | None:
        """USD per hour, all together; None when nobody knows, as with EUR and without a rate."""
        return self._in_usd(self.hours, _HOUR[1])

    @property
    def month(self) -> float | None:
        """USD per month, all together; None when nobody knows."""
        return self._in_usd(self.months, _MONTH[1])

    @property
    def order(self) -> tuple[float, ...] | None:
        """How big it is, by month: USD where there is a rate, else of USD, and then of EUR."""
        if any(amount.known is None for amount in self.months):
            return None
        if self.month is not None:
            return (abs(self.month),)
        months = {amount.currency: abs(amount.known or 0.0) for amount in self.months}
        return tuple(months.get(currency, 0.0) for currency in CURRENCIES)

    def _in_usd(self, amounts: Iterable[Amount], places: int) -> float | None:
        return _sum((in_usd(amount, self.usd_per_eur).value for amount in amounts), places)


@frozen(kw_only=True)
class PartChange:
    """One part of a machine, before and after.

    Attributes:
        text: What it is: "data disk models, 500 → 1000 GB pd-ssd".
        before: A month before; None where it was not there.
        after: A month after; None where it is not there any more.
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
        usd_per_eur: How many USD a EUR is now; None when nobody said.
    """

    name: str
    before: Data | None
    after: Data | None
    words: tuple[str, ...]
    usd_per_eur: float | None

    @property
    def costs_before(self) -> Costs:
        """What it cost before."""
        return _costs(self.before, self.usd_per_eur)

    @property
    def costs_after(self) -> Costs:
        """What it costs after."""
        return _costs(self.after, self.usd_per_eur)

    @property
    def difference(self) -> Difference:
        """How much more it costs.

        An unknown price of a part that stays as it is makes no difference.
        """
        sides = [side for side in (self.before, self.after) if side is not None]
        billed_in = {side["currency"] for side in sides}
        currencies = [currency for currency in CURRENCIES if currency in billed_in]
        return Difference(
            hours=tuple(self._more(currency, *_HOUR) for currency in currencies),
            months=tuple(self._more(currency, *_MONTH) for currency in currencies),
            usd_per_eur=self.usd_per_eur,
        )

    def _more(self, currency: Currency, what: str, places: int) -> Amount:
        """Return how much more of what is billed in a currency it costs."""
        before, after = (
            None if side is None or side["currency"] != currency else side
            for side in (self.before, self.after)
        )
        said = f"{what}_now"
        less, more = (None if side is None else _now(side, said) for side in (before, after))
        whole = _less(more, less, places)
        if whole is None:
            whole = _sum(_by_part(before, after, _field(currency, said)), places)
        return Amount(whole, (), currency)

    @property
    def parts(self) -> tuple[PartChange, ...]:
        """Its parts, with those that are gone."""
        pairs = _pairs(self.before, self.after)
        return tuple(
            PartChange(
                text=_part_text(before, after),
                before=_part_month(self.before, before),
                after=_part_month(self.after, after),
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
        if self.before is None:
            currencies = self.after["total"]["by_currency"]
            nothing = Sum(tuple(Amount(0.0, (), currency) for currency in currencies))
            return Costs(nothing, nothing)
        return _total(self.before, self.usd_per_eur)

    @property
    def costs_after(self) -> Costs:
        """What all machines cost after, in their states."""
        return _total(self.after, self.usd_per_eur)

    @property
    def usd_per_eur(self) -> float | None:
        """How many USD a EUR is, on both sides: the rate of now, None when nobody said."""
        rate: float | None = self.after["usd_per_eur"]
        return rate

    @property
    def difference(self) -> Difference:
        """How much more all machines cost.

        An unknown price of a machine that stays as it is makes no difference.
        """
        before, after = self.costs_before, self.costs_after
        parts = [change.difference for change in self.changes]
        return Difference(
            hours=_all_more(before.hour, after.hour, (each.hours for each in parts), _HOUR[1]),
            months=_all_more(before.month, after.month, (each.months for each in parts), _MONTH[1]),
            usd_per_eur=self.usd_per_eur,
        )

    @property
    def budgets(self) -> tuple[float | None, float | None]:
        """USD per hour that all that is on might cost before, and may after; None for no limit."""
        before = self.before["total"]["budget_usd_per_hour"] if self.before else None
        return before, self.after["total"]["budget_usd_per_hour"]


def compare(before: Data | None, after: Data) -> CostDiff:
    """Return what is between two fleets.

    Args:
        before: A fleet as `cost_data` has it; None where there was none, so that all is new.
        after: The fleet that it became, whose rate between currencies holds for both.
    """
    old, new = (
        {machine["name"]: machine for machine in (fleet or _NO_FLEET)["machines"]}
        for fleet in (before, after)
    )
    changes = [
        Change(
            name=name,
            before=old.get(name),
            after=new.get(name),
            words=words,
            usd_per_eur=after["usd_per_eur"],
        )
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
        states that machines are in, below zero for less, None when unknown, or billed in EUR where
        the fleet has no rate; and `by_currency` that of each, "USD" and "EUR": `per_hour` and
        `per_month`. It is at the rate of now, and `before` at the one that the fleet had then.
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
    unknown = ((machine, _unknown(machine)) for machine in machines)
    return [_named(machine, kinds) for machine, kinds in unknown if kinds]


def _named(machine: Data, kinds: Iterable[str]) -> str:
    return f"{machine['name']} ({', '.join(kinds)})"


def _kind(change: Change) -> str:
    if change.before is None:
        return "new"
    return "gone" if change.after is None else "changed"


def _difference_data(difference: Difference) -> dict[str, Any]:
    return {
        "usd_per_hour": difference.hour,
        "usd_per_month": difference.month,
        "by_currency": {
            hour.currency: {"per_hour": hour.known, "per_month": month.known}
            for hour, month in zip(difference.hours, difference.months, strict=True)
        },
    }


def _order(change: Change) -> tuple[bool, tuple[float, ...], str]:
    size = change.difference.order
    return size is not None, tuple(-each for each in size or ()), change.name


def _field(currency: Currency, name: str) -> str:
    """Return what an amount is called in data: "eur_per_hour_now"."""
    return f"{currency.lower()}_{name}"


def _costs(machine: Data | None, usd_per_eur: float | None) -> Costs:
    if machine is None:
        return Costs(None, None)
    hour, month = (Sum((_now(machine, f"{what}_now"),), usd_per_eur) for what, _ in (_HOUR, _MONTH))
    return Costs(hour, month)


def _now(machine: Data, what: str) -> Amount:
    """Return what a machine costs, in the currency that it is billed in."""
    currency = machine["currency"]
    field = _field(currency, what)
    if machine[field] is not None:
        return Amount(machine[field], (), currency)
    unknown = _unknown(machine)
    if not MAIN_KINDS.isdisjoint(unknown):
        return Amount(None, unknown, currency)
    return Amount(sum(part[field] or 0.0 for part in machine["parts"]), unknown, currency)


def _unknown(machine: Data) -> tuple[str, ...]:
    fields = [_field(machine["currency"], f"{what}_now") for what, _ in (_HOUR, _MONTH)]
    kinds = (
        part["kind"] for part in machine["parts"] if any(part[field] is None for field in fields)
    )
    return tuple(dict.fromkeys(kinds))


def _by_part(before: Data | None, after: Data | None, field: str) -> Iterator[float | None]:
    """Yield how much more each part of a machine costs; None where nobody knows."""
    old_side, new_side = before or _NO_MACHINE, after or _NO_MACHINE
    alike = all(old_side.get(said) == new_side.get(said) for said in _DECIDES)
    runs_alike = old_side.get("runs_as") == new_side.get("runs_as")
    for old, new in _pairs(before, after):
        stays = alike and _as_billed(before, old) == _as_billed(after, new)
        if not (stays and (runs_alike or (old or {})["kind"] in _HOWEVER_IT_RUNS)):
            less, more = (0.0 if part is None else part[field] for part in (old, new))
            yield None if less is None or more is None else more - less


def _as_billed(machine: Data | None, part: Data | None) -> dict[str, Any] | None:
    """Return a part of a machine without what a rate between currencies makes of its price."""
    if machine is None or part is None:
        return None
    converted = () if machine["currency"] == "USD" else "usd_"
    return {key: value for key, value in part.items() if not key.startswith(converted)}


def _part_month(machine: Data | None, part: Data | None) -> Amount | None:
    if machine is None or part is None:
        return None
    currency = machine["currency"]
    return Amount(part[_field(currency, "per_month_now")], (), currency)


def _total(fleet: Data, usd_per_eur: float | None) -> Costs:
    """Return what all machines of a fleet cost together, in each currency."""
    totals = fleet["total"]["by_currency"]
    unknown: dict[str, list[str]] = {}
    for machine in fleet["machines"]:
        if kinds := _unknown(machine):
            unknown.setdefault(machine["currency"], []).append(_named(machine, kinds))
    hour, month = (
        Sum(
            tuple(
                Amount(
                    totals[currency][f"{what}_at_least"],
                    () if totals[currency][what] is not None else tuple(unknown.get(currency, ())),
                    currency,
                )
                for currency in CURRENCIES
                if currency in totals
            ),
            usd_per_eur,
        )
        for what, _ in (_HOUR, _MONTH)
    )
    return Costs(hour, month)


def _all_more(
    before: Sum | None, after: Sum | None, changes: Iterable[tuple[Amount, ...]], places: int
) -> tuple[Amount, ...]:
    """Return how much more machines cost together, in each currency.

    Where that is unknown, it is what the changes of single machines come to.
    """
    then, now = (side or Sum() for side in (before, after))
    billed_in = {amount.currency for side in (then, now) for amount in side.amounts}
    changed = [amount for each in changes for amount in each]
    found = []
    for currency in CURRENCIES:
        if currency in billed_in:
            more = _less(now.of(currency), then.of(currency), places)
            if more is None:
                own = (amount.known for amount in changed if amount.currency == currency)
                more = _sum(own, places)
            found.append(Amount(more, (), currency))
    return tuple(found)


def _less(after: Amount | None, before: Amount | None, places: int) -> float | None:
    """Return by how much one amount is more than another; None when one is not known."""
    more, less = (0.0 if each is None else each.value for each in (after, before))
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
    old, new = ([_as_billed(side, part) for part in side["parts"]] for side in (before, after))
    if not words and old != new:
        return ("its price",)  # the fleet says another one than before
    return words


def _extras(machine: Data) -> Iterator[str]:
    if machine["gpu"]:
        yield _gpu(machine)
    if machine["runs_as"] != "on demand":
        yield machine["runs_as"]


def _changed_words(before: Data, after: Data) -> Iterator[str]:
    for old, new in (
        (before["cloud"], after["cloud"]),
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
