"""The stack of Hetzner Cloud for CDKTF: there are no bindings of its provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.stacks.bindings import CDKTF
from infra_lib.stacks.provider import load_framework

load_framework(CDKTF)

import cdktf

from infra_lib.stacks.constructs import Constructs
from infra_lib.stacks.hetzner import PROVIDER, VERSION, HetznerStackBase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HetznerStack"]


class HetznerStack(HetznerStackBase, cdktf.TerraformStack):
    """A fleet's machines on Hetzner Cloud, with their volumes, addresses and firewalls.

    Resources have addresses that nothing else in the fleet can change: `hcloud_server.<machine>`,
    `hcloud_primary_ip.<machine>-ipv4` and `-ipv6`, `hcloud_volume.<volume>`, and
    `hcloud_firewall.ssh`, `.zerotier` or `.<machine>-rules`. Constructs of your own may stand in
    the same stack and refer to these: `stack.servers["cinnabar"].get_string_attribute("id")`.

    Attributes:
        servers: The servers by machine name; those of machines that are off are not there.
        volumes: The volumes by name, also those of machines that are off.
        primary_ips: The addresses by `<machine>-ipv4` and `<machine>-ipv6`, also those of machines
            that are off.
        firewalls: The firewalls by their address in Terraform.
    """

    servers: Mapping[str, cdktf.TerraformResource]
    volumes: Mapping[str, cdktf.TerraformResource]
    primary_ips: Mapping[str, cdktf.TerraformResource]
    firewalls: Mapping[str, cdktf.TerraformResource]

    constructs = Constructs(cdktf, PROVIDER, {}, version=VERSION)
