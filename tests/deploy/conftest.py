"""A project that `infra deploy` deploys with the real cdktf, to the provider of the tests."""

import pytest

from tests.helpers.deployed import Project
from tests.helpers.tools import require
from tests.terraform.harness import Workspace


@pytest.fixture
def cdktf() -> None:
    """Skip the test where cdktf is missing."""
    require("cdktf")


@pytest.fixture
def project(workspace: Workspace) -> Project:
    """A project without a fleet, over an empty cloud."""
    return Project(workspace)
