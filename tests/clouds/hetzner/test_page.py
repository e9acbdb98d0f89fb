"""docs/hetzner.md is played, not believed: `make snapshots` renews what it prints."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

import infra_lib
from infra_lib import Facts, MachineFacts
from tests.helpers import CHECKOUT, process, projects
from tests.helpers.markdown import Block, code, replaced
from tests.helpers.tools import require

PAGE = CHECKOUT / "docs/hetzner.md"
MAIN, *FURTHER = code(PAGE.read_text(), "python")
DEPLOYED = Facts(
    machines=(
        MachineFacts("cinnabar", external_ip="203.0.113.9", external_ipv6="2001:db8:c1:5::1"),
    )
)


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
            for line in text.splitlines():
                self.stand_in(line)
        elif text == MAIN:
            (self.folder / "main.py").write_text(text)
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

    def stand_in(self, command: str) -> None:
        """Leave behind what cloud and clan would."""
        self.did.append(command.partition(" --")[0])
        if command == "infra deploy":
            (self.folder / "facts.json").write_text(DEPLOYED.to_json())
        elif command.startswith("clan machines install"):
            projects.put(
                self.folder, "shared/zerotier-network-zerotier/network-id", projects.NETWORK
            )
            for variable, value in (
                ("openssh/ssh.id_ed25519.pub", projects.KEYS[0]),
                ("state-version/version", "26.05"),
                ("zerotier/zerotier-ip", "fd01:2345:6789:abcd:ef99:9301:2345:6789"),
            ):
                projects.put(self.folder, f"per-machine/cinnabar/{variable}", value)


@pytest.mark.snapshots
def test_the_page_is_what_happens(file_regression: FileRegressionFixture, tmp_path: Path) -> None:
    folder = tmp_path / "metals"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    reader = Reader(folder)
    reader.run("git init --quiet")
    played = replaced(PAGE.read_text(), reader.follow)
    file_regression.check(played, fullpath=PAGE)
    assert reader.did == [
        "read -rs HCLOUD_TOKEN && export HCLOUD_TOKEN",
        "infra deploy",
        "clan machines install cinnabar",
        "ssh cinnabar.zt",
        "HCLOUD_TOKEN=$(pass hetzner/web) infra deploy web",
        "HCLOUD_TOKEN=$(pass hetzner/lab) infra deploy lab",
    ]


def names_of_the_page(folder: Path) -> dict[str, Any]:
    """What the file of the page's beginning defines."""
    names: dict[str, Any] = {"__name__": "main", "__file__": str(folder / "main.py")}
    exec(MAIN, names)  # noqa: S102 - our own page
    return names


@pytest.mark.parametrize("text", FURTHER)
def test_every_other_example_is_one_that_the_library_takes(text: str, tmp_path: Path) -> None:
    exec(text, names_of_the_page(tmp_path))  # noqa: S102 - our own page


def test_a_resource_of_ones_own_refers_to_what_the_stack_has_made(tmp_path: Path) -> None:
    require("node")
    (with_more,) = (text for text in FURTHER if text.startswith("def main("))
    main = f"{MAIN.partition('def main(')[0]}{with_more}\nmain()\n"
    (tmp_path / "main.py").write_text(main)
    done = process.python("main.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    stack = json.loads((tmp_path / "cdktf.out/stacks/hetzner/cdk.tf.json").read_text())
    assert stack["resource"]["hcloud_rdns"]["cinnabar-name"].items() >= {
        ("dns_ptr", "cinnabar.example.org"),
        ("ip_address", "${hcloud_primary_ip.cinnabar-ipv4.ip_address}"),
        ("primary_ip_id", "${hcloud_primary_ip.cinnabar-ipv4.id}"),
    }


def test_the_page_has_every_field_that_it_names() -> None:
    """A field that is renamed is renamed there."""
    text = PAGE.read_text()
    named = set(re.findall(r"`(?:([A-Z]\w+)\()?(\w+)=[^`]*`", text))
    assert {("", "keep_disk"), ("", "enabled"), ("HetznerProject", "install")} <= named
    classes = ("HetznerMachine", "Volume", "PrivateNetwork", "FirewallRule", "Fleet")
    fields = {
        field
        for name in (*classes, "HetznerProject", "GcpMachine")
        for field in inspect.signature(getattr(infra_lib, name)).parameters
    }
    for cls, field in named:
        known = inspect.signature(getattr(infra_lib, cls)).parameters if cls else fields
        assert field in known, f"{cls}({field}=)"
