"""Which paths a generated file may have."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from nixgen.errors import NixgenError
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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

SECRET = frozenset({"secret", "secrets", ".secret", ".secrets", "sops"})
"""Names of files and folders that keep secrets: never opened nor entered in a search, so nothing is
generated there either. Clan has `vars/…/secret` and `sops/…`.
"""

SECRET_FILES = SECRET | frozenset(
    {
        ".env", ".envrc", ".git-credentials", ".htpasswd", ".netrc", ".npmrc", ".pgpass",
        "credentials", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk",
        "id_rsa", "key.txt", "keys.txt", "password", "secret.txt", "secret.yaml", "secret.yml",
        "secrets.yaml", "secrets.yml", "ssh_host_ecdsa_key", "ssh_host_ed25519_key",
        "ssh_host_rsa_key",
    }
)  # fmt: skip
"""Likewise, of files: with those whose ending is one of `ENDINGS`."""

TEMPORARY = ".nixgen-"
"""What the names of temporary files start with."""

LONGEST = 1000
"""Bytes that a path has at most: macOS looks up 1,023, and what it cannot is never searched."""

_COPY = r"(.+)\.orig(?:\.[1-9][0-9]*)?"
# What HFS+ ignores in names: https://github.com/git/git/blob/v2.47.0/utf8.c (next_hfs_char).
_IGNORED = dict.fromkeys(
    (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)
)


def ending(name: str) -> str:
    """Return the ending of a file name with its dot, or an empty string."""
    stem, dot, after = name.rpartition(".")
    return dot + after if stem else ""


def is_pruned(folder: str) -> bool:
    """Tell whether a folder is one that is never searched, by its name."""
    name = _plain(folder)
    return name in PRUNED or name in SECRET


def is_temporary(path: str) -> bool:
    """Tell whether a path is one of a temporary file."""
    return path.rpartition("/")[2].startswith(TEMPORARY)


def is_searched(file: str) -> bool:
    """Tell whether a file can be ours by its name: temporary, a copy, or with a header."""
    if file.startswith(TEMPORARY):
        return True
    name = original(file) or file
    # What ends in ~ is an editor's copy, of a secret too.
    return ending(name) in ENDINGS and not name.endswith("~") and _plain(name) not in SECRET_FILES


def copies(path: str) -> Iterator[str]:
    """Return the names that a copy of what a path held can have, without end."""
    yield f"{path}.orig"
    for number in count(1):
        yield f"{path}.orig.{number}"


def original(path: str) -> str:
    """Return what a path is a copy of by its name, or an empty string."""
    found = re.fullmatch(_COPY, path) if ".orig" in path else None
    return found[1] if found else ""


def _plain(name: str) -> str:
    """Return a name as file systems see it that ignore case, and more: those of macOS and Windows.

    Git refuses what they take for `.git`, since CVE-2014-9390.
    """
    if not name.isascii():
        name = name.translate(_IGNORED)
    name = _fold(name).partition(":")[0].rstrip(" .") or name
    return ".git" if name == "git~1" else name


def relative(path: str | PurePath, *, generated: bool = True) -> str:
    """Return a path of the mapping as text, with slashes.

    Args:
        path: The path.
        generated: Whether a file is to be generated there, which it cannot be everywhere.

    Raises:
        NixgenError: When it could lead out of the root, or names a file in more than one way.
    """
    text = exact(path if isinstance(path, str) else getattr(path, "as_posix", lambda: None)())
    if not isinstance(text, str):
        raise NixgenError(
            f"{path!r}: a path must be a str or a PurePath, got {type(path).__name__}"
        )
    problem = _problem(text) or (_why_never_searched(text) if generated else "")
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
    if text.isprintable():
        return ""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        return "a control character"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "a lone surrogate, which UTF-8 cannot hold"
    return ""


def _why_never_searched(text: str) -> str:
    """Return why a file at a path would not be found again, to be removed or renewed."""
    if len(text.encode()) > LONGEST:
        return f"it has more than {LONGEST} bytes"
    parts = text.split("/")
    for place, part in enumerate(parts, 1):
        name = _plain(part)
        if name in PRUNED:
            return f"'{part}' belongs to another tool and is never searched"
        if name in (SECRET_FILES if place == len(parts) else SECRET):
            return f"'{part}' is a name of what keeps secrets and is never searched"
        if name.startswith(TEMPORARY):
            return f"names that start with '{TEMPORARY}' are nixgen's temporary files"
    return ""


def refuse_collisions(paths: Iterable[str]) -> None:
    """Refuse paths that cannot all be files of one folder, also where file names ignore case.

    Raises:
        NixgenError: When two are the same, one is a folder of another, or they differ in case only.
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        if (key := _fold(path)) in files:
            _refuse(files[key], path)
        files[key] = path
        for position, character in enumerate(path):
            if character == "/":
                folder = path[:position]
                if folders.setdefault(key := _fold(folder), folder) != folder:
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


def _fold(path: str) -> str:
    if path.isascii():
        return path.lower()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", path).casefold())
