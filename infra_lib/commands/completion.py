"""`infra completion`: what has a shell complete commands, options and the names of machines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

_SHELLS = {
    "bash": "~/.bashrc:  source <(infra completion bash)",
    "zsh": "~/.zshrc, after compinit:  source <(infra completion zsh)",
    "fish": "~/.config/fish/config.fish:  infra completion fish | source",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    lines = "; ".join(_SHELLS.values())
    parser.add_argument("shell", choices=_SHELLS, help=f"which shell it is for. In {lines}")


def run(given: Namespace) -> int:
    """Print the shell's code."""
    try:
        from argcomplete.shell_integration import shellcode
    except ModuleNotFoundError:
        raise FleetError(
            'infra completion takes argcomplete: pip install "infra-lib[all]", or argcomplete'
        ) from None
    print(shellcode(["infra"], shell=given.shell).strip())
    return 0


def complete(parser_for: Callable[[Sequence[str]], ArgumentParser]) -> None:
    """Answer a shell that asks what may come next, and end the process.

    Args:
        parser_for: Returns the parser for words that are typed already.
    """
    try:
        from argcomplete import autocomplete
        from argcomplete.lexers import split_line
    except ModuleNotFoundError:
        os._exit(1)  # as argcomplete ends where it has nothing to say: the shell goes on by itself
    line, point = os.environ.get("COMP_LINE", ""), os.environ.get("COMP_POINT", "")
    _, _, _, words, _ = split_line(line, int(point) if point.isdecimal() else len(line))
    autocomplete(parser_for(words[1:]), always_complete_options=False)
