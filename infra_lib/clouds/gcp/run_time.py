"""How long a machine runs on Compute Engine before something stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import HOURS_PER_DAY

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.stop_schedule import StopSchedule

_SECONDS_PER_HOUR = 3600


def hours_per_day(max_run_duration: int | None, schedule: StopSchedule | None) -> float:
    """Return how many hours a day a machine runs at most, when it is started once a day.

    Nothing starts again what has ended but people, and their deployments.

    Args:
        max_run_duration: After how many seconds its runs end; None for never.
        schedule: When it is stopped; None for never. One that does not stop it every day is no
            limit of a day.
    """
    longest = [HOURS_PER_DAY]
    if max_run_duration is not None:
        longest.append(max_run_duration / _SECONDS_PER_HOUR)
    if schedule is not None:
        longest.append(schedule.longest_run)
    return min(longest)
