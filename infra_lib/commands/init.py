"""`infra init`: the smallest complete setup, in an empty folder or an existing repository."""

from __future__ import annotations

import json
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib import Catalog, HetznerCatalog, __version__
from infra_lib.fleet import Fleet
from infra_lib.model.errors import FleetError, field_error, nearest
from infra_lib.model.validators import check_name
from infra_lib.nix import clan_inventory, clan_machines, clan_meta, fleet_check, fleet_tests
from infra_lib.operate import scaffold, start
from infra_lib.terraform.frameworks import CDKTF, FRAMEWORKS
from nixgen.files.folder import ExistingFile, Folder, open_folder
from nixgen.files.plan import plan
from nixgen.files.rendered import WholeFile, render
from nixgen.files.transaction import Change, replace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Collection, Iterator, Mapping

    from infra_lib.terraform.frameworks import Framework

# What people may have already; without the rest of a setup there is no setup.
_SHARED = ("cdktf.json", "requirements.txt", scaffold.HOOKS)

# What says that a machine is one of the clan, and what tests it.
_CLAN = {each.PATH for each in (clan_inventory, clan_machines, clan_meta, fleet_check, fleet_tests)}

_NEXT = """\
Next, in a virtual environment:

    pip install -r requirements.txt pre-commit
    npx --yes {package} synth
    {check}
    {git}pre-commit install

{rest} A change of main.py reaches the Nix files with: nixgen write"""

# What each cloud has that the others have not: the options, and what stands for one not given.
_OPTIONS: Mapping[str, Mapping[str, str | None]] = {
    "gcp": {"project": None, "zone": "us-central1-b"},
    "hetzner": {"location": "fsn1", "server_type": "cpx22"},
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Write the smallest complete setup into this folder: a fleet of one machine, which is off, "
        "in main.py; its generated Nix files; and the configuration of cdktf, nixgen, pre-commit, "
        "pip and git. Nothing that is there is overwritten."
    )
    parser.add_argument("--name", help="the fleet's name; by default the folder's")
    parser.add_argument(
        "--domain", help="the domain that machines are reached under; by default the fleet's name"
    )
    parser.add_argument(
        "--cloud",
        default="gcp",
        choices=_OPTIONS,
        help="where the first machine is: gcp is Google Cloud, hetzner is Hetzner Cloud; by "
        "default %(default)s",
    )
    google = parser.add_argument_group("at Google Cloud")
    google.add_argument("--project", help="the project's ID; by default the fleet's name")
    google.add_argument("--zone", help=f"the zone of the first machine; {_by_default('zone')}")
    hetzner = parser.add_argument_group("at Hetzner Cloud")
    hetzner.add_argument(
        "--location", help=f"the location of the first machine; {_by_default('location')}"
    )
    hetzner.add_argument("--server-type", help=f"its server type; {_by_default('server_type')}")
    parser.add_argument(
        "--cdk",
        default=CDKTF.name,
        choices=FRAMEWORKS,
        help="what makes the stack: cdktf, or cdktn, its maintained fork; by default %(default)s",
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=_SHARED,
        help="leave this file to you when it is there, and print what it would have held",
    )
    parser.add_argument(
        "--empty",
        action="store_true",
        help="write a fleet of one machine also where there is a fleet already",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON: which files were written, and what is left"
    )


def run(given: Namespace) -> int:
    """Write everything that is not there, or say what is in the way and write nothing."""
    folder = Path.cwd()
    if not given.empty:
        _offer_adoption(folder)
    name = given.name or scaffold.name_from(folder.name)
    check_name("infra init", "--name", name)
    begin = _start(given, name)
    framework = FRAMEWORKS[given.cdk]
    main = partial(
        scaffold.main_text,
        begin,
        name=name,
        domain=given.domain or name,
        framework=framework,
    )
    origin, below = _origin(), _below(folder)
    possible = _generate(main(), folder)
    _refuse_what_would_be_removed(folder)
    with open_folder(folder, change=True, notify=_notify) as here:
        theirs = [path for path in possible if here.read(path) is not None]
        # A flake of theirs may hold a clan, which has a name already.
        named = (clan_meta.PATH,) if here.read("flake.nix") is not None else ()
        left = _left_out(possible, theirs, named)
        texts = scaffold.texts(main(left=left), origin, below or "", framework)
        hook = texts.pop(scaffold.HOOKS) if below else ""
        by_hand = _left_to_them(here, texts, given.keep)
        new = {path: text.encode() for path, text in texts.items() if path not in by_hand}
        _refuse_what_is_there(here, new)
        new |= _generate(main(left=left), folder)
        ignored = here.read(scaffold.GITIGNORE)
        lines = scaffold.with_ignored(ignored.data if ignored else b"")
        changes = [Change(path, data, found=None, like=None) for path, data in new.items()]
        if ignored is None or lines != ignored.data:
            changes.append(Change(scaffold.GITIGNORE, lines, found=ignored, like=ignored))
        replace(here, changes)
    left = list(_left_to_do(by_hand, hook, theirs, below, origin, framework))
    if given.json:
        data = {
            "created": [change.path for change in changes if not change.found],
            "extended": [change.path for change in changes if change.found],
            "left_to_do": left,
        }
        print(json.dumps(data, indent=2))
        return 0
    for change in changes:
        print(f"{'extended' if change.found else 'created'} {change.path}")
    for text in left:
        print(f"\n{text}")
    source = [scaffold.SOURCE] if scaffold.PYPROJECT in by_hand else []
    checked = shlex.join(["nixgen", "check", *source])
    git = "git init && " if below is None else ""
    package = framework.package
    print(f"\n{_NEXT.format(rest=begin.next, package=package, check=checked, git=git)}")
    return 0


