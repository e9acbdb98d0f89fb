"""`infra cost`: what every machine costs, on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.commands.load import add_names, load_chosen
from infra_lib.model.money import YEARS
from infra_lib.operate.cost_data import cost_data, price_sources
from infra_lib.operate.cost_text import cost_text
from infra_lib.operate.cost_view import BY, SORTS, View
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.style import paint_for
from infra_lib.operate.table import terminal_width
from infra_lib.terraform.printing import show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    parser.add_argument(
        "--by",
        choices=BY,
        default="machine",
        help="print a line for each machine, for each part of one, or for all machines of a tag, "
        "a state, a cloud or a zone; each machine by default",
    )
    parser.add_argument(
        "--sort",
        choices=SORTS,
        help="order the lines: names from A to Z, money from the most to the least, and last what "
        "is unknown; price is that of an hour on; without a rate, USD come before EUR",
    )
    parser.add_argument("--reverse", action="store_true", help="order them the other way round")
    parser.add_argument(
        "--state",
        action="append",
        default=[],
        choices=("on", "off", "stopped"),
        help="count machines in this state alone; more than once: in one of these",
    )
    parser.add_argument(
        "--cloud",
        action="append",
        default=[],
        choices=tuple(CLOUDS),
        help="count machines in this cloud alone; more than once: in one of these",
    )
    parser.add_argument(
        "--committed-use",
        type=int,
        choices=YEARS,
        metavar="YEARS",
        help="print months under a commitment of 1 or 3 years too",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print JSON, with all parts and subtotals; prices are in USD, null when unknown, and "
        "what is billed in EUR in EUR too",
    )
    parser.add_argument(
        "--diff",
        nargs="?",
        const="HEAD",
        metavar="REVISION",
        help="print what the fleet costs more or less than in a revision of git (HEAD where none "
        "is named), or than another fleet: other:fleet; exit with 1 when it is over its budget",
    )
    parser.add_argument(
        "--markdown", action="store_true", help="with --diff: print it for a pull request"
    )


def run(given: Namespace) -> int:
    """Print the costs."""
    if given.diff is not None or given.markdown:
        from infra_lib.commands.cost_diff import run_diff  # reads git: few ask for that

        return run_diff(given)
    fleet, _ = load_chosen(given)
    view = View(
        by=given.by,
        sort=given.sort,
        reverse=given.reverse,
        names=tuple(given.names),
        tags=tuple(given.tag),
        states=tuple(given.state),
        clouds=tuple(given.cloud),
        years=given.committed_use,
    )
    if given.json:
        import json

        print(json.dumps(cost_data(fleet, view), indent=2))
    else:
        show(f"{cost_text(fleet, view, terminal_width(), paint_for())}\n")
    warn_of_old_prices(price_sources(fleet))
    return 0
