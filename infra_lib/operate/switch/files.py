"""Writing changed texts into their files, all of them or none."""

from __future__ import annotations

import os
import shlex
import stat
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.terraform.printing import say
from nixgen.files.folder import open_folder
from nixgen.files.transaction import Change, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_files(texts: Mapping[Path, tuple[bytes, bytes]]) -> None:
    """Write each file, which keeps its mode; nothing when one of them has been changed meanwhile.

    Args:
        texts: What each file held when it was read, and what it shall hold, by its path without
            symbolic links.

    Raises:
        FleetError: When a file holds something else by now, or nobody may write it.
        NixgenError: When one cannot be written; all is as before then.
    """
    root = Path(os.path.commonpath([path.parent for path in texts]))
    with open_folder(root, change=True, notify=say) as here:
        changes = []
        for path, (before, after) in texts.items():
            name = path.relative_to(root).as_posix()
            found = here.read(name)
            if found is None or found.data != before:
                raise FleetError(f"{path}: it was changed meanwhile; nothing was written")
            if not found.stat.st_mode & _WRITABLE:
                raise FleetError(
                    f"{path}: it is read-only, for whatever reason it was made so; nothing was "
                    f"written: chmod u+w {shlex.quote(str(path))} allows it"
                )
            changes.append(Change(name, after, found, like=found))
        for kept in replace(here, changes):
            say(f"what somebody saved meanwhile is kept as {root / kept}")
    for path in texts:
        # What Python made of the old text goes by the time and the length of its file, which may be
        # those of the new one.
        with suppress(OSError, NotImplementedError):
            Path(cache_from_source(str(path))).unlink()
