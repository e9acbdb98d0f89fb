"""Sums of money by currency: nothing is ever added across two, unless there is a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import (
    CURRENCIES,
    NOTHING,
    Amount,
    Currency,
    hour_text,
    in_usd,
    month_text,
)
from infra_lib.model.wording import listed
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@frozen
class Sum:
    """What several things cost together.

    Attributes:
        amounts: A sum for each currency that one of them is billed in, those in USD first.
        usd_per_eur: How many USD a EUR is; None when nobody said.
    """

    amounts: tuple[Amount, ...] = ()
    usd_per_eur: float | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """What nobody knows the price of, in whatever currency."""
        return tuple(name for amount in self.amounts for name in amount.unknown)

    @property
    def shown(self) -> tuple[Amount, ...]:
        """What people are shown: the amounts that are not nothing; one, where all are nothing."""
        something = tuple(amount for amount in self.amounts if not amount.is_nothing)
        return something or (*self.amounts, NOTHING)[:1]

    @property
    def in_usd(self) -> Amount:
        """All of it in USD. What is in EUR is unknown without a rate."""
        known, unknown = 0.0, [*self.unknown]
        for amount in self.amounts:
            usd = in_usd(amount, self.usd_per_eur).known
            known += usd or 0.0
            if usd is None:
                unknown.append(f"what is billed in {amount.currency}")
        return Amount(known, tuple(unknown))

    @property
    def order(self) -> tuple[float, ...] | None:
        """What sums are in order of: USD where there is a rate, else USD first, and then EUR.

        None where nothing of it is known.
        """
        if all(amount.least is None for amount in self.shown):
            return None
        if self.usd_per_eur is not None:
            return (self.in_usd.known or 0.0,)
        return tuple(self.of(currency).known or 0.0 for currency in CURRENCIES)

    def of(self, currency: Currency) -> Amount:
        """Return what is billed in a currency."""
        for amount in self.amounts:
            if amount.currency == currency:
                return amount
        return Amount(0.0, (), currency)

    def text(self, text: Callable[[Amount], str]) -> str:
        """Return the amounts for people, each as a function writes it: "$0.2681 and €0.0264"."""
        return " and ".join(map(text, self.shown))

    def known_text(self, text: Callable[[Amount], str]) -> str:
        """Return the same, "at least" that where a part is not known, or "unknown"."""
        if not self.unknown:
            return self.text(text)
        known = [text(known_part(amount)) for amount in self.shown if amount.known]
        return f"at least {' and '.join(known)}" if known else "unknown"


def add(amounts: Iterable[Amount], usd_per_eur: float | None = None) -> Sum:
    """Return the sums of amounts, each currency's by itself.

    Args:
        amounts: The amounts.
        usd_per_eur: How many USD a EUR is; None when nobody said.
    """
    found: dict[Currency, tuple[float, list[str]]] = {}
    for amount in amounts:
        known, unknown = found.get(amount.currency, (0.0, []))
        found[amount.currency] = known + (amount.known or 0.0), [*unknown, *amount.unknown]
    return Sum(
        tuple(
            Amount(found[currency][0], tuple(found[currency][1]), currency)
            for currency in CURRENCIES
            if currency in found
        ),
        usd_per_eur,
    )


def known_part(amount: Amount) -> Amount:
    """Return what is known of an amount, as if that were all."""
    return Amount(amount.known, (), amount.currency)


def sums_text(hour: Sum, month: Sum) -> str:
    """Return sums of an hour and of a month, of the same things, for people.

    What is billed in two currencies is said in each, and with a rate in USD too.
    """
    pairs = [
        (one, month.of(one.currency))
        for one in hour.amounts or (NOTHING,)
        if not (one.is_nothing and month.of(one.currency).is_nothing)
    ]
    pairs = pairs or [(one, month.of(one.currency)) for one in hour.shown]
    unknown = hour.unknown
    if unknown:
        pairs = [(known_part(one), known_part(other)) for one, other in pairs if one.known]
    said = " and ".join(_pair(*pair) for pair in pairs)
    if hour.usd_per_eur is not None and any(one.currency != "USD" for one, _ in pairs):
        in_usd = _pair(known_part(hour.in_usd), known_part(month.in_usd))
        said += f" (in USD, {rate_text(hour.usd_per_eur)}: {in_usd})"
    if not unknown:
        return said
    named = f"unknown: {listed(unknown)}"
    return f"at least {said}; {named}" if pairs else named


def rate_text(usd_per_eur: float) -> str:
    """Return a rate for people: "at 1.08 per EUR"."""
    return f"at {usd_per_eur:.10g} per EUR"


def _pair(hour: Amount, month: Amount) -> str:
    return f"{hour_text(hour)} an hour, {month_text(month)} a month"
