"""`infra diff`: what a change of the fleet does, before anybody deploys it."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from infra_lib.commands.load import find_source, load_fleet
from infra_lib.commands.other_fleet import (
    Loaded,
    Other,
    find_other,
    is_source,
    load_other,
    loading_other,
)
from infra_lib.model.errors import FleetError
from infra_lib.operate.cost_data import further_notes, price_sources
from infra_lib.operate.diff.side import pack, side_of, unpack
from infra_lib.operate.git_revision import find_merge_base
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.style import Paint, paint_for
from infra_lib.operate.table import terminal_width
from infra_lib.terraform.printing import show
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from infra_lib.fleet import Fleet
    from nixgen.files.settings import Settings

_WORK_TREE = {"source": None, "revision": None, "commit": None, "missing": None}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "range",
        nargs="?",
        default="HEAD",
        metavar="REVISION",
        help="what to compare with: a revision of git (HEAD where none is named), or another "
        "fleet: other:fleet. REV..REV compares two, and REV...REV the second with where it left "
        "the first; otherwise it is the work tree that is compared",
    )
    parser.add_argument(
        "--source", metavar="SOURCE", help="where the fleet is described: main:fleet"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--markdown", action="store_true", help="print it for a pull request, differences folded in"
    )
    parser.add_argument(
        "--files",
        action="store_true",
        help="show the differences of generated files, as -v does, too",
    )


def run(given: Namespace) -> int:
    """Print what is between two versions of the fleet.

    Returns:
        1 when a disk is lost, the change is refused or over the budget; 0 otherwise.
    """
    settings = find_source(given.source)
    # What both processes need is loaded once, before there are two.
    import_module("infra_lib.nix.all_files")
    import_module("nixgen.render")
    first, second = _ends(given.range, settings)
    comparison = _Comparison(
        first=first,
        second=second,
        form="json" if given.json else "markdown" if given.markdown else "text",
        files=given.files or given.verbose,
        width=terminal_width(),
        paint=paint_for(),
    )

    def packed(fleet: Fleet) -> dict[str, Any]:
        return pack(side_of(fleet))

    # First, while no module of the fleet's is loaded.
    if second is None:
        with loading_other(first, settings, given.source, packed) as before:
            # Meanwhile, and it is half of what there is to do.
            import_module("infra_lib.operate.diff.text")
            fleet = load_fleet(given.source)
            done = comparison.of(fleet, before)
        warn_of_old_prices(price_sources(fleet))
    else:
        loaded = load_other(first, settings, given.source, packed)
        after = load_other(
            second, settings, given.source, lambda fleet: comparison.of(fleet, lambda: loaded)
        )
        if after.missing:
            raise FleetError(f"revision {second.text}: no fleet is there: {after.missing}")
        done = after.made
    if comparison.form == "text":
        show(f"{done['out']}\n")
    else:
        print(done["out"])
    for problem in done["problems"]:
        print(f"infra: {problem}", file=sys.stderr)
    return 1 if done["problems"] else 0


@frozen(kw_only=True)
class _Comparison:
    """What is printed of another version of the fleet than the one before.

    Attributes:
        first: Which one that is.
        second: Which one is compared with it; None for the work tree.
        form: How it is printed: "text", "markdown" or "json".
        files: Whether the differences of files are shown.
        width: How wide lines may be.
        paint: Gives texts the looks of their tones.
    """

    first: Other
    second: Other | None
    form: str
    files: bool
    width: int | None
    paint: Paint

    def of(self, fleet: Fleet, before: Callable[[], Loaded]) -> dict[str, Any]:
        """Return what to print: `out`, and `problems`, each a line for stderr.

        Args:
            fleet: The version after.
            before: Returns the version before, packed.
        """
        from infra_lib.operate.diff.data import as_data
        from infra_lib.operate.diff.fleet_diff import compare
        from infra_lib.operate.diff.markdown import as_markdown
        from infra_lib.operate.diff.text import as_text

        after_side = side_of(fleet)
        loaded = before()
        made, missing = loaded.made, loaded.missing
        diff = compare(None if made is None else unpack(made), after_side, fleet)
        if self.form == "json":
            after = self.second.data() if self.second else _WORK_TREE
            data = as_data(diff, self.first.data(missing), after, files=self.files)
            return {"out": json.dumps(data, indent=2), "problems": diff.problems}
        against = self.first.text
        between = f"from {against} to {self.second.text}" if self.second else f"against {against}"
        notes = [f"No fleet is there before, so that all is new: {missing}"] if missing else []
        of_clouds = further_notes(fleet)
        if self.form == "markdown":
            out = as_markdown(diff, between, against, notes=notes, of_clouds=of_clouds)
        else:
            out = as_text(
                diff,
                between,
                against,
                notes=notes,
                of_clouds=of_clouds,
                width=self.width,
                files=self.files,
                paint=self.paint,
            )
        return {"out": out, "problems": diff.problems}


def _ends(word: str, settings: Settings) -> tuple[Other, Other | None]:
    """Return which versions are compared; None for the work tree.

    As git has it, a side of a range that is left out is HEAD.

    Raises:
        FleetError: When there is no such source, or no such commit.
    """
    if is_source(word) or ".." not in word:
        return find_other(word, settings), None
    dots = "..." if "..." in word else ".."
    one, other = (find_other(side or "HEAD", settings) for side in word.split(dots, maxsplit=1))
    if dots == "...":
        if one.revision is None or other.revision is None:
            raise FleetError(f"{word!r}: sources have no commit in common: .. compares them")
        one = Other(revision=find_merge_base(one.revision, other.revision))
    return one, other
