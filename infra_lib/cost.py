"""What the machines of a fleet cost together. Computed from the clouds' catalogues, never typed.

Disks, reserved addresses and traffic are not counted: the catalogues have no prices for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import hour_text, month_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.model.provisioned import ProvisionedMachine


def total(machines: Iterable[ProvisionedMachine]) -> float | None:
    """Return USD per hour of all machines in their present state; None when one is unknown."""
    machines = tuple(machines)
    return None if unknown(machines) else at_least(machines)


def at_least(machines: Iterable[ProvisionedMachine]) -> float:
    """Return USD per hour of those machines whose price is known, in their present state."""
    return round(sum(machine.usd_per_hour_now or 0.0 for machine in machines), 5)


def unknown(machines: Iterable[ProvisionedMachine]) -> tuple[ProvisionedMachine, ...]:
    """Return the machines that cost something now, and nobody knows how much."""
    return tuple(machine for machine in machines if machine.usd_per_hour_now is None)


def total_text(machines: Iterable[ProvisionedMachine]) -> str:
    """Return what machines cost together in their present state, for people.

    With a price unknown it is what is known, as the least that it can be.
    """
    machines = tuple(machines)
    least = at_least(machines)
    text = f"{hour_text(least)} an hour, {month_text(least)} a month"
    names = ", ".join(machine.name for machine in unknown(machines))
    return f"at least {text}; unknown: {names}" if names else text
