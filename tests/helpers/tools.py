"""The real tools that tests run."""

import os
import shutil
from typing import NoReturn

import pytest


def require(name: str) -> str:
    """Return the path of a tool, or skip the test where it is missing; in CI it must be there."""
    return shutil.which(name) or unavailable(f"{name} is not on PATH")


def unavailable(reason: str) -> NoReturn:
    """Skip the test for want of something outside this repository; in CI fail it."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
