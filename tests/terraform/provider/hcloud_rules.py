"""What hcloud's provider checks and plans beyond its schema, before it asks anybody.

Read off its own source, as `hcloud` says.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface, ip_network
from typing import Any

from .cloud import State
from .planning import Rules
from .values import UNKNOWN

Wrong = Iterator[tuple[str, str]]

LABEL_KEY = (
    r"([a-z0-9A-Z]([-_.a-z0-9A-Z]{0,253}[a-z0-9A-Z])?/)?"
    r"[a-z0-9A-Z]([-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?"
)
LABEL_VALUE = r"([a-z0-9A-Z]([-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?)?"

REMOVED = (
    "The datacenter attribute is marked for removal, you must use the location attribute instead."
    " See https://docs.hetzner.cloud/changelog#2026-07-01-removing-datacenters."
)

FRAMEWORK = frozenset(
    f"hcloud_{kind}" for kind in ("primary_ip", "rdns", "server_network", "ssh_key", "zone_rrset")
)
"""The resources of the newer half of the provider."""


def unconfigured(config: State, environment: Mapping[str, str]) -> Wrong:
    """Why the provider can ask nobody: it has no token."""
    if not token_of(config, environment):
        yield (
            "Missing Hetzner Cloud API token",
            "While configuring the provider, the Hetzner Cloud API token was not found in the"
            " HCLOUD_TOKEN environment variable or provider configuration block token attribute.",
        )


def wrong_provider(config: State, environment: Mapping[str, str]) -> Wrong:
    """What is wrong with the provider block: a token has 64 characters."""
    token = token_of(config, environment)
    if token and token is not UNKNOWN and len(token) != 64:
        yield "entered token is invalid (must be exactly 64 characters long)", ""


def token_of(config: State, environment: Mapping[str, str]) -> Any:
    """The token, of the provider block or else of the environment."""
    return config["token"] or environment.get("HCLOUD_TOKEN")


# What is wrong with a resource that nobody has to be asked about


def wrong_label(labels: Any) -> str | None:
    """What the provider says of the first label that is none, or None."""
    for key, value in (labels or {}).items() if labels is not UNKNOWN else ():
        if not re.fullmatch(LABEL_KEY, key):
            return f"label key '{key}' is not correctly formatted"
        if value is not UNKNOWN and not re.fullmatch(LABEL_VALUE, value or ""):
            return f"label value '{value}' (key: {key}) is not correctly formatted"
    return None


def labelled(config: State) -> Wrong:
    """Labels of the older half."""
    if wrong := wrong_label(config["labels"]):
        yield wrong, ""


def newer_labelled(config: State) -> Wrong:
    """Labels of the newer half."""
    if wrong := wrong_label(config["labels"]):
        yield "Invalid label", wrong


def wrong_server(config: State) -> Wrong:
    """What is wrong with a server."""
    yield from labelled(config)
    if config["datacenter"] is not None:
        yield "Removed Attribute", REMOVED
    if config["image"] == "":
        yield (
            '"image" must have more than 0 characters. Have you set the name instead of an ID?',
            "",
        )
    for key in config["ssh_keys"] or () if config["ssh_keys"] is not UNKNOWN else ():
        if key == "":
            yield (
                "Invalid ssh key passed. You need to pass a string with at least 1 character",
                "",
            )


def wrong_address(config: State) -> Wrong:
    """What is wrong with a primary IP."""
    yield from newer_labelled(config)
    yield from exactly_one(config, "location", "assignee_id")
    if config["datacenter"] is not None:
        yield "Removed Attribute", REMOVED
    if config["assignee_id"] is not None and config["assignee_type"] is None:
        yield (
            "Invalid Attribute Combination",
            "These attributes must be configured together: [assignee_id,assignee_type]",
        )


def exactly_one(config: State, *names: str) -> Wrong:
    """One of some arguments has to be given, and no two."""
    given = [config[name] for name in names if config[name] is not None]
    listed = f"[{','.join(names)}]"
    if not given:
        yield (
            "Missing Attribute Configuration",
            f"Exactly one of these attributes must be configured: {listed}",
        )
    elif len(given) > 1 and UNKNOWN not in given:
        yield (
            "Invalid Attribute Combination",
            f"Exactly one of these attributes must be configured: {listed}",
        )


def wrong_firewall(config: State) -> Wrong:
    """What is wrong with a firewall."""
    yield from labelled(config)
    for rule in config["rule"] if config["rule"] is not UNKNOWN else ():
        if rule["direction"] not in ("in", "out", UNKNOWN, None):
            yield f"{rule['direction']} is not a valid direction", ""
        if rule["protocol"] not in ("tcp", "udp", "icmp", "esp", "gre", UNKNOWN, None):
            yield f"{rule['protocol']} is not a valid protocol", ""
        for name in ("source_ips", "destination_ips"):
            for text in rule[name] or () if rule[name] is not UNKNOWN else ():
                if text is not UNKNOWN and (wrong := wrong_range(text)):
                    yield wrong, ""


def wrong_range(text: str) -> str | None:
    """What is wrong with the addresses of a firewall's rule, or None."""
    try:
        range_ = ip_interface(text)
    except ValueError:
        return f"invalid CIDR address: {text}"
    if range_.ip != range_.network.network_address:
        return f"{normal_range(text)} is not the start of the cidr block {range_.network}"
    return None


