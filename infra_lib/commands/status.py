"""`infra status`: how machines are described, deployed and found in the cloud."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.commands.load import add_names, load_chosen
from infra_lib.operate.style import paint_for
from infra_lib.operate.table import terminal_width
from infra_lib.status import status, status_data, status_text
from infra_lib.terraform.printing import redraw, say, show
from nixgen.files.settings import read_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from infra_lib.operate.status.result import Status

_EVERY, _LEAST = 5.0, 1.0  # seconds


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print JSON; moments are in UTC; prices are in USD, null when unknown, and what is "
        "billed in EUR in EUR too; with --watch a document in each line",
    )
    parser.add_argument(
        "--watch",
        nargs="?",
        const=_EVERY,
        type=_seconds,
        metavar="SECONDS",
        help="look again every so many seconds, 5 unless you say otherwise, until Ctrl-C",
    )
    live = parser.add_mutually_exclusive_group()
    live.add_argument(
        "--live",
        action="store_true",
        default=None,
        help="exit with 1 when a cloud cannot be asked; otherwise that is said, and no error",
    )
    live.add_argument(
        "--no-live", dest="live", action="store_false", help="ask no cloud, only Terraform"
    )
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        dest="stacks",
        metavar="STACK",
        help="ask Terraform about this stack alone; more than once: about these",
    )


def run(given: Namespace) -> int:
    """Print what there is, once or again and again.

    Returns:
        0, also where something differs; 1 when a cloud was to be asked with `--live` and did not
        answer.
    """
    fleet, machines = load_chosen(given)
    whole = machines is fleet.machines
    names = None if whole else [machine.name for machine in machines]
    project = read_settings(Path.cwd()).project

    def look() -> Status:
        return status(
            fleet, names, project=project, stacks=given.stacks, live=given.live is not False
        )

    if given.watch is not None:
        return _watch(look, given)
    found = look()
    if given.json:
        _print_json(found, indent=2)
    else:
        show(f"{_text(found)}\n")
    return 1 if given.live and _is_lacking(found) else 0


def _watch(look: Callable[[], Status], given: Namespace) -> int:
    """Print what there is again and again; on a terminal in the same place.

    Returns:
        1 when a cloud did not answer that was to; 0 when nobody reads any more. An interrupt ends
        it otherwise.
    """
    nowhere = _goes_nowhere()
    while nowhere or not _goes_nowhere():
        found = look()
        if given.json:
            _print_json(found, indent=None)
        elif sys.stdout.isatty():
            redraw(f"{_text(found)}\n")
        else:
            show(f"{_text(found)}\n\n")
        if given.live and _is_lacking(found):
            return 1
        time.sleep(given.watch)
    return 0


def _text(found: Status) -> str:
    return status_text(found, terminal_width(), paint_for())


def _print_json(found: Status, indent: int | None) -> None:
    import json

    print(json.dumps(status_data(found), indent=indent), flush=True)


def _is_lacking(found: Status) -> bool:
    """Return whether a cloud did not answer, and say which."""
    for each in found.unanswered:
        say(f"--live: {each.about} could not be asked: {each.reason}")
    return bool(found.unanswered)


def _goes_nowhere() -> bool:
    """Return whether what is printed goes nowhere, as it does once its reader has left."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat())
    except (OSError, ValueError):  # it is no file
        return False


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not _LEAST <= seconds < float("inf"):
        raise ArgumentTypeError(
            f"{word!r}: a number of seconds is accepted, 1 or more; names of machines go before "
            "--watch"
        )
    return seconds
