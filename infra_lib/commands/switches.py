"""What `infra enable`, `disable`, `start` and `stop` have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra_lib.commands.load import add_names, find_source, load_chosen, load_for
from infra_lib.model.errors import FleetError
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.style import paint_for
from infra_lib.operate.switch import span
from infra_lib.operate.switch.fields import End, switch
from infra_lib.operate.switch.outcome import Outcome, as_data, as_text, next_text
from infra_lib.operate.switch.plan import plan
from infra_lib.operate.switch.verify import forget
from infra_lib.operate.table import terminal_width
from infra_lib.terraform.printing import note, say, show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from infra_lib.commands.deploy import Asked
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.switch.fields import Action
    from nixgen.files.settings import Settings


_OFF: frozenset[Action] = frozenset({"disable", "stop"})


def add_switch(parser: ArgumentParser, *, end: bool) -> None:
    """Declare what a switch takes.

    Args:
        parser: The command's.
        end: Whether machines may be switched so for a time.
    """
    add_names(parser, required=True)
    if end:
        ends = parser.add_mutually_exclusive_group()
        ends.add_argument(
            "--for",
            dest="length",
            metavar="TIME",
            help="for how long, in days, hours and minutes: 4h, 1h30m, 2d",
        )
        ends.add_argument(
            "--until",
            metavar="TIME",
            help="until when: 18:00, which is the next such time here, or 2026-11-27T18:00",
        )
    parser.add_argument(
        "--deploy", action="store_true", help="go on to deploy that, and nothing else"
    )
    parser.add_argument("--yes", action="store_true", help="with --deploy: deploy without asking")
    parser.add_argument("--json", action="store_true", help="print JSON; not with --deploy")


def run_switch(action: Action, given: Namespace) -> int:
    """Switch machines where they are written, show what changes, and deploy it if asked to."""
    if given.yes and not given.deploy:
        raise FleetError("--yes: only with --deploy: without it, nobody is asked")
    if given.json and given.deploy:
        raise FleetError("--json and --deploy: one of them is accepted")
    end = end_of(given, span.now())
    fleet, chosen = load_chosen(given)
    settings = find_source(given.source)
    machines = provisioned(fleet, chosen, given.names)
    outcome = planned(fleet, machines, action, settings, end)
    verified = outcome.planned.verified
    asked = _asked(given, machines, action) if given.deploy else None
    if asked is not None:
        _check_deployable(outcome, action, asked)
    if given.json:
        outcome.planned.write()
        print(json.dumps(as_data(outcome), indent=2))
        return 0
    paint = paint_for()
    show(f"{as_text(outcome, terminal_width(), paint)}\n")
    outcome.planned.write()
    if verified is not None and verified.over_budget and asked is None:
        say(f"infra deploy will refuse it: {verified.over_budget}")
    if asked is None:
        if text := next_text(outcome):
            note(text)
        return 0
    return deploy_edited(settings, asked, ", ".join(outcome.planned.names.values()))


def end_of(given: Namespace, now: datetime) -> End | None:
    """Return until when machines are to be on, as `--for` or `--until` says; None for no end.

    Raises:
        FleetError: When what is said is no time, or past.
    """
    length, until = getattr(given, "length", None), getattr(given, "until", None)
    if length is not None:
        return End(now + span.parse_span(length), f"--for {length}", now)
    if until is not None:
        return End(span.parse_end(until, now), f"--until {until}", now)
    return None


def provisioned(
    fleet: Fleet, machines: Iterable[Machine], named: Sequence[str]
) -> tuple[ProvisionedMachine, ...]:
    """Return those of machines that this project provisions.

    Raises:
        FleetError: When one that is named is not among them, or none is.
    """
    found, others = [], []
    for machine in machines:
        if isinstance(machine, ProvisionedMachine):
            found.append(machine)
        else:
            others.append(machine.name)
    refused = [name for name in others if name in named] or ([] if found else others)
    if refused or not found:
        where = f"machine {refused[0]!r}" if refused else f"fleet {fleet.name!r}"
        raise FleetError(
            f"{where}: it is not made in a cloud from here, so that nothing switches it; "
            f"{', '.join(each.name for each in fleet.provisioned) or 'none'} can be switched"
        )
    return tuple(found)


def planned(
    fleet: Fleet,
    machines: Sequence[ProvisionedMachine],
    action: Action,
    settings: Settings,
    end: End | None = None,
) -> Outcome:
    """Return what switching machines changes, with nothing written so far.

    Raises:
        FleetError: When a machine cannot be switched so, or not where it is written.
    """
    switched = tuple((machine, switch(machine, action, end)) for machine in machines)

    def load(use: Callable[[Fleet], bytes]) -> bytes:
        return load_for(settings.source, settings.project, use)

    found = plan(fleet, [each for _, each in switched], settings.project, load)
    return Outcome(fleet, switched, found)


def reload(settings: Settings) -> Fleet:
    """Return the fleet as its files describe it by now."""
    forget(settings.project)
    return load_for(settings.source, settings.project, lambda fleet: fleet)


def deploy_edited(settings: Settings, asked: Asked, files: str) -> int:
    """Deploy machines that have just been switched in their files, and nothing else.

    Args:
        settings: Where the fleet is described.
        asked: What is to be deployed.
        files: The files that are changed by now, for the message when it fails; empty for none.

    Returns:
        The exit status of the deployment.
    """
    from infra_lib.commands import deploy

    status = 1
    try:
        status = deploy.run_for(reload(settings), asked)
    finally:
        if status and files:
            say(f"{files}: changed all the same, and it stays so: infra deploy goes on from there")
    return status


def check_unprotected(machines: Iterable[ProvisionedMachine]) -> None:
    """Check that the cloud lets machines be deleted.

    Raises:
        FleetError: When one is protected, which says what to deploy first.
    """
    protected = [machine.name for machine in machines if machine.deletion_protection]
    if protected:
        raise FleetError(
            f"machine {protected[0]!r}: deletion_protection=True: its cloud refuses to delete it. "
            "Give it deletion_protection=False, and deploy that first; nothing was changed"
        )


def _asked(given: Namespace, machines: Sequence[ProvisionedMachine], action: Action) -> Asked:
    from infra_lib.commands.deploy import Asked

    names = tuple(machine.name for machine in machines)
    # A budget keeps nobody from spending less, also where what is left is still above it.
    return Asked(source=given.source, only=names, yes=given.yes, over_budget=action in _OFF)


def _check_deployable(outcome: Outcome, action: Action, asked: Asked) -> None:
    """Check all that can be before a file is changed.

    Raises:
        FleetError: When the deployment would fail.
    """
    from infra_lib.commands import deploy

    if action == "disable":
        check_unprotected(machine for machine, _ in outcome.changed)
    verified = outcome.planned.verified
    if verified is not None and verified.over_budget and not asked.over_budget:
        raise FleetError(f"{verified.over_budget}; nothing was changed")
    deploy.check_ready(outcome.fleet, asked)
