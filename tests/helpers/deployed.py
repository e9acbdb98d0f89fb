"""A project as a user has it: a fleet in main.py, its facts beside it, and the `infra` command."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import Any

import attrs

from tests.helpers import CHECKOUT
from tests.terraform.harness import JSON, TERMINAL, Workspace

MAIN = """\
from pathlib import Path

from infra_lib import *

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"

fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    facts=Facts.load(Path(__file__).with_name("facts.json")),
    machines=(
        Machine("cinnabar", tags=("controller",)),
        {machines}
    ),
    {fields}
)

if __name__ == "__main__":
    from cdktf import App

    from infra_lib.stacks import GcpStack

    app = App()
    GcpStack(app, "gcp", fleet=fleet)
    app.synth()
"""

GALENA = """\
GcpMachine("galena", machine_type="e2-standard-8", tags=["peer"], zone="us-central1-b"),"""
SCHEELITE = """\
GcpMachine("scheelite", machine_type="n1-standard-8", zone="us-central1-c", tags=("peer",),
                   gpu=Gpu("nvidia-tesla-t4"), enabled=True{fields}),
"""
FALLBACK = ', fallback_zones=("us-central1-a", "us-central1-f")'


def scheelite(fields: str = FALLBACK) -> str:
    """The machine with a GPU, on, with further fields."""
    return SCHEELITE.format(fields=fields)


@attrs.frozen
class Project:
    """A project.

    Attributes:
        workspace: Where it is, and the cloud it is deployed to.
    """

    workspace: Workspace

    def describe(self, *machines: str, fields: str = "") -> None:
        """Write the fleet."""
        lines = "\n        ".join(machines)
        self.workspace.program(MAIN.format(machines=lines, fields=fields))
        pyproject = '[tool.nixgen]\nsource = "main:fleet"\nroot = "."\n'
        (self.workspace.app / "pyproject.toml").write_text(pyproject)

    @property
    def environment(self) -> dict[str, str]:
        """What `infra` runs with."""
        own = {"PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}
        return {**self.workspace.environment, **own}

    def infra(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `infra` without a terminal; both streams are in `stdout`, in order.

        Args:
            arguments: Its arguments.
            variables: Environment variables that differ.
        """
        done = subprocess.run(
            [sys.executable, "-m", "infra_lib", *arguments],
            cwd=self.workspace.app,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        done.stdout = TERMINAL.sub("", done.stdout)
        return done

    def started(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `infra` without a terminal, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra_lib", *arguments],
            cwd=self.workspace.app,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def infra_at_terminal(self, *arguments: str, answer: str) -> tuple[int, str]:
        """Run `infra` at a terminal of its own; return its exit code and what is seen there."""
        ours, its = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "infra_lib", *arguments],
            cwd=self.workspace.app,
            env=self.environment,
            stdin=its,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        os.write(ours, f"{answer}\n".encode())  # it is read when it is asked for
        seen = bytearray()
        with suppress(OSError):  # Linux says so of a terminal that nobody has open any more
            while data := os.read(ours, 65536):
                seen += data
        os.close(ours)
        return process.wait(), TERMINAL.sub("", seen.decode()).replace("\r\n", "\n")

    def facts(self, machine: str) -> JSON:
        """What facts.json says of a machine."""
        path = self.workspace.app / "facts.json"
        machines = json.loads(path.read_text())["machines"] if path.exists() else {}
        found: JSON = machines.get(machine, {})
        return found

    def zone(self, machine: str) -> Any:
        """The zone of an instance in the cloud."""
        return self.workspace.cloud.instances[machine]["zone"]
