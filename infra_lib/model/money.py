"""Amounts of USD, and how people read them."""

from __future__ import annotations

from nixgen.frozen import frozen

HOURS_PER_MONTH = 730


@frozen
class Cost:
    """What a machine costs while it runs.

    Attributes:
        on_demand: USD per hour; None when unknown.
        spot: USD per hour as a Spot VM; None when unknown.
    """

    on_demand: float | None
    spot: float | None = None


def per_month(usd_per_hour: float | None) -> float | None:
    """Return USD per month of 730 hours, from USD per hour; None when that is unknown."""
    return None if usd_per_hour is None else round(usd_per_hour * HOURS_PER_MONTH, 2)


def hour_text(usd_per_hour: float | None) -> str:
    """Return USD per hour as people read it: "$0.7300", or "unknown"."""
    return "unknown" if usd_per_hour is None else f"${usd_per_hour:,.4f}"


def month_text(usd_per_hour: float | None) -> str:
    """Return what USD per hour come to in a month of 730 hours, as people read it: "$532.90"."""
    usd = per_month(usd_per_hour)
    return "unknown" if usd is None else f"${usd:,.2f}"


def label(usd_per_hour: float | None) -> str:
    """Return USD per hour as the value of a label: "0-7300-usd-per-hour", or "unknown"."""
    if usd_per_hour is None:
        return "unknown"
    return f"{usd_per_hour:.4f}-usd-per-hour".replace(".", "-")
