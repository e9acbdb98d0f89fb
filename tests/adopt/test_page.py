"""docs/migrating.md is played, not believed: `make snapshots` renews what it prints."""

import json
import re
from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from tests.helpers import CHECKOUT
from tests.helpers.adoption import adopt, load, plant, put_json
from tests.helpers.clan_inventory import clan_inventory
from tests.helpers.markdown import Block, blocks, replaced
from tests.helpers.pages import Reader

PAGE = CHECKOUT / "docs/migrating.md"


class Mover(Reader):
    """Somebody who moves in with what one section has."""

    def follow(self, block: Block) -> str:
        if block.language == "json":
            (self.folder / block.path).write_text(block.code)
            return block.code
        if block.language == "python":
            return (self.folder / "fleet.py").read_text()
        return super().follow(block)

    def stand_in(self, commands: str) -> None:
        """What is only said."""

    def describe(self, text: str) -> None:
        """Nothing: the Python is written by the command."""


@pytest.mark.snapshots
def test_the_page_is_what_happens(file_regression: FileRegressionFixture, tmp_path: Path) -> None:
    text = PAGE.read_text()
    paths = iter(blocks(text))
    played = []
    for number, section in enumerate(re.split(r"(?m)^(?=## )", text)):
        folder = tmp_path / str(number) / "home"
        folder.mkdir(parents=True)
        reader = Mover(folder)

        def follow(block: Block, reader: Mover = reader) -> str:
            return reader.follow(Block(block.language, block.code, next(paths).path))

        played.append(replaced(section, follow))
        if (folder / "fleet.py").exists():
            assert load(folder / "fleet.py").machines
    file_regression.check("".join(played), fullpath=PAGE)


def test_the_inventory_of_the_page_is_the_same_again(tmp_path: Path) -> None:
    (given, *_) = blocks(PAGE.read_text(), "json")
    before = json.loads(given.code)

    fleet = adopt(tmp_path, "--inventory", put_json(tmp_path, "inventory.json", before))

    after = clan_inventory(plant(fleet, tmp_path / "nix"))
    for name, machine in before["machines"].items():
        assert sorted(after["machines"][name]["tags"]) == sorted(machine["tags"])
        assert after["machines"][name]["description"] == machine.get("description")
    assert after["tags"] == before["tags"]
    role = after["instances"]["sshd"]["roles"]["server"]
    assert role["settings"] == before["instances"]["sshd"]["roles"]["server"]["settings"]


def test_no_secret_of_the_page_is_in_what_is_written() -> None:
    text = PAGE.read_text()
    python = "".join(block.code for block in blocks(text, "python", "console"))

    for secret in ("correct horse", "battery staple"):
        assert secret in text
        assert secret not in python
