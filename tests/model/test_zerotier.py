"""The ZeroTier network's moons: each has an address, and there are no more than clan takes."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import Device, Fleet, FleetError, Machine, Role, ZeroTier
from nixgen import dumps


@pytest.mark.parametrize("points", [(), [], iter(())])
def test_a_moon_without_an_endpoint_is_refused(points: tuple[str, ...]) -> None:
    """Nobody could reach it, and clan writes a moon that nobody can use."""
    with pytest.raises(FleetError, match=r"zerotier: moons\['io'\]='': public IP addresses, at le"):
        ZeroTier(moons={"sun": ("192.0.2.1",), "io": points})


@pytest.mark.parametrize("points", [("192.0.2.1",), ["2001:db8::1"], ("192.0.2.1", "2001:db8::1")])
def test_one_endpoint_is_enough(points: tuple[str, ...]) -> None:
    assert ZeroTier(moons={"io": points}).moons == {"io": tuple(points)}


def test_four_moons_are_the_most() -> None:
    four = dict.fromkeys("abcd", ("192.0.2.1",))
    assert ZeroTier(moons=four).moons == four
    with pytest.raises(FleetError, match="at most 4 moons"):
        ZeroTier(moons={**four, "e": ("192.0.2.1",)})


@pytest.mark.parametrize(
    "point",
    [
        "203.0.113.7/9993",
        "203.0.113.7/1",
        "203.0.113.7/65535",
        "2001:db8::7/9993",
    ],
)
def test_an_endpoint_may_have_a_port(point: str) -> None:
    assert ZeroTier(moons={"io": (point,)}).moons == {"io": (point,)}


@pytest.mark.parametrize(
    "point",
    [
        "203.0.113.7/",
        "203.0.113.7/0",
        "203.0.113.7/65536",
        "203.0.113.7/09993",
        "203.0.113.7/+9993",
        "203.0.113.7/\u0661",
        "203.0.113.7/9993/9993",
        "203.0.113.7:9993",
        "203.0.113.0/24/9993",
        "[2001:db8::7]/9993",
        "fe80::7%eth0",
        "/9993",
        "luna.example.org/9993",
    ],
)
def test_what_zerotier_would_misread_is_refused(point: str) -> None:
    with pytest.raises(FleetError) as refusal:
        ZeroTier(moons={"io": ("192.0.2.1", point)})
    assert str(refusal.value).startswith(f"zerotier: moons['io']={point!r}: public IP addresses")
    assert '"203.0.113.7/9993"' in str(refusal.value)


SERVICE = "modules/clan/inventory/services/zerotier.nix"


def named(name: str) -> Role:
    return Role(machines=(name,))


def fleet(**zerotier: Any) -> Fleet:
    """A fleet in which two machines, one of them a Mac, have the tag of controllers."""
    machines = (
        Machine("sun", tags=("controller", "star")),
        Machine("desk", machine_class="darwin", tags=("controller", "peer")),
        Machine("io", tags=("peer",)),
    )
    return Fleet(name="sky", domain="zt", machines=machines, zerotier=ZeroTier(**zerotier))


@pytest.mark.parametrize("role", [named("sun"), Role(tags=("star",))])
def test_whom_roles_name_is_the_controller_whoever_has_the_tag(role: Role) -> None:
    sky = fleet(roles={"controller": role})
    assert sky.controller == sky.machine("sun")
    assert SERVICE in sky.nix_files()


def test_a_role_that_names_nobody_leaves_the_controller_to_the_tag() -> None:
    with pytest.raises(FleetError, match="one machine is the ZeroTier controller"):
        fleet(roles={"controller": Role(settings={"allowedIps": ["fd00::1"]})})


def test_tags_may_mean_something_else_than_zerotier() -> None:
    sky = fleet(controller_tag=None, peer_tag=None)
    assert sky.controller is None
    assert sky.peers == ()
    assert SERVICE not in sky.nix_files()


def test_peers_may_be_named_where_the_tag_means_something_else() -> None:
    sky = fleet(roles={"controller": named("sun"), "peer": named("io")}, peer_tag=None)
    assert sky.peers == (sky.machine("io"),)
    assert "roles.peer.machines.io = { };" in dumps(sky.nix_files()[SERVICE])


def test_without_a_tag_for_it_a_controller_is_asked_for_by_name() -> None:
    phone = Device("phone", zerotier_member_id="0123456789")
    with pytest.raises(FleetError, match=r'needs a controller: ZeroTier\(roles=\{"controller"'):
        evolve(fleet(controller_tag=None, peer_tag=None), devices=(phone,))
