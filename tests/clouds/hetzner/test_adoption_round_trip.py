"""What a stack of the fleet has made is described by the fleet that it came from."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import (
    FirewallRule,
    Fleet,
    HetznerMachine,
    HetznerProject,
    PrivateNetwork,
    Volume,
)
from infra_lib.clouds.adoption import Adopted, Found
from infra_lib.clouds.hetzner.adoption import adopt, take_over
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.terraform.resource import Configuration
from tests.helpers.found_hetzner import as_configuration, as_state, numbers, of
from tests.helpers.hetzner_fleets import KEY, OTHER_KEY, fleet_of, project

# Nobody can reach these machines, and nobody has to.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

UNREAD = {"keep_disk", "shutdown_before_deletion"}
"""What the provider does not read of a server that it imports."""

TYPES = (
    *(("ccx23", "fsn1", False), ("cpx22", "nbg1", False), ("cax11", "hel1", False)),
    # No longer sold there.
    ("cx22", "fsn1", True),
)
NETWORKS = (
    PrivateNetwork("internal", subnet="10.0.1.0/24"),
    PrivateNetwork("backplane", ip_range="192.168.0.0/16", delete_protection=True),
)
RULES = (
    FirewallRule("tcp", port="443"),
    FirewallRule("udp", port="60000-61000", source_ranges=("198.51.100.7/32",)),
    FirewallRule("gre"),
)
KEYS = (f"{KEY} admin", OTHER_KEY)


@st.composite
def machines(draw: Any, number: int) -> HetznerMachine:
    """A machine of a name that no other has, whose addresses are its own."""
    server_type, location, existing = draw(st.sampled_from(TYPES))
    ipv4, ipv6 = draw(st.booleans()), draw(st.booleans())
    wanted = draw(st.sets(st.sampled_from(NETWORKS), min_size=0 if ipv4 or ipv6 else 1))
    inside = [each for each in NETWORKS if each in wanted]
    hosts = {"internal": f"10.0.1.{number + 10}", "backplane": f"192.168.0.{number + 10}"}
    sizes = draw(st.lists(st.integers(10, 10240), max_size=2))
    return HetznerMachine(
        f"m{number}",
        server_type=server_type,
        location=location,
        existing=existing,
        ipv4=ipv4,
        ipv6=ipv6,
        networks={each.name: hosts[each.name] for each in inside},
        volumes=tuple(
            Volume(
                f"v{number}-{index}",
                size_gb=size,
                format=draw(st.sampled_from((None, "ext4", "xfs"))),
                delete_protection=draw(st.booleans()),
            )
            for index, size in enumerate(sizes)
        ),
        firewall_rules=tuple(draw(st.lists(st.sampled_from(RULES), unique=True, max_size=3))),
        firewall_ids=tuple(draw(st.lists(st.integers(1, 900), unique=True, max_size=2))),
        backups=draw(st.booleans()),
        placement_group=draw(st.sampled_from((None, "apart", "together"))),
        labels={"number": f"n{number}", **draw(st.sampled_from(({}, {"example.org/a": ""})))},
        image=draw(st.sampled_from(("debian-12", "ubuntu-24.04", "114690387"))),
        keep_disk=draw(st.booleans()),
        deletion_protection=draw(st.booleans()),
        tags=draw(st.sampled_from(((), ("peer",)))),
    )


@st.composite
def fleets(draw: Any) -> Fleet:
    """A fleet at Hetzner of two machines or more, so that common labels can be told."""
    found = [draw(machines(number)) for number in range(draw(st.integers(2, 4)))]
    # A label that all of them have would be the project's.
    found[0] = evolve(found[0], labels={"number": "n0"})
    return fleet_of(
        evolve(found[0], tags=("controller",)),
        *found[1:],
        hetzner=HetznerProject(
            ssh_keys=draw(st.sampled_from(((), KEYS[:1], KEYS))),
            ssh_key_names=draw(st.sampled_from(((), ("on call",)))),
            ssh_source_ranges=draw(
                st.sampled_from(((), ("203.0.113.0/24", "2001:db8::/32"), ("0.0.0.0/0", "::/0")))
            ),
            networks=NETWORKS,
            labels=draw(st.sampled_from(({}, {"owner": "platform"}))),
        ),
    )


def made(fleet: Fleet) -> Configuration:
    assert fleet.hetzner is not None
    return configuration(fleet, fleet.hetzner, fleet.hetzner_machines, "hetzner")


def untagged(fleet: Fleet) -> list[HetznerMachine]:
    """The machines as a cloud knows them: tags are others' to say."""
    return [evolve(each, tags=()) for each in fleet.hetzner_machines]


