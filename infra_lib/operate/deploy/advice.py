"""What a person can do about a deployment that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.operate.deploy.failure import Failure, NoRoom, NotPermitted, QuotaExceeded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.fleet import Fleet


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
    if isinstance(failure, QuotaExceeded):
        return _quota(fleet, failure)
    if isinstance(failure, NotPermitted):
        return (
            f"{failure.account} needs {failure.permissions} to carry out stop schedules: gcloud "
            f"projects add-iam-policy-binding {_project(fleet)} "
            f"--member=serviceAccount:{failure.account} --role=roles/compute.instanceAdmin.v1"
        )
    for machine in fleet.gcp_machines:
        if isinstance(failure, NoRoom) and machine.name == failure.machine:
            exists = machine.name in existing
            return _no_room(machine, tried.get(machine.name, ()), exists, failure.zones)
    return None


def _quota(fleet: Fleet, failure: QuotaExceeded) -> str:
    subject = failure.machine or failure.address
    quota = f"quota {failure.metric}" if failure.metric else "a quota"
    limit = f", which is {failure.limit} {failure.where}" if failure.limit else ""
    gpus = (
        "; a GPU needs two quotas, that of its type in its region and GPUS_ALL_REGIONS"
        if failure.metric and "GPUS" in failure.metric
        else ""
    )
    return (
        f"{subject} would exceed {quota}{limit}: the project may not have more of it, so another "
        "zone or another try is no help; ask for a higher limit at "
        f"https://console.cloud.google.com/iam-admin/quotas?project={_project(fleet)}{gpus}"
    )


def _no_room(
    machine: GcpMachine, tried: Collection[str], exists: bool, named: Collection[str]
) -> str:
    if exists:
        return (
            f"{machine.zone} has no room to start {machine.name} at the moment; it exists there, "
            "and its boot disk would not come with it, so it is not moved: try again later, or "
            "deploy it with enabled=False first, which deletes it, to have it made elsewhere"
        )
    said = [zone for zone in named if zone not in machine.zones]
    hint = f"; Compute Engine says that {', '.join(said)} has room" if said else ""
    if len(tried) > 1:
        return (
            f"no zone of {machine.name} has room at the moment ({', '.join(tried)}): try again "
            f"later, or give it more fallback_zones{hint}"
        )
    others = [
        zone.name
        for zone in machine.catalog.all_zones().values()
        if zone.region == machine.region
        and zone.name not in machine.zones
        and (machine.gpu is None or machine.gpu.type in zone.accelerators)
    ]
    zones = tuple(said or others)
    choice = f"fallback_zones={zones!r}" if zones else "fallback_zones in other regions"
    remedy = (
        "its data disks hold it there"
        if machine.data_disks
        else f"give it {choice} to try next{hint}"
    )
    return f"{machine.zone} has no room for {machine.name} at the moment: try again later; {remedy}"


def _project(fleet: Fleet) -> str:
    return "PROJECT" if fleet.gcp is None else fleet.gcp.project
