import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..model.bad import PRELUDE


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Go to a new folder; what is called describes a fleet there, as module `described`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "described", raising=False)

    def describe(code: str) -> Path:
        (tmp_path / "described.py").write_text(f"{PRELUDE}\n{code}\n")
        (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "described:metals"\n')
        return tmp_path

    yield describe
    sys.modules.pop("described", None)
