"""A user's type checkers: common use passes, mistakes are found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import CHECKOUT
from tests.helpers.tools import require

FOLDER = CHECKOUT / "typing_tests"
MARKED = {
    number
    for number, line in enumerate((FOLDER / "mistakes.py").read_text().splitlines(), start=1)
    if line.endswith("# error")
}


def mypy() -> list[tuple[str, int, str]]:
    # With the settings and the cache of `make check`, what they import has been read.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--output=json", FOLDER],
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, "MYPYPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        (Path(item["file"]).name, item["line"], item["message"])
        for item in found
        if item["severity"] == "error"
    ]


def pyright() -> list[tuple[str, int, str]]:
    command = [require("pyright"), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "--project", FOLDER], check=False, capture_output=True, text=True
    )
    return [
        (Path(item["file"]).name, item["range"]["start"]["line"] + 1, item["message"])
        for item in json.loads(done.stdout)["generalDiagnostics"]
        if item["severity"] == "error"
    ]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_checkers_agree_with_users(checker: object) -> None:
    assert callable(checker)
    found = checker()
    assert [item for item in found if item[0] != "mistakes.py"] == []
    assert {line for _, line, _ in found} == MARKED
