"""Networks: clan's services wireguard, yggdrasil, mycelium, tor, wifi and data-mesher."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import field

from infra_lib.clan_services.instance import (
    by_name,
    check_given,
    demand,
    instance,
    without_none,
)
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.machine import EVERY
from infra_lib.model.services import Role
from infra_lib.model.validators import (
    check_boolean,
    check_domain,
    check_each,
    check_one_of,
    check_port,
    check_text,
    check_whole,
    check_word,
    check_words,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService

# Linux keeps the name of an interface in 16 bytes, the last of which is 0:
# https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/if.h
_LONGEST_INTERFACE = 15
# What IPv6 wants of every link, RFC 8200 section 5; and the longest packet that has a length.
_LEAST_MTU, _MOST_MTU = 1280, 65535
_HOST = r"[^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]"
_WPA = ("none", "ieee8021x", "owe", "wpa-psk", "sae", "wpa-eap", "wpa-eap-suite-b-192")
_YGGDRASIL_PORTS = ("tcp", "quic", "ws", "tls")


def wireguard(
    *,
    controller: Role | None = None,
    peer: Role | None = None,
    endpoint: str | Mapping[str, str] | None = None,
    attach_to: str | Mapping[str, str] | None = None,
    port: int | None = None,
    domain: str | None = None,
    mtu: int | None = None,
    name: str = "wireguard",
    input: str | None = None,
) -> ClanService:
    """Return an instance of wireguard: peers connect to controllers, which route between them.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/wireguard/default.nix

    Args:
        controller: The machines that all others reach, and which route.
        peer: The other machines.
        endpoint: Where the controller is reached, a host name or an address; where there are
            several controllers, a mapping from each machine to its own, which makes them
            controllers: `{"cinnabar": "vpn.example.org"}`.
        attach_to: Where there are several controllers, the one in whose subnet others find a peer:
            of all peers, or a mapping from each machine, which makes it a peer.
        port: The UDP port of controllers.
        domain: What names of machines in this network end with; None for the instance's name.
        mtu: The longest packet of the interface, in bytes.
        name: What the instance is called, and the network's interface.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be, a controller has no endpoint, a machine is both
            controller and peer, or a peer does not say which of several controllers is its own.
    """
    where = f"service {name!r}"
    check_given(where, check_port, port=port)
    check_given(where, check_domain, domain=domain)
    check_given(where, _check_mtu, mtu=mtu)
    controller = _each(where, "controller", controller, "endpoint", endpoint, _check_endpoint)
    peer = _each(where, "peer", peer, "attach_to", attach_to, _check_machine)
    both: dict[tuple[str, ...], Any] = {("domain",): domain, ("mtu",): mtu}
    made = instance(
        "wireguard",
        name,
        input,
        controller=(
            controller,
            {
                ("endpoint",): endpoint if isinstance(endpoint, str) else None,
                ("port",): port,
                **both,
            },
        ),
        peer=(peer, {("controller",): attach_to if isinstance(attach_to, str) else None, **both}),
    )
    if len(name) > _LONGEST_INTERFACE:
        accepted = f"an interface is called so, which takes up to {_LONGEST_INTERFACE} characters"
        raise field_error(where, "name", name, accepted)
    _check_controllers(where, made.roles)
    return made


def _each(
    where: str,
    role_name: str,
    role: Role | None,
    argument: str,
    given: str | Mapping[str, str] | None,
    check: Any,
) -> Role | None:
    """Return who plays a role, with a setting of each machine that is given one by name."""
    if given is None:
        return role
    if not isinstance(given, Mapping):
        check(where, argument, given)
        return role
    option = {"endpoint": "endpoint", "attach_to": "controller"}[argument]
    for machine, value in given.items():
        check(where, f"{argument}[{machine!r}]", value)
        settings = role.machines.get(machine, {}) if isinstance(role, Role) else {}
        if not isinstance(settings, Mapping) or option in settings:
            accepted = f"{role_name}.machines says it too; say it in one of the two places"
            raise field_error(where, argument, machine, accepted)
    machines = Role(machines={machine: {option: value} for machine, value in given.items()})
    return machines if role is None else role.join(machines, f"{where}: {role_name}")


def _check_endpoint(where: str, field: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(_HOST, value):
        accepted = (
            "a host name or an address without a port, IPv6 in brackets, is accepted: "
            '"vpn.example.org", "[2001:db8::7]"; port= says the port'
        )
        raise field_error(where, field, value, accepted)


def _check_mtu(where: str, field: str, value: object) -> None:
    check_whole(where, field, value, "bytes", least=_LEAST_MTU, most=_MOST_MTU)


def _check_machine(where: str, field: str, value: object) -> None:
    check_word(where, field, value, "the name of a controller")


def _check_controllers(where: str, roles: Mapping[str, Role]) -> None:
    controller, peer = roles.get("controller"), roles.get("peer")
    if controller is None:
        accepted = 'a network has at least one: Role(machines=("cinnabar",))'
        raise field_error(where, "controller", None, accepted)
    accepted = 'say where it is reached: endpoint={"cinnabar": "vpn.example.org"}'
    demand(where, "controller", controller, "endpoint", accepted)
    if peer is None:
        return
    for kind in ("machines", "tags"):
        for name in getattr(peer, kind):
            if name in getattr(controller, kind) or (kind == "tags" and name == EVERY):
                accepted = "a controller is no peer, and a peer no controller"
                raise field_error(where, f"peer.{kind}", name, accepted)
    if len(controller.machines) > 1:
        accepted = f"say which controller is its own: attach_to={next(iter(controller.machines))!r}"
        demand(where, "peer", peer, "controller", accepted)


@frozen
class MulticastInterface:
    """Interfaces where Yggdrasil looks for neighbours.

    https://yggdrasil-network.github.io/configurationref.html#multicastinterfaces

    Attributes:
        regex: A regular expression of their names: "(eth|en).*".
        beacon: Whether the machine makes itself known there.
        listen: Whether it looks for others.
        port: Where it listens; 0 for any port.
        priority: Which interface is taken first: the lowest number.

    Raises:
        FleetError: When a field cannot be.
    """

    regex: str = field(validator=valid(check_text))
    beacon: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    listen: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    port: int | None = field(default=None, validator=valid(check_port, least=0), kw_only=True)
    priority: int | None = field(
        default=None, validator=valid(check_whole, "places", least=0, most=255), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"multicast interface {self.regex!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What Yggdrasil calls the fields."""
        return without_none(
            [
                ("Regex", self.regex),
                ("Beacon", self.beacon),
                ("Listen", self.listen),
                ("Port", self.port),
                ("Priority", self.priority),
            ]
        )


