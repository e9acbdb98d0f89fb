"""When a machine that nobody uses turns itself off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_whole, valid

if TYPE_CHECKING:
    from attrs import Attribute

_MOST_MINUTES = 7 * 24 * 60
_MOST_LOAD = 10_000


def _check_load(where: str, field: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= _MOST_LOAD:  # type: ignore[operator]
        accepted = f"a load average above 0, up to {_MOST_LOAD}, is accepted: 0.5"
        raise field_error(where, field, value, accepted)


def _check_limit(where: str, field: str, value: object) -> None:
    if value is not None:
        unit = "minutes (None for no limit)"
        check_whole(where, field, value, unit, least=0, most=_MOST_MINUTES)


def _check_grace(idle_stop: IdleStop, field: Attribute[int], value: object) -> None:
    unit = "minutes, fewer than minutes,"
    most = idle_stop.minutes - 1
    check_whole(idle_stop._where, field.name, value, unit, least=1, most=most)


@frozen
class IdleStop:
    """A machine that nobody uses turns itself off, which ends what the cloud bills for its running.

    It looks every minute. What uses it starts the time anew: work on a GPU, load, a key pressed in
    a terminal, `infra-keep-alive`, a lock of `systemd-inhibit`. What is merely there (a session, a
    process that has a GPU and does nothing on it) makes the time longer. docs/day.md says more.

    Attributes:
        minutes: After how many minutes without use it turns itself off, 2 to 10080 (a week).
        gpu_percent: Up to which utilisation a GPU counts as not used, in per cent, 0 to 99.
        load: Up to which load average, over one minute, the machine counts as not used. It is that
            of all its processors: 1.0 is one of them at work.
        session_minutes: After how many minutes without use it turns itself off although somebody is
            logged in, who does not type; 0 where a session alone is no reason to wait, None for
            never. Where it is less than `minutes`, those count.
        stalled_minutes: After how many minutes without use it turns itself off although a process
            has a GPU and does nothing on it, such as a notebook or a job that hangs; 0 and None as
            above. It is also for how long a GPU is waited for that does not answer; that ends
            after a day where this is None.
        grace_minutes: How many minutes before it warns whoever is logged in, and the journal: 1 or
            more, and fewer than `minutes`.
        boot_minutes: How many minutes after a boot the time begins, 0 to 1440.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "idle stop"

    minutes: int = field(
        default=30, validator=valid(check_whole, "minutes", least=2, most=_MOST_MINUTES)
    )
    gpu_percent: int = field(
        default=5, validator=valid(check_whole, "per cent", least=0, most=99), kw_only=True
    )
    load: float = field(default=0.5, validator=valid(_check_load), kw_only=True)
    session_minutes: int | None = field(default=120, validator=valid(_check_limit), kw_only=True)
    stalled_minutes: int | None = field(default=120, validator=valid(_check_limit), kw_only=True)
    grace_minutes: int = field(default=5, validator=_check_grace, kw_only=True)
    boot_minutes: int = field(
        default=15, validator=valid(check_whole, "minutes", least=0, most=24 * 60), kw_only=True
    )


# False for never; None for what the fleet's `Nvidia` says of machines with a GPU.
SaidIdleStop: TypeAlias = IdleStop | Literal[False] | None


def check_idle_stop_said(where: str, field: str, value: object) -> None:
    """Check when a machine is said to turn itself off.

    Raises:
        FleetError: When it is neither an `IdleStop` nor False nor None.
    """
    if value is not None and value is not False and not isinstance(value, IdleStop):
        accepted = "IdleStop(minutes=30) is accepted, False for never, or None for what nvidia says"
        raise field_error(where, field, value, accepted)
