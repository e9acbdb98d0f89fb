"""Caches, SSH's files and clan's vars, read; and files that are no such thing, refused."""

from pathlib import Path
from typing import Any

import pytest

from infra_lib import BinaryCache, FleetError, SshHost
from infra_lib.operate.adopt.cache_files import read_caches
from infra_lib.operate.adopt.json_files import read_json
from infra_lib.operate.adopt.sources import KINDS, read_source
from infra_lib.operate.adopt.ssh_files import read_known_hosts, read_ssh_config, ssh_host
from main import fleet
from tests.helpers.adoption import adopt, plant, put_json, report
from tests.helpers.nix import evaluate
from tests.helpers.nix_fleets import KEY
from tests.helpers.projects import newest_vars, put

NIXOS = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
CUDA = "cache.nixos-cuda.org:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M="
OTHER = "builder:bDkLsEbTQgnFa9nCuTVnmNf4fYqSLp6mhOC7LCEJ5Kk="


def test_generated_caches_are_the_same_again(tmp_path: Path) -> None:
    evaluated = evaluate(f"import {plant(fleet, tmp_path / 'nix')}/lib/caches.nix")

    caches, items = read_caches(evaluated, "caches.json")

    assert tuple(caches) == fleet.caches
    assert not items


@pytest.mark.parametrize(
    ("document", "caches"),
    [
        (
            [{"url": "https://cache.nixos.org", "publicKey": NIXOS}],
            [("https://cache.nixos.org", NIXOS, None)],
        ),
        (
            {"caches": [{"url": "https://cache.nixos.org", "publicKey": NIXOS, "priority": 3}]},
            [("https://cache.nixos.org", NIXOS, 3)],
        ),
        (
            {"caches": {"cuda": {"url": "https://cache.nixos-cuda.org", "publicKeys": [CUDA]}}},
            [("https://cache.nixos-cuda.org", (CUDA,), None)],
        ),
        (
            {
                "nixConfig": {
                    "extra-substituters": [
                        "https://cache.nixos-cuda.org?priority=5",
                        "https://cache.nixos.org/",
                    ],
                    "extra-trusted-public-keys": [NIXOS, CUDA],
                }
            },
            [("https://cache.nixos-cuda.org", CUDA, 5), ("https://cache.nixos.org/", NIXOS, None)],
        ),
        (
            {"substituters": "https://my.example", "trusted-public-keys": OTHER},
            [("https://my.example", OTHER, None)],
        ),
    ],
)
def test_caches_in_any_of_their_forms(document: Any, caches: list[tuple[str, Any, Any]]) -> None:
    found, _ = read_caches(document, "caches.json")

    assert found == [BinaryCache(url, public_key=k, priority=p) for url, k, p in caches]


def test_a_key_that_is_paired_by_order_is_a_guess() -> None:
    document = {"substituters": ["https://my.example"], "trusted-public-keys": [OTHER]}

    _, items = read_caches(document, "nixConfig.json")

    assert [item.kind for item in items] == ["guessed"]


def test_a_cache_without_a_key_and_a_key_without_a_cache_are_told() -> None:
    document = {
        "substituters": ["https://a.example", "https://b.example"],
        "trusted-public-keys": [OTHER],
    }

    found, items = read_caches(document, "nixConfig.json")

    assert not found
    assert [item.kind for item in items] == ["left", "left", "left"]
    assert "builder goes with none" in items[0].what


CONFIG = """\
Include config.d/*
Host *
  ServerAliveInterval 30
# machines
Host galena galena.zt
    HostName galena.zt
    User "root"
    Port = 2222   # not the usual one
    IdentityFile ~/.ssh/a
    IdentityFile ~/.ssh/b
    SetEnv TERM=xterm LANG=C
host electrum
  hostname 203.0.113.9
  ProxyJump none
Host phone
  Port 8022
Match exec "true"
  User nobody
"""