def _offer_adoption(folder: Path) -> None:
    """Refuse to write an empty fleet where one is there already, which Python can describe.

    Raises:
        FleetError: When there is one; the message says what was found, and what to run.
    """
    from infra_lib.operate.adopt.signs import find_signs

    found = find_signs(folder)
    if not found:
        return
    options = shlex.join([word for sign in found for word in sign.option])
    commands = [*(sign.command for sign in found if sign.command), f"infra adopt {options}"]
    lines = "".join(f"\n    {command}" for command in commands)
    raise FleetError(
        f"there is a fleet here already: {', '.join(sign.what for sign in found)}. To have the "
        f"Python written that describes it:\n{lines}\n\nNothing was written. infra init --empty "
        "writes a fleet of one machine beside it"
    )


def _by_default(option: str) -> str:
    value = next(options[option] for options in _OPTIONS.values() if option in options)
    return f"by default {value}"


def _start(given: Namespace, name: str) -> start.Start:
    """Return what the first machine's cloud has in the fleet.

    Raises:
        FleetError: When an option is another cloud's, or names what there is not.
    """
    _refuse_options_of_others(given)
    options = {
        option: default if getattr(given, option) is None else getattr(given, option)
        for option, default in _OPTIONS[given.cloud].items()
    }
    if given.cloud == "hetzner":
        server_type, location = str(options["server_type"]), str(options["location"])
        _check_sold(server_type, location)
        return start.hetzner(server_type=server_type, location=location)
    zone = str(options["zone"])
    catalog = Catalog()
    if catalog.zone(zone) is None:
        accepted = f'a zone such as "us-central1-b"{nearest(zone, catalog.all_zones())}'
        raise field_error("infra init", "--zone", zone, accepted)
    return start.gcp(project=options["project"] or start.project_from(name), zone=zone)


def _refuse_options_of_others(given: Namespace) -> None:
    """Refuse what the cloud does not have, rather than leave it out unsaid."""
    taken = " and ".join(_flag(option) for option in _OPTIONS[given.cloud])
    for cloud, options in _OPTIONS.items():
        for option in options if cloud != given.cloud else ():
            value = getattr(given, option)
            if value is not None:
                accepted = f"this is for --cloud {cloud}; --cloud {given.cloud} takes {taken}"
                raise field_error("infra init", _flag(option), value, accepted)


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _check_sold(server_type: str, location: str) -> None:
    """Check that a new server of a type can be ordered in a location of Hetzner Cloud."""
    catalog = HetznerCatalog()
    types, locations = catalog.all_server_types(), catalog.all_locations()
    if catalog.location(location) is None:
        accepted = f"a location is one of {', '.join(locations)}"
        raise field_error("infra init", "--location", location, accepted)
    entry = catalog.server_type(server_type)
    if entry is None:
        accepted = f'a server type such as "cpx22"{nearest(server_type, types)}'
        raise field_error("infra init", "--server-type", server_type, accepted)
    if location not in entry.locations:
        there = [each.name for each in types.values() if location in each.locations]
        accepted = (
            f"new ones are not to be had in {location}, where there are {', '.join(there)}; "
            "--server-type names one of these"
        )
        raise field_error("infra init", "--server-type", server_type, accepted)


def _left_out(
    possible: Collection[str], theirs: Collection[str], named: Collection[str]
) -> list[str]:
    """Return the files that the new fleet shall not generate.

    Who has a file of the clan has a clan: half a machine in it would break it.
    """
    left = {*theirs, *named, *(_CLAN if any(path in _CLAN for path in theirs) else ())}
    return [path for path in possible if path in left]


