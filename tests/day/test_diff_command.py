"""`infra diff` as people run it: revisions, other fleets, forms and exit codes."""

import importlib
import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import CHECKOUT
from tests.helpers.folders import contents
from tests.helpers.markdown import code
from tests.helpers.process import environment, git, python
from tests.infra.test_cost_revision import MAIN, commit, describe, make_repository

yaml: Any = importlib.import_module("yaml")  # pre-commit's

_PAGE = (CHECKOUT / "docs/day.md").read_text().partition("\n## What a change does\n")[2]
PAGE = _PAGE.partition("\n## ")[0]
DEPLOYED = code((CHECKOUT / "docs/deploying.md").read_text(), "python")[0]
MEDIUM_NODE = 'fleet(node(machine_type="e2-medium"))'
ELSEWHERE = 'fleet(node(zone="us-central1-c"))'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


def run(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return python("-P", "-m", "infra_lib", "diff", *arguments, cwd=folder, env=env)


def found(folder: Path, *arguments: str, status: int = 0) -> dict[str, Any]:
    done = run(folder, "--json", *arguments)
    assert done.returncode == status, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def whats(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["name"], each["what"]) for each in data["machines"]]


def refused(folder: Path, *arguments: str) -> str:
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = (each for each in done.stderr.splitlines() if "warning" not in each)
    return line


def test_the_work_tree_is_compared_with_a_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD").strip()
    describe(repository, MEDIUM_NODE)
    before = contents(repository)
    data = found(repository)
    assert whats(data) == [("galena", "restarted")]
    assert data["before"]["commit"] == head
    assert set(data["after"].values()) == {None}
    assert data["machines"][0]["because"][0] == {
        "argument": "machine_type",
        "before": "e2-small",
        "after": "e2-medium",
    }
    assert data["costs"]["machines"][0]["what"] == ["e2-small → e2-medium"]
    assert found(repository, "HEAD") == data
    assert f"Against HEAD ({head[:12]}). " in run(repository).stdout
    # Neither the index nor anything else is touched, and nothing is left behind.
    assert contents(repository) == before


def test_nothing_changed(repository: Path) -> None:
    done = run(repository)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("Nothing changed against HEAD (")
    assert run(repository, "--markdown").stdout.startswith("## Nothing changes\n")


def test_two_revisions_are_compared_whatever_is_in_the_work_tree(repository: Path) -> None:
    describe(repository, MEDIUM_NODE)
    second = commit(repository)
    describe(repository, ELSEWHERE)
    commit(repository)
    (repository / "described.py").write_text("not Python of now")
    data = found(repository, "HEAD~2..HEAD~1")
    assert whats(data) == [("galena", "restarted")]
    assert data["after"]["commit"] == second
    assert whats(found(repository, "HEAD~1..", status=1)) == [("galena", "replaced")]
    assert whats(found(repository, "..HEAD~2", status=1)) == [("galena", "replaced")]
    assert found(repository, "..")["machines"] == []
    text = run(repository, "HEAD~2..HEAD~1").stdout
    assert "e2-small → e2-medium" in text


def test_three_dots_leave_out_what_came_to_the_other_side_since(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "change")
    describe(repository, MEDIUM_NODE)
    commit(repository)
    git(repository, "switch", "--quiet", "main")
    describe(repository, ELSEWHERE)
    commit(repository)
    assert whats(found(repository, "main...change")) == [("galena", "restarted")]
    assert whats(found(repository, "main..change", status=1)) == [("galena", "replaced")]
    git(repository, "switch", "--quiet", "--orphan", "other")
    describe(repository)
    # With the words of the first commit, and in the same second, it would be that commit.
    commit(repository, "Begin anew")
    assert "revision 'main...other': git merge-base: " in refused(repository, "main...other")


