"""The stack of Hetzner Cloud for CDK Terrain: there are no bindings of its provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.stacks.bindings import CDKTN
from infra_lib.stacks.provider import load_framework

load_framework(CDKTN)

import cdktn

from infra_lib.stacks.constructs import Constructs
from infra_lib.stacks.hetzner import PROVIDER, VERSION, HetznerStackBase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HetznerStack"]


class HetznerStack(HetznerStackBase, cdktn.TerraformStack):
    """A fleet's machines on Hetzner Cloud, with all that is theirs there, in CDK Terrain.

    It is what `infra_lib.stacks.HetznerStack` is for CDKTF, with the same resources and attributes.

    Attributes:
        servers: The servers by machine name; those of machines that are off are not there.
        volumes: The volumes by name, also those of machines that are off.
        primary_ips: The addresses by `<machine>-ipv4` and `<machine>-ipv6`, also those of machines
            that are off.
        firewalls: The firewalls by their address in Terraform.
    """

    servers: Mapping[str, cdktn.TerraformResource]
    volumes: Mapping[str, cdktn.TerraformResource]
    primary_ips: Mapping[str, cdktn.TerraformResource]
    firewalls: Mapping[str, cdktn.TerraformResource]

    constructs = Constructs(cdktn, PROVIDER, {}, version=VERSION)
