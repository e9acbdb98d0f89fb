"""What is secret in the sources, and never gets into what is written.

Terraform keeps passwords and private keys in its state as they are. Clouds leave out what looks so
when they make machines of it; here is the guard behind them: what Terraform marks as secret, or
has the form of one, is in no file that is written, whatever it went through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.secret_text import holds_secret, is_secret_setting
from nixgen.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.adoption import Found

# Shorter ones stand in half of all texts.
_SHORTEST = 6
_NAMES = re.compile(
    r"(?i)(?:^|[._-])(?:password|passphrase|private_key(?:_\w+)?|secret(?:_\w+)?|token"
    r"|api_key|access_key|client_key|credentials|\w+_(?:password|passphrase|token|key_pem)"
    r"|passwd|pwd?|pass|psk)$"
)
# What resources hold that are made for a secret.
_MADE_FOR_ONE = {
    "random_password": ("result", "bcrypt_hash"),
    "random_bytes": ("base64", "hex"),
}
_PAYLOADS = ("secret_data", "secret_string", "secret_binary", "payload")
# What is said of a resource everywhere, whoever calls it sensitive.
_WORDS = frozenset({"true", "false", "default", "none", "null", "RUNNING", "READY", "ACTIVE"})
# What resources are called by, and where they are: no secret, even where a password is the same.
_NAMED = ("hostname", "location", "machine_type", "name", "project", "server_type", "zone")
_CLOUDS = tuple(f"{cloud.KINDS.provider}_" for cloud in CLOUDS.values())
# "root:password@host", which no destination is.
_LOGIN = re.compile(r"[\w-]{1,32}:[^\s@/\[\]]{1,200}@[\w.-]+")
_TEMPLATE = re.compile(r"\$\{[^}]*\}")
_LINK = re.compile(r"(?:https?://[^\s@:]+/)?projects/[-\w./:]+")

HIDDEN = "…"
"""What stands for a secret in what is printed."""

Secrets = Mapping[str, str]
"""Texts that are secret, each with where it is."""


def secrets_of(found: Iterable[Found]) -> Secrets:
    """Return the texts that are secret: what Terraform marks so, and what is called so.

    Args:
        found: All resources, of whatever provider, and what is beside them.
    """
    listed = [*found]
    named = {
        text
        for each in listed
        for name in _NAMED
        if isinstance(text := each.attributes.get(name), str)
    }
    return {
        text: f"{each.where}: {path}"
        for each in listed
        for path, text, called in _of(each)
        if called or text not in named
        if len(text) >= _SHORTEST and text not in _WORDS and not _TEMPLATE.fullmatch(text)
    }


def marked(found: Iterable[Found], secrets: Secrets) -> tuple[Found, ...]:
    """Return resources with all that holds a secret of another marked as secret, too.

    A password that Terraform makes is in the metadata of a machine under any name.

    Args:
        found: The resources.
        secrets: What `secrets_of` returned of all.
    """
    listed = [*found]
    texts = {
        index: [*_texts(each.attributes, "")]
        for index, each in enumerate(listed)
        if each.type.startswith(_CLOUDS)
    }
    every = "\n".join(text for each in texts.values() for _, text in each)
    there = [text for text in secrets if text in every]
    if not there:
        return tuple(listed)
    for index, mine in texts.items():
        paths = {path for path, text in mine if any(secret in text for secret in there)}
        if paths:
            listed[index] = evolve(listed[index], secret=listed[index].secret | paths)
    return tuple(listed)


def says(text: str) -> bool:
    """Return whether a text that somebody wrote has a secret in it, as far as one can tell."""
    return redact(text) != text or holds_secret(text) or _LOGIN.match(text) is not None


def public(settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings without what is secret in them, and the paths of that.

    Args:
        settings: Plain data.
    """
    gone: list[str] = []

    def kept(value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            return {
                name: kept(each, f"{path}.{name}" if path else str(name))
                for name, each in value.items()
                if not _is_secret(str(name), each, path, gone)
            }
        if isinstance(value, list | tuple):
            return type(value)(
                kept(each, f"{path}[{index}]")
                for index, each in enumerate(value)
                if not _is_secret(f"[{index}]", each, path, gone)
            )
        return value

    return kept(settings, ""), gone


def _is_secret(name: str, value: Any, path: str, gone: list[str]) -> bool:
    if not isinstance(value, str) or not (is_secret_setting(name, value) or says(value)):
        return False
    gone.append(f"{path}{name}" if name.startswith("[") else f"{path}.{name}".lstrip("."))
    return True


def leaked(text: str, secrets: Secrets) -> str | None:
    """Return where a secret is from that a text has in it; None for none.

    Args:
        text: What is about to be written, or a text in it.
        secrets: What `secrets_of` returned. What has the form of a secret is one as well.
    """
    for where in told_in(text, secrets).values():
        return where
    return None if redact(text) == text else ""


def hidden(text: str, secrets: Secrets) -> str:
    """Return a text for people without the secrets that are in it, or their beginnings.

    Args:
        text: The text.
        secrets: What `secrets_of` returned.
    """
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, HIDDEN)
    return text


def told_in(text: str, secrets: Secrets) -> dict[str, str]:
    """Return the secrets that are in a text, however Python writes them."""
    return {
        secret: where
        for secret, where in secrets.items()
        if any(form in text for form in _forms(secret))
    }


def hard_to_see(secrets: Secrets) -> dict[str, str]:
    """Return the secrets that Python may write in several ways: those with quotes and the like."""
    return {text: where for text, where in secrets.items() if not _is_plain(text)}


def _is_plain(text: str) -> bool:
    """Whether Python writes a text as it is."""
    return text.isprintable() and not any(mark in text for mark in "\"'\\")


def _forms(secret: str) -> tuple[str, ...]:
    if _is_plain(secret):
        return (secret,)
    return (secret, repr(secret)[1:-1], _as_literal(secret))


def _of(found: Found) -> Iterator[tuple[str, str, bool]]:
    """Yield each secret with its path before it, and whether Terraform calls it one."""
    made = (*_MADE_FOR_ONE.get(found.type, ()), *_PAYLOADS)
    for path, text in _texts(found.attributes, ""):
        if any(path == each or path.startswith(f"{each}.") for each in found.secret):
            yield path, text, True
        elif path.rpartition(".")[2] in made or (_NAMES.search(path) and not _LINK.fullmatch(text)):
            yield path, text, False


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
