"""`infra deploy`: what it will cost, a deployment, and another zone where one has no room."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.commands import sync
from infra_lib.commands.load import add_names, load_fleet, take_source
from infra_lib.model.errors import FleetError
from infra_lib.operate import deployed
from infra_lib.operate.choice import choose
from infra_lib.operate.cost_data import cost_data, price_sources
from infra_lib.operate.deploy import (
    check_fleet,
    guard,
    inputs,
    others,
    plan,
    synthesis,
    takeover,
)
from infra_lib.operate.deploy.advice import advice
from infra_lib.operate.deploy.attempts import Deployment, deploy
from infra_lib.operate.deploy.cdk import Cdk, check_node
from infra_lib.operate.deploy.price import over_budget, price_text, uncounted_resources
from infra_lib.operate.kinds import owners
from infra_lib.operate.machine_stacks import stack_of
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.runbook import Writer, as_text
from infra_lib.terraform.cdktf_json import is_told_nothing, manifest, provider_project
from infra_lib.terraform.command import check_encryption, check_terraform
from infra_lib.terraform.plan import Plan
from infra_lib.terraform.printing import note, say, show
from nixgen.errors import NixgenError
from nixgen.files.settings import read_settings
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence

    from infra_lib.clouds.cloud import Cloud
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.operate.deploy.synthesis import Stack
    from infra_lib.terraform.state import Deployed


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser, all_of="deploy these machines, and nothing else; by default whole stacks")
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        dest="stacks",
        metavar="STACK",
        help="deploy this stack, or those that a pattern fits; more than once: these too. By "
        "default those of the machines that are named, or the only one",
    )
    asking = parser.add_mutually_exclusive_group()
    asking.add_argument("--yes", action="store_true", help="deploy without asking")
    asking.add_argument(
        "--plan",
        action="store_true",
        help="show what would change and what it costs, and deploy nothing",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="with --plan: print JSON; all else that is shown goes to stderr",
    )
    parser.add_argument(
        "--over-budget",
        action="store_true",
        help="deploy also what costs more than the fleet's budget_usd_per_hour",
    )


@frozen(kw_only=True)
class Asked:
    """What somebody wants deployed.

    Attributes:
        source: Where the fleet is described; None for what pyproject.toml says.
        stacks: The stacks, by names or patterns; none for the only one, or for those of `only`.
        only: The names of machines, where nothing else is to change; none for all of the stacks.
        yes: Whether nobody is asked.
        plan: Whether what would change is shown, and nothing deployed.
        over_budget: Whether what costs more than the fleet's budget is deployed, too.
    """

    source: str | None = None
    stacks: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    yes: bool = False
    plan: bool = False
    over_budget: bool = False


@frozen(kw_only=True)
class Shown:
    """What is shown before anybody agrees to a deployment.

    Attributes:
        plans: What Terraform would do to each stack.
        losses: What would be lost, in lines.
        warnings: What else people should know, in lines.
    """

    plans: tuple[Plan, ...]
    losses: tuple[str, ...]
    warnings: tuple[str, ...]


def run(given: Namespace) -> int:
    """Deploy what the command line says; see `run_for`."""
    if given.json and not given.plan:
        raise FleetError("--json: it is for --plan; what a deployment does is shown as it comes")
    take_source(given)
    fleet = load_fleet(given.source)
    names, stacks = _words(fleet, given)
    asked = Asked(
        source=given.source,
        stacks=stacks,
        only=names,
        yes=given.yes,
        plan=given.plan,
        over_budget=given.over_budget,
    )
    if not given.json:
        return run_for(fleet, asked)
    told: list[Shown] = []
    with redirect_stdout(sys.stderr):
        status = run_for(fleet, asked, told.append)
    for each in told:
        print(json.dumps(_data(fleet, each), indent=2))
    return status


def _words(fleet: Fleet, given: Namespace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the machines that are named, by name or by tag, and the stacks.

    A word that is no machine's is taken for a stack: once, words were stacks.

    Raises:
        FleetError: When a machine is named that is not made from here, or none that has a tag is.
    """
    known = {machine.name for machine in fleet.machines}
    stacks = [word for word in given.names if word not in known]
    for word in stacks:
        note(f"{word} is no machine of fleet {fleet.name!r}, so a stack: --stack {word} names it")
    names = [word for word in given.names if word in known]
    chosen = choose(fleet, names, given.tag) if names or given.tag else ()
    ours = {machine.name for machine in fleet.provisioned}
    made = [machine.name for machine in chosen if machine.name in ours]
    others = [machine.name for machine in chosen if machine.name not in ours]
    refused = [name for name in others if name in names] or ([] if made else others)
    if refused:
        raise FleetError(
            f"machine {refused[0]!r}: it is not made in a cloud from here, so that nothing deploys "
            f"it; {', '.join(each.name for each in fleet.provisioned) or 'none'} can be deployed"
        )
    return tuple(made), (*stacks, *given.stacks)