def as_adopted(fleet: Fleet, adopted: Adopted) -> tuple[Fleet, Adopted]:
    """The fleet, and what was adopted, with what others say of its machines."""
    tags = {each.name: each.tags for each in fleet.machines}
    tagged = tuple(evolve(each, tags=tags[each.name]) for each in adopted.machines)
    return (
        evolve(fleet, machines=tagged, hetzner=adopted.project),
        evolve(adopted, machines=tagged),
    )


def check_all_taken(fleet: Fleet, adopted: Adopted, found: Sequence[Found]) -> None:
    """Check that every resource is imported by its number, and none of them is changed."""
    changed, by = as_adopted(fleet, adopted)
    takeover = take_over(changed, by, found, "hetzner")
    ids = {address: str(number) for address, number in numbers(made(fleet)).items()}
    for each in of(made(fleet)):
        if each.type == "hcloud_server_network":
            server, network = each.name.split("_")
            of_both = f"hcloud_server.{server}", f"hcloud_network.{network}"
            ids[each.address] = "-".join(ids[one] for one in of_both)
        elif each.type == "hcloud_volume_attachment":
            ids[each.address] = ids[f"hcloud_volume.{each.name}"]
    assert {each.address: each.id for each in takeover.taken} == ids
    assert takeover.made == ()
    assert takeover.items == ()
    assert [each for each in takeover.taken if each.forced] == []
    for taken in takeover.taken:
        for change in taken.changes:
            assert change.noted, (taken.address, change)
            assert change.path in UNREAD


@given(fleets())
@settings(max_examples=60, deadline=None)
def test_a_configuration_gives_back_what_it_came_from(fleet: Fleet) -> None:
    found = as_configuration(made(fleet))
    adopted = adopt(found, {}, fleet.name)
    assert adopted.items == ()
    assert list(adopted.machines) == untagged(fleet)
    assert adopted.project == fleet.hetzner
    assert adopted.carried == {each.where for each in found}
    assert adopted.facts == (), "nobody knows whether it is there"


@given(fleets())
@settings(max_examples=60, deadline=None)
def test_a_state_gives_back_what_it_came_from_and_is_taken_over_unchanged(fleet: Fleet) -> None:
    found = as_state(made(fleet))
    adopted = adopt(found, {}, fleet.name)
    assert adopted.items == ()
    assert list(adopted.machines) == untagged(fleet)
    assert adopted.project == fleet.hetzner
    assert adopted.carried == {each.where for each in found}
    check_all_taken(fleet, adopted, found)


@given(fleets())
@settings(max_examples=20, deadline=None)
def test_a_configuration_and_its_state_are_one_and_the_same(fleet: Fleet) -> None:
    found = [*as_configuration(made(fleet)), *as_state(made(fleet))]
    adopted = adopt(found, {}, fleet.name)
    assert adopted.items == ()
    assert list(adopted.machines) == untagged(fleet)
    assert adopted.project == fleet.hetzner
    assert adopted.carried == {each.where for each in found}
    check_all_taken(fleet, adopted, found)


def test_user_data_comes_back_from_a_configuration_alone() -> None:
    said = HetznerMachine(
        "cinnabar", server_type="ccx23", location="fsn1", user_data="#cloud-config\n# ${not.a}\n"
    )
    fleet = fleet_of(said, hetzner=project(name=""))
    (machine,) = adopt(as_configuration(made(fleet)), {}, "test").machines
    assert machine == said
    both = adopt([*as_state(made(fleet)), *as_configuration(made(fleet))], {}, "test")
    assert both.machines == (said,)
