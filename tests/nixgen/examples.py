"""The examples in docstrings and documents: Python that builds an expression, and its Nix."""

import ast
import re
from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path, PurePosixPath
from typing import Any

import nixgen
from nixgen import expr

DOCUMENT = Path(__file__).parents[2] / "docs" / "nixgen.md"
_PAIR = re.compile(r"```python\n(.*?)```\n+(?:[^`\n][^\n]*\n+)?```nix\n(.*?)```", re.DOTALL)


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield where each example stands, its Python, and its Nix."""
    texts = {name: getdoc(getattr(expr, name)) or "" for name in expr.__all__}
    texts[DOCUMENT.name] = DOCUMENT.read_text(encoding="utf-8")
    for where, text in texts.items():
        for number, (python, nix) in enumerate(_PAIR.findall(text), start=1):
            yield f"{where} {number}", python, nix


def result(python: str) -> Any:
    """Evaluate an example, which is one expression."""
    scope: dict[str, Any] = {name: getattr(nixgen, name) for name in nixgen.__all__}
    tree = ast.parse(python.strip(), mode="eval")
    return eval(compile(tree, "example", "eval"), scope | {"Path": PurePosixPath})  # noqa: S307
