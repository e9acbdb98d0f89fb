"""Generated files against the folder as a unified diff, which `patch` and `git apply` take."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nixgen.files.plan import File


def difference(file: File) -> bytes:
    """Return what a write would change in a file, from the folder to what is generated."""
    before = _lines(file.found.data if file.found else b"")
    after = _lines(file.data or b"")
    old = _name("a", file.path) if file.found else "/dev/null"
    new = _name("b", file.path) if file.data is not None else "/dev/null"
    return b"".join(_complete(line) for line in unified_diff(before, after, old, new))


def _lines(data: bytes) -> list[str]:
    return [line.decode(errors="surrogateescape") for line in data.splitlines(keepends=True)]


def _name(side: str, path: str) -> str:
    """Return a name for a diff's header, where a tab ends a name that holds spaces."""
    return f"{side}/{path}" + ("\t" if " " in path else "")


def _complete(line: str) -> bytes:
    encoded = line.encode(errors="surrogateescape")
    return encoded if encoded.endswith(b"\n") else encoded + b"\n\\ No newline at end of file\n"
