"""A thing in the ZeroTier network that is not a machine, and that clan does not manage: a phone."""

from __future__ import annotations

from attrs import evolve, field

from infra_lib.model import ssh_key
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.ssh import SshHost, check_login
from infra_lib.model.validators import check_host_name, check_instance, check_port, valid
from infra_lib.model.zerotier_address import check_member_id


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
        ssh: What else SSH is to know of it; port and user may stand here as well.
        ssh_host_key: The public SSH key it answers with, without a comment; None when it has none.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_host_name))
    zerotier_member_id: str = field(validator=valid(check_member_id), kw_only=True)
    port: int = field(default=22, validator=valid(check_port), kw_only=True)
    user: str | None = field(default=None, validator=valid(check_login), kw_only=True)
    ssh: SshHost = field(default=SshHost(), validator=valid(check_instance, SshHost), kw_only=True)
    ssh_host_key: str | None = field(default=None, kw_only=True)

    @property
    def _where(self) -> str:
        return f"device {self.name!r}"

    def __attrs_post_init__(self) -> None:
        if self.ssh_host_key is not None:
            key = ssh_key.host_key(self._where, "ssh_host_key", self.ssh_host_key)
            object.__setattr__(self, "ssh_host_key", key)
        for name, default in (("port", 22), ("user", None)):
            given = getattr(self, name)
            if given != default and getattr(self.ssh, name) is not None:
                accepted = f"ssh=SshHost({name}=…) says it too; say it once"
                raise field_error(self._where, name, given, accepted)

    @property
    def ssh_host(self) -> SshHost:
        """How SSH reaches it, all told."""
        port = None if self.port == 22 else self.port
        return evolve(self.ssh, port=self.ssh.port or port, user=self.ssh.user or self.user)