def test_an_ssh_configuration() -> None:
    blocks, items = read_ssh_config(CONFIG, "config")

    assert [block.names for block in blocks] == [("galena", "galena.zt"), ("electrum",), ("phone",)]
    assert ssh_host(blocks[0]) == SshHost(
        host_name="galena.zt",
        user="root",
        port=2222,
        options={
            "IdentityFile": ("~/.ssh/a", "~/.ssh/b"),
            "SetEnv": {"TERM": "xterm", "LANG": "C"},
        },
    )
    assert ssh_host(blocks[1]) == SshHost(host_name="203.0.113.9")
    assert [item.where for item in items] == ["config:1", "config:2", "config:17"]


def test_known_hosts() -> None:
    lines = (
        f"galena.zt,203.0.113.7 {KEY}",
        f"|1|x|y {KEY}",
        f"@cert-authority *.zt {KEY}",
        f"[gate]:22 {KEY}",
        "x y",
    )
    text = "\n".join(lines)

    known = read_known_hosts(text, "known_hosts")

    assert list(known.keys) == ["galena.zt", "203.0.113.7", "gate"]
    assert known.keys["gate"] == ((KEY, "known_hosts:4"),)
    assert sorted(item.where for item in known.items) == [
        "known_hosts",
        "known_hosts:3",
        "known_hosts:5",
    ]


def test_what_is_known_of_hosts_becomes_facts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = {
        "meta": {"name": "metals", "domain": "zt"},
        "machines": {"galena": {}, "cinnabar": {}, "electrum": {}, "scheelite": {}},
        "instances": {"zerotier": {"roles": {"controller": {"machines": {"cinnabar": {}}}}}},
    }
    newest_vars(tmp_path)
    other = KEY.replace("IG", "IH")
    put(tmp_path, "per-machine/galena/openssh/ssh.id_ed25519.pub", KEY)
    (tmp_path / "known_hosts").write_text(f"galena {other}\nelectrum.zt {KEY[:-4]}AAAA\n")
    (tmp_path / "config").write_text(CONFIG)

    found = adopt(
        tmp_path,
        *("--inventory", put_json(tmp_path, "inventory.json", inventory)),
        *("--vars", tmp_path / "vars", "--known-hosts", tmp_path / "known_hosts"),
        *("--ssh-config", tmp_path / "config"),
    )

    assert found.facts.machine("galena").ssh_host_key == KEY
    assert found.facts.machine("scheelite").state_version == "25.05"
    assert found.facts.zerotier_network_id is not None
    assert found.facts.path == tmp_path / "facts.json"
    assert found.machine("galena").ssh.port == 2222
    # Its own name says nothing of where it is.
    assert found.machine("galena").ssh.host_name is None
    assert found.machine("electrum").ssh.host_name == "203.0.113.9"
    told = report(capsys)
    assert "ssh_host_key of galena is" in told
    assert "which wins" in told
    assert "Host phone is of no machine of the fleet" in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_is_not_there_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="none"):
        read_source(kind, tmp_path / "none")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty"),
        (b'{"machines": {"a": {', "was it cut off"),
        (b"not json", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100000, "no JSON"),
        (b"1" * 10000, "no JSON"),
        (b'{"a": NaN}', "NaN is no number"),
    ],
)
def test_a_file_that_holds_no_json_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "it.json").write_bytes(data)

    with pytest.raises(FleetError, match=message):
        read_json(tmp_path / "it.json")


def test_json_with_a_mark_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "it.json").write_bytes(b"\xef\xbb\xbf{}")
    (tmp_path / "other.json").write_bytes('{"a": 1}'.encode("utf-16"))

    assert read_json(tmp_path / "it.json") == {}
    assert read_json(tmp_path / "other.json") == {"a": 1}


@pytest.mark.parametrize("document", [{}, {"a": 1}, "x", {"caches": [1]}, {"substituters": 3}])
def test_what_is_no_cache_is_refused(document: Any) -> None:
    with pytest.raises(FleetError, match=r"caches\.json"):
        read_caches(document, "caches.json")
