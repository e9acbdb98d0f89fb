"""A token that is missing is said before anything runs, where a stack that needs it is deployed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra_lib.clouds.hetzner.operations import lacking
from infra_lib.operate.kinds import cloud_of
from infra_lib.terraform.cdktf_json import is_told_nothing
from tests.helpers import CHECKOUT

MAIN = """\
from infra_lib import *

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
HERE = HetznerMachine("cinnabar", server_type="ccx13", location="fsn1")
THERE = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    hetzner=HetznerProject(ssh_keys=(KEY,), ssh_source_ranges=("203.0.113.0/24",)),
    machines=({machines},),
)
"""
TOKEN = "k" * 64


def deploy(
    folder: Path, machines: str, *words: str, token: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `infra deploy` where no program is on PATH: the first that is needed is said to lack."""
    (folder / "main.py").write_text(MAIN.replace("{machines}", machines))
    return subprocess.run(
        [sys.executable, "-m", "infra_lib", "deploy", "--source", "main:fleet", *words],
        cwd=folder,
        env={
            **os.environ,
            "PATH": str(folder),
            "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{folder}",
            "HCLOUD_TOKEN": token,
            "TERRAFORM_BINARY_NAME": "terraform",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("machines", "words"),
    [
        ("HERE", ()),
        ("HERE", ("hetzner",)),
        ("HERE, THERE", ("hetzner",)),
        ("HERE, THERE", ("gcp", "hetzner")),
    ],
)
@pytest.mark.parametrize("token", ["", TOKEN[1:], f"{TOKEN}\n"])
def test_what_cannot_be_deployed_is_not_begun(
    tmp_path: Path, machines: str, words: tuple[str, ...], token: str
) -> None:
    for how in ("--yes", "--plan"):
        done = deploy(tmp_path, machines, how, *words, token=token)
        assert done.returncode == 2
        wrong = f"HCLOUD_TOKEN has {len(token)} characters" if token else "HCLOUD_TOKEN is not set"
        assert f"infra: {wrong}" in done.stderr
        assert "not on PATH" not in done.stderr
        assert "kkk" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("machines", "words", "token"),
    [
        ("HERE", (), TOKEN),
        ("HERE, THERE", ("gcp",), ""),
        ("THERE", (), ""),
        # Which cloud it is of, the synthesis tells.
        ("HERE, THERE", ("west",), ""),
        ("HERE, THERE", (), ""),
    ],
)
def test_nobody_is_asked_for_a_token_that_is_there_or_not_needed(
    tmp_path: Path, machines: str, words: tuple[str, ...], token: str
) -> None:
    done = deploy(tmp_path, machines, "--yes", *words, token=token)
    assert "HCLOUD_TOKEN" not in done.stderr
    assert "terraform is not on PATH" in done.stderr


def test_a_token_has_64_characters() -> None:
    assert lacking({"HCLOUD_TOKEN": TOKEN}) is None
    assert "63 characters" in str(lacking({"HCLOUD_TOKEN": TOKEN[1:]}))


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        ({"hcloud": [{}]}, True),
        ({"hcloud": {}}, True),
        ({"hcloud": [{"token": "${var.token}"}]}, False),
        ({"google": [{"project": "p"}]}, False),
        (None, False),
    ],
)
def test_a_stack_that_tells_its_provider_a_token_needs_none_in_the_environment(
    provider: object, asked: bool
) -> None:
    assert is_told_nothing({"provider": provider}, "hcloud") is asked


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("hcloud_server.google_box", "hcloud"),
        ("module.hcloud_like.google_compute_disk.ore[0]", "google"),
        (r"provider[\"registry.opentofu.org/hetznercloud/hcloud\"]", "hcloud"),
        ('provider["registry.terraform.io/hashicorp/google"]', "google"),
        ("terraform_data.cinnabar", None),
        ("hcloud_server", None),
    ],
)
def test_an_address_is_of_one_cloud(address: str, provider: str | None) -> None:
    cloud = cloud_of(address)
    assert (cloud and cloud.KINDS.provider) == provider
