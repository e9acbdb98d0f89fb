"""Instances that no stack of this project made, as `terraform show -json` tells of them."""

from typing import Any

from attrs import evolve

from infra_lib import Fleet
from infra_lib.clouds.adoption import Adopted, Difference, Found, Item, Takeover
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.machine import gcp_machines
from tests.helpers.found import there

ADOPTION = CLOUDS["gcp"].adoption()
ZONE = "europe-west1-b"
PROJECT = "example-lab"
PROVIDER = {"project": PROJECT, "region": "europe-west1"}


def instance(name: str = "node", **more: Any) -> Found:
    """An instance that somebody made by hand, or with Terraform of their own."""
    given: dict[str, Any] = {
        "name": name,
        "machine_type": "e2-standard-4",
        "zone": ZONE,
        "boot_disk": {
            "device_name": name,
            "initialize_params": {"size": 20, "type": "pd-balanced", "image": "debian-12"},
        },
        "network_interface": {"access_config": [{"nat_ip": "198.51.100.9"}]},
        "scheduling": {
            "automatic_restart": True,
            "on_host_maintenance": "MIGRATE",
            "preemptible": False,
            "provisioning_model": "STANDARD",
        },
        "shielded_instance_config": {
            "enable_secure_boot": False,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        "labels": {},
        **more,
    }
    return there("google_compute_instance", name, given, project=PROJECT)


def resource(kind: str, name: str, **arguments: Any) -> Found:
    """Another resource of theirs."""
    given = {"name": name, "zone": ZONE, "region": "europe-west1", **arguments}
    return there(kind, name, given, project=PROJECT)


def changed(found: Found, **attributes: Any) -> Found:
    """A resource with other attributes; one that is None is gone."""
    new = {**found.attributes, **attributes}
    return evolve(found, attributes={key: each for key, each in new.items() if each is not None})


def adopt(*found: Found, **provider: Any) -> Adopted:
    return ADOPTION.adopt(list(found), provider or PROVIDER, "lab")


def take_over(adopted: Adopted, *found: Found, **fields: Any) -> Takeover:
    fleet = Fleet(
        **{
            "name": "lab",
            "domain": "example.org",
            "gcp": adopted.project,
            "machines": gcp_machines(adopted.machines),
            **fields,
        }
    )
    return ADOPTION.take_over(fleet, adopted, list(found), "gcp")


def only(adopted: Adopted) -> Any:
    """The one machine."""
    (machine,) = adopted.machines
    return machine


def words(items: tuple[Item, ...]) -> str:
    """All that a report says, a line for each item."""
    return "\n".join(f"{each.kind} {each.where}: {each.what} | {each.do}" for each in items)


def changes(takeover: Takeover, address: str = "") -> dict[str, tuple[Any, Any]]:
    """What changes in place of a resource, but for what only the state notes."""
    return _paths(takeover, address, "changes")


def forced(takeover: Takeover, address: str = "") -> dict[str, tuple[Any, Any]]:
    """What a resource would have to be made anew for."""
    return _paths(takeover, address, "forced")


def _paths(takeover: Takeover, address: str, kind: str) -> dict[str, tuple[Any, Any]]:
    found: list[Difference] = [
        difference
        for each in takeover.taken
        if each.address == (address or "google_compute_instance.node")
        for difference in getattr(each, kind)
        if not difference.noted
    ]
    return {each.path: (each.before, each.after) for each in found}
