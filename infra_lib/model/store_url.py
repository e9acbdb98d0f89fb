"""The addresses of Nix stores: what Nix makes of them, and what no address of a cache may hold.

The types of stores are in https://nix.dev/manual/nix/stable/store/types/, and the settings of each
in the header files of https://github.com/NixOS/nix/tree/2.36.0/src/libstore/include/nix/store. What
is written here stands in `nix.conf` and in the Nix store, which every user of a machine can read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.model import destination
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = (
    '"https://cache.nixos.org", "s3://bucket?region=eu-west-1", "ssh-ng://nix@host", '
    '"file:///srv/cache" or "local?root=/mnt"'
)

_URL = (
    r"(?P<scheme>[a-z][-+.a-z0-9]*)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>.*))?"
)
_LOCAL = r"(?P<scheme>local)\?(?P<query>.+)"

_STORE = "store path-info-cache-size trusted priority want-mass-query system-features"
_CACHE = (
    f"{_STORE} compression write-nar-listing index-debug-info local-nar-cache "
    "parallel-compression compression-level"
)
_HTTP = (
    f"{_CACHE} narinfo-compression ls-compression log-compression tls-certificate tls-private-key "
    "retry-delay retry-delay-rate-limited retry-max-delay retry-attempts"
)
_S3 = (
    f"{_HTTP} profile region scheme endpoint addressing-style multipart-upload "
    "multipart-chunk-size buffer-size multipart-threshold storage-class"
)
_SSH = (
    f"{_STORE} ssh-key base64-ssh-public-host-key compress remote-store remote-program "
    "max-connections"
)
_DAEMON = f"{_STORE} root state log real max-connections max-connection-age"
_LOCAL_STORE = f"{_STORE} root state log real require-sigs read-only"
_SETTINGS = {
    "http": _HTTP,
    "https": _HTTP,
    "s3": _S3,
    "ssh": _SSH,
    "ssh-ng": f"{_SSH} max-connection-age",
    "file": _CACHE,
    "unix": _DAEMON,
    "local": _LOCAL_STORE,
}
# Those that lead to another store at the same address.
_CHOOSE = ("endpoint", "real", "region", "remote-store", "root", "scheme", "state", "store")
_ON_THE_MACHINE = ("file", "unix", "local")

# How Nix reads a switch: `BaseSetting<bool>::parse` in src/libutil/configuration.cc.
_YES = ("true", "yes", "1")
_SWITCHES = ("trusted", "want-mass-query", "compress")
_NO = ("false", "no", "0")
_KEY_FILES = ("ssh-key", "tls-private-key")
_SIGNING = ("secret-key", "secret-keys")
_LIKE_SECRETS = r"secret|password|passwd|token|credential|access-?key"
_MOST_PRIORITY = 2**31 - 1

_NETRC = (
    "everybody on the machine could read it in nix.conf: write it into a netrc file on the "
    'machines, and name that with Fleet(netrc_file="/run/secrets/netrc")'
)
_ENDPOINT = (
    "everybody on the machine could read them in nix.conf; Nix takes those of S3 from "
    "~root/.aws/credentials, by profile=…"
)


@frozen
class StoreUrl:
    """An address of a store, taken apart.

    Attributes:
        scheme: What stands before `://`: "https", "s3"; "local" for `local?root=…`.
        place: All before the parameters.
        parameters: Name and value of each parameter, decoded.
    """

    scheme: str
    place: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter; None where the address has it not."""
        return dict(self.parameters).get(name)

    @property
    def trusted(self) -> bool:
        """Whether Nix takes from it what nobody has signed."""
        return self.parameter("trusted") in _YES

    @property
    def on_the_machine(self) -> bool:
        """Whether it is a path on each machine, so that elsewhere it leads to another store."""
        return self.scheme in _ON_THE_MACHINE

    @property
    def store(self) -> str:
        """The address without what makes no other store of it: a slash at its end, a priority."""
        choosing = sorted(each for each in self.parameters if each[0] in _CHOOSE)
        query = "&".join(f"{name}={value}" for name, value in choosing)
        return self.place.rstrip("/") + (f"?{query}" if query else "")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parameters that Nix 2.36 does not know for stores of its kind."""
        known = self.settings
        return tuple(name for name, _ in self.parameters if name not in known)

    @property
    def settings(self) -> tuple[str, ...]:
        """The parameters that stores of its kind have."""
        return tuple(_SETTINGS[self.scheme].split())


def parse(text: str) -> StoreUrl:
    """Take the address of a store apart.

    Args:
        text: One word, as `substituters` in nix.conf takes it.

    Raises:
        ValueError: When it is none that a cache may have; the message says what is wrong.
    """
    found = re.fullmatch(_URL, text) or re.fullmatch(_LOCAL, text)
    if found is None:
        raise ValueError("no address of a store")
    parts = found.groupdict()
    scheme = parts["scheme"]
    if scheme not in _SETTINGS:
        raise ValueError(f"Nix has no stores {scheme}://; {', '.join(_SETTINGS)} are known here")
    _check_place(scheme, parts.get("authority", ""), parts.get("path") or "")
    query = parts["query"]
    place = text if query is None else text[: -len(query) - 1]
    url = StoreUrl(scheme, place, tuple(_parameters(query)) if query is not None else ())
    for name, value in url.parameters:
        _check_parameter(name, value)
    if scheme == "local" and not {"root", "real", "store"} & dict(url.parameters).keys():
        raise ValueError("a store on the machine beside its own has a root: local?root=/mnt")
    return url


def check_path_on_machine(path: str) -> None:
    """Check the path of a file that holds a secret, on the machines.

    Raises:
        ValueError: When it is no absolute path, or one in the Nix store.
    """
    if not path.startswith("/") or "//" in path or {".", ".."} & {*path.split("/")}:
        raise ValueError(
            f"{path!r} is no absolute path on the machines, such as /run/secrets/netrc; a file of "
            "the repository would be copied to the Nix store, which everybody can read"
        )
    if path.startswith("/nix/store/"):
        raise ValueError("everybody on the machine can read what is in the Nix store")


def _check_place(scheme: str, authority: str, path: str) -> None:
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        raise ValueError(f"{path!r} is no path of an address")
    if scheme in _ON_THE_MACHINE:
        if authority or (scheme != "local" and len(path) < 2):
            raise ValueError(f"a path on the machine has three slashes: {scheme}:///path")
        return
    login, at, host = authority.rpartition("@")
    if scheme.startswith("ssh"):
        # Login and host reach ssh as they are.
        destination.parse(authority)
        if path:
            raise ValueError(
                "over SSH a store is a host; one that is elsewhere on it is "
                "?remote-store=local%3Froot=/mnt"
            )
        return
    if ":" in login or (at and scheme == "s3"):
        raise ValueError(f"login and password do not belong in an address: {_NETRC}")
    destination.parse(host)


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for text in query.split("&"):
        name, equals, value = text.partition("=")
        if not name or not equals or "#" in text or re.search(r"%(?![0-9A-Fa-f]{2})", text):
            raise ValueError(f"{text!r} is no parameter, which is a name, = and a value")
        name, value = _decode(name), _decode(value)
        if name in seen:
            raise ValueError(f"the parameter {name} stands there twice")
        seen.add(name)
        yield name, value


def _decode(text: str) -> str:
    from urllib.parse import unquote  # few caches have parameters

    return unquote(text, errors="strict") if "%" in text else text


def _check_parameter(name: str, value: str) -> None:
    if name in _SIGNING:
        raise ValueError(
            f"{name} is for whoever fills a cache; machines take from it, and need its public key"
        )
    if re.search(_LIKE_SECRETS, name, flags=re.IGNORECASE):
        raise ValueError(f"{name} is a secret, and {_NETRC}")
    if name in _KEY_FILES:
        check_path_on_machine(value)
    if name in _SWITCHES and value not in (*_YES, *_NO):
        raise ValueError(f"{name}={value}: {name}=true or {name}=false")
    if name == "endpoint" and "@" in value:
        raise ValueError(f"login and password do not belong in an endpoint: {_ENDPOINT}")
    if name == "priority" and not (
        re.fullmatch(r"[0-9]{1,10}", value) and int(value) <= _MOST_PRIORITY
    ):
        raise ValueError(f"priority={value} is no whole number from 0")
