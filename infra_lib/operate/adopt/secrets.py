"""What is secret in the sources, and never gets into what is written.

Terraform keeps passwords and private keys in its state as they are. Clouds leave out what looks so
when they make machines of it; here is the guard behind them: what Terraform marks as secret, or
has the form of one, is in no file that is written, whatever it went through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nixgen.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.adoption import Found

# Shorter ones stand in half of all texts.
_SHORTEST = 6
_NAMES = re.compile(
    r"(?i)(?:^|[._-])(?:password|passphrase|private_key(?:_\w+)?|secret(?:_\w+)?|token"
    r"|api_key|access_key|client_key|credentials)$"
)
# What resources hold that are made for a secret.
_MADE_FOR_ONE = re.compile(r"^(?:random_password|random_bytes|\w*_secret_version)\.")


def secrets_of(found: Iterable[Found]) -> frozenset[str]:
    """Return the texts that are secret: what Terraform marks so, and what is called so.

    Args:
        found: All resources, of whatever provider.
    """
    return frozenset(text for each in found for text in _of(each) if len(text) >= _SHORTEST)


def leaked(text: str, secrets: Iterable[str]) -> bool:
    """Return whether a text has a secret in it, or what has the form of one.

    Args:
        text: What is about to be written.
        secrets: What `secrets_of` returned.
    """
    if redact(text) != text:
        return True
    return any(secret in text or _as_literal(secret) in text for secret in secrets)


def _of(found: Found) -> Iterator[str]:
    made_for_one = _MADE_FOR_ONE.match(f"{found.type}.") is not None
    for path, text in _texts(found.attributes, ""):
        marked = any(path == each or path.startswith(f"{each}.") for each in found.secret)
        if marked or _NAMES.search(path) or (made_for_one and path not in ("id", "name")):
            yield text


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, path)


def _as_literal(text: str) -> str:
    """Return a text as it stands between quotes in Python."""
    from infra_lib.operate.adopt.python_text import text_literal

    return text_literal(text)[1:-1]
