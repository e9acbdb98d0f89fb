"""What is open, and to whom."""

from ipaddress import IPv4Network, ip_network

import pytest

from infra_lib import Fleet, FleetError, GcpMachine, Reference, ZeroTier
from infra_lib.clouds.gcp.firewall import (
    Firewall,
    closed_networks,
    closed_texts,
    firewalls,
    network_tags,
    rule_prefix,
)
from infra_lib.clouds.gcp.names import shorten_name
from tests.helpers.stack_fleets import CONTROLLER, FLEETS, cpu, fleet_of, gpu, project


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
    closed = project(ssh_source_ranges=())
    assert rules(fleet_of(cpu(network="lab"), gcp=closed)) == {}
    assert {rule.allows for rule in rules(fleet_of(cpu(), gcp=closed)).values()} == {False}


GOOGLES_PRIORITY = 65534  # of the rules that the network "default" comes with
USUAL_PRIORITY = 1000  # of a rule whose maker gave none


@pytest.mark.parametrize("ranges", [(), ("35.235.240.0/20",), ("198.51.100.0/24", "2001:db8::/32")])
def test_what_google_opens_to_the_world_is_closed_to_all_but_the_ranges(
    ranges: tuple[str, ...],
) -> None:
    found = rules(fleet_of(cpu(), gcp=project(ssh_source_ranges=ranges)))
    closing = found["no-ssh"]
    assert (closing.protocol, closing.port, closing.target_tag) == ("tcp", 22, "test")
    assert not closing.allows
    assert closing.priority is not None
    # It wins over Google's; over it win those of the fleet, and those that somebody else made.
    assert USUAL_PRIORITY < closing.priority < GOOGLES_PRIORITY
    opening = [rule for address, rule in found.items() if address != "no-ssh"]
    assert all(rule.allows and rule.priority is None for rule in opening)


def test_between_the_machines_of_the_network_nothing_is_closed() -> None:
    """Their addresses are in 10.128.0.0/9; one may be the way to another."""
    closed = [ip_network(each) for each in rules(fleet_of(cpu()))["no-ssh"].source_ranges]
    everything, inside = IPv4Network("0.0.0.0/0"), IPv4Network("10.128.0.0/9")
    assert set(closed) == set(everything.address_exclude(inside))


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("default", "no-ssh-default"),
        ("projects/host/global/networks/default", "no-ssh-host-default"),
        ("lab", None),
        ("projects/default/global/networks/lab", None),
        (Reference("${google_compute_network.default.id}"), None),
    ],
)
def test_it_is_closed_where_google_opens_it(network: str, address: str | None) -> None:
    found = rules(fleet_of(cpu(network=network), gcp=project(network="vpc")))
    closing = [rule for rule in found.values() if not rule.allows]
    assert [rule.address for rule in closing] == ([] if address is None else [address])


def test_it_stays_open_to_the_world_when_that_is_asked_for() -> None:
    world = project(ssh_source_ranges=("0.0.0.0/0", "35.235.240.0/20"))
    assert set(rules(fleet_of(cpu(), gcp=world))) == {"ssh"}


def test_how_to_close_a_network_for_all_is_said_once_of_each() -> None:
    shared = "https://www.googleapis.com/compute/v1/projects/host/global/networks/default"
    machines = (cpu(), cpu("halite"), cpu("baryte", network=shared), cpu("galena", network="lab"))
    one, other = closed_texts("lab-1", closed_networks(project(), machines))
    assert "network default of project lab-1 " in one
    assert one.endswith("gcloud compute firewall-rules delete default-allow-ssh --project=lab-1")
    assert "network default of project host " in other
    assert other.endswith("--project=host")
    by_link = cpu("agate", network="projects/lab-1/global/networks/default")
    assert closed_texts("lab-1", closed_networks(project(), (*machines, by_link))) == [one, other]
    assert not closed_networks(project(ssh_source_ranges=("0.0.0.0/0",)), machines)


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
    assert set(rules(fleet_of(CONTROLLER, cpu()))) == {"ssh", "no-ssh"}


def test_rules_do_not_depend_on_what_is_on() -> None:
    on, off = (fleet_of(CONTROLLER, gpu(tags=("peer",), enabled=state)) for state in (True, False))
    assert rules(on) == rules(off)


def test_each_network_has_rules_and_each_projects_are_its_own() -> None:
    found = rules(FLEETS["networks"])
    assert set(found) == {
        "ssh",
        "ssh-ipv6",
        "no-ssh",
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
    assert len(set(names)) == 4  # the tag and the rule of ZeroTier share one
    near = rules(fleet_of(CONTROLLER, cpu(tags=("peer",)), name=f"{name[:-1]}g"))
    assert {rule.name for rule in near.values()}.isdisjoint(names)


def test_a_name_as_long_as_one_may_be_stays() -> None:
    assert shorten_name("f" * 63) == "f" * 63
    assert shorten_name("f" * 64) != "f" * 63


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


@pytest.mark.parametrize(
    "link",
    [
        "lab",
        "projects/example-project/global/networks/lab",
        "projects/example.org:old/global/networks/lab",
        "https://www.googleapis.com/compute/v1/projects/example-project/global/networks/lab",
        "https://compute.googleapis.com/compute/beta/projects/example-project/global/networks/lab",
    ],
)
def test_a_name_and_every_whole_link_of_a_network_are_accepted(link: str) -> None:
    subnetwork = link.replace("global/networks", "regions/us-central1/subnetworks")
    fleet = fleet_of(cpu(network=link, subnetwork=subnetwork), gcp=project(network=link))
    (machine,) = fleet.gcp_machines
    assert (machine.network, machine.subnetwork) == (link, subnetwork)
    assert {rule.network for rule in rules(fleet).values()} == {link}
