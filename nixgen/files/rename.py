"""Renames that lose nothing: two names exchanged, and a name given that nothing has.

Linux and macOS have a system call for both. Where it is missing, or the file system has no such
thing, plain POSIX does: a second name keeps what is about to be replaced. What remains there is the
time from that to the rename, two calls later: what somebody renames to the very name in between is
lost. Where there are no second names either, a copy of the content stands in, and then what
somebody writes into the file in between is lost too, and a name that somebody takes in between is
taken from them.

Source: https://man7.org/linux/man-pages/man2/rename.2.html and renameatx_np(2) of macOS.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_REPLACE, _EXCHANGE = (4, 2) if sys.platform == "darwin" else (1, 2)
_UNKNOWN = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK}
)
"""What systems answer that have no such call; EPERM is a sandbox's answer, and FAT's to a link."""


def exchange(one: str, other: str, spare: str, folder: int) -> None:
    """Let two names of a folder exchange what they stand for, in one step where there is one.

    Args:
        one: A name. Where more steps are needed, nothing has it for a moment.
        other: A name that always stands for something.
        spare: A name that nothing has, for when more steps are needed.
        folder: The folder's descriptor.

    Raises:
        OSError: When they cannot; all is as before then.
    """
    if _rename(one, other, folder, _EXCHANGE):
        return
    _give_second_name(other, spare, folder)
    try:
        os.rename(one, other, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(spare, dir_fd=folder)
        raise
    try:
        os.rename(spare, one, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.rename(spare, other, src_dir_fd=folder, dst_dir_fd=folder)
        raise


def move(old: str, new: str, folder: int) -> None:
    """Rename a file within a folder, over nothing.

    Args:
        old: The name it has.
        new: The name it gets.
        folder: The folder's descriptor.

    Raises:
        FileExistsError: When something has the new name.
        OSError: When it cannot be renamed; all is as before then.
    """
    if _rename(old, new, folder, _NO_REPLACE):
        return
    try:
        _link(old, new, folder)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        with suppress(FileNotFoundError):
            os.stat(new, dir_fd=folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from error
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
        return
    try:
        os.unlink(old, dir_fd=folder)
    except BaseException:
        os.unlink(new, dir_fd=folder)
        raise


def _rename(old: str, new: str, folder: int, flag: int) -> bool:
    """Rename in one system call; False when the system has no such call."""
    call = _system_call()
    if call is None:
        return False
    number = call(folder, os.fsencode(old), folder, os.fsencode(new), flag)
    if number and number not in _UNKNOWN:
        raise OSError(number, os.strerror(number), new)
    return not number


@cache
def _system_call() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """Return the system's own call, which returns an error number, or None where it has none."""
    try:
        from ctypes import CDLL, c_char_p, c_int, c_uint, get_errno

        library = CDLL(None, use_errno=True)
        call = library.renameatx_np if sys.platform == "darwin" else library.renameat2
    except (ImportError, OSError, AttributeError):
        return None
    call.argtypes = (c_int, c_char_p, c_int, c_char_p, c_uint)
    call.restype = c_int
    return lambda *arguments: get_errno() if call(*arguments) else 0


def _give_second_name(name: str, second: str, folder: int) -> None:
    """Let a file outlive its name: by another one, or where there are no such, by a copy."""
    try:
        _link(name, second, folder)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    else:
        return
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    source = os.open(name, os.O_RDONLY | os.O_NONBLOCK | flags, dir_fd=folder)
    try:
        mode = stat.S_IMODE(os.fstat(source).st_mode)
        with os.fdopen(source, "rb", closefd=False) as reading:
            data = reading.read()
    finally:
        os.close(source)
    target = os.open(second, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(target, "wb") as writing:
            writing.write(data)
            writing.flush()
            os.fchmod(target, mode)
            os.fsync(target)
    except BaseException:
        os.unlink(second, dir_fd=folder)
        raise


def _link(name: str, second: str, folder: int) -> None:
    os.link(name, second, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
