"""What looks secret is found in what machines are told; what does not is left where it is."""

import time

import pytest

from infra_lib import Reference
from infra_lib.clouds.adoption import Found
from infra_lib.clouds.secret_values import is_secret, looks_secret

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1v0zJm5sYqPz0o1lqf1Fh2Q9Yb3Xk8n7Vw6Tt5Rr4E"
BASE64 = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\npassword: hunter\n",
        "#cloud-config\nchpasswd: {list: 'root:hunter'}\n",
        '{"token": "hunter"}',
        "token='hunter'",
        "export K3S_TOKEN=hunter",
        "export API_KEY = hunter",
        "api.key: hunter",
        "join key: hunter",
        "passphrase=hunter",
        "passwd=$6$hunter$x",
        "--token hunter",
        "tailscale up --auth-key tskey-auth",
        "run --db-password=hunter",
        "java -password hunter",
        "run: ['--token hunter']",
        "password hunter2",
        "machine example.org\nlogin admin\npassword hunter",
        "postgres://admin:hunter@db.example.org/x",
        "-----BEGIN PRIVATE KEY-----\nhunter\n-----END PRIVATE KEY-----",
        f"PrivateKey = {BASE64}",
        f"wg set wg0 private {BASE64}",
        f"-----BEGIN CERTIFICATE-----\n{BASE64}\n-----END CERTIFICATE-----\n{BASE64}",
        f"seed {HEX}",
        f"{KEY} me\n{BASE64}",
        Reference("password=hunter ${var.host}"),
    ],
)
def test_what_gives_a_value_to_a_secret_looks_like_one(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "hello",
        None,
        7,
        ["password: hunter"],
        Reference("${var.token}"),
        "password: ${1}",
        "password: <yours>",
        "token={{ token }}",
        'TOKEN="$(cat /run/token)"',
        'curl --header "$TOKEN"',
        "run --token $TOKEN",
        "cat /run/secrets/token > /run/mine",
        "chmod 0600 /run/token\nreboot",
        "echo the token is in the vault",
        "passwd -l root",
        f"{KEY} admin@example.org",
        f"-----BEGIN CERTIFICATE-----\n{BASE64}\n-----END CERTIFICATE-----\n",
        f"-----BEGIN PUBLIC KEY-----\n{BASE64}\n-----END PUBLIC KEY-----\n",
        f"echo '{HEX}  nixos.tar' | sha256sum -c",
        f"docker run example/ore@sha256:{HEX}",
        f"hash = sha256-{BASE64}",
    ],
)
def test_what_gives_none_does_not(text: object) -> None:
    assert not looks_secret(text)


@pytest.mark.parametrize(
    "name", ["token", "db_password", "DB-Passwd", "apiKey", "api key", "metadata.join-key"]
)
def test_what_is_called_a_secret_is_one_whatever_it_holds(name: str) -> None:
    assert looks_secret("hunter", name)
    assert looks_secret(Reference("hunter-${var.x}"), name)
    assert not looks_secret(Reference("${var.x}"), name)
    assert not looks_secret("", name)


@pytest.mark.parametrize(
    "text",
    [
        *("token", "-", "--", "a", "${", "--a", "token-", " ", "passwd \t", "token = ", "\n"),
        *("eyJ-", "://", "://a:", "ssh-", "sha1=", "login a ", "-----BEGIN ", "a\\n", "=\n"),
        *("-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----", "AAAA0aB/", "password "),
    ],
)
def test_long_texts_are_read_once(text: str) -> None:
    """Metadata of Compute Engine may have 256 KiB in a value."""
    start = time.process_time()
    looks_secret(text * (256 * 1024 // len(text)))
    assert time.process_time() - start < 10, "seconds"


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("metadata.token", True),
        ("metadata.token.x", True),
        ("metadata.tokens", False),
        ("metadata", False),
        ("boot_disk.raw", True),
        ("boot_disk[0].raw", True),
        ("disk.key", True),
        ("disk[2].key", True),
        ("disk.2.key", True),
    ],
)
def test_what_terraform_calls_sensitive_is_found_with_indexes_and_without(
    path: str, marked: bool
) -> None:
    found = Found(
        type="google_compute_instance",
        name="node",
        where="state.json: google_compute_instance.node",
        attributes={},
        exists=True,
        secret=frozenset({"metadata.token", "boot_disk[0].raw", "disk.0.key"}),
    )
    assert is_secret(found, path) == marked
