"""Checks and conversions that several parts of the model share.

Conversions never fail: what they cannot convert they leave, so that the check, which knows the
thing and the field, is what speaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.reference import Reference
from infra_lib.model.ssh_key import KEY_TYPES, is_key, refuse_weak

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")
_K = TypeVar("_K")
_V = TypeVar("_V")

MOST = 2**31 - 1  # what Nix, Terraform and nvidia-smi all hold

# Control characters, and lone surrogates: UTF-8 cannot hold those.
_UNWRITABLE = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff"
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
# A link from the project on, by its ID, also as a URL: what a network's own link is made of.
_PROJECT_LINK = (
    r"(?:https://[-.a-z0-9]+/compute/[a-z0-9]+/)?projects/(?:[-.a-z0-9]+:)?[a-z][-a-z0-9]*/"
)
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL_VALUE = re.compile(r"[-_a-z0-9]{1,63}")
_METADATA_KEY = re.compile(r"[-_A-Za-z0-9]{1,128}")
_CAPABILITY = re.compile(r"[1-9][0-9]?\.[0-9]")
# What the drivers here and CUDA 12.9 drive, but for Jetsons; in order:
# https://github.com/NixOS/nixpkgs/blob/master/pkgs/development/cuda-modules/_cuda/db/bootstrap/cuda.nix
_CAPABILITIES = (
    *("5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9", "9.0"),
    *("10.0", "10.3", "12.0", "12.1"),
)
# Code for one capability alone, or for a family of them, and from which one on there is any:
# https://developer.nvidia.com/blog/nvidia-blackwell-and-nvidia-cuda-12-9-introduce-family-specific-architecture-features/
_SPECIFIC = {"a": (9, 0), "f": (10, 0)}
_WORD = re.compile(rf"[^\s{_UNWRITABLE}\"'\\${{}}]+")
_UNWRITABLE_TEXT = re.compile(rf"[{_UNWRITABLE}]")
_PUBLIC_KEY = re.compile(
    rf"({'|'.join(map(re.escape, KEY_TYPES))}) ([A-Za-z0-9+/=]+)"
    rf"(?: [^\t\r\n{_UNWRITABLE}]*)?"
)


def in_order(value: Iterable[_T]) -> tuple[_T, ...]:
    """Make a tuple of a list or an iterator, and leave anything else.

    A set has no order, so outputs would differ from run to run; a lone string would fall into
    letters.
    """
    return tuple(value) if isinstance(value, (list, Iterator)) else cast("tuple[_T, ...]", value)


def strings(value: tuple[str, ...] | list[str] | Iterator[str]) -> tuple[str, ...]:
    """Make a tuple of strings, as `in_order` does."""
    return in_order(value)


def frozen_mapping(value: Mapping[_K, _V]) -> Mapping[_K, _V]:
    """Make a mapping that nobody can change, and leave what is none."""
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def string_mapping(value: Mapping[str, str]) -> Mapping[str, str]:
    """Make a mapping of strings, as `frozen_mapping` does."""
    return frozen_mapping(value)


def frozen_module(value: Any) -> Any:
    """Make a NixOS module that is a mapping one that nobody can change, and leave any other."""
    return frozen_mapping(value)


def module(where: str, field: str, value: object) -> None:
    """Check a NixOS module: a mapping of options or an expression of nixgen; None for none.

    Raises:
        FleetError: When it is neither, or not what `options` takes.
    """
    if value is not None:
        options(where, field, value)


def options(where: str, field: str, value: object) -> None:
    """Check what holds NixOS options: a mapping or an expression of nixgen.

    Raises:
        FleetError: When it is neither, or holds what Nix cannot, or an attribute path as one name.
    """
    from nixgen import Expr, NixError, dumps  # few fleets need it, and it is not small
    from nixgen.redact import redacted

    if not isinstance(value, (Mapping, Expr)):
        accepted = 'a mapping of options, an expression of nixgen, or Raw("{ pkgs, ... }: { … }")'
        raise field_error(where, field, value, f"{accepted} is accepted")
    try:
        dumps(value)
    except NixError as error:
        raise FleetError(f"{where}: {field}: {error}") from None
    # Further in, a dot may be part of a name, as in environment.etc; no option begins with such.
    for key in value if isinstance(value, Mapping) else ():
        if isinstance(key, str) and "." in key:
            path = ", ".join(f'"{part}"' for part in redacted(key).split("."))
            raise field_error(where, field, key, f"an attribute path is a tuple: ({path})")


def each(where: str, field: str, values: object, kind: type, example: str) -> None:
    """Check a tuple whose items are all of one kind.

    Raises:
        FleetError: When it is no tuple, or an item is of another kind.
    """
    if not isinstance(values, tuple):
        raise field_error(where, field, values, f"a tuple or a list is accepted: ({example},)")
    for value in values:
        if not isinstance(value, kind):
            raise field_error(where, field, value, f"each is to be a {kind.__name__}: {example}")


def instance(where: str, field: str, value: object, kind: type) -> None:
    """Check that something is of one kind.

    Raises:
        FleetError: When it is of another.
    """
    if not isinstance(value, kind):
        raise field_error(where, field, value, f"a {kind.__name__}(…) is accepted")


def one_of(where: str, field: str, value: object, choices: tuple[str, ...]) -> None:
    """Check a choice.

    Raises:
        FleetError: When it is none of `choices`.
    """
    if value not in choices:
        accepted = " or ".join(f'"{choice}"' for choice in choices)
        raise field_error(where, field, value, f"{accepted} is accepted")


def compute_capability(where: str, field: str, value: object, *, specific: bool = False) -> None:
    """Check a compute capability of NVIDIA: "7.5". One newer than those known here is taken.

    Args:
        where: What has the field.
        field: The field.
        value: What was given.
        specific: Whether code may be meant that other GPUs do not run: "9.0a", "10.0f".

    Raises:
        FleetError: When it is none.
    """
    plain, least = value, (0, 0)
    if specific and isinstance(value, str) and value[-1:] in _SPECIFIC:
        plain, least = value[:-1], _SPECIFIC[value[-1]]
    if (
        not isinstance(plain, str)
        or not _CAPABILITY.fullmatch(plain)
        or (plain not in _CAPABILITIES and by_version(plain) < by_version(_CAPABILITIES[-1]))
        or by_version(plain) < least
    ):
        known = ", ".join(_CAPABILITIES)
        suffixed = "; from 9.0 on also with an a, from 10.0 on with an f" if specific else ""
        accepted = f'one such as "7.5" is accepted: {known}, or a newer one{suffixed}'
        raise field_error(where, field, value, accepted)


def by_version(capability: str) -> tuple[int, ...]:
    """Return what compute capabilities are sorted by: (12, 0) for "12.0", and for "12.0a"."""
    return tuple(map(int, capability.rstrip("".join(_SPECIFIC)).split(".")))


def name(where: str, field: str, value: object) -> None:
    """Check a resource name: 1 to 63 characters, RFC 1035.

    Compute Engine's rule (https://cloud.google.com/compute/docs/naming-resources), which is also
    a host name's.

    Raises:
        FleetError: When it is none.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise field_error(
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
    if not isinstance(value, str) or len(value) > 253 or not _DOMAIN.fullmatch(value):
        raise field_error(
            where, field, value, 'a domain is lower-case DNS labels: "zt", "example.org"'
        )


def word(where: str, field: str, value: object, accepted: str) -> None:
    r"""Check one word: no white space, control characters, quotes, `\`, `$`, `{` and `}`.

    Raises:
        FleetError: When it is none.
    """
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise field_error(
            where, field, value, f"{accepted} is accepted, without spaces, quotes, \\, $, {{ and }}"
        )


def referable(where: str, field: str, value: object, accepted: str) -> None:
    """Check a word that reaches nothing but Terraform: a `Reference` may stand for it.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, Reference):
        word(where, field, value, accepted)


def link(where: str, field: str, value: object, kind: str) -> None:
    """Check what names a network or the like: a name, a whole link, or a `Reference`.

    Compute Engine takes a part of a link as well, and a project's number for its ID, and answers
    with the whole link. Google's provider takes that for another network, and stops and starts the
    machine at every deployment to change it. See CompareSelfLinkOrResourceName in
    https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/google/tpgresource/self_link_helpers.go
    and https://github.com/hashicorp/terraform-provider-google/issues/11454.

    Args:
        where: What holds the field.
        field: The field.
        value: What was given.
        kind: What stands between project and name: "global/networks".

    Raises:
        FleetError: When it is none of them.
    """
    if isinstance(value, Reference) or (isinstance(value, str) and _NAME.fullmatch(value)):
        return
    whole = rf"{_PROJECT_LINK}{re.escape(kind)}/{_NAME.pattern}"
    if not isinstance(value, str) or not re.fullmatch(whole, value):
        accepted = (
            f'a name is accepted ("default"), "projects/<project ID>/{kind}/<name>", or that as a '
            "URL; of another form Google's provider makes a change at every deployment"
        )
        raise field_error(where, field, value, accepted)


def words(where: str, field: str, values: tuple[str, ...], example: str) -> None:
    """Check a tuple of words: tags, groups, names of modules.

    Raises:
        FleetError: When it is none, or an item is no word.
    """
    each(where, field, values, str, example)
    for value in values:
        word(where, field, value, f"one word such as {example}")


def text(where: str, field: str, value: object) -> None:
    """Check free text: any Unicode but control characters (tab and line ends may stand).

    Raises:
        FleetError: When it holds one, or is no string.
    """
    if not isinstance(value, str) or _UNWRITABLE_TEXT.search(value):
        raise field_error(
            where, field, value, "text without control characters and lone surrogates is accepted"
        )


def boolean(where: str, field: str, value: object) -> None:
    """Check a switch: True or False and nothing that merely counts as one.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, bool):
        raise field_error(where, field, value, "True or False is accepted")


