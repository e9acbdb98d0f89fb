"""What an app or a provider says reaches the terminal of `infra deploy` as text."""

import re
import subprocess
import sys

from tests.helpers.deployed import GALENA, Project, scheelite
from tests.helpers.tools import require

HOSTILE = "\x1b]0;title\x07 \x1b[2J\x1b[1A \x9b2J \u202e \x1b[35mcolour\x1b[0m"
SHOWN = r"\u001b]0;title\u0007 \u001b[2J\u001b[1A \u009b2J \u202e " + "\x1b[35mcolour\x1b[0m"


def acting(text: str) -> list[str]:
    uncoloured = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [each for each in uncoloured if not each.isprintable() and each not in "\t\n"]


def deployed(project: Project, *arguments: str) -> tuple[int, str]:
    with project.started("deploy", *arguments) as process:
        seen, _ = process.communicate()
    return process.returncode, seen


def test_a_terminal_acts_on_nothing_but_colours(project: Project) -> None:
    require("cdktf")
    project.describe(GALENA)
    program = project.workspace.app / "main.py"
    program.write_text(f"{program.read_text()}\n    print({HOSTILE!r})\n    1 / 0\n")
    status, seen = deployed(project, "--yes")
    assert status == 2
    assert SHOWN in seen
    assert acting(seen) == []

    project.describe(scheelite())
    project.workspace.cloud.fail("QUOTA_EXCEEDED", metric=HOSTILE)
    status, seen = deployed(project, "--yes")
    assert status == 1
    assert SHOWN in seen
    # Terraform's own message once more, in one of ours: without colours.
    assert SHOWN.replace("\x1b", r"\u001b") in seen
    assert acting(seen) == []


PRINT = r"""
from infra_lib.terraform.printing import CLEAR, say, show
from nixgen.command import run_command

def run():
    show(f"{CLEAR}9 s without news")
    show(f"{CLEAR}\x1b[32mdone\x1b[0m{CLEAR}\n")
    show(CLEAR)
    say(f"{CLEAR}\x1b[32mdone\x1b[0m")
    return 0

run_command(run, "infra", ())
"""


def test_the_clock_alone_clears_its_line() -> None:
    done = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, check=True)
    clear = b"\r\x1b[K"
    assert done.stdout == (
        clear + b"9 s without news" + clear + b"\x1b[32mdone\x1b[0m\\u000d\\u001b[K\n" + clear
    )
    assert done.stderr == b"infra: \\u000d\\u001b[K\\u001b[32mdone\\u001b[0m\n"
