"""A cloud's resources as `infra adopt` finds them: as somebody wrote them, and as they are there.

`written` is what a parser makes of a synthesized stack, and `in_state` what `terraform show -json`
tells of one of Google's that has been deployed: blocks are lists, links are whole, and what Compute
Engine chose is there, too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from infra_lib import Reference
from infra_lib.clouds.adoption import Found
from infra_lib.terraform.resource import Configuration, Resource
from tests.clouds.gcp.schema import SCHEMAS

URL = "https://www.googleapis.com/compute/v1/"
_OWN = re.compile(r"\$\{(google_\w+\.[\w-]+)\.(self_link|id)\}")


def written(configuration: Configuration, where: str = "cdk.tf.json") -> list[Found]:
    """The resources as they stand in a configuration, references and all."""
    return [
        Found(
            type=resource.type,
            name=resource.name,
            where=f"{where}: {resource.address}",
            attributes={
                **_without_none(resource.arguments),
                **({"lifecycle": dict(resource.lifecycle)} if resource.lifecycle else {}),
            },
            exists=False,
        )
        for resource in configuration.resources
    ]


def in_state(
    configuration: Configuration,
    where: str = "state.json",
    *,
    project: str = "example-project",
    known: Mapping[str, Any] | None = None,
) -> list[Found]:
    """The resources of Google's provider as they are in its state.

    Args:
        configuration: The resources; those of other providers are left out.
        where: What to call the state.
        project: The provider's project.
        known: What references come to that lead out of the configuration.
    """
    resources = [each for each in configuration.resources if each.type in SCHEMAS]
    resources = [each for each in resources if each.type.startswith("google_")]
    links = {each.address: _id(each, project) for each in resources}
    return [
        there(
            each.type,
            each.name,
            _resolved(each.arguments, links, known or {}),
            where=f"{where}: {each.address}",
            project=project,
        )
        for each in resources
    ]


def there(
    kind: str,
    name: str,
    arguments: Mapping[str, Any],
    *,
    where: str = "",
    project: str = "example-project",
) -> Found:
    """A resource of Google's that is there, in the state's terms, by the arguments that matter."""
    plain = _without_none(arguments)
    attributes = _in_blocks(SCHEMAS[kind], plain) if kind in SCHEMAS else dict(plain)
    attributes["project"] = attributes.get("project") or project
    if "labels" in attributes:
        own = attributes["labels"] or {}
        attributes["labels"] = own
        attributes["terraform_labels"] = {"goog-terraform-provisioned": "true", **own}
        attributes["effective_labels"] = attributes["terraform_labels"]
    fill = _FILL.get(kind)
    if fill is not None:
        fill(attributes)
    identity = _identity(kind, attributes)
    attributes |= {"id": identity, "self_link": f"{URL}{identity}"}
    return Found(
        type=kind,
        name=name,
        where=where or f"state.json: {kind}.{name}",
        attributes=attributes,
        exists=True,
    )


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_without_none(each) for each in value]
    return value


def _id(resource: Resource, project: str) -> str:
    given = {"project": project, **_without_none(resource.arguments)}
    return _identity(resource.type, given)


def _identity(kind: str, attributes: Mapping[str, Any]) -> str:
    """The id of a resource in its project."""
    project, name = attributes["project"], attributes["name"]
    zone, region = attributes.get("zone"), attributes.get("region")
    places = {
        "google_compute_instance": f"zones/{zone}/instances",
        "google_compute_disk": f"zones/{zone}/disks",
        "google_compute_resource_policy": f"regions/{region}/resourcePolicies",
        "google_compute_address": f"regions/{region}/addresses",
        "google_compute_firewall": "global/firewalls",
    }
    return f"projects/{project}/{places.get(kind, kind)}/{name}"


def _resolved(value: Any, links: Mapping[str, str], known: Mapping[str, Any]) -> Any:
    if isinstance(value, Reference):
        own = _OWN.fullmatch(value)
        if own and own[1] in links:
            return f"{URL}{links[own[1]]}"
        return known.get(value, str(value))
    if isinstance(value, Mapping):
        return {key: _resolved(each, links, known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(each, links, known) for each in value]
    return value


def _in_blocks(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given with every argument that there is, and each block in a list."""
    attributes: dict[str, Any] = dict(given)
    for name, described in schema.items():
        inner = described.get("block") or described.get("nested")
        value = given.get(name)
        if inner is None or name == "timeouts":
            attributes[name] = value
        else:
            blocks: Iterable[Any] = [value] if isinstance(value, Mapping) else value or ()
            attributes[name] = [_in_blocks(inner, each) for each in blocks]
    return attributes


def _fill_instance(it: dict[str, Any]) -> None:
    project, zone = it["project"], it["zone"]
    region = zone.rpartition("-")[0]
    stopped = it.get("desired_status") == "TERMINATED"
    it["current_status"] = "TERMINATED" if stopped else "RUNNING"
    it["tags"] = sorted(it["tags"] or ())
    it["can_ip_forward"] = bool(it["can_ip_forward"])
    it["deletion_protection"] = bool(it["deletion_protection"])
    it["metadata"] = it["metadata"] or {}
    it["cpu_platform"] = "Intel Broadwell"
    for interface in it["network_interface"]:
        network = _link(interface["network"] or "default", project, "global/networks")
        host, name = network.split("/")[-4], network.rpartition("/")[2]
        subnetwork = interface["subnetwork"] or name
        interface["network"] = network
        interface["subnetwork"] = _link(subnetwork, host, f"regions/{region}/subnetworks")
        interface["network_ip"] = interface["network_ip"] or "10.128.0.2"
        interface["stack_type"] = interface["stack_type"] or "IPV4_ONLY"
        interface["name"] = "nic0"
        for access in interface["access_config"]:
            number = sum(map(ord, it["name"])) % 250
            access["nat_ip"] = access["nat_ip"] or ("" if stopped else f"198.51.100.{number}")
            access["network_tier"] = access["network_tier"] or "PREMIUM"
    for disk in it["boot_disk"]:
        disk["auto_delete"] = disk["auto_delete"] is not False
        disk["device_name"] = disk["device_name"] or "persistent-disk-0"
        disk["mode"] = disk["mode"] or "READ_WRITE"
        disk["source"] = (
            disk["source"] or f"{URL}projects/{project}/zones/{zone}/disks/{it['name']}"
        )
        for made in disk["initialize_params"]:
            made["architecture"] = "X86_64"
            made["image"] = _link(
                f"{str(made['image']).replace('/', '-')}-v20261101", "debian-cloud", "global/images"
            )
    for disk in it["attached_disk"]:
        disk["mode"] = disk["mode"] or "READ_WRITE"
    for gpu in it["guest_accelerator"]:
        gpu["type"] = _link(gpu["type"], project, f"zones/{zone}/acceleratorTypes")
    for account in it["service_account"]:
        account["scopes"] = sorted(account["scopes"])


def _fill_firewall(it: dict[str, Any]) -> None:
    it["network"] = _link(it["network"], it["project"], "global/networks")
    it["source_ranges"] = sorted(it["source_ranges"] or ())
    it["priority"] = it["priority"] or 1000
    it["disabled"] = bool(it["disabled"])


def _link(name: str, project: str, kind: str) -> str:
    """The whole link of what a name, or a link from "projects/" on, means."""
    if "projects/" in name:
        return f"{URL}{name[name.index('projects/') :]}"
    return f"{URL}projects/{project}/{kind}/{name}"


_FILL = {
    "google_compute_instance": _fill_instance,
    "google_compute_firewall": _fill_firewall,
}
