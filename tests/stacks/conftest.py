"""Synthesis in a folder of the test's own."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.helpers.synthesis import Synthesize


@pytest.fixture
def synthesize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Synthesize":
    """The stack of a fleet."""
    from tests.helpers.synthesis import stack_of

    monkeypatch.chdir(tmp_path)
    return lambda fleet: stack_of(tmp_path, fleet)