def test_another_fleet_and_fleets_of_revisions(repository: Path) -> None:
    with (repository / "described.py").open("a") as file:
        file.write(f"\nother = {MEDIUM_NODE}\n")
    assert whats(found(repository, "described:other")) == [("galena", "restarted")]
    data = found(repository, "HEAD..described:other")
    assert (whats(data), data["after"]["source"]) == ([("galena", "restarted")], "described:other")
    assert "sources have no commit in common" in refused(repository, "HEAD...described:other")
    assert whats(found(repository, "--source", "described:other", "described:metals"))


def test_a_lost_disk_or_a_refusal_ends_with_1_and_says_why(repository: Path) -> None:
    describe(repository, ELSEWHERE)
    for form in ((), ("--json",), ("--markdown",)):
        done = run(repository, *form)
        assert done.returncode == 1
        said = [line for line in done.stderr.splitlines() if "warning" not in line]
        assert said == ["infra: lost, with what is on it: the boot disk of galena"]
    data = found(repository, status=1)
    assert (data["ok"], [each["what"] for each in data["disks"]]) == (False, ["lost"])
    describe(repository, "fleet(node(enabled=False))")
    done = run(repository)
    assert done.returncode == 0, done.stderr
    assert "goes: the boot disk of galena" in done.stdout
    describe(repository, "fleet(node(), budget_usd_per_hour=0.05)")
    done = run(repository, "-q")
    assert done.returncode == 1
    assert "budget_usd_per_hour=0.05" in done.stderr


def test_bad_input_ends_with_2(repository: Path) -> None:
    assert refused(repository, "gone").startswith("infra: revision 'gone': git rev-parse: ")
    assert refused(repository, "HEAD..gone").startswith("infra: revision 'gone': git rev-parse: ")
    assert refused(repository, "--", "-x").startswith("infra: revision '-x': what git calls")
    (repository / "described.py").write_text("metals = 5")
    name = commit(repository)[:12]
    describe(repository)
    assert refused(repository).startswith(f"infra: revision HEAD ({name}): source described:metals")
    git(repository, "rm", "--quiet", "--force", "described.py")
    commit(repository)
    assert refused(repository, "HEAD~2..HEAD").endswith(
        "no fleet is there: source described:metals: there is no module 'described' in ."
    )


def test_a_fleet_that_was_not_there_is_new_and_that_is_said(repository: Path) -> None:
    (repository / "new.py").write_text(MAIN)
    data = found(repository, "--source", "new:metals")
    assert whats(data) == [("galena", "created")]
    assert data["before"]["missing"] == "source new:metals: there is no module 'new' in ."
    assert "so that all is new" in run(repository, "--source", "new:metals").stdout


def test_facts_of_then_count(repository: Path) -> None:
    text = MAIN.replace(
        "fleet(node())",
        "fleet(node(zone='us-central1-a', fallback_zones=('us-central1-c',)), facts=FACTS)",
        1,
    )
    facts = "FACTS = Facts.load(Path(__file__).with_name('facts.json'))\nmetals ="
    (repository / "described.py").write_text(
        "from pathlib import Path\n" + text.replace("metals =", facts, 1)
    )
    (repository / "facts.json").write_text('{"machines": {}, "version": 1}\n')
    commit(repository)
    assert found(repository)["machines"] == []
    there = '{"machines": {"galena": {"zone": "us-central1-c"}}, "version": 1}\n'
    (repository / "facts.json").write_text(there)
    assert whats(found(repository, status=1)) == [("galena", "replaced")]


def test_differences_of_files_are_shown_to_whoever_asks(repository: Path) -> None:
    describe(repository, "fleet(node(config={'a': 1}))")
    assert "@@ " not in run(repository).stdout
    for option in ("--files", "-v"):
        assert re.search(r"^\+.*{ a = 1; }$", run(repository, option).stdout, re.MULTILINE)
    files = found(repository, "--files")["files"]
    assert any("a = 1;" in each["diff"] for each in files)
    assert all(each["diff"] is None for each in found(repository)["files"])
    assert "```diff" in run(repository, "--markdown").stdout