def _data(fleet: Fleet, shown: Shown) -> dict[str, Any]:
    """Return what would be deployed as plain data, in a shape that stays.

    Returns:
        `fleet`, its name; `stacks`: of each `name` and `changes`, of those that are something
        `address` and `actions`, as Terraform has them; `losses` and `warnings`, lists of lines; and
        `costs`, what the fleet costs then, as `infra cost --json` has `total`.
    """
    return {
        "fleet": fleet.name,
        "stacks": [
            {
                "name": plan.stack,
                "changes": [
                    {"address": change.address, "actions": list(change.actions)}
                    for change in plan.changes
                    if not change.is_empty
                ],
            }
            for plan in shown.plans
        ],
        "losses": list(shown.losses),
        "warnings": list(shown.warnings),
        "costs": cost_data(fleet)["total"],
    }


def check_ready(fleet: Fleet, given: Asked, *, priced: bool = False) -> Cdk:
    """Check what a deployment needs before it begins, and return what deploys.

    Args:
        fleet: The fleet.
        given: What is to be deployed.
        priced: Whether what the fleet costs is shown where a program is missing.

    Raises:
        FleetError: When there is nobody to ask, a program or a token is missing, or the facts
            cannot be written.
    """
    _check(fleet, given)
    settings = read_settings(Path.cwd())
    _check_tokens(_named_clouds(given, fleet))
    cdk = _tools(settings.project, fleet if priced else None)
    inputs.check_environment()
    return cdk


