"""The resources of hcloud's provider: which calls of the API it makes for each."""

import re
from collections.abc import Callable
from typing import Any

import attrs

from .cloud import State
from .hcloud_calls import change, change_at_once, common, own, protect
from .hcloud_rules import FRAMEWORK, network_of
from .hcloud_servers import create_server, delete_server, read_server, update_server
from .hetzner import Hetzner, RefusedError


@attrs.frozen
class Kind:
    """The four calls of a resource.

    Attributes:
        create: Makes it as in a state, and puts its id there; is told the configuration too.
        read: What is read back for a state, or None.
        update: Changes it from a state to another; is told what differs.
        delete: Removes it.
    """

    create: Callable[[Hetzner, State, State], None]
    read: Callable[[Hetzner, State], State | None]
    update: Callable[[Hetzner, State, State, set[str]], None]
    delete: Callable[[Hetzner, State], None]


def _removed(kind: str) -> Callable[[Hetzner, State], None]:
    return lambda api, prior: api.delete(kind, prior["id"])


def create_address(api: Hetzner, state: State, _config: State) -> None:
    """Make a primary IP."""
    made = api.create_address(state)
    state["id"] = made["id"]
    if state["delete_protection"]:
        api.protect("primary_ip", made["id"], delete=True)


def read_address(api: Hetzner, state: State) -> State | None:
    """What is read back of a primary IP."""
    found = api.get("primary_ip", state["id"])
    if found is None:
        return None
    ranged = found["type"] == "ipv6"
    return {name: found[name] for name in ("id", "name", "labels", "type", "location")} | {
        "ip_address": found["ip"],
        "ip_network": f"{found['ip']}/64" if ranged else None,
        "datacenter": None,
        "assignee_id": found["assignee_id"] or 0,
        "assignee_type": "server",
        "auto_delete": found["auto_delete"],
        "delete_protection": found["protection"]["delete"],
    }


def update_address(api: Hetzner, prior: State, state: State, changed: set[str]) -> None:
    """Change a primary IP."""
    protect(api, "primary_ip", state, changed)
    if "assignee_id" in changed and state["assignee_id"] is not None:
        if prior["assignee_id"]:
            api.assign(state["id"], None)
        if state["assignee_id"]:
            api.assign(state["id"], state["assignee_id"])
    change_at_once(api, "primary_ip", state, changed)


def delete_address(api: Hetzner, prior: State) -> None:
    """Remove a primary IP, from a server that is switched off and on for it."""
    address = api.find("primary_ip", prior["id"])
    if server := address["assignee_id"]:
        api.set_status(server, "off")
        api.assign(address["id"], None)
        api.set_status(server, "running")
    api.delete("primary_ip", address["id"])


def create_volume(api: Hetzner, state: State, _config: State) -> None:
    """Make a volume."""
    if not state["size"]:
        raise own("invalid value '0' for field [Size] in [hcloud.VolumeCreateOpts]")
    if not (state["server_id"] or state["location"]):
        raise own("missing one of fields [Server, Location] in [hcloud.VolumeCreateOpts]")
    made = api.create_volume(state | {"server": state["server_id"]})
    state["id"] = str(made["id"])
    if state["delete_protection"]:
        api.protect("volume", made["id"], delete=True)


def read_volume(api: Hetzner, state: State) -> State | None:
    """What is read back of a volume; the server of one that is detached stays in the state."""
    found = api.get("volume", state["id"])
    if found is None:
        return None
    return common(found) | {
        "size": found["size"],
        "location": found["location"],
        "linux_device": found["linux_device"],
        "delete_protection": found["protection"]["delete"],
        "server_id": found["server"] or state["server_id"],
    }


def update_volume(api: Hetzner, _prior: State, state: State, changed: set[str]) -> None:
    """Change a volume; another format or `automount` is no change."""
    if "name" in changed:
        api.update("volume", state["id"], name=state["name"])
    if "server_id" in changed:
        if api.find("volume", state["id"])["server"]:
            api.attach(state["id"], None)
        if state["server_id"]:
            api.attach(state["id"], state["server_id"])
    if "size" in changed:
        api.resize_volume(state["id"], state["size"])
    change(api, "volume", state, changed - {"name"})
    protect(api, "volume", state, changed)