def normal_range(text: str) -> str:
    """Addresses as the API writes them."""
    try:
        return str(ip_interface(text))
    except ValueError:
        return text


def wrong_group(config: State) -> Wrong:
    """What is wrong with a placement group."""
    yield from labelled(config)
    if config["type"] not in ("spread", UNKNOWN, None):
        yield f"{config['type']} is not a valid placement group type", ""


def wrong_network(config: State) -> Wrong:
    """What is wrong with a network."""
    yield from labelled(config)
    if config["ip_range"] not in (UNKNOWN, None) and network_of(config["ip_range"]) is None:
        got = config["ip_range"]
        yield (
            f'expected "ip_range" to be a valid CIDR Value, got {got}: invalid CIDR address: {got}',
            "",
        )


def network_of(text: str) -> IPv4Network | IPv6Network | None:
    """The network of an address and the length of its prefix; None for what is none."""
    try:
        return ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def wrong_subnet(config: State) -> Wrong:
    """What is wrong with a part of a network."""
    if config["type"] not in ("cloud", "server", "vswitch", UNKNOWN, None):
        yield (
            f'expected type to be one of ["cloud" "server" "vswitch"], got {config["type"]}',
            "",
        )


def wrong_rrset(config: State) -> Wrong:
    """What is wrong with records."""
    yield from newer_labelled(config)
    if config["records"] == []:
        yield (
            "Invalid Attribute Value",
            "Attribute records set must contain at least 1 elements, got: 0",
        )


def wrong_rdns(config: State) -> Wrong:
    """What is wrong with the name of an address."""
    yield from exactly_one(
        config, "server_id", "primary_ip_id", "floating_ip_id", "load_balancer_id"
    )
    yield from wrong_ip(config, "ip_address")


def wrong_membership(config: State) -> Wrong:
    """What is wrong with the place of a server in a network."""
    yield from exactly_one(config, "network_id", "subnet_id")
    yield from wrong_ip(config, "ip")


def wrong_ip(config: State, name: str) -> Wrong:
    """An address has to be one."""
    if config[name] in (UNKNOWN, None):
        return
    try:
        ip_address(config[name])
    except ValueError:
        yield (
            "Invalid IP Address String Value",
            "A string value was provided that is not valid IPv4 or IPv6 string format (RFC 791,"
            f' RFC 4291).\n\nGiven Value: {config[name]}\nError: ParseAddr("{config[name]}"):'
            " unable to parse IP",
        )


# What is put right in a plan


