"""What `make synth` says, when all is well and when something is missing."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.process import git, run
from tests.helpers.tools import require


@pytest.fixture
def checkout(source: Path, tmp_path: Path) -> Path:
    """A fresh clone."""
    git(tmp_path, "clone", "--quiet", str(source), "checkout")
    return tmp_path / "checkout"


def said(output: str) -> list[str]:
    """What was printed but for the one line with which make itself ends."""
    return [line for line in output.splitlines() if not line.startswith("make: ***")]


def test_missing_python_is_one_line(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "sh"):
        (programs / name).symlink_to(require(name))
    output = run(["make", "synth"], cwd=checkout, env={"PATH": str(programs)}, status=2)
    (line,) = said(output)
    assert "Python 3.11 to 3.14 is needed" in line


@pytest.mark.parametrize("version", ["3, 10", "3, 15"])
def test_a_python_that_will_not_do_is_passed_over(
    checkout: Path, tmp_path: Path, version: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = ({version}); $2"\n'
    )
    python.chmod(0o755)
    output = run(["make", "setup", f"PYTHON={python}"], cwd=checkout, status=2)
    (line,) = said(output)
    assert "Python 3.11 to 3.14 is needed" in line


def test_unreachable_package_index_is_one_line(checkout: Path) -> None:
    require("make")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    output = run(["make", "synth"], cwd=checkout, env=nowhere, status=2)
    doing, failure = said(output)
    assert "requirements.txt" in doing
    assert "is the Python package index reachable?" in failure


def test_setup_counts_the_seconds_at_a_terminal_and_nowhere_else(
    checkout: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    os.mkfifo(go)
    code = (
        "import sys; sys.path.insert(0, 'tools'); import setup\n"
        f"setup.run(['sh', '-c', 'echo told; : < {go}'], 'failed')\n"
        "setup.say('done')\n"
    )
    ours, its = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], cwd=checkout, stdout=its) as process:
        os.close(its)
        shown = b""
        while not re.search(rb"\rsetup: \d+ s\rsetup: \d+ s", shown):
            shown += os.read(ours, 100)
        go.write_bytes(b"")
        assert process.wait() == 0
    assert os.read(ours, 1000).endswith(b"\r                    \rsetup: done\r\n")
    os.close(ours)

    piped = run([sys.executable, "-c", code.replace(f": < {go}", "sleep 2")], cwd=checkout)
    assert piped == "setup: done\n"


def test_setup_that_is_interrupted_says_so_in_one_line(checkout: Path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, 'tools'); import setup\n"
        "setup.install_requirements = lambda _: setup.run(['sh', '-c', 'kill -2 $PPID; cat'], '')\n"
        "sys.exit(setup.main())\n"
    )
    output = run([sys.executable, "-c", code], cwd=checkout, status=130)
    assert output == "setup: interrupted; the next make goes on from here\n"


def test_setup_needs_nobody_to_tell(checkout: Path) -> None:
    code = "import sys; sys.path.insert(0, 'tools'); import setup; setup.run(['true'], 'failed')"
    assert run(["sh", "-c", '"$0" -c "$1" >&-', sys.executable, code], cwd=checkout) == ""


def test_summary_names_stacks_files_and_machines(checkout: Path) -> None:
    require("cdktf")
    (checkout / "snapshots/nix/lib/caches.nix").unlink()
    output = run([sys.executable, "tools/synth.py"], cwd=checkout)
    assert "created lib/caches.nix" in output
    assert "gcp: cdktf.out/stacks/gcp/cdk.tf.json" in output
    assert (checkout / "cdktf.out/stacks/gcp/cdk.tf.json").is_file()
    for machine in ("cinnabar", "electrum", "galena", "scheelite", "stibnite", "blackphos"):
        assert machine in output
    # The committed files are those of main.py, so a synth changes nothing that git knows.
    assert git(checkout, "status", "--porcelain") == ""


def test_a_reader_who_has_seen_enough_stops_neither_setup_nor_synth(checkout: Path) -> None:
    require("cdktf")
    (checkout / "snapshots/nix/lib/caches.nix").unlink()
    twice = "import sys; sys.path.insert(0, 'tools'); import setup; setup.say('a'); setup.say('b')"
    for command in (["-c", twice], ["tools/synth.py"]):
        ours, its = os.pipe()
        os.close(ours)
        with os.fdopen(its, "wb") as nobody:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=checkout,
                stdin=subprocess.DEVNULL,
                stdout=nobody,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert (done.returncode, done.stderr) == (0, b"")
    assert git(checkout, "status", "--porcelain") == ""  # all is written


def test_wrong_fleet_is_one_message_and_nothing_is_written(checkout: Path) -> None:
    require("infra")
    main = checkout / "main.py"
    main.write_text(main.read_text().replace("e2-standard-8", "e2-standard-9"))
    output = run([sys.executable, "tools/synth.py"], cwd=checkout, status=2)
    (line,) = output.splitlines()
    assert "galena" in line
    assert "e2-standard-9" in line
    assert not (checkout / "cdktf.out").exists()
    assert git(checkout, "diff", "--name-only").split() == ["main.py"]
