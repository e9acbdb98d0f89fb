"""The modules of `nixgen.files` stand in an order, and each imports from those before it only.

So do those of a package in it.
"""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

import nixgen.files
import nixgen.files.meaning

PACKAGES: dict[str, ModuleType] = {
    each.__name__: each for each in (nixgen.files, nixgen.files.meaning)
}
ORDERS = {
    name: re.findall(r"^    (\w+):", str(each.__doc__), re.MULTILINE)
    for name, each in PACKAGES.items()
}


def paths(package: str, module: str) -> list[Path]:
    """The file of a module, or all of a package's."""
    path = Path(str(PACKAGES[package].__file__)).parent / module
    return sorted(path.glob("*.py")) or [path.with_suffix(".py")]


def imported(package: str, module: str) -> set[str]:
    """The modules of a package that a module imports, also for types alone."""
    found = set()
    for path in paths(package, module):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom):
                continue
            if node.module == package:
                found |= {each.name for each in node.names}
            elif str(node.module).startswith(f"{package}."):
                found.add(str(node.module).removeprefix(f"{package}.").partition(".")[0])
    return found - {module}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_listed_once(package: str) -> None:
    folder = Path(str(PACKAGES[package].__file__)).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in folder.glob("*/__init__.py")}
    assert sorted(ORDERS[package]) == sorted(modules)


@pytest.mark.parametrize(
    ("package", "module"), [(name, each) for name, order in ORDERS.items() for each in order]
)
def test_a_module_imports_from_those_above_it_only(package: str, module: str) -> None:
    order = ORDERS[package]
    assert imported(package, module) <= set(order[: order.index(module)])
