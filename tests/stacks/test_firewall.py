"""What is open, and to whom."""

import pytest

from infra_lib import Fleet, FleetError, GcpMachine, ZeroTier
from infra_lib.firewall import Firewall, firewalls, network_tags, rule_prefix
from infra_lib.names import bounded

from .fleets import CONTROLLER, FLEETS, cpu, fleet_of, gpu, project


def rules(fleet: Fleet) -> dict[str, Firewall]:
    assert fleet.gcp is not None
    found = firewalls(fleet, fleet.gcp, fleet.gcp_machines, rule_prefix(fleet))
    return {rule.address: rule for rule in found}


def tags(fleet: Fleet, machine: GcpMachine) -> tuple[str, ...]:
    return network_tags(fleet, machine, rule_prefix(fleet))


def test_ssh_is_open_from_where_the_fleet_says() -> None:
    ssh = rules(fleet_of(cpu()))["ssh"]
    assert (ssh.protocol, ssh.port) == ("tcp", 22)
    assert ssh.source_ranges == ("35.235.240.0/20",)
    assert ssh.target_tag == "test"


def test_ssh_is_closed_when_no_range_is_named() -> None:
    assert rules(fleet_of(cpu(), gcp=project(ssh_source_ranges=()))) == {}


def test_each_version_of_ip_has_its_rule() -> None:
    both = rules(fleet_of(cpu(), gcp=project(ssh_source_ranges=("::/0", "0.0.0.0/0"))))
    assert {address: rule.source_ranges for address, rule in both.items()} == {
        "ssh": ("0.0.0.0/0",),
        "ssh-ipv6": ("::/0",),
    }


def test_zerotier_is_open_to_those_in_its_network_only() -> None:
    peer, other = cpu(tags=("peer",)), cpu("halite")
    fleet = fleet_of(CONTROLLER, peer, other)
    zerotier = rules(fleet)["zerotier"]
    assert (zerotier.protocol, zerotier.port) == ("udp", 9993)
    assert zerotier.target_tag in tags(fleet, peer)
    assert zerotier.target_tag not in tags(fleet, other)


@pytest.mark.parametrize(
    "fleet",
    [
        fleet_of(cpu(tags=("controller",))),
        fleet_of(cpu(tags=("relay",)), CONTROLLER, zerotier=ZeroTier(peer_tag="relay")),
        fleet_of(CONTROLLER, cpu(), zerotier=ZeroTier(peer_tag="all")),
        fleet_of(CONTROLLER, cpu(), zerotier=ZeroTier(moons={"galena": ("203.0.113.9",)})),
    ],
)
def test_controllers_peers_and_moons_are_in_the_network(fleet: Fleet) -> None:
    assert "zerotier" in rules(fleet)


def test_without_zerotier_its_port_stays_closed() -> None:
    assert set(rules(fleet_of(CONTROLLER, cpu()))) == {"ssh"}


def test_rules_do_not_depend_on_what_is_on() -> None:
    on, off = (fleet_of(CONTROLLER, gpu(tags=("peer",), enabled=state)) for state in (True, False))
    assert rules(on) == rules(off)


def test_each_network_has_rules_and_each_projects_are_its_own() -> None:
    found = rules(FLEETS["networks"])
    assert set(found) == {
        "ssh",
        "ssh-ipv6",
        "zerotier",
        "ssh-lab",
        "ssh-ipv6-lab",
        "zerotier-lab",
        "ssh-host-shared",
        "ssh-ipv6-host-shared",
        "zerotier-host-shared",
        "ssh-google-compute-network-vpc-id",
        "ssh-ipv6-google-compute-network-vpc-id",
    }
    assert found["ssh-host-shared"].project == "host"
    assert found["ssh-lab"].project is None


def test_names_stay_within_what_compute_engine_takes() -> None:
    name = "f" * 63
    fleet = fleet_of(CONTROLLER, cpu(tags=("peer",)), name=name)
    names = [rule.name for rule in rules(fleet).values()] + list(tags(fleet, fleet.gcp_machines[0]))
    assert all(len(name) <= 63 for name in names)
    assert len(set(names)) == 3  # the tag and the rule of ZeroTier share one
    near = rules(fleet_of(CONTROLLER, cpu(tags=("peer",)), name=f"{name[:-1]}g"))
    assert {rule.name for rule in near.values()}.isdisjoint(names)


def test_a_name_as_long_as_one_may_be_stays() -> None:
    assert bounded("f" * 63) == "f" * 63
    assert bounded("f" * 64) != "f" * 63


def test_own_network_tags_stand_once() -> None:
    assert tags(fleet_of(cpu()), cpu(network_tags=("web", "test"))) == ("test", "web")


@pytest.mark.parametrize(
    ("one", "other"), [("default", "ipv6"), ("a-b", "projects/a/global/networks/b")]
)
def test_networks_too_much_alike_are_refused(one: str, other: str) -> None:
    machines = cpu(network=one), cpu("halite", network=other)
    fleet = fleet_of(*machines, gcp=project(ssh_source_ranges=("10.0.0.0/8", "2001:db8::/32")))
    with pytest.raises(FleetError, match=f"machine 'halite': network='{other}': its rule 'ssh-"):
        rules(fleet)
