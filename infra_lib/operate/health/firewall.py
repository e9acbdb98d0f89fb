"""What NixOS's firewall lets in, as iptables or nftables tell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/networking/firewall-iptables.nix
_CHAIN = "nixos-fw"
_HOOK = rf"^-A INPUT(?: .*)? -j {_CHAIN}$"
_RULE = rf"^-A {_CHAIN} -p (tcp|udp)(?: -m \w+)* --dports? (\S+) -j (?:{_CHAIN}-accept|ACCEPT)$"
# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/networking/firewall-nftables.nix
_TABLE = rf"^table \w+ {_CHAIN}\b"
_NFT_RULE = r"^\s*(tcp|udp) dport (\{[^}]*\}|\S+)(?: counter[^;\n]*?)? accept"


@frozen
class Opened:
    """What comes in from everywhere; a rule for one interface or one address is not counted.

    Attributes:
        tcp: Ports and ranges of ports, "22" or "8000-8010", in the order of the rules.
        udp: The same for UDP.
    """

    tcp: tuple[str, ...] = ()
    udp: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The same for people: "TCP 22, 80; UDP 9993"."""
        kinds = (("TCP", self.tcp), ("UDP", self.udp))
        return "; ".join(f"{kind} {', '.join(ports)}" for kind, ports in kinds if ports)

    def takes_tcp(self, port: int) -> bool:
        """Whether a TCP port is among them."""
        return any(_covers(ports, port) for ports in self.tcp)


def read_iptables(text: str) -> Opened | None:
    """Return what comes in, of what `iptables -S` prints; None when NixOS's rules are not there."""
    if not re.search(_HOOK, text, re.MULTILINE):
        return None
    return _opened(
        (kind, port.replace(":", "-"))
        for kind, ports in re.findall(_RULE, text, re.MULTILINE)
        for port in ports.split(",")
    )


def read_nftables(text: str) -> Opened | None:
    """Return what comes in, of what `nft list ruleset` prints; None likewise."""
    begun = re.search(_TABLE, text, re.MULTILINE)
    if begun is None:
        return None
    end = text.find("\n}", begun.end())
    own = text[begun.end() : len(text) if end < 0 else end]
    return _opened(
        (kind, port.strip())
        for kind, ports in re.findall(_NFT_RULE, own, re.MULTILINE)
        for port in ports.strip("{} ").split(",")
    )


def _opened(rules: Iterable[tuple[str, str]]) -> Opened:
    ports = dict.fromkeys(rules)
    tcp, udp = (tuple(port for kind, port in ports if kind == wanted) for wanted in ("tcp", "udp"))
    return Opened(tcp, udp)


def _covers(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return False  # the name of a service, or of a set
    return int(first) <= port <= int(last or first)
