"""Writing what describes a fleet: all files or none, and over nothing that is there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.operate.adopt.secrets import hard_to_see, leaked
from nixgen.files.folder import open_folder
from nixgen.files.transaction import Change, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from infra_lib.operate.adopt.secrets import Secrets


def check_no_secrets(texts: Mapping[str, str], secrets: Secrets) -> None:
    """Check that nothing secret is in what is about to be written.

    Args:
        texts: The files: the name and the text.
        secrets: What is secret; see `infra_lib.operate.adopt.secrets`.

    Raises:
        FleetError: When it is. The message does not repeat it.
    """
    for name, text in texts.items():
        found = leaked(text, secrets)
        if found is None and name.endswith(".py"):
            found = _in_values(text, secrets)
        if found is None:
            continue
        is_one = f"what is secret in {found}" if found else "what looks secret"
        raise FleetError(
            f"{name}: line {_line(text, secrets)} of what was to be written holds {is_one}; "
            "nothing was written. Take it out of the description, the settings or the metadata "
            "that it is in, and adopt again"
        )


def _in_values(text: str, secrets: Secrets) -> str | None:
    """Return where a secret is from that a text in Python has in it, over lines and escapes."""
    hard = hard_to_see(secrets)
    if not hard:
        return None
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for secret, where in hard.items():
                if secret in node.value:
                    return where
    return None


def _line(text: str, secrets: Secrets) -> int:
    """Return the first line that holds a secret; 1 for one that is over several lines."""
    for number, line in enumerate(text.splitlines(), 1):
        if leaked(line, secrets) is not None:
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
