"""What people write where a secret stands: its name before it, or the command that takes it.

Keys and tokens that have a form of their own are `nixgen.redact`'s.
"""

from __future__ import annotations

import re

# What a shell or a template fills in is no secret: "$1", "$(cat …)", "<password>", "{{ … }}";
# "$6$…" is a hash of a password.
FILLED = r"(?:\$(?:[({A-Za-z_@*]|[0-9](?!\$))|<[^<>\n]{1,80}>|\{\{)"
"""What stands for a value that is filled in later, as a pattern."""

_VALUE = rf"[\"']?(?!{FILLED})[^\s\"']"
# Bounded, so that a long text is read once.
_SET = r"[\"']?[ \t]{0,8}[:=][ \t]{0,8}"
_WORDS = (
    r"(?:passwo?r?d|passwd|passphrase|secret|token|credentials?"
    r"|(?:api|access|private|auth|encryption|join|kubelet|ca|client|signing|master|shared|account"
    r"|storage)[-_.]?key)(?:[-_.]?key)?"
)
_SHORT = r"(?<![A-Za-z])(?:pass|pwd?|psk)"
_FORMS = re.compile(
    rf"(?:{_WORDS}s?|{_SHORT}){_SET}{_VALUE}"
    rf"|--{_WORDS}[ \t=]{{1,8}}(?!-){_VALUE}"
    rf"|(?<![\w-])(?:-u|--user|--proxy-user)[ \t=]{{1,8}}[\"']?(?!\d+:\d+\b)"
    rf"[^\s:\"'$]{{1,80}}:{_VALUE}"
    rf"|authorization{_SET}[\"']?(?:basic|bearer|token)[ \t]{{1,8}}{_VALUE}"
    r"|[\w-]{1,32}:[^\s\"'$]{1,200}[\"']?[ \t]{0,8}\|[ \t]{0,8}(?:sudo[ \t]{1,8})?chpasswd\b"
    rf"|\bchpasswd:[^|]{{0,80}}\|\s{{1,40}}[\w-]{{1,32}}:{_VALUE}"
    rf"|\b(?:mysql\w{{0,16}}|sshpass)[^\n|;&]{{0,200}}?[ \t](?-i:-p)[ \t]?{_VALUE}"
    r"|\blogin[ \t]{1,8}\S{1,80}\s{1,8}password[ \t]{1,8}\S",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:{_WORDS}|pass|pwd?|psk)$", re.IGNORECASE
)
_PATH = re.compile(r"(?:~|\.{1,2})?/[^\s:]*|[A-Za-z0-9._-]+\.(?:age|gpg|pem|key|ya?ml|json)")


def holds_secret(text: str) -> bool:
    """Return whether a text says a password, a key or a token, by the words before it.

    Args:
        text: The text: a script, a description, a setting.
    """
    return _FORMS.search(text) is not None


def is_secret_setting(name: str, value: str) -> bool:
    """Return whether a setting is a secret by its name, and not the path of one.

    Args:
        name: What it is called: "password", "apiKey", "auth-token".
        value: What it is.
    """
    given = value.strip()
    if not given or re.match(FILLED, given) or _PATH.fullmatch(given):
        return False
    return _CALLED.search(name) is not None
