"""Address ranges from which nobody comes by way of the Internet."""

from __future__ import annotations

from functools import cache

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Those of private networks: https://www.rfc-editor.org/rfc/rfc1918."""

# Those of carriers and VPNs, and of private networks in IPv6: RFC 6598, RFC 4193.
_OTHERS = ("100.64.0.0/10", "fc00::/7")


@cache
def is_inside(source: str) -> bool:
    """Return whether all who come from a range are inside some network, or have a way into it.

    Args:
        source: The range, in CIDR notation.
    """
    from ipaddress import ip_network

    network = ip_network(source)
    return any(
        network.version == inside.version and network.subnet_of(inside)  # type: ignore[arg-type]
        for inside in map(ip_network, (*PRIVATE, *_OTHERS))
    )
