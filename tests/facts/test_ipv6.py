"""IPv6 addresses of machines: learned, kept while a machine is off, and used where IPv4 is not."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, FleetError, Machine, MachineFacts
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.hosts import hosts
from infra_lib.operate.sync import Findings, describe_changes, update_facts
from infra_lib.services import internet_host, target_host
from infra_lib.terraform.state import Deployed, Instance, parse_outputs, parse_state
from nixgen import dumps
from tests.helpers import projects
from tests.helpers.other_cloud import OtherMachine, TwoClouds
from tests.helpers.projects import infra

ADDRESS = "2001:db8:1:2::1"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
KNOWN = MachineFacts(
    "beryl", external_ip="203.0.113.7", external_ipv6=ADDRESS, ssh_host_key=KEY, zone="fsn1"
)
GALENA = {"zone": "us-central1-b", "external_ip": "203.0.113.20"}


class Keeping(OtherMachine):
    """A machine whose addresses outlive it."""

    @property
    def keeps_addresses(self) -> bool:
        return True


BERYL = Keeping("beryl", zone="fsn1")


@pytest.fixture(autouse=True)
def other(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud: Any = SimpleNamespace(
        check=lambda *_: None, warnings=lambda *_: (), ways_in=lambda *_: frozenset({"direct"})
    )
    monkeypatch.setitem(CLOUDS, "other", cloud)


def fleet(*machines: Machine, known: MachineFacts = KNOWN) -> Fleet:
    return TwoClouds(name="two", domain="zt", machines=machines, facts=Facts(machines=(known,)))


def learned(machine: Machine, deployed: Deployed | None) -> MachineFacts:
    found = Findings(deployed={machine.name: deployed})
    return update_facts(fleet(machine), found).machine(machine.name)


def output(**machine: object) -> str:
    return json.dumps({"other": {"machines": {"beryl": {"zone": "fsn1", **machine}}}})


def test_outputs_tell_it_in_one_spelling() -> None:
    (told,) = parse_outputs(output(external_ipv6="2001:DB8:1:2:0::1"), "outputs", {})
    assert told["beryl"].external_ipv6 == ADDRESS
    for nothing in ({}, {"external_ipv6": None}, {"external_ipv6": ""}):
        (told,) = parse_outputs(output(**nothing), "outputs", {})
        assert told["beryl"].external_ipv6 is None


@pytest.mark.parametrize("wrong", ["2001:db8:1:2::/64", "203.0.113.7", 6, ["2001:db8::1"]])
def test_outputs_that_tell_something_else_are_refused(wrong: object) -> None:
    with pytest.raises(FleetError, match=r"^outputs: machines\.beryl\.external_ipv6=.*or null"):
        parse_outputs(output(external_ipv6=wrong), "outputs", {})


def test_the_state_tells_it() -> None:
    attributes = {"labels": {"fleet": "two"}, "ipv6_address": ADDRESS}
    resource = {
        "mode": "managed",
        "type": "other_server",
        "name": "beryl",
        "instances": [{"attributes": attributes}],
    }
    text = json.dumps({"lineage": "x", "outputs": {}, "resources": [resource]})
    readers = {
        "other_server": lambda found: Instance(zone="fsn1", external_ipv6=found["ipv6_address"])
    }
    state = parse_state(text, "state", readers)
    assert state.machines["beryl"].external_ipv6 == ADDRESS


def test_it_is_learned_and_forgotten_with_the_machine() -> None:
    new = "2001:db8:5:6::1"
    found = learned(BERYL, Deployed("203.0.113.7", "fsn1", external_ipv6=new))
    assert found.external_ipv6 == new
    assert learned(BERYL, Deployed("203.0.113.7", "fsn1")).external_ipv6 is None
    off = OtherMachine("beryl", zone="fsn1", enabled=False)
    gone = learned(off, None)
    assert (gone.external_ip, gone.external_ipv6, gone.zone) == (None, None, None)


def test_addresses_that_outlive_a_machine_stay_known_while_it_is_off() -> None:
    assert learned(evolve(BERYL, enabled=False), None) == KNOWN
    destroyed = learned(BERYL, None)
    assert (destroyed.external_ip, destroyed.external_ipv6) == (None, None)


def test_a_change_of_it_is_shown() -> None:
    old, new = Facts(), Facts(machines=(MachineFacts("beryl", external_ipv6=ADDRESS),))
    assert list(describe_changes(old, new)) == [f"+ beryl.external_ipv6 = {ADDRESS}"]


def test_the_command_learns_prints_and_takes_it(tmp_path: Path) -> None:
    project = projects.make(tmp_path / "project")
    machines = {"galena": {**GALENA, "external_ipv6": ADDRESS}}
    (project / "outputs.json").write_text(json.dumps({"gcp": {"machines": machines}}))
    done = infra(project, "sync", "--outputs", "outputs.json", "--get", "galena.external_ipv6")
    assert (done.returncode, done.stdout) == (0, f"{ADDRESS}\n")
    said = infra(project, "sync", "--vars-only", "--set", "cinnabar.external_ipv6=2001:DB8:9::1")
    assert "+ cinnabar.external_ipv6 = 2001:db8:9::1\n" in said.stdout
    wrong = infra(project, "sync", "--vars-only", "--set", "cinnabar.external_ipv6=fe80::1")
    assert "facts of machine 'cinnabar': external_ipv6='fe80::1': an IPv6 address" in wrong.stderr
    document = json.loads((project / "facts.json").read_text())
    assert document["version"] == 1
    assert document["machines"]["cinnabar"] == {"external_ipv6": "2001:db8:9::1"}


def test_ssh_tries_it_last_and_knows_the_host_by_it() -> None:
    def known(machine: Machine, facts: MachineFacts) -> tuple[tuple[str, ...], str]:
        described = fleet(machine, known=facts)
        texts = [dumps(value) for value in described.nix_files().values()]
        (text,) = (each for each in texts if "knownHosts" in each and "hostNames" in each)
        return hosts(described)[0].addresses, text

    both, text = known(Machine("beryl"), KNOWN)
    assert both == ("203.0.113.7", ADDRESS)
    assert text.index("203.0.113.7") < text.index(f'"{ADDRESS}"')
    alone, text = known(Machine("beryl"), evolve(KNOWN, external_ip=None))
    assert alone == (ADDRESS,)
    assert f'"{ADDRESS}"' in text


def test_nobody_is_sent_to_a_machine_that_is_off() -> None:
    (off,) = hosts(fleet(evolve(BERYL, enabled=False)))
    assert off.addresses == ()


def test_clan_reaches_a_machine_without_ipv4_by_ipv6() -> None:
    alone = fleet(BERYL, known=evolve(KNOWN, external_ip=None))
    assert internet_host(alone, alone.machine("beryl")) == ADDRESS
    assert target_host(alone, alone.machine("beryl")) is None
    both = fleet(BERYL)
    assert internet_host(both, both.machine("beryl")) == "203.0.113.7"


def test_no_ipv4_address_is_recorded_that_the_fleet_does_not_give() -> None:
    only_ipv6 = evolve(BERYL, external_ip=False)
    told = Findings(told=(("beryl", "external_ip", "203.0.113.9"),))
    with pytest.raises(FleetError, match=r"external_ip=.203\.0\.113\.9.: none: the fleet gives"):
        update_facts(fleet(only_ipv6), told)
