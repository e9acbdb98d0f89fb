"""What hcloud's provider, 1.68, makes anew, and what it cuts the power of a server for.

Read off its source: https://github.com/hetznercloud/terraform-provider-hcloud/tree/main/internal.
An import is another matter: see `readings.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.adoption import Reading
from infra_lib.clouds.hetzner.readings import MEMBERSHIP, READINGS, SERVER, VOLUME
from infra_lib.clouds.hetzner.resources import configuration as _configuration
from infra_lib.clouds.replacement import INSTALLED_BY, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.terraform.resource import Configuration


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


RULES: Mapping[str, Rules] = {
    # What an import cannot read, a state that a deployment left has.
    **{kind: Rules(reading=evolve(each, unread=frozenset())) for kind, each in READINGS.items()},
    SERVER: Rules(
        reading=evolve(
            READINGS[SERVER],
            forcing=_names("image location user_data ssh_keys"),
            unread=frozenset(),
            taken_away=READINGS[SERVER].taken_away | _names("network user_data ssh_keys"),
        ),
        # resourceServerUpdate and updatePublicNet: by power off, which no machine is asked about.
        stopped_for=_names("server_type public_net"),
    ),
    VOLUME: Rules(reading=evolve(READINGS[VOLUME], unread=frozenset())),
    MEMBERSHIP: Rules(
        reading=evolve(
            READINGS[MEMBERSHIP],
            unread=frozenset(),
            taken_away=READINGS[MEMBERSHIP].taken_away | _names("ip"),
        )
    ),
    "hcloud_zone_rrset": Rules(
        reading=Reading(
            forcing=_names("zone name type"),
            taken_away=_names("labels ttl"),
            defaults=MappingProxyType({"labels": {}}),
        )
    ),
    "hcloud_rdns": Rules(
        reading=Reading(
            forcing=_names("server_id primary_ip_id floating_ip_id load_balancer_id ip_address")
        )
    ),
    **INSTALLED_BY,
}
"""By the type of resource, those that a stack makes."""


def configuration(
    fleet: FleetView, project: HetznerProject, machines: Sequence[HetznerMachine], stack: str
) -> Configuration:
    """Return all that the fleet has there.

    Raises:
        FleetError: When project and machines do not make a stack.
    """
    return _configuration(fleet, project, machines, stack)
