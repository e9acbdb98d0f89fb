"""`python -m infra_lib.app main.py`: as `python main.py`, with messages in place of tracebacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra_lib.operate.scaffold import Origin, texts
from infra_lib.terraform.frameworks import GET_NODE, WITHOUT_NODE
from tests.helpers import CHECKOUT

BAD = """\
from infra_lib import GcpMachine

GcpMachine("galena", machine_type="e2-standard-9", zone="us-central1-b")
"""
TELLING = """\
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import beside

if __name__ == "__main__":
    warnings.warn("about the fleet", stacklevel=1)
    assert find_spec("elsewhere") is None
    print(__file__, sys.path.count(str(Path(__file__).parent)), *sys.argv[1:])
    sys.exit(beside.STATUS)
"""


def run(
    folder: Path, *arguments: str, debug: str = "", python: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, "-m", "infra_lib.app", *arguments],
        cwd=folder,
        env={**os.environ, "INFRA_DEBUG": debug},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bad_fleet_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(BAD)
    done = run(tmp_path, "main.py")
    assert (done.returncode, done.stdout) == (2, "")
    message = "infra: main.py:3: machine 'galena': machine_type='e2-standard-9': not in "
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert "Traceback" in run(tmp_path, "main.py", debug="1").stderr


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            BAD.replace("zone=", "zoen="),
            "main.py:3: GcpMachine('galena', zoen=…): there is no field 'zoen' (nearest: zone)",
        ),
        (BAD.replace('galena"', "galena"), "main.py:3: unterminated string literal"),
        (
            "import sys\nsys.modules['cdktf'] = None\nfrom cdktf import App",
            "infra_lib.stacks needs cdktf and its Google provider: pip install 'infra-lib[cdktf]'",
        ),
        (
            "import sys\nsys.modules['cdktn'] = None\nfrom cdktn import App",
            "infra_lib.stacks.cdktn needs cdktn and its Google provider: pip install "
            "'infra-lib[cdktn]'",
        ),
    ],
)
def test_a_mistake_in_the_script_is_one_message(tmp_path: Path, script: str, message: str) -> None:
    (tmp_path / "main.py").write_text(script)
    done = run(tmp_path, "main.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_script_finds_all_as_it_would_alone(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text(TELLING)
    (tmp_path / "app/beside.py").write_text("STATUS = 3\n")
    (tmp_path / "beside.py").write_text("raise RuntimeError('of the current folder')\n")
    (tmp_path / "elsewhere.py").write_text("")
    for python in ((), ("-P",)):
        done = run(tmp_path, "app/main.py", "--word", python=python)
        assert done.stdout == f"{tmp_path}/app/main.py 1 --word\n"
        assert (done.returncode, done.stderr) == (3, "infra: warning: about the fleet\n")


def test_the_app_of_cdktf_takes_no_module_beside_it_for_pythons(tmp_path: Path) -> None:
    command = json.loads((CHECKOUT / "cdktf.json").read_text())["app"].split()
    assert command[0] == "python"
    assert command == json.loads(texts("", Origin(version="1"))["cdktf.json"])["app"].split()
    for name in sys.stdlib_module_names - {"__future__"}:
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('{name} of the project')\n")
    (tmp_path / "own.py").write_text("")
    (tmp_path / "main.py").write_text("import fractions, own\n" + BAD.replace("-9", "-8"))
    done = subprocess.run(
        [sys.executable, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_safe_path_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it begins with is PYTHONPATH."""
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries/own.py").write_text("")
    (tmp_path / "main.py").write_text("import own")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'libraries'}:{CHECKOUT}")
    done = run(tmp_path, "main.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_no_script_is_bad_usage(tmp_path: Path) -> None:
    for arguments in ([], ["none.py"], ["."]):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2
        assert done.stderr == (
            f"infra: no script {''.join(arguments)!r}; usage: python -m infra_lib.app main.py\n"
        )


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (None, f"infra: {WITHOUT_NODE}\n"),
        (
            "/nowhere/node",
            "infra: JSII_NODE='/nowhere/node' cannot be run: No such file or directory\n",
        ),
    ],
)
@pytest.mark.parametrize("first", ["cdktf", "infra_lib.stacks.cdktf.gcp"])
def test_an_app_without_node_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str | None, said: str, first: str
) -> None:
    (tmp_path / "main.py").write_text(
        f"import {first}\n{texts('', Origin(version='1'))['main.py']}"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JSII_NODE", raising=False)
    if node is not None:
        monkeypatch.setenv("JSII_NODE", node)
    done = run(tmp_path, "main.py")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize("answer", ["exit 126", "echo a shim of another version; exit"])
def test_a_node_that_does_not_work_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    (tmp_path / "main.py").write_text("from infra_lib.stacks import GcpStack\n")
    (tmp_path / "node").write_text(f"#!/bin/sh\n{answer}\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JSII_NODE", raising=False)
    done = run(tmp_path, "main.py")
    said = f"infra: node ended, or gave no answer: where node --version fails too, {GET_NODE}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_the_end_of_a_node_that_cdktf_needs_is_no_news_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
    (tmp_path / "main.py").write_text(f"import os\nprint(repr(os.environ[{name!r}]))\n")
    monkeypatch.delenv(name, raising=False)
    assert run(tmp_path, "main.py").stdout == "'20,22'\n"
    monkeypatch.setenv(name, "")
    assert run(tmp_path, "main.py").stdout == "''\n"