def yggdrasil(
    *,
    role: Role,
    ports: Mapping[Literal["tcp", "quic", "ws", "tls"], int] | None = None,
    multicast_interfaces: tuple[MulticastInterface, ...] | list[MulticastInterface] | None = None,
    extra_peers: tuple[str, ...] | list[str] | None = None,
    extra_yggdrasil_ips: tuple[str, ...] | list[str] | None = None,
    name: str = "yggdrasil",
    input: str | None = None,
) -> ClanService:
    """Return an instance of yggdrasil: machines reach each other over whatever path there is.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/yggdrasil/default.nix

    Args:
        role: The machines.
        ports: Where they listen, by protocol: "tcp", "quic", "ws" and "tls".
        multicast_interfaces: Where they look for neighbours; None for every interface.
        extra_peers: Further nodes to connect to: `("tls://192.0.2.1:6446",)`.
        extra_yggdrasil_ips: Yggdrasil addresses outside of the clan that may connect.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, _check_ports, ports=ports)
    example = 'MulticastInterface("(eth|en).*")'
    check_given(
        where, check_each, MulticastInterface, example, multicast_interfaces=multicast_interfaces
    )
    check_given(where, _check_peers, extra_peers=extra_peers)
    check_given(where, _check_ipv6, extra_yggdrasil_ips=extra_yggdrasil_ips)
    listed = None
    if multicast_interfaces is not None:
        listed = [each.settings for each in in_order(multicast_interfaces)]
    return instance(
        "yggdrasil",
        name,
        input,
        default=(
            role,
            {
                ("ports",): ports,
                ("multicastInterfaces",): listed,
                ("extraPeers",): extra_peers,
                ("extraYggdrasilIPs",): extra_yggdrasil_ips,
            },
        ),
    )


def _check_ports(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"tcp": 6443}')
    for protocol, port in value.items():
        check_one_of(where, field, protocol, _YGGDRASIL_PORTS)
        check_port(where, f"{field}[{protocol!r}]", port)


def _check_peers(where: str, field: str, value: tuple[str, ...]) -> None:
    check_words(where, field, value, '"tls://192.0.2.1:6446"')
    for uri in value:
        if "://" not in uri:
            raise field_error(where, field, uri, 'a URI is accepted: "tls://192.0.2.1:6446"')


def _check_ipv6(where: str, field: str, value: tuple[str, ...]) -> None:
    from ipaddress import IPv6Address

    example = '"2001:db8::cafe"'
    check_each(where, field, value, str, example)
    for address in value:
        try:
            IPv6Address(address)
        except ValueError:
            accepted = f"IPv6 addresses are accepted: {example}"
            raise field_error(where, field, address, accepted) from None


def mycelium(
    *,
    peer: Role,
    open_firewall: bool | None = None,
    add_hosted_public_nodes: bool | None = None,
    name: str = "mycelium",
    input: str | None = None,
) -> ClanService:
    """Return an instance of mycelium: an IPv6 network over whatever path there is.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/mycelium/default.nix

    Args:
        peer: The machines.
        open_firewall: Whether others reach them, as clan has it.
        add_hosted_public_nodes: Whether they connect to the public nodes too, as clan has it.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    check_given(
        f"service {name!r}",
        check_boolean,
        open_firewall=open_firewall,
        add_hosted_public_nodes=add_hosted_public_nodes,
    )
    settings = {
        ("openFirewall",): open_firewall,
        ("addHostedPublicNodes",): add_hosted_public_nodes,
    }
    return instance("mycelium", name, input, peer=(peer, settings))


