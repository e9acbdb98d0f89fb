"""Where an example of the documentation is run."""

import sys
from pathlib import Path

import pytest

from tests.helpers.markdown import Example


@pytest.fixture
def project(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example as its main.py."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "main", raising=False)
    (tmp_path / "main.py").write_text(example.code)
    return tmp_path
