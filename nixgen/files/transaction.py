"""Writing and removing files of a folder, all or none, while others may save the same files.

Whoever renames over a file, or removes it, loses what somebody saved there since he looked. So
nothing is ever overwritten: what is replaced is exchanged with what replaces it, what is removed is
set aside, and what came out is looked at before it is dropped. When it is not what was expected,
it goes back, with everything else. What somebody still writes, through a handle opened before, into
what came out is kept beside the file until the moment it is dropped.

A temporary name with `~` in it stands for what may be somebody's, whole, and says whose; every
other may be half written and is of no worth.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.files import paths, rename
from nixgen.files.folder import ExistingFile, explain_errors, sibling
from nixgen.files.handles import keep_names, write_new
from nixgen.files.interruption import Interrupted, delay_signals
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from nixgen.files.folder import Folder
    from nixgen.files.interruption import DelayedSignals

_UNCHANGED = "all is as before"
_LONGEST = 40  # characters, of 255 bytes that a name can have


@frozen
class Change:
    """A file to be written or removed.

    Attributes:
        path: Relative to the root, with slashes.
        data: What it shall hold; None removes it.
        found: What stands there now; None when nothing does.
        like: Whose mode and owner a new content takes; None for those of a new file.
    """

    path: str
    data: bytes | None
    found: ExistingFile | None
    like: ExistingFile | None


@frozen
class _Step:
    """A change, and the names that it needs in the folder of its file.

    Attributes:
        change: What is to be done.
        staged: What the new content is called while it is written.
        aside: What stands for the new content when it is whole, and for the old one after that.
    """

    change: Change
    staged: str
    aside: str

    @property
    def path_aside(self) -> str:
        """The path of what is set aside."""
        return sibling(self.change.path, self.aside)


def replace(here: Folder, changes: Sequence[Change]) -> list[str]:
    """Write and remove files in this order, all or none.

    Every new content is on the disk before the first file gets its name, and each file gets it in
    one step, so that a kill leaves every file whole. A signal that asks to end has all undone.

    Args:
        here: The folder, opened to be changed.
        changes: What is to be done.

    Returns:
        Paths of copies of what somebody saved too late for all to be undone, but not too late to be
        kept.

    Raises:
        NixgenError: When a file cannot be written, or changed since it was read; all is as
            before then.
        Interrupted: When a signal came; its message says what became of the changes.
    """
    steps = [_make_step(here, change, number) for number, change in enumerate(changes)]
    created: list[str] = []
    begun: set[str] = set()
    kept: list[str] = []
    with delay_signals() as signals:
        try:
            _carry_out(here, steps, created, begun, signals)
        except BaseException as error:
            _undo_all(here, steps, created, begun, kept)
            if kept and isinstance(error, Interrupted):
                raise Interrupted(error.number, _UNCHANGED + _kept_note(kept)) from error
            if kept and isinstance(error, NixgenError):
                raise NixgenError(f"{error}{_kept_note(kept)}") from error
            raise
        for step in steps:
            if step.change.found:
                _drop(here, step, kept)
        for change in changes:
            if change.data is None:
                _discard_empty_folders(here, change.path)
        signals.raise_pending("every file is written" + _kept_note(kept))
    return kept


def clean(here: Folder, found: Iterable[str], is_worthless: Callable[[bytes], bool]) -> None:
    """Remove what a killed run left behind; only who holds the lock may.

    Args:
        here: The folder, opened to be changed.
        found: Paths of the files that there are.
        is_worthless: Whether a content can be generated anew.
    """
    ours = _prefix(here)
    for path in found:
        name = path.rpartition("/")[2]
        if not name.startswith(ours):
            continue
        old = name.partition("~")[2]
        with suppress(OSError, NixgenError):
            if old and (file := here.read(path)) and not is_worthless(file.data):
                _keep(here, path, sibling(path, old), [])
            else:
                _discard(here, path)


def _make_step(here: Folder, change: Change, number: int) -> _Step:
    # The number of the process has the names differ from those that a kill may have left behind.
    staged = f"{_prefix(here)}{os.getpid():x}-{number}"
    name = change.path.rpartition("/")[2][:_LONGEST]
    return _Step(change, staged, f"{staged}~{name}" if change.found else staged)


def _prefix(here: Folder) -> str:
    """Return what our temporary names start with; those of a root inside this one differ."""
    return f"{paths.TEMPORARY}{here.root.stat().st_ino:x}-"


def _carry_out(
    here: Folder,
    steps: Sequence[_Step],
    created: list[str],
    begun: set[str],
    signals: DelayedSignals,
) -> None:
    for step in steps:
        if step.change.data is not None:
            _stage(here, step, step.change.data, created)
        signals.raise_pending(_UNCHANGED)
    for step in steps:
        begun.add(step.staged)
        try:
            _settle(here, step)
        except FileExistsError:
            begun.remove(step.staged)  # what is there is somebody's, whatever it holds
            raise _change_error(step.change.path) from None
        except FileNotFoundError:
            raise _change_error(step.change.path) from None
        signals.raise_pending(_UNCHANGED)
    # What comes out is dropped only when what went in is there after a power failure too.
    for folder in sorted({path.rpartition("/")[0] for path in (*_paths(steps), *created)}):
        _synchronize(here, folder)
    signals.raise_pending(_UNCHANGED)


def _stage(here: Folder, step: _Step, data: bytes, created: list[str]) -> None:
    """Put a new content on the disk beside the file that it is for."""
    path = step.change.path
    with here.open_parent(path, created) as (folder, name), explain_errors(path, folder, name):
        like = step.change.like
        write_new(folder, step.staged, data, 0o644, like=like.stat if like else None)
        if step.aside != step.staged:
            os.rename(step.staged, step.aside, src_dir_fd=folder, dst_dir_fd=folder)


def _settle(here: Folder, step: _Step) -> None:
    """Give a path its staged content, or set what it has aside.

    Raises:
        FileExistsError: When something stands where nothing was.
        FileNotFoundError: When nothing stands where something was.
        NixgenError: When something else stands there than was expected.
    """
    change = step.change
    with here.open_parent(change.path) as (folder, name), explain_errors(change.path, folder, name):
        if change.found is None:
            rename.move(step.aside, name, folder)
        elif change.data is None:
            os.rename(name, step.aside, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            rename.exchange(step.aside, name, step.staged, folder)
    if change.found and not _holds(here, step.path_aside, change.found.data):
        raise _change_error(change.path)


def _undo_all(
    here: Folder,
    steps: Sequence[_Step],
    created: Sequence[str],
    begun: Collection[str],
    kept: list[str],
) -> None:
    lost: list[bytes] = []
    for step in reversed(steps):
        change = step.change
        if step.staged not in begun:
            _discard(here, sibling(change.path, step.staged))
            _discard(here, step.path_aside)
        elif change.found is None and change.data in lost:
            continue  # a copy stays when what it was made of could not be brought back
        elif not _undo(here, step, kept) and change.found:
            lost.append(change.found.data)
    for path in reversed(created):
        _discard_folder(here, path)


def _undo(here: Folder, step: _Step, kept: list[str]) -> bool:
    """Bring back what a change replaced, unless somebody saved something else there since.

    Returns:
        Whether it is there again, or was never elsewhere.
    """
    change, aside = step.change, step.path_aside
    back = False
    with (
        suppress(OSError, NixgenError),
        here.open_parent(change.path) as (folder, name),
    ):
        if change.found is None:
            _discard(here, aside)  # never somebody's, unlike what stands at the path now
            if not _holds(here, change.path, change.data):
                return True
            os.rename(name, step.aside, src_dir_fd=folder, dst_dir_fd=folder)
        elif not _exists(step.aside, folder):
            return True
        elif change.data is None:
            with suppress(FileExistsError):
                rename.move(step.aside, name, folder)
                return True
        elif not _holds(here, aside, change.data) and _holds(here, change.path, change.data):
            rename.exchange(step.aside, name, step.staged, folder)
            back = True
        if _holds(here, aside, change.data):
            _discard(here, aside)
            return True
        if change.found is None:
            rename.move(step.aside, name, folder)
            return True
    _drop(here, step, kept)
    return back


def _drop(here: Folder, step: _Step, kept: list[str]) -> None:
    """Remove what was set aside; keep it when it is not what was expected."""
    change, aside = step.change, step.path_aside
    if _holds(here, aside, change.found.data if change.found else None):
        _discard(here, aside)
    else:
        with suppress(OSError, NixgenError):
            _keep(here, aside, change.path, kept)


def _keep(here: Folder, aside: str, path: str, kept: list[str]) -> None:
    """Give what was set aside the name of a copy of a path, unless there is such a copy."""
    for copy in paths.copies(path):
        try:
            with here.open_parent(aside) as (folder, name):
                rename.move(name, copy.rpartition("/")[2], folder)
        except FileExistsError:
            if not _same(here, aside, copy):
                continue
            _discard(here, aside)
        except FileNotFoundError:
            return
        kept.append(copy)
        return


def _kept_note(kept: Sequence[str]) -> str:
    return f"; what somebody saved meanwhile is kept as {', '.join(kept)}" if kept else ""


def _change_error(path: str) -> NixgenError:
    return NixgenError(f"{path}: it was changed meanwhile by someone else; run it again")


def _paths(steps: Iterable[_Step]) -> Iterable[str]:
    return (step.change.path for step in steps)


def _holds(here: Folder, path: str, data: bytes | None) -> bool:
    """Tell whether a path holds just that; what cannot be read holds something else."""
    return data is not None and _read(here, path) == data


def _same(here: Folder, one: str, other: str) -> bool:
    return _holds(here, one, _read(here, other))


def _read(here: Folder, path: str) -> bytes | None:
    with suppress(OSError, NixgenError):
        found = here.read(path)
        return found.data if found else None
    return None


def _exists(name: str, folder: int) -> bool:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def _synchronize(here: Folder, folder: str) -> None:
    """Have the names of a folder on the disk."""
    with here.open_parent(f"{folder}/." if folder else ".") as (handle, _):
        try:
            keep_names(handle)
        except OSError as error:
            raise NixgenError(f"{folder or here.root}: {error.strerror}") from error


def _discard(here: Folder, path: str) -> None:
    with suppress(OSError, NixgenError), here.open_parent(path) as (folder, name):
        os.unlink(name, dir_fd=folder)


def _discard_folder(here: Folder, path: str) -> bool:
    with suppress(OSError, NixgenError), here.open_parent(path) as (folder, name):
        os.rmdir(name, dir_fd=folder)
        return True
    return False


def _discard_empty_folders(here: Folder, path: str) -> None:
    folder = path.rpartition("/")[0]
    while folder and _discard_folder(here, folder):
        folder = folder.rpartition("/")[0]
