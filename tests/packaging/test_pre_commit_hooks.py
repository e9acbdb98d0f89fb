"""The hooks of this repository in another one, run by the real pre-commit at real commits."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.process import LIGHT_MAIN, PYPROJECT, git, run
from tests.helpers.tools import require

GENERATED = "modules/clan/inventory/machines.nix"

CONFIGURATION = """\
repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: nixgen
  - repo: local
    hooks:
      - id: nixfmt
        name: nixfmt
        entry: nixfmt
        language: system
        files: \\.nix$
      - id: deadnix
        name: deadnix
        entry: deadnix --fail
        language: system
        files: \\.nix$
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where pre-commit keeps the environments that it makes: not with the user's."""
    folder = tmp_path_factory.mktemp("pre-commit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRE_COMMIT_HOME", str(folder))
        yield folder


@pytest.fixture
def staged(source: Path, home: Path, tmp_path: Path) -> Path:
    """A repository with a fleet of its own, our hook beside others, all of it staged."""
    require("nixfmt")
    require("deadnix")
    assert home.is_dir()
    repository = tmp_path / "consumer"
    repository.mkdir()
    git(repository, "init", "--quiet")
    (repository / "main.py").write_text(LIGHT_MAIN)
    (repository / "pyproject.toml").write_text(PYPROJECT)
    (repository / ".gitignore").write_text("__pycache__/\n")
    revision = git(source, "rev-parse", "HEAD").strip()
    configuration = CONFIGURATION.format(source=source, revision=revision)
    (repository / ".pre-commit-config.yaml").write_text(configuration)
    run([sys.executable, "-m", "pre_commit", "install"], cwd=repository)
    git(repository, "add", "--all")
    return repository


@pytest.fixture
def regenerating(staged: Path) -> Path:
    """The same with one commit that holds all generated files."""
    git(staged, "commit", "--message", "The fleet", status=1)
    git(staged, "add", "--all")
    git(staged, "commit", "--message", "The fleet")
    return staged


def test_first_commit_is_refused_until_the_new_files_are_in_it(staged: Path) -> None:
    refused = git(staged, "commit", "--message", "The fleet", status=1)
    assert GENERATED in refused
    git(staged, "add", "--all")
    git(staged, "commit", "--message", "The fleet")
    assert GENERATED in git(staged, "ls-files").splitlines()


def test_changed_fleet_rewrites_the_files(regenerating: Path) -> None:
    main = regenerating / "main.py"
    main.write_text(main.read_text().replace("quartz", "feldspar"))
    git(regenerating, "add", "--all")
    refused = git(regenerating, "commit", "--message", "Rename", status=1)
    assert GENERATED in refused
    assert "feldspar" in (regenerating / GENERATED).read_text()
    git(regenerating, "add", "--all")
    passed = git(regenerating, "commit", "--message", "Rename")
    assert "nixfmt" in passed
    assert "deadnix" in passed
    assert git(regenerating, "status", "--porcelain") == ""
    assert "modules/machines/nixos/quartz/default.nix" not in git(regenerating, "ls-files")


def test_unrelated_commit_passes(regenerating: Path) -> None:
    (regenerating / "README").write_text("Ores.\n")
    git(regenerating, "add", "--all")
    git(regenerating, "commit", "--message", "Say what this is")


def test_hand_edit_is_refused(regenerating: Path) -> None:
    configuration = regenerating / ".pre-commit-config.yaml"
    configuration.write_text(configuration.read_text().replace("id: nixgen", "id: nixgen-check"))
    file = regenerating / GENERATED
    file.write_text(file.read_text().replace("quartz", "agate"))
    git(regenerating, "add", "--all")
    refused = git(regenerating, "commit", "--message", "Edit", status=1)
    assert GENERATED in refused
    assert "edited by hand" in refused
    assert "agate" in file.read_text()


@pytest.mark.usefixtures("regenerating")
def test_hook_environment_holds_attrs_alone(home: Path) -> None:
    installed = {
        path.name.partition("-")[0]
        for path in home.glob("*/py_env-*/lib/python*/site-packages/*.dist-info")
    }
    assert installed - {"pip", "setuptools", "wheel"} == {"attrs", "infra_lib"}
