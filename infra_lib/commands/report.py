"""`infra report`: a page that shows the fleet, its state and its costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.commands.load import add_argument, load_fleet
from infra_lib.operate.cost_data import price_sources
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.report.data import report_data
from infra_lib.operate.report.file import check_place, write_page
from infra_lib.operate.report.page import page
from infra_lib.terraform.printing import note

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_argument(parser, alone=False)
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the page to this file, an older page of the fleet or a new one; - for stdout",
    )
    form.add_argument(
        "--json",
        action="store_true",
        help="print what is on the page as JSON; prices are in USD, null when unknown, and what is "
        "billed in EUR in EUR too",
    )


def run(given: Namespace) -> int:
    """Write the page, or print what is on it."""
    if given.json:
        import json

        fleet = load_fleet(given.source)
        print(json.dumps(report_data(fleet), indent=2))
    elif given.output == "-":
        fleet = load_fleet(given.source)
        print(page(report_data(fleet)), end="")
    else:
        path = Path(given.output)
        check_place(path)
        fleet = load_fleet(given.source)
        write_page(path, page(report_data(fleet)))
        note(f"{path}: written")
    warn_of_old_prices(price_sources(fleet))
    return 0
