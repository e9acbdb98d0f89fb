"""Terraform with the provider that stands in for google's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.harness import StandIn, Workspace


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The provider, in a mirror."""
    with StandIn.installed(tmp_path_factory.mktemp("stand-in")) as installed:
        yield installed


@pytest.fixture
def workspace(tmp_path: Path, stand_in: StandIn) -> Workspace:
    """An empty workspace over an empty cloud."""
    return Workspace.make(tmp_path, stand_in)
