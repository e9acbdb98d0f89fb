"""What a cloud's own command line tells of machines: how it is asked, and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra_lib.model.bill import State
from infra_lib.model.errors import FleetError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_YEAR, _LAST_YEAR = 1970, 9000


@frozen(kw_only=True)
class Question:
    """How a cloud is asked which machines of a fleet there are.

    Attributes:
        about: What is asked about: "Compute Engine (project example-project)".
        command: The program and its arguments. It prints JSON, and finds its login by itself.
        get: Where the program is to be had.
        lacking: Why there is no use in asking, where that is known before; None to ask.
        partial: What it says on standard error where it ends well, and has not told all.
    """

    about: str
    command: tuple[str, ...]
    get: str
    lacking: str | None = None
    partial: str | None = None


@frozen(kw_only=True)
class Live:
    """A machine as its cloud has it now.

    Attributes:
        name: Its name there.
        said: Its state in the cloud's own word: "TERMINATED".
        state: Its state in the fleet's words, "on" or "stopped"; or a word for what is neither:
            "starting", "powered off". One that is not known here is the cloud's own.
        paid_as: The state that it costs as much as in, or more; None when nobody knows.
        unpriced: What else is billed in this state and has no price here.
        settles: Whether it is on its way from one state to another by itself.
        why: What may have brought it into this state, where people would wonder; empty elsewhere.
        start: The command that has it run, where it does not; None where a deployment does.
        delete: The command that deletes it.
        zone: Where it is; None when that is not said, as with what follows.
        machine_type: What the cloud calls a machine of its size.
        external_ip: The IPv4 address that it has.
        external_ipv6: The IPv6 address that it has, the first where it has a network.
        since: Since when it is in this state, or else exists.
        ends_at: When its run ends by itself.
        cost_label: The value of its label `cost`.
    """

    name: str
    said: str
    state: str
    paid_as: State | None
    unpriced: tuple[str, ...] = ()
    settles: bool = False
    why: str = ""
    start: str | None = None
    delete: tuple[str, ...] = ()
    zone: str | None = None
    machine_type: str | None = None
    external_ip: str | None = None
    external_ipv6: str | None = None
    since: datetime | None = None
    ends_at: datetime | None = None
    cost_label: str | None = None


def entries(document: object, kind: str) -> list[Mapping[str, Any]]:
    """Return what a list of machines holds, each with a name.

    Args:
        document: The JSON; null is an empty list, as programs in Go print it.
        kind: What is listed: "instances".

    Raises:
        FleetError: When it is no such list.
    """
    listed = [] if document is None else document
    if not isinstance(listed, list) or not all(map(_is_named, listed)):
        raise FleetError(f"what it printed is no list of {kind}")
    return listed


def moment(value: object) -> datetime | None:
    """Return a moment that a cloud tells, in the notation of RFC 3339; None for anything else."""
    from datetime import UTC, datetime  # few commands need it

    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        in_utc = None if found is None or found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Clouds are not that old, and what is to come can be added to it.
    return in_utc if in_utc is not None and _FIRST_YEAR <= in_utc.year <= _LAST_YEAR else None


def text(value: object) -> str | None:
    """Return text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


def part(value: object, *path: str | int) -> Any:
    """Return what is inside of JSON at a path; None where there is no such place.

    Args:
        value: Objects and lists.
        path: Names in objects, and places in lists.
    """
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


def _is_named(entry: object) -> bool:
    return text(part(entry, "name")) is not None
