"""The `infra` command."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from typing import TYPE_CHECKING

from infra_lib import __version__
from infra_lib.model.errors import FleetError
from nixgen.command import WITHOUT_COLOUR, run_command
from nixgen.errors import NixgenError
from nixgen.files.isolation import put_python_first

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each is a module of `infra_lib.commands` with `add_arguments(parser)` and `run(given) -> int`,
# imported when it is the one that was asked for.
COMMANDS = {
    "adopt": "write the Python that describes a fleet which is there already",
    "catalog": "renew the catalogue of machine types and prices",
    "check": "exit with 1 when a machine is on for longer than it was to be",
    "completion": "print what has a shell complete commands, options and machines",
    "cost": "print what every machine costs, on and off, and what is on in total",
    "deploy": "deploy: what it costs first, and another zone where one has no room",
    "destroy": "take machines down, or all of them, and say what stays and what that costs",
    "diff": "print what a change of the fleet does to machines, files and costs",
    "disable": "switch a machine off: it is in the cloud no more, what outlives it stays",
    "enable": "switch a machine on, also for a time",
    "gpus": "print which GPUs can be had where, in which machine types, at what price",
    "help": "print what there is to know of a topic",
    "init": "write the smallest complete setup into this folder",
    "report": "write a page that shows the fleet, its state and its costs",
    "runbook": "print the commands that bring machines up, take them down or replace them",
    "show": "print the fleet at a glance",
    "ssh": "log in to a machine, or run a command on several",
    "start": "start a machine that is stopped",
    "status": "print how machines are described, deployed and found in the cloud",
    "stop": "stop a machine: its disks stay, and are billed",
    "sync": "write what deployment learnt, addresses and keys, into the file of facts",
    "verify": "ask machines whether they are what the fleet says",
}

_DETAILS = """\
SOURCE is module:attribute: a Fleet, or a callable that returns one. --source SOURCE names it; it
defaults to what the nearest pyproject.toml says:

    [tool.nixgen]
    source = "main:fleet"

Exit status: 0 fine; 1 a check failed, a difference was found, something was refused, or nothing was
found; 2 bad input or usage. infra help lists topics, of which exit-status and environment say more.
INFRA_DEBUG=1 shows tracebacks."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What follows the command's name; those of the process by default.

    Returns:
        The exit status: 0 fine; 1 a check found a difference, a fact or such GPUs are not known,
        costs are over the budget, or a deployment failed or was refused; 2 bad input.
    """
    if arguments is None:
        put_python_first()
        # A short process makes little garbage, and looking for it takes a tenth of its time.
        gc.set_threshold(50_000)
    words, remote = _split_remote(sys.argv[1:] if arguments is None else arguments)

    if "_ARGCOMPLETE" in os.environ:
        from infra_lib.commands.completion import complete

        complete(parser_for)

    def run() -> int:
        given = parser_for(words).parse_args(words)
        given.remote = remote
        if given.quiet:
            warnings.simplefilter("ignore")
        if not given.quiet and not given.verbose:
            status: int = given.run(given)
            return status
        from infra_lib.terraform.printing import set_volume

        set_volume(quiet=given.quiet, verbose=given.verbose)
        try:
            status = given.run(given)
        finally:
            set_volume()  # whoever calls this next may ask for something else
        return status

    return run_command(run, "infra", (FleetError, NixgenError, OSError))


def _split_remote(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words that are for `infra`, and those behind `--` that a machine is to run."""
    at = words.index("--") if "ssh" in words and "--" in words else len(words)
    asked = next((word for word in words[:at] if not word.startswith("-")), None)
    return ([*words[:at]], [*words[at + 1 :]]) if asked == "ssh" else ([*words], [])


def parser_for(words: Sequence[str]) -> ArgumentParser:
    """Return the parser of `infra`, complete for the one command that words ask for.

    Args:
        words: What follows the command's name.
    """
    parser = ArgumentParser(
        prog="infra",
        description="What a fleet is, what it costs, and what to do with it.",
        epilog=_DETAILS,
        formatter_class=RawDescriptionHelpFormatter,
        **WITHOUT_COLOUR,
    )
    parser.add_argument("--version", action="version", version=f"infra {__version__}")
    _add_volume(parser, default=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        description = f"{text[0].upper()}{text[1:]}."
        added = commands.add_parser(name, help=text, description=description, **WITHOUT_COLOUR)
        if name == asked:
            command = import_module(f"{__package__}.{name}")
            command.add_arguments(added)
            _add_volume(added, default=SUPPRESS)
            added.set_defaults(run=command.run)
    return parser


def _add_volume(parser: ArgumentParser, default: object) -> None:
    """Let a parser take `--quiet` and `--verbose`, before the command and after it."""
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=default,
        help="print what was asked for and errors, and nothing else",
    )
    volume.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=default,
        help="print the commands that are run, too",
    )
