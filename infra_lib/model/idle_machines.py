"""Which machines of a fleet turn themselves off when nobody uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from infra_lib.model.idle_stop import IdleStop
    from infra_lib.model.nvidia import Nvidia
    from infra_lib.model.provisioned import ProvisionedMachine


def idle_stop(nvidia: Nvidia, machine: ProvisionedMachine) -> IdleStop | None:
    """Return when a machine turns itself off; None for never.

    Args:
        nvidia: How the fleet's machines with a GPU are set up.
        machine: The machine, whose own word comes first.
    """
    if machine.idle_stop is None:
        return nvidia.idle_stop if machine.accelerator is not None else None
    return machine.idle_stop or None


def check_idle_stops(nvidia: Nvidia, machines: tuple[ProvisionedMachine, ...]) -> None:
    """Check that machines that turn themselves off may.

    Args:
        nvidia: How the fleet's machines with a GPU are set up.
        machines: All machines that the fleet provisions.

    Raises:
        FleetError: When one would lose something by it, or save nothing.
    """
    for machine in machines:
        why = machine.why_no_idle_stop
        if not why or idle_stop(nvidia, machine) is None:
            continue
        if machine.idle_stop is None:
            accepted = (
                f"machine {machine.name!r} has a GPU, and {why}; say idle_stop=False of that one"
            )
            raise field_error("nvidia", "idle_stop", nvidia.idle_stop, accepted)
        raise field_error(f"machine {machine.name!r}", "idle_stop", machine.idle_stop, why)
