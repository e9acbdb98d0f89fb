"""The schedule by which an instance is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.adoption.leftover import leftover
from infra_lib.clouds.gcp.adoption.values import block, is_nothing, text
from infra_lib.clouds.gcp.readings import POLICY
from infra_lib.clouds.gcp.stop_schedule import StopSchedule
from infra_lib.model.errors import FleetError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.adoption import Found
    from infra_lib.clouds.gcp.adoption.notes import Notes
    from infra_lib.clouds.gcp.adoption.sources import Sources

_LIST = "give the output of `gcloud compute resource-policies list --format=json` beside it"


def stop_schedule(
    attributes: Mapping[str, Any], sources: Sources, notes: Notes
) -> tuple[StopSchedule | None, Found | None]:
    """Return when an instance is stopped, and the policy that says it; or nothing."""
    given = attributes.get("resource_policies")
    if not is_nothing(given) and not isinstance(given, list | tuple):
        told = shown(given)
        notes.item(f"resource_policies={told}: Terraform has a list there, so it is not read")
    for each in given if isinstance(given, list | tuple) else ():
        found = sources.named(POLICY, each, notes.found)
        if found is None:
            told = shown(str(each)) if isinstance(each, str) else shown(each)
            notes.item(
                f"resource_policies: {told} was not found, so nobody knows what it does; the first "
                "deployment takes it away",
                _LIST,
            )
            continue
        schedule = _schedule(found, notes)
        if schedule is not None:
            return schedule, found
    return None, None


def _schedule(found: Found, notes: Notes) -> StopSchedule | None:
    said = block(found.attributes.get("instance_schedule_policy"))
    cron = text(block(said.get("vm_stop_schedule")).get("schedule"))
    if cron is None:
        what = "a policy that stops no machine: the first deployment takes the machine out of it"
        notes.item(what, of=found)
        return None
    zone = text(said.get("time_zone")) or "UTC"
    try:
        schedule = StopSchedule(cron) if zone == "UTC" else StopSchedule(cron, time_zone=zone)
    except FleetError as error:
        what = f"its schedule cannot be described: {error}"
        notes.item(f"{what}; the first deployment takes the machine out of it", of=found)
        return None
    notes.items += leftover(found)
    return schedule
