"""docs/extending.md and docs/clan.md are run: as a user runs them, and with public names only."""

import ast
import base64
import importlib
import inspect
import json
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

import infra_lib
from nixgen.files.load import load
from nixgen.files.write import write
from tests.helpers import CHECKOUT
from tests.helpers.markdown import Example, anchors, examples, links
from tests.helpers.nix import run
from tests.helpers.process import git, python
from tests.helpers.tools import require

EXTENDING = list(examples((CHECKOUT / "docs/extending.md").read_text()))
EXAMPLES = [*EXTENDING, *examples((CHECKOUT / "docs/clan.md").read_text())]

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]

OURS = {"infra_lib", "nixgen"}
PUBLIC = {"infra_lib", "infra_lib.clan_services", "infra_lib.stacks", "nixgen"}

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def test_every_way_is_shown() -> None:
    assert len(EXTENDING) == 17


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text())


COPIED = ("README.md", "docs", "main.py", "facts.json", "infra_lib", "snapshots")
"""What readers copy from, the scaffold of `infra init` among it."""

MEMBER_IDS = {
    *("0123456789", "1a7c3e59d2", "1d2e3f4a5b", "4c1f6a2b9e", "6e0d8b3a17", "93b0d4f7a6"),
    "abcdef1200",
}
"""ZeroTier's, made up."""


def copied(pattern: str) -> set[str]:
    names = git(CHECKOUT, "ls-files", *COPIED).splitlines()
    return {it for name in names for it in re.findall(pattern, (CHECKOUT / name).read_text())}


def test_addresses_are_nobody_s() -> None:
    """They are made for documentation (RFC 5737, RFC 3849), private, or a cloud's own.

    Those are Google's range for SSH, and the name servers of Hetzner Cloud.

    Ranges as wide as a /8 are nobody's alone.
    """
    found = set()
    for text in copied(
        r"(?<![\w.])\d+(?:\.\d+){3}\b(?!/[0-8]\b)|(?<![\w:])[\da-f]*:[\da-f]*:[\da-f:]*(?![\w:])"
    ):
        with suppress(ValueError):  # something else, as a time
            found.add(ip_address(text))
    clouds = ip_network("35.235.240.0/20"), ip_network("2a01:4ff:ff00::add:0/126")
    own = {it for it in found if any(it in network for network in clouds)}
    assert {it for it in found - own if it.is_global} == set()
    zerotier = {it.packed for it in found if re.match(rb"\xfd.{8}\x99\x93", it.packed, re.DOTALL)}
    assert {packed[1:9].hex() for packed in zerotier} == {"0123456789abcdef"}
    members = {packed[11:].hex() for packed in zerotier}
    assert members | copied(r"member_id\W+([\da-f]{10})\b") == MEMBER_IDS


def test_keys_are_nobody_s() -> None:
    keys = {base64.b64decode(text)[-32:] for text in copied(r"ssh-ed25519 (AAAA[\w+/]+=*)")}
    assert keys
    assert {key for key in keys if b"no private key" not in key} == set()


@each_example
def test_it_uses_public_names_only(example: Example) -> None:
    for node in ast.walk(ast.parse(example.code)):
        if isinstance(node, ast.Import):
            assert not {name.name.partition(".")[0] for name in node.names} & OURS
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS:
            assert node.module in PUBLIC
            public = importlib.import_module(node.module).__all__
            assert {name.name for name in node.names} <= set(public)


@each_example
def test_its_files_are_what_the_document_shows(example: Example, project: Path) -> None:
    source = "main:files" if "def files(" in example.code else "main:fleet"
    files = load(source, project)
    root = project / "flake"
    write(files, root, source)
    nix = [str(path) for path in root.rglob("*.nix")]
    for command in (["nix-instantiate", "--parse"], ["deadnix", "--fail"]):
        done = run(*command, *nix)
        assert done.returncode == 0, done.stdout + done.stderr
    if "Raw(" not in example.code:  # how raw Nix is laid out is up to who writes it
        done = run("nixfmt", "--check", *nix)
        assert done.returncode == 0, done.stdout + done.stderr
    for block in example.shown:
        assert block.path, f"which file holds this?\n{block.code}"
        assert block.code in (root / block.path).read_text()


