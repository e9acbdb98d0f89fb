"""A project that `infra deploy` deploys with the real cdktf, to the provider of the tests."""

import pytest

from tests.helpers.deployed import Project
from tests.terraform.conftest import stand_in, workspace
from tests.terraform.harness import Workspace

__all__ = ["project", "stand_in", "workspace"]


@pytest.fixture
def project(workspace: Workspace) -> Project:
    """A project without a fleet, over an empty cloud."""
    return Project(workspace)