@frozen
class TorPort:
    """A port of an onion service, and what answers there.

    https://search.nixos.org/options?show=services.tor.relay.onionServices.%3Cname%3E.map

    Attributes:
        port: The port that others see.
        target_port: The machine's own port; None for the same.
        target_address: Where that is; None for the machine itself.

    Raises:
        FleetError: When a field cannot be.
    """

    port: int = field(validator=valid(check_port))
    target_port: int | None = field(default=None, validator=valid(check_port), kw_only=True)
    target_address: str | None = field(
        default=None, validator=valid(check_word, "an address"), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"Tor port {self.port!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What NixOS calls the fields."""
        target = [("addr", self.target_address), ("port", self.target_port or self.port)]
        return {"port": self.port, "target": without_none(target)}


def tor(
    *,
    server: Role | None = None,
    client: Role | None = None,
    secret_hostname: bool | None = None,
    port_mapping: tuple[TorPort, ...] | list[TorPort] | None = None,
    name: str = "tor",
    input: str | None = None,
) -> ClanService:
    """Return an instance of tor: clan reaches machines by Tor where nothing else does.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/tor/default.nix

    Args:
        server: The machines that are reached so.
        client: The machines that have a Tor proxy all the time.
        secret_hostname: Whether the servers' names are secrets, as clan has it.
        port_mapping: What is reached so; None for SSH.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, check_boolean, secret_hostname=secret_hostname)
    check_given(where, check_each, TorPort, "TorPort(22)", port_mapping=port_mapping)
    ports = None if port_mapping is None else [each.settings for each in in_order(port_mapping)]
    settings = {("secretHostname",): secret_hostname, ("portMapping",): ports}
    return instance("tor", name, input, server=(server, settings), client=(client, {}))


@frozen(kw_only=True)
class WifiNetwork:
    """A Wi-Fi network. Clan asks for its name and password when vars are generated.

    Attributes:
        enable: Whether it is one to join, as clan has it.
        auto_connect: Whether machines join it by themselves, as clan has it.
        key_management: How it is protected: "wpa-psk" (WPA2 and WPA3 personal), as clan has it,
            "sae" (WPA3 personal alone), "wpa-eap" (enterprise), "wpa-eap-suite-b-192" (WPA3
            enterprise alone), "owe", "ieee8021x", "none".

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "Wi-Fi network"

    enable: bool | None = field(default=None, validator=valid(check_boolean))
    auto_connect: bool | None = field(default=None, validator=valid(check_boolean))
    key_management: str | None = field(default=None, validator=valid(check_one_of, _WPA))

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none(
            [
                ("enable", self.enable),
                ("autoConnect", self.auto_connect),
                ("keyMgmt", self.key_management),
            ]
        )


def wifi(
    networks: Mapping[str, WifiNetwork] | None = None,
    *,
    role: Role,
    name: str = "wifi",
    input: str | None = None,
) -> ClanService:
    """Return an instance of wifi: networks that machines join.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/wifi/default.nix

    Args:
        networks: Networks by a name that is yours: `{"home": WifiNetwork()}`. What they are called
            on the air is a secret of clan's.
        role: The machines that join them.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    given = by_name(
        f"service {name!r}", "networks", networks, WifiNetwork, '{"home": WifiNetwork()}'
    )
    return instance("wifi", name, input, default=(role, {("networks",): given}))


def data_mesher(
    *,
    role: Role,
    bootstrap: Role | None = None,
    log_level: Literal["fatal", "error", "warn", "info", "debug"] | None = None,
    port: int | None = None,
    extra_bootstrap_peers: tuple[str, ...] | list[str] | None = None,
    interfaces: tuple[str, ...] | list[str] | None = None,
    files: Mapping[str, tuple[str, ...] | list[str]] | None = None,
    namespaces: tuple[str, ...] | list[str] | None = None,
    name: str = "data-mesher",
    input: str | None = None,
) -> ClanService:
    """Return an instance of data-mesher: signed files that machines hand to each other.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/data-mesher/default.nix

    Args:
        role: The machines.
        bootstrap: Those of them that the others join by.
        log_level: How much they log.
        port: Where they listen.
        extra_bootstrap_peers: Further nodes to join by, libp2p addresses:
            `("/ip4/192.0.2.1/tcp/7946/p2p/12D3KooW…",)`.
        interfaces: The interfaces where they listen; None for all.
        files: Files by name, and the public keys whose owners may write each.
        namespaces: Beginnings of names, before a slash, of files that any machine may write.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be, or there is nobody to join by.
    """
    where = f"service {name!r}"
    levels = ("fatal", "error", "warn", "info", "debug")
    check_given(where, check_one_of, levels, log_level=log_level)
    check_given(where, check_port, port=port)
    check_given(where, _check_multiaddresses, extra_bootstrap_peers=extra_bootstrap_peers)
    check_given(where, check_words, '"eth1"', interfaces=interfaces)
    check_given(where, check_words, '"dns"', namespaces=namespaces)
    check_given(where, _check_files, files=files)
    made = instance(
        "data-mesher",
        name,
        input,
        default=(
            role,
            {
                ("logLevel",): log_level,
                ("port",): port,
                ("extraBootstrapPeers",): extra_bootstrap_peers,
                ("interfaces",): interfaces,
                ("network", "files"): files,
                ("network", "namespaces"): namespaces,
            },
        ),
        bootstrap=(bootstrap, {}),
    )
    if bootstrap is None:
        accepted = 'say whom the others join by: bootstrap=Role(machines=("cinnabar",))'
        demand(where, "default", made.roles["default"], "extraBootstrapPeers", accepted)
    return made


def _check_multiaddresses(where: str, field: str, value: tuple[str, ...]) -> None:
    example = '"/ip4/192.0.2.1/tcp/7946/p2p/12D3KooW…"'
    check_words(where, field, value, example)
    for address in value:
        if not address.startswith("/"):
            raise field_error(where, field, address, f"libp2p addresses are accepted: {example}")


def _check_files(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"dns/zone": ("P6AE…",)}')
    for name, keys in value.items():
        check_word(where, field, name, "the name of a file")
        check_words(where, f"{field}[{name!r}]", in_order(keys), '"P6AE…"')
