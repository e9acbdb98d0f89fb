"""The cdktf command line, for the stacks of a fleet in one project."""

from __future__ import annotations

import shutil
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nixgen.frozen import frozen

from .. import outputs
from ..cdktf_json import output_folder, stack_names
from ..errors import FleetError
from ..outputs import State
from .process import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..outputs import Deployed


@frozen
class Ended:
    """A deployment that has ended.

    Attributes:
        status: The exit code of cdktf.
        log: What Terraform logged, for `failure` to read.
    """

    status: int
    log: str


@frozen
class Cdktf:
    """The cdktf command line, for some stacks of a project.

    Attributes:
        command: Its path.
        project: The folder of cdktf.json.
        stacks: The names of the stacks, or patterns; none for the only one there is.
        fleet: The name of the fleet that they provision.
    """

    command: str
    project: Path
    stacks: tuple[str, ...]
    fleet: str

    @classmethod
    def find(cls, project: Path, stacks: tuple[str, ...], fleet: str) -> Cdktf:
        """Find the cdktf that the project installed, or else the one on PATH.

        Raises:
            FleetError: When there is none.
        """
        own = project / "node_modules" / ".bin" / "cdktf"
        found = str(own) if own.exists() else shutil.which("cdktf")
        if found is None:
            raise FleetError(
                "cdktf is not on PATH; install it: npm install --global cdktf-cli@0.21"
            )
        return cls(found, project, stacks, fleet)

    def diff(self) -> bool:
        """Print what a deployment would change; return whether that could be told."""
        each = [[stack] for stack in self.stacks] or [[]]
        if any(set(name) & set("*?[") for name in self.stacks):  # only deploy takes patterns
            if run([self.command, "synth"], self.project):
                return False
            each = [[stack] for stack in stack_names(self.project) if self._is_asked_for(stack)]
        return all(run([self.command, "diff", *stack], self.project) == 0 for stack in each)

    def deploy(self, *, synthesized: bool) -> Ended:
        """Deploy, without asking.

        Args:
            synthesized: Whether to deploy what `diff` showed, and not to run the app again.
        """
        command = [self.command, "deploy", *self.stacks, "--auto-approve"]
        command += ["--skip-synth"] if synthesized else []
        with TemporaryDirectory() as folder:
            log = Path(folder) / "terraform.log"
            status = run(command, self.project, _logged(log))
            return Ended(status, log.read_text("utf-8", "replace") if log.exists() else "")

    def deployed(self) -> State | None:
        """Return what is deployed; None when nobody here knows.

        Raises:
            FleetError: When Terraform cannot tell.
        """
        answers = [outputs.ask(folder) for folder in self.folders()]
        known = [answer for answer in answers if answer is not None]
        return _together(known) if known else None

    def alongside(self) -> State:
        """Return what is deployed in the fleet's other stacks, as far as is known here."""
        known = []
        for folder in self._of_fleet():
            if not self._is_asked_for(folder.name):
                with suppress(FleetError):  # it is not what is deployed
                    known.append(outputs.ask(folder) or State())
        return _together(known)

    def is_read(self) -> bool:
        """Return whether the state of each stack was read here."""
        try:
            answers = [outputs.ask(folder) for folder in self.folders()]
        except FleetError:
            return False
        return bool(answers) and None not in answers

    def existing(self) -> frozenset[str]:
        """Return the names of the instances that exist, after a deployment.

        Raises:
            FleetError: When Terraform cannot tell.
        """
        folders = [folder for folder in self.folders() if outputs.is_initialized(folder)]
        if not folders:
            raise FleetError("which machines exist cannot be told: no stack here is initialized")
        return frozenset(_together(outputs.ask(folder) or State() for folder in folders).machines)

    def folders(self) -> list[Path]:
        """Return the folders of the synthesized stacks that provision the fleet."""
        return [each for each in self._of_fleet() if self._is_asked_for(each.name)]

    def _of_fleet(self) -> list[Path]:
        return outputs.stacks(self.project / output_folder(self.project), self.fleet)

    def _is_asked_for(self, stack: str) -> bool:
        return any(fnmatch(stack, name) for name in self.stacks or ("*",))


def _together(states: Iterable[State]) -> State:
    machines: dict[str, Deployed] = {}
    data_disks: dict[str, str] = {}
    for state in states:
        machines |= state.machines
        data_disks |= state.data_disks
    return State(machines, data_disks)


def _logged(log: Path) -> dict[str, str]:
    """Return what has Terraform, but none of its providers, log into a file.

    https://developer.hashicorp.com/terraform/internals/debugging
    """
    return {
        "TF_LOG": "",  # it would come before the next, and may ask for JSON
        "TF_LOG_CORE": "DEBUG",
        "TF_LOG_PATH": str(log),
        "TF_LOG_PROVIDER": "",
    }
