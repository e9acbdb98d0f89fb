"""The modules of `nixgen.files` stand in an order, and each imports from those before it only."""

import ast
import re
from pathlib import Path

import pytest

import nixgen.files

ORDER = re.findall(r"^    (\w+):", str(nixgen.files.__doc__), re.MULTILINE)
FOLDER = Path(str(nixgen.files.__file__)).parent


def imported(module: str) -> set[str]:
    """The modules of this package that a module imports, also for types alone."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "nixgen.files":
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("nixgen.files."):
            found.add(str(node.module).rpartition(".")[2])
    return found


def test_every_module_is_listed_once() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert sorted(ORDER) == sorted(modules)


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_from_those_above_it_only(module: str) -> None:
    assert imported(module) <= set(ORDER[: ORDER.index(module)])
