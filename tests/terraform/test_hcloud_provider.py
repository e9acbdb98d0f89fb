"""The stand-in refuses what hcloud would refuse, and changes things the way hcloud would.

Each plan and each error here was had from hcloud's own provider too, over a server that answers
from the same half of the API.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import attrs
import pytest

from tests.terraform.harness import HCLOUD, JSON, Workspace
from tests.terraform.provider import schema
from tests.terraform.provider.hcloud_kinds import KINDS
from tests.terraform.provider.hcloud_rules import RULES

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
OTHER_KEY = KEY.replace("4u admin", "4v admin")

CINNABAR = "hcloud_server.cinnabar"

SERVER: JSON = {
    "name": "cinnabar",
    "server_type": "cx43",
    "location": "fsn1",
    "image": "debian-12",
    "keep_disk": True,
}
IPV4: JSON = {"name": "cinnabar-ipv4", "type": "ipv4", "location": "fsn1"}
IPV6: JSON = {"name": "cinnabar-ipv6", "type": "ipv6", "location": "fsn1"}
OWN: JSON = {
    "ipv4_enabled": True,
    "ipv4": "${hcloud_primary_ip.ipv4.id}",
    "ipv6_enabled": True,
    "ipv6": "${hcloud_primary_ip.ipv6.id}",
}
RULE: JSON = {"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["203.0.113.7"]}
FIREWALL: JSON = {"name": "ssh", "rule": [RULE]}
VOLUME: JSON = {"name": "models", "size": 50, "location": "fsn1", "format": "ext4"}
NETWORK: JSON = {"name": "internal", "ip_range": "10.0.0.0/16"}
SUBNET: JSON = {
    "network_id": "${hcloud_network.internal.id}",
    "type": "cloud",
    "network_zone": "eu-central",
    "ip_range": "10.0.1.0/24",
}
INSIDE: JSON = {"subnet_id": "${hcloud_network_subnet.internal.id}", "ip": "10.0.1.5"}
ATTACHED: JSON = {"volume_id": "${hcloud_volume.models.id}", "server_id": f"${{{CINNABAR}.id}}"}

PLACEMENT = "error during placement (resource_unavailable, "


def stack(**resources: JSON) -> JSON:
    """A stack with `resources` by type without `hcloud_`."""
    source = {"source": "hetznercloud/hcloud", "version": "~> 1.68"}
    return {
        "terraform": {"required_providers": {"hcloud": source}},
        "provider": {"hcloud": [{}]},
        "resource": {f"hcloud_{kind}": named for kind, named in resources.items() if named},
    }


def servers(**cases: JSON) -> JSON:
    """One server for each of `cases`, under its name, as `SERVER` but for what a case says."""
    return {name: SERVER | {"name": name} | case for name, case in cases.items()}


def whole(**resources: JSON) -> JSON:
    """A stack with a server that has all that it may have, but for what `resources` say."""
    server = SERVER | {
        "ssh_keys": ["${hcloud_ssh_key.admin.name}"],
        "public_net": [OWN],
        "firewall_ids": ["${hcloud_firewall.ssh.id}"],
        "shutdown_before_deletion": True,
        "lifecycle": {"ignore_changes": ["image", "ssh_keys", "user_data"]},
    }
    of = {
        "ssh_key": {"admin": {"name": "admin", "public_key": KEY}},
        "primary_ip": {"ipv4": IPV4, "ipv6": IPV6},
        "firewall": {"ssh": FIREWALL},
        "volume": {"models": VOLUME},
        "volume_attachment": {"models": ATTACHED},
        "server": {"cinnabar": server},
    }
    return stack(**deepcopy(of | resources))


def with_server(**changed: Any) -> JSON:
    """The whole stack with a server that is changed so."""
    found = whole()
    found["resource"]["hcloud_server"]["cinnabar"] |= changed
    return found


Make = Callable[[JSON], dict[str, tuple[str, ...]]]


@pytest.fixture
def make(workspace: Workspace) -> Make:
    """Apply a stack, and return what was planned; a second plan finds nothing to do."""

    def made(content: JSON) -> dict[str, tuple[str, ...]]:
        workspace.write(content)
        planned = workspace.apply().actions
        assert workspace.plan().actions == {}
        return dict(planned)

    return made


# The schema


def test_rules_name_only_what_the_schema_has() -> None:
    served = schema.digested(HCLOUD.read_text())
    assert RULES.keys() == KINDS.keys() == served.keys() - {"provider"}
    for kind, rules in RULES.items():
        block = served[kind]
        known = {*block.attributes, *block.blocks} | {
            f"{name}.{inner}" for name, b in block.blocks.items() for inner in b.block.attributes
        }
        assert {*rules.replaced_by, *rules.defaults, *rules.kept, *rules.fresh} <= known, kind


def test_a_digest_survives_the_file_that_the_server_is_given() -> None:
    served = schema.digested(HCLOUD.read_text())
    assert schema.load(schema.dump(served)) == served


def test_what_hcloud_does_not_know_is_refused(workspace: Workspace) -> None:
    label = "is not correctly formatted"
    cases: dict[str, tuple[JSON, str]] = {
        "argument": ({"colour": "grey"}, 'No argument or block type is named "colour"'),
        "inner": (
            {"public_net": [{"ipv5": 1}]},
            'No argument or block type is named "ipv5"',
        ),
        "required": ({"server_type": None}, 'The argument "server_type" is required'),
        "map": ({"labels": "x"}, "map of string required"),
        "number": ({"firewall_ids": ["x"]}, "a number is required"),
        "output": ({"ipv4_address": "1"}, 'Can\'t configure a value for "ipv4_address"'),
        "label": (
            {"labels": {"owner": "Ada Lovelace"}},
            f"label value 'Ada Lovelace' (key: owner) {label}",
        ),
        "key": ({"labels": {"my owner": "Ada"}}, f"label key 'my owner' {label}"),
        "end": ({"labels": {"owner": "ada_"}}, f"label value 'ada_' (key: owner) {label}"),
        "datacenter": ({"datacenter": "fsn1-dc14"}, "Removed Attribute"),
        "image": ({"image": ""}, '"image" must have more than 0 characters'),
    }
    workspace.write(stack(server=servers(**{name: case for name, (case, _) in cases.items()})))
    errors = "\n".join(workspace.refused("plan").values())
    assert [message for _, message in cases.values() if message not in errors] == []


def test_what_hcloud_does_not_take_of_the_rest_is_refused(workspace: Workspace) -> None:
    """In the words of both halves of the provider: the newer half has a heading for each."""
    wrong = {
        "ssh_key": {"a": {"name": "a", "public_key": KEY, "labels": {"x": "a b"}}},
        "primary_ip": {
            "both": IPV4 | {"assignee_id": 1, "assignee_type": "server"},
            "none": IPV4 | {"location": None},
        },
        "firewall": {
            "host": {"name": "a", "rule": [RULE | {"source_ips": ["10.0.0.1/8"]}]},
            "way": {"name": "b", "rule": [RULE | {"direction": "up"}]},
            "protocol": {"name": "c", "rule": [RULE | {"protocol": "http"}]},
        },
        "placement_group": {"a": {"name": "a", "type": "cluster"}},
        "network": {"internal": NETWORK | {"ip_range": "10.0.0.0"}},
        "network_subnet": {"a": SUBNET | {"type": "moon", "network_id": 1}},
        "volume": {"a": VOLUME | {"labels": {"x": "a@b"}}},
        "zone_rrset": {"a": {"zone": "example.org", "name": "a", "type": "A", "records": []}},
        "rdns": {"a": {"ip_address": "192.0.2.1", "dns_ptr": "a"}},
        "server_network": {"a": {"server_id": 1, "network_id": 1, "ip": "here"}},
    }
    expected = {
        "ssh_key.a": "Invalid label\nlabel value 'a b' (key: x) is not correctly formatted",
        "primary_ip.both": "Invalid Attribute Combination\nExactly one of these attributes must be"
        " configured: [location,assignee_id]",
        "primary_ip.none": "Missing Attribute Configuration\nExactly one of these",
        "firewall.host": "10.0.0.1/8 is not the start of the cidr block 10.0.0.0/8",
        "firewall.way": "up is not a valid direction",
        "firewall.protocol": "http is not a valid protocol",
        "placement_group.a": "cluster is not a valid placement group type",
        "network.internal": 'expected "ip_range" to be a valid CIDR Value, got 10.0.0.0',
        "network_subnet.a": 'expected type to be one of ["cloud" "server" "vswitch"], got moon',
        "volume.a": "label value 'a@b' (key: x) is not correctly formatted",
        "zone_rrset.a": "Attribute records set must contain at least 1 elements, got: 0",
        "rdns.a": "Missing Attribute Configuration",
        "server_network.a": "Invalid IP Address String Value",
    }
    workspace.write(stack(**wrong))
    errors = workspace.refused("plan")
    for address, message in expected.items():
        assert message in errors[f"hcloud_{address}"], address


def test_a_server_is_in_a_network_once_and_where_its_address_is(workspace: Workspace) -> None:
    cases: dict[str, tuple[list[JSON], str]] = {
        "nowhere": ([{"ip": "10.0.0.1"}], "must specify either network_id or subnet_id"),
        "twice": (
            [{"network_id": 1, "ip": "10.0.0.1"}, {"network_id": 1, "ip": "10.0.0.2"}],
            "server is only allowed to be attached to each network once: 1",
        ),
        "outside": (
            [{"subnet_id": "1-10.0.0.0/24", "ip": "10.0.1.1"}],
            "server IP (10.0.1.1) is outside subnet IP range (10.0.0.0/24)",
        ),
    }
    given = {name: {"network": nets} for name, (nets, _) in cases.items()}
    workspace.write(stack(server=servers(**given)))
    workspace.terraform("validate")
    errors = workspace.refused("plan")
    for name, (_, message) in cases.items():
        assert message in errors[f"hcloud_server.{name}"], name


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, "Missing Hetzner Cloud API token"),
        ("short", "entered token is invalid (must be exactly 64 characters long)"),
    ],
)
def test_a_token_is_wanted(workspace: Workspace, token: str | None, message: str) -> None:
    environment = {k: v for k, v in workspace.environment.items() if k != "HCLOUD_TOKEN"}
    if token:
        environment["HCLOUD_TOKEN"] = token
    asked = attrs.evolve(workspace, environment=environment)
    asked.write(stack(server=servers(cinnabar={})))
    assert message in str(asked.refused("plan"))


# What is refused when it is to be made


def test_what_cannot_be_had_is_not_made(workspace: Workspace) -> None:
    cases: dict[str, tuple[JSON, str]] = {
        "gone": (
            {"server_type": "cpx11"},
            'Server Type "cpx11" is unavailable in "fsn1" and can no longer be ordered',
        ),
        "unknown-type": ({"server_type": "cx22"}, "server type cx22 not found"),
        "elsewhere": (
            {"location": "ash"},
            "unsupported location for server type (invalid_input, ",
        ),
        "unknown-location": (
            {"location": "fsn2"},
            "location 'fsn2' not found (invalid_input, ",
        ),
        "unknown-image": (
            {"image": "nixos"},
            "image nixos for architecture x86 not found",
        ),
        "unknown-key": ({"ssh_keys": ["nobody"]}, "SSH key not found: nobody"),
        "gam_ma": ({}, "invalid input in field 'name' (invalid_input, "),
        "unknown-group": ({"placement_group_id": 7}, "placement group not found: 7"),
        "unknown-firewall": (
            {"firewall_ids": [7]},
            "firewall with ID '7' not found (not_found, ",
        ),
        "long": ({"user_data": "x" * 32769}, "invalid input in field 'user_data'"),
    }
    workspace.write(stack(server=servers(**{name: case for name, (case, _) in cases.items()})))
    errors = workspace.refused_apply()
    for name, (_, message) in cases.items():
        assert message in errors[f"hcloud_server.{name}"], name
    assert workspace.cloud.hetzner("server") == {}


def test_a_location_without_room_and_a_project_that_is_full_refuse(workspace: Workspace) -> None:
    cloud = workspace.cloud
    cloud.fail("resource_unavailable", name="a", times=1)
    cloud.fail("unsupported_location", name="b", server_type="cx43", location="fsn1")
    cloud.fail("resource_limit_exceeded", kind="server", name="c")
    cloud.fail("resource_limit_exceeded", kind="primary_ip")
    workspace.write(stack(server=servers(a={}, b={}, c={}), primary_ip={"ipv4": IPV4}))
    errors = workspace.refused_apply()
    assert errors["hcloud_server.a"].startswith(PLACEMENT)
    assert errors["hcloud_server.b"].startswith("unsupported location for server type (invalid_")
    assert errors["hcloud_server.b"].endswith("): []\n\n")
    assert errors["hcloud_server.c"].startswith("server limit reached (resource_limit_exceeded, ")
    address = errors["hcloud_primary_ip.ipv4"]
    assert address.startswith("API request failed\nAn unexpected error was encountered during")
    assert "\n\nPrimary IP limit exceeded (resource_limit_exceeded, " in address
    assert "Error code: resource_limit_exceeded\nStatus code: 403" in address
    # The first was a matter of once.
    cloud.recover()
    assert workspace.apply().actions.keys() >= {"hcloud_server.a"}


def test_two_of_a_name_or_of_a_key_are_one_too_many(workspace: Workspace) -> None:
    twins = {
        "ssh_key": {
            "a": {"name": "a", "public_key": KEY},
            "b": {"name": "b", "public_key": KEY},
        },
        "server": {"a": SERVER, "b": SERVER},
        "volume": {"a": VOLUME, "b": VOLUME},
        "firewall": {"a": FIREWALL, "b": FIREWALL},
    }
    workspace.write(stack(**twins))
    errors = "".join(workspace.refused_apply().values())
    assert "server name is already used (uniqueness_error, " in errors
    assert "volume name is already used (uniqueness_error, " in errors
    assert "firewall name is already used (uniqueness_error, " in errors
    assert "API request failed\nAn unexpected error" in errors
    assert "SSH key not unique (uniqueness_error, " in errors
    made = {kind: len(workspace.cloud.hetzner(kind)) for kind in twins}
    assert made == dict.fromkeys(twins, 1)


def test_what_does_not_belong_together_is_refused(workspace: Workspace) -> None:
    both = {"public_net": [{"ipv4_enabled": True, "ipv4": "${hcloud_primary_ip.ipv4.id}"}]}
    volumes = {
        "models": VOLUME | {"location": "nbg1"},
        "nowhere": VOLUME | {"name": "nowhere", "location": None},
        "small": VOLUME | {"name": "small", "size": 9},
    }
    made = stack(
        server=servers(cinnabar={}, a=both, b=both, c=both | {"location": "hel1"}),
        primary_ip={"ipv4": IPV4},
        volume=volumes,
        volume_attachment={"models": ATTACHED},
    )
    workspace.write(made)
    errors = workspace.refused_apply()
    assert "primary ip is in a different location" in errors["hcloud_server.c"]
    (taken,) = (errors.get(f"hcloud_server.{x}") for x in "ab" if f"hcloud_server.{x}" in errors)
    assert taken is not None
    assert "primary ip is already assigned (primary_ip_assigned, " in taken
    assert "missing one of fields [Server, Location]" in errors["hcloud_volume.nowhere"]
    assert "invalid input in field 'size'" in errors["hcloud_volume.small"]
    attached = errors["hcloud_volume_attachment.models"]
    assert "volume and server have to be in the same location" in attached


def test_what_was_made_before_it_failed_is_known_and_made_anew(workspace: Workspace) -> None:
    workspace.write(stack(server=servers(cinnabar={"network": [{"network_id": 7}]})))
    (error,) = workspace.refused_apply().values()
    assert "attach server to network: network with ID '7' not found" in error
    assert list(workspace.cloud.hetzner("server")) == ["cinnabar"]
    workspace.write(stack(server=servers(cinnabar={})))
    assert workspace.apply().actions == {CINNABAR: ("delete", "create")}


# What a server has


def test_a_server_has_what_it_was_given(workspace: Workspace, make: Make) -> None:
    make(whole())
    cloud = workspace.cloud
    server = cloud.hetzner("server")["cinnabar"]
    ipv4, ipv6 = (cloud.hetzner("primary_ip")[f"cinnabar-{v}"] for v in ("ipv4", "ipv6"))
    assert ipv4["assignee_id"] == ipv6["assignee_id"] == server["id"]
    shown = json.loads(workspace.terraform("show", "-json").stdout)
    resources = shown["values"]["root_module"]["resources"]
    values = {each["address"]: each["values"] for each in resources}
    seen = values[CINNABAR]
    assert seen["id"] == str(server["id"])
    assert seen["status"] == "running"
    assert seen["primary_disk_size"] == 160
    assert seen["ipv4_address"] == ipv4["ip"] == values["hcloud_primary_ip.ipv4"]["ip_address"]
    assert seen["ipv6_address"] == f"{ipv6['ip']}1"
    assert seen["ipv6_network"] == values["hcloud_primary_ip.ipv6"]["ip_network"]
    assert seen["ipv6_network"] == f"{ipv6['ip']}/64"
    volume = values["hcloud_volume.models"]
    assert volume["linux_device"] == f"/dev/disk/by-id/scsi-0HC_Volume_{volume['id']}"
    (rule,) = cloud.hetzner("firewall")["ssh"]["rules"]
    assert rule["source_ips"] == ["203.0.113.7/32"]
    assert values["hcloud_ssh_key.admin"]["fingerprint"].count(":") == 15


def test_addresses_made_with_a_server_go_with_it_and_others_stay(
    workspace: Workspace, make: Make
) -> None:
    make(stack(server=servers(cinnabar={})))
    assert {each["type"] for each in workspace.cloud.hetzner("primary_ip").values()} == {
        "ipv4",
        "ipv6",
    }
    make(stack(placement_group={"apart": {"name": "apart", "type": "spread"}}))
    assert workspace.cloud.hetzner("primary_ip") == {}
    make(whole())
    off = whole(server={}, volume_attachment={})
    assert make(off) == {
        CINNABAR: ("delete",),
        "hcloud_volume_attachment.models": ("delete",),
    }
    assert sorted(workspace.cloud.hetzner("primary_ip")) == ["cinnabar-ipv4", "cinnabar-ipv6"]
    assert workspace.cloud.hetzner("volume")["models"]["server"] is None


# What a change does


def test_what_makes_a_server_anew(workspace: Workspace, make: Make) -> None:
    make(
        stack(
            server=servers(cinnabar={"ssh_keys": ["${hcloud_ssh_key.a.id}"], "user_data": "one"}),
            ssh_key={"a": {"name": "a", "public_key": KEY}},
        )
    )

    def planned(key: JSON, **changed: Any) -> Any:
        server = {"ssh_keys": ["${hcloud_ssh_key.a.id}"], "user_data": "one"} | changed
        keys = {"a": {"name": "a", "public_key": KEY} | key}
        workspace.write(stack(server=servers(cinnabar=server), ssh_key=keys))
        return workspace.plan().actions.get(CINNABAR)

    anew = ("delete", "create")
    assert planned({}, image="debian-13") == anew
    assert planned({}, location="nbg1") == anew
    assert planned({}, user_data="two") == anew
    assert planned({}, ssh_keys=None) == anew
    # A key that is named by its id takes the server with it.
    assert planned({"public_key": OTHER_KEY}) == anew
    assert planned({"name": "b"}) is None
    # What only its creation used can be left alone.
    ignored = {"lifecycle": {"ignore_changes": ["image", "ssh_keys", "user_data"]}}
    assert planned({"public_key": OTHER_KEY}, image="debian-13", user_data="", **ignored) is None


def test_what_changes_a_server_in_place(make: Make) -> None:
    make(whole())
    cases: tuple[JSON, ...] = (
        {"labels": {"fleet": "metals"}},
        {"backups": True},
        {"firewall_ids": []},
        {"delete_protection": True, "rebuild_protection": True},
        {"name": "realgar"},
    )
    for changed in cases:
        assert make(with_server(**changed)).keys() == {CINNABAR}, changed


def test_a_resize_switches_off_and_keeps_the_disk_if_told(workspace: Workspace, make: Make) -> None:
    make(whole())
    done = len(workspace.cloud.log)
    assert make(with_server(server_type="cx53")) == {CINNABAR: ("update",)}
    assert workspace.cloud.log[done:] == [
        "servers.poweroff cinnabar",
        "servers.change_type cinnabar",
    ]
    server = workspace.cloud.hetzner("server")["cinnabar"]
    assert (server["status"], server["primary_disk_size"]) == ("running", 160)
    # With the disk, there is no way back.
    make(with_server(server_type="cx43"))
    make(with_server(server_type="cx53", keep_disk=False))
    assert workspace.cloud.hetzner("server")["cinnabar"]["primary_disk_size"] == 320
    workspace.write(with_server(server_type="cx43"))
    (error,) = workspace.refused_apply().values()
    assert "(invalid_server_type, " in error
    workspace.write(with_server(server_type="cax41"))
    (error,) = workspace.refused_apply().values()
    assert "another architecture (invalid_server_type, " in error


def test_a_resize_that_is_refused_leaves_the_server_off(workspace: Workspace, make: Make) -> None:
    make(whole())
    workspace.cloud.fail("resource_unavailable", server_type="cx53")
    workspace.write(with_server(server_type="cx53"))
    errors = workspace.refused_apply()
    assert errors[CINNABAR].startswith(PLACEMENT)
    server = workspace.cloud.hetzner("server")["cinnabar"]
    assert (server["status"], server["server_type"]) == ("off", "cx43")
    # Nobody is told by a plan with the old type.
    assert make(whole()) == {}
    assert workspace.cloud.hetzner("server")["cinnabar"]["status"] == "off"


def test_a_server_moves_only_where_there_is_room_and_is_gone_if_there_is_none(
    workspace: Workspace, make: Make
) -> None:
    make(stack(server=servers(cinnabar={})))
    workspace.cloud.fail("resource_unavailable", location="hel1")
    workspace.write(stack(server=servers(cinnabar={"location": "hel1"})))
    assert PLACEMENT in str(workspace.refused_apply())
    assert workspace.cloud.hetzner("server") == {}


def test_other_addresses_switch_a_server_off_and_on(workspace: Workspace, make: Make) -> None:
    make(stack(server=servers(cinnabar={})))
    own = {"ipv4_enabled": True, "ipv4": "${hcloud_primary_ip.ipv4.id}", "ipv6_enabled": False}
    done = len(workspace.cloud.log)
    named = stack(server=servers(cinnabar={"public_net": [own]}), primary_ip={"ipv4": IPV4})
    assert make(named)[CINNABAR] == ("update",)
    assert workspace.cloud.log[done + 1] == "servers.poweroff cinnabar"
    assert workspace.cloud.log[-1] == "servers.poweron cinnabar"
    assert list(workspace.cloud.hetzner("primary_ip")) == ["cinnabar-ipv4"]
    # Without the block it has an address of its own again.
    make(stack(server=servers(cinnabar={}), primary_ip={"ipv4": IPV4}))
    assert workspace.cloud.hetzner("primary_ip")["cinnabar-ipv4"]["assignee_id"] is None


def test_a_group_is_joined_while_a_server_runs_and_not_left(
    workspace: Workspace, make: Make
) -> None:
    group = {"apart": {"name": "apart", "type": "spread"}}
    make(stack(server=servers(cinnabar={}), placement_group=group))
    within = servers(cinnabar={"placement_group_id": "${hcloud_placement_group.apart.id}"})
    assert make(stack(server=within, placement_group=group)) == {CINNABAR: ("update",)}
    workspace.write(stack(server=servers(cinnabar={}), placement_group=group))
    assert (
        "removing a running server from a placement group is currently not supported"
        in workspace.refused_apply()[CINNABAR]
    )


def test_a_group_has_ten_servers_at_most(workspace: Workspace) -> None:
    within = {"placement_group_id": "${hcloud_placement_group.apart.id}"}
    group = {"apart": {"name": "apart", "type": "spread"}}
    eleven = servers(**{f"s{number}": within for number in range(11)})
    workspace.write(stack(server=eleven, placement_group=group))
    (error,) = workspace.refused_apply().values()
    assert "contains already 10 servers (placement_group_member_limit_reached, " in error


def test_a_server_in_a_network_needs_its_other_addresses_said(
    workspace: Workspace, make: Make
) -> None:
    """Without `alias_ips` every plan takes it out of the network and puts it in again."""
    nets = {"network": {"internal": NETWORK}, "network_subnet": {"internal": SUBNET}}
    workspace.write(stack(server=servers(cinnabar={"network": [INSIDE]}), **nets))
    workspace.apply()
    assert workspace.plan().actions == {CINNABAR: ("update",)}
    within = servers(cinnabar={"network": [INSIDE | {"alias_ips": []}]})
    make(stack(server=within, **nets))
    (net,) = workspace.cloud.hetzner("server")["cinnabar"]["private_net"]
    assert net["ip"] == "10.0.1.5"
    assert make(stack(server=servers(cinnabar={}), **nets)) == {CINNABAR: ("update",)}
    # By a resource of its own, any address that is free.
    place = {"server_id": f"${{{CINNABAR}.id}}", "subnet_id": INSIDE["subnet_id"]}
    apart = {"server_network": {"cinnabar": place}}
    assert make(stack(server=servers(cinnabar={}), **nets, **apart)) == {
        "hcloud_server_network.cinnabar": ("create",)
    }
    (net,) = workspace.cloud.hetzner("server")["cinnabar"]["private_net"]
    assert net["ip"] == "10.0.1.2"


def test_a_server_without_an_address_is_started_once_it_is_in_its_network(
    workspace: Workspace, make: Make
) -> None:
    inside = {
        "public_net": [{"ipv4_enabled": False, "ipv6_enabled": False}],
        "network": [INSIDE | {"alias_ips": []}],
    }
    nets = {"network": {"internal": NETWORK}, "network_subnet": {"internal": SUBNET}}
    make(stack(server=servers(cinnabar=inside), **nets))
    assert workspace.cloud.log[-3:] == [
        "servers.create cinnabar",
        "servers.attach_to_network cinnabar",
        "servers.poweron cinnabar",
    ]
    assert workspace.cloud.hetzner("primary_ip") == {}


def test_a_volume_grows_does_not_shrink_and_keeps_its_format(
    workspace: Workspace, make: Make
) -> None:
    make(whole())
    volume = {"hcloud_volume.models": ("update",)}
    assert make(whole(volume={"models": VOLUME | {"size": 60}})) == volume
    # Another format is a change that does nothing.
    other = VOLUME | {"size": 60, "format": "xfs"}
    assert make(whole(volume={"models": other})) == volume
    assert workspace.cloud.hetzner("volume")["models"]["format"] == "ext4"
    workspace.write(whole())
    assert "invalid input in field 'size'" in str(workspace.refused_apply())
    workspace.write(whole(volume={"models": other | {"location": "nbg1"}}))
    assert workspace.plan().actions["hcloud_volume.models"] == ("delete", "create")


def test_a_firewall_leaves_its_servers_before_it_goes(workspace: Workspace, make: Make) -> None:
    make(whole())
    number = workspace.cloud.hetzner("firewall")["ssh"]["id"]
    assert workspace.cloud.hetzner("server")["cinnabar"]["firewalls"] == [number]
    without = with_server(firewall_ids=[])
    del without["resource"]["hcloud_firewall"]
    make(without)
    assert workspace.cloud.hetzner("server")["cinnabar"]["firewalls"] == []
    assert "firewalls.remove_from_resources ssh" in workspace.cloud.log


def test_firewalls_that_are_left_out_stay(workspace: Workspace, make: Make) -> None:
    """Only an empty list takes them away."""
    make(whole())
    assert make(with_server(firewall_ids=None)) == {}
    assert make(with_server(firewall_ids=[])) == {CINNABAR: ("update",)}
    assert workspace.cloud.hetzner("server")["cinnabar"]["firewalls"] == []


def test_terraform_does_not_lift_a_protection(workspace: Workspace, make: Make) -> None:
    make(whole(volume={"models": VOLUME | {"delete_protection": True}}))
    error = str(workspace.refused_apply("-destroy"))
    assert "volume deletion is protected (protected, " in error
    # The server had gone by then.
    assert workspace.cloud.hetzner("server") == {}
    make(whole(server={}, volume_attachment={}))
    workspace.destroy()
    assert not any(workspace.cloud.content()["resources"].values())


def test_a_server_is_protected_from_both_or_from_nothing(workspace: Workspace) -> None:
    workspace.write(stack(server=servers(cinnabar={"delete_protection": True})))
    (error,) = workspace.refused_apply().values()
    assert "(invalid_input, " in error


def test_what_was_done_by_hand_is_undone(workspace: Workspace, make: Make) -> None:
    make(whole())
    with workspace.cloud.changed() as content:
        for server in content["resources"]["hcloud_server"].values():
            server |= {"name": "other", "labels": {"by": "hand"}}
    assert make(whole()) == {CINNABAR: ("update",)}
    with workspace.cloud.changed() as content:
        content["resources"]["hcloud_server"].clear()
    workspace.write(whole())
    assert workspace.plan().actions == {
        CINNABAR: ("create",),
        "hcloud_volume_attachment.models": ("create",),
    }


def test_a_server_that_is_there_already_is_imported_as_it_is(
    workspace: Workspace, make: Make
) -> None:
    make(stack(server=servers(cinnabar={})))
    number = str(workspace.cloud.hetzner("server")["cinnabar"]["id"])
    workspace.terraform("state", "rm", CINNABAR)
    workspace.terraform("import", CINNABAR, number)
    # Whether its disk is kept is not of the API.
    assert workspace.apply().actions == {CINNABAR: ("update",)}
    keyed = servers(cinnabar={"ssh_keys": ["admin"]})
    workspace.write(stack(server=keyed))
    assert workspace.plan().actions == {CINNABAR: ("delete", "create")}


def test_a_server_that_is_imported_loses_the_addresses_that_it_is_to_have(
    workspace: Workspace, make: Make
) -> None:
    """The state does not know them, and the provider deletes what it does not know."""
    make(whole())
    imported = whole()
    number = workspace.cloud.hetzner("server")["cinnabar"]["id"]
    imported["import"] = [{"to": CINNABAR, "id": str(number)}]
    workspace.terraform("state", "rm", CINNABAR)
    workspace.write(imported)
    before = set(workspace.cloud.hetzner("primary_ip"))
    assert workspace.plan().actions == {CINNABAR: ("update",)}
    assert workspace.planned(CINNABAR)["before"]["public_net"] == []
    assert "not found" in str(workspace.refused_apply())
    assert set(workspace.cloud.hetzner("primary_ip")) < before


def test_a_server_that_is_imported_leaves_its_network_and_joins_it_again(
    workspace: Workspace, make: Make
) -> None:
    """The state does not know which subnet it is in."""
    joined = "hcloud_server_network.internal"
    inside = stack(
        network={"internal": NETWORK},
        network_subnet={"internal": SUBNET},
        server=servers(cinnabar={}),
        server_network={"internal": INSIDE | {"server_id": f"${{{CINNABAR}.id}}"}},
    )
    make(inside)
    server = workspace.cloud.hetzner("server")["cinnabar"]
    number = f"{server['id']}-{server['private_net'][0]['network']}"
    workspace.terraform("state", "rm", joined)
    workspace.write(inside | {"import": [{"to": joined, "id": number}]})
    planned = workspace.plan()
    assert (planned.actions, planned.imports) == ({joined: ("delete", "create")}, {joined: number})
    assert workspace.planned(joined)["replace_paths"] == [["subnet_id"]]


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        ("primary_ip", "cinnabar-ipv4", "expected '$PRIMARY_IP_ID' but received 'cinnabar-ipv4'"),
        ("server_network", "4711", "expected '$SERVER_ID-$NETWORK_ID'"),
        ("zone_rrset", "cinnabar", "expected '$ZONE_ID_OR_NAME/$RRSET_NAME/$RRSET_TYPE'"),
        ("volume", "models", "Cannot import non-existent remote object"),
    ],
)
def test_an_id_of_another_form_is_not_imported(
    workspace: Workspace, kind: str, asked: str, said: str
) -> None:
    given: JSON = {
        "primary_ip": IPV4,
        "server_network": {"server_id": 1, "network_id": 1},
        "zone_rrset": {"zone": "a", "name": "b", "type": "A", "records": [{"value": "192.0.2.1"}]},
        "volume": VOLUME,
    }[kind]
    wrong = stack(**{kind: {"x": given}})
    workspace.write(wrong | {"import": [{"to": f"hcloud_{kind}.x", "id": asked}]})
    assert said in str(workspace.refused("plan"))


def test_names_follow_addresses(workspace: Workspace, make: Make) -> None:
    with workspace.cloud.changed() as content:
        content["resources"]["hcloud_zone"] = {"1": {"id": 1, "name": "example.org"}}
    address = "${hcloud_primary_ip.ipv4.ip_address}"
    record: JSON = {"zone": "example.org", "name": "cinnabar", "type": "A", "ttl": 300}
    reverse: JSON = {"primary_ip_id": "${hcloud_primary_ip.ipv4.id}", "ip_address": address}

    def named(ttl: int, *values: str) -> JSON:
        records = [{"value": value} for value in values]
        return stack(
            primary_ip={"ipv4": IPV4},
            zone_rrset={"a": record | {"ttl": ttl, "records": records}},
            rdns={"a": reverse | {"dns_ptr": f"cinnabar-{ttl}.example.org"}},
        )

    make(named(300, address))
    found = workspace.cloud.content()["resources"]["hcloud_zone_rrset"]
    ip = workspace.cloud.hetzner("primary_ip")["cinnabar-ipv4"]["ip"]
    (kept,) = found["example.org/cinnabar/A"]["records"]
    assert kept["value"] == ip
    changed = {"hcloud_zone_rrset.a": ("update",), "hcloud_rdns.a": ("update",)}
    assert make(named(600, address, "192.0.2.1")) == changed
    workspace.write(named(600, "2001:db8::1"))
    refused = workspace.refused_apply()["hcloud_zone_rrset.a"]
    assert refused.startswith("Invalid field in API request\nAn invalid field was encountered")
    assert "Field: records.0.value\n" in refused


def test_both_providers_serve_one_configuration(workspace: Workspace) -> None:
    both = stack(primary_ip={"ipv4": IPV4})
    both["terraform"]["required_providers"]["google"] = {"source": "google", "version": "~> 7.0"}
    both["provider"]["google"] = [{"project": "example-project", "region": "us-central1"}]
    both["resource"]["google_compute_address"] = {"ipv4": {"name": "ipv4"}}
    workspace.write(both)
    workspace.apply()
    assert workspace.plan().actions == {}
    assert list(workspace.cloud.named("address")) == ["ipv4"]
    assert list(workspace.cloud.hetzner("primary_ip")) == ["cinnabar-ipv4"]
