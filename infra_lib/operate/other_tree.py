"""Having this process see another copy of a work tree in its place: the files of a revision.

A process that does so does nothing else afterwards. What is installed stays as it is, and
infra_lib and nixgen stay those that run now, also where the work tree is their own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = {"infra_lib", "nixgen", "__main__"}


def use_tree(tree: Path, top: Path, folder: Path) -> None:
    """Work in a tree, import from it, and forget what was imported from the work tree.

    Args:
        tree: The copy, resolved.
        top: The top folder of the work tree, resolved.
        folder: The folder to work in, in the copy.
    """
    sys.dont_write_bytecode = True
    sys.path[:] = [*_paths(tree, top)]
    os.chdir(folder)
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] not in _OURS and any(
            (tree / below).exists() for below in _below(top, module)
        ):
            del sys.modules[name]


def _paths(tree: Path, top: Path) -> Iterator[str]:
    """Yield where modules are looked for, with the copy's folders in place of the work tree's.

    Those that hold what is installed, such as that of a virtual environment, stay.
    """
    for entry in sys.path:
        path = Path(entry).resolve()
        if not entry or not path.is_relative_to(top) or _holds_installed(path, top):
            yield entry
        else:
            yield str(tree / path.relative_to(top))


def _holds_installed(path: Path, top: Path) -> bool:
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    here = [prefix for prefix in prefixes if top in prefix.parents]
    return any(map(path.is_relative_to, here)) or any(path.glob("*.dist-info"))


def _below(top: Path, module: object) -> Iterator[Path]:
    """Yield the paths of a module that are in the work tree, as seen from its top."""
    said = getattr(module, "__dict__", {})  # a module may do anything when it is asked
    file = said.get("__file__")
    folders = () if file else said.get("__path__", ())  # of a package without __init__.py
    for each in (file, *folders):
        path = Path(each).resolve() if isinstance(each, str) else top.parent
        if path.is_relative_to(top):
            yield path.relative_to(top)
