"""Public keys of hosts and people: real ones are taken, everything else is not."""

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import FleetError, GcpProject, User
from infra_lib.model import ssh_key
from infra_lib.model.validators import check_public_keys
from tests.helpers.process import run
from tests.helpers.tools import require

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"


# The base point of P-256: ssh looks whether a point is on the curve.
POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
OPERATORS = {
    "ssh-dss": (b"\0" + b"\xaa" * 128, b"\0" + b"\xbb" * 20, b"\x11" * 128, b"\x22" * 128),
    "ssh-rsa": (b"\1\0\1", b"\0" + b"\xcc" * 256),
    "sk-ssh-ed25519@openssh.com": (b"\1" * 32, b"ssh:"),
    "sk-ecdsa-sha2-nistp256@openssh.com": (b"nistp256", POINT, b"ssh:"),
}


def operators(kind: str) -> str:
    """A key of a type that no host has, or that ssh-keygen makes with hardware only."""
    fields = (kind.encode(), *OPERATORS[kind])
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"{kind} {base64.b64encode(blob).decode()}"


@pytest.mark.parametrize(
    "kind", ["ed25519", "ecdsa:256", "ecdsa:384", "ecdsa:521", "rsa:2048", "rsa:4096"]
)
def test_what_ssh_keygen_makes_is_taken(kind: str, tmp_path: Path) -> None:
    algorithm, _, bits = kind.partition(":")
    path = tmp_path / "key"
    shape = ["-t", algorithm, *(["-b", bits] if bits else [])]
    run([require("ssh-keygen"), "-q", *shape, "-N", "", "-C", "a b", "-f", str(path)])
    line = path.with_suffix(".pub").read_text()
    assert ssh_key.host_key("x", "y", line) == line.removesuffix(" a b\n")
    check_public_keys("x", "y", (line.rstrip("\n"), line.removesuffix(" a b\n")))
    with pytest.raises(FleetError, match="PRIVATE key") as error:
        ssh_key.host_key("x", "y", path.read_text())
    assert path.read_text()[40:80] not in str(error.value)


def rsa(bits: int) -> str:
    """A key of RSA whose modulus has so many bits."""
    number = (1 << (bits - 1)) + 1
    # The first bit is the sign: RFC 4251, section 5.
    fields = (b"ssh-rsa", b"\1\0\1", number.to_bytes(bits // 8 + 1, "big"))
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"ssh-rsa {base64.b64encode(blob).decode()}"


@pytest.mark.parametrize("bits", [2048, 2049, 3072])
def test_a_key_of_rsa_with_enough_bits_is_taken(bits: int) -> None:
    assert ssh_key.host_key("x", "y", rsa(bits)) == rsa(bits)
    check_public_keys("x", "y", (rsa(bits),))


@pytest.mark.parametrize("bits", [8, 768, 1024, 2047])
def test_a_key_of_rsa_with_fewer_is_refused_and_says_how_many(bits: int) -> None:
    said = rf"y='ssh-rsa .*: an RSA key of {bits} bits; from 2048 on they are accepted"
    with pytest.raises(FleetError, match=said):
        ssh_key.host_key("x", "y", f"{rsa(bits)} root@galena")
    with pytest.raises(FleetError, match=said):
        check_public_keys("x", "y", (KEY, f"{rsa(bits)} admin"))


def test_the_comment_goes() -> None:
    assert ssh_key.host_key("x", "y", f"{KEY} root@scheelite\n") == KEY


@given(st.integers(12, len(KEY) - 1))
def test_a_key_cut_short_is_refused(length: int) -> None:
    with pytest.raises(FleetError, match=r"ssh_host_key=.*OpenSSH public key of a host"):
        ssh_key.host_key("machine 'galena'", "ssh_host_key", KEY[:length])


@pytest.mark.parametrize(
    "given_key",
    [
        operators("ssh-dss"),
        "",
        None,
        7,
        KEY.replace("ssh-ed25519", "ssh-rsa"),
        KEY.replace("ssh-ed25519", "ssh-dss"),
        f"{KEY}\n{KEY}",
        f"{KEY}=",
        "ssh-ed25519 !!!!",
        "galena.zt " + KEY,
    ],
)
def test_what_is_no_host_key_is_refused(given_key: object) -> None:
    with pytest.raises(FleetError, match="OpenSSH public key of a host"):
        ssh_key.host_key("x", "y", given_key)


@pytest.mark.parametrize("kind", OPERATORS)
def test_people_have_further_types(kind: str, tmp_path: Path) -> None:
    line = operators(kind)
    check_public_keys("x", "y", (line, f"{line} admin@example.org"))
    if kind != "ssh-dss":  # which ssh has unlearnt
        path = tmp_path / "key.pub"
        path.write_text(line)
        run([require("ssh-keygen"), "-l", "-f", str(path)])


@given(kind=st.sampled_from([*OPERATORS, "ssh-ed25519"]), data=st.data())
def test_a_key_of_a_person_that_was_cut_short_is_refused(kind: str, data: st.DataObject) -> None:
    line = operators(kind) if kind in OPERATORS else KEY
    cut = line[: data.draw(st.integers(len(kind) + 2, len(line) - 1))]
    with pytest.raises(FleetError, match=rf"ssh_keys=.*not a whole {kind} key"):
        check_public_keys("user 'cameron'", "ssh_keys", (f"{cut} cameron",))


@pytest.mark.parametrize("described", [User, partial(GcpProject, region="us-central1")])
def test_whoever_holds_keys_checks_them(described: Callable[..., object]) -> None:
    described("example", ssh_keys=(KEY,))
    with pytest.raises(FleetError, match="not a whole ssh-ed25519 key"):
        described("example", ssh_keys=("ssh-ed25519 foo",))
