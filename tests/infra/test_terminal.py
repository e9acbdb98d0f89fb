"""No command lets a terminal act on what a fleet, a tree or an exception holds."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.helpers import CHECKOUT
from tests.helpers.process import python

# A title, a cleared screen in both its ways, a line begun anew, and text that reads backwards.
HOSTILE = "\x1b]0;title\x07 \x1b[2J \x9b2J \r \u202e \u2066 \u200b"
SHOWN = r"\u001b]0;title\u0007 \u001b[2J \u009b2J \u000d \u202e \u2066 \u200b"
TEXT = "\x9b2J \r \u202e \u2066"  # of which a fleet takes a description
TEXT_SHOWN = r"\u009b2J \u000d \u202e \u2066"

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u \u202e"

MAIN = f"""
import sys
import warnings
from pathlib import Path
from infra_lib import *
from nixgen import TextFile

text = {TEXT!r}
hostile = {HOSTILE!r}
fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=({KEY!r},)),
    machines=(
        Machine("cinnabar", description=text, tags=("controller", "\\u202e", "\\x9b2J")),
        GcpMachine("galena", machine_type="e2-small", zone="us-central1-b", description=text),
    ),
    facts=Facts.load(Path(__file__).with_name("facts.json")),
)
files = {{"x.nix": {{"a": text}}, "\\u202ey\\x9b2J.txt": TextFile("x")}}
foreign = {{"z.nix": {{"a": text}}}}

def printing():
    print(hostile)
    sys.stdout.writelines([hostile, "\\n"])
    warnings.simplefilter("default")
    warnings.warn(hostile)
    return fleet

def failing():
    raise ValueError(hostile)

def broken():
    raise RuntimeError(hostile)

def misnamed():
    return Fleet(name=hostile, domain="zt", machines=())
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose fleet is hostile in all that it may be."""
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "facts.json").write_text('{"machines": {}, "version": 1}\n')
    (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\nroot = "out"\n')
    return tmp_path


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run `infra` or `nixgen`, and see that a terminal would act on nothing that it printed."""
    name, *arguments = command
    done = subprocess.run(
        [sys.executable, "-m", {"infra": "infra_lib"}.get(name, name), *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1", "FORCE_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert acting(out + err) == []
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def acting(text: str) -> list[str]:
    return [each for each in text if not each.isprintable() and each not in "\t\n"]


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("infra show", 0, r"nixos, controller, \u202e, \u009b2J"),
        ("infra runbook", 0, f"cinnabar: {TEXT_SHOWN}"),
        ("infra runbook galena", 0, f"galena (on): GCP node (e2-small): {TEXT_SHOWN}"),
        ("infra runbook --shell", 0, "galena"),
        ("infra cost", 0, "galena"),
        ("infra cost --source main:printing", 0, f"{SHOWN}\n{SHOWN}\ninfra: warning: {SHOWN}\n"),
        ("infra cost --source main:failing", 2, SHOWN),
        ("infra cost --source main:broken", 2, f": {SHOWN} (INFRA_DEBUG=1 shows"),
        ("infra cost --source main:misnamed", 2, r"name='\x1b]0;title\x07"),
        ("infra cost --source \x1b]0;title\x07", 2, r"source '\x1b]0;title\x07'"),
        ("infra runbook \x1b[2J", 2, r"machine='\x1b[2J'"),
        ("infra gpus \x1b[2J", 2, r"GPU='\x1b[2J'"),
        ("infra gpus --region \x1b[2J", 2, r"--region='\x1b[2J'"),
        ("infra gpus --count \x1b[2J", 2, r"'\x1b[2J': a number of GPUs"),
        ("infra sync --set \x9b2J.zone=x", 2, r"machine='\x9b2J'"),
        ("infra sync --outputs \x1b[2J", 2, r"\u001b[2J"),
        ("infra sync --vars-only", 0, "facts.json: written"),
        ("infra --help", 0, "usage: infra"),
        ("infra cost --help", 0, "usage: infra cost"),
        ("infra cost --\x1b[2J", 2, r"unrecognized arguments: --\u001b[2J"),
        ("infra cost \x1b[2J", 2, r"machine='\x1b[2J'"),
        ("infra show --tag \x1b[2J", 2, r"--tag \u001b[2J: no machine"),
        ("infra help \x1b[2J", 2, r"infra help \u001b[2J: there is no"),
        ("nixgen list main:files", 0, "\\u202ey\\u009b2J.txt\n"),
        ("nixgen write main:files", 0, "created \\u202ey\\u009b2J.txt\n"),
        ("nixgen check main:files", 1, "\\u202ey\\u009b2J.txt: missing\n"),
        ("nixgen check main:failing", 2, SHOWN),
        ("nixgen check main:broken", 2, SHOWN),
        ("nixgen --help", 0, "usage: nixgen"),
        ("nixgen check --help", 0, "usage: nixgen check"),
        ("nixgen check \x1b[2J", 2, r"\x1b[2J"),
    ],
)
def test_a_terminal_acts_on_nothing(project: Path, command: str, status: int, said: str) -> None:
    done = run(project, *command.split(" "))
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr


def test_a_script_stays_one(project: Path) -> None:
    script = run(project, "infra", "runbook", "--shell").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_what_programs_read_holds_what_the_fleet_holds(project: Path) -> None:
    cinnabar, _ = json.loads(run(project, "infra", "show", "--json").stdout)["machines"]
    assert cinnabar["description"] == TEXT
    assert cinnabar["tags"] == ["nixos", "controller", "\u202e", "\x9b2J"]


def test_a_diff_is_escaped_for_a_terminal_and_whole_for_patch(project: Path) -> None:
    command = [sys.executable, "-m", "nixgen", "diff", "main:foreign"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    piped = subprocess.run(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, check=False
    ).stdout
    assert "\u202e" in piped.decode()
    (project / "out").mkdir()
    subprocess.run(["git", "apply", "-"], input=piped, cwd=project / "out", check=True)
    assert run(project, "nixgen", "check", "main:foreign").returncode == 0
    (project / "out/z.nix").unlink()

    ours, its = pty.openpty()
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=its)
    os.close(its)
    seen = bytearray()
    with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
        while data := os.read(ours, 65536):
            seen += data
    os.close(ours)
    assert process.wait() == 1
    lines = seen.decode().replace("\r\n", "\n")
    assert acting(lines) == []
    assert lines.replace("\\u202e", "\u202e") != lines


def test_what_the_app_itself_prints_is_its_own(project: Path) -> None:
    """`python -m infra_lib.app` does what `python main.py` does, but for messages."""
    app = "import sys\nprint('\\x1b[2J')\nprint('\\x1b[2J', file=sys.stderr)\n"
    (project / "app.py").write_text(f"{app}raise ValueError({HOSTILE!r})\n")
    done = subprocess.run(
        [sys.executable, "-m", "infra_lib.app", "app.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout.decode() == "\x1b[2J\n"
    own, _, message = done.stderr.decode().partition("\n")
    assert own == "\x1b[2J"
    assert message == f"infra: app.py:4: {SHOWN}\n"


def test_a_traceback_that_is_asked_for_is_whole_and_escaped(project: Path) -> None:
    command = ("-m", "infra_lib", "cost", "--source", "main:failing")
    done = python(*command, cwd=project, env={"INFRA_DEBUG": "1"})
    assert done.returncode == 2
    assert re.search(r"^Traceback", done.stderr, re.MULTILINE)
    assert SHOWN in done.stderr
    assert "\x1b" not in done.stderr
