"""What is there, in the form that a plan compares with what a stack says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import blocks
from infra_lib.clouds.gcp.adoption.instance import scope_url
from infra_lib.clouds.gcp.adoption.sources import Sources, boot_disk_of
from infra_lib.clouds.gcp.adoption.values import (
    URL,
    block,
    flag,
    is_nothing,
    last,
    literal,
    number,
    table,
    text,
    texts,
)
from infra_lib.clouds.gcp.readings import ASSUMED, DISK, INSTANCE, POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.adoption import Found
    from infra_lib.terraform.resource import Resource

_BLOCKS = ("boot_disk", "attached_disk", "network_interface", "scheduling", "service_account")


def import_id(kind: str, attributes: Mapping[str, Any], project: str) -> str:
    """Return what Google's provider imports a resource by.

    Args:
        kind: Its type: one of those that a stack makes.
        attributes: Its name, and where it is.
        project: The project that it is in.
    """
    name = attributes["name"]
    place = {
        INSTANCE: f"zones/{_last(attributes.get('zone'))}/instances/{name}",
        DISK: f"zones/{_last(attributes.get('zone'))}/disks/{name}",
        POLICY: f"regions/{_last(attributes.get('region'))}/resourcePolicies/{name}",
        "google_compute_firewall": f"global/firewalls/{name}",
        "google_dns_record_set": f"managedZones/{attributes.get('managed_zone')}/rrsets/{name}/"
        f"{attributes.get('type')}",
    }
    return f"projects/{project}/{place[kind]}"


def _last(value: object) -> str:
    return last(value) if isinstance(value, str) else ""


def as_imported(found: Found, wanted: Resource, sources: Sources) -> dict[str, Any]:
    """Return what a resource is, as an import reads it, as far as the sources say it.

    What Compute Engine chooses, and no source says, is taken to be as the stack wants it.

    Args:
        found: The resource, with what all sources know of it.
        wanted: What the stack says.
        sources: All that was found.
    """
    attributes: dict[str, Any] = dict(sources.resolved(found.attributes, found))
    for name in ("labels", "effective_labels", "terraform_labels", "lifecycle"):
        attributes.pop(name, None)
    if found.type == INSTANCE:
        _settle_instance(attributes, found, sources)
    assumed = ASSUMED[found.type]
    return _alike(wanted.arguments, attributes, "", assumed, there=found.exists)


def _settle_instance(attributes: dict[str, Any], found: Found, sources: Sources) -> None:
    script = text(attributes.pop("metadata_startup_script", None))
    metadata = {key: _as_text(each) for key, each in table(attributes.get("metadata")).items()}
    attributes["metadata"] = {**metadata, **({"startup-script": script} if script else {})}
    for name in _BLOCKS:
        attributes[name] = [dict(each) for each in blocks(attributes.get(name))]
    for said in attributes["scheduling"]:
        if flag(said.get("preemptible")) and not text(said.get("provisioning_model")):
            said["provisioning_model"] = "STANDARD"
    if not attributes["scheduling"]:
        attributes["scheduling"] = None
    for name in ("service_account", "advanced_machine_features"):
        if is_nothing(attributes.get(name)):
            attributes[name] = None
    for account in attributes["service_account"] or ():
        account["scopes"] = [scope_url(each) for each in texts(account.get("scopes"))]
    hidden = [dict(each) for each in blocks(attributes.get("confidential_instance_config"))]
    for each in hidden:
        if flag(each.get("enable_confidential_compute")):
            each["confidential_instance_type"] = each.get("confidential_instance_type") or "SEV"
    attributes["confidential_instance_config"] = hidden or None
    _settle_disks(attributes, found, sources)
    policies = attributes.get("resource_policies")
    attributes["resource_policies"] = [
        _link_of(POLICY, each, found, sources)
        for each in (policies if isinstance(policies, list | tuple) else ())
    ]
    attributes["tags"] = texts(attributes.get("tags"))


def _settle_disks(attributes: dict[str, Any], found: Found, sources: Sources) -> None:
    for disk in attributes["attached_disk"]:
        disk["source"] = _link_of(DISK, disk.get("source"), found, sources)
    there = [disk["source"] for disk in attributes["attached_disk"]]
    for each in sources.attached_to(found):
        link = _link_of(DISK, each.attributes.get("disk"), each, sources)
        if link not in there:
            device = each.attributes.get("device_name")
            attributes["attached_disk"].append({"source": link, "device_name": device})
    disk_found = boot_disk_of(sources, found)
    for disk in attributes["boot_disk"]:
        made = dict(block(disk.get("initialize_params")))
        for name in ("size", "type", "image"):
            if is_nothing(made.get(name)) and disk_found is not None:
                made[name] = disk_found.attributes.get(name)
        disk["initialize_params"] = [{key: each for key, each in made.items() if each is not None}]
        key = literal(disk.get("kms_key_self_link"))
        if key is not None:
            disk["kms_key_self_link"] = key.partition("/cryptoKeyVersions")[0]


def _link_of(kind: str, value: object, near: Found, sources: Sources) -> object:
    """Return the link of what an argument names, where it is among what was found."""
    found = sources.named(kind, value, near)
    project = None if found is None else sources.project_of(found)
    if found is None or project is None:
        return value
    placed = {"zone": near.attributes.get("zone"), **_without_none(found.attributes)}
    return f"{URL}{import_id(kind, placed, project)}"


def _without_none(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in attributes.items() if each is not None}


def _as_text(value: object) -> object:
    """Return a value of a map as Terraform makes text of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _alike(
    wanted: Mapping[str, Any],
    said: Mapping[str, Any],
    begin: str,
    assumed: frozenset[str],
    *,
    there: bool,
) -> dict[str, Any]:
    """Return what is said, in the types of what is wanted, and with what Compute Engine chooses."""
    alike = dict(said)
    for name, value in wanted.items():
        plain, own = f"{begin}{name}", said.get(name)
        unknown = own is None if there else is_nothing(own) and own is not False
        if value is None:
            continue
        if unknown and plain in assumed:
            alike[name] = value
        elif isinstance(value, bool):
            alike[name] = own if flag(own) is None else flag(own)
        elif isinstance(value, int):
            alike[name] = own if number(own) is None else number(own)
        elif plain == "metadata":
            continue
        elif blocks(value) and blocks(own):
            pairs, inner = blocks(own), blocks(value)
            alike[name] = [
                _alike(inner[index], each, f"{plain}.", assumed, there=there)
                if index < len(inner)
                else each
                for index, each in enumerate(pairs)
            ]
    return alike
