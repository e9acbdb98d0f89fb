"""`infra check`: whether a machine is on for longer than somebody said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra_lib.commands.load import add_names, load_chosen
from infra_lib.operate.style import paint_for
from infra_lib.operate.switch import span
from infra_lib.operate.switch.overdue import on_for_a_time
from infra_lib.terraform.printing import show
from nixgen.terminal import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    add_names(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(given: Namespace) -> int:
    """Print until when machines are on that say it.

    With `--json` that is `now` and `machines`, a list; see `Until.data`.

    Returns:
        1 when the time of one is past; 0 otherwise.
    """
    _, machines = load_chosen(given)
    now = span.now()
    found = on_for_a_time(machines, now)
    if given.json:
        data = {"now": span.instant_text(now), "machines": [each.data for each in found]}
        print(json.dumps(data, indent=2))
    else:
        paint = paint_for()
        lines = [paint(visible(each.text), "bad" if each.is_overdue else None) for each in found]
        show("".join(f"{line}\n" for line in lines) or "no machine is on for a time\n")
    return int(any(each.is_overdue for each in found))
