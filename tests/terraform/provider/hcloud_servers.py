"""Servers: which calls of the API hcloud's provider makes for them, and in which order."""

from .cloud import State
from .hcloud_calls import change, common, own
from .hetzner import IMAGES, TYPES, Hetzner, RefusedError, deprecated

INSTEAD = (
    "Existing servers of that plan will continue to work as before and no action is required on "
    "your part. It is possible to migrate this Server to another Server Type by using the "
    '"hcloud server change-type" command.'
)


def create_server(api: Hetzner, state: State, config: State) -> None:
    """Make a server, put it into its networks, back it up, protect it."""
    if state["server_type"] not in TYPES:
        raise own(f"server type {state['server_type']} not found")
    kind = TYPES[state["server_type"]]
    if state["image"] not in IMAGES:
        raise own(f"image {state['image'] or ''} for architecture {kind.architecture} not found")
    for message in deprecated(kind, state["location"]):
        raise own(message, INSTEAD)
    keys = [ssh_key(api, name)["id"] for name in state["ssh_keys"] or ()]
    group = state["placement_group_id"]
    if group and api.get("placement_group", group) is None:
        raise own(f"placement group not found: {group}")
    public = [
        {
            "enable_ipv4": net["ipv4_enabled"] or bool(net["ipv4"]),
            "enable_ipv6": net["ipv6_enabled"] or bool(net["ipv6"]),
            "ipv4": net["ipv4"],
            "ipv6": net["ipv6"],
        }
        for net in state["public_net"]
    ]
    inside = bool(
        state["network"] and public and not public[0]["enable_ipv4"] | public[0]["enable_ipv6"]
    )
    server = api.create_server(
        {
            "name": state["name"],
            "server_type": kind.name,
            "image": state["image"],
            "location": state["location"],
            "labels": state["labels"],
            "ssh_keys": keys,
            # The state holds a digest of it.
            "user_data": config["user_data"],
            "firewalls": state["firewall_ids"] or [],
            "placement_group": group,
            "public_net": public[0] if public else None,
            "start_after_create": not inside,
        }
    )
    state |= {"id": str(server["id"]), "firewall_ids": server["firewalls"]}
    for net in state["network"]:
        join(api, state["id"], net)
    if inside:
        api.set_status(state["id"], "running")
    if state["backups"]:
        set_backups(api, state["id"], on=True)
    if state["delete_protection"] or state["rebuild_protection"]:
        protect_server(api, state)


def ssh_key(api: Hetzner, name: str) -> State:
    """The key of an id or a name."""
    found = api.get("ssh_key", name) or api.by_name("ssh_key", name)
    if found is None:
        raise own(f"SSH key not found: {name}")
    return found


def join(api: Hetzner, number: str, net: State) -> None:
    """Put a server into a network."""
    of, _, part = net["subnet_id"].partition("-")
    network = int(of) if part else net["network_id"]
    asked = {"network": network, "ip": net["ip"] or None, "ip_range": part or None}
    try:
        api.join(number, asked | {"alias_ips": net["alias_ips"]})
    except RefusedError as error:
        where = "hcloud/inlineAttachServerToNetwork: attach server to network"
        raise own(f"{where}: {error.message} ({error.code}, {error.request})") from None


def set_backups(api: Hetzner, number: str, *, on: bool) -> None:
    """Have a server backed up, or not."""
    api.update("server", number, backup_window="22-02" if on else None)


def protect_server(api: Hetzner, state: State) -> None:
    """Protect a server from its deletion and from being made anew."""
    both = ("delete", "rebuild")
    api.protect("server", state["id"], **{x: bool(state[f"{x}_protection"]) for x in both})


def read_server(api: Hetzner, state: State) -> State | None:
    """What is read back of a server; not what only its creation used, nor `public_net`.

    An import may name it in place of its id.
    """
    server = api.get("server", state["id"]) or api.by_name("server", state["id"])
    if server is None:
        return None
    have = api.addresses(server)
    found = common(server) | {
        "location": server["location"],
        "status": server["status"],
        "server_type": server["server_type"],
        "image": server["image"],
        "ipv4_address": have["ipv4"]["ip"] if "ipv4" in have else "",
        "ipv6_address": f"{have['ipv6']['ip']}1" if "ipv6" in have else "",
        "ipv6_network": f"{have['ipv6']['ip']}/64" if "ipv6" in have else "<nil>",
        "backup_window": server["backup_window"] or "",
        "backups": bool(server["backup_window"]),
        "delete_protection": server["protection"]["delete"],
        "rebuild_protection": server["protection"]["rebuild"],
        "firewall_ids": server["firewalls"],
        "primary_disk_size": server["primary_disk_size"],
        "placement_group_id": server["placement_group"] or 0,
    }
    if state["network"]:
        found["network"] = [member(state, net) for net in server["private_net"]]
    return found


