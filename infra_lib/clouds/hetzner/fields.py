"""What Hetzner Cloud takes in a single field: names, labels, address ranges, user data.

Its Terraform provider checks few of them before it applies a plan, when half of that may be done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra_lib.model.errors import field_error
from infra_lib.model.ranges import PRIVATE
from infra_lib.model.reference import Reference
from infra_lib.model.validators import check_each, check_matching, check_text

STACK_LABELS = ("cost", "fleet", "machine", "state")

# A host name by RFC 1123, as https://docs.hetzner.cloud/reference/cloud#servers has it, that may be
# the name of a resource in Terraform too: so a letter first.
_NAME = r"[A-Za-z](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
# https://github.com/hetznercloud/hcloud-go/blob/main/hcloud/labels.go
LABEL_VALUE = r"[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_LABEL_PREFIX = r"[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,253}[A-Za-z0-9])?"
_LABEL_KEY = rf"(?:{_LABEL_PREFIX}/)?{LABEL_VALUE}"
_IMAGE = r"[A-Za-z0-9][-_.A-Za-z0-9]*"
# https://docs.hetzner.cloud/reference/cloud#servers-create-a-server
_MOST_USER_DATA = 32 * 1024
# https://docs.hetzner.com/networking/networks/faq
_LEAST_BITS, _MOST_BITS = 8, 30


def check_resource_name(where: str, field: str, value: object) -> None:
    """Check the name of a server, or of what else has one in a project.

    Raises:
        FleetError: When Hetzner Cloud or Terraform does not take it.
    """
    accepted = (
        "a name at Hetzner Cloud has 1 to 63 letters, digits and hyphens, a letter first and no "
        "hyphen last (RFC 1123)"
    )
    check_matching(where, field, value, _NAME, accepted)


def check_labels(where: str, field: str, value: object) -> None:
    """Check labels: a key is `name` or `prefix/name`, and a value may be empty.

    Raises:
        FleetError: When Hetzner Cloud does not take a key or a value, or a key is one of
            `STACK_LABELS`.
    """
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"team": "platform"}')
    for key, item in value.items():
        if not isinstance(key, str) or not re.fullmatch(_LABEL_KEY, key):
            accepted = (
                "a label's key has 1 to 63 letters, digits and . _ -, with a letter or a digit "
                "first and last; a domain and a slash may come before it"
            )
            raise field_error(where, field, key, accepted)
        if key in STACK_LABELS:
            raise field_error(where, field, key, "this label is written by the stack itself")
        if isinstance(item, Reference) or item == "":
            continue
        if not isinstance(item, str) or not re.fullmatch(LABEL_VALUE, item):
            accepted = (
                "a label's value is empty, or has 1 to 63 letters, digits and . _ -, with a letter "
                "or a digit first and last"
            )
            raise field_error(where, f"{field}[{key!r}]", item, accepted)


def check_image(where: str, field: str, value: object) -> None:
    """Check what names an image: its name, or the number of a snapshot.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, Reference):
        accepted = 'an image is accepted: "debian-12", or the number of a snapshot: "114690387"'
        check_matching(where, field, value, _IMAGE, accepted)


def check_user_data(where: str, field: str, value: object) -> None:
    """Check what cloud-init is told: up to 32 KiB.

    Raises:
        FleetError: When it is no text, or more than that.
    """
    check_text(where, field, value)
    size = len(str(value).encode())
    if size > _MOST_USER_DATA:
        accepted = f"at most {_MOST_USER_DATA} bytes are accepted"
        raise field_error(where, field, f"{size} bytes", accepted)


def check_private_range(where: str, field: str, value: object) -> None:
    """Check the address range of a private network, in CIDR notation with no host bits set.

    Raises:
        FleetError: When it is no such range, or not one of RFC 1918.
    """
    from ipaddress import IPv4Network

    accepted = 'a private IPv4 range is accepted, such as "10.0.0.0/16"'
    try:
        network = IPv4Network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        network = None
    if network is None or "/" not in str(value):
        raise field_error(where, field, value, accepted)
    if str(network) != value:
        raise field_error(where, field, value, f'it has host bits set; write it as "{network}"')
    if not any(network.subnet_of(IPv4Network(each)) for each in PRIVATE):
        raise field_error(where, field, value, f"{accepted}: one within {', '.join(PRIVATE)}")
    if not _LEAST_BITS <= network.prefixlen <= _MOST_BITS:
        accepted = f"a prefix of {_LEAST_BITS} to {_MOST_BITS} bits is accepted"
        raise field_error(where, field, value, accepted)


def check_key_names(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check names of SSH keys that a project has: free text.

    Raises:
        FleetError: When one is no text, or empty.
    """
    check_each(where, field, values, str, '"laptop"')
    for value in values:
        check_text(where, field, value)
        if not value.strip():
            raise field_error(where, field, value, 'the name of a key in the project: "laptop"')


def check_firewall_ids(where: str, field: str, values: tuple[Any, ...]) -> None:
    """Check numbers of firewalls, or references to them.

    Raises:
        FleetError: When one is neither.
    """
    if not isinstance(values, tuple):
        raise field_error(where, field, values, "numbers of firewalls are accepted, in a tuple")
    for value in values:
        number = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if not number and not isinstance(value, Reference):
            accepted = 'the number of a firewall, or Reference("${hcloud_firewall.web.id}")'
            raise field_error(where, field, value, accepted)
