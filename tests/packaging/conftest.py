"""This project as others get it: built, cloned and installed from nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import CHECKOUT
from tests.helpers.process import git, install, run


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with one commit: every file of this checkout that git does not ignore."""
    repository = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        original, copy = CHECKOUT / name, repository / name
        if original.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(original.read_bytes())
            copy.chmod(original.stat().st_mode)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "The project")
    return repository


@pytest.fixture(scope="session")
def distributions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(source)])
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """The one wheel."""
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def light_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel, without extras."""
    return install(str(wheel), tmp_path_factory.mktemp("light") / "venv")
