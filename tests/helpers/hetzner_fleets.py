"""Fleets at Hetzner Cloud that together use every feature of the stack."""

from typing import Any

import attrs

from infra_lib import (
    FirewallRule,
    Fleet,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    Reference,
    Volume,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
PROJECT = HetznerProject(
    name="minerals", ssh_keys=(f"{KEY} admin",), ssh_source_ranges=("203.0.113.0/24",)
)


def server(name: str = "cinnabar", **fields: Any) -> HetznerMachine:
    """A server with dedicated processors, which every location sells."""
    return HetznerMachine(name, **{"server_type": "ccx23", "location": "fsn1", **fields})


def project(**fields: Any) -> HetznerProject:
    """The project of the tests, but for these fields."""
    return attrs.evolve(PROJECT, **fields)


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    """A fleet of these machines."""
    return Fleet(
        **{
            "name": "test",
            "domain": "example.org",
            "hetzner": PROJECT,
            "machines": machines,
            **fields,
        }
    )


FLEETS = {
    "hetzner": fleet_of(
        server(
            tags=("controller",),
            volumes=(Volume("ore", size_gb=100, format="ext4"), Volume("slag", size_gb=10)),
            networks={"internal": "10.0.1.5"},
            firewall_rules=(
                FirewallRule("tcp", port="443"),
                FirewallRule("udp", port="60000-61000", source_ranges=("198.51.100.7/32",)),
            ),
            firewall_ids=(4711, Reference("${hcloud_firewall.own.id}")),
            placement_group="apart",
            backups=True,
            labels={"example.org/team": "Ore.works", "empty": ""},
            user_data="#cloud-config\n# ${not.a.reference}\n",
            deletion_protection=True,
        ),
        server(
            "electrum",
            server_type="cax11",
            location="hel1",
            existing=True,
            tags=("peer",),
            ipv4=False,
            networks=("internal",),
            placement_group="apart",
        ),
        server("pyrite", server_type="cpx22", fallback_locations=("nbg1", "hel1"), ipv6=False),
        # Off: its addresses and its volume stay.
        server(
            "bornite", enabled=False, volumes=(Volume("vein", size_gb=20, prevent_destroy=False),)
        ),
        hetzner=project(
            ssh_keys=(f"{KEY} Ada's laptop", OTHER_KEY),
            ssh_key_names=("on call",),
            networks=(PrivateNetwork("internal", subnet="10.0.1.0/24"),),
            labels={"owner": "platform"},
        ),
    ),
    "hetzner-install": fleet_of(
        server(), hetzner=project(install=True, ssh_source_ranges=("::/0", "0.0.0.0/0"))
    ),
    "hetzner-off": fleet_of(server(enabled=False)),
}

BOTH = Fleet(
    name="test",
    domain="example.org",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(f"{KEY} admin",)),
    hetzner=PROJECT,
    machines=(
        server(tags=("controller",)),
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",)),
        Machine("stibnite", machine_class="darwin"),
    ),
)