def run_for(fleet: Fleet, given: Asked, tell: Callable[[Shown], object] = lambda _: None) -> int:
    """Show, ask, deploy, and record what came of it.

    The app is run once, first: what is shown, agreed to and deployed is what it wrote then.

    Args:
        fleet: The fleet, as its source describes it now.
        given: What is to be deployed.
        tell: Called with what is shown, before anybody is asked.

    Returns:
        The exit status: 0 fine; 1 when it failed or was refused.
    """
    cdk = check_ready(fleet, given, priced=True)
    settings = read_settings(Path.cwd())
    too_much = None if given.over_budget else over_budget(fleet)
    if too_much is not None:
        return _fail(too_much)
    synthesized = cdk.synth()
    stacks = _chosen(synthesized, fleet, given)
    check_fleet.check_stacks(synthesized, stacks, fleet, given.source or settings.source or "")
    check_encryption(stack.document for stack in stacks)
    _check_tokens(_clouds_in(stacks))
    variables = inputs.digests(cdk.project)
    plans = plan.read(stacks, variables, lambda failure: advice(fleet, failure, {}, ()))
    if isinstance(plans, str):
        _show_price(fleet)
        return _fail(plans)
    check_fleet.check_owners(stacks, plans, fleet)
    check_fleet.check_plans(plans, fleet)
    if given.only and not others.concern(fleet, plans, given.only):
        say(f"as it is described already, so that nothing is deployed: {', '.join(given.only)}")
        tell(Shown(plans=plans, losses=(), warnings=()))
        return 0
    alone = others.refusal(fleet, plans, given.only) if given.only else None
    impossible = alone or guard.shrinking_disk(plans) or guard.prevented(fleet, plans)
    if impossible is not None:
        return _fail(impossible)
    elsewhere = _elsewhere(cdk, stacks, fleet)
    states = deployed.states(stack.folder for stack in stacks)
    there = deployed.machines_of(states.values())
    gone = guard.vanished(plans, states)
    taken = takeover.running(fleet, plans)
    nothing = there is None and not taken
    everywhere = None if nothing else {**elsewhere, **(there or {}), **taken}
    show(f"\n{price_text(fleet, everywhere, uncounted_resources(fleet, plans))}\n\n")
    warn_of_old_prices(price_sources(fleet))
    for text in guard.closed_networks(stacks):
        show(f"{text}\n\n")
    for line in takeover.describe(plans):
        say(line)
    shown = Shown(
        plans=tuple(plans),
        losses=tuple(guard.losses(plans)),
        warnings=(
            *gone,
            *guard.explain_changes(fleet, plans),
            *guard.describe_shut_out(plans),
            *guard.outdated_plans(plans),
        ),
    )
    for line in (*shown.losses, *(f"WARNING: {line}" for line in shown.warnings)):
        say(line)
    tell(shown)
    if given.plan:
        return 0
    held = {name for name, each in elsewhere.items() if each.fleet == fleet.name}
    unseen = guard.refusal(fleet, plans, held, gone) if given.yes else None
    if unseen is not None:
        return _fail(unseen)
    if not given.yes and not _confirm():
        return _fail("nothing was deployed")
    done = deploy(
        cdk,
        stacks,
        fleet,
        variables=variables,
        any_price=given.over_budget,
        detached=guard.detached_disks(plans),
        held=guard.held(fleet, plans),
        there=takeover.existing(plans),
    )
    if done is None:
        for line in guard.left_behind(plans):
            say(line)
        return 1
    deployed.refresh_outputs((stack.folder for stack in stacks), variables)
    return _record(done, stacks, given.source)


def _check(fleet: Fleet, given: Asked) -> None:
    if not given.yes and not given.plan and not sys.stdin.isatty():
        raise FleetError(
            "there is no terminal to ask at, and nothing was deployed: pass --yes to deploy "
            "without being asked, or --plan to see what would change"
        )
    path = fleet.facts.path
    if path is not None and not given.plan and not os.access(path.parent, os.W_OK):
        raise FleetError(f"{path}: facts cannot be written there, and nothing was deployed")
    for machine in fleet.provisioned:
        if machine.fallback_zones and path is None:
            place = CLOUDS[machine.cloud].KINDS.place
            raise FleetError(
                f"machine {machine.name!r}: fallback_{place}s={machine.fallback_zones!r}: which "
                f"{place} is in use is kept in the facts, and fleet {fleet.name!r} keeps them "
                "nowhere; "
                'describe it with facts=Facts.load(Path(__file__).with_name("facts.json"))'
            )


def _chosen(synthesized: Mapping[str, Stack], fleet: Fleet, given: Asked) -> tuple[Stack, ...]:
    """Return the stacks that are to be deployed: those that are named, or those of machines.

    Raises:
        FleetError: When there is no such stack, or nobody can tell which is meant.
    """
    if given.only and not given.stacks:
        documents = {name: stack.document for name, stack in synthesized.items()}
        machines = [fleet.machine(name) for name in given.only]
        found = {stack_of(fleet, machine, documents) for machine in machines}
        return synthesis.select(synthesized, sorted(found - {""}))
    names = [machine.name for machine in fleet.machines]
    return synthesis.select(synthesized, given.stacks, names)


def _named_clouds(given: Asked, fleet: Fleet) -> list[Cloud]:
    """Return the clouds that are sure to be deployed to, as far as that is known without the app.

    A stack mostly has the name of its cloud. Where none is named, it is the only one, which may be
    of any cloud that the fleet has machines in.
    """
    names, of_fleet = given.stacks, {machine.cloud for machine in fleet.provisioned}
    sure = of_fleet & {*names} if names else of_fleet if len(of_fleet) == 1 else set()
    sure |= {machine.cloud for machine in fleet.provisioned if machine.name in given.only}
    return [cloud for name, cloud in CLOUDS.items() if name in sure]


