"""What machines cost. Computed from the catalogue, never typed.

Disks, reserved addresses and traffic are not counted: the catalogue has no prices for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.gcp.catalog import Catalog
    from infra_lib.clouds.gcp.machine import GcpMachine, Gpu

HOURS_PER_MONTH = 730


@frozen
class Cost:
    """What a machine type with its GPUs costs while it runs.

    Attributes:
        on_demand: USD per hour; None when unknown.
        spot: USD per hour as a Spot VM; None when unknown.
    """

    on_demand: float | None
    spot: float | None


def per_month(usd_per_hour: float | None) -> float | None:
    """Return USD per month of 730 hours, of USD per hour; None of None."""
    return None if usd_per_hour is None else round(usd_per_hour * HOURS_PER_MONTH, 2)


def hour_text(usd_per_hour: float | None) -> str:
    """Return USD per hour as people read it: "$0.7300", "unknown" of None."""
    return "unknown" if usd_per_hour is None else f"${usd_per_hour:,.4f}"


def month_text(usd_per_hour: float | None) -> str:
    """Return, of USD per hour, a month of 730 hours as people read it: "$532.90"."""
    usd = per_month(usd_per_hour)
    return "unknown" if usd is None else f"${usd:,.2f}"


def label(usd_per_hour: float | None) -> str:
    """Return, of USD per hour, the value of a label: "0-7300-usd-per-hour", "unknown" of None."""
    if usd_per_hour is None:
        return "unknown"
    return f"{usd_per_hour:.4f}-usd-per-hour".replace(".", "-")


def of_type(
    machine_type: str, gpu: Gpu | None, *, region: str, zone: str, catalog: Catalog
) -> Cost:
    """Return what a machine type with GPUs costs in a zone.

    GPUs that come with the machine type are in its price.
    """
    machine = catalog.machine_price(machine_type, region)
    facts = catalog.machine_type(machine_type)
    if gpu is None or (facts is not None and facts.accelerator is not None):
        return Cost(machine.usd_per_hour, machine.usd_per_hour_spot)
    one = catalog.accelerator_price(gpu.type, zone)
    return Cost(
        _sum(machine.usd_per_hour, one.usd_per_hour, gpu.count),
        _sum(machine.usd_per_hour_spot, one.usd_per_hour_spot, gpu.count),
    )


def of_machine(machine: GcpMachine) -> Cost:
    """Return what a machine costs while it runs."""
    return of_type(
        machine.machine_type,
        machine.gpu,
        region=machine.region,
        zone=machine.zone,
        catalog=machine.catalog,
    )


def running(machine: GcpMachine) -> float | None:
    """Return USD per hour of a machine while it runs, the way it runs: Spot VM or on demand."""
    cost = of_machine(machine)
    return cost.spot if machine.spot else cost.on_demand


def now(machine: GcpMachine) -> float | None:
    """Return USD per hour that a machine costs in its present state; None when unknown.

    One that is off or stopped costs nothing but its disks.
    """
    return running(machine) if machine.state == "on" else 0.0


def total(machines: Iterable[GcpMachine]) -> float | None:
    """Return USD per hour of all machines in their present state; None when one is unknown."""
    machines = tuple(machines)
    return None if unknown(machines) else at_least(machines)


def at_least(machines: Iterable[GcpMachine]) -> float:
    """Return USD per hour of those machines whose price is known, in their present state."""
    return round(sum(now(machine) or 0.0 for machine in machines), 5)


def unknown(machines: Iterable[GcpMachine]) -> tuple[GcpMachine, ...]:
    """Return the machines that cost something now, and nobody knows how much."""
    return tuple(machine for machine in machines if now(machine) is None)


def total_text(machines: Iterable[GcpMachine]) -> str:
    """Return what machines cost together in their present state, for people.

    With a price unknown it is what is known, as the least that it can be.
    """
    machines = tuple(machines)
    least = at_least(machines)
    text = f"{hour_text(least)} an hour, {month_text(least)} a month"
    names = ", ".join(machine.name for machine in unknown(machines))
    return f"at least {text}; unknown: {names}" if names else text


def _sum(machine: float | None, gpu: float | None, count: int) -> float | None:
    return None if machine is None or gpu is None else round(machine + gpu * count, 5)
