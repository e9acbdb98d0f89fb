"""Keeping secrets out of messages: whoever puts one where it does not belong does not want it read.

Messages end in terminals, logs and continuous integration.
"""

import re

_LINES = r"(?:[A-Za-z0-9+/=]|\\n|\n)"
# Each ends where the quotes of the value do that it stands in.
_SECRETS = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|(?=['\"])|\Z)",
    rf"(?<![A-Za-z0-9+/=\n\\]){_LINES}*-----END [A-Z0-9 ]*PRIVATE KEY-----",
    rf"b3BlbnNzaC1rZXktdjEA{_LINES}*",  # "openssh-key-v1" in base64
    r"PuTTY-User-Key-File.*?(?:Private-MAC: *[0-9a-f]+|(?=['\"])|\Z)",
    r"AGE-SECRET-KEY-[A-Z0-9-]*",
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    r"\b(?:gh[oprsu]_|github_pat_)\w+",
    # Google's access tokens, client secrets and API keys.
    r"\b(?:ya29\.|GOCSPX-|AIza)[\w.-]+",
    # GitLab's, Slack's, Tailscale's, Docker's, Vault's and Stripe's.
    r"\b(?:glpat-|xox[abeoprs]-|tskey-|dckr_pat_|hvs\.|[rs]k_live_)[\w-]{10,}",
    r"\beyJ[\w-]{1,4096}+\.[\w.-]+",  # a JSON web token; bounded, so that long texts are read fast
    r"(?<=://)[^/\s'\"@:]*:[^/\s'\"@]+(?=@)",  # user and password in an address
)
# One of these is in whatever has the form of a secret, with an @ in an address; most texts have
# none, which is seen faster.
_SIGNS = (
    *("PRIVATE KEY", "b3BlbnNzaC1rZXktdjEA", "PuTTY-User-Key-File", "AGE-SECRET-KEY-", "gho_"),
    *("ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "ya29.", "GOCSPX-", "AIza", "eyJ", "glpat-"),
    *("xox", "tskey-", "dckr_pat_", "hvs.", "k_live_"),
)
_LEAST = 40
_LONG = rf"(?:[A-Za-z0-9+/=]|\\n){{{_LEAST},}}"
_SHOWN = 8


def redact(text: str) -> str:
    """Return text without what has the form of a secret: private keys, tokens, passwords."""
    if not ("://" in text and "@" in text) and not any(sign in text for sign in _SIGNS):
        return text
    return re.sub("|".join(_SECRETS), "…", text, flags=re.DOTALL)


def shorten(text: str) -> str:
    """Return redacted text with no more than the beginning of what may be a key in some base.

    Some kinds of secret keys have no form of their own: those of Nix, WireGuard and ZeroTier look
    as the public ones do, which tell nobody anything beyond their first characters either.
    """
    if len(text) < _LEAST:
        return redact(text)
    return re.sub(_LONG, lambda found: _beginning(found[0]), redact(text))


def _beginning(run: str) -> str:
    digits = any(map(str.isdigit, run))
    mixed = run != run.lower() and run != run.upper()
    hexadecimal = not set(run.lower()) - set("0123456789abcdef\\")
    path = run.count("/") * 12 > len(run)  # base64 has one among 64 characters
    return f"{run[:_SHOWN]}…" if digits and (mixed or hexadecimal) and not path else run
