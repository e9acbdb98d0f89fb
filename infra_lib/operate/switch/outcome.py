"""What people and programs are told of machines that are switched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.fleet import Fleet
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_diff import as_data as cost_as_data
from infra_lib.operate.cost_diff import compare
from infra_lib.operate.cost_diff_text import as_text as cost_as_text
from infra_lib.operate.style import plain
from infra_lib.operate.switch.fields import Switch
from infra_lib.operate.switch.plan import Planned
from infra_lib.operate.switch.stays import lost, stays
from infra_lib.operate.table import fold
from nixgen.frozen import frozen
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.operate.style import Paint, Tone
    from infra_lib.operate.switch.fields import Action
    from infra_lib.operate.switch.stays import Left

_BECOMES: dict[Action, str] = {
    "enable": "on",
    "disable": "off",
    "start": "on",
    "stop": "stopped",
}
_LEFT: dict[Action, Left] = {"disable": "off", "stop": "stopped"}
_CENT = 0.01
_AGAINST = "what was described"
_NO_OTHER = {"source": None, "revision": None, "commit": None, "missing": None}
_TONES: dict[str, Tone] = {"+": "good", "-": "bad", "@": "quiet"}


@frozen
class Outcome:
    """Machines that are switched, before it is done.

    Attributes:
        fleet: The fleet as it is.
        switched: The machines, each with what is to become of it.
        planned: What that changes.
    """

    fleet: Fleet
    switched: tuple[tuple[ProvisionedMachine, Switch], ...]
    planned: Planned

    @property
    def changed(self) -> tuple[tuple[ProvisionedMachine, Switch], ...]:
        """Those that are not so already."""
        return tuple(each for each in self.switched if not each[1].is_nothing)


def diff_text(diffs: Sequence[str], paint: Paint = plain) -> str:
    """Return unified diffs for a terminal."""
    lines = [line.rstrip("\r") for diff in diffs for line in diff.rstrip("\n").split("\n")]
    return "\n".join(paint(visible(line), _TONES.get(line[:1])) for line in lines)


def as_text(outcome: Outcome, width: int | None = None, paint: Paint = plain) -> str:
    """Return what changes, what it costs more or less, and what is to be known, for people."""
    parts = []
    if outcome.planned.verified is not None:
        parts.append(diff_text([*outcome.planned.diffs.values()], paint))
        diff = compare(cost_data(outcome.fleet), outcome.planned.verified.costs)
        parts.append(cost_as_text(diff, _AGAINST, width=width, paint=paint))
    told = [_line(machine, asked, outcome, paint) for machine, asked in outcome.switched]
    parts.append("\n".join(fold(each, width) if paint is plain else each for each in told))
    if others := _others(outcome):
        text = f"Other fleets describe that too, and change with it: {', '.join(others)}."
        parts.append(paint(fold(text, width), "warn"))
    return "\n\n".join(filter(None, parts))


def as_data(outcome: Outcome) -> dict[str, Any]:
    """Return the same as plain data, in a shape that stays.

    Returns:
        `machines`, each with `name`, `action`, `changed` (False for one that was so already),
        `state` and `state_before` ("on", "stopped", "off"), `on_until` (None for no end),
        `until_then` (what it costs until an end that is said now, in its `currency`; None where
        none is, or that is unknown), `fields`
        that are changed by their names (None for one that is left out), `notes`, `lost` (what is
        deleted for good, in words; empty for nothing) and `stays` (what goes on being billed of one
        that is off or stopped then, see `Stays.data`; None for one that is on); `files`, each with
        `path` and `diff`; `cost`: what `infra cost --diff --json` has, None where
        nothing changed; `generated`: the paths of generated files that `nixgen write` is to renew,
        None where nobody can tell; and `other_fleets`: the names of those in the same modules that
        change, too.
    """
    verified = outcome.planned.verified
    diff = None if verified is None else compare(cost_data(outcome.fleet), verified.costs)
    return {
        "machines": [_data(machine, asked, outcome) for machine, asked in outcome.switched],
        "files": [{"path": path, "diff": text} for path, text in outcome.planned.diffs.items()],
        "cost": None
        if diff is None or verified is None
        else cost_as_data(diff, _NO_OTHER, verified.over_budget),
        "generated": _generated(outcome),
        "other_fleets": _others(outcome),
    }


def next_text(outcome: Outcome) -> str:
    """Return what people do after the files are written; empty where nothing was."""
    verified = outcome.planned.verified
    if verified is None:
        return ""
    steps = [f"infra deploy {' '.join(machine.name for machine, _ in outcome.changed)}"]
    if verified.files is None or verified.files:
        named = "" if verified.files is None else f", for {', '.join(verified.files)}"
        steps.append(f"nixgen write{named}")
    written = ", ".join(outcome.planned.names.values())
    return f"{written}: written. Next: {', then '.join(steps)}."


def _data(machine: ProvisionedMachine, asked: Switch, outcome: Outcome) -> dict[str, Any]:
    change = outcome.planned.changes.get(asked.name)
    left = _LEFT.get(asked.action)
    nothing = change is None
    state = machine.state if nothing else _BECOMES[asked.action]
    fields = {} if change is None else dict(change.fields)
    return {
        "name": machine.name,
        "action": asked.action,
        "changed": not nothing,
        "state_before": machine.state,
        "state": state,
        "on_until": fields.get("on_until", machine.on_until),
        "until_then": _until_then(machine, asked).value,
        "currency": machine.currency,
        "fields": fields,
        "notes": [*_notes(asked, outcome)],
        "lost": "" if nothing or left is None else lost(machine, left),
        "stays": None if left is None else stays(machine, left).data,
    }


def _until_then(machine: ProvisionedMachine, asked: Switch) -> money.Amount:
    """Return what a machine costs until the end that is said now."""
    if asked.seconds is None:
        return money.Amount(None, (), machine.currency)
    pieces = -(-asked.seconds // machine.billed_seconds)  # a piece that is begun is billed
    return money.for_seconds(machine.bill.hour, pieces * machine.billed_seconds)


def _price_text(price: money.Amount) -> str:
    """Return a price for people, which is not nothing where it is less than a cent."""
    small = price.known is not None and 0 < price.known < _CENT
    return money.hour_text(price) if small else money.month_text(price)


def _generated(outcome: Outcome) -> list[str] | None:
    verified = outcome.planned.verified
    if verified is None:
        return []
    return None if verified.files is None else [*verified.files]


def _others(outcome: Outcome) -> list[str]:
    verified = outcome.planned.verified
    return [] if verified is None else [*verified.others]


def _notes(asked: Switch, outcome: Outcome) -> Sequence[str]:
    change = outcome.planned.changes.get(asked.name)
    return asked.notes if change is None else change.notes


def _line(machine: ProvisionedMachine, asked: Switch, outcome: Outcome, paint: Paint) -> str:
    """Return what becomes of a machine, in a few sentences."""
    return " ".join(_sentences(machine, asked, outcome, paint))


def _sentences(
    machine: ProvisionedMachine, asked: Switch, outcome: Outcome, paint: Paint
) -> Iterator[str]:
    left = _LEFT.get(asked.action)
    if asked.is_nothing:
        yield f"{machine.name}: {machine.state} already, and nothing is changed."
        yield from asked.notes
        return
    until = asked.fields.get("on_until")
    end = f" until {until}" if until else ""
    yield f"{machine.name}: {machine.state} → {_BECOMES[asked.action]}{end}."
    if asked.seconds is not None:
        yield f"Until then it costs {_price_text(_until_then(machine, asked))}."
    if left is not None:
        if text := lost(machine, left):
            yield paint(text, "bad")
        yield stays(machine, left).text
    yield from _notes(asked, outcome)
    if left == "off" and machine.deletion_protection:
        yield paint("deletion_protection=False has to be deployed first.", "warn")
