"""Terraform with the provider that stands in for google's."""

from pathlib import Path

import pytest

from tests.terraform.harness import StandIn, Workspace


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """The provider, in a mirror."""
    return StandIn.install(tmp_path_factory.mktemp("stand-in"))


@pytest.fixture
def workspace(tmp_path: Path, stand_in: StandIn) -> Workspace:
    """An empty workspace over an empty cloud."""
    return Workspace.make(tmp_path, stand_in)
