"""Commands, run as this checkout's own or as those of others who installed it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers import CHECKOUT
from tests.helpers.tools import unavailable

LIGHT_MAIN = """\
from infra_lib import Fleet, GcpMachine, GcpProject, Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"

fleet = Fleet(
    name="ores",
    domain="example",
    gcp=GcpProject(project="example-project", region="us-central1", ssh_keys=(KEY,)),
    machines=(
        Machine("beryl", tags=("controller",)),
        GcpMachine("quartz", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",)),
    ),
)


def main() -> None:
    from cdktf import App

    from infra_lib.stacks import GcpStack

    app = App()
    GcpStack(app, "gcp", fleet=fleet)
    app.synth()


if __name__ == "__main__":
    main()
"""
"""A consumer's fleet, as small as one gets, that needs cdktf only when it is run."""

PIP = (sys.executable, "-m", "pip")

PYPROJECT = """\
[tool.nixgen]
source = "main:fleet"
root = "."
"""


def environment() -> dict[str, str]:
    """Return this process's environment, in which this checkout is found from any folder."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}


def python(
    *arguments: str,
    cwd: Path | None = None,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
    wrap: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run this Python, with this checkout on its path; the streams are kept apart.

    Args:
        arguments: Its arguments.
        cwd: The folder to run in.
        stdin: What it reads, in place of what this process would.
        env: Variables that differ.
        wrap: The command that runs it, as `env -i`.
    """
    return subprocess.run(
        [*wrap, sys.executable, *arguments],
        cwd=cwd,
        env={**environment(), **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def run(
    command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None, status: int = 0
) -> str:
    """What `command` printed; fail with it when it does not end with `status`.

    Args:
        command: The program and its arguments.
        cwd: The folder to run in.
        env: Variables to set beside those of this process.
        status: The exit code that is expected.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**_environment(), **(env or {})},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def _environment() -> dict[str, str]:
    """This process's environment without what git, make and virtual environments leave in it."""
    left = {"PYTHONPATH", "PYTHON", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") and name not in left
    }


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than one that has ended and nobody has waited for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def git(repository: Path, *arguments: str, status: int = 0) -> str:
    """What git printed, run in `repository` by nobody in particular."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    return run(["git", *identity, *arguments], cwd=repository, status=status)


def install(requirement: str, venv: Path) -> Path:
    """Make an environment that holds `requirement`, and no pip; return its Python.

    Skips the test where the package index is not reached.
    """
    run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    python = venv / "bin" / "python"
    # Compiled, the constructs of google are half a minute; what is used is compiled when it is.
    done = subprocess.run(
        [*PIP, "--python", str(python), "install", "--quiet", "--no-compile", requirement],
        check=False,
        capture_output=True,
        text=True,
    )
    if "No matching distribution" in done.stderr:
        unavailable("the package index is not reached")
    assert done.returncode == 0, done.stderr
    return python