def whole(
    where: str, field: str, value: object, unit: str, *, least: int, most: int = MOST
) -> None:
    """Check a whole number of `unit` from `least` to `most`.

    Raises:
        FleetError: When it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise field_error(
            where, field, value, f"a whole number of {unit} from {least} to {most} is accepted"
        )


def labels(where: str, field: str, value: Mapping[str, str], reserved: tuple[str, ...]) -> None:
    """Check Compute Engine labels.

    The rule: https://cloud.google.com/compute/docs/labeling-resources#requirements. It allows an
    empty value, which Google's provider never sends, and so plans again at every deployment:
    https://github.com/hashicorp/terraform-provider-google/issues/16750.

    Raises:
        FleetError: When a key or a value is none, or a key is one of `reserved`.
    """
    for key, item in _items(where, field, value):
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
            raise field_error(
                where,
                field,
                key,
                "a label's key has 1 to 63 lower-case letters, digits, _ and -, a letter first",
            )
        if key in reserved:
            raise field_error(where, field, key, "this label is written by the stack itself")
        if isinstance(item, Reference):
            continue
        if not isinstance(item, str) or not _LABEL_VALUE.fullmatch(item):
            raise field_error(
                where,
                f"{field}[{key!r}]",
                item,
                "a label's value has 1 to 63 lower-case letters, digits, _ and -",
            )


def metadata(where: str, field: str, value: Mapping[str, str], reserved: Mapping[str, str]) -> None:
    """Check instance metadata; the values are free text.

    The rule: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations

    Args:
        where: What holds the field.
        field: The field's name.
        value: The metadata.
        reserved: The keys that are the stack's, and what says them instead.

    Raises:
        FleetError: When a key is none, or is one of `reserved`.
    """
    for key, item in _items(where, field, value):
        if not isinstance(key, str) or not _METADATA_KEY.fullmatch(key):
            raise field_error(
                where, field, key, "a metadata key has 1 to 128 letters, digits, _ and -"
            )
        if key in reserved:
            accepted = f"this key is written by the stack itself: {reserved[key]} says it"
            raise field_error(where, field, key, accepted)
        text(where, f"{field}[{key!r}]", item)


def _items(where: str, field: str, value: object) -> Iterable[tuple[object, object]]:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"key": "value"}')
    return value.items()


def cidrs(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check address ranges in CIDR notation, IPv4 or IPv6, with no host bits set.

    They are to be written as Google writes them back, or every plan would show a change.

    Raises:
        FleetError: When one is none.
    """
    from ipaddress import ip_network

    each(where, field, values, str, '"35.235.240.0/20"')
    for value in values:
        try:
            network = str(ip_network(value, strict=False))
        except ValueError:
            accepted = 'a CIDR range such as "35.235.240.0/20" is accepted'
            raise field_error(where, field, value, accepted) from None
        if "%" in value:
            raise field_error(where, field, value, "a CIDR range has no zone index")
        if value != network:
            raise field_error(where, field, value, f'write the range as "{network}"')


def public_keys(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check OpenSSH public keys, one line each; a private key is refused by name.

    Raises:
        FleetError: When one is none, not whole, or of RSA with fewer than 2,048 bits. A private key
            is not repeated in the message.
    """
    example = '"ssh-ed25519 AAAA… comment"'
    if "PRIVATE KEY" in repr(values):
        raise field_error(
            where, field, "…", "this is a PRIVATE key; only public keys belong in a fleet"
        )
    each(where, field, values, str, example)
    for value in values:
        found = _PUBLIC_KEY.fullmatch(value)
        if found is None:
            raise field_error(where, field, value, f"an OpenSSH public key on one line: {example}")
        if not is_key(found[1], found[2]):
            accepted = f"not a whole {found[1]} key; copy all of the line from its .pub file"
            raise field_error(where, field, value, accepted)
        refuse_weak(where, field, value, found[2])


def unique(where: str, field: str, values: Iterable[str]) -> None:
    """Check that nothing is named twice.

    Raises:
        FleetError: When something is.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise field_error(where, field, value, "given twice; each may stand once")
        seen.add(value)
