"""Checks and conversions that several parts of the model share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import FleetError, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL_VALUE = re.compile(r"[-_a-z0-9]{0,63}")
_METADATA_KEY = re.compile(r"[-_A-Za-z0-9]{1,128}")
_TAG = re.compile(r"[^\s\x00-\x1f\x7f\"'\\$]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PUBLIC_KEY = re.compile(
    r"(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521)"
    r"|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/=]+(?: [^\r\n]*)?"
)


def strings(value: Iterable[str]) -> tuple[str, ...]:
    """Make a tuple of strings; a lone string is refused, for it would fall into letters."""
    if isinstance(value, str):
        msg = f"a sequence of strings is wanted, not the string {value!r}: write ({value!r},)"
        raise FleetError(msg)
    items = tuple(value)
    for item in items:
        if not isinstance(item, str):
            msg = f"a sequence of strings is wanted, not one with {item!r}"
            raise FleetError(msg)
    return items


def name(where: str, field: str, value: object) -> None:
    """Check a resource name: 1 to 63 characters, RFC 1035.

    Compute Engine's rule (https://cloud.google.com/compute/docs/naming-resources), which is also
    a host name's.

    Raises:
        FleetError: When it is none.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise refuse(
            where,
            field,
            value,
            "a name has 1 to 63 characters: lower-case letters, digits and hyphens, "
            "beginning with a letter and not ending in a hyphen (RFC 1035)",
        )


def domain(where: str, field: str, value: object) -> None:
    """Check a DNS domain such as "zt" or "example.org".

    Raises:
        FleetError: When it is none.
    """
    if not isinstance(value, str) or not _DOMAIN.fullmatch(value):
        raise refuse(where, field, value, 'a domain is lower-case DNS labels: "zt", "example.org"')


def tags(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check clan inventory tags: no white space, quotes, backslashes or `$`.

    Raises:
        FleetError: When one is no tag.
    """
    for value in values:
        if not _TAG.fullmatch(value):
            raise refuse(where, field, value, "a tag is one word, without spaces or quotes")


def text(where: str, field: str, value: object) -> None:
    """Check free text: any Unicode but control characters (tab and line ends may stand).

    Raises:
        FleetError: When it holds one, or is no string.
    """
    if not isinstance(value, str) or _CONTROL.search(value):
        raise refuse(where, field, value, "text without control characters is accepted")


def boolean(where: str, field: str, value: object) -> None:
    """Check a switch: True or False and nothing that merely counts as one.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, bool):
        raise refuse(where, field, value, "True or False is accepted")


def at_least(where: str, field: str, value: object, least: int, unit: str) -> None:
    """Check a whole number of `unit` that is not below `least`.

    Raises:
        FleetError: When it is.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise refuse(where, field, value, f"a whole number of {unit}, {least} or more, is accepted")


def labels(where: str, field: str, value: Mapping[str, str]) -> None:
    """Check Compute Engine labels.

    The rule: https://cloud.google.com/compute/docs/labeling-resources#requirements

    Raises:
        FleetError: When a key or a value is none.
    """
    for key, item in value.items():
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
            raise refuse(
                where,
                field,
                key,
                "a label's key has 1 to 63 lower-case letters, digits, _ and -, a letter first",
            )
        if not isinstance(item, str) or not _LABEL_VALUE.fullmatch(item):
            raise refuse(
                where,
                f"{field}[{key!r}]",
                item,
                "a label's value has at most 63 lower-case letters, digits, _ and -",
            )


def metadata(where: str, field: str, value: Mapping[str, str], reserved: tuple[str, ...]) -> None:
    """Check instance metadata; the values are free text.

    The rule: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations

    Raises:
        FleetError: When a key is none, or is one of `reserved`.
    """
    for key, item in value.items():
        if not isinstance(key, str) or not _METADATA_KEY.fullmatch(key):
            raise refuse(where, field, key, "a metadata key has 1 to 128 letters, digits, _ and -")
        if key in reserved:
            raise refuse(where, field, key, "this key is written by the stack itself")
        text(where, f"{field}[{key!r}]", item)


def cidrs(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check address ranges in CIDR notation, IPv4 or IPv6, with no host bits set.

    Raises:
        FleetError: When one is none.
    """
    from ipaddress import ip_network

    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise refuse(
                where, field, value, f'a CIDR range such as "35.235.240.0/20" is accepted ({error})'
            ) from None
        if "/" not in value:
            raise refuse(where, field, value, f'write the range out: "{ip_network(value)}"')


def public_keys(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check OpenSSH public keys, one line each; a private key is refused by name.

    Raises:
        FleetError: When one is none. A private key is not repeated in the message.
    """
    for value in values:
        if "PRIVATE KEY" in value:
            raise refuse(
                where, field, "…", "this is a PRIVATE key; only public keys belong in a fleet"
            )
        if not _PUBLIC_KEY.fullmatch(value):
            raise refuse(where, field, value, 'an OpenSSH public key: "ssh-ed25519 AAAA… comment"')


def unique(where: str, field: str, values: Iterable[str]) -> None:
    """Check that nothing is named twice.

    Raises:
        FleetError: When something is.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise refuse(where, field, value, "given twice; each may stand once")
        seen.add(value)
