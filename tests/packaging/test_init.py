"""`infra init` of an installed package: what it writes refers to where that came from."""

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.process import git, install, run
from tests.helpers.tools import require

GENERATED = "modules/clan/inventory/machines.nix"


@pytest.fixture(scope="module")
def from_git(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that holds this project, installed by a reference to git."""
    return install(f"git+file://{source}", tmp_path_factory.mktemp("git") / "venv").parent


def guarded(commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """See that the hook refuses a commit without its Nix files, in a repository made by `init`."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    repository = tmp_path / "ores"
    repository.mkdir()
    git(repository, "init", "--quiet")
    run([str(commands / "infra"), "init"], cwd=repository)
    run([sys.executable, "-m", "pre_commit", "install"], cwd=repository)
    git(repository, "add", "--all")
    git(repository, "commit", "--message", "Start")
    main = repository / "main.py"
    main.write_text(main.read_text().replace("node-1", "quartz"))
    git(repository, "add", "--all")
    refused = git(repository, "commit", "--message", "Rename", status=1)
    assert GENERATED in refused
    assert "quartz" in (repository / GENERATED).read_text()


def test_a_git_reference_is_a_light_install_that_works(from_git: Path, tmp_path: Path) -> None:
    run([str(from_git / "infra"), "init"], cwd=tmp_path)
    run([str(from_git / "nixgen"), "check"], cwd=tmp_path)
    assert "node-1" in run([str(from_git / "infra"), "cost"], cwd=tmp_path)


def test_it_refers_to_the_commit_that_it_was_installed_from(
    from_git: Path, source: Path, tmp_path: Path
) -> None:
    run([str(from_git / "infra"), "init"], cwd=tmp_path)
    commit = git(source, "rev-parse", "HEAD").strip()
    # With a host, which the pip of Python 3.11 and 3.12 wants.
    requirement = f"infra-lib[cdktf] @ git+file://localhost{source}@{commit}\n"
    assert (tmp_path / "requirements.txt").read_text() == requirement
    configuration = (tmp_path / ".pre-commit-config.yaml").read_text()
    assert f"repo: file://{source}\n    rev: {commit}\n" in configuration
    light = requirement.replace("[cdktf]", "").strip()
    install(light, tmp_path / "venv")


def test_from_a_wheel_it_refers_to_the_wheel(
    light_python: Path, wheel: Path, tmp_path: Path
) -> None:
    printed = run([str(light_python.parent / "infra"), "init"], cwd=tmp_path)
    requirement = f"infra-lib[cdktf] @ {wheel.as_uri()}\n"
    assert (tmp_path / "requirements.txt").read_text() == requirement
    configuration = (tmp_path / ".pre-commit-config.yaml").read_text()
    assert f'["infra-lib @ {wheel.as_uri()}"]' in configuration
    assert f"name {wheel.as_uri()}, where this was installed from" in printed


def test_from_a_folder_its_hook_guards_the_repository(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = install(str(source), tmp_path / "venv")
    guarded(python.parent, tmp_path, monkeypatch)


def test_its_hook_guards_the_repository(
    from_git: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded(from_git, tmp_path, monkeypatch)


def test_what_it_wrote_is_synthesized_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    cdktf = require("cdktf")
    python = install(f"{wheel}[cdktf]", tmp_path / "venv")
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    for cloud in ("gcp", "hetzner"):
        project = tmp_path / cloud
        project.mkdir()
        run([str(python.parent / "infra"), "init", "--cloud", cloud], cwd=project)
        run([cdktf, "synth"], cwd=project, env={"PATH": path, "CHECKPOINT_DISABLE": "1"})
        assert (project / f"cdktf.out/stacks/{cloud}/cdk.tf.json").is_file()
        run([str(python.parent / "nixgen"), "check"], cwd=project)
