"""`infra help`: a command's help, or what several commands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.commands.topics import TOPICS
from infra_lib.model.errors import FleetError, nearest

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    topic = parser.add_argument(
        "topic",
        nargs="?",
        metavar="TOPIC",
        help=f"a command, or one of {', '.join(TOPICS)}; by default all are listed",
    )
    topic.completer = _topics  # type: ignore[attr-defined]


def run(given: Namespace) -> int:
    """Print what there is to know."""
    from infra_lib.commands.cli import COMMANDS, parser_for

    if given.topic is None:
        print(parser_for(()).format_help())
        print("topics, for infra help TOPIC:")
        for name, (about, _) in TOPICS.items():
            print(f"    {name:<17} {about}")
    elif given.topic in TOPICS:
        print(TOPICS[given.topic][1])
    elif given.topic in COMMANDS:
        parser_for((given.topic,)).parse_args((given.topic, "--help"))
    else:
        known = [*COMMANDS, *TOPICS]
        near = nearest(given.topic, known) or f"; there are {', '.join(sorted({*known}))}"
        raise FleetError(f"infra help {given.topic}: there is no such command or topic{near}")
    return 0


def _topics(**_: object) -> list[str]:
    from infra_lib.commands.cli import COMMANDS

    return [*dict.fromkeys((*COMMANDS, *TOPICS))]
