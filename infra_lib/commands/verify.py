"""`infra verify`: ask machines whether they are what the fleet says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.commands.load import add_names, load_chosen
from infra_lib.commands.reached import add_way, split_down
from infra_lib.model.errors import FleetError
from infra_lib.terraform.printing import note, show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = (
        "With -v, what is well is listed too. Exit status: 1 when a machine is not what the fleet "
        "says, cannot be reached, or was named and is off."
    )
    add_names(parser)
    add_way(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(given: Namespace) -> int:
    """Ask, print what came of it, and tell by the exit status."""
    fleet, chosen = load_chosen(given)
    macs = [machine for machine in chosen if machine.machine_class != "nixos"]
    for machine in macs:
        if machine.name in given.names:
            raise FleetError(f"machine {machine.name!r}: runs no NixOS, which is what is verified")
    up, down = split_down([machine for machine in chosen if machine not in macs])
    left_out = [(each.name, why) for each, why in down if each.name not in given.names]
    left_out += [(machine.name, "runs no NixOS") for machine in macs]

    from infra_lib.operate.health.verdict import as_data, is_off, verify

    asked = verify(fleet, up, login=given.login, via=given.via, accept_new_key=given.accept_new_key)
    found = {verdict.machine: verdict for verdict in asked}
    found |= {each.name: is_off(each, why) for each, why in down if each.name in given.names}
    verdicts = [found[machine.name] for machine in chosen if machine.name in found]
    if given.json:
        import json

        print(json.dumps(as_data(verdicts, left_out), indent=2))
    else:
        for name, why in left_out:
            note(f"{name} is left out: it {why}")
        if verdicts:
            from infra_lib.operate.health.text import as_text
            from infra_lib.operate.style import paint_for
            from infra_lib.operate.table import terminal_width

            text = as_text(verdicts, every=given.verbose, width=terminal_width(), paint=paint_for())
            show(f"{text}\n")
        else:
            note("no machine is asked")
    return 1 if any(verdict.has_failed for verdict in verdicts) else 0
