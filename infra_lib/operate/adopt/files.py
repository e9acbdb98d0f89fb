"""Writing what describes a fleet: all files or none, and over nothing that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.operate.adopt.secrets import leaked
from nixgen.files.folder import open_folder
from nixgen.files.transaction import Change, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path


def check_no_secrets(texts: Mapping[str, str], secrets: Collection[str]) -> None:
    """Check that nothing secret is in what is about to be written.

    Args:
        texts: The files: the name and the text.
        secrets: What is secret; see `infra_lib.operate.adopt.secrets`.

    Raises:
        FleetError: When it is. The message does not repeat it.
    """
    for name, text in texts.items():
        if leaked(text, secrets):
            line = _line(text, secrets)
            raise FleetError(
                f"{name}: line {line} of what was to be written holds what is secret in a source, "
                "or looks so; nothing was written. Take it out of the description, the settings or "
                "the metadata that it is in, and adopt again"
            )


def _line(text: str, secrets: Collection[str]) -> int:
    """Return the first line that holds a secret; 1 for one that is over several lines."""
    for number, line in enumerate(text.splitlines(), 1):
        if leaked(line, secrets):
            return number
    return 1


def check_free(folder: Path, names: Collection[str]) -> None:
    """Check that no file is there already.

    Raises:
        FleetError: When one is.
    """
    there = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        raise FleetError(
            f"in the way: {', '.join(str(folder / name) for name in there)}; nothing was written, "
            "and nothing that is there ever is. Move that away, or name another folder with -o"
        )


def write_new(folder: Path, texts: Mapping[str, str], notify: Callable[[str], None]) -> None:
    """Write new files into a folder.

    Args:
        folder: The folder, which has to be there.
        texts: The files: the name and the text.
        notify: Called with a message when another run holds the lock.

    Raises:
        FleetError: When a file is there already.
        NixgenError: When one cannot be written; nothing is changed then.
    """
    if not folder.is_dir():
        raise FleetError(f"{folder}: there is no such folder")
    check_free(folder, texts)
    changes: list[Any] = [
        Change(name, text.encode(), found=None, like=None) for name, text in texts.items()
    ]
    with open_folder(folder.absolute(), change=True, notify=notify) as here:
        replace(here, changes)
