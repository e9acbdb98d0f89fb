"""`infra adopt`: the Python that describes a fleet which is there already."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Action
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.operate.adopt import files, report
from infra_lib.operate.adopt.describe import describe
from infra_lib.operate.adopt.flake import caches_command, inventory_command, read_flake
from infra_lib.operate.adopt.secrets import hidden
from infra_lib.operate.adopt.sources import Source, Sources, read_source
from infra_lib.operate.adopt.steps import next_steps
from infra_lib.operate.adopt.written import texts
from infra_lib.terraform.frameworks import CDKTF, FRAMEWORKS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from infra_lib.operate.adopt.describe import Described
    from infra_lib.operate.adopt.secrets import Secrets

# The options that name a source: what it is, and what it is called in the help.
_SOURCES = {
    "--inventory": ("inventory", "FILE", "the inventory of a clan, as JSON; see below"),
    "--terraform": (
        "terraform",
        "FILE",
        "what `terraform show -json` prints of a state or a plan, a state itself, cdk.tf.json or "
        "terranix's config.tf.json",
    ),
    "--gcloud": (
        "list",
        "FILE",
        "what `gcloud compute instances list --format=json` prints; also disks, firewall-rules and "
        "addresses",
    ),
    "--hcloud": (
        "list",
        "FILE",
        "what `hcloud server list --output=json` prints; also volume, primary-ip, firewall, "
        "network, placement-group and ssh-key",
    ),
    "--caches": ("caches", "FILE", "lib/caches.nix or a flake's nixConfig, as JSON"),
    "--vars": ("vars", "DIR", "clan's vars, of which only what is public is read"),
    "--ssh-config": ("ssh-config", "FILE", "an SSH client's configuration"),
    "--known-hosts": ("known-hosts", "FILE", "a file of known hosts"),
}

_DETAILS = """\
Each source may be given several times, and each alone is enough. Where two say otherwise, both are
shown, and the one that was named first counts. Where Nix is, --flake . asks it; elsewhere run this
and give the file:

    {inventory} > inventory.json
    {caches} > caches.json

Nothing that is there is written over, and nothing secret is copied. With machines in a cloud,
imports.json beside the Python has what Terraform takes over in the first deployment."""


# Modules that what is written imports.
_TAKEN = ("cdktf", "cdktn", "constructs", "infra_lib", "nixgen")


class _InOrder(Action):
    """Adds a source to a list of all of them, in the order in which they are given."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        del parser
        namespace.sources = [*(namespace.sources or ()), (option, values)]


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    from argparse import RawDescriptionHelpFormatter

    parser.description = (
        "Write the Python that describes a fleet which is there already, and say what of it could "
        "not be carried."
    )
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _DETAILS.format(
        inventory=shlex.join(inventory_command(".")), caches=shlex.join(caches_command(Path()))
    )
    sources = parser.add_argument_group("sources")
    sources.add_argument(
        "--flake",
        action=_InOrder,
        dest="sources",
        metavar="DIR",
        help="a flake: its clan's inventory, lib/caches.nix and public vars, as Nix tells them",
    )
    for option, (_, kind, text) in _SOURCES.items():
        sources.add_argument(option, action=_InOrder, dest="sources", metavar=kind, help=text)
    parser.add_argument(
        "-o",
        "--output",
        default="fleet.py",
        metavar="FILE",
        help="the Python to write; by default %(default)s",
    )
    parser.add_argument(
        "--machine",
        action="append",
        default=[],
        metavar="NAME",
        help="adopt this machine alone, or these: a repository need not move at once",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON: which files were written, and the report"
    )
    parser.add_argument("--name", help="the fleet's name, where no source says it")
    parser.add_argument("--domain", help="the domain that machines are reached under, likewise")
    parser.add_argument(
        "--cdk",
        default=CDKTF.name,
        choices=FRAMEWORKS,
        help="what makes the stacks: cdktf, or cdktn, its maintained fork; by default %(default)s",
    )


def run(given: Namespace) -> int:
    """Read the sources, write the Python, and report."""
    if not given.sources:
        raise FleetError(
            "infra adopt: name what there is: --flake ., --inventory FILE, --terraform FILE …; "
            "infra adopt --help says what each is"
        )
    output = Path(given.output)
    if output.suffix != ".py" or not output.stem.isidentifier():
        raise FleetError(
            f"-o {given.output}: a module of Python is wanted: fleet.py, with no hyphen in its name"
        )
    if iskeyword(output.stem) or output.stem in {*sys.stdlib_module_names, *_TAKEN}:
        raise FleetError(
            f"-o {given.output}: Python has something of that name; fleet.py is none, for one"
        )
    files.check_free(output.parent, [output.name])
    sources = Sources(read=tuple(_read(given.sources)))
    secrets = sources.secrets
    try:
        _adopt(given, output, sources.guarded(secrets), secrets)
    except FleetError as error:
        raise FleetError(hidden(str(error), secrets)) from None
    return 0


def _adopt(given: Namespace, output: Path, sources: Sources, secrets: Secrets) -> None:
    described = describe(
        sources,
        name=given.name,
        domain=given.domain,
        folder=output.parent.resolve().name,
        only=given.machine,
    )
    written = texts(described, output.name, FRAMEWORKS[given.cdk])
    files.check_no_secrets(written, secrets)
    files.write_new(output.parent, written, _notify)
    if given.json:
        data = {
            "fleet": described.fleet.name,
            "created": [str(output.parent / name) for name in written],
            "report": report.report_data(described.items, secrets),
        }
        print(json.dumps(data, indent=2))
        return
    for name in written:
        print(f"created {output.parent / name}")
    print(_summary(described))
    print()
    for line in report.report_lines(described.items, secrets):
        print(line)
    folder = "" if output.parent == Path() else str(output.parent)
    has_app = (output.parent / "cdktf.json").exists()
    for line in next_steps(described, output.stem, folder=folder, has_app=has_app):
        print(line)


def _read(sources: Sequence[tuple[str, str]]) -> list[Source]:
    read: list[Source] = []
    for option, value in sources:
        if not value:
            raise FleetError(f"infra adopt: {option}: a path is wanted, got ''")
        if option == "--flake":
            read += read_flake(Path(value))
        else:
            read.append(read_source(_SOURCES[option][0], Path(value)))
    return read


def _summary(described: Described) -> str:
    fleet = described.fleet
    parts = [
        (len(fleet.machines), "machine"),
        (len(fleet.provisioned), "in a cloud"),
        (len(described.fields.get("services", ())), "service"),
        (len(fleet.caches), "cache"),
    ]
    said = [
        f"{number} {what}{'s' if number != 1 and not what.startswith('in') else ''}"
        for number, what in parts
        if number
    ]
    return f"fleet {fleet.name}: {', '.join(said)}"


def _notify(message: str) -> None:
    print(f"infra: {message}", file=sys.stderr)
