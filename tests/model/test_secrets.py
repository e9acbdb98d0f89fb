"""A secret that stands where it does not belong is refused, and not repeated."""

import base64
import random
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest

from infra_lib import BootDisk, DataDisk, FleetError, Gpu, ServiceAccount, ShieldedVm
from infra_lib.model.errors import field_error
from nixgen import NixgenError, dumps
from nixgen.redact import redact, shorten
from tests.helpers import projects
from tests.helpers.projects import infra

from .test_exact import FIELDS, HELD

RANDOM = random.Random(1)  # noqa: S311 - the same each time
# The machine that has one of these looks at it.
TAKING_ALL = {BootDisk, DataDisk, Gpu, ServiceAccount, ShieldedVm}
SIXTEEN = 16  # characters of a secret that nothing may repeat


def base64_of(size: int) -> str:
    return base64.b64encode(RANDOM.randbytes(size)).decode()


def pem(kind: str, body: str) -> str:
    lines = "\n".join(body[start : start + 70] for start in range(0, len(body), 70))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----\n"


OPENSSH = "b3BlbnNzaC1rZXktdjEA" + base64_of(300)
RSA = base64_of(1200)
HEXADECIMAL = RANDOM.randbytes(128).hex()
TOKEN = base64.urlsafe_b64encode(RANDOM.randbytes(60)).decode()
SECRETS = {
    "OpenSSH": (pem("OPENSSH ", OPENSSH), OPENSSH),
    "OpenSSH on one line": (OPENSSH, OPENSSH),
    "RSA": (pem("RSA ", RSA), RSA),
    "PKCS 8": (pem("", RSA), RSA),
    "PKCS 8, encrypted": (pem("ENCRYPTED ", RSA), RSA),
    "cut off at its end": (pem("", RSA)[:900], RSA),
    "cut off at its beginning": (pem("", RSA)[900:], RSA),
    "lines out of its middle": (pem("", RSA)[300:700], RSA),
    "a service account": (
        f'{{"type": "service_account", "private_key": {pem("", RSA)!r}, "client_id": "1"}}',
        RSA,
    ),
    "PuTTY": (f"PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{RSA[:48]}\n", RSA[:48]),
    "age": ("AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2, "QPZRY9X8GF2TVDW0S3JN54"),
    "GitHub": ("ghp_" + "A1b2C3d4" * 5, "A1b2C3d4" * 5),
    "GitHub, fine-grained": ("github_pat_11" + "A1b2C3d4" * 9, "A1b2C3d4" * 9),
    "Google": ("ya29.a0" + "Ab_1-" * 20, "Ab_1-" * 20),
    "a web token": (f"eyJhbGciOiJIUzI1NiJ9.{TOKEN}.{TOKEN}", TOKEN),
    "Nix": (f"cache.example.org-1:{RSA[:88]}", RSA[:88]),
    "WireGuard": (RSA[:43] + "=", RSA[:43]),
    "ZeroTier": (f"abcdef1200:0:{HEXADECIMAL}:{HEXADECIMAL}", HEXADECIMAL),
    "an address": ("https://me:correct-horse-battery@cache.example.org/ ", "correct-horse-battery"),
}


@cache
def parts(text: str, length: int) -> frozenset[str]:
    return frozenset(text[start : start + length] for start in range(len(text) - length + 1))


def repeats(message: str, secret: str) -> bool:
    length = min(SIXTEEN, len(secret))
    return not parts(secret, length).isdisjoint(parts(message, length))


def refusal(holder: Any, field: str, given: object) -> str:
    try:
        attrs.evolve(holder, **{field: given})
    except (FleetError, NixgenError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_no_field_repeats_a_secret_that_it_refuses(name: str, field: str) -> None:
    refused = 0
    shapes: tuple[Any, ...] = (
        lambda text: text,
        lambda text: (text,),
        lambda text: (text, text),
        lambda text: {text: text},
        lambda text: {"a": text},
        lambda text: {"a": (text,)},
        lambda text: text.encode(),
    )
    for text, secret in SECRETS.values():
        for shape in shapes:
            message = refusal(HELD[name], field, shape(text))
            refused += bool(message)
            assert not repeats(message, secret)
    assert refused or type(HELD[name]) in TAKING_ALL


@pytest.mark.parametrize(
    "value",
    [
        "shared/zerotier-network-zerotier/network-id",
        "shared/zerotier-ip-scheelite-zerotier/ip",
        "per-machine/scheelite/openssh/ssh.id_ed25519.pub",
        "per-machine/scheelite/state-version/version",
    ],
)
@pytest.mark.parametrize("name", ["OpenSSH", "OpenSSH on one line", "age", "ZeroTier"])
def test_a_secret_among_public_vars_is_refused_and_not_repeated(
    tmp_path: Path, value: str, name: str
) -> None:
    project = projects.make(tmp_path / "project")
    text, secret = SECRETS[name]
    projects.put(project, value, text)
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not repeats(done.stderr + done.stdout, secret)
    assert not (project / "facts.json").exists()


def test_what_a_person_mistypes_is_not_repeated_either(tmp_path: Path) -> None:
    project = projects.make(tmp_path / "project")
    text, secret = SECRETS["OpenSSH"]
    for told in (text, f"scheelite.ssh_host_key={text}", f"scheelite.{text}=", f"{text}.zone=a"):
        done = infra(project, "sync", "--vars-only", "--set", told)
        assert done.returncode == 2
        assert not repeats(done.stderr + done.stdout, secret)


@pytest.mark.parametrize("name", SECRETS)
def test_nix_repeats_no_secret_that_has_a_form_of_its_own(name: str) -> None:
    text, secret = SECRETS[name]
    if redact(text) == text:
        return  # one of many letters, and no more is known of it
    for value in ({text: {1, 2}}, {text: {"\0": 1}}, [text.encode()]):
        with pytest.raises(NixgenError) as caught:
            dumps(value)
        assert not repeats(str(caught.value), secret)


@pytest.mark.parametrize(
    "text",
    [
        "machine 'galena': zone='us-central1-x': one of us-central1-a, us-central1-b",
        "/Users/Anna/Projects/Fleet2/infrastructure/main.py:12: a path of 40 characters",
        "modules/clan/inventory/services/zerotier0/default",
        "a" * 63 + "0",
        "projects/example-project/global/networks/VPC1",
        "cache 'https://cache.nixos.org': no user, no password: nothing to hide",
        "root@[fd00::1]:22",
        "PRIVATE KEY",
    ],
)
def test_what_is_no_secret_is_repeated(text: str) -> None:
    assert redact(text) == text
    assert shorten(text) == text or set(text) <= set("a0")


def test_of_a_public_key_its_type_and_comment_are_repeated() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4 admin"
    message = str(field_error("user 'cameron'", "ssh_keys", key, "not a whole key"))
    assert message == ("user 'cameron': ssh_keys='ssh-ed25519 AAAAC3Nz… admin': not a whole key")


def test_a_run_that_may_be_a_key_is_cut_short_from_40_characters_on() -> None:
    assert shorten("0123456789abcdef" * 4) == "01234567…"
    assert shorten(HEXADECIMAL[:40]) == f"{HEXADECIMAL[:8]}…"
    assert shorten(HEXADECIMAL[:39]) == HEXADECIMAL[:39]


def test_the_words_around_a_secret_stay() -> None:
    text, _ = SECRETS["PKCS 8"]
    said = f"user {text!r}: name={text!r}: a login name is wanted"
    assert redact(said) == "user '…\\n': name='…\\n': a login name is wanted"


def test_a_long_message_is_searched_in_reasonable_time() -> None:
    """A pattern that looks again from each character would take hours."""
    assert redact("A1b2" * 100_000) == "A1b2" * 100_000
    assert len(redact(("A1b2" * 16 + "\n") * 10_000)) == 650_000
    assert len(shorten("\\n" * 500_000)) == 1_000_000
