"""The resources of machines at Hetzner Cloud, as Terraform is to have them."""

from typing import Any

from attrs import evolve

from infra_lib import FirewallRule, Fleet, HetznerProject, PrivateNetwork, Volume
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.terraform.resource import Configuration, Resource
from tests.helpers.hetzner_fleets import FLEETS, KEY, PROJECT, fleet_of, project, server


def made(fleet: Fleet, **fields: Any) -> Configuration:
    given = fleet.hetzner
    assert given is not None
    return configuration(fleet, given, fleet.hetzner_machines, "hetzner", **fields)


def by_address(fleet: Fleet, **fields: Any) -> dict[str, Resource]:
    found = made(fleet, **fields).resources
    addresses = {each.address: each for each in found}
    assert len(addresses) == len(found), "two resources have one address"
    return addresses


def changed(before: Fleet, after: Fleet) -> set[str]:
    """What differs between two fleets: addresses, and arguments of the resources in both."""
    old, new = by_address(before), by_address(after)
    found = old.keys() ^ new.keys()
    for address in old.keys() & new.keys():
        one, other = old[address].arguments, new[address].arguments
        found |= {
            f"{address}.{key}"
            for key in one.keys() | other.keys()
            if one.get(key) != other.get(key)
        }
        assert old[address].lifecycle == new[address].lifecycle
    return found


def test_the_token_is_nowhere() -> None:
    assert made(fleet_of(server())).provider == {}


def test_a_server_that_is_off_keeps_its_addresses_and_volumes() -> None:
    on = fleet_of(server(volumes=(Volume("ore", size_gb=10),)))
    off = fleet_of(server(volumes=(Volume("ore", size_gb=10),), enabled=False))
    assert changed(on, off) == {"hcloud_server.cinnabar", "hcloud_volume_attachment.ore"}


def test_what_only_creation_uses_changes_nothing_of_a_server() -> None:
    resource = by_address(fleet_of(server()))["hcloud_server.cinnabar"]
    assert resource.lifecycle["ignore_changes"] == ["image", "ssh_keys", "user_data"]
    assert resource.arguments["keep_disk"] is True


def test_a_renamed_key_touches_no_server() -> None:
    before, after = (
        fleet_of(server(), hetzner=project(ssh_keys=(f"{KEY} {name}",))) for name in ("a", "b")
    )
    (only,) = changed(before, after)
    assert only.startswith("hcloud_ssh_key.key-")
    assert only.endswith(".name")
    assert (
        by_address(before)["hcloud_server.cinnabar"].arguments["ssh_keys"]
        == by_address(after)["hcloud_server.cinnabar"].arguments["ssh_keys"]
    )


def test_the_order_of_keys_changes_nothing_but_an_argument_that_is_ignored() -> None:
    other = f"{KEY[:-4]}LIu4"
    one, two = (
        fleet_of(server(), hetzner=project(ssh_keys=keys)) for keys in ((KEY, other), (other, KEY))
    )
    assert changed(one, two) == {"hcloud_server.cinnabar.ssh_keys"}


def test_one_machine_changes_no_other() -> None:
    both = fleet_of(server(), server("electrum"))
    without = fleet_of(server(), server("electrum", enabled=False))
    assert changed(both, without) == {"hcloud_server.electrum"}
    assert changed(both, fleet_of(server("electrum"), server())) == set()


def test_addresses_are_the_machines_own_and_outlive_it() -> None:
    found = by_address(fleet_of(server()))
    address = found["hcloud_primary_ip.cinnabar-ipv4"].arguments
    assert (address["type"], address["auto_delete"], address["location"]) == ("ipv4", False, "fsn1")
    assert "assignee_id" not in address
    (net,) = found["hcloud_server.cinnabar"].arguments["public_net"]
    assert net == {
        "ipv4_enabled": True,
        "ipv4": "${hcloud_primary_ip.cinnabar-ipv4.id}",
        "ipv6_enabled": True,
        "ipv6": "${hcloud_primary_ip.cinnabar-ipv6.id}",
    }
    without = by_address(fleet_of(server(ipv4=False)))
    assert "hcloud_primary_ip.cinnabar-ipv4" not in without
    assert without["hcloud_server.cinnabar"].arguments["public_net"][0]["ipv4_enabled"] is False


def test_every_firewall_has_a_rule_since_the_last_one_cannot_be_taken_away() -> None:
    for ranges in ((), ("203.0.113.0/24",)):
        fleet = fleet_of(server(tags=("controller",)), hetzner=project(ssh_source_ranges=ranges))
        firewalls = [each for each in made(fleet).resources if each.type == "hcloud_firewall"]
        assert {each.name for each in firewalls} == {"ssh", "zerotier"}
        assert all(each.arguments["rule"] for each in firewalls)


def test_ssh_is_open_to_the_ranges_alone() -> None:
    def ssh(*ranges: str) -> list[list[str]]:
        fleet = fleet_of(server(), hetzner=project(ssh_source_ranges=ranges))
        rules = by_address(fleet)["hcloud_firewall.ssh"].arguments["rule"]
        return [rule["source_ips"] for rule in rules if rule.get("port") == "22"]

    assert ssh() == []
    assert ssh("203.0.113.0/24", "2001:db8::/32") == [["203.0.113.0/24", "2001:db8::/32"]]


