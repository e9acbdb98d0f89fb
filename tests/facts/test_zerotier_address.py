"""The ZeroTier address: network id and member id in one, there and back."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import FleetError
from infra_lib.model import zerotier_address

network_ids = st.integers(0, 2**64 - 1).map("{:016x}".format)
member_ids = st.integers(0, 2**40 - 1).map("{:010x}".format)


@pytest.mark.parametrize(
    ("member", "address"),
    [
        ("abcdef1200", "fd01:2345:6789:abcd:ef99:93ab:cdef:1200"),
        ("0123456789", "fd01:2345:6789:abcd:ef99:9301:2345:6789"),
    ],
)
def test_the_addresses_of_the_story(member: str, address: str) -> None:
    """scheelite's id and address are both in the story; cinnabar is its network's controller."""
    assert zerotier_address.address("0123456789abcdef", member) == address
    assert zerotier_address.split("x", "y", address) == ("0123456789abcdef", member)


def test_the_controller_is_in_the_id_of_the_network() -> None:
    assert zerotier_address.controller_id("0123456789abcdef") == "0123456789"


@given(
    network_ids, member_ids, st.sampled_from([str, lambda a: a.exploded, lambda a: str(a).upper()])
)
def test_there_and_back_in_every_spelling(network: str, member: str, spell: object) -> None:
    address = IPv6Address(zerotier_address.address(network, member))
    assert zerotier_address.split("x", "y", spell(address)) == (network, member)  # type: ignore[operator]


@given(st.binary(min_size=16, max_size=16).map(IPv6Address))
def test_any_other_address_is_refused(address: IPv6Address) -> None:
    packed = address.packed
    if packed[0] == 0xFD and packed[9:11] == b"\x99\x93":
        return
    with pytest.raises(FleetError, match=r"^facts: zerotier_ip='.*RFC 4193"):
        zerotier_address.split("facts", "zerotier_ip", str(address))


@pytest.mark.parametrize("given_address", ["", "203.0.113.48", "fddb::x", None, 5, "fddb::1%eth0"])
def test_what_is_no_address_is_refused(given_address: object) -> None:
    with pytest.raises(FleetError, match="RFC 4193"):
        zerotier_address.split("facts", "zerotier_ip", given_address)
