"""What a switch changes of a machine, and what people should know of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from attrs import evolve, field

from infra_lib.model.errors import FleetError
from infra_lib.operate.switch.edit import (
    Argument,
    EditError,
    Place,
    Value,
    arguments,
    remove_argument,
    set_argument,
)
from infra_lib.operate.switch.span import instant_text, span_text
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.model.provisioned import ProvisionedMachine

Action = Literal["enable", "disable", "start", "stop"]
ACTIONS: tuple[Action, ...] = ("enable", "disable", "start", "stop")

_LIMIT = "max_run_duration"
_BY_ITSELF = (
    "nothing stops it by itself then but idle_stop, where it has that; infra check says when the "
    "time is past"
)


@frozen
class End:
    """Until when a machine is to be on.

    Attributes:
        at: The time.
        option: What was given, for messages: "--for 4h".
        now: The time it is.
    """

    at: datetime
    option: str
    now: datetime

    @property
    def text(self) -> str:
        """How it is written into the description."""
        return instant_text(self.at)

    @property
    def seconds(self) -> int:
        """How long that is from now."""
        return max(int((self.at - self.now).total_seconds()), 0)


@frozen
class Switch:
    """What is to become of a machine.

    Attributes:
        name: The machine's name.
        action: What was asked for.
        fields: What is set, by the field's name; None for what is left out from then on.
        limit: Seconds for a limit of its run, which goes with `on_until`; None for no new one.
        own_limit: Seconds of the limit that it has; None for none.
        seconds: How long it is to be on from now, where that is said.
        notes: What people should know, in sentences.
    """

    name: str
    action: Action
    fields: Mapping[str, Value | None] = field(factory=dict, hash=False)
    limit: int | None = None
    own_limit: int | None = None
    seconds: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the machine is so already."""
        return not self.fields


def switch(machine: ProvisionedMachine, action: Action, end: End | None = None) -> Switch:
    """Return what an action changes of a machine.

    Args:
        machine: The machine, as it is described.
        action: The action.
        end: Until when it is to be on, for "enable" and "start"; None for no limit.

    Raises:
        FleetError: When the machine cannot be switched so; it says what can be done.
    """
    if action == "disable":
        return _disable(machine)
    if action == "stop":
        return _stop(machine)
    asked = (_enable if action == "enable" else _start)(machine, end)
    return evolve(asked, seconds=end.seconds) if end and not asked.is_nothing else asked


def _enable(machine: ProvisionedMachine, end: End | None) -> Switch:
    name, state = machine.name, machine.state
    if state == "stopped":
        if end is not None:
            raise FleetError(
                f"machine {name!r}: it is stopped: infra start {name} {end.option} starts it"
            )
        return Switch(name, "enable", notes=(f"It is stopped: infra start {name} starts it.",))
    if state == "on":
        return _stay_on(machine, "enable", end)
    if end is None:
        return Switch(name, "enable", {"enabled": True, **_without_end(machine)})
    if machine.run_seconds is None:
        notes = (f"{_cloud_has_no_limit()}: {_BY_ITSELF}.",)
        return Switch(name, "enable", {"enabled": True, "on_until": end.text}, notes=notes)
    least, most = machine.run_seconds
    if not least <= end.seconds <= most:
        raise FleetError(
            f"machine {name!r}: {end.option}: its cloud ends runs of {span_text(_of(least))} to "
            f"{span_text(_of(most))} by itself, and that is {span_text(_of(end.seconds))}"
        )
    fields: dict[str, Value | None] = {"enabled": True, "on_until": end.text}
    return Switch(name, "enable", fields, limit=end.seconds, own_limit=machine.max_run_duration)


def _disable(machine: ProvisionedMachine) -> Switch:
    if machine.state == "off":
        return Switch(machine.name, "disable")
    fields: dict[str, Value | None] = {"enabled": False, **_without_end(machine)}
    if machine.stopped:
        fields["stopped"] = False
    return Switch(machine.name, "disable", fields)


def _start(machine: ProvisionedMachine, end: End | None) -> Switch:
    name, state = machine.name, machine.state
    if state == "off":
        option = f" {end.option}" if end else ""
        raise FleetError(f"machine {name!r}: it is off: infra enable {name}{option} makes it")
    if state == "on":
        return _stay_on(machine, "start", end)
    fields: dict[str, Value | None] = {"stopped": False, **_without_end(machine)}
    if end is None:
        return Switch(name, "start", fields)
    return Switch(name, "start", {**fields, "on_until": end.text}, notes=(_end_note(machine),))


def _stop(machine: ProvisionedMachine) -> Switch:
    name, state = machine.name, machine.state
    if state == "off":
        return Switch(name, "stop", notes=("It is off, so that nothing of it runs.",))
    if state == "stopped":
        return Switch(name, "stop")
    evolve(machine, stopped=True)  # whose cloud may have a reason against it
    own = machine.max_run_duration
    notes: tuple[str, ...] = ()
    if own is not None and machine.on_until is not None:
        notes = (
            f"Its {_LIMIT} stays, {span_text(_of(own))} of each run: without it, it would be made "
            "anew.",
        )
    return Switch(name, "stop", {"stopped": True, **_without_end(machine)}, notes=notes)


