"""What `hcloud … list -o json` prints is read in Terraform's terms."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import FirewallRule, PrivateNetwork, Volume
from infra_lib.clouds.adoption import Found
from infra_lib.clouds.hetzner.adoption import adopt, listed, take_over
from infra_lib.clouds.hetzner.cloud import adoption
from infra_lib.clouds.hetzner.machine import hetzner_machines
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import MachineFacts
from infra_lib.model.reference import Reference
from tests.helpers.hetzner_api import address, firewall, network, server, ssh_key, volume
from tests.helpers.hetzner_fleets import KEY, fleet_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

GROUP = {"id": 5, "name": "apart", "type": "spread", "labels": {}, "servers": [4711]}
LISTS: dict[str, list[dict[str, Any]]] = {
    "servers.json": [
        server(
            "web-1",
            4711,
            ipv4=(51, "203.0.113.7"),
            ipv6=(52, "2001:db8:1:2::/64"),
            private_net=[{"network": 61, "ip": "10.0.1.5", "alias_ips": []}],
            firewalls=[81],
            volumes=[71],
            placement_group=GROUP,
            backup_window="22-02",
            labels={"team": "web"},
        )
    ],
    "volumes.json": [volume("data", 71, server=4711)],
    "primary-ips.json": [
        address("primary_ip-51", 51, "203.0.113.7", assignee=4711),
        address("primary_ip-52", 52, "2001:db8:1:2::/64", assignee=4711),
    ],
    "firewalls.json": [firewall("web", 81, servers=[4711])],
    "networks.json": [network("lan", 61, servers=[4711])],
    "ssh-keys.json": [ssh_key("laptop", 31, f"{KEY} me@laptop")],
    "placement-groups.json": [GROUP],
}


def found_in(*names: str) -> list[Found]:
    found = []
    for name in names or LISTS:
        told = listed(json.loads(json.dumps(LISTS[name])), name)
        assert told is not None, name
        found += told
    return found


def test_lists_together_are_all_that_there_is() -> None:
    found = found_in()
    by = adopt(found, {}, "test")
    (machine,) = hetzner_machines(by.machines)
    assert (machine.name, machine.server_type, machine.location) == ("web-1", "cx23", "nbg1")
    assert (machine.backups, machine.placement_group) == (True, "apart")
    assert machine.volumes == (Volume("data", size_gb=50, format="ext4"),)
    assert machine.firewall_rules == (FirewallRule("tcp", port="443"),)
    assert dict(machine.networks) == {"lan": "10.0.1.5"}
    assert by.project.networks == (PrivateNetwork("lan", subnet="10.0.1.0/24"),)
    assert by.project.ssh_key_names == ("laptop",)
    assert by.facts == (
        MachineFacts("web-1", external_ip="203.0.113.7", external_ipv6="2001:db8:1:2::1"),
    )
    assert by.items == ()
    fleet = fleet_of(machine, hetzner=by.project)
    takeover = take_over(fleet, by, found, "hetzner")
    assert {each.address: each.id for each in takeover.taken} == {
        "hcloud_firewall.web-1-rules": "81",
        "hcloud_network.lan": "61",
        "hcloud_network_subnet.lan": "61-10.0.1.0/24",
        "hcloud_placement_group.apart": "5",
        "hcloud_primary_ip.web-1-ipv4": "51",
        "hcloud_primary_ip.web-1-ipv6": "52",
        "hcloud_server.web-1": "4711",
        "hcloud_server_network.web-1_lan": "4711-61",
        "hcloud_volume.data": "71",
        "hcloud_volume_attachment.data": "71",
    }
    assert [each for each in takeover.taken if each.forced] == []
    assert takeover.made == ("hcloud_firewall.ssh",)
    assert takeover.items == ()


def test_servers_alone_tell_the_numbers_of_their_addresses() -> None:
    found = found_in("servers.json")
    by = adopt(found, {}, "test")
    takeover = take_over(fleet_of(*by.machines, hetzner=by.project), by, found, "hetzner")
    ids = {each.address: each.id for each in takeover.taken}
    assert ids["hcloud_primary_ip.web-1-ipv4"] == "51"
    assert [each for each in takeover.taken if each.forced] == []
    # Of what it has, names and sizes are not told.
    told = {each.where: each.what for each in by.items}
    assert "stays as it is" in told["servers.json: [0] web-1: volume 71"]
    assert any("in the network 'number 61'" in each.what for each in by.items)


def test_a_list_completes_a_state_whatever_comes_first() -> None:
    state = Found(
        type="hcloud_server",
        name="web",
        where="state.json: hcloud_server.web",
        attributes={"id": "4711", "name": "web-1", "server_type": "cx23", "location": "nbg1",
                    "ipv4_address": "203.0.113.7", "ipv6_network": "<nil>", "public_net": [],
                    "network": [], "firewall_ids": [81], "labels": {"team": "web"}},
        exists=True,
    )  # fmt: skip
    for found in ([state, *found_in()], [*found_in(), state]):
        by = adopt(found, {}, "test")
        assert len(by.machines) == 1
        assert by.items == ()
        takeover = take_over(fleet_of(*by.machines, hetzner=by.project), by, found, "hetzner")
        assert [each for each in takeover.taken if each.forced] == []


def test_lists_of_others_are_none_of_hetzners() -> None:
    for document in (
        [],
        ["web-1"],
        [{"kind": "compute#instance", "name": "web-1", "id": "5", "networkInterfaces": []}],
        [{"id": 5, "name": "lb", "load_balancer_type": {}}],
    ):
        assert listed(document, "x.json") is None
    assert adoption().listed([], "x.json") is None


def test_what_cannot_be_in_a_list_is_named_with_its_place() -> None:
    good = LISTS["volumes.json"][0]
    for bad, words in (
        ([good, {"id": 5}], "volumes.json: [1]"),
        ([good, "web"], "volumes.json: [1]"),
        ([{**good, "id": "71"}], "volumes.json: [0]: id='71'"),
        ([{**good, "name": None}], "name=None"),
        ([good, LISTS["networks.json"][0]], "the first of that list is a hcloud_volume"),
    ):
        with pytest.raises(FleetError) as raised:
            listed(bad, "volumes.json")
        assert words in str(raised.value)


def test_text_of_a_list_is_text_whatever_it_looks_like() -> None:
    told = listed([{**LISTS["volumes.json"][0], "name": "${hcloud_server.x.id}"}], "v")
    assert told is not None
    (found,) = told
    assert not isinstance(found.attributes["name"], Reference)
    by = adopt([found], {}, "test")
    assert by.machines == ()


ODD = st.sampled_from([None, True, 5, -1, "x", "", [], [None], [5], {}, {"id": "x"}, {"ip": 5}])


@given(
    st.sampled_from([(name, key) for name, (each, *_) in LISTS.items() for key in each]),
    ODD,
)
@settings(max_examples=300, deadline=None)
def test_no_object_is_so_odd_that_nobody_says_where(place: tuple[str, str], odd: object) -> None:
    name, key = place
    found = [each for other in LISTS if other != name for each in found_in(other)]
    try:
        told = listed([{**LISTS[name][0], key: odd}, *LISTS[name][1:]], name)
    except FleetError:
        return  # as the test before this one has it
    found += told or []
    by = adopt(found, {}, "test")
    assert {each.where for each in found} <= by.carried | {each.where for each in by.items}
    if by.machines:
        take_over(fleet_of(*by.machines, hetzner=by.project), by, found, "hetzner")
