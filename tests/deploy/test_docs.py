"""The page on deploying, as it is written."""

import re
from pathlib import Path

from tests.helpers.deployed import Project
from tests.helpers.tools import require

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"


def block(language: str) -> str:
    """The first block of the page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def test_the_page_shows_what_is_printed(project: Project) -> None:
    require("cdktf")
    project.describe()
    (project.workspace.app / "main.py").write_text(block("python"))
    project.workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", zone="us-central1-c")
    command, *lines = block("console").splitlines()
    assert command == "$ infra deploy --yes"
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    rest = done.stdout
    for line in lines:
        _, found, rest = rest.partition(line)
        assert found, f"{line!r} is not next in:\n{done.stdout}"