def _left_to_do(
    by_hand: Mapping[str, str],
    hook: str,
    theirs: Collection[str],
    below: str | None,
    origin: scaffold.Origin,
    framework: Framework,
) -> Iterator[str]:
    """Say what people are to look at before they go on."""
    for path, text in by_hand.items():
        yield f"{path} is yours and stays as it is; add to it:\n\n{_indent(text)}"
    if below:
        path = "../" * len(Path(below).parts) + scaffold.HOOKS
        yield f"pre-commit runs at the top of the repository; add to {path}:\n\n{_indent(hook)}"
    if theirs:
        yield (
            f"These are yours, and stay as they are:\n\n{_indent(chr(10).join(theirs))}\n\n"
            "main.py describes nothing of what they hold, so it leaves each out by a line in "
            "files=….\nTo have one generated: describe in main.py all that it holds, take its line "
            "out, and see with\nnixgen diff what of it would go. Only then take it over, with "
            "write --adopt and its path, or that of its folder."
        )
    where = f"requirements.txt and {scaffold.HOOKS}"
    if origin.url is None:
        yield (
            "Nothing says where infra-lib was installed from. Unless your package index has it, "
            f"fill in its address in {where}: infra-lib[{framework.name}] @ git+ADDRESS"
        )
    elif origin.url.startswith("file:"):
        yield f"{where} name {origin.url}, where this was installed from; others may lack it."


def _origin() -> scaffold.Origin:
    """Tell where this package was installed from: what pip notes down by PEP 610."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        note = distribution("infra-lib").read_text("direct_url.json")
    except PackageNotFoundError:
        note = None
    found: dict[str, Any] = json.loads(note) if note else {}
    vcs = found.get("vcs_info", {"vcs": "git", "commit_id": ""})
    if vcs["vcs"] != "git":
        return scaffold.Origin(version=__version__)
    return scaffold.Origin(version=__version__, url=found.get("url"), commit=vcs["commit_id"])


def _generate(main: str, folder: Path) -> dict[str, bytes]:
    """Return the files that the fleet of `main.py` generates, which also checks the fleet."""
    module: dict[str, Any] = {"__name__": "main", "__file__": str(folder / scaffold.MAIN)}
    exec(compile(main, scaffold.MAIN, "exec"), module)  # noqa: S102 - our own text, strings quoted
    fleet = module["fleet"]
    assert isinstance(fleet, Fleet)  # noqa: S101 - the template says so
    rendered = render(fleet.nix_files(), scaffold.SOURCE)
    return {file.path: file.data for file in rendered if isinstance(file, WholeFile)}


def _below(folder: Path) -> str | None:
    """Return a folder as seen from the top of its git repository, "" for that; None without one."""
    for top in (folder, *folder.parents):
        if (top / ".git").exists():
            return "" if top == folder else folder.relative_to(top).as_posix()
    return None


def _refuse_what_would_be_removed(folder: Path) -> None:
    """Refuse to take the place of a fleet that files here were generated from."""
    left_over = plan({}, folder, scaffold.SOURCE, notify=_notify).drift
    if left_over and not (folder / scaffold.MAIN).exists():  # which is in the way itself
        raise FleetError(
            f"in the way: {', '.join(file.path for file in left_over)}, generated from "
            f"{scaffold.SOURCE}, which nixgen write of another fleet would remove; nothing was "
            f"written. Bring back that {scaffold.MAIN}, or move them away"
        )


def _left_to_them(here: Folder, texts: Mapping[str, str], keep: Collection[str]) -> dict[str, str]:
    """Return what people are to add by hand: to pyproject.toml, and to what they want to keep."""
    return {
        path: text
        for path, text in texts.items()
        if (path == scaffold.PYPROJECT or path in keep) and here.read(path) is not None
    }


def _refuse_what_is_there(here: Folder, new: Mapping[str, bytes]) -> None:
    there = [path for path in new if here.read(path) is not None]
    pyproject = here.read(scaffold.PYPROJECT)
    settings = ["[tool.nixgen] in pyproject.toml"] if pyproject and _has_settings(pyproject) else []
    if not there and not settings:
        return
    advice = "".join(f" --keep {path}" for path in there if path in _SHARED)
    raise FleetError(
        f"in the way: {', '.join(there + settings)}; nothing was written. Move that away"
        + (f", or leave it to yourself with{advice}" if advice else "")
    )


def _has_settings(pyproject: ExistingFile) -> bool:
    import tomllib

    try:
        return "nixgen" in tomllib.loads(pyproject.data.decode()).get("tool", {})
    except ValueError as error:
        raise FleetError(f"{scaffold.PYPROJECT}: {error}; nothing was written") from None


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n")


def _notify(message: str) -> None:
    print(f"infra: {message}", file=sys.stderr)
