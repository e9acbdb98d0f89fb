"""Reading a file that may be anything: a FIFO would be waited for, a device has no end."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError

if TYPE_CHECKING:
    from pathlib import Path

MOST = 2**26
"""Bytes that a file may have: what people write, and what is generated, takes far less."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def read_regular_file(path: Path, *, follow: bool = True) -> bytes:
    """Return what a regular file holds.

    Args:
        path: The file.
        follow: Whether a symbolic link to one will do.

    Raises:
        NixgenError: When it is something else, or has more than 64 MiB.
        OSError: When it cannot be opened or read.
    """
    handle = os.open(path, _FLAGS | (0 if follow else os.O_NOFOLLOW))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NixgenError(f"{path}: cannot be read: it is not a regular file")
        if status.st_size > MOST:
            raise NixgenError(f"{path}: cannot be read: it has more than {MOST} bytes")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MOST)
    finally:
        os.close(handle)
