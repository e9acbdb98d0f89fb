"""The page on deploying, as it is written."""

from tests.helpers import CHECKOUT
from tests.helpers.deployed import Project
from tests.helpers.markdown import code
from tests.helpers.tools import require

PAGE = (CHECKOUT / "docs/deploying.md").read_text()


def test_the_page_shows_what_is_printed(project: Project) -> None:
    require("cdktf")
    project.describe()
    (project.workspace.app / "main.py").write_text(code(PAGE, "python")[0])
    project.workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", zone="us-central1-c")
    command, *lines = code(PAGE, "console")[0].splitlines()
    assert command == "$ infra deploy --yes"
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    rest = done.stdout
    for line in lines:
        _, found, rest = rest.partition(line)
        assert found, f"{line!r} is not next in:\n{done.stdout}"
