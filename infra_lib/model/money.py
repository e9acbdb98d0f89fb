"""Amounts of money, each in a currency, and how people read them."""

from __future__ import annotations

import re
from typing import Literal

from nixgen.frozen import frozen

HOURS_PER_MONTH = 730
Years = Literal[1, 3]

YEARS: tuple[Years, ...] = (1, 3)
"""How long a commitment may be."""

HOURS_PER_DAY = 24.0

Currency = Literal["USD", "EUR"]

CURRENCIES: tuple[Currency, ...] = ("USD", "EUR")
"""What clouds bill in, in the order in which sums are listed."""

SYMBOLS: dict[Currency, str] = {"USD": "$", "EUR": "€"}

_LABEL = re.compile(r"(at-least-)?([0-9]{1,9})-([0-9]{4})-(usd|eur)-per-hour")

NO_TRAFFIC = "Traffic is not counted."
"""What is to be known of the prices of a cloud that bills for traffic, and knows no more."""


@frozen
class Cost:
    """What a machine type costs while a machine of it runs, in the currency that it is billed in.

    Attributes:
        on_demand: An hour; None when unknown.
        spot: An hour as a Spot VM; None when unknown, or where there are none.
    """

    on_demand: float | None
    spot: float | None = None


@frozen
class Amount:
    """A sum in one currency, of which a part may not be known.

    Attributes:
        known: What is known of it. None when what it is mostly made of is not known: the rest alone
            would look like a small sum.
        unknown: What nobody knows the price of, for people: ("boot disk",).
        currency: What it is billed in.
    """

    known: float | None
    unknown: tuple[str, ...] = ()
    currency: Currency = "USD"

    @property
    def value(self) -> float | None:
        """The whole sum in its own currency; None when a part of it is not known."""
        return None if self.unknown else self.known

    @property
    def usd(self) -> float | None:
        """The whole sum, if that is in USD; None when not, and when a part is not known."""
        return self.value if self.currency == "USD" else None

    @property
    def eur(self) -> float | None:
        """The whole sum, if that is in EUR; None when not, and when a part is not known."""
        return self.value if self.currency == "EUR" else None

    @property
    def least(self) -> float | None:
        """What is known of it; None where that is nothing: a small number would look like all."""
        return None if self.unknown and not self.known else self.known

    @property
    def is_nothing(self) -> bool:
        """Whether it is known that it costs nothing."""
        return self.known == 0 and not self.unknown


NOTHING = Amount(0.0)


def in_usd(amount: Amount, usd_per_eur: float | None) -> Amount:
    """Return an amount in USD.

    Args:
        amount: The amount.
        usd_per_eur: How many USD a EUR is; None when nobody said. Then nothing is known of an
            amount in EUR, unless that is nothing.
    """
    if amount.currency == "USD":
        return amount
    if not amount.known:
        return Amount(amount.known, amount.unknown)
    return Amount(None if usd_per_eur is None else amount.known * usd_per_eur, amount.unknown)


def for_seconds(per_hour: Amount, seconds: float) -> Amount:
    """Return what a time costs, at a price of an hour."""
    known = per_hour.known
    return Amount(
        None if known is None else known * seconds / 3600, per_hour.unknown, per_hour.currency
    )


def rounded(amount: float | None) -> float | None:
    """Return money to a ten-thousandth of a cent, as programs are told; None when unknown."""
    return None if amount is None else round(amount, 6)


def hour_text(per_hour: Amount | float | None) -> str:
    """Return the price of an hour as people read it: "$0.7300", "€0.0264"; a number is USD.

    With a part unknown it is "$0.7300+". Where nothing but that part costs anything, it is
    "unknown": "$0.0000+" looks like nothing.
    """
    return _text(per_hour, ".4f")


def month_text(per_month: Amount | float | None) -> str:
    """Return the price of a month as people read it: "$532.90", "€16.49"; a number is USD.

    With a part unknown it is "$532.90+", or "unknown".
    """
    return _text(per_month, ".2f")


def label(per_hour: Amount) -> str:
    """Return the price of an hour as the value of a label: "0-7300-usd-per-hour", or "unknown".

    With a part unknown it is "at-least-0-7300-usd-per-hour".
    """
    if per_hour.known is None:
        return "unknown"
    number = f"{per_hour.known:.4f}".replace(".", "-")
    text = f"{number}-{per_hour.currency.lower()}-per-hour"
    return f"at-least-{text}" if per_hour.unknown else text


def from_label(value: str | None) -> Amount | None:
    """Return the price of an hour that `label` wrote; None for anything else."""
    found = _LABEL.fullmatch(value or "")
    if found is None:
        return None
    least, units, rest, currency = found.groups()
    known = float(f"{units}.{rest}")
    return Amount(known, ("a part",) if least else (), "USD" if currency == "usd" else "EUR")


def _text(money: Amount | float | None, places: str) -> str:
    amount = money if isinstance(money, Amount) else Amount(money)
    known = amount.least
    if known is None:
        return "unknown"
    return f"{SYMBOLS[amount.currency]}{known:,{places}}{'+' if amount.unknown else ''}"
