"""`infra catalog`: the catalogue of machine types and prices, renewed from the cloud's lists."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.clouds.age import is_day, today
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.errors import FleetError
from infra_lib.model.whole_file import locked, write
from nixgen.command import WITHOUT_COLOUR
from nixgen.files.folder import open_folder
from nixgen.files.transaction import Change, replace
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from infra_lib.clouds.answers import Renewed
    from infra_lib.clouds.cloud import Cloud, Renewal

_DESCRIPTION = """\
Write a catalogue of today's machine types, places and prices of one cloud into a file, which a
machine of the fleet is given by catalog=…:

{loading}

What no file is given for stays as that file has it, or else as it is built in. No network is asked:
the files are what you fetched, as said below."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    update = actions.add_parser(
        "update",
        help="write a catalogue of today's machine types, places and prices",
        description=_DESCRIPTION.format(loading="\n".join(map(_loading, CLOUDS.values()))),
        epilog="\n\n".join(
            f"To fetch what {cloud.KINDS.service} has:\n\n{cloud.renewal().FETCHING}"
            for cloud in CLOUDS.values()
        ),
        formatter_class=RawDescriptionHelpFormatter,
        **WITHOUT_COLOUR,
    )
    for cloud in CLOUDS.values():
        group = update.add_argument_group(f"a catalogue of {cloud.KINDS.service}")
        for name, holds in cloud.renewal().FILES.items():
            group.add_argument(
                f"--{name}", dest=name, nargs="+", action="extend", metavar="FILE", help=holds
            )
    update.add_argument(
        "--as-of",
        type=_day,
        metavar="DATE",
        help="the day that these files are of; by default the one that prices tell, or else today",
    )
    update.add_argument("--json", action="store_true", help="print JSON: which files were written")
    where = update.add_mutually_exclusive_group()
    where.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the catalogue to write; by default the one named above",
    )
    where.add_argument(
        "--built-in",
        action="store_true",
        help="write what is built into this package, where it is installed from a checkout",
    )


def run(given: Namespace) -> int:
    """Read the files, say what is to be known of them, and write the catalogue."""
    renewal, names = _asked(vars(given))
    files = {name: [(file, _read(name, file)) for file in names[name]] for name in names}
    day = today().isoformat()

    def renew(kept: tuple[str, str] | None) -> Renewed:
        try:
            result = renewal.renew(files, kept, given.as_of, day)
        except FleetError as error:
            raise FleetError(f"{error}; nothing was written") from None
        for note in result.notes:
            _notify(note)
        return result

    if given.built_in:
        _tell(given, _replace_built_in(renewal.BUILT_IN, renew(None).built_in))
        return 0
    output = Path(given.output or renewal.OUTPUT)
    with locked(output, _notify):
        kept = _kept(output)
        text = renew(kept).text
        stale = kept is None or kept[1] != text
        if stale:
            write(output, text.encode())
    _tell(given, {output: stale})
    return 0


def _tell(given: Namespace, files: Mapping[Path, bool]) -> None:
    """Print which files were written, of those that are what they are to be now."""
    if given.json:
        found = [{"file": str(path), "written": written} for path, written in files.items()]
        print(json.dumps({"files": found}, indent=2))
        return
    for path, written in files.items():
        print(f"{path}: {'written' if written else 'up to date'}")


def _asked(given: Mapping[str, list[str] | None]) -> tuple[Renewal, dict[str, list[str]]]:
    """Return whose catalogue is to be renewed, and the files that are given for it."""
    options: list[str] = []
    asked: list[tuple[Renewal, dict[str, list[str]]]] = []
    for cloud in CLOUDS.values():
        renewal = cloud.renewal()
        options += renewal.FILES
        if names := {name: files for name in renewal.FILES if (files := given[name])}:
            asked.append((renewal, names))
    if not asked:
        raise FleetError(
            f"nothing to renew the catalogue from: {', '.join(map(_option, options))}, or some of "
            "these of one cloud, are wanted; infra catalog update --help says how to fetch them"
        )
    if len(asked) > 1:
        each = (", ".join(f"--{name}" for name in names) for _, names in asked)
        raise FleetError(
            f"{' and '.join(each)} are of different clouds, each with a catalogue of its own: "
            "renew one after the other"
        )
    return asked[0]


def _option(name: str) -> str:
    return f"--{name} FILE"


def _loading(cloud: Cloud) -> str:
    """Return how the file of a cloud is loaded, as a line of Python."""
    renewal = cloud.renewal()
    return f'  {renewal.LOADED_BY}.load(Path(__file__).with_name("{renewal.OUTPUT}"))'


def _read(name: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise FleetError(f"--{name} {file}: cannot be read: {error.strerror}") from None


def _kept(path: Path) -> tuple[str, str] | None:
    """Return the catalogue that is in the file now; None where there is no file yet."""
    try:
        return str(path), read_regular_file(path).decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise FleetError(f"{path}: it is in the way, and no catalogue") from None


def _replace_built_in(folder: Path, files: Mapping[str, str]) -> dict[Path, bool]:
    """Write the files of the built-in catalogue, and return the paths of those that changed."""
    with open_folder(folder, change=True, notify=_notify) as here:
        changes = []
        for name, text in files.items():
            found = here.read(name)
            if found is None or found.data != text.encode():
                changes.append(Change(name, text.encode(), found=found, like=found))
        replace(here, changes)
    return {folder / change.path: True for change in changes}


def _day(text: str) -> str:
    if is_day(text):
        return text
    raise ArgumentTypeError(f"{text!r}: a day such as 2026-07-30 is wanted")


def _notify(message: str) -> None:
    print(f"infra: {message}", file=sys.stderr)
