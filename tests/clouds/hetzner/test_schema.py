"""All that fleets have at Hetzner Cloud is what hcloud's provider takes."""

from typing import Any

import pytest

from infra_lib import Dns, HetznerMachine
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.terraform.resource import Resource
from tests.helpers.hetzner_fleets import FLEETS, fleet_of, server

from .schema import faults

NAMED = {"named": fleet_of(server(), dns=Dns("example.org", zones={"hetzner": "example.org"}))}


@pytest.mark.parametrize("name", [*FLEETS, *NAMED])
def test_resources_are_what_the_provider_takes(name: str) -> None:
    fleet = (FLEETS | NAMED)[name]
    machines = [each for each in fleet.machines if isinstance(each, HetznerMachine)]
    assert fleet.hetzner
    made = configuration(fleet, fleet.hetzner, machines, "hetzner")
    assert [fault for resource in made.resources for fault in faults(resource)] == []


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("server", {"name": "a", "server_type": "cx23", "colour": "grey"}, "colour: no such"),
        ("server", {"name": "a"}, "server_type: required"),
        ("server", {"name": "a", "server_type": "cx23", "status": "off"}, "status: only the"),
        ("server", {"name": "a", "server_type": "cx23", "firewall_ids": ["a"]}, "firewall_ids: "),
        ("firewall", {"name": "a", "rule": [{"protocol": "tcp"}]}, "rule[0].direction: required"),
        (
            "zone_rrset",
            {"zone": "a", "name": "a", "type": "A", "records": [{"text": "a"}]},
            "records[0].text: no such",
        ),
        ("servers", {}, "no such type"),
    ],
)
def test_what_it_does_not_take_is_found(kind: str, arguments: dict[str, Any], message: str) -> None:
    found = faults(Resource(f"hcloud_{kind}", "a", arguments))
    assert message in str(found)
