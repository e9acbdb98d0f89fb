"""What is done to a folder or a new file through its handle: locked, or on the disk, whole."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def lock(folder: int, place: Path, notify: Callable[[str], None], *, alone: bool) -> None:
    """Lock a folder until its handle is closed; so no lock is left behind, not even by a kill.

    Args:
        folder: The handle.
        place: What it is locked for, for messages.
        notify: Called with a message when it has to wait, or cannot lock.
        alone: Whether to be the only one to have a lock, or one of many who only read.
    """
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    try:
        try:
            fcntl.flock(folder, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            notify(f"waiting for another command to finish with {place}")
            fcntl.flock(folder, kind)
    except OSError as error:
        # Some network file systems lock no folders.
        notify(f"{place} cannot be locked ({error.strerror}): do not run two commands at once")


def write_new(
    folder: int, name: str, data: bytes, mode: int, like: os.stat_result | None = None
) -> None:
    """Have a new file on the disk, whole; when this fails, what is written of it stays.

    Args:
        folder: The handle of its folder.
        name: Its name there.
        data: What it shall hold.
        mode: Its mode, of which the umask is taken away, where it is like no other.
        like: The status of a file whose mode and, as far as we may, owner it takes.

    Raises:
        OSError: When there is such a name, or it cannot be written.
    """
    handle = os.open(name, _NEW, mode, dir_fd=folder)
    try:
        if like is not None:
            _resemble(handle, like)
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def keep_names(folder: int) -> None:
    """Have the names in a folder on the disk, where its file system can do that.

    Raises:
        OSError: When it can, and fails.
    """
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def _resemble(handle: int, status: os.stat_result) -> None:
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(handle, status.st_uid, status.st_gid)
        except PermissionError:  # another's file, of a group that may be ours too
            with suppress(PermissionError):
                os.fchown(handle, -1, status.st_gid)
    os.fchmod(handle, status.st_mode & 0o7777)
