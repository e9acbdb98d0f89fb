"""`infra cost --diff`: what the fleet costs more or less than in a revision, or than another."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from infra_lib.commands.load import find_source, load_fleet, take_source
from infra_lib.commands.other_fleet import find_other, load_other
from infra_lib.model.errors import FleetError
from infra_lib.operate.cost_data import cost_data, further_notes, price_sources
from infra_lib.operate.cost_diff import as_data, compare
from infra_lib.operate.cost_diff_text import as_markdown, as_text
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.style import paint_for
from infra_lib.operate.table import terminal_width
from infra_lib.terraform.printing import show

if TYPE_CHECKING:
    from argparse import Namespace


def run_diff(given: Namespace) -> int:
    """Print the difference.

    Returns:
        1 when the fleet costs more than its budget, or nobody can tell; 0 otherwise.
    """
    take_source(given)
    if given.diff is None:
        raise FleetError("--markdown is how --diff prints: give both")
    for option, said in _of_the_list(given).items():
        if said:
            raise FleetError(f"{option}: --diff compares whole fleets, so leave one of the two out")
    if given.json and given.markdown:
        raise FleetError("--json and --markdown: one of them is accepted")
    settings = find_source(given.source)
    # First, while no module of the fleet's is loaded.
    other = find_other(given.diff, settings)
    found = load_other(other, settings, given.source, cost_data)
    fleet = load_fleet(given.source)
    diff = compare(found.made, cost_data(fleet))
    problem = over_budget(fleet, otherwise="")
    notes = [f"No fleet is there, so that all is new: {found.missing}"] if found.missing else []
    further = further_notes(fleet)
    if given.json:
        print(json.dumps(as_data(diff, other.data(found.missing), problem), indent=2))
    elif given.markdown:
        said = [*notes, *([problem] if problem else [])]
        print(as_markdown(diff, other.text, said, of_clouds=further))
    else:
        text = as_text(
            diff, other.text, notes, terminal_width(), of_clouds=further, paint=paint_for()
        )
        show(f"{text}\n")
    if problem:
        print(f"infra: {problem}", file=sys.stderr)
    warn_of_old_prices(price_sources(fleet))
    return 1 if problem else 0


def _of_the_list(given: Namespace) -> dict[str, object]:
    """Return what is said of options that choose what `infra cost` lists, by their names."""
    return {
        "--by": given.by != "machine",
        "--sort": given.sort,
        "--reverse": given.reverse,
        "NAME": given.names,
        "--tag": given.tag,
        "--state": given.state,
        "--cloud": given.cloud,
        "--committed-use": given.committed_use,
    }
