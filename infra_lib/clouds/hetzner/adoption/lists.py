"""What `hcloud … list -o json` prints, which is what the API answers, in Terraform's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Found, blocks
from infra_lib.clouds.hetzner.adoption.addresses import first_of
from infra_lib.clouds.hetzner.adoption.things import (
    listed as in_list,
)
from infra_lib.clouds.hetzner.readings import (
    ADDRESS,
    ATTACHMENT,
    FIREWALL,
    GROUP,
    KEY,
    NETWORK,
    SERVER,
    SUBNET,
    VOLUME,
)
from infra_lib.model.errors import FleetError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Object = Mapping[str, Any]

# What only one kind of object has together.
_TOLD_BY = {
    SERVER: ("server_type", "public_net", "protection"),
    VOLUME: ("linux_device", "size"),
    ADDRESS: ("assignee_type", "auto_delete", "ip"),
    FIREWALL: ("rules", "applied_to"),
    NETWORK: ("ip_range", "subnets"),
    KEY: ("fingerprint", "public_key", "name"),
    GROUP: ("servers", "type", "name"),
}


def listed(document: Sequence[Any], where: str) -> list[Found] | None:
    """Return what a list of hcloud's holds; see `infra_lib.clouds.adoption.Adoption`.

    It is of servers, volumes, primary IPs, firewalls, networks, SSH keys or placement groups.

    Args:
        document: The JSON.
        where: What to call it in messages.

    Raises:
        FleetError: When something in it is no such object, or has no number and no name.
    """
    kind = _kind(document[0]) if document else None
    if kind is None:
        return None
    found: list[Found] = []
    for index, each in enumerate(document):
        place = f"{where}: [{index}]"
        if _kind(each) != kind:
            raise FleetError(f"{place}: the first of that list is a {kind}, and this one is none")
        number, name = each.get("id"), each.get("name")
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(name, str):
            raise FleetError(
                f"{place}: id={shown(number)}, name={shown(name)}: a number and a name are wanted, "
                "as hcloud prints them with -o json"
            )
        found += _READERS[kind](each, f"{place} {name}")
    return found


def _kind(given: object) -> str | None:
    if not isinstance(given, Mapping):
        return None
    return next(
        (kind for kind, names in _TOLD_BY.items() if all(name in given for name in names)), None
    )


def _found(kind: str, where: str, attributes: dict[str, Any]) -> Found:
    return Found(type=kind, name="", where=where, attributes=attributes, exists=True)


def _common(given: Object) -> dict[str, Any]:
    protected = _in(given, "protection", "delete")
    return {
        "id": given["id"],
        "name": given["name"],
        "labels": given.get("labels"),
        **({} if protected is None else {"delete_protection": protected}),
    }


def _server(given: Object, where: str) -> Iterator[Found]:
    net, image = given.get("public_net"), given.get("image")
    ipv6 = _in(net, "ipv6", "ip")
    group = given.get("placement_group")
    versions = {name: _in(net, name) for name in ("ipv4", "ipv6")}
    yield _found(
        SERVER,
        where,
        {
            **_common(given),
            "server_type": _in(given, "server_type", "name"),
            "location": _in(given, "location", "name")
            or _in(given, "datacenter", "location", "name"),
            # Those that are no system of Hetzner's have no name.
            "image": _in(image, "name") or _text(_in(image, "id")),
            "iso": _in(given, "iso", "name"),
            "rescue": "enabled" if given.get("rescue_enabled") is True else None,
            "status": given.get("status"),
            "backups": bool(given.get("backup_window")),
            "rebuild_protection": _in(given, "protection", "rebuild"),
            "placement_group_id": _in(group, "id"),
            "primary_disk_size": given.get("primary_disk_size"),
            "ipv4_address": _in(net, "ipv4", "ip"),
            "ipv6_address": first_of(ipv6),
            "ipv6_network": ipv6,
            "public_net": [
                {
                    **{f"{name}_enabled": each is not None for name, each in versions.items()},
                    **{name: _in(each, "id") for name, each in versions.items()},
                }
            ],
            "network": [
                {
                    "network_id": each.get("network"),
                    "ip": each.get("ip"),
                    "alias_ips": each.get("alias_ips"),
                }
                for each in blocks(given.get("private_net"))
            ],
            "firewall_ids": [each.get("id") for each in blocks(_in(net, "firewalls"))],
        },
    )
    for number in in_list(given.get("volumes")):
        attributes = {"volume_id": number, "server_id": given["id"]}
        yield _found(ATTACHMENT, f"{where}: volume {number}", attributes)
    if isinstance(group, Mapping) and isinstance(group.get("name"), str) and "id" in group:
        yield from _group(group, f"{where}: placement_group")


def _volume(given: Object, where: str) -> Iterator[Found]:
    yield _found(
        VOLUME,
        where,
        {
            **_common(given),
            "size": given.get("size"),
            "location": _in(given, "location", "name"),
            "format": given.get("format"),
            "server_id": given.get("server"),
            "linux_device": given.get("linux_device"),
        },
    )


def _address(given: Object, where: str) -> Iterator[Found]:
    ipv6 = given.get("type") == "ipv6"
    yield _found(
        ADDRESS,
        where,
        {
            **_common(given),
            "type": given.get("type"),
            "location": _in(given, "location", "name")
            or _in(given, "datacenter", "location", "name"),
            "ip_address": given.get("ip"),
            "ip_network": given.get("ip") if ipv6 else None,
            "assignee_id": given.get("assignee_id"),
            "assignee_type": given.get("assignee_type"),
            "auto_delete": given.get("auto_delete"),
        },
    )


def _firewall(given: Object, where: str) -> Iterator[Found]:
    applied = blocks(given.get("applied_to"))
    yield _found(
        FIREWALL,
        where,
        {
            **_common(given),
            "rule": [
                {name: value for name, value in each.items() if value is not None}
                for each in blocks(given.get("rules"))
            ],
            "apply_to": [
                {"label_selector": _in(each, "label_selector", "selector")}
                if each.get("type") == "label_selector"
                else {"server": _in(each, "server", "id")}
                for each in applied
            ],
        },
    )


def _network(given: Object, where: str) -> Iterator[Found]:
    yield _found(
        NETWORK,
        where,
        {
            **_common(given),
            "ip_range": given.get("ip_range"),
            "expose_routes_to_vswitch": given.get("expose_routes_to_vswitch"),
        },
    )
    for each in blocks(given.get("subnets")):
        range_ = each.get("ip_range")
        attributes = {
            "id": f"{given['id']}-{range_}",
            "network_id": given["id"],
            **{name: each.get(name) for name in ("type", "ip_range", "network_zone", "vswitch_id")},
        }
        yield _found(SUBNET, f"{where}: subnet {range_}", attributes)
    for each in blocks(given.get("routes")):
        attributes = {"network_id": given["id"], **each}
        where_ = f"{where}: route to {each.get('destination')}"
        yield _found("hcloud_network_route", where_, attributes)


def _key(given: Object, where: str) -> Iterator[Found]:
    yield _found(KEY, where, {**_common(given), "public_key": given.get("public_key")})


def _group(given: Object, where: str) -> Iterator[Found]:
    attributes = {**_common(given), "type": given.get("type"), "servers": given.get("servers")}
    yield _found(GROUP, where, attributes)


def _in(given: object, *names: str) -> Any:
    """Return what is within mappings; None where one of them is none."""
    for name in names:
        given = given.get(name) if isinstance(given, Mapping) else None
    return given


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


_READERS: dict[str, Callable[[Object, str], Iterator[Found]]] = {
    SERVER: _server,
    VOLUME: _volume,
    ADDRESS: _address,
    FIREWALL: _firewall,
    NETWORK: _network,
    KEY: _key,
    GROUP: _group,
}
