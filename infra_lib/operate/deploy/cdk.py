"""The command line of a project's framework: cdktf, or cdktn."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy import synthesis
from infra_lib.operate.kinds import stack_class
from infra_lib.terraform.cdktf_json import manifest, synthesized_at
from infra_lib.terraform.frameworks import CDKTF, WITHOUT_NODE, frameworks_for
from infra_lib.terraform.log import read_log, variables_to_log
from infra_lib.terraform.process import run
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.operate.deploy.synthesis import Stack
    from infra_lib.terraform.frameworks import Framework


def check_node() -> None:
    """Check that there is a Node.js, which runs the framework and its command line.

    Raises:
        FleetError: When Node.js is not on PATH.
    """
    if shutil.which("node", path=_path().get("PATH")) is None:
        raise FleetError(WITHOUT_NODE)


@frozen
class Outcome:
    """What came of a deployment.

    Attributes:
        status: The exit code of the command line.
        log: What Terraform logged, for `failures_in_log` and `verify` to read.
    """

    status: int
    log: str


@frozen
class Cdk:
    """The command line of a framework, in a project.

    Attributes:
        command: Its path.
        project: The folder of cdktf.json.
    """

    command: str
    project: Path

    @classmethod
    def find(cls, project: Path) -> Cdk:
        """Find the command line of the app's framework, or else that of the other one.

        The one that the project installed comes before the one on PATH.

        Raises:
            FleetError: When neither is there, or Node.js is too old for the one that is.
        """
        first, second = frameworks_for(project)
        lacking = (
            f"{first.name} is not on PATH: npm install {first.package} installs it for this "
            f"project, with --global for all; {second.name}, of {second.package}, will do as well"
        )
        for framework, other in ((first, second), (second, first)):
            own = project / "node_modules" / ".bin" / framework.name
            found = str(own) if own.exists() else shutil.which(framework.name)
            if found is None:
                continue
            if _node_is_new_enough_for(framework):
                return cls(found, project)
            lacking = (
                f"{framework.name} wants Node.js {'.'.join(map(str, framework.node))} or later, "
                f"and node on PATH is older; {other.name}, of {other.package}, will do as well"
            )
        raise FleetError(lacking)

    @property
    def name(self) -> str:
        """What it is called: "cdktf" or "cdktn"."""
        return Path(self.command).name

    def synth(self) -> dict[str, Stack]:
        """Run the app, and return the stacks that it wrote, by name.

        Raises:
            FleetError: When it cannot be run, the app fails or makes no stack, or what it wrote
                cannot be read.
        """
        before = synthesized_at(self.project)
        if run([self.command, "synth"], self.project, _path()):
            raise FleetError(f"{self.name} synth failed; what it says is above")
        if synthesized_at(self.project) in {None, before}:
            stacks = " or ".join(
                f'{stack_class(cloud)}(app, "{cloud}", fleet=fleet)' for cloud in CLOUDS
            )
            raise FleetError(
                f"{self.name} synth wrote no {manifest(self.project)}; nothing was deployed. The "
                f"app has to make a stack: App(), {stacks} and app.synth(), as in the main.py of "
                "infra init"
            )
        return synthesis.read(self.project)

    def deploy(self, stacks: Iterable[Stack]) -> Outcome:
        """Deploy stacks as they were synthesized, without asking."""
        names = [stack.name for stack in stacks]
        command = [self.command, "deploy", *names, "--auto-approve", "--skip-synth"]
        with TemporaryDirectory() as folder:
            log = Path(folder) / "terraform.log"
            status = run(command, self.project, {**_path(), **variables_to_log(log)})
            return Outcome(status, read_log(log))


def _node_is_new_enough_for(framework: Framework) -> bool:
    """Whether the Node.js on PATH is; one that does not tell its version is taken to be."""
    if framework.node == CDKTF.node:
        return True
    try:
        said = subprocess.run(
            ["node", "--version"],
            env={**os.environ, **_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except OSError:
        return True  # `check_node` says that it is missing
    version = re.match(r"v(\d+)\.(\d+)", said)
    return version is None or (int(version[1]), int(version[2])) >= framework.node


def _path() -> dict[str, str]:
    """Return the environment in which `python`, which runs the app, is the one that runs infra.

    There may be no other, or one that lacks what the app imports. A Node.js that is installed
    beside it is found then, too. An environment that is active is the user's choice.
    """
    if os.environ.get("VIRTUAL_ENV") or sys.prefix == sys.base_prefix:
        return {}
    path = str(Path(sys.executable).parent), os.environ.get("PATH") or os.defpath
    return {"PATH": os.pathsep.join(path)}
