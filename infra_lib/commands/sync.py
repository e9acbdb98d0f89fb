"""`infra sync`: what deployment learnt, into the file of facts."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.commands.load import add_argument, load_fleet
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import Facts
from infra_lib.operate import clan_vars, deployed
from infra_lib.operate.kinds import instance_readers
from infra_lib.operate.sync import (
    Findings,
    changes,
    check_fact,
    describe_changes,
    doubts,
    update_facts,
)
from infra_lib.terraform.cdktf_json import output_folder
from infra_lib.terraform.state import parse_outputs
from nixgen.files.settings import read_settings
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.facts import MachineFacts
    from infra_lib.terraform.state import Deployed


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_argument(parser)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when something is to be written"
    )
    addresses = parser.add_mutually_exclusive_group()
    addresses.add_argument(
        "--outputs",
        action="append",
        metavar="FILE",
        help="read addresses from what `terraform state pull`, `terraform output -json` or "
        "`cdktf output --outputs-file` (of cdktn, too) wrote, - for standard input; by default "
        "Terraform is asked, where stacks are deployed",
    )
    addresses.add_argument(
        "--vars-only", action="store_true", help="leave addresses alone; read clan's vars only"
    )
    parser.add_argument(
        "--vars", metavar="DIR", help="clan's vars; by default the folder vars beside flake.nix"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="told",
        metavar="MACHINE.FACT=VALUE",
        help="record what nothing here can know, such as stibnite.zerotier_member_id=abcdef1200; "
        "without a value the fact is forgotten",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON: what changed")
    form.add_argument(
        "--get",
        metavar="MACHINE.FACT",
        help="print one fact and nothing else; exit 1 when it is not known",
    )


def run(given: Namespace) -> int:
    """Learn, show what changed, and write it."""
    told = tuple(_assignment(text) for text in given.told)
    wanted = None if given.get is None else _split(given.get, given.get)
    fleet = load_fleet(given.source)
    path = fleet.facts.path
    if path is None:
        raise FleetError(
            f"fleet {fleet.name!r} keeps its facts nowhere; describe it with "
            'facts=Facts.load(Path(__file__).with_name("facts.json"))'
        )
    if wanted is not None:
        check_fact(fleet, *wanted)
    report = sys.stdout if wanted is None else sys.stderr
    # What somebody pipes in may take as long as they like.
    said = None if given.outputs is None else _read_outputs(given.outputs)
    # All else is asked for while nobody writes: an answer from before a deployment would otherwise
    # take the place of what that deployment wrote. Whoever comes meanwhile waits.
    with nullcontext(fleet.facts.renewed()) if given.check else fleet.facts.locked(_notify) as now:
        fleet = evolve(fleet, facts=now)
        findings = _learn(fleet, given, said, told)
        for line in doubts(fleet, findings):
            _notify(line)
        facts = update_facts(fleet, findings)
        if not given.json:
            for line in describe_changes(now, facts):
                print(line, file=report)
        stale = facts.to_json() != _text(path, Facts().to_json())
        if stale and not given.check:
            facts.save()
    if given.json:
        print(json.dumps(_data(path, now, facts, written=stale and not given.check), indent=2))
    else:
        print(_summary(path, stale, given.check), file=report)
    if given.check and stale:
        return 1
    return 0 if wanted is None else _print_fact(facts, *wanted)


def _learn(
    fleet: Fleet,
    given: Namespace,
    said: Sequence[Mapping[str, Deployed]] | None,
    told: tuple[tuple[str, str, str], ...],
) -> Findings:
    settings = read_settings(Path.cwd())
    folder = Path(given.vars) if given.vars else settings.root / "vars"
    if given.vars and not folder.is_dir():
        raise FleetError(f"--vars {given.vars}: no such folder")
    instance = fleet.zerotier.instance
    return Findings(
        deployed={} if given.vars_only else _find_deployed(fleet, settings.project, said),
        vars={
            machine.name: clan_vars.of_machine(folder, machine.name, instance)
            for machine in fleet.machines
        },
        network_id=clan_vars.network_id(folder, fleet.controller.name, instance)
        if fleet.controller
        else None,
        told=told,
    )


def _find_deployed(
    fleet: Fleet, project: Path, said: Sequence[Mapping[str, Deployed]] | None
) -> dict[str, Deployed | None]:
    """Return what exists in the cloud, and what does not; nothing where there is nobody to ask."""
    stacks = deployed.stacks_of(project / output_folder(project), fleet.name)
    answers: list[Mapping[str, Deployed] | None]
    if said is not None:
        answers = [*said, *[None] * (len(stacks) - len(said))]
    else:
        states = [deployed.ask(stack) for stack in stacks]
        answers = [None if state is None else state.machines for state in states]
    found = [each for answer in answers for each in (answer or {}).items()]
    own = [(name, there) for name, there in found if there.fleet in {None, fleet.name}]
    names = [machine.name for machine in fleet.provisioned]
    machines: dict[str, Deployed | None] = {}
    # Another fleet's of that name may be this fleet's, from before it was called so.
    absent = set(names) - {name for name, _ in found}
    if not answers or None in answers:
        if absent:
            _notify(_unasked(stacks, answers, given=said is not None))
    elif stacks:
        machines = dict.fromkeys(absent)
    else:
        # There may be outputs of more stacks. What the fleet has off is in none of them.
        on = {machine.name for machine in fleet.provisioned if machine.enabled}
        machines = dict.fromkeys(absent - on)
        kept = sorted(name for name in absent & on if _has_address(fleet.facts.machine(name)))
        if kept:
            _notify(
                f"{', '.join(kept)}: not in --outputs, and no stack is synthesized here to tell "
                "whether those are all, so what is known stays; synthesis makes them"
            )
    for name, each in own:
        if name in machines:
            raise FleetError(
                f"{name} is in two of the stacks that are deployed, and nobody can tell which is "
                "meant: pass the outputs of the right one, --outputs FILE"
            )
        machines[name] = each
    for name in sorted(machines.keys() - set(names)):
        print(f"infra: warning: {name} is deployed, but not in fleet {fleet.name}", file=sys.stderr)
    return machines


def _has_address(known: MachineFacts) -> bool:
    return bool(known.external_ip or known.external_ipv6)


def _unasked(
    stacks: Sequence[Path], answers: Sequence[Mapping[str, Deployed] | None], *, given: bool
) -> str:
    """Return what to say where not every stack has answered, and how to have it do so."""
    missing = [stack.name for stack, answer in zip(stacks, answers, strict=True) if answer is None]
    if given:
        told = f"{len(stacks) - len(missing)} of {len(stacks)} stacks" if stacks else "no stack"
        return (
            f"--outputs tells of {told}, so no other address is learnt or forgotten; give it "
            "once for each stack"
        )
    lacking = (
        "nothing was deployed from here so far, so no address"
        if len(missing) == len(stacks)
        else f"not deployed from here so far: {', '.join(missing)}; so no other address"
    )
    return (
        f"{lacking} is learnt or forgotten. infra deploy does both; where it is deployed from "
        "elsewhere, pass what terraform state pull prints there, in the stack's folder: "
        "--outputs FILE"
    )


def _read_outputs(files: Sequence[str]) -> list[Mapping[str, Deployed]]:
    readers = instance_readers()
    return [each for file in files for each in parse_outputs(_read(file), file, readers)]


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"--outputs {file}: cannot be read: {error}") from None


def _split(text: str, given: str) -> tuple[str, str]:
    machine, dot, fact = text.partition(".")
    if not machine or not dot or not fact:
        raise FleetError(
            f"{given!r}: a machine, a dot and a fact are wanted: scheelite.external_ip"
        )
    return machine, fact


def _assignment(text: str) -> tuple[str, str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise FleetError(f"--set {text}: MACHINE.FACT=VALUE is wanted; nothing after = forgets it")
    return (*_split(name, f"--set {text}"), value)


def _text(path: Path, missing: str) -> str:
    try:
        return read_regular_file(path).decode()
    except FileNotFoundError:
        return missing


def _notify(message: str) -> None:
    print(f"infra: {message}", file=sys.stderr, flush=True)


def _summary(path: Path, stale: bool, check: bool) -> str:
    if not stale:
        known = "up to date" if path.exists() else "nothing is known yet, so there is no such file"
        return f"{path.name}: {known}"
    return f"{path.name}: out of date; run: infra sync" if check else f"{path.name}: written"


def _data(path: Path, old: Facts, new: Facts, *, written: bool) -> dict[str, Any]:
    """Return what was learnt as plain data, in a shape that stays.

    Returns:
        `file`; `written`, whether it was; and `changes`: of each `fact` ("galena.external_ip"),
        `before` and `after`, None for what is not known.
    """
    return {
        "file": str(path),
        "written": written,
        "changes": [
            {"fact": fact, "before": before, "after": after}
            for fact, before, after in changes(old, new)
        ],
    }


def _print_fact(facts: Facts, machine: str, fact: str) -> int:
    value = getattr(facts.machine(machine), fact)
    if value is None:
        print(f"infra: {machine}.{fact} is not known", file=sys.stderr)
        return 1
    print(value)
    return 0