def delete_volume(api: Hetzner, prior: State) -> None:
    """Remove a volume, from its server first."""
    if api.find("volume", prior["id"])["server"]:
        api.attach(prior["id"], None)
    api.delete("volume", prior["id"])


def create_attachment(api: Hetzner, state: State, _config: State) -> None:
    """Attach a volume."""
    api.attach(state["volume_id"], state["server_id"])
    state["id"] = str(state["volume_id"])


def read_attachment(api: Hetzner, state: State) -> State | None:
    """Where a volume is attached."""
    volume = api.get("volume", state["id"])
    if volume is None or not volume["server"] or not api.get("server", volume["server"]):
        return None
    return {"server_id": volume["server"], "volume_id": volume["id"]}


def update_attachment(_api: Hetzner, _prior: State, _state: State, _changed: set[str]) -> None:
    """Nothing of it can be changed."""
    raise own("doesn't support update")


def delete_attachment(api: Hetzner, prior: State) -> None:
    """Detach a volume."""
    if api.find("volume", prior["id"])["server"]:
        api.attach(prior["id"], None)


def create_firewall(api: Hetzner, state: State, _config: State) -> None:
    """Make a firewall."""
    apply_to = [
        {"type": "label_selector", "label_selector": {"selector": each["label_selector"]}}
        if each["label_selector"]
        else {"type": "server", "server": {"id": each["server"]}}
        for each in state["apply_to"]
    ]
    made = api.create_firewall(
        {
            "name": state["name"],
            "labels": state["labels"],
            "rules": rules_of(state),
            "apply_to": apply_to,
        }
    )
    state["id"] = str(made["id"])


def rules_of(state: State) -> list[State]:
    """The rules of a firewall as the API takes them."""
    return [
        rule | {"port": rule["port"] or None, "description": rule["description"] or None}
        for rule in state["rule"]
    ]


def read_firewall(api: Hetzner, state: State) -> State | None:
    """What is read back of a firewall; also the servers that say themselves that they have it."""
    found = api.get("firewall", state["id"])
    if found is None:
        return None
    servers = api.servers_with("firewalls", found["id"])
    applied = [{"label_selector": "", "server": server["id"]} for server in servers]
    applied += [{"label_selector": text, "server": 0} for text in found["label_selectors"]]
    return common(found) | {
        "rule": [
            {name: value if value is not None else "" for name, value in rule.items()}
            for rule in found["rules"]
        ],
        "apply_to": applied,
    }


def update_firewall(api: Hetzner, prior: State, state: State, changed: set[str]) -> None:
    """Change a firewall; that it has no rule any more is not passed on."""
    if "name" in changed:
        api.update("firewall", state["id"], name=state["name"])
    if "rule" in changed and state["rule"]:
        api.set_rules(state["id"], rules_of(state))
    change(api, "firewall", state, changed - {"name"})
    before, after = ({each["server"] for each in x["apply_to"]} - {0} for x in (prior, state))
    if "apply_to" in changed:
        for server in before - after:
            api.set_firewall(state["id"], server, on=False)
        for server in after - before:
            api.set_firewall(state["id"], server, on=True)


def delete_firewall(api: Hetzner, prior: State) -> None:
    """Remove a firewall, from all servers first."""
    number = api.find("firewall", prior["id"])["id"]
    for server in api.servers_with("firewalls", number):
        api.set_firewall(number, server["id"], on=False)
    api.delete("firewall", number)


def create_group(api: Hetzner, state: State, _config: State) -> None:
    """Make a placement group."""
    state["id"] = str(api.create_group(state)["id"])


def read_group(api: Hetzner, state: State) -> State | None:
    """What is read back of a placement group."""
    found = api.get("placement_group", state["id"])
    if found is None:
        return None
    servers = [server["id"] for server in api.members(found["id"])]
    return common(found) | {"type": found["type"], "servers": servers}


