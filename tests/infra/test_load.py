"""The module that describes a fleet, whatever else it does, does not speak or end for a command."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_lib.commands.cli import main
from tests.helpers import process

FLEET = "metals = fleet()\n"


@pytest.fixture
def infra(described: Callable[[str], Path]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a folder whose module describes a fleet with some code."""

    def run(
        code: str, *arguments: str, python: tuple[str, ...] = ("-P",)
    ) -> subprocess.CompletedProcess[str]:
        return process.python(*python, "-m", "infra_lib", *arguments, cwd=described(code))

    return run


Infra = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("act", ["os._exit(0)", "os.execvp('true', ['true'])", "sys.exit(0)"])
def test_a_description_that_ends_the_process_is_an_error(infra: Infra, act: str) -> None:
    for command in (["show"], ["cost"], ["runbook"], ["sync", "--vars-only"], ["deploy", "--plan"]):
        done = infra(f"import os, sys\n{act}\n{FLEET}", *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "SystemExit at described.py:" in done.stderr
        assert done.stderr.count("\n") == 1


def test_what_a_description_prints_is_not_the_commands(infra: Infra) -> None:
    alone = infra(FLEET, "show", "--json")
    assert alone.returncode == 0
    prints = (
        "import os, subprocess, sys\n"
        "print('printed')\n"
        "sys.__stdout__.write('original\\n')\n"
        "os.write(1, b'bytes\\n')\n"
        "subprocess.run(['echo', 'program'])\n"
    )
    done = infra(prints + FLEET, "show", "--json")
    assert (done.returncode, done.stdout) == (0, alone.stdout)
    for word in ("printed", "original", "bytes", "program"):
        assert f"{word}\n" in done.stderr


def test_who_calls_a_command_as_a_function_gets_its_own_words_too(
    described: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    described(f"print('printed')\n{FLEET}")
    assert main(["show"]) == 0
    printed = capsys.readouterr()
    assert "printed" not in printed.out
    assert printed.err == "printed\n"


def test_no_module_beside_a_description_takes_the_place_of_pythons(
    infra: Infra, tmp_path: Path
) -> None:
    for name in sys.stdlib_module_names - {"__future__"}:
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('{name} of the project')\n")
    for command in (["show", "--json"], ["cost", "--json"], ["runbook"]):
        done = infra(f"import fractions\n{FLEET}", *command)
        assert "of the project" not in done.stderr
        assert done.returncode == 0