def test_firewalls_are_always_a_list_so_that_taking_one_away_does_so() -> None:
    plain = by_address(fleet_of(server()))["hcloud_server.cinnabar"].arguments["firewall_ids"]
    assert plain == ["${hcloud_firewall.ssh.id}"]
    more = server(
        tags=("controller",), firewall_rules=(FirewallRule("tcp", port="443"),), firewall_ids=(7,)
    )
    ids = by_address(fleet_of(more))["hcloud_server.cinnabar"].arguments["firewall_ids"]
    assert ids == [
        "${hcloud_firewall.ssh.id}",
        "${hcloud_firewall.zerotier.id}",
        "${hcloud_firewall.cinnabar-rules.id}",
        7,
    ]


def test_a_server_is_attached_to_its_networks_subnet_and_let_go_of() -> None:
    networked = project(networks=(PrivateNetwork("internal", subnet="10.0.1.0/24"),))
    inside = fleet_of(server(networks={"internal": "10.0.1.5"}), hetzner=networked)
    found = by_address(inside)
    assert found["hcloud_network.internal"].arguments["ip_range"] == "10.0.0.0/16"
    assert found["hcloud_network_subnet.internal"].arguments["ip_range"] == "10.0.1.0/24"
    assert found["hcloud_server_network.cinnabar_internal"].arguments == {
        "server_id": "${hcloud_server.cinnabar.id}",
        "subnet_id": "${hcloud_network_subnet.internal.id}",
        "ip": "10.0.1.5",
    }
    outside = fleet_of(server(), hetzner=networked)
    assert changed(inside, outside) == {"hcloud_server_network.cinnabar_internal"}


def test_a_server_without_public_addresses_is_made_in_its_network() -> None:
    fleet = fleet_of(
        server(ipv4=False, ipv6=False, networks=("internal",)),
        hetzner=project(networks=(PrivateNetwork("internal"),)),
    )
    found = by_address(fleet)
    assert found["hcloud_server.cinnabar"].arguments["network"] == [
        {"subnet_id": "${hcloud_network_subnet.internal.id}", "ip": None, "alias_ips": []}
    ]
    assert "hcloud_server_network.cinnabar_internal" not in found


def test_data_is_guarded_unless_it_is_not_to_be() -> None:
    volumes = (Volume("ore", size_gb=10), Volume("slag", size_gb=10, prevent_destroy=False))
    found = by_address(fleet_of(server(volumes=volumes)))
    assert found["hcloud_volume.ore"].lifecycle["prevent_destroy"] is True
    assert "prevent_destroy" not in found["hcloud_volume.slag"].lifecycle
    assert "server_id" not in found["hcloud_volume.ore"].arguments, "the attachment has it"


def test_protection_is_two_things_that_go_together() -> None:
    arguments = by_address(fleet_of(server(deletion_protection=True)))[
        "hcloud_server.cinnabar"
    ].arguments
    assert arguments["delete_protection"] is arguments["rebuild_protection"] is True


def test_the_output_tells_what_a_machine_costs_in_its_own_currency() -> None:
    (output,) = made(fleet_of(server())).outputs
    told = output.value["cinnabar"]
    assert (told["state"], told["zone"], told["machine_type"]) == ("on", "fsn1", "ccx23")
    assert told["external_ip"] == "${hcloud_primary_ip.cinnabar-ipv4.ip_address}"
    assert told["external_ipv6"] == "${cidrhost(hcloud_primary_ip.cinnabar-ipv6.ip_network, 1)}"
    assert told["usd_per_hour"] is None
    assert told["eur_per_hour"] == server().bill.hour_now.value
    (output,) = made(fleet_of(server(), usd_per_eur=2.0)).outputs
    assert output.value["cinnabar"]["usd_per_hour"] == round(2 * told["eur_per_hour"], 6)


def test_labels_tell_whose_a_resource_is_and_what_it_costs() -> None:
    fleet = fleet_of(
        server(labels={"team": "ore"}), hetzner=project(labels={"team": "x", "a": "b"})
    )
    labels = by_address(fleet)["hcloud_server.cinnabar"].arguments["labels"]
    assert labels.pop("cost").endswith("-eur-per-hour")
    assert labels == {
        "team": "ore",
        "a": "b",
        "fleet": "test",
        "machine": "cinnabar",
        "state": "on",
    }


def test_a_stack_of_some_machines_has_names_of_its_own() -> None:
    found = by_address(fleet_of(server()), alone=False)
    assert found["hcloud_firewall.ssh"].arguments["name"] == "test-hetzner-ssh"
    assert found["hcloud_server.cinnabar"].arguments["name"] == "cinnabar"


def test_names_of_keys_are_names_whatever_their_comments_are() -> None:
    for comment in ("", "Ada's laptop", "é" * 80, "x" * 80):
        given = HetznerProject(ssh_keys=(f"{KEY} {comment}".strip(),))
        (key,) = (
            each
            for each in made(fleet_of(server(), hetzner=given)).resources
            if each.type == "hcloud_ssh_key"
        )
        name = key.arguments["name"]
        assert len(name) <= 63
        assert name.replace("-", "").isalnum()
        assert name.isascii()
        assert key.arguments["public_key"] == KEY


def test_installation_runs_where_the_project_asks() -> None:
    assert not [each for each in made(fleet_of(server())).resources if each.local_exec]
    (command,) = filter(
        None, (each.local_exec for each in made(FLEETS["hetzner-install"]).resources)
    )
    assert "clan machines install cinnabar" in command
    assert "root@${hcloud_primary_ip.cinnabar-ipv4.ip_address}" in command


def test_fields_that_are_not_said_change_nothing() -> None:
    assert evolve(PROJECT, name="other") != PROJECT
    assert changed(fleet_of(server()), fleet_of(server(), hetzner=project(name="other"))) == set()
