"""The folder that files are generated into: reading it, searching it, changing it all or nothing.

Everything below the root is reached through folder handles that refuse symbolic links, so that no
path leads out of it, not even one that changes while we look. Only the root itself may be a link.
"""

import errno
import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nixgen import paths
from nixgen.errors import NixgenError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@frozen
class Found:
    """A regular file as it stands in the tree.

    Attributes:
        data: What it holds.
        status: Its mode, owner, size and times.
    """

    data: bytes
    status: os.stat_result

    @property
    def identity(self) -> tuple[int, int]:
        """What tells this file from every other, whatever it is called."""
        return self.status.st_dev, self.status.st_ino


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
    found: Found | None
    like: Found | None


@frozen
class Tree:
    """A root folder that is open, or that does not exist.

    Attributes:
        root: Its path, absolute, so that changing the working directory does not matter.
        handle: The descriptor of the folder; None when there is none.
    """

    root: "Path"
    handle: int | None

    def read(self, path: str) -> Found | None:
        """Return the file at a path, or None when there is none.

        Raises:
            NixgenError: When something other than a file in folders is there, or it cannot be read.
        """
        with (
            suppress(FileNotFoundError),
            self._parent(path) as (folder, name),
            _named(path, folder, name),
        ):
            handle = os.open(name, _FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise NixgenError(f"{path} is neither a file nor a folder")
                return Found(file.read(), status)
        return None

    def search(self) -> list[str]:
        """Return the path of each file that could be ours by its name, temporary ones included.

        Symbolic links and folders of other tools are not entered; what cannot be read is not ours.
        """
        found = []
        pending = [""] if self.handle is not None else []
        while pending:
            folder = pending.pop()
            with (
                suppress(PermissionError, FileNotFoundError),
                os.scandir(f"{self.root}/{folder}") as entries,
            ):
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in paths.PRUNED:
                            pending.append(f"{folder}{entry.name}/")
                    elif (
                        paths.ending(entry.name) in paths.ENDINGS
                        or entry.name.startswith(paths.TEMPORARY)
                    ) and entry.is_file(follow_symlinks=False):
                        found.append(f"{folder}{entry.name}")
        return sorted(found)

    def head(self, path: str, length: int) -> bytes:
        """Return the first bytes of a file that was searched for; none when it cannot be read."""
        with suppress(OSError):
            handle = os.open(f"{self.root}/{path}", _FILE)
            try:
                return os.read(handle, length)
            finally:
                os.close(handle)
        return b""

    def clean(self, found: "Iterable[str]") -> None:
        """Remove what a killed run left behind; only who holds the lock may.

        Args:
            found: What `search` returned.
        """
        ours = self._temporary()
        for path in found:
            if path.rpartition("/")[2].startswith(ours):
                self._discard(path)

    def replace(self, changes: "Sequence[Change]") -> None:
        """Write and remove files in this order, all or none.

        Every new content is on the disk before the first file is renamed to its place, and each
        rename is one step, so that a kill leaves every file whole.

        Raises:
            NixgenError: When a file cannot be written, or changed since it was read; all is as
                before then.
        """
        prefix = self._temporary()
        steps = [(change, f"{prefix}{number}") for number, change in enumerate(changes)]
        made: list[str] = []
        begun = 0
        try:
            for change, temporary in steps:
                if change.data is not None:
                    self._stage(change.path, temporary, change.data, change.like, made)
            for change, temporary in steps:
                self._expect(change)
                begun += 1
                self._settle(change.path, temporary if change.data is not None else None)
            for change in changes:
                if change.data is None:
                    self._discard_empty_folders(change.path)
        except BaseException:
            for change, temporary in steps:
                self._discard(_beside(change.path, temporary))
            lost: list[bytes] = []
            for change, temporary in reversed(steps[:begun]):
                if change.found is None and change.data in lost:
                    continue  # a copy stays when what it was made of could not be brought back
                if not self._undo(change, temporary) and change.found:
                    lost.append(change.found.data)
            for path in reversed(made):
                self._discard_folder(path)
            raise

    def _stage(
        self, path: str, temporary: str, data: bytes, like: Found | None, made: list[str]
    ) -> None:
        """Put a new content on the disk beside the file that it is for."""
        with self._parent(path, made) as (folder, name), _named(path, folder, name):
            handle = os.open(temporary, _NEW, 0o644, dir_fd=folder)
            try:
                if like is not None:
                    _resemble(handle, like.status)
                left = memoryview(data)
                while left:
                    left = left[os.write(handle, left) :]
                os.fsync(handle)
            finally:
                os.close(handle)

    def _settle(self, path: str, temporary: str | None) -> None:
        """Give a path its staged content, or remove it."""
        with self._parent(path) as (folder, name), _named(path, folder, name):
            if temporary is None:
                os.unlink(name, dir_fd=folder)
            else:
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _undo(self, change: Change, temporary: str) -> bool:
        """Bring back what a change replaced, unless somebody saved something else there since.

        Returns:
            Whether all is as before.
        """
        before = change.found and change.found.data
        with suppress(OSError, NixgenError):
            now = self.read(change.path)
            if (now and now.data) != change.data:
                return (now and now.data) == before
            if change.found is None:
                self._discard(change.path)
            else:
                self._stage(change.path, temporary, change.found.data, change.found, [])
                self._settle(change.path, temporary)
            return True
        return False

    def _expect(self, change: Change) -> None:
        """Refuse to lose what was saved while we worked."""
        now = None
        with suppress(FileNotFoundError), self._parent(change.path) as (folder, name):
            now = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if _signature(now) != _signature(change.found.status if change.found else None):
            raise NixgenError(
                f"{change.path}: it was changed meanwhile by someone else; run it again"
            )

    def _discard(self, path: str) -> None:
        with suppress(OSError, NixgenError), self._parent(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def _discard_folder(self, path: str) -> bool:
        with suppress(OSError, NixgenError), self._parent(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)
            return True
        return False

    def _discard_empty_folders(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        while folder and self._discard_folder(folder):
            folder = folder.rpartition("/")[0]

    def _temporary(self) -> str:
        """Return what our temporary names start with; those of a root inside this one differ."""
        return f"{paths.TEMPORARY}{self.root.stat().st_ino:x}-"

    @contextmanager
    def _parent(self, path: str, made: list[str] | None = None) -> "Iterator[tuple[int, str]]":
        """Open the folder of a path and give its handle and the name in it.

        Args:
            path: Relative to the root.
            made: Folders that are missing are made, and added here; without it they are not found.
        """
        if self.handle is None:
            raise FileNotFoundError(path)
        *folders, name = path.split("/")
        handle = os.dup(self.handle)
        try:
            for depth, folder in enumerate(folders, 1):
                above, handle = handle, _enter(handle, folder, "/".join(folders[:depth]), made)
                os.close(above)
            yield handle, name
        finally:
            os.close(handle)


@contextmanager
def opened(
    root: "Path", *, change: bool = False, notify: "Callable[[str], None]" = lambda _: None
) -> "Iterator[Tree]":
    """Open and lock a root folder: alone to change it, with other readers to read it.

    The lock is on the folder itself, so none is left behind, not even by a kill.

    Args:
        root: The folder. It is made when it is missing and `change` is set.
        change: Whether the tree will be changed.
        notify: Called with a message when it has to wait, or cannot lock.

    Raises:
        NixgenError: When the root is no folder, or cannot be opened.
    """
    try:
        if change:
            root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, _FOLDER)
    except FileNotFoundError:
        yield Tree(root, None)
        return
    except (FileExistsError, NotADirectoryError) as error:
        raise NixgenError(f"root {root} is not a folder") from error
    except OSError as error:
        raise NixgenError(f"root {root}: {error.strerror}") from error
    try:
        _lock(handle, fcntl.LOCK_EX if change else fcntl.LOCK_SH, root, notify)
        yield Tree(root, handle)
    finally:
        os.close(handle)


def _lock(handle: int, kind: int, root: "Path", notify: "Callable[[str], None]") -> None:
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            notify(f"waiting for another nixgen to finish in {root}")
            fcntl.flock(handle, kind)
    except OSError as error:
        # Some network file systems lock no folders.
        notify(f"{root} cannot be locked ({error.strerror}): do not run two nixgen there at once")


def _enter(above: int, folder: str, path: str, made: list[str] | None) -> int:
    with _named(path, above, folder):
        try:
            return os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
        except FileNotFoundError:
            if made is None:
                raise
        made.append(path)  # first, for an interrupt may come between
        os.mkdir(folder, dir_fd=above)
        return os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=above)


@contextmanager
def _named(path: str, folder: int, name: str) -> "Iterator[None]":
    """Turn what the system says of a name into a message about its path."""
    try:
        yield
    except FileNotFoundError:
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


def _resemble(handle: int, status: os.stat_result) -> None:
    """Give a new file the mode and, as far as we may, the owner of the one that it replaces."""
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (status.st_uid, status.st_gid):
        with suppress(PermissionError):
            os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _signature(status: os.stat_result | None) -> tuple[int, int, int] | None:
    return status and (status.st_ino, status.st_size, status.st_mtime_ns)


def _beside(path: str, name: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name