def create_network(api: Hetzner, state: State, _config: State) -> None:
    """Make a network."""
    made = api.create_network(state | {"ip_range": str(network_of(state["ip_range"]))})
    state["id"] = str(made["id"])
    if state["delete_protection"]:
        api.protect("network", made["id"], delete=True)


def read_network(api: Hetzner, state: State) -> State | None:
    """What is read back of a network."""
    found = api.get("network", state["id"])
    if found is None:
        return None
    return common(found) | {
        "ip_range": found["ip_range"],
        "delete_protection": found["protection"]["delete"],
        "expose_routes_to_vswitch": found["expose_routes_to_vswitch"],
    }


def update_network(api: Hetzner, _prior: State, state: State, changed: set[str]) -> None:
    """Change a network."""
    change(api, "network", state, changed, "expose_routes_to_vswitch")
    protect(api, "network", state, changed)


def create_subnet(api: Hetzner, state: State, _config: State) -> None:
    """Make a part of a network."""
    range_ = network_of(state["ip_range"])
    if range_ is None:
        raise own(f"invalid CIDR address: {state['ip_range']}")
    api.add_subnet(state["network_id"], state | {"ip_range": str(range_)})
    state["id"] = f"{state['network_id']}-{range_}"


def read_subnet(api: Hetzner, state: State) -> State | None:
    """What is read back of a part of a network."""
    number, _, range_ = state["id"].partition("-")
    network = api.get("network", number)
    for part in network["subnets"] if network else ():
        if part["ip_range"] == range_:
            return {**part, "network_id": int(number)}
    return None


def delete_subnet(api: Hetzner, prior: State) -> None:
    """Remove a part of a network; while servers are in it, forget it."""
    number, _, range_ = prior["id"].partition("-")
    try:
        api.delete_subnet(number, range_)
    except RefusedError as error:
        if error.code != "service_error":
            raise


def create_key(api: Hetzner, state: State, _config: State) -> None:
    """Take a public key."""
    state["id"] = str(api.create_key(state)["id"])


def read_key(api: Hetzner, state: State) -> State | None:
    """What is read back of a public key."""
    found = api.get("ssh_key", state["id"])
    if found is None:
        return None
    return common(found) | {name: found[name] for name in ("fingerprint", "public_key")}


def create_rrset(api: Hetzner, state: State, _config: State) -> None:
    """Make records."""
    state["id"] = api.create_rrset(state["zone"], state)["id"]
    if state["change_protection"] is not None:
        change = {"change": state["change_protection"]}
        api.set_records(state["zone"], state["id"], protection=change)


def read_rrset(api: Hetzner, state: State) -> State | None:
    """What is read back of records."""
    found = api.rrset(state["zone"], state["id"])
    if found is None:
        return None
    names = ("id", "name", "type", "ttl", "labels", "records")
    change = found["protection"]["change"]
    return {name: found[name] for name in names} | {"change_protection": change}


def update_rrset(api: Hetzner, _prior: State, state: State, changed: set[str]) -> None:
    """Change records."""
    for name in ("ttl", "records", "labels"):
        if name in changed:
            api.set_records(state["zone"], state["id"], **{name: state[name]})
    if "change_protection" in changed and state["change_protection"] is not None:
        change = {"change": state["change_protection"]}
        api.set_records(state["zone"], state["id"], protection=change)


def delete_rrset(api: Hetzner, prior: State) -> None:
    """Remove records."""
    api.delete_rrset(prior["zone"], prior["id"])


def named(state: State) -> tuple[str, str, Any]:
    """What has the address of a reverse name: its letter, its kind and its id."""
    if state["server_id"]:
        return "s", "server", state["server_id"]
    return "p", "primary_ip", state["primary_ip_id"]


def create_rdns(api: Hetzner, state: State, _config: State) -> None:
    """Name an address."""
    letter, kind, number = named(state)
    api.set_dns(kind, number, state["ip_address"], state["dns_ptr"])
    state["id"] = f"{letter}-{number}-{state['ip_address']}"


