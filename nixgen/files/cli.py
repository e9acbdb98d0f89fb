"""The `nixgen` command."""

from __future__ import annotations

import gc
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from nixgen.command import WITHOUT_COLOUR, run_command
from nixgen.errors import NixgenError
from nixgen.files.isolation import put_python_first

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUMMARY = "Generate Nix files from Python, and see that they stay as generated."
_DETAILS = """\
SOURCE is module:attribute: an object with nix_files(), a mapping of paths to values, or a
callable that returns either. SOURCE and --root default to what the nearest pyproject.toml says:

    [tool.nixgen]
    source = "main:fleet"
    root = "."

Exit status: 0 fine; 1 when check, diff or write --exit-code found a difference; 2 bad input,
and then nothing was changed. NIXGEN_DEBUG=1 shows tracebacks."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What follows the command's name; those of the process by default.

    Returns:
        The exit status: 0 fine, 1 a difference was found, 2 bad input and nothing was changed.
    """
    if arguments is not None:
        return _run(arguments)
    put_python_first()
    # The process ends with the command: to look for garbage, now or on the way out, would take a
    # tenth of a check, and free nothing that matters.
    gc.disable()
    try:
        return _run(None)
    finally:
        gc.freeze()


def _run(arguments: Sequence[str] | None) -> int:
    def run() -> int:
        parser = _parser()
        given = parser.parse_args(arguments)
        if given.command is None:
            parser.error("give a command: write, check, diff or list")
        from nixgen.files.commands import COMMANDS  # which --help does without

        return COMMANDS[given.command](given)

    return run_command(run, "nixgen", (NixgenError, OSError))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="nixgen",
        description=_SUMMARY,
        epilog=_DETAILS,
        formatter_class=_formatter,
        **WITHOUT_COLOUR,
    )
    parser.add_argument(
        "--version",
        action="store_const",
        const="version",
        dest="command",
        help="print the version",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, text: str) -> ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}."
        added = commands.add_parser(
            name, help=text, description=description, formatter_class=_formatter, **WITHOUT_COLOUR
        )
        added.add_argument(
            "source", nargs="?", metavar="SOURCE", help="what generates the files: main:fleet"
        )
        added.add_argument(
            "--root", type=_path, metavar="DIR", help="the folder that the files go into"
        )
        added.set_defaults(command=name)
        return added

    write = command("write", "write what changed and remove what is no longer generated")
    write.add_argument(
        "--adopt",
        action="append",
        type=_path,
        default=[],
        metavar="PATH",
        help="take over a file that is not from SOURCE, or all such in a folder; what a person "
        "wrote is kept as PATH.orig",
    )
    write.add_argument(
        "--exit-code", action="store_true", help="exit with 1 when anything was changed"
    )
    check = command("check", "exit with 1 when a file is not as generated, and say why")
    for printing in (write, check):
        printing.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    command("diff", "show what write would change; exit with 1 when there is anything")
    command("list", "print the paths of the generated files, relative to the root")
    return parser


def _path(text: str) -> str:
    # An unset variable of a shell must not stand for the whole root.
    if not text:
        raise ArgumentTypeError("a path is wanted, got ''")
    return text


def _formatter(prog: str) -> RawDescriptionHelpFormatter:
    # Unless told a width, argparse loads shutil for each argument, to ask the terminal.
    return RawDescriptionHelpFormatter(prog, width=96)
