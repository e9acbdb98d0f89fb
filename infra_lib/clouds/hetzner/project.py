"""The Hetzner Cloud project of the fleet."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.clouds.hetzner.fields import check_key_names, check_labels
from infra_lib.clouds.hetzner.network import PrivateNetwork, check_address
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_cidrs,
    check_each,
    check_public_keys,
    check_text,
    check_unique,
    check_whole,
    in_order,
    string_mapping,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.machine import HetznerMachine

# What people report of new projects; no part of the API tells it.
_SERVER_LIMIT = 5


def _networks(value: Iterable[PrivateNetwork]) -> tuple[PrivateNetwork, ...]:
    return in_order(value)


@frozen(kw_only=True)
class HetznerProject:
    """A project at Hetzner Cloud. Which one it is, the token says: HCLOUD_TOKEN in the environment.

    A token is of one project, so a stack is in one. For several, deploy each by itself, with its
    own token.

    Attributes:
        name: What people call it. Nothing depends on it.
        ssh_keys: OpenSSH public keys of those who install machines: they log in as root. The stack
            adds them to the project, which takes no key twice.
        ssh_key_names: Names of keys that the project has already, which do the same.
        ssh_source_ranges: Address ranges (CIDR) that SSH is open to: those that you come from.
            None by default, which closes it; ("0.0.0.0/0", "::/0") opens it to the world.
        networks: Private networks of the project.
        labels: Labels of every machine.
        install: Whether the creation of a machine also runs `clan machines install` on it, over SSH
            to its address: `ssh_source_ranges` has to let in whoever deploys.
        server_limit: How many servers the project may have, of which a fleet that has more is
            warned. Hetzner tells it in its console alone; new projects may have five.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "Hetzner project"

    name: str = field(default="", validator=valid(check_text))
    ssh_keys: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_public_keys)
    )
    ssh_key_names: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_key_names)
    )
    ssh_source_ranges: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_cidrs)
    )
    networks: tuple[PrivateNetwork, ...] = field(
        default=(),
        converter=_networks,
        validator=valid(check_each, PrivateNetwork, 'PrivateNetwork("internal")'),
    )
    labels: Mapping[str, str] = field(
        factory=dict, converter=string_mapping, validator=valid(check_labels), hash=False
    )
    install: bool = field(default=False, validator=valid(check_boolean))
    server_limit: int = field(
        default=_SERVER_LIMIT, validator=valid(check_whole, "servers", least=1)
    )

    def __attrs_post_init__(self) -> None:
        check_unique(self._where, "networks", (network.name for network in self.networks))
        bodies = (" ".join(key.split()[:2]) for key in self.ssh_keys)
        check_unique(self._where, "ssh_keys", bodies)
        if self.install and not self.ssh_source_ranges:
            warnings.warn(
                f"{self._where}: install=True: the installation dials each machine's own address, "
                "and ssh_source_ranges=() lets nobody in; add the range you deploy from, such as "
                '"203.0.113.7/32"',
                stacklevel=3,
            )

    def network(self, name: str) -> PrivateNetwork | None:
        """Return the private network of that name; None where there is none."""
        return next((network for network in self.networks if network.name == name), None)


def check_machine_in_project(machine: HetznerMachine, project: HetznerProject) -> None:
    """Check that a machine goes with the project of its stack, which may not be the fleet's.

    Raises:
        FleetError: When it is in a private network that the project has not, or one elsewhere, has
            an address there that it cannot have, or is to be installed without an IPv4 address.
    """
    where = f"machine {machine.name!r}"
    for name, address in machine.networks.items():
        network = project.network(name)
        if network is None:
            known = ", ".join(each.name for each in project.networks) or "none"
            accepted = f"the project has no private network of that name; it has {known}"
            raise field_error(where, "networks", name, accepted)
        zone = machine.location_entry.network_zone
        if network.network_zone != zone:
            accepted = (
                f"it is in {network.network_zone}, and {machine.location} in {zone}: name a "
                "network of that zone"
            )
            raise field_error(where, "networks", name, accepted)
        if address is not None:
            check_address(where, f"networks[{name!r}]", network, address)
    if project.install and not machine.ipv4:
        accepted = (
            "HetznerProject(install=True) installs over IPv4: the installer is fetched from a host "
            "that has no IPv6"
        )
        raise field_error(where, "ipv4", machine.ipv4, accepted)
