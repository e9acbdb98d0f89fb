"""The synthesized JSON of fleets that use every feature is pinned."""

from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from tests.helpers import CHECKOUT
from tests.helpers.stack_fleets import FLEETS
from tests.helpers.synthesis import text_of

SNAPSHOTS = CHECKOUT / "snapshots/cdktf"


@pytest.mark.snapshots
@pytest.mark.parametrize("name", FLEETS)
def test_the_stack_is_the_pinned_one(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_regression: FileRegressionFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = text_of(tmp_path, FLEETS[name])
    file_regression.check(f"{text}\n", fullpath=SNAPSHOTS / f"{name}.json")


def test_every_snapshot_is_of_a_fleet() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(FLEETS)
