"""`infra destroy`: machines taken down, in order, with what stays said first."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from infra_lib.commands.load import add_names, find_source, load_chosen
from infra_lib.commands.switches import (
    check_unprotected,
    deploy_edited,
    planned,
    provisioned,
    reload,
)
from infra_lib.model.errors import FleetError
from infra_lib.operate.destroy import as_data, as_text, steps
from infra_lib.operate.machine_stacks import find_stacks
from infra_lib.operate.style import paint_for
from infra_lib.operate.switch.outcome import as_text as switched_as_text
from infra_lib.operate.table import fold_prose, terminal_width
from infra_lib.terraform.cdktf_json import manifest, output_folder, read_document
from infra_lib.terraform.frameworks import frameworks_for
from infra_lib.terraform.printing import note, say, show
from nixgen.terminal import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.destroy import Step
    from infra_lib.operate.switch.outcome import Outcome
    from nixgen.files.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    asking = parser.add_mutually_exclusive_group()
    asking.add_argument("--yes", action="store_true", help="take them down without asking")
    asking.add_argument(
        "--plan",
        action="store_true",
        help="show what would go and what stays; change nothing",
    )
    parser.add_argument("--json", action="store_true", help="with --plan: print JSON")


def run(given: Namespace) -> int:
    """Show what goes and what stays, ask, and take machines down."""
    if given.json and not given.plan:
        raise FleetError("--json: only with --plan: taking machines down prints for people")
    if not given.yes and not given.plan and not sys.stdin.isatty():
        raise FleetError(
            "there is no terminal to ask at, and nothing was changed: pass --yes to take machines "
            "down without being asked, or --plan to see what would go"
        )
    fleet, chosen = load_chosen(given)
    settings = find_source(given.source)
    machines = provisioned(fleet, chosen, given.names)
    whole = not given.names and not given.tag
    check_unprotected(machine for machine in machines if machine.enabled)
    outcome = planned(fleet, machines, "disable", settings)
    stacks = _stacks(fleet, machines, settings.project)
    order = steps(fleet, machines, stacks, _needs(settings.project))
    if given.json:
        print(json.dumps(as_data(outcome, order), indent=2))
        return 0
    _show(outcome, order, _backends(stacks, settings.project))
    if given.plan:
        return 0
    _check_ready(fleet, machines, given.source)
    if not given.yes and not _confirm(fleet, machines, whole=whole):
        say("nothing was changed")
        return 1
    return _take_down(order, settings, given.source)


def _take_down(order: Sequence[Step], settings: Settings, source: str | None) -> int:
    """Switch machines off and deploy that, a step after the other.

    Returns:
        The exit status of the first deployment that fails, or 0.
    """
    from infra_lib.commands.deploy import Asked

    for number, step in enumerate(order):
        fleet = reload(settings)
        machines = [each for each in fleet.provisioned if each.name in step.names]
        change = planned(fleet, machines, "disable", settings).planned
        change.write()
        stacks = (step.stack,) if step.stack else ()
        # What is left may be above the budget still: that is no reason to keep the rest, too.
        asked = Asked(source=source, stacks=stacks, only=step.names, yes=True, over_budget=True)
        status = deploy_edited(settings, asked, ", ".join(change.names.values()))
        if status:
            left = [name for each in order[number + 1 :] for name in each.names]
            if left:
                say(f"left as they are: {', '.join(left)}; infra destroy goes on with them")
            return status
    names = [name for step in order for name in step.names]
    note(f"taken down: {', '.join(names)}. Next: nixgen write, and commit what changed.")
    return 0


def _show(outcome: Outcome, order: Sequence[Step], backends: Sequence[str]) -> None:
    width, paint = terminal_width(), paint_for()
    show(f"{switched_as_text(outcome, width, paint)}\n\n")
    show(f"{fold_prose(visible(as_text(outcome, order, backends)), width)}\n")


def _confirm(fleet: Fleet, machines: Sequence[ProvisionedMachine], *, whole: bool) -> bool:
    """Ask whether machines are to go: for all of a fleet, whoever means that types its name."""
    try:
        if whole:
            question = f"To take all of the fleet down, type its name, {fleet.name}: "
            return input(question).strip() == fleet.name
        names = ", ".join(machine.name for machine in machines)
        return input(f"Take down {names}? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _check_ready(fleet: Fleet, machines: Sequence[ProvisionedMachine], source: str | None) -> None:
    """Check what deploying needs, before a file is changed.

    Raises:
        FleetError: When something is missing.
    """
    from infra_lib.commands import deploy

    names = tuple(machine.name for machine in machines)
    deploy.check_ready(fleet, deploy.Asked(source=source, only=names, yes=True))


def _stacks(fleet: Fleet, machines: Sequence[ProvisionedMachine], project: Path) -> dict[str, str]:
    """Return the stack that each machine is in, by its name; empty where none is synthesized.

    Raises:
        FleetError: When a machine may be in several.
    """
    framework, _ = frameworks_for(project)
    folder = project / output_folder(project)
    return {
        machine.name: stack
        for machine, stack in find_stacks(fleet, machines, folder, None, framework.name)
    }


def _needs(project: Path) -> dict[str, Sequence[str]]:
    """Return the stacks that each stack needs, as they were last synthesized."""
    needs: dict[str, Sequence[str]] = {}
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        listed = json.loads(manifest(project).read_bytes())["stacks"]
        needs = {name: tuple(entry.get("dependencies", ())) for name, entry in listed.items()}
    return needs


def _backends(stacks: Mapping[str, str], project: Path) -> list[str]:
    """Return where the states of stacks are, in words, where that is not beside the app."""
    folder = project / output_folder(project) / "stacks"
    found: list[str] = []
    for stack in sorted({*stacks.values()} - {""}):
        terraform: Any = read_document(folder / stack).get("terraform", {})
        backend = terraform.get("backend", {}) if isinstance(terraform, dict) else {}
        bodies = backend.values() if isinstance(backend, dict) else ()
        found += [
            f"that of stack {stack} in the bucket {body['bucket']}"
            for body in bodies
            if isinstance(body, dict) and body.get("bucket")
        ]
    return found
