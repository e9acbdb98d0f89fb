"""Generated files against the ones that are pinned under snapshots/."""

from typing import Any

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from main import fleet as example
from nixgen import dumps
from nixgen.files.plan import plan
from nixgen.files.values import Region, TextFile
from tests.helpers import CHECKOUT
from tests.helpers.nix_fleets import FLEETS

SNAPSHOTS = CHECKOUT / "snapshots"

# Together they show every feature that the example does not.
PINNED = ("l4", "a100", "mixed", "boards", "several", "data-disks", "moons", "workshop")


def body(value: Any) -> str:
    """What a file holds below its header."""
    if isinstance(value, TextFile):
        return value.text
    return dumps(value.value if isinstance(value, Region) else value)


def test_the_tree_of_the_example_is_what_the_fleet_gives() -> None:
    found = plan(example.nix_files(), SNAPSHOTS / "nix", "main:fleet")
    assert [(file.path, str(file.status)) for file in found.drift] == []


@pytest.mark.snapshots
@pytest.mark.parametrize("name", PINNED)
def test_further_fleets_give_what_is_pinned(
    file_regression: FileRegressionFixture, name: str
) -> None:
    root = SNAPSHOTS / "fleets" / name
    files = FLEETS[name].nix_files()
    for path, value in files.items():
        file_regression.check(body(value), fullpath=root / path)
    assert {str(path.relative_to(root)) for path in root.rglob("*.*")} == set(files)
