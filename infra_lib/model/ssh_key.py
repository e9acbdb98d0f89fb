"""OpenSSH public keys: telling whether a line really holds one."""

from __future__ import annotations

import binascii

from infra_lib.model.errors import field_error

_ANY = range(2**14)  # bytes
_NUMBER = range(1, 2**14)
_1024_BITS = range(128, 2**14)  # that ssh-dss has
# Fewer are for reading old signatures only: section 3 of https://doi.org/10.6028/NIST.SP.800-131Ar2
_LEAST_RSA_BITS = 2048


def _bytes(size: int) -> range:
    return range(size, size + 1)


# How long the fields of a key's base64 are, in bytes, after the first, which is the key's type: RFC
# 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and PROTOCOL.u2f of OpenSSH.
_HOST = {
    "ssh-ed25519": (_bytes(32),),
    "ecdsa-sha2-nistp256": (_bytes(8), _bytes(65)),
    "ecdsa-sha2-nistp384": (_bytes(8), _bytes(97)),
    "ecdsa-sha2-nistp521": (_bytes(8), _bytes(133)),
    "ssh-rsa": (_NUMBER, _NUMBER),
}
_AUTHORITY = {
    **_HOST,
    "sk-ssh-ed25519@openssh.com": (_bytes(32), _ANY),
    "sk-ecdsa-sha2-nistp256@openssh.com": (_bytes(8), _bytes(65), _ANY),
}
_FIELDS = {**_AUTHORITY, "ssh-dss": (_1024_BITS, _NUMBER, _NUMBER, _NUMBER)}

HOST_KEY_TYPES = tuple(_HOST)
AUTHORITY_KEY_TYPES = tuple(_AUTHORITY)
KEY_TYPES = tuple(_FIELDS)


def host_key(where: str, field: str, value: object) -> str:
    """Return a host's public key as `type base64`, without its comment.

    Args:
        where: What holds the key, for the message.
        field: The field's name, for the message.
        value: One line as in `ssh_host_ed25519_key.pub`.

    Raises:
        FleetError: When it is not such a key, holds another kind of key than it says, or one of RSA
            with fewer than 2,048 bits. A private key is not repeated in the message.
    """
    return _public_key(where, field, value, "a host", HOST_KEY_TYPES)


def authority_key(where: str, field: str, value: object) -> str:
    """Return the public key of a certificate authority as `type base64`, without its comment.

    Unlike the key of a host, it may be in a security key.

    Args:
        where: What holds the key, for the message.
        field: The field's name, for the message.
        value: One line as in the `.pub` file of the authority.

    Raises:
        FleetError: When it is not such a key, as `host_key` says.
    """
    return _public_key(where, field, value, "a certificate authority", AUTHORITY_KEY_TYPES)


def _public_key(where: str, field: str, value: object, owner: str, kinds: tuple[str, ...]) -> str:
    accepted = f"an OpenSSH public key of {owner}: a type ({', '.join(kinds)}) and its base64"
    if isinstance(value, str) and "PRIVATE KEY" in value:
        raise field_error(
            where, field, "…", "this is a PRIVATE key; only the public one is recorded"
        )
    kind, _, rest = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
    encoded = rest.partition(" ")[0]
    if "\n" in rest or kind not in kinds or not is_key(kind, encoded):
        raise field_error(where, field, value, accepted)
    check_strength(where, field, value, encoded)
    return f"{kind} {encoded}"


def check_strength(where: str, field: str, value: object, encoded: str) -> None:
    """Check that an RSA key has 2,048 bits or more; keys of any other type have one size.

    Args:
        where: What holds the key, for the message.
        field: The field's name, for the message.
        value: What was given, for the message.
        encoded: The base64 of a whole key.

    Raises:
        FleetError: When it has fewer bits.
    """
    kind, *numbers = _fields(binascii.a2b_base64(encoded))
    bits = int.from_bytes(numbers[-1], "big").bit_length()
    if kind == b"ssh-rsa" and bits < _LEAST_RSA_BITS:
        accepted = f"an RSA key of {bits} bits; from {_LEAST_RSA_BITS} on they are accepted"
        raise field_error(where, field, value, accepted)


def is_key(kind: str, encoded: str) -> bool:
    """Tell whether base64 is a whole public key of a type; a paste that was cut short is not.

    Args:
        kind: The type, as it stands before the base64: "ssh-ed25519".
        encoded: The base64.
    """
    try:
        blob = binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        return False
    if binascii.b2a_base64(blob, newline=False).decode() != encoded:
        return False  # bits or padding that decoding ignores
    own, *fields = _fields(blob)
    wanted = _FIELDS.get(kind, ())
    return (
        own == kind.encode()
        and len(fields) == len(wanted)
        and all(len(field) in sizes for field, sizes in zip(fields, wanted, strict=True))
    )


def _fields(blob: bytes) -> list[bytes]:
    """Split a key into its fields, each of which follows its length (RFC 4251 section 5)."""
    fields = []
    while blob:
        end = 4 + int.from_bytes(blob[:4], "big")
        if len(blob) < end:
            return [b""]
        fields.append(blob[4:end])
        blob = blob[end:]
    return fields or [b""]
