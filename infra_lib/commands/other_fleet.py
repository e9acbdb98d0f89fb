"""Another fleet than the one of now: that of a revision of git, or of another source.

A process of its own loads it, so that none of its modules is mixed up with those of now, and hands
over what a function makes of it.
"""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from infra_lib.commands.load import load_for
from infra_lib.model.errors import FleetError
from infra_lib.model.wording import listed
from infra_lib.operate.git_revision import Revision, find_revision, write_files
from infra_lib.operate.other_tree import use_tree
from nixgen.errors import NixgenError
from nixgen.files.interruption import raise_signals
from nixgen.files.isolation import started_in_child
from nixgen.files.settings import read_settings
from nixgen.files.source import SourceNotFoundError, split_source
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra_lib.fleet import Fleet
    from nixgen.files.settings import Settings

    Use = Callable[[Fleet], Any]

_LISTED = 3  # paths that are named, of those that are missing


@frozen(kw_only=True)
class Other:
    """Which other fleet is meant. It is of a source, or else of a revision.

    Attributes:
        source: The source: "other:fleet".
        revision: The revision.
    """

    source: str | None = None
    revision: Revision | None = None

    @property
    def text(self) -> str:
        """What it is, for people: "HEAD (0bfd88271dbd)"."""
        return self.revision.text if self.revision else self.source or ""

    def data(self, missing: str = "") -> dict[str, str | None]:
        """Return what it is, for programs: `source`, `revision`, `commit` and `missing`.

        Args:
            missing: Why there is no fleet; empty where there is one.
        """
        return {
            "source": self.source,
            "revision": self.revision.name if self.revision else None,
            "commit": self.revision.commit if self.revision else None,
            "missing": missing or None,
        }


@frozen
class Loaded:
    """What a function made of another fleet.

    Attributes:
        made: What it returned, as JSON has that; None where there is no fleet.
        missing: Why there is no fleet; empty where there is one.
    """

    made: Any
    missing: str = ""


def find_other(word: str, settings: Settings) -> Other:
    """Return which fleet is meant by a word: that of a source, or else of a revision.

    Args:
        word: `module:attribute`, or what git takes for a commit.
        settings: Where the fleet is described now.

    Raises:
        FleetError: When it is no source, and no commit is called so.
    """
    if is_source(word):
        return Other(source=word)
    return Other(revision=find_revision(settings.project, word))


def load_other(other: Other, settings: Settings, source: str | None, use: Use) -> Loaded:
    """Return what a function makes of another fleet; see `loading_other`."""
    with loading_other(other, settings, source, use) as wait:
        return wait()


@contextmanager
def loading_other(
    other: Other, settings: Settings, source: str | None, use: Use
) -> Iterator[Callable[[], Loaded]]:
    """Have a process of its own make something of another fleet, while this one goes on.

    Call it while no module of the fleet of now is loaded.

    Args:
        other: Which fleet.
        settings: Where the fleet is described now, and the source that is loaded now.
        source: The source that was asked for; None for what the pyproject.toml of a revision says.
        use: The function; what it returns can be written as JSON.

    Yields:
        A function that waits for it, and returns it.

    Raises:
        FleetError: When there is no such source, or git cannot read the revision.
        NixgenError: When the fleet cannot be loaded.
    """
    if other.revision is not None:
        with _of_revision(other.revision, settings, source, use) as loaded:
            yield loaded
        return
    word = other.source or settings.source
    with _loading(lambda: (word, settings.project), use, f"source {word}") as loaded:

        def found() -> Loaded:
            made = loaded()
            if made.missing:
                raise FleetError(made.missing)
            return made

        yield found


def is_source(word: str) -> bool:
    """Whether a word is one that names a source: `module:attribute`."""
    try:
        split_source(word)
    except NixgenError:
        return False
    return True


@contextmanager
def _of_revision(
    revision: Revision, settings: Settings, source: str | None, use: Use
) -> Iterator[Callable[[], Loaded]]:
    # The folder goes away whatever ends this.
    with (
        raise_signals("nothing was compared"),
        TemporaryDirectory(prefix="infra-fleet-") as private,
    ):
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

        with _loading(enter, use, f"revision {revision.text}", tree) as loaded:
            yield loaded


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


@contextmanager
def _loading(
    prepare: Callable[[], tuple[str, Path]], use: Use, where: str, tree: Path | None = None
) -> Iterator[Callable[[], Loaded]]:
    """Have a process of its own load a fleet, and yield what waits for what a function makes of it.

    Args:
        prepare: Is called in that process, and returns the source and the project's folder.
        use: The function.
        where: What is loaded, for messages.
        tree: The folder that is not to be named in messages.

    Raises:
        NixgenError: When it cannot be loaded.
    """

    def work() -> bytes:
        warnings.simplefilter("ignore")  # which are of the other fleet
        try:
            return json.dumps({"made": load_for(*prepare(), use)}).encode()
        except SourceNotFoundError as error:
            return json.dumps({"missing": str(error)}).encode()
        except (NixgenError, FleetError, OSError) as error:
            if os.environ.get("INFRA_DEBUG") == "1":
                from traceback import print_exception

                print_exception(error)
            return json.dumps({"problem": str(error)}).encode()

    with started_in_child(work, where) as returned:

        def loaded() -> Loaded:
            said = json.loads(returned())
            for key in ("missing", "problem"):
                if tree and key in said:
                    said[key] = said[key].replace(f"{tree}/", "").replace(str(tree), ".")
            if "problem" in said:
                raise NixgenError(f"{where}: {said['problem']}" if tree else said["problem"])
            return Loaded(said.get("made"), said.get("missing", ""))

        yield loaded
