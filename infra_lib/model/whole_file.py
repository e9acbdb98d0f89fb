"""A file that several processes change: one after another, and always whole."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from nixgen.files.handles import FOLDER, keep_names, lock, write_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def locked(path: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Be the only one to change a file, or whatever else is changed under a lock in its folder.

    Args:
        path: The file; without its folder there is nothing to lock.
        notify: Called with a message when it has to wait, or cannot lock.
    """
    with ExitStack() as stack:
        with suppress(FileNotFoundError):
            folder = os.open(path.resolve().parent, FOLDER)
            stack.callback(os.close, folder)
            lock(folder, path, notify, alone=True)
        yield


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
        folder = os.open(path.parent, FOLDER)
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
    try:
        write_new(folder, temporary, data, 0o666, like=old)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:  # somebody's
        raise
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    keep_names(folder)


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return status
