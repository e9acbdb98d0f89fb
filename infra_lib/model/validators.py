"""Validators of fields, and the checks and conversions that several parts of the model share.

A field says what it accepts: `name: str = field(validator=valid(check_name))`. What has such fields
has a `_where`: what it is called in messages. Conversions never fail: what they cannot convert they
leave, so that the check, which knows the thing and the field, is what speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import NOTHING

from infra_lib.model.destination import MOST_PORT
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.reference import Reference
from infra_lib.model.ssh_key import KEY_TYPES, check_strength, is_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from attrs import Attribute

    # What attrs calls with the thing, the field and the value.
    Validator = Callable[[Any, Attribute[Any], Any], None]

_T = TypeVar("_T")
_K = TypeVar("_K")
_V = TypeVar("_V")

CLASSES = ("nixos", "darwin")  # what a machine runs, as clan and flake-parts call it
MOST = 2**31 - 1  # what Nix, Terraform and nvidia-smi all hold

# Control characters, and lone surrogates: UTF-8 cannot hold those.
_UNWRITABLE = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff"
NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST_NAME = r"[A-Za-z0-9](?:[-_A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_RELEASE = r"[0-9]{2}\.[0-9]{2}"
_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*"
_NOT_IN_WORD = frozenset(" \"'\\${}")


def unsaid() -> Any:
    """Return what stands for a value that nobody gave, where None means something else.

    It is attrs' own: given to a class, it counts as an argument that is not given.
    """
    return NOTHING


def valid(check: Callable[..., None], *accepted: Any, **limits: Any) -> Validator:
    """Return a validator that calls a check on a field whose value is not its default.

    Args:
        check: Called with what the thing is called, the name and the value of the field, and:
        *accepted: What the check takes after these.
        **limits: What it takes by name.
    """

    def validate(thing: Any, field: Attribute[Any], value: Any) -> None:
        if value is not field.default or value is NOTHING:
            check(thing._where, field.alias, value, *accepted, **limits)

    return validate


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
    """Make a mapping that nobody can change, and leave any other value."""
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def string_mapping(value: Mapping[str, str]) -> Mapping[str, str]:
    """Make a mapping of strings, as `frozen_mapping` does."""
    return frozen_mapping(value)


def frozen_value(value: Any) -> Any:
    """Make a mapping one that nobody can change, and leave any other value.

    It is for fields that hold expressions too: modules and settings.
    """
    return frozen_mapping(value)


def option_names(value: object) -> list[Any]:
    """Return what a module or settings set: of an attribute path its first name.

    An expression does not tell, and has none.
    """
    keys = value if isinstance(value, Mapping) else ()
    return [key[0] if isinstance(key, tuple) and key else key for key in keys]


def check_module(where: str, field: str, value: object) -> None:
    """Check a NixOS module: a mapping of options or an expression of nixgen, or None.

    Raises:
        FleetError: When it is neither, or not what `options` takes.
    """
    if value is not None:
        check_options(where, field, value)


def check_options(where: str, field: str, value: object, *, or_else: str = "") -> None:
    """Check what holds NixOS options: a mapping or an expression of nixgen.

    Args:
        where: What holds the field.
        field: The field.
        value: What was given.
        or_else: What the field takes beside that, as the end of a message.

    Raises:
        FleetError: When it is neither, or holds what Nix cannot, or an attribute path as one name.
    """
    from nixgen import Expr, NixError, dumps  # few fleets need it, and it is not small
    from nixgen.redact import redact

    if not isinstance(value, (Mapping, Expr)):
        accepted = 'a mapping of options, an expression of nixgen, or Raw("{ pkgs, ... }: { … }")'
        raise field_error(where, field, value, f"{accepted} is accepted{or_else}")
    try:
        dumps(value)
    except NixError as error:
        raise FleetError(f"{where}: {field}: {error}") from None
    # Further in, a dot may be part of a name, as in environment.etc; no option begins with such.
    for key in value if isinstance(value, Mapping) else ():
        if isinstance(key, str) and "." in key:
            path = ", ".join(f'"{part}"' for part in redact(key).split("."))
            raise field_error(where, field, key, f"an attribute path is a tuple: ({path})")


def check_each(where: str, field: str, values: object, kind: type, example: str) -> None:
    """Check a tuple whose items are all of one kind.

    Raises:
        FleetError: When it is not a tuple, or an item is of another kind.
    """
    if not isinstance(values, tuple):
        raise field_error(where, field, values, f"a tuple or a list is accepted: ({example},)")
    for value in values:
        if not isinstance(value, kind):
            raise field_error(where, field, value, f"each is to be a {kind.__name__}: {example}")


def check_instance(where: str, field: str, value: object, kind: type) -> None:
    """Check that something is of one kind.

    Raises:
        FleetError: When it is of another.
    """
    if not isinstance(value, kind):
        raise field_error(where, field, value, f"a {kind.__name__}(…) is accepted")


def check_one_of(where: str, field: str, value: object, choices: tuple[str, ...]) -> None:
    """Check a choice.

    Raises:
        FleetError: When it is not one of `choices`.
    """
    if value not in choices:
        accepted = " or ".join(f'"{choice}"' for choice in choices)
        raise field_error(where, field, value, f"{accepted} is accepted")


def check_host_name(where: str, field: str, value: object) -> None:
    """Check a host name: 1 to 63 characters, as NixOS takes them.

    The rule of `networking.hostName`; the underscore is there for names that are old:
    https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/tasks/network-interfaces.nix

    Raises:
        FleetError: When it is not one.
    """
    accepted = (
        "a host name has 1 to 63 characters: letters, digits, hyphens and underscores, a letter or "
        "a digit first and last"
    )
    check_matching(where, field, value, _HOST_NAME, accepted)


def check_name(where: str, field: str, value: object) -> None:
    """Check a resource name: 1 to 63 characters, RFC 1035.

    The rule of most clouds' names (https://cloud.google.com/compute/docs/naming-resources).

    Raises:
        FleetError: When it is not one.
    """
    if not isinstance(value, str) or not re.fullmatch(NAME, value):
        raise field_error(
            where,
            field,
            value,
            "a name has 1 to 63 characters: lower-case letters, digits and hyphens, "
            "beginning with a letter and not ending in a hyphen (RFC 1035)",
        )


def check_domain(where: str, field: str, value: object) -> None:
    """Check a DNS domain such as "zt" or "example.org".

    Raises:
        FleetError: When it is not one.
    """
    if not isinstance(value, str) or len(value) > 253 or not re.fullmatch(_DOMAIN, value):
        raise field_error(
            where, field, value, 'a domain is lower-case DNS labels: "zt", "example.org"'
        )


def check_domains(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check a tuple of DNS domains.

    Raises:
        FleetError: When it is not a tuple, or an item is not a domain.
    """
    check_each(where, field, values, str, '"example.org"')
    for value in values:
        check_domain(where, field, value)


