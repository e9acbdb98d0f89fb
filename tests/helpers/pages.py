"""Somebody who follows a page of the documentation, so that it is played and not believed."""

import os
import shlex
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from tests.helpers import process
from tests.helpers.markdown import Block
from tests.helpers.tools import require


class Reader(ABC):
    """A reader in a folder of their own, who has the commands, and stands in for clouds and clan.

    Attributes:
        folder: The folder.
        did: What they stood in for, in order.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tools = folder.with_name("bin")
        tools.mkdir()
        for name, module in (("infra", "infra_lib"), ("nixgen", "nixgen")):
            (tools / name).write_text(
                f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n'
            )
            (tools / name).chmod(0o755)
        environment = process.environment()
        self.environment = {**environment, "PATH": f"{tools}{os.pathsep}{environment['PATH']}"}
        self.did: list[str] = []

    def follow(self, block: Block) -> str:
        """Do what a block says; return its code as it comes out."""
        text = block.code
        if block.language == "console":
            commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
            return "".join(f"$ {command}\n{self.run(command)}" for command in commands)
        if block.language == "sh":
            self.stand_in(text)
        elif block.language == "python":
            self.describe(text)
        return text

    def run(self, command: str) -> str:
        """Return what a command prints, which is no message of `infra`'s."""
        done = subprocess.run(
            [require("bash"), "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "infra: " not in done.stdout, f"{command}: {done.stdout}"
        return done.stdout

    @abstractmethod
    def stand_in(self, commands: str) -> None:
        """Leave behind what cloud and clan would."""

    @abstractmethod
    def describe(self, text: str) -> None:
        """Write Python where the page says."""
