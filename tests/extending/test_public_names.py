"""docs/api.md lists every public name, and nothing else is needed: `make snapshots` renews it."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from itertools import pairwise

import attrs
import pytest
from pytest_regressions.file_regression import FileRegressionFixture

import infra_lib
from infra_lib import clan_services
from tests.helpers import CHECKOUT
from tests.helpers.process import python
from tests.helpers.tools import require

MODULES = {
    "infra_lib": "Describing a fleet. It loads neither cdktf nor Node.js.",
    "infra_lib.cost": "What a fleet costs: what `infra cost` prints.",
    "infra_lib.diff": "What a change of a fleet does: what `infra diff` prints.",
    "infra_lib.clan_services": "Clan's own services that people use most, each by a function.",
    "infra_lib.stacks": "Provisioning it with CDKTF, which is the extra `cdktf`.",
    "infra_lib.stacks.cdktn": "Provisioning it with CDK Terrain, which is the extra `cdktn`.",
    "infra_lib.status": "What there is of a fleet now, as `infra status` prints it.",
    "nixgen": "Writing Nix.",
}

HEAD = """\
# Public names

What is listed here stays, by [semantic versioning](https://semver.org/spec/v2.0.0.html); other
modules and names may change. Each has a docstring that says more, which
`python -m pydoc infra_lib.Fleet` shows. All are typed, for `mypy --strict` and for pyright.
[extending.md](extending.md) shows what they are for.

The commands are `infra` and `nixgen`, the pre-commit hooks `nixgen` and `nixgen-check`.
"""


def aliases() -> Iterator[tuple[str, str]]:
    """The type aliases of nixgen, with the text below each: Python keeps none with them."""
    for path in ("nixgen/expr.py", "nixgen/files/values.py"):
        body = ast.parse((CHECKOUT / path).read_text()).body
        for statement, below in pairwise(body):
            if isinstance(statement, ast.AnnAssign) and isinstance(below, ast.Expr):
                yield ast.unparse(statement.target), ast.literal_eval(below.value)


def first_sentence(module: str, name: str, described: dict[str, str]) -> str:
    value = getattr(importlib.import_module(module), name)
    text = described.get(name) or inspect.getdoc(value) or ""
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".") + "."


def rows(module: str) -> list[str]:
    names = importlib.import_module(module).__all__
    described = dict(aliases()) if module == "nixgen" else {}
    return [f"| `{name}` | {first_sentence(module, name, described)} |" for name in names]


@pytest.mark.snapshots
def test_every_public_name_is_listed(file_regression: FileRegressionFixture) -> None:
    require("node")
    parts = [HEAD]
    for module, purpose in MODULES.items():
        table = "\n".join(("| name | what it is |", "| --- | --- |", *rows(module)))
        parts.append(f"## {module}\n\n{purpose}\n\n{table}\n")
    file_regression.check("\n".join(parts), fullpath=CHECKOUT / "docs/api.md")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_says_what_it_is(module: str) -> None:
    if module.startswith("infra_lib.stacks"):
        require("node")
    for row in rows(module):
        assert not row.endswith("| . |"), row
        assert "Special type" not in row  # what Python says of an alias of Any


def test_nothing_else_can_be_imported_by_a_star() -> None:
    code = (
        "from infra_lib import *; from nixgen import *; print(*(n for n in dir() if n[0] != '_'))"
    )
    done = python("-c", code)
    listed = {
        name
        for module in ("infra_lib", "nixgen")
        for name in importlib.import_module(module).__all__
    }
    assert set(done.stdout.split()) == listed


@pytest.mark.parametrize(
    "described",
    [
        value
        for module in (infra_lib, clan_services)
        for value in (getattr(module, name) for name in module.__all__)
        if attrs.has(value)
    ],
)
def test_a_class_says_what_it_holds_and_what_it_refuses(described: type) -> None:
    text = inspect.getdoc(described) or ""
    given = [field.alias for field in attrs.fields(described) if field.init]
    assert [name for name in given if f"\n    {name}: " not in text] == []
    refuses = [field.validator for field in attrs.fields(described) if field.validator is not None]
    assert ("Raises:\n    FleetError: " in text) == bool(refuses)