def check_word(where: str, field: str, value: object, accepted: str) -> None:
    r"""Check one word: no white space, control characters, quotes, `\`, `$`, `{` and `}`.

    Raises:
        FleetError: When it is not one.
    """
    if (
        not isinstance(value, str)
        or not value
        or not _NOT_IN_WORD.isdisjoint(value)
        or _holds(rf"\s{_UNWRITABLE}", value)
    ):
        raise field_error(
            where, field, value, f"{accepted} is accepted, without spaces, quotes, \\, $, {{ and }}"
        )


def check_referable(where: str, field: str, value: object, accepted: str) -> None:
    """Check a word that reaches nothing but Terraform: a `Reference` may stand for it.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, Reference):
        check_word(where, field, value, accepted)


def check_words(where: str, field: str, values: tuple[str, ...], example: str) -> None:
    """Check a tuple of words: tags, groups, names of modules.

    Raises:
        FleetError: When it is not a tuple, or an item is not a word.
    """
    check_each(where, field, values, str, example)
    for value in values:
        check_word(where, field, value, f"one word such as {example}")


def check_text(where: str, field: str, value: object) -> None:
    """Check free text: any Unicode but control characters (tab and line ends may stand).

    Raises:
        FleetError: When it holds one, or is not a string.
    """
    if not isinstance(value, str) or _holds(_UNWRITABLE, value):
        raise field_error(
            where, field, value, "text without control characters and lone surrogates is accepted"
        )


def check_boolean(where: str, field: str, value: object) -> None:
    """Check a switch: True or False and nothing that merely counts as one.

    Raises:
        FleetError: When it is neither.
    """
    if not isinstance(value, bool):
        raise field_error(where, field, value, "True or False is accepted")


def check_whole(
    where: str, field: str, value: object, unit: str, *, least: int, most: int = MOST
) -> None:
    """Check a whole number of `unit` from `least` to `most`.

    Raises:
        FleetError: When it is not one.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise field_error(
            where, field, value, f"a whole number of {unit} from {least} to {most} is accepted"
        )


