"""Commands that the packaging tests share."""

import os
import subprocess
import sys
from pathlib import Path

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

PYPROJECT = """\
[tool.nixgen]
source = "main:fleet"
root = "."
"""


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


def git(repository: Path, *arguments: str, status: int = 0) -> str:
    """What git printed, run in `repository` by nobody in particular."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    return run(["git", *identity, *arguments], cwd=repository, status=status)


def install(requirement: str, venv: Path) -> Path:
    """Make an environment that holds `requirement`; return its Python.

    Skips the test where the package index is not reached.
    """
    run([sys.executable, "-m", "venv", str(venv)])
    python = venv / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", requirement],
        check=False,
        capture_output=True,
        text=True,
    )
    if "No matching distribution" in done.stderr:
        unavailable("the package index is not reached")
    assert done.returncode == 0, done.stderr
    return python
