"""`infra cost --diff`: what the fleet costs more or less than in a revision, or than another."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from infra_lib.commands.load import find_source, load_fleet, load_for, take_source
from infra_lib.model.errors import FleetError
from infra_lib.model.wording import listed
from infra_lib.operate.cost_data import cost_data, further_notes, price_sources
from infra_lib.operate.cost_diff import as_data, compare
from infra_lib.operate.cost_diff_text import as_markdown, as_text
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.git_revision import find_revision, write_files
from infra_lib.operate.other_tree import use_tree
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.style import paint_for
from infra_lib.operate.table import terminal_width
from infra_lib.terraform.printing import show
from nixgen.errors import NixgenError
from nixgen.files.interruption import raise_signals
from nixgen.files.isolation import run_in_child
from nixgen.files.settings import read_settings
from nixgen.files.source import SourceNotFoundError, split_source
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from infra_lib.operate.git_revision import Revision
    from nixgen.files.settings import Settings

_LISTED = 3  # paths that are named, of those that are missing


@frozen(kw_only=True)
class Other:
    """What a fleet is compared with.

    Attributes:
        text: What it is, for people.
        data: What it is, for programs.
        costs: What that fleet costs, as `cost_data` has it; None where there is no fleet.
        missing: Why there is no fleet; empty where there is one.
    """

    text: str
    data: Mapping[str, str | None]
    costs: Mapping[str, Any] | None
    missing: str = ""


def run_diff(given: Namespace) -> int:
    """Print the difference.

    Returns:
        1 when the fleet costs more than its budget, or nobody can tell; 0 otherwise.
    """
    take_source(given)
    if given.diff is None:
        raise FleetError("--markdown is how --diff prints: give both")
    for option, said in _of_the_list(given).items():
        if said:
            raise FleetError(f"{option}: --diff compares whole fleets, so leave one of the two out")
    if given.json and given.markdown:
        raise FleetError("--json and --markdown: one of them is accepted")
    settings = find_source(given.source)
    # First, while no module of the fleet's is loaded.
    other = _fleet_of_source(given.diff, settings) or _fleet_of_revision(
        find_revision(settings.project, given.diff), settings, given.source
    )
    fleet = load_fleet(given.source)
    diff = compare(other.costs, cost_data(fleet))
    problem = over_budget(fleet, otherwise="")
    notes = [f"No fleet is there, so that all is new: {other.missing}"] if other.missing else []
    further = further_notes(fleet)
    if given.json:
        print(json.dumps(as_data(diff, other.data, problem), indent=2))
    elif given.markdown:
        said = [*notes, *([problem] if problem else [])]
        print(as_markdown(diff, other.text, said, of_clouds=further))
    else:
        text = as_text(
            diff, other.text, notes, terminal_width(), of_clouds=further, paint=paint_for()
        )
        show(f"{text}\n")
    if problem:
        print(f"infra: {problem}", file=sys.stderr)
    warn_of_old_prices(price_sources(fleet))
    return 1 if problem else 0


def _of_the_list(given: Namespace) -> dict[str, object]:
    """Return what is said of options that choose what `infra cost` lists, by their names."""
    return {
        "--by": given.by != "machine",
        "--sort": given.sort,
        "--reverse": given.reverse,
        "NAME": given.names,
        "--tag": given.tag,
        "--state": given.state,
        "--cloud": given.cloud,
        "--committed-use": given.committed_use,
    }


def _fleet_of_source(word: str, settings: Settings) -> Other | None:
    """Return what the fleet of another source costs; None for a word that is no source."""
    try:
        split_source(word)
    except NixgenError:
        return None
    found = _costs(lambda: (word, settings.project), f"source {word}")
    if found.missing:
        raise FleetError(found.missing)
    return Other(
        text=word,
        data={"source": word, "revision": None, "commit": None, "missing": None},
        costs=found.costs,
    )


def _fleet_of_revision(revision: Revision, settings: Settings, source: str | None) -> Other:
    """Return what the fleet cost that a revision describes, at the prices of now.

    Args:
        revision: The revision.
        settings: Where the fleet is described now, and the source that is loaded now.
        source: The source that was asked for; None for what the pyproject.toml of then says.
    """
    # The folder goes away whatever ends this.
    with raise_signals("nothing was compared"), TemporaryDirectory(prefix="infra-cost-") as private:
        tree = Path(private).resolve()
        missing = write_files(revision, tree)
        if missing:
            warnings.warn(
                f"revision {revision.text}: not in this clone, and left out: "
                f"{listed(missing, _LISTED)}",
                stacklevel=1,
            )

        def enter() -> tuple[str, Path]:
            folder = _same_folder(tree, revision.top, settings.project)
            use_tree(tree, revision.top, folder)
            then = read_settings(folder)
            if not then.project.is_relative_to(tree):
                return source or settings.source, folder
            return source or then.source or settings.source, then.project

        found = _costs(enter, f"revision {revision.text}", tree)
    return Other(
        text=revision.text,
        data={
            "source": None,
            "revision": revision.name,
            "commit": revision.commit,
            "missing": found.missing or None,
        },
        costs=found.costs,
        missing=found.missing,
    )


def _same_folder(tree: Path, top: Path, project: Path) -> Path:
    """Return the folder of a copy that this process's is, or else the nearest in the project.

    Raises:
        SourceNotFoundError: When the project's folder is not in the copy.
    """
    project, folder = project.resolve(), Path.cwd().resolve()
    for here in (folder, *folder.parents):
        if not here.is_relative_to(project):
            break
        if (tree / here.relative_to(top)).is_dir():
            return tree / here.relative_to(top)
    raise SourceNotFoundError(f"there is no folder {project.relative_to(top)}")


@frozen
class _Found:
    costs: Mapping[str, Any] | None
    missing: str = ""


def _costs(prepare: Callable[[], tuple[str, Path]], where: str, tree: Path | None = None) -> _Found:
    """Return what a fleet costs, which a process of its own loads.

    Args:
        prepare: Is called in that process, and returns the source and the project's folder.
        where: What is loaded, for messages.
        tree: The folder that is not to be named in messages.

    Raises:
        NixgenError: When it cannot be loaded.
    """

    def work() -> bytes:
        warnings.simplefilter("ignore")  # which are of the other fleet
        try:
            return json.dumps({"costs": load_for(*prepare(), cost_data)}).encode()
        except SourceNotFoundError as error:
            return json.dumps({"missing": str(error)}).encode()
        except (NixgenError, FleetError, OSError) as error:
            if os.environ.get("INFRA_DEBUG") == "1":
                from traceback import print_exception

                print_exception(error)
            return json.dumps({"problem": str(error)}).encode()

    said = json.loads(run_in_child(work, where))
    for key in ("missing", "problem"):
        if tree and key in said:
            said[key] = said[key].replace(f"{tree}/", "").replace(str(tree), ".")
    if "problem" in said:
        raise NixgenError(f"{where}: {said['problem']}" if tree else said["problem"])
    return _Found(said.get("costs"), said.get("missing", ""))
