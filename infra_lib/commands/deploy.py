"""`infra deploy`: what it will cost, `cdktf deploy`, and another zone where one has no room."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.settings import read_settings

from ..cdktf_json import check_stacks, google_project, written
from ..deploy.attempts import Done, deploy
from ..deploy.cdktf import Cdktf
from ..deploy.guard import refusal
from ..deploy.price import over_budget, price_text
from ..deploy.printing import say, show
from ..errors import FleetError
from ..runbook import Writer, as_text
from ..source import add_argument, load_fleet, other_word
from . import sync

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from ..fleet import Fleet
    from ..outputs import Deployed, State


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "stacks",
        nargs="*",
        type=other_word,
        metavar="STACK",
        help="the stacks to deploy; to be named where the app has more than one",
    )
    add_argument(parser, alone=False)
    asking = parser.add_mutually_exclusive_group()
    asking.add_argument("--yes", action="store_true", help="deploy without asking")
    asking.add_argument(
        "--plan",
        action="store_true",
        help="show what would change and what it costs, and deploy nothing",
    )
    parser.add_argument(
        "--over-budget",
        action="store_true",
        help="deploy also what costs more than the fleet's budget_usd_per_hour",
    )


def run(given: Namespace) -> int:
    """Show, ask, deploy, and record what came of it."""
    fleet = load_fleet(given.source)
    _check(fleet, given)
    cdktf = Cdktf.find(read_settings(Path.cwd()).project, tuple(given.stacks), fleet.name)
    too_much = None if given.over_budget else over_budget(fleet)
    if too_much is not None:
        return _failed(too_much)
    before = written(cdktf.project)
    # What is deployed elsewhere, and was never read here, could be deleted: a diff reads it.
    on = any(machine.enabled for machine in fleet.gcp_machines)
    seen = not given.yes or (on and not cdktf.is_read())
    if seen and not cdktf.diff():
        check_stacks(cdktf.project, cdktf.stacks, before)
        return _failed("cdktf diff failed; what it says is above")
    deployed = cdktf.deployed()
    show(f"\n{price_text(fleet, _everywhere(fleet, cdktf, deployed))}\n\n")
    if given.plan:
        return 0
    unseen = refusal(fleet, deployed) if given.yes and deployed is not None else None
    if unseen is not None:
        return _failed(unseen)
    if not given.yes and not _agreed():
        return _failed("nothing was deployed")
    done = deploy(cdktf, fleet, any_price=given.over_budget, synthesized=seen)
    if done is None:
        check_stacks(cdktf.project, cdktf.stacks, before)
        return 1
    return _recorded(done, cdktf, given.source)


def _check(fleet: Fleet, given: Namespace) -> None:
    if not given.yes and not given.plan and not sys.stdin.isatty():
        raise FleetError(
            "there is no terminal to ask at, and nothing was deployed: pass --yes to deploy "
            "without being asked, or --plan to see what would change"
        )
    path = fleet.facts.path
    if path is not None and not given.plan and not os.access(path.parent, os.W_OK):
        raise FleetError(f"{path}: facts cannot be written there, and nothing was deployed")
    for machine in fleet.gcp_machines:
        if machine.fallback_zones and path is None:
            raise FleetError(
                f"machine {machine.name!r}: fallback_zones={machine.fallback_zones!r}: which zone "
                f"is in use is kept in the facts, and fleet {fleet.name!r} keeps them nowhere; "
                'describe it with facts=Facts.load(Path(__file__).with_name("facts.json"))'
            )


def _everywhere(
    fleet: Fleet, cdktf: Cdktf, deployed: State | None
) -> Mapping[str, Deployed] | None:
    """Return what is deployed with what the fleet has in other stacks, which its cost counts."""
    if deployed is None:
        return None
    names = {machine.name for machine in fleet.gcp_machines}
    others = cdktf.alongside().machines.items()
    return {name: each for name, each in others if name in names} | {**deployed.machines}


def _agreed() -> bool:
    try:
        return input("Deploy this? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _recorded(done: Done, cdktf: Cdktf, source: str | None) -> int:
    """Do what `infra sync` does, and say what comes next."""
    try:
        changed = _synced(done.fleet, source)
    except (FleetError, NixgenError, OSError) as error:
        return _failed(f"deployed, but not recorded: {error}; infra sync records it")
    stacks = cdktf.folders()
    writer = Writer(
        fleet=done.fleet,
        source=source or "",
        configured=bool(read_settings(Path.cwd()).source),
        project=google_project(stacks[0]) if len(stacks) == 1 else "",
    )
    left = [
        writer.installed(machine)
        for machine in done.fleet.gcp_machines
        if machine.name in done.made and machine.state == "on"
    ]
    if left:
        print(f"\n{as_text(left, done.fleet)}")
    elif changed:
        print("Next: nixgen write, which takes what changed into the Nix files.")
    return 0


def _synced(fleet: Fleet, source: str | None) -> bool:
    """Record what is deployed, and return whether that changed anything."""
    if fleet.facts.path is None:
        print(f"fleet {fleet.name!r} keeps its facts nowhere: addresses are not recorded")
        return False
    before = fleet.facts.renewed()
    parser = ArgumentParser()
    sync.add_arguments(parser)
    sync.run(parser.parse_args([source] if source else []))
    return fleet.facts.renewed() != before


def _failed(text: str) -> int:
    say(text)
    return 1
