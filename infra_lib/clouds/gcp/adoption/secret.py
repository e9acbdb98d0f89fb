"""What of the sources may be secret: none of it goes into a fleet, or into a report."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from infra_lib.model.reference import Reference
from infra_lib.model.secret_text import holds_secret
from nixgen.redact import redact

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Found

HIDDEN = "…"
"""What stands in a report for a value that may be secret."""

DO = (
    'give it by a Reference, such as Reference("${var.…}"), or have clan\'s vars bring it to the '
    "machine; whoever may read the source has seen it"
)
"""What to do about a secret."""

_WORD = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credential"
    r"|(?:api|access|private|auth|encryption|encrypted|raw)[-_]?key)"
)
_KEY = re.compile(_WORD, re.IGNORECASE)
# What a shell fills in is no secret: "$1", "$(cat …)"; "$6$…" is a hash of a password.
_FILLED = r"\$(?:[({A-Za-z_@*]|[0-9](?!\$))"
# Bounded, so that a long text is read once.
_ASSIGNED = re.compile(
    rf"{_WORD}[\w-]{{0,40}}[\"']?\s{{0,8}}[:=]\s{{0,8}}[\"']?(?!{_FILLED})[^\s\"']"
    rf"|--[\w-]{{0,40}}{_WORD}[\w-]{{0,40}}[\s=]{{1,8}}[\"']?(?!{_FILLED}|-)[^\s\"']",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\$\{[^}]*\}")
_INDEX = re.compile(r"\[[^\]]*\]|\.[0-9]+(?=\.|$)")


def looks_secret(key: str, value: object) -> bool:
    """Whether a value looks secret, by what it is called, or by what it holds.

    A reference is not, where it alone is the value: its text tells nobody anything.

    Args:
        key: What it is called: a key of metadata, the last name of an argument.
        value: The value.
    """
    if not isinstance(value, str):
        return False
    known = _TEMPLATE.sub("", value) if isinstance(value, Reference) else value
    return bool(known.strip()) and _looks_secret(key, known, str(value))


@lru_cache(maxsize=4096)  # many machines have the same script
def _looks_secret(key: str, known: str, value: str) -> bool:
    return bool(
        _KEY.search(key) or redact(known) != known or _ASSIGNED.search(value) or holds_secret(value)
    )


def is_secret(found: Found, path: str) -> bool:
    """Whether Terraform calls an attribute sensitive, or one that it is in.

    Args:
        found: The resource.
        path: Its dotted path, with indexes or without.
    """
    if not found.secret:
        return False
    plain = _INDEX.sub("", path)
    marked = {_INDEX.sub("", each) for each in found.secret}
    return any(plain == each or plain.startswith(f"{each}.") for each in marked)
