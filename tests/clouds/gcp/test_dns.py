"""Records in Cloud DNS."""

from importlib import import_module
from inspect import signature
from typing import Any

import pytest

from infra_lib import Dns, GcpMachine, Reference
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.terraform.resource import Configuration
from tests.helpers.stack_fleets import cpu, fleet_of, project
from tests.helpers.tools import require

DNS = Dns("machines.example.org", zones={"gcp": "example-org"})
ADDRESS = "network_interface[0].access_config[0].nat_ip"
READ = f'${{coalesce(data.google_compute_instance.galena.{ADDRESS}, "192.0.2.1")}}'


def configured(*machines: GcpMachine, dns: Dns = DNS) -> Configuration:
    fleet = fleet_of(*machines, dns=dns)
    return configuration(fleet, project(), fleet.gcp_machines, "gcp")


def records(*machines: GcpMachine, dns: Dns = DNS) -> dict[str, Any]:
    made = configured(*machines, dns=dns).resources
    return {each.name: each.arguments for each in made if each.type == "google_dns_record_set"}


def test_an_address_that_changes_with_each_start_is_read_after_it() -> None:
    assert records(cpu()) == {
        "galena-a": {
            "managed_zone": "example-org",
            "project": None,
            "name": "galena.machines.example.org.",
            "type": "A",
            "ttl": 300,
            "rrdatas": [READ],
        }
    }
    (read,) = configured(cpu()).data_sources
    assert read.address == "data.google_compute_instance.galena"
    assert read.arguments == {"self_link": "${google_compute_instance.galena.self_link}"}
    assert isinstance(read.arguments["self_link"], Reference)
    assert read.depends_on == ("google_compute_instance.galena",)


@pytest.mark.parametrize(
    "address", ["203.0.113.7", Reference("${google_compute_address.a.address}")]
)
@pytest.mark.parametrize("stopped", [False, True])
def test_an_address_that_stays_is_the_record_in_either_state(address: str, stopped: bool) -> None:
    machine = cpu(external_ip=address, stopped=stopped)
    assert records(machine)["galena-a"]["rrdatas"] == [address]
    assert configured(machine).data_sources == ()


@pytest.mark.parametrize("fields", [{"enabled": False}, {"external_ip": False}, {"stopped": True}])
def test_without_an_address_there_is_no_record(fields: dict[str, Any]) -> None:
    made = configured(cpu(**fields))
    assert records(cpu(**fields)) == {}
    assert made.data_sources == ()


def test_a_zone_may_be_another_projects() -> None:
    zone = "projects/example-dns/managedZones/example-org"
    (record,) = records(cpu(), dns=Dns("example.org", zones={"gcp": zone})).values()
    assert (record["managed_zone"], record["project"]) == ("example-org", "example-dns")


@pytest.mark.parametrize("package", ["cdktf_cdktf_provider_google", "cdktn_provider_google"])
def test_the_provider_has_these_arguments(package: str) -> None:
    require("node")
    made = configured(cpu())
    classes = {
        "google_dns_record_set": ("dns_record_set", "DnsRecordSet"),
        "google_compute_instance": ("data_google_compute_instance", "DataGoogleComputeInstance"),
    }
    (record,) = (each for each in made.resources if each.type == "google_dns_record_set")
    (read,) = made.data_sources
    for kind, arguments in ((record.type, record.arguments), (read.type, read.arguments)):
        module, name = classes[kind]
        config = getattr(import_module(f"{package}.{module}"), f"{name}Config")
        assert arguments.keys() <= signature(config).parameters.keys()
