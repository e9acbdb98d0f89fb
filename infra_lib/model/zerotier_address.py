"""The IPv6 address that a ZeroTier member has in a network that gives out RFC 4193 addresses.

It is the network and the member, written after one another: one byte fd, the 64-bit network id,
the two bytes 99 93, and the 40-bit member id. See `rfc4193` in https://docs.zerotier.com/config.
"""

from __future__ import annotations

import re
from contextlib import suppress

from infra_lib.model.errors import field_error

_NETWORK_ID = r"[0-9a-f]{16}"
_MEMBER_ID = r"[0-9a-f]{10}"
_ADDRESS = r"fd([0-9a-f]{16})9993([0-9a-f]{10})"


def address(network_id: str, member_id: str) -> str:
    """Return the address of a member, in the short form of RFC 5952.

    Args:
        network_id: 16 hexadecimal digits in lower case.
        member_id: 10 hexadecimal digits in lower case.
    """
    from ipaddress import IPv6Address

    return str(IPv6Address(bytes.fromhex(f"fd{network_id}9993{member_id}")))


def split(where: str, field: str, value: object) -> tuple[str, str]:
    """Return the network id and the member id that an address is made of.

    Args:
        where: What holds the address, for the message.
        field: The field's name, for the message.
        value: The address, in any form that IPv6 allows.

    Raises:
        FleetError: When it is another kind of address, or not an address.
    """
    from ipaddress import AddressValueError, IPv6Address

    accepted = "an RFC 4193 address of ZeroTier: fd, the network id, 9993, the member id"
    found = None
    with suppress(AddressValueError):  # its words may repeat a part of a secret
        if isinstance(value, str):
            found = re.fullmatch(_ADDRESS, IPv6Address(value).packed.hex())
    if found is None:
        raise field_error(where, field, value, accepted)
    return found[1], found[2]


def check_network_id(where: str, field: str, value: object) -> None:
    """Check a network id.

    Raises:
        FleetError: When it is not one.
    """
    if not isinstance(value, str) or not re.fullmatch(_NETWORK_ID, value):
        raise field_error(where, field, value, "16 hexadecimal digits in lower case are accepted")


def check_member_id(where: str, field: str, value: object) -> None:
    """Check a member id.

    Raises:
        FleetError: When it is not one.
    """
    if not isinstance(value, str) or not re.fullmatch(_MEMBER_ID, value):
        accepted = "10 hexadecimal digits in lower case, as `zerotier-cli info` prints them"
        raise field_error(where, field, value, accepted)


def controller_id(network_id: str) -> str:
    """Return the member id of the controller: the first 10 digits of its networks' ids."""
    return network_id[:10]
