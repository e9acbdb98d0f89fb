"""Private networks, and the addresses of machines in them."""

from __future__ import annotations

from attrs import field

from infra_lib.clouds.hetzner.fields import check_private_range, check_resource_name
from infra_lib.model.errors import field_error, shown
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_boolean, check_word, valid


@frozen
class PrivateNetwork:
    """A private network of a project at Hetzner Cloud, with one subnet.

    Its traffic passes no firewall of Hetzner Cloud's: NixOS's own stands before it.

    Attributes:
        name: Its name in the project, and in Terraform.
        ip_range: The addresses that it may have, in CIDR notation; of RFC 1918. Another one makes
            it anew.
        subnet: The addresses that machines have, within that; None for all of it.
        network_zone: Where it is: "eu-central", "us-east", "us-west", "ap-southeast". Machines are
            in a location of it.
        delete_protection: Hetzner refuses to delete it.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_resource_name))
    ip_range: str = field(default="10.0.0.0/16", validator=valid(check_private_range), kw_only=True)
    subnet: str | None = field(default=None, validator=valid(check_private_range), kw_only=True)
    network_zone: str = field(
        default="eu-central",
        validator=valid(check_word, 'a network zone: "eu-central"'),
        kw_only=True,
    )
    delete_protection: bool = field(default=False, validator=valid(check_boolean), kw_only=True)

    @property
    def _where(self) -> str:
        return f"network {shown(self.name)}"

    def __attrs_post_init__(self) -> None:
        from ipaddress import IPv4Network

        whole = IPv4Network(self.ip_range)
        if self.subnet is not None and not IPv4Network(self.subnet).subnet_of(whole):
            accepted = f"a range within ip_range, {self.ip_range}"
            raise field_error(self._where, "subnet", self.subnet, accepted)

    @property
    def machine_range(self) -> str:
        """The addresses that machines have, in CIDR notation."""
        return self.subnet or self.ip_range


def check_address(where: str, field: str, network: PrivateNetwork, address: str) -> None:
    """Check that a machine can have an address in a network.

    The first of a subnet is its gateway's, and the first and the last of all are nobody's:
    https://docs.hetzner.com/networking/networks/faq.

    Args:
        where: What has it.
        field: The field that says so.
        network: The network.
        address: The address.

    Raises:
        FleetError: When it cannot.
    """
    from ipaddress import IPv4Address, IPv4Network

    subnet = IPv4Network(network.machine_range)
    accepted = f'an address in {subnet} is accepted: "{subnet.network_address + 2}", or None'
    try:
        given = IPv4Address(address)
    except ValueError:
        raise field_error(where, field, address, accepted) from None
    first = subnet.network_address
    if given not in subnet or given in {first, first + 1, subnet.broadcast_address}:
        raise field_error(where, field, address, f"{accepted}; {first + 1} is its gateway's")
