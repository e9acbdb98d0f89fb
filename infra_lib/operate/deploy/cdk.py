"""The cdktf command line, in one project."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from infra_lib.model.errors import WITHOUT_NODE, FleetError
from infra_lib.operate.deploy import synthesis
from infra_lib.terraform.cdktf_json import manifest, synthesized_at
from infra_lib.terraform.log import read_log, variables_to_log
from infra_lib.terraform.process import run
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.operate.deploy.synthesis import Stack


def check_node() -> None:
    """Check that there is a Node.js, which runs cdktf and what the app is made with.

    Raises:
        FleetError: When there is none.
    """
    if shutil.which("node", path=_path().get("PATH")) is None:
        raise FleetError(WITHOUT_NODE)


@frozen
class Ended:
    """A deployment that has ended.

    Attributes:
        status: The exit code of cdktf.
        log: What Terraform logged, for `failure` and `evidence` to read.
    """

    status: int
    log: str


@frozen
class Cdktf:
    """The cdktf command line, in a project.

    Attributes:
        command: Its path.
        project: The folder of cdktf.json.
    """

    command: str
    project: Path

    @classmethod
    def find(cls, project: Path) -> Cdktf:
        """Find the cdktf that the project installed, or else the one on PATH.

        Raises:
            FleetError: When there is none.
        """
        own = project / "node_modules" / ".bin" / "cdktf"
        found = str(own) if own.exists() else shutil.which("cdktf")
        if found is None:
            raise FleetError(
                "cdktf is not on PATH: npm install cdktf-cli@0.21 installs it for this project, "
                "with --global for all"
            )
        return cls(found, project)

    def synth(self) -> dict[str, Stack]:
        """Run the app, and return the stacks that it wrote, by name.

        Raises:
            FleetError: When cdktf cannot be run, the app fails or makes no stack, or what it wrote
                cannot be read.
        """
        before = synthesized_at(self.project)
        if run([self.command, "synth"], self.project, _path()):
            raise FleetError("cdktf synth failed; what it says is above")
        if synthesized_at(self.project) in {None, before}:
            raise FleetError(
                f"cdktf synth wrote no {manifest(self.project)}; nothing was deployed. The app "
                'has to make a stack: App(), GcpStack(app, "gcp", fleet=fleet) and app.synth(), as '
                "in the main.py of infra init"
            )
        return synthesis.read(self.project)

    def deploy(self, stacks: Iterable[Stack]) -> Ended:
        """Deploy stacks as they were synthesized, without asking."""
        names = [stack.name for stack in stacks]
        command = [self.command, "deploy", *names, "--auto-approve", "--skip-synth"]
        with TemporaryDirectory() as folder:
            log = Path(folder) / "terraform.log"
            status = run(command, self.project, {**_path(), **variables_to_log(log)})
            return Ended(status, read_log(log))


def _path() -> dict[str, str]:
    """Return what has `python`, which runs the app, be this one, where infra is called by its path.

    There may be no other, or one that lacks what the app imports. A Node.js that is installed
    beside it is found then, too. An environment that is active is the user's choice.
    """
    if os.environ.get("VIRTUAL_ENV") or sys.prefix == sys.base_prefix:
        return {}
    path = str(Path(sys.executable).parent), os.environ.get("PATH") or os.defpath
    return {"PATH": os.pathsep.join(path)}