def read_rdns(api: Hetzner, state: State) -> State | None:
    """What is read back of the name of an address."""
    if not re.fullmatch(r"[sp]-\d+-.+", state["id"]):
        raise own("Invalid ID", f"Unexpected id '{state['id']}'")
    letter, number, ip = state["id"].split("-", 2)
    kind = "server" if letter == "s" else "primary_ip"
    found = api.get(kind, number)
    if found is None or ip not in found["dns_ptr"]:
        return None
    return {"ip_address": ip, "dns_ptr": found["dns_ptr"][ip], f"{kind}_id": int(number)}


def delete_rdns(api: Hetzner, prior: State) -> None:
    """Take the name of an address away."""
    _, kind, number = named(prior)
    api.set_dns(kind, number, prior["ip_address"], None)


def create_membership(api: Hetzner, state: State, _config: State) -> None:
    """Put a server into a network."""
    of, _, part = (state["subnet_id"] or "").partition("-")
    network = int(of) if part else state["network_id"]
    asked = {"network": network, "ip": state["ip"], "ip_range": part or None}
    api.join(state["server_id"], asked | {"alias_ips": state["alias_ips"]})
    state["id"] = f"{state['server_id']}-{network}"


def read_membership(api: Hetzner, state: State) -> State | None:
    """What is read back of a server's place in a network; not which subnet it was to be."""
    if not re.fullmatch(r"\d+-\d+", state["id"]):
        text = f"Unexpected id '{state['id']}', expected '$SERVER_ID-$NETWORK_ID'"
        raise own("Invalid ID", text)
    number, network = map(int, state["id"].split("-"))
    server = api.get("server", number)
    for net in server["private_net"] if server else ():
        if net["network"] == network:
            found = {name: net[name] for name in ("ip", "alias_ips", "mac_address")}
            return found | {"server_id": number, "network_id": network}
    return None


def update_membership(api: Hetzner, _prior: State, state: State, _changed: set[str]) -> None:
    """Give a server other addresses beside its own."""
    number, network = state["id"].split("-")
    for net in api.find("server", number)["private_net"]:
        if net["network"] == int(network):
            net["alias_ips"] = state["alias_ips"]


def delete_membership(api: Hetzner, prior: State) -> None:
    """Take a server out of a network."""
    number, network = prior["id"].split("-")
    api.leave(number, int(network))


def _unchanged(_api: Hetzner, _prior: State, _state: State, _changed: set[str]) -> None:
    """Every change of it makes it anew."""


def _by(kind: str) -> Callable[[Hetzner, State, State, set[str]], None]:
    call = change_at_once if f"hcloud_{kind}" in FRAMEWORK else change
    return lambda api, _prior, state, changed: call(api, kind, state, changed)


KINDS = {
    "hcloud_server": Kind(create_server, read_server, update_server, delete_server),
    "hcloud_primary_ip": Kind(create_address, read_address, update_address, delete_address),
    "hcloud_volume": Kind(create_volume, read_volume, update_volume, delete_volume),
    "hcloud_volume_attachment": Kind(
        create_attachment, read_attachment, update_attachment, delete_attachment
    ),
    "hcloud_firewall": Kind(create_firewall, read_firewall, update_firewall, delete_firewall),
    "hcloud_placement_group": Kind(
        create_group, read_group, _by("placement_group"), _removed("placement_group")
    ),
    "hcloud_network": Kind(create_network, read_network, update_network, _removed("network")),
    "hcloud_network_subnet": Kind(create_subnet, read_subnet, _unchanged, delete_subnet),
    "hcloud_ssh_key": Kind(create_key, read_key, _by("ssh_key"), _removed("ssh_key")),
    "hcloud_zone_rrset": Kind(create_rrset, read_rrset, update_rrset, delete_rrset),
    "hcloud_rdns": Kind(
        create_rdns,
        read_rdns,
        lambda api, _prior, state, _changed: create_rdns(api, state, state),
        delete_rdns,
    ),
    "hcloud_server_network": Kind(
        create_membership, read_membership, update_membership, delete_membership
    ),
}
