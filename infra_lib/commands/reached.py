"""What commands that reach machines by SSH have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.operate.reach import CHOICES, why_down

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from infra_lib.model.machine import Machine


def add_way(parser: ArgumentParser) -> None:
    """Let a command be told how to reach machines: `--login`, `--via` and `--accept-new-key`."""
    parser.add_argument(
        "-l",
        "--login",
        metavar="USER",
        help="who to log in as; by default whom the machine's ssh=… or target_host says, else root",
    )
    parser.add_argument(
        "--via",
        choices=CHOICES,
        help="the way in: what the fleet says of the machine itself, its ZeroTier address, its "
        "external one, or its cloud's tunnel; by default the first of these that is open",
    )
    parser.add_argument(
        "--accept-new-key",
        action="store_true",
        help="where the facts have no host key, take the first one that answers, and keep it in "
        "your own known hosts",
    )


def split_down(machines: Sequence[Machine]) -> tuple[list[Machine], list[tuple[Machine, str]]]:
    """Return the machines that somebody may reach, and each other one with why nobody does."""
    whys = [(machine, why_down(machine)) for machine in machines]
    up = [machine for machine, why in whys if why is None]
    return up, [(machine, why) for machine, why in whys if why is not None]
