"""SSH destinations: a host is a host, for ssh as for clan, and nothing reaches ssh as an option."""

import re
import subprocess
import urllib.parse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import BinaryCache, Device, FleetError, Machine
from infra_lib.model.destination import Destination, parse
from tests.helpers.tools import require

CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="

ACCEPTED = {
    "galena": Destination("galena"),
    "root@galena.example": Destination("galena.example", "root"),
    "ssh://root@galena.example:2222": Destination("galena.example", "root", 2222),
    "u0_a123@198.51.100.7:8022": Destination("198.51.100.7", "u0_a123", 8022),
    "[2001:db8::1]": Destination("2001:db8::1"),
    "root@[fe80::1%eth0]:222": Destination("fe80::1%eth0", "root", 222),
    "root@galena:65535": Destination("galena", "root", 65535),
    "galena?": Destination("galena"),
    "root@galena?ConnectTimeout=5&StrictHostKeyChecking=no": Destination(
        "galena", "root", options=(("ConnectTimeout", "5"), ("StrictHostKeyChecking", "no"))
    ),
    "galena?connecttimeout=5": Destination("galena", options=(("connecttimeout", "5"),)),
    "galena:22?ProxyJump=root@foo,[::1]:23&IdentityFile=~/.ssh/id": Destination(
        "galena",
        port=22,
        options=(("ProxyJump", "root@foo,[::1]:23"), ("IdentityFile", "~/.ssh/id")),
    ),
}

REFUSED = {
    "": "no host name",
    "-oProxyCommand=x": "no host name",
    "ssh://-oProxyCommand=x:22": "no host name",
    "[-oProxyCommand=x]:22": "no IPv6 address",
    "-oX@host": "no login name",
    "ssh://-oX@host": "no login name",
    "root@-oX": "no host name",
    "@host": "no login name",
    "root@": "no host name",
    "root@:22": "no host name",
    "a@b@c": "user@host:port",
    "root@2001:db8::1": "an IPv6 address stands in brackets",
    "[::1%-x]": "no IPv6 address",
    "[198.51.100.7]": "no IPv6 address",
    "galena:": "no TCP port",
    "galena:0": "no TCP port",
    "galena:65536": "no TCP port",
    "galena:٢٢": "no TCP port",
    "galena:-1": "no TCP port",
    "ssh://galena/": "no host name",
    "ssh://ssh://galena": "no TCP port",
    "http://galena": "no TCP port",
    "%h": "no host name",
    "a;id": "no host name",
    "root`id`@a": "no login name",
    "a" * 254: "no host name",
    "é": "no host name",
    "galena?ProxyCommand=x": "'ProxyCommand' is none of the options",
    "galena?proxycommand=x": "'proxycommand' is none of the options",
    "galena?ConnectTimeout=5&LocalCommand=x": "'LocalCommand' is none of the options",
    "galena?foo": "'foo' is none of the options",
    "galena?ConnectTimeout": "'' is no value of ConnectTimeout",
    "galena?ConnectTimeout=-1": "'-1' is no value of ConnectTimeout",
    "galena?StrictHostKeyChecking=nope": "no value of StrictHostKeyChecking",
    "galena?UserKnownHostsFile=~/.bashrc": "no value of UserKnownHostsFile",
    "galena?IdentityFile=-x": "no value of IdentityFile",
    "galena?ProxyJump=-oX": "no host name",
    "galena?ProxyJump=a,b@-oX": "no host name",
    "galena?ProxyJump=a?ConnectTimeout=5": "a host to jump over has no options",
}

