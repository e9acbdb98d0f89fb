"""What the machines of a fleet cost together. Computed from the clouds' catalogues, never typed.

What is billed in one currency is never added to what is billed in another. Traffic is not counted:
nobody knows it beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model import sums
from infra_lib.model.money import Amount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.model.sums import Sum


NO_RATE = "what is billed in EUR counts in USD with Fleet(usd_per_eur=…)"
"""What to say where amounts in EUR cannot be compared with others."""


def hourly(machines: Iterable[ProvisionedMachine], usd_per_eur: float | None = None) -> Sum:
    """Return what machines cost an hour in their present state, and of which that is not known.

    Args:
        machines: The machines, such as all of `fleet.provisioned`.
        usd_per_eur: How many USD a EUR is; None when nobody said.
    """
    return sum_of(((machine, machine.bill.hour_now) for machine in machines), usd_per_eur)


def monthly(machines: Iterable[ProvisionedMachine], usd_per_eur: float | None = None) -> Sum:
    """Return what machines cost in a month in their present state, as `hourly` does."""
    return sum_of(((machine, machine.bill.month_now) for machine in machines), usd_per_eur)


def total_text(machines: Iterable[ProvisionedMachine], usd_per_eur: float | None = None) -> str:
    """Return what machines cost together in their present state, for people.

    With a price unknown it is what is known, and whose what is not.
    """
    machines = tuple(machines)
    return sums.sums_text(hourly(machines, usd_per_eur), monthly(machines, usd_per_eur))


def how_to_say(unknown: Iterable[tuple[ProvisionedMachine, str]]) -> str:
    """Return what to write for parts to have a price: "Catalog(prices=…)".

    Args:
        unknown: Machines, each with a kind of its parts.
    """
    return ", ".join(sorted({machine.price_said_by(kind) for machine, kind in unknown})[::-1])


def sum_of(
    amounts: Iterable[tuple[ProvisionedMachine, Amount]], usd_per_eur: float | None = None
) -> Sum:
    """Return the sum of what machines cost, and of which of them what is not known."""
    return sums.add((_of_machine(*each) for each in amounts), usd_per_eur)


def _of_machine(machine: ProvisionedMachine, amount: Amount) -> Amount:
    """Return an amount whose unknown parts say whose they are."""
    named = (f"{machine.name} ({', '.join(amount.unknown)})",) if amount.unknown else ()
    return Amount(amount.known, named, amount.currency)
