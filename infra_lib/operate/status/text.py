"""What there is of a fleet, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.money import hour_text
from infra_lib.operate.style import STATE_TONES, plain
from infra_lib.operate.table import dropped_note, fitted_table, fold
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from infra_lib.operate.status.result import Asked, Difference, MachineStatus, Status
    from infra_lib.operate.style import Paint, Tone

MARK = "!"
"""What stands before a state that is not as described, and before each line on a difference."""

_OF_DEPLOYED = {"unmanaged"}
_OF_LIVE = {"vanished"}
_OF_STATE = {"missing", "stopped", "runs", "left", "state", "undescribed", "twice"}
_OPTIONAL = ("SINCE", "ZEROTIER", "ZONE", "ADDRESS", "LEFT")
_LONGEST = 40  # characters of a name that a cloud made up


def status_text(status: Status, width: int | None = None, paint: Paint = plain) -> str:
    """Return what there is of a fleet, for people, in lines no wider than a terminal.

    A state that is not as described has a mark before it, with colours or without; each difference
    is a line below, and so is whoever did not answer.

    Args:
        status: What there is.
        width: How wide the terminal is; None for any width.
        paint: Gives text the look of its tone.
    """
    at = status.at.astimezone()
    parts = [paint(fold(f"fleet {visible(status.fleet)}, {at:%Y-%m-%d %H:%M:%S}", width), "strong")]
    text, dropped = _table(status, width, paint)
    parts += [text] if status.machines else []
    lines = [
        paint(fold(visible(f"{MARK} {_cut(each.machine)}: {_sentence(each)}"), width), "warn")
        for each in status.differences
    ]
    parts += ["\n".join(lines)] if lines else []
    notes = [paint(fold(visible(line), width), "quiet") for line in _notes(status)]
    parts += ["\n".join(notes)] if notes else []
    parts += [fold(_total(status), width)] if _counted(status) else []
    parts += [fold(dropped_note(dropped, "infra status"), width)] if dropped else []
    return "\n\n".join(parts)


def duration(seconds: float) -> str:
    """Return a time in words, in its two largest units: "40 s", "3 h 12 min", "2 d 3 h"."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((index for index, (count, _) in enumerate(units) if count), len(units) - 1)
    last = min(first + 2, 3 if first < 3 else 4)  # seconds matter in the last minute alone
    return " ".join(f"{count} {unit}" for count, unit in units[first:last] if count) or "0 s"


def answer_line(asked: Asked) -> str:
    """Return a line on somebody who did not answer, and why."""
    if asked.cloud is None:
        return f"Terraform's state of {asked.about} is not known: {asked.reason}."
    return f"{asked.about} could not be asked: {asked.reason}."


def _sentence(difference: Difference) -> str:
    """Return what is said of a difference; a command at its end is copied without a full stop."""
    ends_in_command = difference.command and difference.text.endswith(difference.command)
    return difference.text if ends_in_command else f"{difference.text}."


def _table(status: Status, width: int | None, paint: Paint) -> tuple[str, list[str]]:
    head = ["MACHINE", "DESCRIBED", "DEPLOYED"]
    live = bool(status.clouds)
    head += ["CLOUD"] if live else []
    head += ["ZONE", "ADDRESS", "ZEROTIER"]
    head += ["SINCE"] if live else []
    timed = any(machine.ends_at for machine in status.machines)
    head += ["LEFT"] if timed else []
    head.append("PRICE/HOUR")
    rows = [
        tuple(cell for title, cell in _cells(machine, status.at).items() if title in head)
        for machine in status.machines
    ]
    return fitted_table(
        head,
        rows,
        right=("PRICE/HOUR",),
        width=width,
        optional=_OPTIONAL,
        tones=_tone,
        paint=paint,
    )


def _cells(machine: MachineStatus, now: datetime) -> dict[str, str]:
    """Return the cells of a machine's row, by the titles of their columns, in order."""
    address = ", ".join(filter(None, (machine.external_ip, machine.external_ipv6)))
    here = machine.cloud is not None or not machine.is_described
    return {
        "MACHINE": _cut(machine.name),
        "DESCRIBED": _described(machine),
        "DEPLOYED": _marked(machine, machine.deployed, of_cloud=False) if here else "-",
        "CLOUD": _marked(machine, machine.live, of_cloud=True) if here else "-",
        "ZONE": _cut(machine.zone or "-"),
        "ADDRESS": address or "-",
        "ZEROTIER": machine.zerotier_ip or "-",
        "SINCE": duration((now - machine.since).total_seconds()) if machine.since else "-",
        "LEFT": _left(machine, now),
        "PRICE/HOUR": "-" if machine.per_hour is None else hour_text(machine.per_hour),
    }


def _described(machine: MachineStatus) -> str:
    if not machine.is_described:
        return f"{MARK} no"
    return machine.described or "-"


def _marked(machine: MachineStatus, state: str | None, *, of_cloud: bool) -> str:
    """Return a state, with a mark where it is what differs."""
    if state is None:
        return "?"
    kinds = {each.kind for each in machine.differences}
    differs = state != machine.described and machine.is_described and bool(kinds & _OF_STATE)
    differs = differs or bool(kinds & (_OF_LIVE if of_cloud else _OF_DEPLOYED))
    return f"{MARK} {_cut(state)}" if differs else _cut(state)


def _left(machine: MachineStatus, now: datetime) -> str:
    if machine.ends_at is None:
        return "-"
    seconds = (machine.ends_at - now).total_seconds()
    return duration(seconds) if seconds >= 0 else f"{MARK} over"


def _tone(title: str, cell: str) -> Tone | None:
    if title == "PRICE/HOUR":
        return "money"
    if cell.startswith(MARK) and title != "MACHINE":
        return "bad"
    if title in {"DESCRIBED", "DEPLOYED", "CLOUD"}:
        return "quiet" if cell in {"?", "-"} else STATE_TONES.get(cell, "warn")
    return None


def _notes(status: Status) -> Iterator[str]:
    yield from (answer_line(each) for each in status.stacks if each.reason is not None)
    told = {each.reason for each in status.stacks}
    yield from sorted(
        {
            f"What is deployed at {_service(machine.cloud)} is not known: {why}."
            for machine in status.machines
            if (why := machine.deployed_unknown) and machine.is_described and why not in told
        }
    )
    yield from (answer_line(each) for each in status.unanswered)


def _service(cloud: str | None) -> str:
    return CLOUDS[cloud].KINDS.service if cloud else "a cloud"


def _counted(status: Status) -> list[MachineStatus]:
    return [machine for machine in status.machines if machine.per_hour is not None]


def _total(status: Status) -> str:
    counted = _counted(status)
    on = sum(machine.state == "on" for machine in counted)
    hour = status.per_hour
    text = hour.known_text(hour_text)
    unknown = f"; unknown: {visible(', '.join(map(_cut, hour.unknown)))}" if hour.unknown else ""
    guessed = sum(machine.live is None and machine.deployed is None for machine in counted)
    first = "As described, " if guessed == len(counted) else ""
    last = f" ({guessed} of them as described)" if guessed and not first else ""
    return f"{first}{on} of {len(counted)} machines on{last}: {text} an hour{unknown}."


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
