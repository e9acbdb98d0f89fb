"""What a machine is billed for, part by part, in each of its states."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

from infra_lib.model.money import (
    HOURS_PER_DAY,
    HOURS_PER_MONTH,
    YEARS,
    Amount,
    Cost,
    Currency,
    Years,
)
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "machine",
    "GPU",
    "Local SSD",
    "Confidential VM",
    "boot disk",
    "data disk",
    "address",
    "backups",
]
State = Literal["on", "stopped", "off"]

MAIN_KINDS: frozenset[Kind] = frozenset({"machine", "GPU"})
"""What most of the money goes to: without it, what is left would look like a small sum."""


@frozen(kw_only=True)
class Part:
    """One thing that a machine is billed for, in the machine's currency.

    Amounts are None when nobody knows them.

    Attributes:
        kind: What it is of.
        text: What it is, for people: "n1-standard-8", "models, 500 GB pd-ssd".
        on: An hour while the machine runs: on demand, and as a Spot VM.
        stopped: An hour while the machine is stopped.
        off: An hour while the machine is off, and does not exist.
        most_month: What a month costs at most, in whatever state; None for as much as its hours.
        sustained_use: What part of the price on demand each further part of a month costs, of as
            many equal ones as there are here: 1.0, 0.8, 0.6 and 0.4. Empty for the whole price.
        committed_use: What part of the price on demand is paid under a commitment of so many years:
            {1: 0.63}. One that cannot be had, or that nobody knows, is left out.
    """

    kind: Kind
    text: str
    on: Cost
    stopped: float | None = 0.0
    off: float | None = 0.0
    most_month: float | None = None
    sustained_use: tuple[float, ...] = ()
    committed_use: tuple[tuple[Years, float], ...] = ()

    def __hash__(self) -> int:
        return hash((self.kind, self.text, self.on.on_demand))

    def hour(self, state: State, *, spot: bool) -> float | None:
        """Return what an hour costs in a state; None when unknown."""
        if state == "on":
            return self.on.spot if spot else self.on.on_demand
        return self.stopped if state == "stopped" else self.off

    def month(
        self, state: State, *, spot: bool, hours_per_day: float, years: Years | None = None
    ) -> float | None:
        """Return what a month of 730 hours costs in a state; None when unknown.

        Args:
            state: The state.
            spot: Whether the machine is a Spot VM, which has no discounts.
            hours_per_day: How many hours a day it runs when it is on; it is stopped for the others.
            years: How long a commitment is, which is paid for all the time, used or not.
        """
        hour = self.hour(state, spot=spot)
        if hour is not None and state == "on":
            hour = self._mean_hour(hour, hours_per_day / HOURS_PER_DAY, years, spot=spot)
        if hour is None:
            return None
        month = hour * HOURS_PER_MONTH
        return month if self.most_month is None else min(month, self.most_month)

    def _mean_hour(
        self, hour: float, used: float, years: Years | None, *, spot: bool
    ) -> float | None:
        """Return what an hour costs on average in a month that the machine is on.

        Args:
            hour: What an hour costs that it runs.
            used: What part of the month it runs; it is stopped for the rest.
            years: How long a commitment is.
            spot: Whether it is a Spot VM.
        """
        committed = dict(self.committed_use).get(years) if years and not spot else None
        if committed is not None:
            return hour * committed
        paid = used if spot else _paid(used, self.sustained_use)
        rest = 0.0 if used == 1 else self.stopped
        return None if rest is None else hour * paid + rest * (1 - used)


@frozen(kw_only=True, slots=False)  # for what is added up once
class Bill:
    """What a machine costs, and what of that nobody knows.

    Attributes:
        parts: What it is billed for.
        state: "on", "stopped" or "off".
        spot: Whether it is a Spot VM.
        hours_per_day: How many hours a day it runs at most when it is started once a day.
        currency: What it is billed in.
    """

    parts: tuple[Part, ...]
    state: State
    spot: bool = False
    hours_per_day: float = HOURS_PER_DAY
    currency: Currency = "USD"

    @cached_property
    def on_demand(self) -> Amount:
        """An hour while it runs on demand."""
        return self._sum((part, part.on.on_demand) for part in self.parts)

    @cached_property
    def as_spot(self) -> Amount:
        """An hour while it runs as a Spot VM."""
        return self._sum((part, part.on.spot) for part in self.parts)

    @cached_property
    def hour(self) -> Amount:
        """An hour while it runs, the way it runs: as a Spot VM or on demand."""
        return self.as_spot if self.spot else self.on_demand

    @cached_property
    def hour_now(self) -> Amount:
        """An hour in its present state."""
        return self._sum((part, part.hour(self.state, spot=self.spot)) for part in self.parts)

    @cached_property
    def month_on_demand(self) -> Amount:
        """A month that it is on, on demand, with what sustained use makes of it."""
        return self._month("on", spot=False)

    @cached_property
    def month_as_spot(self) -> Amount:
        """A month that it is on as a Spot VM."""
        return self._month("on", spot=True)

    @cached_property
    def month(self) -> Amount:
        """A month that it is on, the way it runs."""
        return self._month("on", spot=self.spot)

    @cached_property
    def month_now(self) -> Amount:
        """A month in its present state, the way it runs."""
        return self._month(self.state, spot=self.spot)

    @cached_property
    def commitments(self) -> frozenset[Years]:
        """How many years the commitments are long under which some of it can be had."""
        return frozenset(years for part in self.parts for years, _ in part.committed_use)

    def month_committed(self, years: Years) -> Amount:
        """Return what a month costs that it is on, on demand, under a commitment of so many years.

        What cannot be had under one costs as much as in any other month.
        """
        return self._months_committed[years]

    @cached_property
    def _months_committed(self) -> dict[Years, Amount]:
        return {years: self._month("on", spot=False, years=years) for years in YEARS}

    def _month(self, state: State, *, spot: bool, years: Years | None = None) -> Amount:
        hours = self.hours_per_day
        return self._sum(
            (part, part.month(state, spot=spot, hours_per_day=hours, years=years))
            for part in self.parts
        )

    def _sum(self, priced: Iterable[tuple[Part, float | None]]) -> Amount:
        total, unknown, most = 0.0, [], False
        for part, price in priced:
            if price is None:
                unknown.append(part.kind)
                most = most or part.kind in MAIN_KINDS
            else:
                total += price
        return Amount(None if most else total, tuple(dict.fromkeys(unknown)), self.currency)


@cache
def bill(
    parts: tuple[Part, ...],
    state: State,
    *,
    spot: bool,
    hours_per_day: float,
    currency: Currency = "USD",
) -> Bill:
    """Return a bill: the same one for all machines of one kind, so that it is added up once."""
    return Bill(parts=parts, state=state, spot=spot, hours_per_day=hours_per_day, currency=currency)


def hours_text(hours_per_day: float) -> str:
    """Return how many hours a day something runs at most, for people: "8 h a day"."""
    return f"{round(hours_per_day, 2):g} h a day"


def _paid(used: float, rates: tuple[float, ...]) -> float:
    """Return what part of a month's price is paid when so much of the month is used.

    Each further part of the month, of as many as there are rates, is paid at its own rate.
    """
    if not rates:
        return used
    share = 1 / len(rates)
    return sum(
        rate * min(max(used - share * index, 0.0), share) for index, rate in enumerate(rates)
    )
