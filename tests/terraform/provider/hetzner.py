"""Hetzner Cloud's API, as far as the stand-in goes: what it refuses, and what else a call changes.

Objects are as the API answers them (https://docs.hetzner.cloud), but for what has a name of its own
(server types, images, locations), of which they hold the name. The words of errors are those that
were seen of it; of the others, those of hcloud-go's list of codes.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any

import attrs

from .cloud import Cloud, State, external_address, fingerprint

EUROPE = ("fsn1", "nbg1", "hel1")
AMERICA = ("ash", "hil")
EVERYWHERE = (*EUROPE, *AMERICA, "sin")
ZONES = {"ash": "us-east", "hil": "us-west", "sin": "ap-southeast"} | dict.fromkeys(
    EUROPE, "eu-central"
)
"""The network zone of each location."""

SOLD: dict[str, tuple[str, tuple[str, ...], dict[str, int]]] = {
    "x86 cx": ("x86", EUROPE, {"cx23": 40, "cx33": 80, "cx43": 160, "cx53": 320}),
    "arm": ("arm", EUROPE, {"cax11": 40, "cax21": 80, "cax31": 160, "cax41": 320}),
    "old": ("x86", AMERICA, {"cpx11": 40, "cpx21": 80, "cpx31": 160, "cpx41": 240, "cpx51": 360}),
    "regular": (
        "x86",
        (*EUROPE, "sin"),
        {"cpx12": 40, "cpx22": 80, "cpx32": 160, "cpx42": 320, "cpx52": 480, "cpx62": 640},
    ),
    "dedicated": (
        "x86",
        EVERYWHERE,
        {"ccx13": 80, "ccx23": 160, "ccx33": 240, "ccx43": 360, "ccx53": 600, "ccx63": 960},
    ),
}

IMAGES = ("debian-12", "debian-13", "ubuntu-24.04")
"""The images there are, for both architectures."""

STATUS = {
    "not_found": 404,
    "conflict": 409,
    "uniqueness_error": 409,
    "protected": 423,
    "locked": 423,
    "resource_limit_exceeded": 403,
    "unauthorized": 401,
}
"""The status of an answer by the error's code; of any other, 422."""

HOST_NAME = r"(?!.*--)[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?"

MOST_USER_DATA = 32 * 1024

NOUNS = {
    "server": "server",
    "volume": "volume",
    "firewall": "firewall",
    "network": "network",
    "primary_ip": "primary ip",
    "placement_group": "placement group",
    "ssh_key": "SSH key",
}


@attrs.frozen
class ServerType:
    """A kind of server.

    Attributes:
        name: Its name.
        architecture: `x86` or `arm`.
        disk: How large its disk is, in GB.
        locations: Where it can be ordered.
        gone: Where it could be ordered, until the end of 2025.
    """

    name: str
    architecture: str
    disk: int
    locations: tuple[str, ...]
    gone: tuple[str, ...]


TYPES = {
    name: ServerType(
        name, kind, disk, where, tuple(x for x in EVERYWHERE if x not in where) * (family == "old")
    )
    for family, (kind, where, disks) in SOLD.items()
    for name, disk in disks.items()
}


