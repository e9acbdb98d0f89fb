"""Files for machines of a cloud that the modules of `infra_lib.nix` have never heard of."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra_lib import Facts, MachineFacts
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import Alternatives, Nixos, Source
from infra_lib.model.provisioned import ProvisionedMachine
from tests.helpers.nix_fleets import CPU, KEY, PROJECT
from tests.helpers.other_cloud import OtherMachine, TwoClouds

from .conftest import Plant


def nixos(fleet: Any, project: Any, machine: OtherMachine) -> Nixos:
    assert machine.name == "beryl"
    assert fleet.domain == "zt"
    return Nixos(
        boot={("loader", "grub", "enable"): True},
        networking={},
        uplink={("networkConfig", "Address"): ["192.0.2.7/32", "2001:db8::1/64"]},
        root_keys=(project,),
        items=({("services", "qemuGuest", "enable"): True},),
        assertions=({"assertion": False, "message": "nobody would reach it"},),
    )


def alternatives(project: Any, machines: Any) -> Alternatives:
    assert project == KEY
    assert [machine.name for machine in machines] == ["beryl"]
    return Alternatives(
        region="fsn1",
        machine_types=(),
        note="",
        stopped="A server is billed until it is deleted.",
        sources=(Source("Prices", "somebody", "2026-10"),),
        correction="They cannot be corrected.",
    )


@pytest.fixture(autouse=True)
def other(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud: Any = SimpleNamespace(
        check=lambda *_: None,
        warnings=lambda *_: (),
        ways_in=lambda *_: frozenset({"direct"}),
        nixos=nixos,
        alternatives=alternatives,
    )
    monkeypatch.setitem(CLOUDS, "other", cloud)


def fleet(*more: ProvisionedMachine, **fields: Any) -> TwoClouds:
    machines = (OtherMachine("beryl", zone="fsn1", boot_device="/dev/disk/by-path/boot"), *more)
    return TwoClouds(name="two", domain="zt", machines=machines, other=KEY, **fields)


def test_a_machine_has_what_its_own_cloud_says(plant: Plant) -> None:
    found = plant(fleet()).machine("beryl")
    assert found["nixpkgs"] == {"hostPlatform": "aarch64-linux"}
    assert found["boot"]["loader"] == {"grub": {"enable": True}}
    assert set(found["boot"]) == {"loader", "zfs"}
    assert "timeServers" not in found["networking"]
    assert found["systemd"]["network"]["networks"]["10-uplink"] == {
        "networkConfig": {"Address": ["192.0.2.7/32", "2001:db8::1/64"]}
    }
    assert found["users"]["users"]["root"]["openssh"]["authorizedKeys"]["keys"] == [KEY]
    assert found["services"]["qemuGuest"] == {"enable": True}


def test_what_a_cloud_asserts_stands_beside_what_the_release_does(plant: Plant) -> None:
    new = plant(fleet()).machine("beryl")["assertions"]
    assert [each["message"].split(":")[0] for each in new] == ["beryl", "nobody would reach it"]
    facts = Facts(machines=(MachineFacts("beryl", state_version="25.05"),))
    installed = plant(fleet(facts=facts)).machine("beryl")
    assert installed["assertions"] == [{"assertion": False, "message": "nobody would reach it"}]
    assert installed["system"] == {"stateVersion": "25.05"}


def test_nothing_of_google_reaches_a_fleet_without_it(plant: Plant) -> None:
    tree = plant(fleet())
    texts = {path: path.read_text().lower() for path in tree.root.rglob("*.*")}
    assert [
        (path.name, word)
        for path, text in texts.items()
        for word in ("google", "gcp", "gcloud", "compute engine", "catalog(")
        if word in text
    ] == []


def test_machines_of_two_clouds_stand_side_by_side(plant: Plant) -> None:
    tree = plant(fleet(CPU, gcp=PROJECT))
    assert tree.machine("galena")["networking"]["timeServers"] == ["metadata.google.internal"]
    assert "timeServers" not in tree.machine("beryl")["networking"]
    page = (tree.root / "docs/gpu-costs.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith(("| beryl |", "| galena |"))]
    assert [row.split(" | ")[5] for row in rows] == ["$0.0100", "$0.2867"]
    assert "## GPU machines in us-central1" in page
    assert "## GPU machines in fsn1" not in page  # it has none
    assert "- Prices: somebody, as of 2026-10" in page
    assert "A server is billed until it is deleted." in page
    assert "A stopped machine is billed for its disks" in page


def test_the_tests_of_the_fleet_know_the_machines_of_every_cloud(plant: Plant) -> None:
    tree = plant(fleet(CPU, gcp=PROJECT))
    names = tree.evaluate('builtins.attrNames (load "tests/fleet.nix" { self = { }; })')
    for machine in ("beryl", "galena"):
        assert f"test {machine} has its host name" in names
