"""`infra init` finds the fleet that is there, and offers to adopt it."""

from pathlib import Path

import pytest

from infra_lib.commands.cli import main
from tests.helpers.folders import contents, put

CLAN = '{ inputs.clan-core.url = "clan-core"; outputs = _: { }; }\n'


@pytest.mark.parametrize(
    ("files", "offered"),
    [
        ({"flake.nix": CLAN}, "infra adopt --flake ."),
        ({"flake.nix": CLAN, "lib/caches.nix": "{ }"}, "infra adopt --flake ."),
        (
            {"inventory.json": '{"machines": {}}', "lib/caches.nix": "{ }"},
            "infra adopt --inventory inventory.json --caches caches.json",
        ),
        (
            {"flake.nix": '{ inputs.terranix.url = "x"; }'},
            "terraform show -json > state.json\n    infra adopt --terraform state.json",
        ),
        (
            {"flake.nix": CLAN, "terraform.tfstate": "{}", "main.tf": ""},
            "infra adopt --flake . --terraform terraform.tfstate",
        ),
        (
            {"cdktf.out/stacks/gcp/cdk.tf.json": "{}"},
            "infra adopt --terraform cdktf.out/stacks/gcp/cdk.tf.json",
        ),
        ({"modules/clan/a.nix": "{ clan.machines = { }; }"}, "infra adopt --flake ."),
        ({"odd name.tf.json": "{}"}, "infra adopt --terraform 'odd name.tf.json'"),
    ],
)
def test_it_offers_to_adopt_what_is_there(
    files: dict[str, str],
    offered: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, text in files.items():
        put(tmp_path, path, text)
    before = contents(tmp_path)

    assert main(["init"]) == 2

    said = capsys.readouterr().err
    assert f"    {offered}\n" in said
    assert "infra init --empty" in said
    assert contents(tmp_path) == before
    assert main(["init", "--empty", "--name", "ore"]) == 0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"lib/caches.nix": "{ }"},
        {"flake.nix": "{ outputs = _: { }; }"},
        {"inventory.json": "[]"},
        {"terraform.tfstate": ""},
        {"inventory.json": "{"},
    ],
)
def test_where_there_is_no_fleet_it_writes_one(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, text in files.items():
        put(tmp_path, path, text)

    assert main(["init", "--name", "ore"]) == 0
