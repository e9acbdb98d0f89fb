"""`infra runbook`: what to do, in order, with the fleet's own names and addresses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.commands.load import add_names, load_chosen
from infra_lib.model.errors import FleetError
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.machine_stacks import find_stacks
from infra_lib.operate.runbook import Writer, as_data, as_shell, as_text
from infra_lib.terraform.cdktf_json import output_folder, provider_project, read_document
from infra_lib.terraform.frameworks import frameworks_for
from nixgen.files.settings import read_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from infra_lib.model.machine import Machine


_WANTED = "--expect: a machine that this project provisions is wanted"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help="the stack that holds the machines, synthesized; by default the one that each is in "
        "under cdktf.out, else the one with the name of its cloud: "
        f"{', '.join(CLOUDS)}",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--shell",
        action="store_true",
        help="print a script that stops at the first failure, and is told what to do by its "
        "arguments: up, down or replace, and the machine",
    )
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--expect",
        choices=("on", "off", "stopped"),
        help="print nothing; exit 1 when the fleet describes the machine in another state",
    )


def run(given: Namespace) -> int:
    """Print the runbook."""
    fleet, machines = load_chosen(given)
    if given.expect:
        if not given.names and not given.tag:
            raise FleetError(_WANTED)
        return max(_expect(machine, given.expect) for machine in machines)
    settings = read_settings(Path.cwd())
    output = output_folder(settings.project)
    folder = settings.project / output
    framework, _ = frameworks_for(settings.project)
    writer = Writer(
        fleet=fleet,
        source=given.source or "",
        configured=bool(settings.source),
        output=output,
        cdk=framework.name,
    )
    runbooks = [
        runbook
        for machine, stack in find_stacks(fleet, machines, folder, given.stack, writer.cdk)
        for runbook in evolve(
            writer, stack=stack, project=_project(machine, folder / "stacks" / stack)
        ).runbooks(machine)
    ]
    if given.json:
        print(json.dumps(as_data(runbooks), indent=2))
    else:
        print(as_shell(runbooks).rstrip("\n") if given.shell else as_text(runbooks, fleet))
    return 0


def _project(machine: Machine, stack: Path) -> str:
    """Return the project that a machine's stack is in; empty where that is not known."""
    if not isinstance(machine, ProvisionedMachine):
        return ""
    return provider_project(read_document(stack), CLOUDS[machine.cloud].KINDS.provider)


def _expect(machine: Machine, state: str) -> int:
    if not isinstance(machine, ProvisionedMachine):
        raise FleetError(f"{_WANTED}, and {machine.name} is none")
    if machine.state == state:
        return 0
    fields = {
        "on": "enabled=True, stopped=False",
        "off": "enabled=False",
        "stopped": "enabled=True, stopped=True",
    }
    print(
        f"infra: the fleet has {machine.name} {machine.state}; {state} is {fields[state]}",
        file=sys.stderr,
    )
    return 1
