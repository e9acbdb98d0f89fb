"""docs/adding-a-machine.md is played, not believed."""

from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from infra_lib import Facts, MachineFacts
from tests.helpers import CHECKOUT, projects
from tests.helpers.markdown import blocks, replaced
from tests.helpers.pages import Reader

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


class GoogleReader(Reader):
    """Somebody who follows this page."""

    def describe(self, text: str) -> None:
        main = self.folder / "main.py"
        if not text.startswith("from "):
            text = main.read_text().replace('        Machine("stib', f'{text}        Machine("stib')
        main.write_text(text)

    def stand_in(self, commands: str) -> None:
        self.did.append(" ".join(commands.split()[:3]))
        if commands.startswith("infra deploy"):
            projects.stack(self.folder)
            projects.deploy(self.folder, DEPLOYED)
            self.run("infra sync")  # with which it ends: see tests/deploy
        elif commands.startswith("clan machines install"):
            projects.newest_vars(self.folder)


@pytest.mark.snapshots
def test_the_page_is_what_happens(file_regression: FileRegressionFixture, tmp_path: Path) -> None:
    folder = tmp_path / "metals"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    (folder / "facts.json").write_text(BEFORE.to_json())
    (folder / ".gitignore").write_text("cdktf.out/\n")
    reader = GoogleReader(folder)
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