def stacks(folder: Path) -> dict[str, Any]:
    return {
        path.parent.name: json.loads(path.read_text())
        for path in folder.glob("cdktf.out/stacks/*/cdk.tf.json")
    }


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if "App()" in example.code], ids=lambda it: it.name
)
def test_its_stacks_are_synthesized(example: Example, project: Path) -> None:
    require("node")
    done = python("main.py", cwd=project)
    assert done.returncode == 0, done.stderr
    assert EXPECTED[example.name](stacks(project))


def is_referred_to(found: dict[str, Any]) -> bool:
    resources = found["gcp"]["resource"]
    address = resources["google_compute_instance"]["galena"]["network_interface"][0]
    (record,) = resources["google_dns_record_set"].values()
    return bool(
        record["rrdatas"] == ["${google_compute_address.galena.address}"]
        and address["access_config"] == [{"nat_ip": "${google_compute_address.galena.address}"}]
        and list(resources["google_compute_address"]) == ["galena"]
    )


def in_a_network_of_its_own(found: dict[str, Any]) -> bool:
    resources = found["gcp"]["resource"]
    reference = "${google_compute_network.metals.id}"
    (interface,) = resources["google_compute_instance"]["galena"]["network_interface"]
    rules = resources["google_compute_firewall"]
    return bool(
        list(resources["google_compute_network"]) == ["metals"]
        and interface["network"] == reference
        and {name: rule["network"] for name, rule in rules.items()} == {"ssh": reference}
    )


def placed(found: dict[str, Any]) -> dict[str, Any]:
    """Of each stack: its project and region, and the machines with their zones."""
    return {
        name: (
            stack["provider"]["google"][0]["project"],
            stack["provider"]["google"][0]["region"],
            {
                machine: body["zone"]
                for machine, body in stack["resource"]["google_compute_instance"].items()
            },
        )
        for name, stack in found.items()
    }


EXPECTED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "Resources of your own in the same stack 1": is_referred_to,
    "Resources of your own in the same stack 2": in_a_network_of_its_own,
    "Several fleets, stacks, projects and regions 1": lambda found: (
        placed(found)
        == {
            "metals": (
                "example-metals",
                "us-central1",
                {"galena": "us-central1-b", "sphalerite": "europe-west4-a"},
            ),
            "salts": ("example-salts", "europe-west4", {"halite": "europe-west4-a"}),
        }
    ),
    "Several fleets, stacks, projects and regions 2": lambda found: (
        placed(found)
        == {
            "lab": ("example-lab", "us-central1", {"galena": "us-central1-b"}),
            "shop": ("example-shop", "europe-west4", {"halite": "europe-west4-a"}),
        }
    ),
    "Several fleets, stacks, projects and regions 3": lambda found: (
        {name: [*stack["resource"]["hcloud_server"]] for name, stack in found.items()}
        == {"lab": ["cinnabar"], "web": ["electrum"]}
    ),
}


@pytest.mark.parametrize(
    "example", [it for it in EXAMPLES if "def files(" in it.code], ids=lambda it: it.name
)
def test_one_of_several_fleets_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:files"\n')

    def infra(*arguments: str) -> subprocess.CompletedProcess[str]:
        return python("-m", "infra_lib", *arguments, cwd=project)

    refused = infra("show")
    assert refused.returncode == 2
    assert "got dict; --source names another" in refused.stderr
    assert "halite" in infra("show", "--source", "main:salts").stdout
    require("node")
    assert python("main.py", cwd=project).returncode == 0
    steps = infra("runbook", "--source", "main:salts", "--stack", "salts", "halite").stdout
    # Naming salts would write its files beside the folders of both.
    assert "       nixgen write\n" in steps
    assert "nixgen write main" not in steps
    assert "infra deploy --source main:salts --stack salts\n" in steps


def test_the_fields_that_the_page_on_security_names_are_there() -> None:
    text = (CHECKOUT / "docs/security.md").read_text()
    named = set(re.findall(r"\b([A-Z]\w+)\((\w+)=", text))
    assert {("GcpProject", "os_login"), ("ShieldedVm", "secure_boot")} <= named
    for name, field in named:
        assert field in inspect.signature(getattr(infra_lib, name)).parameters, f"{name}({field}=)"
