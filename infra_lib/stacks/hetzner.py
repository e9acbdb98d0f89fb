"""The stack that provisions a fleet's machines on Hetzner Cloud, for any framework."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from infra_lib.clouds.hetzner.cloud import KINDS
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.clouds.hetzner.server import UNREAD
from infra_lib.model.errors import field_error
from infra_lib.stacks.base import StackBase, named
from infra_lib.stacks.constructs import PlainProvider
from infra_lib.terraform.imports import with_imports
from nixgen.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs import Construct

    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.fleet import Fleet

PROVIDER: Final = PlainProvider(KINDS.provider, "hetznercloud/hcloud")
# Before it, the API no longer answers what the provider asks.
# https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/CHANGELOG.md
VERSION: Final = "~> 1.68"


class HetznerStackBase(StackBase):
    """What the stacks of all frameworks are: see `infra_lib.stacks.HetznerStack`."""

    servers: Mapping[str, Any]
    volumes: Mapping[str, Any]
    primary_ips: Mapping[str, Any]
    firewalls: Mapping[str, Any]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        fleet: Fleet,
        hetzner: HetznerProject | None = None,
        machines: Iterable[str] | None = None,
        imports: Mapping[str, str] | None = None,
    ) -> None:
        """Make the stack.

        Args:
            scope: The app.
            id_: The stack's name.
            fleet: The fleet.
            hetzner: The project that the stack is in, which the token in HCLOUD_TOKEN is of; None
                for the fleet's.
            machines: Names of the machines that it provisions; None for all of the fleet.
            imports: What is there already, and is taken over as it is: what the provider calls it,
                "4711", by the address of the resource,
                "hcloud_server.galena". What the stack has not, such as a machine that is
                off, is left out.

        Raises:
            FleetError: When there is no project, or a name is not that of a machine that the fleet
                provisions on Hetzner Cloud, or `imports` has what is no address or no ID.
        """
        id_ = exact(id_)
        project = hetzner or fleet.hetzner
        provisioned = named(fleet, fleet.hetzner_machines, machines, "HetznerMachine")
        if project is None:
            accepted = "HetznerStack needs a HetznerProject(…) here"
            raise field_error(f"fleet {fleet.name!r}", "hetzner", None, accepted)
        wanted = configuration(fleet, project, provisioned, id_, alone=machines is None)
        wanted = with_imports(wanted, exact(imports), f"stack {id_!r}", UNREAD)
        made = self._make(scope, id_, fleet, KINDS.provider, wanted)

        def of_type(type_: str) -> Mapping[str, Any]:
            return MappingProxyType(made.get(type_, {}))

        self.servers = of_type(KINDS.instance)
        self.volumes = of_type("hcloud_volume")
        self.primary_ips = of_type("hcloud_primary_ip")
        self.firewalls = of_type("hcloud_firewall")
