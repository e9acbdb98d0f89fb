"""Which paths a generated file may have."""

from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

PRUNED = frozenset(
    {
        ".cache", ".direnv", ".git", ".hg", ".jj", ".mypy_cache", ".pytest_cache", ".ruff_cache",
        ".svn", ".terraform", ".tox", ".venv", "__pycache__", "cdktf.out", "node_modules",
    }
)  # fmt: skip
"""Folders that belong to other tools: never searched, so nothing is generated into them either."""

ENDINGS = frozenset(
    {
        "", ".cfg", ".conf", ".css", ".env", ".hcl", ".html", ".ini", ".js", ".md", ".nix", ".py",
        ".rst", ".sh", ".tf", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml",
    }
)  # fmt: skip
"""Endings of text that can hold a comment: only such files are searched for a header."""

TEMPORARY = ".nixgen-"
"""What the names of temporary files start with."""


def ending(name: str) -> str:
    """Return the ending of a file name with its dot, or an empty string."""
    stem, dot, after = name.rpartition(".")
    return dot + after if stem else ""


def relative(path: "str | PurePath") -> str:
    """Return a path of the mapping as text, with slashes.

    Raises:
        NixgenError: When it could lead out of the root, or names a file in more than one way.
    """
    text = exact(path if isinstance(path, str) else getattr(path, "as_posix", lambda: None)())
    if not isinstance(text, str):
        raise NixgenError(
            f"{path!r}: a path must be a str or a PurePath, got {type(path).__name__}"
        )
    problem = _problem(text)
    if problem:
        raise NixgenError(
            f"path {text!r}: {problem}; give it relative to the root, such as 'lib/caches.nix'"
        )
    return text


def _problem(text: str) -> str:
    parts = text.split("/")
    if not text or text == ".":
        return "it is empty"
    if text.startswith("/"):
        return "it is absolute"
    if ".." in parts:
        return "'..' could lead out of the root"
    if "" in parts or "." in parts:
        return "an empty or '.' component"
    if "\\" in text:
        return "a backslash"
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        return "a control character"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "a lone surrogate, which UTF-8 cannot hold"
    for part in parts:
        if part in PRUNED:
            return f"'{part}' belongs to another tool and is never searched"
        if part.startswith(TEMPORARY):
            return f"names that start with '{TEMPORARY}' are nixgen's temporary files"
    return ""


def refuse_collisions(paths: "Iterable[str]") -> None:
    """Refuse paths that cannot all be files of one tree, also where file names ignore case.

    Raises:
        NixgenError: When two are the same, one is a folder of another, or they differ in case only.
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        if (key := _folded(path)) in files:
            _refuse(files[key], path)
        files[key] = path
        for position, character in enumerate(path):
            if character == "/":
                folder = path[:position]
                if folders.setdefault(key := _folded(folder), folder) != folder:
                    _refuse(folders[key], folder)
    for key in files.keys() & folders.keys():
        raise NixgenError(
            f"path '{files[key]}': it is a file, and the folder of another generated file"
        )


def _refuse(first: str, second: str) -> None:
    if first == second:
        raise NixgenError(f"path '{second}' is given twice")
    raise NixgenError(
        f"paths '{first}' and '{second}' differ only in case or Unicode form: "
        "macOS has room for one of them"
    )


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", path).casefold())
