"""What of the sources may be secret: none of it goes into a fleet, or into a report.

Texts are up to 256 KiB, and may be anybody's: all here reads each once, but for a bounded stretch
about what may name a secret.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from infra_lib.model.reference import Reference
from infra_lib.model.secret_text import FILLED, holds_secret
from nixgen.redact import shorten

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Found

HIDDEN = "…"
"""What stands in a report for a value that may be secret."""

DO = (
    'give it by a Reference, such as Reference("${var.…}"), or have clan\'s vars bring it to the '
    "machine; whoever may read the source has seen it"
)
"""What to do about a secret."""

_NAME = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|credential"
    r"|(?:api|access|private|auth|join|encryption|encrypted|raw)[-_. ]?key",
    re.IGNORECASE,
)
_REST = r"[\w.-]{0,40}[\"']?"
# What comes after a name, where a value is given to it: in YAML, in JSON, in a shell; and as one
# word after another, where the second is no word of a language.
_GIVEN = re.compile(
    rf"{_REST}\s{{0,8}}[:=]\s{{0,8}}[\"']?(?!{FILLED})[^\s\"']"
    rf"|{_REST}[ \t]{{1,8}}[\"']?(?![-/$|&;<>()])(?=[^\s\"']{{0,80}}[0-9])"
)
# The same after an option, whatever the value is: "--token hunter", "--auth-key=…".
_OPTION = re.compile(r"(?:^|[\s\"'\[,=])--?[\w-]{0,40}\Z")
_GIVEN_TO_OPTION = re.compile(rf"[\w-]{{0,40}}[\s=]{{1,8}}[\"']?(?!{FILLED}|-)[^\s\"']")
# Public keys, certificates and digests look as keys do that are secret.
_PUBLIC = re.compile(
    r"\b(?:sk-)?(?:ssh|ecdsa)-[-\w.@]{1,60}\s{1,8}AAAA[A-Za-z0-9+/=]+"
    r"|-----BEGIN (?:CERTIFICATE|(?:[A-Z]{1,20} )?PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END "
    r"|\bsha(?:1|256|384|512)[-:= ][\"']?[A-Za-z0-9+/=]{1,128}"
    r"|\b[0-9a-f]{64}(?= [ *][./\w])"
)
_TEMPLATE = re.compile(r"\$\{[^}]*\}")
_INDEX = re.compile(r"\[[^\]]*\]|\.[0-9]+(?=\.|$)")
_STRETCH = 42


def looks_secret(value: object, name: str = "") -> bool:
    """Whether a value looks secret, by what it holds, or by what it is called.

    A reference is not, where it alone is the value: its text tells nobody anything. Nor is what is
    no text.

    Args:
        value: The value.
        name: What it is called: a key of metadata, the last name of an argument.
    """
    if not isinstance(value, str) or not value.strip():
        return False
    known = _TEMPLATE.sub("", value) if isinstance(value, Reference) else value
    if not known.strip():
        return False
    return _NAME.search(name) is not None or _holds_secret(known, str(value))


@lru_cache(maxsize=4096)  # many machines have the same script
def _holds_secret(known: str, whole: str) -> bool:
    known = _PUBLIC.sub("", known)
    return shorten(known) != known or _is_given(whole) or holds_secret(whole)


def _is_given(text: str) -> bool:
    """Whether a text gives a value to something that is called as a secret."""
    for found in _NAME.finditer(text):
        start, end = found.span()
        if _GIVEN.match(text, end):
            return True
        before = text[max(0, start - _STRETCH) : start]
        if _OPTION.search(before) and _GIVEN_TO_OPTION.match(text, end):
            return True
    return False


def is_secret(found: Found, path: str) -> bool:
    """Whether Terraform calls an attribute sensitive, or one that it is in.

    Args:
        found: The resource.
        path: The attribute's dotted path, with indexes or without.
    """
    if not found.secret:
        return False
    plain = _INDEX.sub("", path)
    marked = (_INDEX.sub("", each) for each in found.secret)
    return any(plain == each or plain.startswith(f"{each}.") for each in marked)