# What a destination is made of, and what it must not be made of.
PARTS = st.lists(
    st.sampled_from(
        [
            *("ssh://", "@", ":", "[", "]", "?", "&", "=", "%", "-", "-o", "-oProxyCommand=id"),
            *("root", "galena", "galena.example", "::1", "fe80::1", "%eth0", ":22", ":0", ":65536"),
            *("ProxyCommand", "ConnectTimeout=5", "ProxyJump=a", ";", "|", "`", "/", ".", ",", "é"),
        ]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("text", ACCEPTED)
def test_the_parts_are_what_was_meant(text: str) -> None:
    assert parse(text) == ACCEPTED[text]
    assert Machine("galena", target_host=text).target_host == text


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_destination_is_refused_with_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(REFUSED[text])):
        parse(text)
    with pytest.raises(FleetError) as refused:
        Machine("galena", target_host=text)
    assert "machine 'galena': target_host=" in str(refused.value)
    assert "root@host.example" in str(refused.value)


@settings(deadline=None)
@given(PARTS | st.text())
def test_clan_takes_apart_what_is_accepted_in_the_same_way(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    assert _of_clan(text) == (
        found.host.lower(),  # as urlsplit has it
        found.user or "root",
        found.port,
        dict(found.options),
    )


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_ssh_dials_what_was_taken_apart_and_runs_nothing(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    meant = _settings("-F", "/dev/null", *found.ssh(), "--", "true")
    assert meant["hostname"] == found.host.lower()
    assert meant["port"] == str(found.port or 22)
    assert found.user is None or meant["user"] == found.user
    assert not {"proxycommand", "localcommand", "knownhostscommand", "remotecommand"} & {
        key for key, value in meant.items() if value != "none"
    }


@pytest.mark.parametrize("text", ACCEPTED)
def test_an_option_means_to_ssh_what_it_says(text: str) -> None:
    found = parse(text)
    meant = _settings("-F", "/dev/null", *found.ssh())
    for name, value in found.options:
        said = {"no": "false"}.get(value, value)
        assert meant[name.lower()] == said


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("ssh://-oProxyCommand=x", "no host name"),
        ("ssh-ng://-oProxyCommand=x?remote-store=auto", "no host name"),
        ("ssh-ng://host/store", "over SSH a store is a host"),
        ("ssh://-oX@host", "no login name"),
        ("ssh-ng://-oX@host", "no login name"),
        ("ssh://[-oX]", "no IPv6 address"),
        ("https://-oX", "no host name"),
        ("https://a@-oX/nix", "no host name"),
        ("s3://-oX", "no host name"),
        ("https:///nix", "no host name"),
        ("ssh://a@b@c", "user@host:port"),
    ],
)
def test_the_host_of_a_cache_is_a_host(url: str, wrong: str) -> None:
    with pytest.raises(FleetError, match=re.escape(wrong)):
        BinaryCache(url, public_key=CACHE_KEY)


@pytest.mark.parametrize(
    "url",
    [
        "https://cache.nixos.org",
        "http://[2001:db8::1]:8080/nix/",
        "https://me@cache.example",
        "https://cache.example?want-mass-query=true&compression=zstd",
        "s3://my_bucket.example",
        "s3://builds?endpoint=https%3A%2F%2Fminio.example:9000&region=eu-west-1&profile=nix",
        "s3://builds?endpoint=minio.example&scheme=http&addressing-style=path",
        "ssh://nix@cache.example:2222",
        "ssh-ng://cache.example",
        "ssh-ng://nix@cache.example?ssh-key=/run/secrets/nix&remote-program=/run/current-system/sw/bin/nix-daemon",
        "file:///srv/cache?compression=none",
        "unix:///run/other-daemon.sock",
        "local?root=/mnt/old",
    ],
)
def test_the_addresses_of_caches_are_accepted(url: str) -> None:
    assert BinaryCache(url, public_key=CACHE_KEY).substituter == url


@pytest.mark.parametrize("user", ["-oX", "-l", "a;id", "", "a@b", "%u", ".a"])
def test_the_user_of_a_device_is_a_login_name(user: str) -> None:
    with pytest.raises(FleetError, match="device 'pixel': user="):
        Device("pixel", zerotier_member_id="1d2e3f4a5b", user=user)


def _settings(*arguments: str) -> dict[str, str]:
    asked = subprocess.run(
        [require("ssh"), "-G", *arguments], capture_output=True, text=True, check=True
    )
    return dict(line.split(" ", 1) for line in asked.stdout.splitlines() if " " in line)


def _of_clan(text: str) -> tuple[Any, ...]:
    """Take a destination apart as clan does; see `infra_lib.model.destination` for where."""
    endpoint, _, options = text.removeprefix("ssh://").partition("?")
    *user, host_port = endpoint.split("@")
    assert len(user) < 2
    assert host_port.count(":") <= 1 or re.match(r".*\[.*]", host_port)
    pairs = [each.split("=", maxsplit=1) for each in options.split("&") if each]
    result = urllib.parse.urlsplit(f"//{host_port}")
    assert result.hostname
    return result.hostname, user[0] if user else "root", result.port, dict(pairs)
