"""A file that several processes change: one after another, and always whole."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from nixgen.transaction import resemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def locked(path: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Be the only one to change a file, or whatever else is changed under a lock in its folder.

    The lock is on the folder, so none is left behind, not even by a kill.

    Args:
        path: The file; without its folder there is nothing to lock.
        notify: Called with a message when it has to wait, or cannot lock.
    """
    with ExitStack() as stack:
        with suppress(FileNotFoundError):
            folder = os.open(path.resolve().parent, _FOLDER)
            stack.callback(os.close, folder)
            _lock(folder, path, notify)
        yield


def _lock(folder: int, path: Path, notify: Callable[[str], None]) -> None:
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            notify(f"waiting for another command to finish with {path}")
            fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError as error:
        # Some network file systems lock no folders.
        notify(f"{path} cannot be locked ({error.strerror}): do not run two commands at once")


def write(path: Path, data: bytes) -> None:
    """Put a whole new file in place of one, whose mode and owner it takes; or the old one stays.

    It is on the disk before it is renamed to its place, and so is the renaming in the end.

    Args:
        path: The file. A symbolic link is followed.
        data: What it shall hold.

    Raises:
        OSError: When it cannot be written, or something other than a regular file is there.
    """
    path = path.resolve()
    try:
        folder = os.open(path.parent, _FOLDER)
        try:
            _replace(folder, path.name, data)
        finally:
            os.close(folder)
    except OSError as error:  # of a file that nobody has heard of
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(folder: int, name: str, data: bytes) -> None:
    # Nobody can guess the name, to put a link there; whatever is there already is not opened.
    temporary = f".{name}.{os.urandom(8).hex()}"
    old = _status(folder, name)
    handle = os.open(temporary, _NEW, 0o666, dir_fd=folder)
    try:
        try:
            if old is not None:
                resemble(handle, old)
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    _flush(folder)


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return status


def _flush(folder: int) -> None:
    """Have the renaming on the disk, where the file system can do that for a folder."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
