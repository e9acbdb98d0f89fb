"""`python -m infra_lib.app main.py`: as `python main.py`, with messages in place of tracebacks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BAD = """\
from infra_lib import GcpMachine

GcpMachine("galena", machine_type="e2-standard-9", zone="us-central1-b")
"""
TELLING = """\
import sys
import warnings

import beside

if __name__ == "__main__":
    warnings.warn("about the fleet", stacklevel=1)
    print(__file__, sys.path[0], *sys.argv[1:])
    sys.exit(beside.STATUS)
"""


def run(folder: Path, *arguments: str, debug: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra_lib.app", *arguments],
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
            "main.py: TypeError at main.py:3: GcpMachine.__init__() got an unexpected keyword "
            "argument 'zoen'; did you mean 'zone'? (INFRA_DEBUG=1 shows the traceback)",
        ),
        (BAD.replace('galena"', "galena"), "main.py:3: unterminated string literal"),
        (
            "import sys\nsys.modules['cdktf'] = None\nfrom cdktf import App",
            "infra_lib.stacks needs cdktf and its Google provider: pip install 'infra-lib[cdktf]'",
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
    done = run(tmp_path, "app/main.py", "--word")
    assert done.stdout == f"{tmp_path}/app/main.py {tmp_path}/app --word\n"
    assert (done.returncode, done.stderr) == (3, "infra: warning: about the fleet\n")


def test_the_safe_path_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins with PYTHONPATH, and not with the script's folder."""
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries/own.py").write_text("")
    (tmp_path / "main.py").write_text("import own")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'libraries'}:{Path(__file__).parents[2]}")
    done = run(tmp_path, "main.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_no_script_is_bad_usage(tmp_path: Path) -> None:
    for arguments in ([], ["none.py"], ["."]):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2
        assert done.stderr == (
            f"infra: no script {''.join(arguments)!r}; usage: python -m infra_lib.app main.py\n"
        )
