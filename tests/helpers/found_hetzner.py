"""What sources tell of a stack at Hetzner Cloud: its configuration, and the state of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra_lib.clouds.adoption import Found
from infra_lib.model.reference import Reference
from infra_lib.terraform.resource import Configuration, Resource, reference


def as_configuration(wanted: Configuration, where: str = "cdk.tf.json") -> list[Found]:
    """What a configuration says of it: references are references, and nothing has a number."""
    return [_found(each, where, _without_none(each.arguments), exists=False) for each in of(wanted)]


def as_state(wanted: Configuration, where: str = "state.json") -> list[Found]:
    """What the state says once all of it is there: numbers, and what Hetzner adds to it."""
    ids = numbers(wanted)
    known = {
        reference(each.type, each.name, "id"): ids[each.address]
        for each in of(wanted)
        if each.address in ids
    } | {
        reference(each.type, each.name, "name"): each.arguments["name"]
        for each in of(wanted)
        if "name" in each.arguments
    }
    return [
        _found(
            each,
            where,
            _without_none(_resolved(each.arguments, known)) | _added(each, ids),
            exists=True,
        )
        for each in of(wanted)
    ]


def numbers(wanted: Configuration) -> dict[str, Any]:
    """What each resource is imported by; a subnet by its network and its range."""
    ids: dict[str, Any] = {each.address: 1000 + n for n, each in enumerate(of(wanted))}
    for each in of(wanted):
        if each.type == "hcloud_network_subnet":
            network = ids[f"hcloud_network.{each.name}"]
            ids[each.address] = f"{network}-{each.arguments['ip_range']}"
    return ids


def of(wanted: Configuration) -> list[Resource]:
    """The resources that are the provider's."""
    return [each for each in wanted.resources if each.type.startswith("hcloud_")]


def _added(resource: Resource, ids: Mapping[str, Any]) -> dict[str, Any]:
    number = ids[resource.address]
    added: dict[str, Any] = {"id": number if resource.type == "hcloud_primary_ip" else str(number)}
    if resource.type == "hcloud_server":
        (net,) = resource.arguments["public_net"]
        last = number % 250 + 1
        network = f"2001:db8:{number:x}::/64"
        added |= {
            "status": "running",
            "backup_window": "22-02" if resource.arguments["backups"] else "",
            "ipv4_address": f"203.0.113.{last}" if net["ipv4_enabled"] else "",
            "ipv6_address": f"2001:db8:{number:x}::1" if net["ipv6_enabled"] else "",
            "ipv6_network": network if net["ipv6_enabled"] else "<nil>",
            "primary_disk_size": 80,
            "rescue": None,
            "network": resource.arguments["network"] and _network(resource, ids),
        }
    return added


def _network(resource: Resource, ids: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "network_id": int(str(ids[str(each["subnet_id"])[2:-4]]).partition("-")[0]),
            "subnet_id": ids[str(each["subnet_id"])[2:-4]],
            "ip": each["ip"],
            "alias_ips": [],
            "mac_address": "86:00:ff:2a:7d:e1",
        }
        for each in resource.arguments["network"]
    ]


def _found(resource: Resource, where: str, attributes: Mapping[str, Any], *, exists: bool) -> Found:
    return Found(
        type=resource.type,
        name=resource.name,
        where=f"{where}: {resource.address}",
        attributes=attributes,
        exists=exists,
    )


def _resolved(value: Any, known: Mapping[Reference, Any]) -> Any:
    if isinstance(value, Reference):
        return known.get(value, value)
    if isinstance(value, Mapping):
        return {name: _resolved(each, known) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_resolved(each, known) for each in value]
    return value


def _without_none(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
