"""Amounts of USD, and how people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

HOURS_PER_MONTH = 730
Years = Literal[1, 3]

YEARS: tuple[Years, ...] = (1, 3)
"""How long a commitment may be."""

HOURS_PER_DAY = 24.0


@frozen
class Cost:
    """What a machine type costs while a machine of it runs.

    Attributes:
        on_demand: USD per hour; None when unknown.
        spot: USD per hour as a Spot VM; None when unknown.
    """

    on_demand: float | None
    spot: float | None = None


@frozen
class Amount:
    """A sum, of which a part may not be known.

    Attributes:
        known: USD that are known. None when what it is mostly made of is not known: the rest alone
            would look like a small sum.
        unknown: What nobody knows the price of, for people: ("boot disk",).
    """

    known: float | None
    unknown: tuple[str, ...] = ()

    @property
    def usd(self) -> float | None:
        """The sum in USD; None when a part of it is not known."""
        return None if self.unknown else self.known


def add(amounts: Iterable[float | None]) -> float | None:
    """Return the sum of amounts; None when one is unknown."""
    total = 0.0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def rounded(usd: float | None) -> float | None:
    """Return USD to a ten-thousandth of a cent, as programs are told; None when unknown."""
    return None if usd is None else round(usd, 6)


def hour_text(usd_per_hour: Amount | float | None) -> str:
    """Return USD per hour as people read it: "$0.7300"; "$0.7300+" with a part unknown.

    Where nothing but that part costs anything, it is "unknown": "$0.0000+" looks like nothing.
    """
    return _text(usd_per_hour, ".4f")


def usd_text(usd: Amount | float | None) -> str:
    """Return USD as people read it: "$532.90"; "$532.90+" with a part unknown, or "unknown"."""
    return _text(usd, ".2f")


def label(usd_per_hour: Amount) -> str:
    """Return USD per hour as the value of a label: "0-7300-usd-per-hour", or "unknown".

    With a part unknown it is "at-least-0-7300-usd-per-hour".
    """
    if usd_per_hour.known is None:
        return "unknown"
    text = f"{usd_per_hour.known:.4f}-usd-per-hour".replace(".", "-")
    return f"at-least-{text}" if usd_per_hour.unknown else text


def _text(usd: Amount | float | None, places: str) -> str:
    amount = usd if isinstance(usd, Amount) else Amount(usd)
    if amount.known is None or (amount.unknown and not amount.known):
        return "unknown"
    return f"${amount.known:,{places}}{'+' if amount.unknown else ''}"
