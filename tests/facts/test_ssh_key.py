"""Public keys of hosts: real ones are taken, everything else is not."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import FleetError, ssh_key
from tests.tools import require

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQGPFkMTgWa4CKLzUiXjqCaBsFXPkGXXLSg0pCOAnpc"


@pytest.mark.parametrize(
    "kind", ["ed25519", "ecdsa:256", "ecdsa:384", "ecdsa:521", "rsa:1024", "rsa:4096"]
)
def test_what_ssh_keygen_makes_is_taken(kind: str, tmp_path: Path) -> None:
    algorithm, _, bits = kind.partition(":")
    path = tmp_path / "key"
    subprocess.run(
        [
            require("ssh-keygen"),
            "-q",
            "-t",
            algorithm,
            *(["-b", bits] if bits else []),
            "-N",
            "",
            "-C",
            "a b",
            "-f",
            path,
        ],
        check=True,
    )
    line = path.with_suffix(".pub").read_text()
    assert ssh_key.host_key("x", "y", line) == line.removesuffix(" a b\n")
    with pytest.raises(FleetError, match="PRIVATE key") as error:
        ssh_key.host_key("x", "y", path.read_text())
    assert path.read_text()[40:80] not in str(error.value)


def test_the_comment_goes() -> None:
    assert ssh_key.host_key("x", "y", f"{KEY} root@scheelite\n") == KEY


@given(st.integers(12, len(KEY) - 1))
def test_a_key_cut_short_is_refused(length: int) -> None:
    with pytest.raises(FleetError, match=r"ssh_host_key=.*OpenSSH public key of a host"):
        ssh_key.host_key("machine 'galena'", "ssh_host_key", KEY[:length])


@pytest.mark.parametrize(
    "given_key",
    [
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
