"""What the page on costs shows, run as it is written."""

import importlib
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib.operate.cost_text import cost_text
from infra_lib.operate.cost_view import View
from main import fleet as example
from tests.helpers import CHECKOUT
from tests.helpers.markdown import code
from tests.helpers.process import environment, git, python

_COSTS, _, PAGE = (CHECKOUT / "docs/costs.md").read_text().partition("## What a change costs\n")
MAIN = code((CHECKOUT / "docs/deploying.md").read_text(), "python")[0]

yaml: Any = importlib.import_module("yaml")  # pre-commit's


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The fleet of the page on deploying, with a machine that is off, and one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    schedule = '            stop_schedule=StopSchedule("0 20 * * *", time_zone="Europe/Berlin"),\n'
    main = MAIN.replace("            enabled=True,\n", "").replace(schedule, "")
    (folder / "main.py").write_text(main)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The fleet")
    return folder


def change(repository: Path) -> None:
    """Make of the fleet what the page shows."""
    main = (repository / "main.py").read_text()
    changed = main.replace("e2-standard-8", "e2-standard-4").replace(
        '            gpu=Gpu("nvidia-tesla-t4"),\n',
        '            gpu=Gpu("nvidia-tesla-t4"),\n            enabled=True,\n',
    )
    assert changed.count("enabled=True") == 1
    (repository / "main.py").write_text(changed)


def test_the_page_shows_what_a_fleet_costs(repository: Path) -> None:
    (repository / "main.py").write_text(MAIN)
    command, _, shown = code(_COSTS, "console")[0].partition("\n")
    assert command == "$ infra cost"
    done = python("-P", "-m", "infra_lib", "cost", cwd=repository)
    assert done.returncode == 0, done.stderr
    assert shown == done.stdout


def test_the_page_shows_a_fleet_in_two_currencies() -> None:
    section = _COSTS.partition("\n## Currencies\n")[2]
    command, _, shown = code(section, "console")[0].partition("\n")
    done = python("-P", "-m", "infra_lib", *command.split()[2:], cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(shown)
    rated = evolve(example, usd_per_eur=1.08)
    total = "(in USD, at 1.08 per EUR: $0.4649 an hour, $320.54 a month)"
    for text in (section, cost_text(rated, View())):
        assert total in " ".join(text.split())


def test_the_page_shows_what_a_change_costs(repository: Path) -> None:
    change(repository)
    command, _, shown = code(PAGE, "console")[0].partition("\n")
    assert command == "$ infra cost --diff"
    done = python("-P", "-m", "infra_lib", "cost", "--diff", cwd=repository)
    assert done.returncode == 0, done.stderr
    any_commit = partial(re.sub, r"\([\da-f]{12}\)", "(_)")
    assert any_commit(shown) == any_commit(done.stdout)


@pytest.mark.parametrize(("budget", "status"), [("1.5", 0), ("0.1", 1)])
def test_the_workflow_comments_on_what_would_be_merged(
    repository: Path, tmp_path: Path, budget: str, status: int
) -> None:
    """In a clone as GitHub's action makes it: the merge, and what it would be merged into."""
    git(repository, "switch", "--quiet", "--create", "change")
    change(repository)
    git(repository, "commit", "--quiet", "--all", "--message", "Another machine")
    git(repository, "switch", "--quiet", "main")
    main = (repository / "main.py").read_text()
    (repository / "main.py").write_text(main.replace("usd_per_hour=1.5", f"usd_per_hour={budget}"))
    git(repository, "commit", "--quiet", "--all", "--allow-empty", "--message", "Of somebody else")
    git(repository, "merge", "--quiet", "--no-ff", "--message", "What would be merged", "change")
    steps = yaml.safe_load(code(PAGE, "yaml")[0])["jobs"]["cost"]["steps"]
    depth = str(steps[0]["with"]["fetch-depth"])
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", depth, f"file://{repository}", str(clone))

    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "infra").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m infra_lib "$@"\n')
    (tools / "gh").write_text('#!/bin/sh\necho "$@"\ncat cost.md\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"

    def run(step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=clone,
            env={**environment(), "PATH": path, "NUMBER": "7"},
            capture_output=True,
            text=True,
            check=False,
        )

    *_, cost, comment = steps
    done = run(cost)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    first, _, body = run(comment).stdout.partition("\n")
    assert first == "pr comment 7 --edit-last --create-if-none --body-file cost.md"
    assert re.match(r"▲ \*\*\+\$[\d,.]+ a month\*\* for metals, against <code>HEAD\^ \(", body)
    assert "| galena | e2-standard-8 → e2-standard-4 |" in body
    assert ("which is more" in body) == bool(status)
    # The change of somebody else is not in it.
    assert "no limit" not in body
    assert "$1.5000 →" not in body
    assert set(comment["env"]) == {"GH_TOKEN", "GH_REPO", "NUMBER"}
    assert not any("GH_TOKEN" in step.get("env", {}) for step in steps[:-1])
