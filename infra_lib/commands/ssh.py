"""`infra ssh`: log in to a machine by the best way there is, or run a command on several."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from infra_lib.commands.load import add_names, load_chosen
from infra_lib.commands.reached import add_way, split_down
from infra_lib.model.errors import FleetError
from infra_lib.terraform.printing import note, say, show, trace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.ssh_many import Said

_DETAILS = """\
What follows -- is run on the machine, each word as it was typed here; one word alone is a line for
the machine's shell:

    infra ssh galena
    infra ssh galena -- journalctl -u 'my unit'
    infra ssh galena -- 'ls /nix/store | wc -l'
    infra ssh --tag gpu -- nvidia-smi

Exit status: ssh's own of one machine that is named, which is 255 where it does not get in; of
several 1 when one of them failed; 2 bad input."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.usage = "%(prog)s [options] NAME [NAME ...] [-- COMMAND ...]"
    parser.epilog = _DETAILS
    parser.formatter_class = RawDescriptionHelpFormatter
    add_names(parser, required=True)
    add_way(parser)
    parser.add_argument(
        "--json", action="store_true", help="print JSON of what a command printed on each machine"
    )


def run(given: Namespace) -> int:
    """Log in, or run a command."""
    from infra_lib.operate.ssh_command import check_host_keys, remote_command

    command = remote_command(given.remote)
    fleet, chosen = load_chosen(given)
    up, down = split_down(chosen)
    named = [(machine, why) for machine, why in down if machine.name in given.names]
    if named:
        raise FleetError("; ".join(f"machine {machine.name!r} {why}" for machine, why in named))
    for machine, why in down:
        note(f"{machine.name} is left out: it {why}")
    if not up:
        raise FleetError("no machine that was asked for is on")
    if command is None and (len(up) > 1 or given.json):
        listed = ", ".join(machine.name for machine in up)
        raise FleetError(
            f"{listed}: on several machines a command is wanted, -- COMMAND, and for --json; one "
            "logs in to one machine at a time"
        )
    if not given.accept_new_key:
        check_host_keys(fleet, up)
    if command is None or (len(given.names) == 1 and not given.tag and not given.json):
        return _one(fleet, up[0], command, given)
    return _several(fleet, up, command, given)


def _one(fleet: Fleet, machine: Machine, command: str | None, given: Namespace) -> int:
    """Be ssh, with the terminal that there is."""
    from infra_lib.operate.reach import choose_way, ways_in
    from infra_lib.operate.ssh_command import FAILED, foreground, key_files, ssh_words
    from infra_lib.terraform.printing import progress

    ways = ways_in(fleet, machine, login=given.login, via=given.via)
    with progress(f"looking for a way in to {machine.name}"):
        way = choose_way(ways)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with key_files(fleet, [machine]) as files:
        words = ssh_words(
            fleet,
            machine,
            way,
            files.get(machine.name),
            command=command,
            terminal=terminal and command is not None,
        )
        trace(words)
        status = foreground(words)
    if status == FAILED:
        note(
            f"ssh itself failed, or what it ran ended with {FAILED}; the way was {way.text}. Its "
            "host key is checked against the facts, which infra sync renews after a machine was "
            "made anew"
        )
    return status


def _several(fleet: Fleet, machines: Sequence[Machine], command: str, given: Namespace) -> int:
    from infra_lib.operate.ssh_many import Question, ask_all
    from infra_lib.operate.style import paint_for

    question = Question(
        command=command,
        together=True,
        login=given.login,
        via=given.via,
        accept_new_key=given.accept_new_key,
    )
    paint, done = paint_for(), list[Any]()
    for said in ask_all(fleet, machines, question):
        done.append(said)
        if not given.json:
            tone = "bad" if said.status else "strong"
            show(f"{paint(_title(said), tone)}\n{_body(said)}")  # type: ignore[arg-type]
    if given.json:
        import json

        print(json.dumps([as_data(said) for said in done], indent=2))
    failed = [said.machine for said in done if said.status]
    if failed:
        say(f"failed on {len(failed)} of {len(done)} machines: {', '.join(failed)}")
    else:
        note(f"fine on {len(done)} machine{'s' if len(done) > 1 else ''}")
    return 1 if failed else 0


def as_data(said: Said) -> dict[str, Any]:
    """Return what a machine said as plain data, in a shape that stays.

    Returns:
        `machine`; `via`, the kind of way that was taken, null where there was none; `status`, the
        exit status; `output`, what the command and ssh printed.
    """
    return {
        "machine": said.machine,
        "via": None if said.way is None else said.way.via,
        "status": said.status,
        "output": said.output + said.errors,
    }


def _title(said: Said) -> str:
    return f"== {said.machine}" + (f": exit status {said.status}" if said.status else "")


def _body(said: Said) -> str:
    """Return what a machine printed, with nothing in it that a terminal would act on."""
    from nixgen.terminal import visible

    text = visible(said.output + said.errors)
    return text if not text or text.endswith("\n") else f"{text}\n"
