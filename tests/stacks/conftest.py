"""Synthesis in a folder of the test's own."""

from pathlib import Path

import pytest

from .synthesis import Synthesize, stack_of


@pytest.fixture
def synthesize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Synthesize:
    """The stack of a fleet."""
    monkeypatch.chdir(tmp_path)
    return lambda fleet: stack_of(tmp_path, fleet)