def check_port(where: str, field: str, value: object, *, least: int = 1) -> None:
    """Check a TCP or UDP port.

    Raises:
        FleetError: When it is not one.
    """
    if type(value) is not int or not least <= value <= MOST_PORT:
        raise field_error(where, field, value, f"a port is accepted: {least} to {MOST_PORT}")


def check_cidrs(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check address ranges in CIDR notation, IPv4 or IPv6, with no host bits set.

    A cloud writes them back so; written otherwise, every plan would show a change.

    Raises:
        FleetError: When one is not a range.
    """
    from ipaddress import ip_network

    check_each(where, field, values, str, '"203.0.113.0/24"')
    for value in values:
        try:
            network = str(ip_network(value, strict=False))
        except ValueError:
            accepted = 'a CIDR range such as "203.0.113.0/24" is accepted'
            raise field_error(where, field, value, accepted) from None
        if "%" in value:
            raise field_error(where, field, value, "a CIDR range has no zone index")
        if value != network:
            raise field_error(where, field, value, f'write the range as "{network}"')


def check_public_keys(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check OpenSSH public keys, one line each; of a private key the message says that it is one.

    Raises:
        FleetError: When one is not a key, not whole, or of RSA with fewer than 2,048 bits. A
            private key is not repeated in the message.
    """
    example = '"ssh-ed25519 AAAA… comment"'
    if "PRIVATE KEY" in repr(values):
        raise field_error(
            where, field, "…", "this is a PRIVATE key; only public keys belong in a fleet"
        )
    check_each(where, field, values, str, example)
    for value in values:
        kind, _, rest = value.partition(" ")
        encoded = rest.partition(" ")[0]
        if kind not in KEY_TYPES or not encoded or _holds(rf"\t\r\n{_UNWRITABLE}", value):
            raise field_error(where, field, value, f"an OpenSSH public key on one line: {example}")
        if not is_key(kind, encoded):
            accepted = f"not a whole {kind} key; copy all of the line from its .pub file"
            raise field_error(where, field, value, accepted)
        check_strength(where, field, value, encoded)


def _holds(characters: str, text: str) -> bool:
    """Whether a text holds one of some characters, which a text of printable ASCII cannot.

    Most texts are of that, so the pattern, which takes a while to compile, is seldom needed.

    Args:
        characters: What stands in a pattern between [ and ].
        text: The text.
    """
    plain = text.isascii() and text.isprintable()
    return not plain and re.search(f"[{characters}]", text) is not None


def check_matching(where: str, field: str, value: object, pattern: str, accepted: str) -> None:
    """Check a text that is to have one form.

    Raises:
        FleetError: When it has not.
    """
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise field_error(where, field, value, accepted)


def check_state_version(where: str, field: str, value: object) -> None:
    """Check a NixOS release, as `system.stateVersion` has it.

    Raises:
        FleetError: When it is not one.
    """
    check_matching(where, field, value, _RELEASE, 'a NixOS release: "25.05"')


def check_unique(where: str, field: str, values: Iterable[str]) -> None:
    """Check that nothing is named twice.

    Raises:
        FleetError: When something is.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise field_error(where, field, value, "given twice; each may stand once")
        seen.add(value)
