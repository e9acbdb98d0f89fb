"""What the machines of a fleet cost together. Computed from the clouds' catalogues, never typed.

Traffic is not counted: nobody knows it beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import Amount, hour_text, rounded, usd_text
from infra_lib.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.model.provisioned import ProvisionedMachine

# What of `Catalog` says the price of a part; of others, `prices` does.
_SAID_BY = {"boot disk": "disk_prices", "data disk": "disk_prices", "address": "address_prices"}


def total(machines: Iterable[ProvisionedMachine]) -> float | None:
    """Return USD per hour of all machines in their present state; None when one is unknown."""
    return rounded(hourly(machines).usd)


def at_least(machines: Iterable[ProvisionedMachine]) -> float:
    """Return USD per hour of all that is known, of machines in their present state."""
    return rounded(hourly(machines).known) or 0.0


def unknown(machines: Iterable[ProvisionedMachine]) -> tuple[ProvisionedMachine, ...]:
    """Return the machines that cost something now, and nobody knows how much."""
    return tuple(machine for machine in machines if machine.bill.hour_now.unknown)


def hourly(machines: Iterable[ProvisionedMachine]) -> Amount:
    """Return what machines cost an hour in their present state, and of which that is not known."""
    return sum_of((machine, machine.bill.hour_now) for machine in machines)


def monthly(machines: Iterable[ProvisionedMachine]) -> Amount:
    """Return what machines cost in a month in their present state, as `hourly` does."""
    return sum_of((machine, machine.bill.month_now) for machine in machines)


def total_text(machines: Iterable[ProvisionedMachine]) -> str:
    """Return what machines cost together in their present state, for people.

    With a price unknown it is what is known, and whose what is not.
    """
    machines = tuple(machines)
    return sums_text(hourly(machines), monthly(machines))


def sums_text(hour: Amount, month: Amount) -> str:
    """Return sums of an hour and of a month, as `sum_of` returns them, for people."""
    if not hour.unknown:
        return f"{hour_text(hour)} an hour, {usd_text(month)} a month"
    text = f"unknown: {listed(hour.unknown)}"
    if not hour.known:
        return text
    return f"at least {hour_text(hour.known)} an hour, {usd_text(month.known)} a month; {text}"


def how_to_say(kinds: Iterable[str]) -> str:
    """Return what to write for parts of these kinds to have a price: "Catalog(prices=…)"."""
    fields = {_SAID_BY.get(kind, "prices") for kind in kinds}
    return ", ".join(f"Catalog({field}=…)" for field in sorted(fields, reverse=True))


def sum_of(amounts: Iterable[tuple[ProvisionedMachine, Amount]]) -> Amount:
    """Return the sum of what machines cost, and of which of them what is not known."""
    known, unknown = 0.0, []
    for machine, amount in amounts:
        known += amount.known or 0.0
        if amount.unknown:
            unknown.append(f"{machine.name} ({', '.join(amount.unknown)})")
    return Amount(known, tuple(unknown))
