"""The examples in docstrings and documents: Python that builds an expression, and its Nix."""

import ast
from collections.abc import Iterator
from inspect import getdoc, isfunction
from pathlib import PurePosixPath
from typing import Any

import nixgen
from nixgen import expr, rules
from tests.helpers import CHECKOUT, markdown

DOCUMENT = CHECKOUT / "docs/nixgen.md"


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield where each example stands, its Python, and its Nix."""
    texts = {name: getdoc(getattr(expr, name)) or "" for name in expr.__all__}
    texts |= {
        f"rule {name}": getdoc(rule) or ""
        for name, rule in vars(rules).items()
        if isfunction(rule) and rule.__module__ == rules.__name__
    }
    texts[DOCUMENT.name] = DOCUMENT.read_text(encoding="utf-8")
    for where, text in texts.items():
        shown = (example for example in markdown.examples(text, files=False) if example.shown)
        for number, example in enumerate(shown, start=1):
            yield f"{where} {number}", example.code, example.shown[0].code


def result(python: str) -> Any:
    """Evaluate an example, which is one expression."""
    scope: dict[str, Any] = {name: getattr(nixgen, name) for name in nixgen.__all__}
    tree = ast.parse(python.strip(), mode="eval")
    return eval(compile(tree, "example", "eval"), scope | {"Path": PurePosixPath})  # noqa: S307
