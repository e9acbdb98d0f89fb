"""Machines that are on for longer than somebody said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from infra_lib.model.instant import parse
from infra_lib.operate.switch.span import span_text
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from infra_lib.model.machine import Machine


@frozen
class Until:
    """A machine that is on for a time.

    Attributes:
        name: The machine's name.
        on_until: Until when, as it is described.
        past: How long ago that was; below zero for what is to come.
        may_be_stopped: Whether it can be stopped, with its boot disk kept.
    """

    name: str
    on_until: str
    past: timedelta
    may_be_stopped: bool

    @property
    def is_overdue(self) -> bool:
        """Whether the time is past."""
        return self.past.total_seconds() > 0

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that switch it off."""
        stop = (f"infra stop {self.name} --deploy",) if self.may_be_stopped else ()
        return (f"infra disable {self.name} --deploy", *stop)

    @property
    def text(self) -> str:
        """Until when it was or is to be on, for people."""
        if not self.is_overdue:
            return f"{self.name} is on until {self.on_until}, {span_text(-self.past)} from now"
        disable, *stop = self.commands
        keeping = "".join(f"; {each} keeps its boot disk" for each in stop)
        return (
            f"{self.name} was to be on until {self.on_until}, {span_text(self.past)} ago: {disable}"
            f"{keeping}"
        )

    @property
    def data(self) -> dict[str, Any]:
        """The same as plain data, in a shape that stays.

        Returns:
            `name`, `on_until`, `overdue` (whether it is past), `seconds` (how long ago, below zero
            for what is to come) and `commands` that switch it off.
        """
        return {
            "name": self.name,
            "on_until": self.on_until,
            "overdue": self.is_overdue,
            "seconds": int(self.past.total_seconds()),
            "commands": [*self.commands],
        }


def on_for_a_time(machines: Iterable[Machine], now: datetime) -> tuple[Until, ...]:
    """Return the machines that are described as on, and until when: those that say it.

    Args:
        machines: Machines of a fleet.
        now: The time it is, with an offset.
    """
    from infra_lib.model.provisioned import ProvisionedMachine

    return tuple(
        Until(each.name, each.on_until, now - parse(each.on_until), each.may_be_stopped)
        for each in machines
        if isinstance(each, ProvisionedMachine) and each.on_until and each.state == "on"
    )
