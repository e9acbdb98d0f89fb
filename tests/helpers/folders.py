"""Looking at whole folders, for tests of what was written into them."""

import os
from pathlib import Path


def contents(root: Path) -> dict[str, bytes]:
    """Return what every file below a folder holds, by path; links and empty folders included."""
    found: dict[str, bytes] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[relative] = b"-> " + os.fsencode(path.readlink())
            elif path.is_file():
                found[relative] = path.read_bytes()
            elif not path.is_dir():
                found[relative] = b"special"
            elif not any(path.iterdir()):
                found[f"{relative}/"] = b""
    return found


def put(root: Path, path: str, content: str | bytes) -> Path:
    """Write a file and the folders it needs."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file
