"""A thing in the ZeroTier network that clan does not manage and that is no machine: a phone."""

from __future__ import annotations

from attrs import field

from infra_lib.model import check, destination, ssh_key, zerotier_address
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen


@frozen
class Device:
    """A phone, a tablet, a NAS: in the ZeroTier network, but not in the clan's inventory.

    A person reads its id and key off the device and types them, so they stand here and not in the
    facts; its address follows from the id and the network's.

    Attributes:
        name: What it is called: `ssh <name>.<domain>`.
        zerotier_member_id: Its 10-digit id, as the ZeroTier app shows it.
        port: The TCP port that its SSH server listens on.
        user: Who to log in as; None for what ssh takes by itself.
        ssh_host_key: The public SSH key it answers with, without a comment; None when it has none.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str
    zerotier_member_id: str = field(kw_only=True)
    port: int = field(default=22, kw_only=True)
    user: str | None = field(default=None, kw_only=True)
    ssh_host_key: str | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        where = f"device {self.name!r}"
        check.name(where, "name", self.name)
        zerotier_address.check_member_id(where, "zerotier_member_id", self.zerotier_member_id)
        if type(self.port) is not int or not 1 <= self.port <= 65535:
            raise field_error(where, "port", self.port, "a TCP port from 1 to 65535 is accepted")
        if self.user is not None:
            check.word(where, "user", self.user, "a login name")
            try:
                destination.check_user(self.user)
            except ValueError:
                accepted = "a login name of letters, digits, _ . + and - is accepted, no sign first"
                raise field_error(where, "user", self.user, accepted) from None
        if self.ssh_host_key is not None:
            key = ssh_key.host_key(where, "ssh_host_key", self.ssh_host_key)
            object.__setattr__(self, "ssh_host_key", key)
