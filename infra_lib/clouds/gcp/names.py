"""Names that Compute Engine takes."""

from __future__ import annotations

_LONGEST = 63


def shorten_name(name: str) -> str:
    """Return a name that Compute Engine takes: one that is too long ends in its own hash."""
    if len(name) <= _LONGEST:
        return name
    from hashlib import sha256

    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - 9]}-{digest}"
