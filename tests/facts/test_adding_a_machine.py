"""docs/adding-a-machine.md is played, not believed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from infra_lib import Facts, MachineFacts
from tests.helpers import CHECKOUT, process, projects
from tests.helpers.markdown import Block, blocks, replaced
from tests.helpers.tools import require

PAGE = CHECKOUT / "docs/adding-a-machine.md"
BEFORE = Facts(
    zerotier_network_id=projects.NETWORK,
    machines=(
        MachineFacts("cinnabar", zerotier_member_id="0123456789", ssh_host_key=projects.KEYS[1]),
        MachineFacts(
            "galena",
            external_ip="203.0.113.20",
            state_version="25.05",
            zerotier_member_id="93b0d4f7a6",
            zone="us-central1-b",
        ),
    ),
)
DEPLOYED = {
    "galena": {
        "zone": "us-central1-b",
        "machine_type": "e2-standard-8",
        "external_ip": "203.0.113.20",
        "usd_per_hour": 0.268,
    },
    "scheelite": {
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "external_ip": "203.0.113.48",
        "usd_per_hour": 0.73,
    },
}


class Reader:
    """Somebody who follows the page, in a folder of their own."""

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
            self.deploy(text)
        elif block.language == "python" and text.startswith("from "):
            (self.folder / "main.py").write_text(text)
        elif block.language == "python":
            main = (self.folder / "main.py").read_text()
            (self.folder / "main.py").write_text(
                main.replace('        Machine("stib', f'{text}        Machine("stib')
            )
        return text

    def run(self, command: str) -> str:
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

    def deploy(self, command: str) -> None:
        """Stand in for cloud and clan: leave behind what they would."""
        self.did.append(" ".join(command.split()[:3]))
        if command.startswith("infra deploy"):
            projects.stack(self.folder)
            projects.deploy(self.folder, DEPLOYED)
            self.run("infra sync")  # with which it ends: see tests/deploy
        elif command.startswith("clan machines install"):
            projects.newest_vars(self.folder)


@pytest.mark.snapshots
def test_the_page_is_what_happens(file_regression: FileRegressionFixture, tmp_path: Path) -> None:
    folder = tmp_path / "metals"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    (folder / "facts.json").write_text(BEFORE.to_json())
    (folder / ".gitignore").write_text("cdktf.out/\n")
    reader = Reader(folder)
    first, *_ = blocks(PAGE.read_text())
    reader.follow(first)
    reader.run("git init --quiet && nixgen write && git add .")
    played = replaced(PAGE.read_text(), reader.follow)
    file_regression.check(played, fullpath=PAGE)
    assert reader.did == [
        "infra deploy",
        "clan machines install",
        "clan machines update",
        "ssh scheelite.zt nvidia-smi",
    ]