def _clouds_in(stacks: Sequence[Stack]) -> list[Cloud]:
    """Return the clouds whose provider stacks leave it to the environment what it is to know."""
    return [
        cloud
        for cloud in CLOUDS.values()
        if any(is_told_nothing(stack.document, cloud.KINDS.provider) for stack in stacks)
    ]


def _check_tokens(clouds: Sequence[Cloud]) -> None:
    """Check that the environment has what providers need.

    Raises:
        FleetError: When something is missing, which says what.
    """
    for cloud in clouds:
        reason = cloud.operations().lacking(os.environ)
        if reason is not None:
            raise FleetError(f"{reason}; nothing was deployed")


def _tools(project: Path, priced: Fleet | None) -> Cdk:
    """Return the command line of a project's framework, which runs here.

    Raises:
        FleetError: When a program is missing: that, Node.js or Terraform. It names all of them,
            and what `priced` costs has been shown.
    """
    lacking = []
    for check in (check_node, partial(Cdk.find, project), check_terraform):
        try:
            check()
        except FleetError as error:
            lacking.append(str(error))
    if lacking:
        if priced is not None:
            _show_price(priced)
        raise FleetError("; ".join(lacking))
    return Cdk.find(project)


def _show_price(fleet: Fleet) -> None:
    """Show what a fleet costs, where nobody can tell what is deployed of it."""
    show(f"\n{price_text(fleet, None)}\n\n")
    warn_of_old_prices(price_sources(fleet))


def _elsewhere(cdk: Cdk, stacks: Sequence[Stack], fleet: Fleet) -> dict[str, Deployed]:
    """Return what the fleet has in stacks that are not deployed now, which its cost counts."""
    names = {machine.name for machine in fleet.provisioned}
    asked = {stack.folder for stack in stacks}
    found: dict[str, Deployed] = {}
    for folder in deployed.stacks_of(manifest(cdk.project).parent, fleet.name):
        if folder in asked:
            continue
        try:
            there = deployed.ask(folder)
        except FleetError as error:
            say(f"what is deployed of stack {folder.name} is not known, nor counted: {error}")
            continue
        if there is not None:
            found |= {name: each for name, each in there.machines.items() if name in names}
    return found


def _confirm() -> bool:
    try:
        return input("Deploy this? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _record(done: Deployment, stacks: Sequence[Stack], source: str | None) -> int:
    """Do what `infra sync` does, and say what comes next."""
    try:
        changed = _sync(done.fleet, source)
    except (FleetError, NixgenError, OSError) as error:
        return _fail(f"deployed, but not recorded: {error}; infra sync records it")
    writer = Writer(
        fleet=done.fleet,
        source=source or "",
        configured=bool(read_settings(Path.cwd()).source),
    )
    left = [
        evolve(writer, project=_project(stacks, done.fleet, machine)).install(machine)
        for machine in done.fleet.provisioned
        if machine.name in done.made and machine.state == "on"
    ]
    if left:
        print(f"\n{as_text(left, done.fleet)}")
    elif changed:
        print("Next: nixgen write, which takes what changed into the Nix files.")
    return 0


def _project(stacks: Sequence[Stack], fleet: Fleet, machine: ProvisionedMachine) -> str:
    """Return the project of the stack that has just made a machine."""
    provider = CLOUDS[machine.cloud].KINDS.provider
    name = (fleet.name, machine.name)
    holders = (stack.document for stack in stacks if name in owners(stack.document))
    return next((provider_project(document, provider) for document in holders), "")


def _sync(fleet: Fleet, source: str | None) -> bool:
    """Record what is deployed, and return whether that changed anything."""
    if fleet.facts.path is None:
        print(f"fleet {fleet.name!r} keeps its facts nowhere: addresses are not recorded")
        return False
    before = fleet.facts.renewed()
    parser = ArgumentParser()
    sync.add_arguments(parser)
    sync.run(parser.parse_args([source] if source else []))
    return fleet.facts.renewed() != before


def _fail(text: str) -> int:
    say(text)
    return 1
