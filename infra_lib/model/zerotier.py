"""The ZeroTier network that connects the fleet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.model.destination import is_port
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.services import (
    Role,
    check_input,
    check_instance_name,
    check_roles,
    frozen_roles,
)
from infra_lib.model.validators import check_each, check_host_name, check_word, strings, valid

if TYPE_CHECKING:
    from infra_lib.model.machine import Machine

MOST_MOONS = 4  # what clan's zerotier service takes
ROLES = ("controller", "peer", "moon")
PORT = 9993  # where ZeroTier listens unless told otherwise


def _endpoints(value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        return value
    return MappingProxyType({name: strings(points) for name, points in value.items()})


def endpoint(value: str) -> str:
    """Return where a moon is reached, as ZeroTier writes it: "203.0.113.7/9993".

    Without a port, ZeroTier takes 0, where nothing answers: see `InetAddress::fromString` in
    https://github.com/zerotier/ZeroTierOne/blob/dev/node/InetAddress.cpp.

    Args:
        value: An IPv4 or IPv6 address, alone or with a slash and a UDP port after it.

    Raises:
        ValueError: When it is another text.
    """
    from ipaddress import ip_address

    address, slash, port = value.partition("/")
    ip_address(address)
    if "%" in address:  # an interface of one machine, which others do not have
        raise ValueError(value)
    if not slash:
        return f"{address}/{PORT}"
    if not is_port(port):
        raise ValueError(value)
    return value


def _check_moons(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, '{"cinnabar": ("203.0.113.7",)}')
    if len(value) > MOST_MOONS:
        raise field_error(where, field, sorted(value), f"at most {MOST_MOONS} moons")
    for name, points in value.items():
        check_host_name(where, field, name)
        of_one = f"{field}[{name!r}]"
        check_each(where, of_one, points, str, '"203.0.113.7"')
        for point in points or ("",):
            try:
                endpoint(point)
            except ValueError:
                accepted = (
                    "public IP addresses, at least one, each alone or with a UDP port: "
                    f'"203.0.113.7/{PORT}"'
                )
                raise field_error(where, of_one, point, accepted) from None


def _check_tag(where: str, field: str, value: object) -> None:
    if value is not None:
        check_word(where, field, value, "a tag")


@frozen(kw_only=True)
class ZeroTier:
    """Who is what in the network: the machines' tags say it, or `roles`.

    It is an instance of clan's zerotier service.

    Attributes:
        instance: The name of the service's instance in the inventory.
        input: The flake input that has the service; None for clan's own, whatever it is called.
        controller_tag: The tag of the one machine that admits peers, where `roles` does not say who
            is the controller; None where a tag means nothing.
        peer_tag: The tag of the machines that are peers; "all" for every machine, None where a tag
            means nothing.
        moons: Relays: machine name to where the Internet reaches it, public IP addresses such as
            "203.0.113.7" or "2001:db8::7/9993", with a UDP port where it is not 9993; at most four.
        roles: What else is to be said of the roles "controller", "peer" and "moon": further
            machines and tags, settings, modules. It is added to what tags and `moons` say.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "zerotier"

    instance: str = field(default="zerotier", validator=valid(check_instance_name))
    input: str | None = field(default=None, validator=valid(check_input))
    controller_tag: str | None = field(default="controller", validator=valid(_check_tag))
    peer_tag: str | None = field(default="peer", validator=valid(_check_tag))
    moons: Mapping[str, tuple[str, ...]] = field(
        factory=dict, converter=_endpoints, validator=valid(_check_moons), hash=False
    )
    roles: Mapping[str, Role] = field(
        factory=dict, converter=frozen_roles, validator=valid(check_roles, ROLES), hash=False
    )

    def __attrs_post_init__(self) -> None:
        if self.controller_tag == self.peer_tag is not None:
            accepted = "the controller's tag is another"
            raise field_error(self._where, "peer_tag", self.peer_tag, accepted)

    def plays(self, machine: Machine, role: str) -> bool:
        """Return whether a machine plays a role.

        Args:
            machine: The machine.
            role: "controller", "peer" or "moon".
        """
        said = self.roles.get(role)
        if said is not None and said.includes(machine):
            return True
        if role == "moon":
            return machine.name in self.moons
        if role == "controller":  # there is one: whom `roles` names, whoever else has the tag
            named = said is not None and said.has_members
            tag = None if named else self.controller_tag
        else:
            tag = self.peer_tag
        return tag is not None and machine.has_tag(tag)

    def includes(self, machine: Machine) -> bool:
        """Return whether a machine is in the network, as controller, peer or moon."""
        return any(self.plays(machine, role) for role in ("peer", "controller", "moon"))
