"""Facts and fleet together: what contradicts is refused, what is merely old is not."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    Device,
    Facts,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    Machine,
    MachineFacts,
    Ssh,
)

NETWORK = "0123456789abcdef"


def fleet(**changes: Any) -> Fleet:
    fields: dict[str, Any] = {
        "name": "metals",
        "domain": "zt",
        "gcp": GcpProject("example-project", region="us-central1"),
        "machines": (
            Machine("cinnabar", tags=("controller",)),
            GcpMachine(
                "galena", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",)
            ),
            Machine("stibnite", machine_class="darwin"),
        ),
    }
    return Fleet(**(fields | changes))


def facts(*machines: MachineFacts) -> Facts:
    return Facts(machines=machines, zerotier_network_id=NETWORK)


def test_a_fleet_without_facts_is_whole() -> None:
    assert fleet().facts == Facts()


def test_the_controller_of_the_network_is_who_its_id_says() -> None:
    assert fleet(facts=facts(MachineFacts("cinnabar", zerotier_member_id="0123456789")))
    with pytest.raises(
        FleetError, match=r"'cinnabar': zerotier_member_id='abcdef1200': .*'0123456789'"
    ):
        fleet(facts=facts(MachineFacts("cinnabar", zerotier_member_id="abcdef1200")))


def test_a_machine_keeps_the_state_version_it_was_installed_with() -> None:
    """A hand that bumps it with nixpkgs is stopped in time."""
    installed = facts(MachineFacts("galena", state_version="24.11"))
    assert fleet(facts=installed)
    (galena,) = fleet().gcp_machines
    controller = Machine("cinnabar", tags=("controller",))
    with pytest.raises(
        FleetError,
        match=r"'galena': state_version='25\.05': .*write state_version='24\.11'.*"
        "vars/per-machine/galena/state-version",
    ):
        fleet(machines=(controller, evolve(galena, state_version="25.05")), facts=installed)
    assert fleet(machines=(controller, evolve(galena, state_version="24.11")), facts=installed)


@pytest.mark.parametrize("zone", ["us-central1", "fsn1-dc14", "us-central1-C", "us-central1-c-"])
def test_the_zone_of_a_machine_of_google_is_one_of_google(zone: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"version": 1, "machines": {"galena": {"zone": zone}}}))
    said = f"facts of machine 'galena': zone={zone!r}: a zone: \"us-central1-c\""
    with pytest.raises(FleetError) as error:
        fleet(facts=Facts.load(path))
    assert str(error.value) == f"{path}: {said}"
    with pytest.raises(FleetError) as error:
        fleet(facts=facts(MachineFacts("galena", zone=zone)))
    assert str(error.value) == said


def test_a_machine_of_google_may_have_left_the_zone_that_the_facts_tell() -> None:
    (galena,) = fleet(facts=facts(MachineFacts("galena", zone="us-west9-ai1a"))).gcp_machines
    assert galena.zone == "us-central1-b"


def test_facts_of_a_machine_that_is_gone_stop_nobody() -> None:
    assert fleet(facts=facts(MachineFacts("electrum", zerotier_member_id="abcdef1200")))


def test_a_device_has_an_id_of_its_own() -> None:
    device = Device("phone", zerotier_member_id="abcdef1200")
    assert fleet(devices=[device]).devices == (device,)
    with pytest.raises(FleetError, match=r"device 'phone': zerotier_member_id=.*'stibnite' has it"):
        fleet(
            devices=(device,),
            facts=facts(MachineFacts("stibnite", zerotier_member_id="abcdef1200")),
        )
    with pytest.raises(FleetError, match=r"device 'tablet': zerotier_member_id=.*'phone' has it"):
        fleet(devices=(device, evolve(device, name="tablet")))


def test_a_device_has_a_name_of_its_own() -> None:
    with pytest.raises(FleetError, match="devices='stibnite': given twice"):
        fleet(devices=(Device("stibnite", zerotier_member_id="abcdef1200"),))


def test_a_device_needs_a_network_to_be_in() -> None:
    with pytest.raises(FleetError, match=r"devices=\['phone'\]: .* needs a controller"):
        fleet(
            machines=(Machine("stibnite", machine_class="darwin"),),
            devices=(Device("phone", zerotier_member_id="abcdef1200"),),
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "phone-"}, "device 'phone-': name='phone-'"),
        (
            {"zerotier_member_id": "8046"},
            "device 'phone': zerotier_member_id='8046': 10 hexadecimal",
        ),
        ({"port": 0}, "device 'phone': port=0: a port is accepted: 1 to 65535"),
        ({"port": 65536}, "device 'phone': port=65536"),
        ({"port": "22"}, "device 'phone': port='22'"),
        ({"user": "a b"}, "device 'phone': user='a b': a login name is accepted"),
        ({"ssh_host_key": "AAAA"}, "device 'phone': ssh_host_key='AAAA': an OpenSSH public key"),
    ],
)
def test_a_device_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FleetError) as error:
        Device(**({"name": "phone", "zerotier_member_id": "abcdef1200"} | changes))
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("changes", [{"home_manager": "matchblocks"}, {"known_hosts": True}])
def test_ssh_takes_what_it_knows(changes: dict[str, Any]) -> None:
    with pytest.raises(FleetError, match=r"ssh: \w+=.* is accepted"):
        Ssh(**changes)


@pytest.mark.parametrize(
    "changes", [{"facts": "facts.json"}, {"ssh": "vars"}, {"devices": ("phone",)}]
)
def test_other_kinds_of_things_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FleetError, match="fleet 'metals'"):
        fleet(**changes)
