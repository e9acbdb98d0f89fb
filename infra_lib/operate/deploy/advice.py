"""What a person can do about a deployment that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.failure import NoRoom
from infra_lib.fleet import clouds_of
from infra_lib.operate.kinds import machine_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from infra_lib.clouds.failure import Failure
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine


def advice(
    fleet: Fleet,
    failure: Failure,
    tried: Mapping[str, Collection[str]],
    existing: Collection[str],
) -> str | None:
    """Return what to do about a failure, in one line; None when that is not known.

    Args:
        fleet: The fleet that failed.
        failure: What went wrong.
        tried: The zones that had no room, by the machine's name.
        existing: The names of the instances that exist.
    """
    if isinstance(failure, NoRoom):
        name = machine_of(failure.address)
        for machine in fleet.provisioned:
            if machine.name == name:
                exists = name in existing
                return _no_room(machine, tried.get(name, ()), exists, failure.zones)
        return None
    advised = (
        cloud.operations().advice(failure, project) for cloud, project, _ in clouds_of(fleet)
    )
    return next(filter(None, advised), None)


def _no_room(
    machine: ProvisionedMachine, tried: Collection[str], exists: bool, named: Collection[str]
) -> str:
    if exists:
        return (
            f"{machine.zone} has no room to start {machine.name} at the moment; it exists there, "
            "and its boot disk would not come with it, so it is not moved: try again later, or "
            "deploy it with enabled=False first, which deletes it, to have it made elsewhere"
        )
    said = [zone for zone in named if zone not in machine.zones]
    service = CLOUDS[machine.cloud].KINDS.service
    hint = f"; {service} says that {', '.join(said)} has room" if said else ""
    if len(tried) > 1:
        return (
            f"no zone of {machine.name} has room at the moment ({', '.join(tried)}): try again "
            f"later, or give it more fallback_zones{hint}"
        )
    zones = tuple(said) or machine.other_zones
    choice = f"fallback_zones={zones!r}" if zones else "fallback_zones in other regions"
    remedy = (
        "its data disks hold it there"
        if machine.data_disks
        else f"give it {choice} to try next{hint}"
    )
    return f"{machine.zone} has no room for {machine.name} at the moment: try again later; {remedy}"