def settle_firewall(_prior: State | None, planned: State) -> None:
    """Addresses are planned as the API writes them, and what is missing in a rule as empty."""
    for rule in planned["rule"] if planned["rule"] is not UNKNOWN else ():
        for name in ("source_ips", "destination_ips"):
            if rule[name] is not UNKNOWN:
                ranges = rule[name] or ()
                rule[name] = [t if t is UNKNOWN else normal_range(t) for t in ranges]
        rule |= {name: "" for name in ("port", "description") if rule[name] is None}


def settle_server(prior: State | None, planned: State) -> None:
    """Of user data, the state holds a digest."""
    text = planned["user_data"]
    if isinstance(text, str) and not (prior and prior["user_data"] == text):
        hashed = base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()  # noqa: S324
        planned["user_data"] = hashed


def server_refusal(planned: State, config: State) -> str | None:
    """Why a server is refused at plan: it may be in a network once, where its address is."""
    for net in config["network"] if config["network"] is not UNKNOWN else ():
        if net["network_id"] is None and net["subnet_id"] is None:
            return "must specify either network_id or subnet_id"
    seen: set[Any] = set()
    for net in planned["network"] if planned["network"] is not UNKNOWN else ():
        number, part = net["network_id"], net["subnet_id"]
        if isinstance(part, str) and part:
            of, _, range_ = part.partition("-")
            if number not in (None, 0, UNKNOWN, int(of)):
                return f"subnet_id ({part}) does not belong to the specified network_id ({number})"
            number = int(of)
            ip = net["ip"]
            if isinstance(ip, str) and ip and ip_address(ip) not in ip_network(range_):
                return f"server IP ({ip}) is outside subnet IP range ({range_})"
        if isinstance(number, int) and number:
            if number in seen:
                return f"server is only allowed to be attached to each network once: {number}"
            seen.add(number)
    return None


_PROTECTION = {"delete_protection": False}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


RULES: dict[str, Rules] = {
    "hcloud_server": Rules(
        replaced_by=_names("image location user_data ssh_keys"),
        defaults=dict.fromkeys(
            [
                "keep_disk",
                "backups",
                "ignore_remote_firewall_ids",
                "delete_protection",
                "rebuild_protection",
                "shutdown_before_deletion",
            ],
            False,
        )
        | {"public_net.ipv4_enabled": True, "public_net.ipv6_enabled": True},
        settle=settle_server,
        wrong=wrong_server,
        refusal=server_refusal,
    ),
    "hcloud_primary_ip": Rules(
        replaced_by=_names("type location"),
        defaults={"auto_delete": False, "labels": {}} | _PROTECTION,
        fresh=_names("assignee_id assignee_type datacenter"),
        wrong=wrong_address,
    ),
    "hcloud_volume": Rules(replaced_by=_names("location"), defaults=_PROTECTION, wrong=labelled),
    "hcloud_volume_attachment": Rules(replaced_by=_names("volume_id server_id")),
    "hcloud_firewall": Rules(kept=_names("apply_to"), settle=settle_firewall, wrong=wrong_firewall),
    "hcloud_placement_group": Rules(wrong=wrong_group),
    "hcloud_network": Rules(
        replaced_by=_names("ip_range"),
        defaults=_PROTECTION | {"expose_routes_to_vswitch": False},
        wrong=wrong_network,
    ),
    "hcloud_network_subnet": Rules(
        replaced_by=_names("network_id type network_zone ip_range vswitch_id"), wrong=wrong_subnet
    ),
    "hcloud_ssh_key": Rules(
        replaced_by=_names("public_key"), defaults={"labels": {}}, wrong=newer_labelled
    ),
    "hcloud_zone_rrset": Rules(
        replaced_by=_names("zone name type"),
        defaults={"labels": {}},
        fresh=_names("change_protection"),
        wrong=wrong_rrset,
    ),
    "hcloud_rdns": Rules(
        replaced_by=_names("server_id primary_ip_id floating_ip_id load_balancer_id ip_address"),
        wrong=wrong_rdns,
    ),
    "hcloud_server_network": Rules(
        replaced_by=_names("server_id network_id subnet_id ip"),
        defaults={"alias_ips": []},
        wrong=wrong_membership,
    ),
}
