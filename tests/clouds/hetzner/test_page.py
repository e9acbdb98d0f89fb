"""docs/hetzner.md is played, not believed: `make snapshots` renews what it prints."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

import infra_lib
from infra_lib import Facts, MachineFacts
from tests.helpers import CHECKOUT, process, projects
from tests.helpers.markdown import code, replaced
from tests.helpers.pages import Reader
from tests.helpers.tools import require

PAGE = CHECKOUT / "docs/hetzner.md"
MAIN, *FURTHER = code(PAGE.read_text(), "python")
DEPLOYED = Facts(
    machines=(
        MachineFacts("cinnabar", external_ip="203.0.113.9", external_ipv6="2001:db8:c1:5::1"),
    )
)


class HetznerReader(Reader):
    """Somebody who follows this page."""

    def describe(self, text: str) -> None:
        if text == MAIN:
            (self.folder / "main.py").write_text(text)

    def stand_in(self, commands: str) -> None:
        for command in commands.splitlines():
            self.did.append(command.partition(" --")[0])
            if command == "infra deploy":
                (self.folder / "facts.json").write_text(DEPLOYED.to_json())
            elif command.startswith("clan machines install"):
                self.install()

    def install(self) -> None:
        network = "shared/zerotier-network-zerotier/network-id"
        projects.put(self.folder, network, projects.NETWORK)
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
    reader = HetznerReader(folder)
    reader.run("git init --quiet")
    played = replaced(PAGE.read_text(), reader.follow)
    file_regression.check(played, fullpath=PAGE)
    assert reader.did == [
        "read -rs HCLOUD_TOKEN && export HCLOUD_TOKEN",
        "infra deploy",
        "clan machines install cinnabar",
        "ssh cinnabar.zt",
        "HCLOUD_TOKEN=$(pass hetzner/web) infra deploy",
        "HCLOUD_TOKEN=$(pass hetzner/lab) infra deploy",
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
