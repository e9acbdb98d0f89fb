"""What `[tool.nixgen]` in pyproject.toml says."""

from pathlib import Path
from typing import Any

from nixgen.errors import NixgenError
from nixgen.frozen import frozen
from nixgen.regular_file import read_regular_file


@frozen
class Settings:
    """Where the files come from and where they go.

    Attributes:
        project: The folder that modules are imported from, absolute: that of pyproject.toml, or the
            one that settings were looked for in.
        source: What generates the files, such as `main:fleet`; empty when the settings do not say.
        root: The folder that they go into, absolute.
    """

    project: Path
    source: str
    root: Path


def read_settings(folder: Path) -> Settings:
    """Return the settings of the nearest pyproject.toml with `[tool.nixgen]`, looking upwards.

    Without one, files go into the folder itself.

    Args:
        folder: Where to start, absolute.

    Raises:
        NixgenError: When that table, or the file that may hold it, cannot be understood.
    """
    for project in (folder, *folder.parents):
        path = project / "pyproject.toml"
        table = tool_table(path, "nixgen")
        if table is not None:
            _check(table, path)
            return Settings(project, table.get("source", ""), project / table.get("root", ""))
    return Settings(folder, "", folder)


def tool_table(path: Path, tool: str) -> Any:
    """Return what a pyproject.toml says in the table of a tool; None where it has no such table.

    Raises:
        NixgenError: When the file, which names the tool, cannot be understood.
    """
    try:
        data = read_regular_file(path)
    except OSError:
        return None
    if tool.encode() not in data:
        return None
    import tomllib

    try:
        return tomllib.loads(data.decode()).get("tool", {}).get(tool)
    except ValueError as error:
        raise NixgenError(f"{path}: {error}") from error


def _check(table: Any, path: Path) -> None:
    if not isinstance(table, dict):
        raise NixgenError(f"{path}: tool.nixgen: expected a table, got {table!r}")
    for key, value in table.items():
        if key not in ("source", "root"):
            raise NixgenError(
                f"{path}: [tool.nixgen] has no setting '{key}'; it has 'source' and 'root'"
            )
        if not isinstance(value, str) or not value:
            raise NixgenError(f"{path}: [tool.nixgen] {key}: expected a string, got {value!r}")