def member(state: State, net: State) -> State:
    """A network of a server, with its id and its part as the configuration has them."""
    found = {"network_id": 0, "subnet_id": ""}
    for said in state["network"]:
        of = int(said["subnet_id"].partition("-")[0]) if said["subnet_id"] else said["network_id"]
        if of == net["network"]:
            found = {"network_id": of, "subnet_id": said["subnet_id"]}
    return found | {name: net[name] for name in ("ip", "alias_ips", "mac_address")}


def update_server(api: Hetzner, prior: State, state: State, changed: set[str]) -> None:
    """Change a server, in the provider's order."""
    number = state["id"]
    change(api, "server", state, changed)
    if "server_type" in changed:
        if api.find("server", number)["status"] == "running":
            api.set_status(number, "off")
        api.change_type(number, state["server_type"], upgrade_disk=not state["keep_disk"])
    if "backups" in changed:
        set_backups(api, number, on=state["backups"])
    if "network" in changed:
        move_server(api, state)
    if "firewall_ids" in changed:
        before = set(api.find("server", number)["firewalls"])
        after = set(state["firewall_ids"] or ())
        for firewall in sorted(before - after):
            api.set_firewall(firewall, number, on=False)
        for firewall in sorted(after - before):
            api.set_firewall(firewall, number, on=True)
    if "public_net" in changed:
        change_public_net(api, number, prior["public_net"], state["public_net"])
    if "placement_group_id" in changed:
        change_group(api, number, state["placement_group_id"])
    if changed & {"delete_protection", "rebuild_protection"}:
        protect_server(api, state)


def move_server(api: Hetzner, state: State) -> None:
    """Have a server in the networks that its configuration names, at the addresses it names."""
    number = state["id"]
    wanted = {
        int(net["subnet_id"].partition("-")[0]) if net["subnet_id"] else net["network_id"]: net
        for net in state["network"]
    }
    for net in list(api.find("server", number)["private_net"]):
        asked = wanted.get(net["network"])
        if asked and asked["ip"] == net["ip"]:
            net["alias_ips"] = asked["alias_ips"]
            del wanted[net["network"]]
        else:
            api.leave(number, net["network"])
    for asked in wanted.values():
        join(api, number, asked)


def change_group(api: Hetzner, number: str, group: int | None) -> None:
    """Have a server in a placement group, or in none, for which it has to be off."""
    server = api.find("server", number)
    if server["placement_group"]:
        if server["status"] != "off":
            raise own(
                "removing a running server from a placement group is currently not supported in the"
                " provider. You can shutdown the server yourself, apply the changes again and then"
                " start the server manually as a workaround"
            )
        api.change_group(number, None)
    if group:
        if api.get("placement_group", group) is None:
            raise own(f"placement group not found: {group}")
        api.change_group(number, group)


def change_public_net(api: Hetzner, number: str, before: list[State], after: list[State]) -> None:
    """Give a server other addresses, for which it is switched off and on again."""
    nothing = {"ipv4": 0, "ipv6": 0, "ipv4_enabled": True, "ipv6_enabled": True}
    old = (before or [nothing])[0]
    # Without the block, the server has addresses of its own in place of those that it named.
    new = (after or [old | {"ipv4": 0, "ipv6": 0}])[0]
    have = api.addresses(api.find("server", number))
    api.set_status(number, "off")
    try:
        for version in ("ipv4", "ipv6"):
            change_address(api, number, version, have.get(version), old, new)
    finally:
        api.set_status(number, "running")


def change_address(
    api: Hetzner, number: str, version: str, has: State | None, old: State, new: State
) -> None:
    """Give a server that is off another address of a version."""
    on, wanted, was = new[f"{version}_enabled"], new[version], old[version]
    if not on and wanted:
        raise own(
            f"this operation is not allowed: {version}_enabled = false | {version} = {wanted}"
        )
    if (wanted or not on) and has:
        api.assign(has["id"], None)
        if not was:
            api.delete("primary_ip", has["id"])
    if wanted:
        api.assign(wanted, number)
    elif on and bool(was) == bool(old[f"{version}_enabled"]):
        if was:
            api.assign(was, None)
        api.random_address(api.find("server", number), version)


def delete_server(api: Hetzner, prior: State) -> None:
    """Remove a server, after a shutdown where that is wanted."""
    if prior["shutdown_before_deletion"]:
        api.set_status(prior["id"], "off")
    api.delete("server", prior["id"])