def on_a_terminal(folder: Path, *arguments: str, **variables: str) -> str:
    """What a terminal of 200 columns is given, where nothing else is printed to it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "infra_lib", "diff", *arguments],
        cwd=folder,
        env={**environment(), "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "", **variables},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        said = b""
        with suppress(OSError):  # which is the end
            while part := os.read(ours, 65536):
                said += part
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def test_colours_are_for_terminals(repository: Path) -> None:
    describe(repository, ELSEWHERE)
    assert "\x1b" not in run(repository).stdout
    coloured = on_a_terminal(repository, "--files")
    assert "\x1b[31mreplaced\x1b[0m" in coloured
    assert "\x1b[32m+" in coloured
    without = on_a_terminal(repository, "--files", NO_COLOR="1")
    assert re.sub(r"\x1b\[\d+m", "", coloured) == without


def test_the_same_input_gives_the_same_bytes(repository: Path) -> None:
    describe(repository, 'fleet(node(), *(node(f"m{n}") for n in range(20)))')
    for form in ((), ("--json", "--files"), ("--markdown",)):
        first, second = (
            run(repository, *form, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")
        )
        assert first == second


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """The fleet of the page on deploying, with a machine that is off, and one commit."""
    folder = tmp_path / "deployed"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    (folder / "main.py").write_text(DEPLOYED)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The fleet")
    return folder


def change(folder: Path) -> None:
    """Make of the fleet what the page shows."""
    main = (folder / "main.py").read_text()
    changed = main.replace("e2-standard-8", "e2-standard-4").replace(
        'zone="us-central1-c"', 'zone="us-central1-b"'
    )
    assert changed != main
    (folder / "main.py").write_text(changed)


def test_the_page_shows_what_a_change_does(deployed: Path) -> None:
    change(deployed)
    command, _, shown = code(PAGE, "console")[0].partition("\n")
    assert command == "$ infra diff"
    done = run(deployed)
    assert done.returncode == 1, done.stderr
    any_commit = partial(re.sub, r"\([\da-f]{12}\)", "(_)")
    assert any_commit(done.stdout).startswith(any_commit(shown.rstrip().removesuffix("…")))


@pytest.mark.parametrize("changes", [True, False])
def test_the_workflow_says_what_a_pull_request_would_do(
    deployed: Path, tmp_path: Path, changes: bool
) -> None:
    """In a clone as GitHub's action makes it: the merge, and what it would be merged into."""
    git(deployed, "switch", "--quiet", "--create", "change")
    if changes:
        change(deployed)
    git(deployed, "commit", "--quiet", "--all", "--allow-empty", "--message", "A change")
    git(deployed, "switch", "--quiet", "main")
    git(deployed, "commit", "--quiet", "--allow-empty", "--message", "Of somebody else")
    git(deployed, "merge", "--quiet", "--no-ff", "--message", "What would be merged", "change")
    workflow = yaml.safe_load(code(PAGE, "yaml")[0])
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    assert all(
        re.fullmatch(r"actions/[-\w]+@v\d+", step["uses"]) for step in steps if "uses" in step
    )
    assert "secrets" not in json.dumps(workflow)
    assert steps[0]["with"]["persist-credentials"] is False
    depth = str(steps[0]["with"]["fetch-depth"])
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", depth, f"file://{deployed}", str(clone))
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "infra").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m infra_lib "$@"\n')
    (tools / "infra").chmod(0o755)
    summary = tmp_path / "summary"
    (diff,) = (step["run"] for step in steps if "infra diff" in step.get("run", ""))
    done = subprocess.run(
        ["bash", "-e", "-c", diff],
        cwd=clone,
        env={
            **environment(),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int(changes), done.stderr
    begins = "## ⚠️ " if changes else "## Nothing changes"
    assert summary.read_text().startswith(begins)
