"""What a person can do about a deployment that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.failure import NoRoom
from infra_lib.fleet import clouds_of
from infra_lib.operate.kinds import cloud_of, machine_of

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
    held: Collection[str] = (),
) -> str | None:
    """Return what to do about a failure, in one line; None when that is not known.

    Args:
        fleet: The fleet that failed.
        failure: What went wrong.
        tried: The zones that had no room, by the machine's name.
        existing: The names of the instances that exist.
        held: The names of the machines that something other than a disk holds where they are.
    """
    if isinstance(failure, NoRoom):
        name = machine_of(failure.address)
        for machine in fleet.provisioned:
            if machine.name == name:
                exists = name in existing
                more = CLOUDS[machine.cloud].operations().no_room(machine, exists=exists)
                line = (
                    _held(machine, exists)
                    if exists or name in held
                    else _no_room(machine, tried.get(name, ()), failure.zones)
                )
                return f"{line}; {more}" if more else line
        return None
    cloud = cloud_of(failure.address)
    if cloud is None:
        return None
    projects = (project for other, project, _ in clouds_of(fleet) if other is cloud)
    return cloud.operations().advice(failure, next(projects, None))


def _held(machine: ProvisionedMachine, exists: bool) -> str:
    """Return what to do where a machine is not to go elsewhere, for what it has where it is."""
    if not exists:
        return (
            f"{machine.zone} has no room for {machine.name} at the moment: try again later; it "
            "would lose its addresses elsewhere, so it is not moved"
        )
    return (
        f"{machine.zone} has no room to start {machine.name} at the moment; it exists there, "
        "and its boot disk would not come with it, so it is not moved: try again later, or "
        "deploy it with enabled=False first, which deletes it, to have it made elsewhere"
    )


def _no_room(machine: ProvisionedMachine, tried: Collection[str], named: Collection[str]) -> str:
    kinds = CLOUDS[machine.cloud].KINDS
    fallback = f"fallback_{kinds.place}s"
    said = [zone for zone in named if zone not in machine.zones]
    hint = f"; {kinds.service} says that {', '.join(said)} has room" if said else ""
    if len(tried) > 1:
        return (
            f"no {kinds.place} of {machine.name} has room at the moment ({', '.join(tried)}): try "
            f"again later, or give it more {fallback}{hint}"
        )
    zones = tuple(said) or machine.other_zones
    choice = f"{fallback}={zones!r}" if zones else f"{fallback} in other regions"
    remedy = (
        "its data disks hold it there"
        if machine.data_disks
        else f"give it {choice} to try next{hint}"
    )
    return f"{machine.zone} has no room for {machine.name} at the moment: try again later; {remedy}"
