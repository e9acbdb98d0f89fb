"""The synthesized JSON of fleets that use every feature is pinned."""

from pathlib import Path

import pytest
from attrs import evolve
from cdktf import App
from pytest_regressions.file_regression import FileRegressionFixture

from infra_lib import Dns, Fleet, StateEncryption
from infra_lib.stacks import GcpStack, HetznerStack
from tests.helpers import CHECKOUT, hetzner_fleets
from tests.helpers.stack_fleets import FLEETS
from tests.helpers.synthesis import text_of

SNAPSHOTS = CHECKOUT / "snapshots/cdktf"

# One fleet in two clouds: each stack has its part.
MIXED = evolve(
    hetzner_fleets.BOTH,
    dns=Dns("machines.example.org", zones={"hetzner": "example.org", "gcp": "example-org"}),
    state_encryption=StateEncryption(),
)
STACKS: dict[str, tuple[type[GcpStack | HetznerStack], Fleet]] = {
    **{name: (HetznerStack, fleet) for name, fleet in hetzner_fleets.FLEETS.items()},
    "mixed-gcp": (GcpStack, MIXED),
    "mixed-hetzner": (HetznerStack, MIXED),
}


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


@pytest.mark.snapshots
@pytest.mark.parametrize("name", STACKS)
def test_the_stack_of_either_cloud_is_the_pinned_one(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_regression: FileRegressionFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    cls, fleet = STACKS[name]
    app = App(outdir=str(tmp_path / "cdktf.out"))
    cls(app, "hetzner" if cls is HetznerStack else "gcp", fleet=fleet)
    app.synth()
    (written,) = (tmp_path / "cdktf.out/stacks").glob("*/cdk.tf.json")
    file_regression.check(f"{written.read_text()}\n", fullpath=SNAPSHOTS / f"{name}.json")


def test_every_snapshot_is_of_a_fleet() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == FLEETS.keys() | STACKS.keys()