def _stay_on(machine: ProvisionedMachine, action: Action, end: End | None) -> Switch:
    """Return what becomes of a machine that is on, and stays so for a time."""
    until = f"until {machine.on_until}" if machine.on_until else "for good"
    if end is None:
        return Switch(
            machine.name,
            action,
            notes=(f"It is on {until}; --for 4h or --until 18:00 says another time.",),
        )
    if machine.on_until == end.text:
        return Switch(machine.name, action)
    return Switch(machine.name, action, {"on_until": end.text}, notes=(_end_note(machine),))


def _end_note(machine: ProvisionedMachine) -> str:
    """Return what ends the run of a machine that exists: a limit of its run would make it anew."""
    own = machine.max_run_duration
    if own is not None:
        return _limit_note(own)
    if machine.run_seconds is None:
        return f"{_cloud_has_no_limit()}: {_BY_ITSELF}."
    return (
        f"A {_LIMIT} would make it anew, with an empty boot disk, so that it is given none: "
        f"{_BY_ITSELF}."
    )


def _limit_note(own: int) -> str:
    return (
        f"Its own {_LIMIT} is left as it is: its cloud ends each run after {span_text(_of(own))}, "
        "counted from its start."
    )


def _cloud_has_no_limit() -> str:
    return "Its cloud ends no run by itself"


def _without_end(machine: ProvisionedMachine) -> dict[str, Value | None]:
    return {} if machine.on_until is None else {"on_until": None}


def _of(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


@frozen
class Change:
    """A switch as it is written.

    Attributes:
        data: The text of the file after it.
        fields: What the machine is to have in each field that is changed; None for nothing.
        notes: What people should know, in sentences.
    """

    data: bytes
    fields: Mapping[str, Value | None] = field(hash=False)
    notes: tuple[str, ...] = ()


def write(asked: Switch, data: bytes, place: Place, known: Sequence[str] = ()) -> Change:
    """Return a text in which a machine is as a switch has it.

    A limit of its run stands directly after `on_until`: that is how one that a switch wrote is told
    from people's own, and it changes and goes with it.

    Args:
        asked: The switch.
        data: The text of the file that describes the machine.
        place: The call that does.
        known: The names in each mapping that the call is given as `**`; see `spread`.

    Raises:
        EditError: When a field is not written as a literal, so that a person has to change it.
    """
    fields = dict(asked.fields)
    ours = _limit_of(arguments(data, place))
    for name, value in asked.fields.items():
        if value is None:
            continue
        _check_there(arguments(data, place), name, known)
        data = set_argument(data, place, name, value)
    if "on_until" in fields and fields["on_until"] is None:
        if asked.action in {"disable", "enable"} and ours is not None:  # there is no instance then
            data = remove_argument(data, place, _LIMIT)
            fields[_LIMIT] = None
        there = next((each for each in arguments(data, place) if each.name == "on_until"), None)
        if there is None or not there.is_literal:
            raise EditError(_unread("on_until", there, known))
        data = remove_argument(data, place, "on_until")
    if asked.limit is None:
        return Change(data, fields, asked.notes)
    if ours is None and asked.own_limit is not None:
        return Change(data, fields, (*asked.notes, _limit_note(asked.own_limit)))
    data = set_argument(data, place, _LIMIT, asked.limit, after="on_until")
    return Change(data, {**fields, _LIMIT: asked.limit}, asked.notes)


def _limit_of(found: Sequence[Argument]) -> Argument | None:
    """Return the limit of a run that stands directly after `on_until`; None where none does."""
    for number, each in enumerate(found[1:]):
        before = found[number]
        if (before.name, each.name) == ("on_until", _LIMIT) and each.is_literal:
            return each
    return None


def _check_there(found: Sequence[Argument], name: str, known: Sequence[str]) -> None:
    """Check that a field is a literal, or is not given at all.

    Raises:
        EditError: When it is something else, or a mapping gives it or may.
    """
    there = next((each for each in found if each.name == name), None)
    if there is not None:
        if there.is_literal and not _fits(there.value, name):
            raise EditError(f"{there.text} is no value that {name} takes")
        if not there.is_literal:
            raise EditError(_unread(name, there, known))
    elif name in known or "**" in known:
        spread = next(each for each in found if each.name == "**")
        raise EditError(f"{spread.text} {'gives' if name in known else 'may give'} it {name}")


def _fits(value: object, name: str) -> bool:
    return value is None or isinstance(value, str if name == "on_until" else bool)


def _unread(name: str, there: Argument | None, known: Sequence[str]) -> str:
    if there is None:
        return f"{name} is not written in its call" + (", but in a mapping" if known else "")
    return f"{there.text} is not a value that stands there as it is"
