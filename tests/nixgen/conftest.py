"""What the tests of the command share."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.helpers.folders import put
from tests.helpers.process import python

Nixgen: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]

MAIN = """\
from nixgen import TextFile

fleet = {"lib/caches.nix": {"caches": []}, "docs/costs.md": TextFile("x", comment="<!-- -->")}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with two generated files and a root of its own."""
    put(tmp_path, "main.py", MAIN)
    put(tmp_path, "pyproject.toml", '[tool.nixgen]\nsource = "main:fleet"\nroot = "out"\n')
    return tmp_path


@pytest.fixture
def nixgen(project: Path) -> Nixgen:
    """Run the command in the project as a person would."""

    def run(
        *arguments: str, cwd: str = ".", wrap: tuple[str, ...] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return python("-m", "nixgen", *arguments, cwd=project / cwd, env=environment, wrap=wrap)

    return run
