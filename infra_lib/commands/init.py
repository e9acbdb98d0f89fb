"""`infra init`: the smallest complete setup, in an empty folder or an existing repository."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nixgen import outputs, tree

from .. import __version__, check, scaffold
from ..catalog import CATALOG
from ..errors import FleetError, refuse
from ..fleet import Fleet

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Collection, Mapping

# What people may have already; the rest of a setup is ours or it is none.
_SHARED = ("cdktf.json", "requirements.txt", ".pre-commit-config.yaml")

_NEXT = """\
Next, in a virtual environment:

    pip install -r requirements.txt pre-commit
    npx --yes cdktf-cli@0.21 synth
    {check}
    {git}pre-commit install

main.py says the rest. Project {project!r} is to exist; machines are installed by whoever has a key
in GcpProject(ssh_keys=(…,)). A change of main.py reaches the Nix files with: nixgen write"""


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
        "--project", help="the Google Cloud project's ID; by default the fleet's name"
    )
    parser.add_argument(
        "--zone",
        default="us-central1-b",
        help="the zone of the first machine; by default %(default)s",
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=_SHARED,
        help="leave this file to you when it is there, and print what it would have held",
    )


def run(given: Namespace) -> int:
    """Write everything, or say what is in the way and write nothing."""
    folder = Path.cwd()
    name = given.name or scaffold.name_from(folder.name)
    check.name("infra init", "--name", name)
    if CATALOG.zone(given.zone) is None:
        raise refuse("infra init", "--zone", given.zone, 'a zone such as "us-central1-b"')
    project = given.project or scaffold.project_from(name)
    main = scaffold.main_text(
        name=name, domain=given.domain or name, project=project, zone=given.zone
    )
    texts = scaffold.texts(main, _origin())
    generated = _generated(main, folder)
    with tree.opened(folder, change=True, notify=_notify) as here:
        by_hand = _left_to_them(here, texts, given.keep)
        new = {
            path: text.encode() for path, text in texts.items() if path not in by_hand
        } | generated
        _refuse_what_is_there(here, new)
        ignored = here.read(scaffold.GITIGNORE)
        lines = scaffold.with_ignored(ignored.data if ignored else b"")
        changes = [tree.Change(path, data, found=None, like=None) for path, data in new.items()]
        if ignored is None or lines != ignored.data:
            changes.append(tree.Change(scaffold.GITIGNORE, lines, found=ignored, like=ignored))
        here.replace(changes)
    for change in changes:
        print(f"{'extended' if change.found else 'created'} {change.path}")
    for path, text in by_hand.items():
        print(f"\n{path} is yours and stays as it is; add to it:\n\n{_indented(text)}")
    check_command = "nixgen check"
    if scaffold.PYPROJECT in by_hand:
        check_command += f" {scaffold.SOURCE}"
    git = "" if _in_git(folder) else "git init && "
    print(f"\n{_NEXT.format(project=project, check=check_command, git=git)}")
    return 0


def _origin() -> scaffold.Origin:
    """Tell where this package was installed from: what pip notes down by PEP 610."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        note = distribution("infra-lib").read_text("direct_url.json")
    except PackageNotFoundError:
        note = None
    found: dict[str, Any] = json.loads(note) if note else {}
    git = found.get("vcs_info", {})
    if git.get("vcs") != "git":
        return scaffold.Origin(version=__version__)
    return scaffold.Origin(version=__version__, url=found["url"], commit=git["commit_id"])


def _generated(main: str, folder: Path) -> dict[str, bytes]:
    """Return the files that the fleet of `main.py` generates, which also checks the fleet."""
    module: dict[str, Any] = {"__name__": "main", "__file__": str(folder / scaffold.MAIN)}
    exec(compile(main, scaffold.MAIN, "exec"), module)  # noqa: S102 - our own text, strings quoted
    fleet = module["fleet"]
    assert isinstance(fleet, Fleet)  # noqa: S101 - the template says so
    files = outputs.render(fleet.nix_files(), scaffold.SOURCE)
    return {file.path: file.data for file in files if isinstance(file, outputs.WholeFile)}


def _in_git(folder: Path) -> bool:
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def _left_to_them(
    here: tree.Tree, texts: Mapping[str, str], keep: Collection[str]
) -> dict[str, str]:
    """Return what people are to add by hand: to pyproject.toml, and to what they want to keep."""
    return {
        path: text
        for path, text in texts.items()
        if (path == scaffold.PYPROJECT or path in keep) and here.read(path) is not None
    }


def _refuse_what_is_there(here: tree.Tree, new: Mapping[str, bytes]) -> None:
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


def _has_settings(pyproject: tree.Found) -> bool:
    import tomllib

    try:
        return "nixgen" in tomllib.loads(pyproject.data.decode()).get("tool", {})
    except ValueError as error:
        raise FleetError(f"{scaffold.PYPROJECT}: {error}; nothing was written") from None


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n")


def _notify(message: str) -> None:
    print(f"infra: {message}", file=sys.stderr)