class RefusedError(Exception):
    """What the API answers instead.

    Attributes:
        code: The code of the error.
        message: Its words.
        fields: For `invalid_input`, what is said of fields, each by its name.
    """

    def __init__(self, code: str, message: str, **fields: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fields = code, message, fields

    @property
    def request(self) -> str:
        """What names the request in Hetzner's books."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return self.message

    @property
    def status(self) -> int:
        """The status of the answer."""
        return STATUS.get(self.code, 422)


@attrs.frozen
class Hetzner:
    """The calls of the API, within one transaction.

    Attributes:
        cloud: What is there.
    """

    cloud: Cloud

    def all(self, kind: str) -> dict[str, State]:
        """The objects of a kind by id; they may be changed in place."""
        return self.cloud.of(f"hcloud_{kind}")

    def get(self, kind: str, number: Any) -> State | None:
        """The object of a kind with an id, or None."""
        return self.all(kind).get(str(number))

    def find(self, kind: str, number: Any) -> State:
        """The object of a kind with an id.

        Raises:
            RefusedError: There is none.
        """
        found = self.get(kind, number)
        if found is None:
            raise RefusedError("not_found", f"{NOUNS[kind]} with ID '{number}' not found")
        return found

    def by_name(self, kind: str, name: str) -> State | None:
        """The object of a kind with a name, or None."""
        return next((each for each in self.all(kind).values() if each["name"] == name), None)

    def log(self, kind: str, verb: str, made: State) -> None:
        """Write down a call that changes something."""
        self.cloud.log.append(f"{kind}s.{verb} {made['name']}")

    def add(self, kind: str, made: State) -> State:
        """Keep a new object under an id that nothing ever had.

        Raises:
            RefusedError: The project may have no more, or its name is taken.
        """
        self.check_name(kind, made["name"])
        self.check_quota(kind, made)
        self.cloud.last["id"] = self.cloud.last.get("id", 100_000) + 1
        made = {"id": self.cloud.last["id"], "labels": {}, "protection": {"delete": False}} | made
        self.all(kind)[str(made["id"])] = made
        self.log(kind, "create", made)
        return made

    def check_quota(self, kind: str, made: State) -> None:
        """Refuse what is beyond a limit of the project.

        Raises:
            RefusedError: It is.
        """
        if fault := self.cloud.struck("resource_limit_exceeded", kind=kind, name=made["name"]):
            text = "Primary IP limit exceeded" if kind == "primary_ip" else f"{kind} limit exceeded"
            text = "server limit reached" if kind == "server" else text
            raise RefusedError("resource_limit_exceeded", fault.get("message", text))

    def check_name(self, kind: str, name: str, own: Any = None) -> None:
        """Names are host names for servers, and one of a kind for all.

        Raises:
            RefusedError: One is not.
        """
        if kind == "server" and not re.fullmatch(HOST_NAME, name):
            raise RefusedError(
                "invalid_input",
                "invalid input in field 'name'",
                name="Name must be a valid hostname.",
            )
        other = self.by_name(kind, name)
        if other and other["id"] != own:
            raise RefusedError("uniqueness_error", f"{NOUNS[kind]} name is already used")

    def update(self, kind: str, number: Any, **changed: Any) -> State:
        """Change the name, the labels and the like of an object.

        Raises:
            RefusedError: There is no such object, or its new name is taken.
        """
        found = self.find(kind, number)
        if "name" in changed:
            self.check_name(kind, changed["name"], found["id"])
        found |= changed
        self.log(kind, "update", found)
        return found

    def protect(self, kind: str, number: Any, **protection: bool) -> None:
        """Protect an object from its deletion, or do not.

        Raises:
            RefusedError: There is no such object; for a server, the two protections differ.
        """
        found = self.find(kind, number)
        after = found["protection"] | protection
        if kind == "server" and after["delete"] != after["rebuild"]:
            raise RefusedError(
                "invalid_input", "delete and rebuild protection have to be the same for servers"
            )
        found["protection"] = after
        self.log(kind, "change_protection", found)

    def delete(self, kind: str, number: Any) -> None:
        """Remove an object, and with a server what goes with it.

        Raises:
            RefusedError: There is none, it is protected, or something uses it.
        """
        found = self.find(kind, number)
        if found["protection"]["delete"]:
            raise RefusedError("protected", f"{NOUNS[kind]} deletion is protected")
        if kind == "server":
            self._free(found)
        elif kind == "primary_ip" and found["assignee_id"]:
            raise RefusedError("must_be_unassigned", "primary ip is assigned, unassign it first")
        elif kind == "volume" and found["server"]:
            raise RefusedError("volume_attached", "volume is attached to a server")
        elif kind == "firewall" and self.servers_with("firewalls", found["id"]):
            raise RefusedError("resource_in_use", f"firewall with ID '{number}' is still in use")
        elif kind == "placement_group":
            for server in self.members(found["id"]):
                server["placement_group"] = None
        elif kind == "network":
            for server in self.all("server").values():
                server["private_net"] = [
                    net for net in server["private_net"] if net["network"] != found["id"]
                ]
        del self.all(kind)[str(number)]
        self.log(kind, "delete", found)

    def _free(self, server: State) -> None:
        for address in list(self.all("primary_ip").values()):
            if address["assignee_id"] == server["id"]:
                address["assignee_id"] = None
                if address["auto_delete"]:
                    del self.all("primary_ip")[str(address["id"])]
        for volume in self.all("volume").values():
            if volume["server"] == server["id"]:
                volume["server"] = None

    def servers_with(self, name: str, number: int) -> list[State]:
        """The servers that have a number in a list of theirs."""
        return [server for server in self.all("server").values() if number in server[name]]

    def members(self, group: int) -> list[State]:
        """The servers in a placement group."""
        return [each for each in self.all("server").values() if each["placement_group"] == group]

    # Servers

    def create_server(self, asked: State) -> State:
        """Make a server, in the words of `POST /servers`.

        Raises:
            RefusedError: It is not to be had.
        """
        kind = self.type(asked["server_type"])
        where = asked.get("location") or EUROPE[0]
        if where not in EVERYWHERE:
            raise RefusedError("invalid_input", f"location '{where}' not found", location="unknown")
        self.check_name("server", asked["name"])
        if len((asked.get("user_data") or "").encode()) > MOST_USER_DATA:
            raise RefusedError(
                "invalid_input",
                "invalid input in field 'user_data'",
                user_data="Length must be less than or equal 32768.",
            )
        for firewall in asked.get("firewalls", ()):
            self.find("firewall", firewall)
        group = asked.get("placement_group")
        self.check_group(group)
        public = asked.get("public_net") or {"enable_ipv4": True, "enable_ipv6": True}
        for version in ("ipv4", "ipv6"):
            if number := public.get(version):
                self.check_address(number, version, where)
        self.check_quota("server", asked)
        self.ask_for_room(asked["name"], kind, where)
        server = self.add(
            "server",
            {
                "name": asked["name"],
                "server_type": kind.name,
                "image": asked["image"],
                "location": where,
                "status": "running" if asked.get("start_after_create", True) else "off",
                "protection": {"delete": False, "rebuild": False},
                "labels": asked.get("labels") or {},
                "firewalls": sorted(asked.get("firewalls", ())),
                "placement_group": group,
                "primary_disk_size": kind.disk,
                "private_net": [],
                "backup_window": None,
                "rescue_enabled": False,
                "ssh_keys": list(asked.get("ssh_keys", ())),
                "dns_ptr": {},
            },
        )
        for version in ("ipv4", "ipv6"):
            if number := public.get(version):
                self.find("primary_ip", number)["assignee_id"] = server["id"]
            elif public[f"enable_{version}"]:
                self.random_address(server, version)
        return server

    def type(self, name: str) -> ServerType:
        """The server type of a name.

        Raises:
            RefusedError: There is none.
        """
        if name not in TYPES:
            raise RefusedError("invalid_input", f"server type '{name}' not found")
        return TYPES[name]

    def ask_for_room(self, name: str, kind: ServerType, where: str) -> None:
        """Take a place for a server.

        Raises:
            RefusedError: The type is not sold there, or the faults of the cloud say that there is
                no place.
        """
        asked = {"name": name, "server_type": kind.name, "location": where}
        if where not in kind.locations or self.cloud.struck("unsupported_location", **asked):
            raise RefusedError("invalid_input", "unsupported location for server type")
        if self.cloud.struck("resource_unavailable", **asked):
            raise RefusedError("resource_unavailable", "error during placement")

    def check_group(self, group: int | None) -> None:
        """A placement group has to be there, and has ten servers at most.

        Raises:
            RefusedError: It is not, or has.
        """
        if group and len(self.members(self.find("placement_group", group)["id"])) >= 10:
            raise RefusedError(
                "placement_group_member_limit_reached",
                f"placement group with ID {group} contains already 10 servers",
            )

    def set_status(self, number: Any, status: str) -> None:
        """Switch a server on or off."""
        server = self.find("server", number)
        server["status"] = status
        self.log("server", "poweron" if status == "running" else "poweroff", server)

    def change_type(self, number: Any, name: str, *, upgrade_disk: bool) -> None:
        """Make a server that is off one of another type, and start it.

        Raises:
            RefusedError: It is not off, does not fit, or there is no room for it.
        """
        server, kind = self.find("server", number), self.type(name)
        if server["status"] != "off":
            raise RefusedError("server_not_stopped", "server has to be off")
        if kind.architecture != TYPES[server["server_type"]].architecture:
            raise RefusedError("invalid_server_type", "server type has another architecture")
        if kind.disk < server["primary_disk_size"]:
            raise RefusedError("invalid_server_type", "new server type's disk is too small")
        self.ask_for_room(server["name"], kind, server["location"])
        server |= {"server_type": kind.name, "status": "running"}
        if upgrade_disk:
            server["primary_disk_size"] = kind.disk
        self.log("server", "change_type", server)

    def change_group(self, number: Any, group: int | None) -> None:
        """Put a server into a placement group, or out of one, which is for servers that are off.

        Raises:
            RefusedError: There is no such group, it is full, or the server runs.
        """
        server = self.find("server", number)
        self.check_group(group)
        if group is None and server["status"] != "off":
            raise RefusedError("server_not_stopped", "server has to be off")
        server["placement_group"] = group
        self.log("server", "change_placement_group", server)

    def set_firewall(self, firewall: Any, number: Any, *, on: bool) -> None:
        """Put a firewall before a server, or take it away.

        Raises:
            RefusedError: There is no such firewall or server.
        """
        wanted, server = self.find("firewall", firewall)["id"], self.find("server", number)
        others = {each for each in server["firewalls"] if each != wanted}
        server["firewalls"] = sorted({*others, wanted} if on else others)
        verb = "apply_to_resources" if on else "remove_from_resources"
        self.log("firewall", verb, self.find("firewall", firewall))

    # Addresses

    def addresses(self, server: State) -> dict[str, State]:
        """The primary IPs of a server, by their type."""
        found = self.all("primary_ip").values()
        return {each["type"]: each for each in found if each["assignee_id"] == server["id"]}

    def check_address(self, number: Any, version: str, where: str) -> None:
        """A primary IP that a server is to have is there, free, in the right place.

        Raises:
            RefusedError: It is not.
        """
        address = self.find("primary_ip", number)
        if address["type"] != version:
            raise RefusedError("primary_ip_version_mismatch", "primary ip has wrong ip version")
        if address["location"] != where:
            raise RefusedError(
                "primary_ip_location_mismatch", "primary ip is in a different location"
            )
        if address["assignee_id"]:
            raise RefusedError("primary_ip_assigned", "primary ip is already assigned")

    def create_address(self, asked: State) -> State:
        """Make a primary IP, in the words of `POST /primary_ips`.

        Raises:
            RefusedError: It is not to be had.
        """
        where, server = asked.get("location"), None
        if asked["type"] not in ("ipv4", "ipv6"):
            raise RefusedError("invalid_input", "invalid input in field 'type'", type="unknown")
        if asked.get("assignee_id"):
            server = self.find("server", asked["assignee_id"])
            where = server["location"]
        if where not in EVERYWHERE:
            raise RefusedError("invalid_input", f"location '{where}' not found", location="unknown")
        if server and asked["type"] in self.addresses(server):
            raise RefusedError(f"server_has_{asked['type']}", "server already has one")
        taken = {each["ip"] for each in self.all("primary_ip").values()}
        ip = external_address(asked["name"], taken, 0)
        if asked["type"] == "ipv6":
            ip = f"2001:db8:{int(fingerprint(asked['name'])[:4], 16):x}:{len(taken) + 1:x}::"
        return self.add(
            "primary_ip",
            {
                "name": asked["name"],
                "type": asked["type"],
                "ip": ip,
                "location": where,
                "assignee_id": server["id"] if server else None,
                "auto_delete": bool(asked.get("auto_delete")),
                "labels": asked.get("labels") or {},
                "dns_ptr": {},
            },
        )

    def random_address(self, server: State, version: str) -> None:
        """Give a server an address that goes with it."""
        self.create_address(
            {
                "name": f"primary_ip-{version}-{server['id']}",
                "type": version,
                "assignee_id": server["id"],
                "auto_delete": True,
            }
        )

    def assign(self, number: Any, server: Any) -> None:
        """Give a primary IP to a server that is off, or take it away (None).

        Raises:
            RefusedError: It is not free, not there, or the server runs.
        """
        address = self.find("primary_ip", number)
        of = self.find("server", server or address["assignee_id"])
        if of["status"] != "off":
            raise RefusedError("server_not_stopped", "server has to be off")
        if server:
            self.check_address(number, address["type"], of["location"])
            if address["type"] in self.addresses(of):
                raise RefusedError(f"server_has_{address['type']}", "server already has one")
        address["assignee_id"] = of["id"] if server else None
        self.log("primary_ip", "assign" if server else "unassign", address)

    def set_dns(self, kind: str, number: Any, ip: str, name: str | None) -> None:
        """Say what an address is called; None for what it was called first.

        Raises:
            RefusedError: There is no such object.
        """
        found = self.find(kind, number)
        found["dns_ptr"].pop(ip, None)
        if name is not None:
            found["dns_ptr"][ip] = name
        self.log(kind, "change_dns_ptr", found)

    # Volumes

    def create_volume(self, asked: State) -> State:
        """Make a volume, in the words of `POST /volumes`.

        Raises:
            RefusedError: It is not to be had.
        """
        server = self.find("server", asked["server"]) if asked.get("server") else None
        where = server["location"] if server else asked["location"]
        if where not in EVERYWHERE:
            raise RefusedError("invalid_input", f"location '{where}' not found", location="unknown")
        self.check_size(asked["size"])
        if asked.get("format") not in (None, "ext4", "xfs"):
            raise RefusedError(
                "invalid_input", "invalid input in field 'format'", format="Must be ext4 or xfs."
            )
        volume = self.add(
            "volume",
            {
                "name": asked["name"],
                "size": asked["size"],
                "location": where,
                "server": server["id"] if server else None,
                "format": asked.get("format"),
                "labels": asked.get("labels") or {},
            },
        )
        volume["linux_device"] = f"/dev/disk/by-id/scsi-0HC_Volume_{volume['id']}"
        return volume

    def check_size(self, size: int) -> None:
        """A volume has 10 GB to 10 TB.

        Raises:
            RefusedError: It has not.
        """
        if not 10 <= size <= 10240:
            raise RefusedError(
                "invalid_input",
                "invalid input in field 'size'",
                size="Must be between 10 and 10240.",
            )

    def resize_volume(self, number: Any, size: int) -> None:
        """Let a volume grow.

        Raises:
            RefusedError: It is to shrink, or to grow too much.
        """
        volume = self.find("volume", number)
        self.check_size(size)
        if size <= volume["size"]:
            raise RefusedError(
                "invalid_input",
                "invalid input in field 'size'",
                size="The new size has to be greater than the current size.",
            )
        volume["size"] = size
        self.log("volume", "resize", volume)

    def attach(self, number: Any, server: Any) -> None:
        """Attach a volume to a server, or detach it (None).

        Raises:
            RefusedError: It is attached elsewhere, or the server is in another location.
        """
        volume = self.find("volume", number)
        to = self.find("server", server) if server else None
        if to and volume["server"]:
            raise RefusedError("volume_already_attached", "volume is already attached to a server")
        if to and to["location"] != volume["location"]:
            raise RefusedError(
                "invalid_input",
                "volume and server have to be in the same location",
                server="Server and volume must be in the same location.",
            )
        volume["server"] = to["id"] if to else None
        self.log("volume", "attach" if to else "detach", volume)

    # Firewalls, keys, groups, networks, names

    def create_firewall(self, asked: State) -> State:
        """Make a firewall, in the words of `POST /firewalls`."""
        self.check_rules(asked.get("rules", ()))
        labels, rules = asked.get("labels") or {}, list(asked.get("rules", ()))
        made = self.add("firewall", {"name": asked["name"], "labels": labels, "rules": rules})
        made["label_selectors"] = []
        for each in asked.get("apply_to", ()):
            if each["type"] == "server":
                self.set_firewall(made["id"], each["server"]["id"], on=True)
            else:
                made["label_selectors"].append(each["label_selector"]["selector"])
        return made

    def check_rules(self, rules: Iterable[State]) -> None:
        """Rules say from where or to where, and of TCP and UDP, which port.

        Raises:
            RefusedError: One does not.
        """
        for number, rule in enumerate(rules):
            ports = rule["protocol"] in ("tcp", "udp")
            sides = {"in": "source_ips", "out": "destination_ips"}
            if not rule.get(sides[rule["direction"]]):
                self._wrong_rule(number, sides[rule["direction"]], "Missing data.")
            if bool(rule.get("port")) != ports:
                self._wrong_rule(number, "port", "Missing data." if ports else "Not allowed.")

    def _wrong_rule(self, number: int, name: str, text: str) -> None:
        field = f"rules.{number}.{name}"
        raise RefusedError("invalid_input", f"invalid input in field '{field}'", **{field: text})

    def set_rules(self, number: Any, rules: list[State]) -> None:
        """Give a firewall other rules.

        Raises:
            RefusedError: They are no rules.
        """
        firewall = self.find("firewall", number)
        self.check_rules(rules)
        firewall["rules"] = rules
        self.log("firewall", "set_rules", firewall)

    def create_key(self, asked: State) -> State:
        """Take a public key, in the words of `POST /ssh_keys`.

        Raises:
            RefusedError: It is none, or is there already.
        """
        print_ = key_fingerprint(asked["public_key"])
        if print_ is None:
            raise RefusedError(
                "invalid_input", "invalid input in field 'public_key'", public_key="Invalid key."
            )
        if any(each["fingerprint"] == print_ for each in self.all("ssh_key").values()):
            raise RefusedError("uniqueness_error", "SSH key not unique")
        return self.add(
            "ssh_key",
            {
                "name": asked["name"],
                "public_key": asked["public_key"],
                "fingerprint": print_,
                "labels": asked.get("labels") or {},
            },
        )

    def create_group(self, asked: State) -> State:
        """Make a placement group, in the words of `POST /placement_groups`."""
        kept = {"name": asked["name"], "type": asked["type"], "labels": asked.get("labels") or {}}
        return self.add("placement_group", kept)

    def create_network(self, asked: State) -> State:
        """Make a private network, in the words of `POST /networks`.

        Raises:
            RefusedError: Its range is not one of private addresses.
        """
        if not ip_network(asked["ip_range"]).is_private:
            raise RefusedError(
                "invalid_input", "invalid input in field 'ip_range'", ip_range="Must be private."
            )
        return self.add(
            "network",
            {
                "name": asked["name"],
                "ip_range": asked["ip_range"],
                "subnets": [],
                "labels": asked.get("labels") or {},
                "expose_routes_to_vswitch": bool(asked.get("expose_routes_to_vswitch")),
            },
        )

    def add_subnet(self, number: Any, asked: State) -> None:
        """Give a network a part for servers, in the words of its action `add_subnet`.

        Raises:
            RefusedError: It is no part of the network, or overlaps with another.
        """
        network, part = self.find("network", number), ip_network(asked["ip_range"])
        outside = not part.subnet_of(ip_network(network["ip_range"]))  # type: ignore[arg-type]
        if outside or any(part.overlaps(ip_network(x["ip_range"])) for x in network["subnets"]):
            text = "not within the network" if outside else "overlaps with another subnet"
            raise RefusedError("invalid_input", "invalid input in field 'ip_range'", ip_range=text)
        if asked["network_zone"] not in ZONES.values():
            raise RefusedError("invalid_input", "network zone not found", network_zone="unknown")
        gateway = str(ip_network(network["ip_range"])[1])
        kept = {name: asked[name] for name in ("type", "ip_range", "network_zone")}
        network["subnets"].append(kept | {"gateway": gateway})
        self.log("network", "add_subnet", network)

    def delete_subnet(self, number: Any, ip_range: str) -> None:
        """Take a part of a network away.

        Raises:
            RefusedError: Servers are in it.
        """
        network = self.find("network", number)
        for server in self.all("server").values():
            if any(net["network"] == network["id"] for net in server["private_net"]):
                raise RefusedError("service_error", "servers are attached")
        network["subnets"] = [x for x in network["subnets"] if x["ip_range"] != ip_range]
        self.log("network", "delete_subnet", network)

    def join(self, number: Any, asked: State) -> None:
        """Put a server into a network, in the words of its action `attach_to_network`.

        Raises:
            RefusedError: There is no place for it.
        """
        server, network = self.find("server", number), self.find("network", asked["network"])
        if any(net["network"] == network["id"] for net in server["private_net"]):
            raise RefusedError("server_already_attached", "server is already attached to network")
        zone = ZONES[server["location"]]
        wanted = asked.get("ip_range")
        parts = [
            ip_network(each["ip_range"])
            for each in network["subnets"]
            if each["network_zone"] == zone and wanted in (None, each["ip_range"])
        ]
        ip = asked.get("ip")
        taken = {
            net["ip"]
            for other in self.all("server").values()
            for net in other["private_net"]
            if net["network"] == network["id"]
        }
        free = (str(x) for part in parts for x in list(part.hosts())[1:] if str(x) not in taken)
        if not parts:
            raise RefusedError("no_subnet_available", "no subnet available in the network")
        if ip in taken or (ip and not any(ip_network(ip).subnet_of(p) for p in parts)):  # type: ignore[arg-type]
            raise RefusedError("ip_not_available", f"IP {ip} is not available")
        ip = ip or next(free)
        server["private_net"].append(
            {
                "network": network["id"],
                "ip": ip,
                "alias_ips": list(asked.get("alias_ips") or ()),
                "mac_address": ":".join(
                    re.findall("..", "86" + fingerprint([server["id"], ip])[:10])
                ),
            }
        )
        self.log("server", "attach_to_network", server)

    def leave(self, number: Any, network: int) -> None:
        """Take a server out of a network."""
        server = self.find("server", number)
        server["private_net"] = [x for x in server["private_net"] if x["network"] != network]
        self.log("server", "detach_from_network", server)

    def zone(self, name: str) -> State:
        """The zone of a name or an id, for records in it.

        Raises:
            RefusedError: There is none.
        """
        for zone in self.all("zone").values():
            if name in (zone["name"], str(zone["id"])):
                return zone
        raise RefusedError("not_found", f"zone '{name}' not found")

    def rrset(self, zone: str, number: str) -> State | None:
        """The records of a zone that have a name and a type: `www/A`."""
        return self.all("zone_rrset").get(f"{self.zone(zone)['name']}/{number}")

    def create_rrset(self, zone: str, asked: State) -> State:
        """Make records, in the words of `POST /zones/…/rrsets`.

        Raises:
            RefusedError: They are there already, or are not what they say.
        """
        number = f"{asked['name']}/{asked['type']}"
        if self.rrset(zone, number):
            raise RefusedError("uniqueness_error", "rrset already exists")
        self.check_records(asked["type"], asked["records"])
        kept = {"id": number, "name": asked["name"], "type": asked["type"]}
        made = kept | {
            "ttl": asked.get("ttl"),
            "labels": asked.get("labels") or {},
            "records": asked["records"],
            "protection": {"change": False},
        }
        self.all("zone_rrset")[f"{self.zone(zone)['name']}/{number}"] = made
        self.cloud.log.append(f"rrsets.create {number}")
        return made

    def set_records(self, zone: str, number: str, **changed: Any) -> State:
        """Change the records of a name, their time to live or their labels.

        Raises:
            RefusedError: There are none, or they are not what they say.
        """
        found = self.rrset(zone, number)
        if found is None:
            raise RefusedError("not_found", f"rrset '{number}' not found")
        self.check_records(found["type"], changed.get("records", ()))
        found |= changed
        self.cloud.log.append(f"rrsets.update {number}")
        return found

    def check_records(self, kind: str, records: Iterable[State]) -> None:
        """Addresses are addresses.

        Raises:
            RefusedError: One is not.
        """
        versions = {"A": 4, "AAAA": 6}
        for number, record in enumerate(records):
            if kind in versions and _version(record["value"]) != versions[kind]:
                field = f"records.{number}.value"
                text = f"invalid input in field '{field}'"
                raise RefusedError("invalid_input", text, **{field: f"not a valid {kind} record"})

    def delete_rrset(self, zone: str, number: str) -> None:
        """Remove records.

        Raises:
            RefusedError: There are none.
        """
        if self.rrset(zone, number) is None:
            raise RefusedError("not_found", f"rrset '{number}' not found")
        del self.all("zone_rrset")[f"{self.zone(zone)['name']}/{number}"]
        self.cloud.log.append(f"rrsets.delete {number}")


def key_fingerprint(key: str) -> str | None:
    """The fingerprint of a public key as OpenSSH writes it; None for what is none."""
    kind, _, rest = key.strip().partition(" ")
    body = rest.split(" ")[0]
    with_padding = body + "=" * (-len(body) % 4)
    if not re.fullmatch(r"ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+", kind) or not body:
        return None
    try:
        digest = hashlib.md5(base64.b64decode(with_padding, validate=True)).hexdigest()  # noqa: S324
    except binascii.Error:
        return None
    return ":".join(re.findall("..", digest))


def _version(text: str) -> int:
    try:
        return ip_network(text).version
    except ValueError:
        return 0


def deprecated(kind: ServerType, where: str | None) -> Iterator[str]:
    """Why hcloud's provider itself does not ask for a server type in a location, if so."""
    if where in kind.gone:
        yield f'Server Type "{kind.name}" is unavailable in "{where}" and can no longer be ordered'
