"""Records in Hetzner's DNS."""

from typing import Any

import pytest

from infra_lib import Dns
from infra_lib.clouds.hetzner.resources import configuration
from tests.helpers.hetzner_fleets import fleet_of, project, server

DNS = Dns("machines.example.org", zones={"hetzner": "example.org"}, ttl=60)


def records(*machines: Any, dns: Dns | None = DNS) -> dict[str, Any]:
    fleet = fleet_of(*machines, dns=dns)
    made = configuration(fleet, project(), fleet.hetzner_machines, "hetzner").resources
    return {each.name: each.arguments for each in made if each.type == "hcloud_zone_rrset"}


def test_each_address_has_a_record_that_follows_it() -> None:
    assert records(server()) == {
        "cinnabar-a": {
            "zone": "example.org",
            "name": "cinnabar.machines",
            "type": "A",
            "ttl": 60,
            "records": [{"value": "${hcloud_primary_ip.cinnabar-ipv4.ip_address}"}],
        },
        "cinnabar-aaaa": {
            "zone": "example.org",
            "name": "cinnabar.machines",
            "type": "AAAA",
            "ttl": 60,
            "records": [{"value": "${cidrhost(hcloud_primary_ip.cinnabar-ipv6.ip_network, 1)}"}],
        },
    }


def test_a_domain_that_is_a_zone_has_machines_right_below() -> None:
    own = records(server(), dns=Dns("example.org", zones={"hetzner": "example.org"}))
    assert {each["name"] for each in own.values()} == {"cinnabar"}


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"ipv6": False}, ["cinnabar-a"]),
        ({"ipv4": False}, ["cinnabar-aaaa"]),
        ({"enabled": False}, []),
    ],
)
def test_only_addresses_that_are_there_have_records(
    fields: dict[str, Any], names: list[str]
) -> None:
    assert [*records(server(**fields))] == names


def test_machines_without_a_name_have_none() -> None:
    assert records(server(), dns=None) == {}
    some = Dns("example.org", zones={"hetzner": "example.org"}, machines=("cinnabar",))
    assert [*records(server(), server("electrum"), dns=some)] == ["cinnabar-a", "cinnabar-aaaa"]
