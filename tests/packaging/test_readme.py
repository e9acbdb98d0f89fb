"""The README is run, not believed."""

import re
from pathlib import Path

import pytest

from infra_lib.commands.cli import COMMANDS as INFRA
from tests.helpers import CHECKOUT
from tests.helpers.markdown import code, links
from tests.helpers.process import PYPROJECT, run

README = (CHECKOUT / "README.md").read_text()


def test_fleet_of_the_readme_generates_its_files(light_python: Path, tmp_path: Path) -> None:
    fleet, *_ = code(README, "python")
    (tmp_path / "main.py").write_text(fleet)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    run([str(light_python.parent / "nixgen"), "write"], cwd=tmp_path)
    assert "scheelite" in (tmp_path / "modules/clan/inventory/machines.nix").read_text()
    shown = run([str(light_python.parent / "infra"), "show"], cwd=tmp_path)
    assert "galena" in shown


@pytest.mark.parametrize("page", sorted(path.name for path in (CHECKOUT / "docs").glob("*.md")))
def test_every_page_of_the_documentation_is_linked(page: str) -> None:
    assert f"](docs/{page})" in README


def test_every_command_is_named() -> None:
    commands = [f"$ infra {name} " for name in INFRA]
    commands += [f"$ nixgen {name} " for name in ("write", "check", "diff", "list")]
    assert [command for command in commands if command not in README] == []


@pytest.mark.parametrize("target", [target for target, _ in links(README) if target])
def test_links_lead_somewhere(target: str) -> None:
    assert (CHECKOUT / target).exists()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "Makefile"])
def test_the_same_pythons_are_named_everywhere(name: str) -> None:
    classifiers = (CHECKOUT / "pyproject.toml").read_text()
    oldest, *_, newest = re.findall(r"Python :: (3\.\d+)", classifiers)
    assert f"Python {oldest} to {newest}" in (CHECKOUT / name).read_text()
