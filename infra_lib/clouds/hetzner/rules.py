"""What Hetzner Cloud accepts of a machine's fields together, checked before anything is written.

Each rule takes values, of which each alone is right by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.model.errors import field_error
from infra_lib.model.validators import check_unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.hetzner.catalog import Location, ServerType
    from infra_lib.clouds.hetzner.volume import Volume

_NAMED = {
    "x86": r"(?i)(?<![a-z0-9])(x86|x86[-_]64|amd64)(?![a-z0-9])",
    "arm": r"(?i)(?<![a-z0-9])(arm|arm64|aarch64)(?![a-z0-9])",
}

_MOST = {"volumes": (16, "volumes"), "networks": (3, "networks"), "firewall_rules": (50, "rules")}


def check_networks(where: str, field: str, value: object) -> None:
    """Check names of private networks, with an address or None each.

    Raises:
        FleetError: When it is no mapping of such.
    """
    accepted = 'names of private networks, with an address or None: {"internal": "10.0.1.5"}'
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, accepted)
    for name, address in value.items():
        if not isinstance(name, str) or not (address is None or isinstance(address, str)):
            raise field_error(where, field, value, accepted)


def check_not_stopped(where: str, *, stopped: bool) -> None:
    """Check that nobody asks for a server that is powered off: it would save nothing.

    The rule: https://docs.hetzner.com/cloud/billing/faq.

    Raises:
        FleetError: When somebody does.
    """
    if stopped:
        accepted = (
            "a server that is powered off costs its full price at Hetzner; enabled=False deletes "
            "it, and keeps its volumes and addresses. What is on its own disk is lost"
        )
        raise field_error(where, "stopped", stopped, accepted)


def check_fallback_locations(
    where: str, places: Sequence[Location], *, volumes: bool, networks: bool
) -> None:
    """Check that a machine can be in each of its locations.

    Args:
        where: What to call the machine.
        places: Its location, then those to try after it.
        volumes: Whether it has volumes, which are in its location.
        networks: Whether it is in a private network, which is in one network zone.

    Raises:
        FleetError: When it cannot.
    """
    first, *others = places
    names = tuple(each.name for each in others)
    check_unique(where, "fallback_locations", (first.name, *names))
    if names and volumes:
        accepted = (
            f"its volumes stay in {first.name}, and cannot be attached elsewhere: leave "
            "fallback_locations out, or volumes"
        )
        raise field_error(where, "fallback_locations", names, accepted)
    if networks and any(each.network_zone != first.network_zone for each in others):
        accepted = f"its private network is in {first.network_zone} only: name locations of that"
        raise field_error(where, "fallback_locations", names, accepted)


def check_how_many(where: str, *, volumes: int, networks: int, firewall_rules: int) -> None:
    """Check that a server has no more than Hetzner Cloud takes.

    The rules: https://docs.hetzner.com/cloud/volumes/faq,
    https://docs.hetzner.com/networking/networks/faq, and of rules in a firewall,
    https://docs.hetzner.cloud/reference/cloud#firewall-actions-set-rules.

    Raises:
        FleetError: When it has.
    """
    given = {"volumes": volumes, "networks": networks, "firewall_rules": firewall_rules}
    for name, number in given.items():
        most, what = _MOST[name]
        if number > most:
            raise field_error(where, name, f"{number} {what}", f"at most {most} are accepted")


def check_volumes(where: str, volumes: Sequence[Volume], location: str) -> None:
    """Check that volumes are where their server is, and have names of their own.

    Raises:
        FleetError: When not.
    """
    check_unique(where, "volumes.name", (volume.name for volume in volumes))
    for volume in volumes:
        if volume.location not in {None, location}:
            accepted = (
                f"a volume is attached in its own location alone, and the server is in {location}: "
                "leave it out"
            )
            raise field_error(
                where, f"volumes[{volume.name!r}].location", volume.location, accepted
            )


def check_image_architecture(
    where: str, image: str, said: str | None, server_type: ServerType
) -> None:
    """Check that an image is for the processors of a server type.

    Args:
        where: What to call the machine.
        image: The image's name.
        said: What it is built for, "x86" or "arm"; None for what its name tells, if it does.
        server_type: The server type.

    Raises:
        FleetError: When it is for others.
    """
    told = [each for each, pattern in _NAMED.items() if re.search(pattern, image)]
    built_for = said or (told[0] if len(told) == 1 else None)
    if built_for not in {None, server_type.architecture}:
        accepted = (
            f"it is for {built_for}, and {server_type.name} is {server_type.architecture}: another "
            "image, or another server type"
        )
        raise field_error(where, "image", image, accepted)


def check_net(where: str, *, ipv4: bool, ipv6: bool, networks: Mapping[str, str | None]) -> None:
    """Check that a server is in some network.

    Raises:
        FleetError: When it is in none.
    """
    if not (ipv4 or ipv6 or networks):
        accepted = "a server without public addresses is in a private network: networks=(…,)"
        raise field_error(where, "networks", dict(networks), accepted)
