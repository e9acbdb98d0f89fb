"""`infra disable`: switch a machine off: it is in its cloud no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.commands.switches import add_switch, run_switch

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_switch(parser, end=False)


def run(given: Namespace) -> int:
    """Switch machines."""
    return run_switch("disable", given)
