"""What people's SSH knows of machines: `~/.ssh/config`, and known hosts.

https://man.openbsd.org/ssh_config, and SSH_KNOWN_HOSTS FILE FORMAT in https://man.openbsd.org/sshd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from infra_lib.clouds.adoption import Item
from infra_lib.model.errors import FleetError
from infra_lib.model.ssh import SshHost
from infra_lib.model.ssh_key import HOST_KEY_TYPES, is_key
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS = {
    "hostname": "host_name",
    "hostkeyalias": "host_key_alias",
    "port": "port",
    "proxyjump": "proxy_jump",
    "user": "user",
}
_SEVERAL = {
    *("certificatefile", "dynamicforward", "identityfile", "localforward", "remoteforward"),
    *("sendenv", "setenv"),
}
# Of several keys of a host, the first of these that it has.
_BEST = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


@frozen(kw_only=True)
class Block:
    """A block of an SSH client's configuration.

    Attributes:
        names: The hosts that it is of, as people call them.
        options: What is said, by the option's name in lower case, and its name as it is written.
        where: The file and the line.
    """

    names: tuple[str, ...]
    options: Mapping[str, tuple[str, list[str]]]
    where: str


@frozen(kw_only=True)
class HostKeys:
    """The keys of hosts, as a file of known hosts has them.

    Attributes:
        keys: By host, or address: the keys, and the line that each is on.
        items: What the report says.
    """

    keys: Mapping[str, tuple[tuple[str, str], ...]] = field(factory=dict)
    items: tuple[Item, ...] = ()


def read_ssh_config(text: str, where: str) -> tuple[list[Block], list[Item]]:
    """Return the blocks of an SSH client's configuration, and what the report says.

    Args:
        text: The file.
        where: What to call it in messages.
    """
    blocks: list[Block] = []
    items: list[Item] = []
    names: tuple[str, ...] = ()
    options: dict[str, tuple[str, list[str]]] = {}
    place = ""

    def end() -> None:
        if names:
            blocks.append(Block(names=names, options=dict(options), where=place))

    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        key, values = words[0].lower(), words[1:]
        at = f"{where}:{number}"
        if key in ("host", "match"):
            end()
            options, place = {}, at
            names = tuple(values) if key == "host" else ()
            if key == "match" or any(set(name) & set("*?!") for name in values):
                names = ()
                what = f"{words[0]} {' '.join(values)!r} is of no one machine"
                do = "leave it in your own configuration"
                items.append(Item(kind="left", where=at, what=what, do=do))
        elif key == "include":
            do = f"give that file too: --ssh-config {values[0] if values else 'FILE'}"
            items.append(Item(kind="left", where=at, what="it includes another file", do=do))
        elif names:
            _, said = options.setdefault(key, (words[0], []))
            said.append(" ".join(values))
    end()
    return blocks, items


def ssh_host(block: Block) -> SshHost:
    """Return how SSH reaches a host, as its block says it.

    Raises:
        FleetError: When an option has a value that cannot be.
    """
    fields: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for key, (name, values) in block.options.items():
        if key not in _FIELDS:
            others[name] = tuple(values) if key in _SEVERAL and len(values) > 1 else values[0]
        elif key == "port":
            if not values[0].isdigit():
                raise FleetError(f"{block.where}: Port {values[0]!r}: a number is wanted")
            fields["port"] = int(values[0])
        elif values[0].lower() != "none":
            fields[_FIELDS[key]] = values[0]
    if "port" in fields and fields["port"] == 22:
        del fields["port"]
    if "SetEnv" in others:
        pairs = re.findall(r"([A-Za-z_]\w*)=(\S+)", " ".join(block.options["setenv"][1]))
        others["SetEnv"] = dict(pairs)
    return SshHost(**fields, options=others)


def read_known_hosts(text: str, where: str) -> HostKeys:
    """Return the keys of hosts that a file of known hosts has, and what the report says.

    Args:
        text: The file.
        where: What to call it in messages.
    """
    keys: dict[str, list[tuple[str, str]]] = {}
    items: list[Item] = []
    hashed = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        at = f"{where}:{number}"
        if words[0].startswith("@"):
            do = "say it in Fleet(ssh=Ssh(certificate_authorities=(SshCertificateAuthority(…),)))"
            items.append(Item(kind="left", where=at, what=f"a line {words[0]}", do=do))
            continue
        if len(words) < 3 or words[1] not in HOST_KEY_TYPES or not is_key(words[1], words[2]):
            what = "no host and its public key: a type that OpenSSH knows, and its base64"
            items.append(Item(kind="left", where=at, what=what))
            continue
        for host in words[0].split(","):
            if host.startswith("|"):
                hashed += 1
                continue
            keys.setdefault(_bare(host), []).append((f"{words[1]} {words[2]}", at))
    if hashed:
        what = f"{hashed} of its hosts are hashed, and whose they are cannot be told"
        do = "clan's vars have the keys of its machines: --vars"
        items.append(Item(kind="left", where=where, what=what, do=do))
    return HostKeys(
        keys={host: tuple(dict.fromkeys(each)) for host, each in keys.items()}, items=tuple(items)
    )


def best_key(keys: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the key of a host that is written down, of several; None of none."""
    found = [*keys]
    for kind in _BEST:
        for key, where in found:
            if key.startswith(f"{kind} "):
                return key, where
    return found[0] if found else None


def _bare(host: str) -> str:
    """Return a host without brackets and port."""
    found = re.fullmatch(r"\[(.*)\]:\d+", host)
    return (found[1] if found else host).lower()


def _words(line: str) -> list[str]:
    """Return the words of a line: an option, then its values, of which some are in quotes."""
    return [*_split(line)]


def _split(line: str) -> Iterator[str]:
    text = line.strip()
    if not text or text.startswith("#"):
        return
    found = re.match(r"([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+|$)(.*)", text)
    if found is None:
        return
    yield found[1]
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', found[2]):
        if plain.startswith("#"):
            return
        yield quoted or plain
