"""Names in the DNS: which machines have one, and where."""

from types import MappingProxyType

import pytest

from infra_lib import Dns, Fleet, FleetError
from tests.helpers.hetzner_fleets import BOTH, server
from tests.helpers.stack_fleets import cpu

ZONES = {"hetzner": "example.org", "gcp": "example-org"}


def test_a_name_is_the_machines_below_the_domain() -> None:
    dns = Dns("machines.example.org", zones=ZONES)
    assert dns.name(server()) == "cinnabar.machines.example.org"
    assert (dns.zone(server()), dns.zone(cpu())) == ("example.org", "example-org")
    assert isinstance(dns.zones, MappingProxyType)


def test_only_machines_that_are_named_in_clouds_with_a_zone_have_one() -> None:
    dns = Dns("example.org", zones={"hetzner": "example.org"}, machines=["cinnabar"])
    assert dns.zone(server()) == "example.org"
    assert dns.zone(server("electrum")) is None
    assert dns.zone(cpu()) is None


@pytest.mark.parametrize("ttl", [60, 2**31 - 1])
def test_what_both_services_take_is_taken(ttl: int) -> None:
    assert Dns("zt", zones=ZONES, ttl=ttl).ttl == ttl


def fleet(dns: Dns) -> Fleet:
    return Fleet(
        name="test",
        domain="zt",
        gcp=BOTH.gcp,
        hetzner=BOTH.hetzner,
        machines=BOTH.machines,
        dns=dns,
    )


@pytest.mark.parametrize("domain", ["example.org", "a.example.org"])
def test_a_domain_is_a_zone_or_below_it(domain: str) -> None:
    given = Dns(domain, zones=ZONES)
    assert fleet(given).dns == given


@pytest.mark.parametrize(
    ("dns", "message"),
    [
        (
            Dns("example.org", zones={"hetzner": "example.net"}),
            r"dns: zones\['hetzner'\]='example.net': a zone that holds 'example.org'",
        ),
        (
            Dns("badexample.org", zones={"hetzner": "example.org"}),
            r"dns: zones\['hetzner'\]='example.org'",
        ),
        (
            Dns("org", zones={"hetzner": "example.org"}),
            r"dns: zones\['hetzner'\]='example.org': .* or one that it is below",
        ),
        (
            Dns("example.org", zones={"gcp": "example.org"}),
            r"dns: zones\['gcp'\]='example.org': the name of a managed zone, which",
        ),
        (
            Dns("example.org", zones={"hezner": "example.org"}),
            r"dns: zones='hezner': the zone of a cloud: gcp, hetzner \(nearest: hetzner\)",
        ),
        (
            Dns("example.org", zones=ZONES, machines=("galema",)),
            r"dns: machines='galema': one of .* \(nearest: galena\)",
        ),
        (
            Dns("example.org", zones=ZONES, machines=("stibnite",)),
            "dns: machines='stibnite': only the addresses of machines that the fleet provisions",
        ),
        (
            Dns("example.org", zones={"gcp": "example-org"}, machines=("cinnabar",)),
            "dns: machines='cinnabar': its cloud has no zone: zones={'hetzner': …} names one",
        ),
    ],
)
def test_what_does_not_fit_the_fleet_is_refused(dns: Dns, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        fleet(dns)


def test_a_zone_of_a_cloud_without_machines_names_nobody_which_is_a_warning() -> None:
    google = Dns("example.org", zones={"gcp": "example-org"})
    with pytest.warns(UserWarning, match="no machine of the fleet is in these clouds"):
        Fleet(name="test", domain="zt", hetzner=BOTH.hetzner, machines=(server(),), dns=google)
