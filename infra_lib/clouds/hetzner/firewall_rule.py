"""What comes in to one machine from the Internet, beside what the fleet opens."""

from __future__ import annotations

import re
from typing import Literal

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_cidrs,
    check_one_of,
    strings,
    valid,
)

EVERYBODY = ("0.0.0.0/0", "::/0")
_PROTOCOLS = ("tcp", "udp", "icmp", "esp", "gre")
# The API answers a port without zeros before it, and each plan would put them back.
_PORTS = r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?"
_MOST_PORT = 65535


@frozen
class FirewallRule:
    """What comes in to a machine at Hetzner Cloud, beside what the fleet opens.

    NixOS has a firewall of its own, which `networking.firewall` of the machine's `config` opens.

    Attributes:
        protocol: "tcp", "udp", "icmp", "esp" or "gre".
        port: The port, or a range of them: "443", "60000-61000"; None for "icmp", "esp" and "gre",
            which have none.
        source_ranges: Who may come in, in CIDR notation; everybody by default.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "firewall rule"

    protocol: Literal["tcp", "udp", "icmp", "esp", "gre"] = field(
        validator=valid(check_one_of, _PROTOCOLS)
    )
    port: str | None = field(default=None, kw_only=True)
    source_ranges: tuple[str, ...] = field(
        default=EVERYBODY, converter=strings, validator=valid(check_cidrs), kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        if (self.port is None) == (self.protocol in {"tcp", "udp"}):
            accepted = 'tcp and udp have a port or a range of them, "443" or "60000-61000"'
            raise field_error(self._where, "port", self.port, f"{accepted}, and no other has")
        if self.port is not None:
            _check_ports(self._where, self.port)
        if not self.source_ranges:
            accepted = "at least one range is wanted; leave the rule out to let nobody in"
            raise field_error(self._where, "source_ranges", self.source_ranges, accepted)


def _check_ports(where: str, port: object) -> None:
    found = re.fullmatch(_PORTS, port) if isinstance(port, str) else None
    first, last = (int(each or 0) for each in (found.groups() if found else ("0", "0")))
    if not 1 <= first <= _MOST_PORT or (last and not first < last <= _MOST_PORT):
        accepted = 'a port as text, or a range of them: "443", "60000-61000"'
        raise field_error(where, "port", port, accepted)
