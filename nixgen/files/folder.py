"""The folder that files are generated into: reading it, searching it, locking it.

Everything below the root is reached through folder handles that refuse symbolic links, so that no
path leads out of it, not even one that changes while we look. Only the root itself may be a link.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.files import handles, paths
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@frozen
class ExistingFile:
    """A regular file as it stands in the folder.

    Attributes:
        data: What it holds.
        stat: Its mode, owner, size and times.
    """

    data: bytes
    stat: os.stat_result

    @property
    def identity(self) -> tuple[int, int]:
        """What tells this file from every other, whatever it is called."""
        return self.stat.st_dev, self.stat.st_ino


@frozen
class Folder:
    """A root folder that is open, or that does not exist.

    Attributes:
        root: Its path, absolute, so that changing the working directory does not matter.
        handle: The descriptor of the folder; None when it does not exist.
    """

    root: Path
    handle: int | None

    def read(self, path: str) -> ExistingFile | None:
        """Return the file at a path, or None when no file is there.

        Raises:
            NixgenError: When something other than a file in folders is there, or it cannot be read.
        """
        with (
            suppress(FileNotFoundError),
            self.open_parent(path) as (folder, name),
            explain_errors(path, folder, name),
        ):
            handle = os.open(name, _FILE, dir_fd=folder)
            try:
                status = os.fstat(handle)
                if stat.S_ISDIR(status.st_mode):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                if not stat.S_ISREG(status.st_mode):
                    raise NixgenError(f"{path} is neither a file nor a folder")
                with os.fdopen(handle, "rb", closefd=False) as file:
                    return ExistingFile(file.read(), status)
            finally:
                os.close(handle)
        return None

    def search(self) -> list[str]:
        """Return the path of each file that could be ours by its name.

        Temporary files and copies that were kept are among them. Symbolic links, folders of other
        tools and what keeps secrets by its name are neither entered nor returned. What cannot be
        read, or lies deeper than the system can look up, is not ours.
        """
        found: list[str] = []
        pending = [""] if self.handle is not None else []
        while pending:
            above = pending.pop()
            folders, files = self._list(above)
            pending += (f"{above}{name}/" for name in folders)
            found += (f"{above}{name}" for name in files)
        return sorted(found)

    def _list(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names in a folder that could lead to a file of ours: folders, and files.

        Args:
            folder: Its path with a slash at the end; empty for the root.
        """
        folders: list[str] = []
        files: list[str] = []
        with suppress(OSError):
            handle = os.open(folder[:-1] or ".", handles.FOLDER | os.O_NOFOLLOW, dir_fd=self.handle)
            try:
                with os.scandir(handle) as entries:
                    for entry in entries:
                        # What vanishes meanwhile, as processes do below /proc, was not ours.
                        try:
                            _sort(entry, folders, files)
                        except OSError:
                            continue
            finally:
                os.close(handle)
        return folders, files

    def head(self, path: str, length: int) -> bytes:
        """Return the first bytes of a file that was searched for; none when it cannot be read."""
        with suppress(OSError):
            handle = os.open(path, _FILE, dir_fd=self.handle)
            try:
                return os.read(handle, length)
            finally:
                os.close(handle)
        return b""

    @contextmanager
    def open_parent(self, path: str, created: list[str] | None = None) -> Iterator[tuple[int, str]]:
        """Open the folder of a path and give its handle and the name in it.

        Args:
            path: Relative to the root.
            created: Folders that are missing are created, and added here; without it they are not
                found.
        """
        if self.handle is None:
            raise FileNotFoundError(path)
        *folders, name = path.split("/")
        handle = os.dup(self.handle)
        try:
            for depth, folder in enumerate(folders, 1):
                above, handle = handle, _enter(handle, folder, "/".join(folders[:depth]), created)
                os.close(above)
            yield handle, name
        finally:
            os.close(handle)


@contextmanager
def open_folder(
    root: Path, *, change: bool = False, notify: Callable[[str], None] = lambda _: None
) -> Iterator[Folder]:
    """Open and lock a root folder: alone to change it, with other readers to read it.

    Args:
        root: The folder. It is created when it is missing and `change` is set.
        change: Whether the folder will be changed.
        notify: Called with a message when it has to wait, or cannot lock.

    Raises:
        NixgenError: When the root is not a folder, or cannot be opened.
    """
    try:
        if change:
            root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, handles.FOLDER)
    except FileNotFoundError:
        yield Folder(root, None)
        return
    except (FileExistsError, NotADirectoryError) as error:
        raise NixgenError(f"root {root} is not a folder") from error
    except OSError as error:
        raise NixgenError(f"root {root}: {error.strerror}") from error
    try:
        handles.lock(handle, root, notify, alone=change)
        yield Folder(root, handle)
    finally:
        os.close(handle)


def _enter(above: int, folder: str, path: str, created: list[str] | None) -> int:
    with explain_errors(path, above, folder):
        try:
            return os.open(folder, handles.FOLDER | os.O_NOFOLLOW, dir_fd=above)
        except FileNotFoundError:
            if created is None:
                raise
        created.append(path)  # first, for an interrupt may come between
        try:
            os.mkdir(folder, dir_fd=above)
        except FileExistsError:
            created.pop()  # somebody else's
        return os.open(folder, handles.FOLDER | os.O_NOFOLLOW, dir_fd=above)


@contextmanager
def explain_errors(path: str, folder: int, name: str) -> Iterator[None]:
    """Turn what the system says of a name into a message about its path.

    FileNotFoundError and FileExistsError stay as they are, for callers to act on.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        with suppress(OSError):
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                raise NixgenError(
                    f"{path} is a symbolic link, and nixgen writes through none"
                ) from error
            if error.errno == errno.ENOTDIR:
                raise NixgenError(f"{path} is a file, where a folder is needed") from error
            if stat.S_ISDIR(mode) and error.errno == errno.EISDIR:
                raise NixgenError(f"{path} is a folder, where a file is needed") from error
        raise NixgenError(f"{path}: {error.strerror}") from error


def _sort(entry: os.DirEntry[str], folders: list[str], files: list[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        if not paths.is_pruned(entry.name):
            folders.append(entry.name)
    elif (
        paths.is_searched(entry.name)
        and entry.is_file(follow_symlinks=False)
        # An empty file has no header. The kernel shows its own so, and reading can change those.
        and (entry.name.startswith(paths.TEMPORARY) or entry.stat(follow_symlinks=False).st_size)
    ):
        files.append(entry.name)


def sibling(path: str, name: str) -> str:
    """Return the path of another name in the folder of a path."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name
