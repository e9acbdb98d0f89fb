"""OpenSSH public keys: telling whether a line really holds one."""

from __future__ import annotations

import binascii

from .errors import refuse

# Bytes of a key that has one length only; RFC 4253 section 6.6, RFC 5656 and RFC 8709.
_LENGTHS = {
    "ssh-ed25519": 51,
    "ecdsa-sha2-nistp256": 104,
    "ecdsa-sha2-nistp384": 136,
    "ecdsa-sha2-nistp521": 172,
}
_LEAST = {"ssh-rsa": 140}  # 1024 bits, below which ssh refuses a key

HOST_KEY_TYPES = (*_LENGTHS, *_LEAST)


def host_key(where: str, field: str, value: object) -> str:
    """Return a host's public key as `type base64`, without its comment.

    Args:
        where: What holds the key, for the message.
        field: The field's name, for the message.
        value: One line as in `ssh_host_ed25519_key.pub`.

    Raises:
        FleetError: When it is no such key, or holds another kind of key than it says. A private
            key is not repeated in the message.
    """
    accepted = (
        f"an OpenSSH public key of a host: a type ({', '.join(HOST_KEY_TYPES)}) and its base64"
    )
    if isinstance(value, str) and "PRIVATE KEY" in value:
        raise refuse(where, field, "…", "this is a PRIVATE key; only the public one is recorded")
    kind, _, rest = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
    encoded = rest.partition(" ")[0]
    if "\n" in rest or kind not in HOST_KEY_TYPES or not _is_key(kind, encoded):
        raise refuse(where, field, value, accepted)
    return f"{kind} {encoded}"


def _is_key(kind: str, encoded: str) -> bool:
    """Tell whether the base64 is a key of that kind: the type is its first field (RFC 4253)."""
    try:
        blob = binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        return False
    if binascii.b2a_base64(blob, newline=False).decode() != encoded:
        return False  # bits or padding that decoding ignores
    if not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        return False
    return len(blob) == _LENGTHS[kind] if kind in _LENGTHS else len(blob) >= _LEAST[kind]
