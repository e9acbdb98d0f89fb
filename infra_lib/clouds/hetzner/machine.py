"""A machine that this project provisions at Hetzner Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from attrs import evolve, field

from infra_lib.clouds.hetzner.catalog import CATALOG, HetznerCatalog
from infra_lib.clouds.hetzner.catalog.lookup import check_sold, find_location, find_server_type
from infra_lib.clouds.hetzner.devices import boot_device
from infra_lib.clouds.hetzner.fields import (
    check_firewall_ids,
    check_image,
    check_labels,
    check_resource_name,
    check_user_data,
)
from infra_lib.clouds.hetzner.firewall_rule import FirewallRule
from infra_lib.clouds.hetzner.rules import (
    check_fallback_locations,
    check_how_many,
    check_image_architecture,
    check_net,
    check_networks,
    check_not_stopped,
    check_volumes,
)
from infra_lib.clouds.hetzner.volume import Volume
from infra_lib.model.disko import (
    Layout,
    check_boots_from_bios,
    frozen_layout,
    hybrid_zfs_layout,
)
from infra_lib.model.frozen import frozen
from infra_lib.model.money import Currency
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_instance,
    check_one_of,
    frozen_mapping,
    in_order,
    string_mapping,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.catalog import Location, ServerType
    from infra_lib.model.bill import Part
    from infra_lib.model.machine import Machine

_BOOLEAN = valid(check_boolean)


def _volumes(value: Iterable[Volume]) -> tuple[Volume, ...]:
    return in_order(value)


def _rules(value: Iterable[FirewallRule]) -> tuple[FirewallRule, ...]:
    return in_order(value)


def _ids(value: Iterable[int | Reference]) -> tuple[int | Reference, ...]:
    return in_order(value)


def _networks(
    # Neither one text nor a mapping of others, which are iterables of texts too.
    value: Mapping[str, str | None] | tuple[str, ...] | list[str] | Iterator[str],
) -> Mapping[str, str | None]:
    if isinstance(value, Mapping):
        return frozen_mapping(value)
    names = in_order(value)
    return frozen_mapping(dict.fromkeys(names)) if isinstance(names, tuple) else value


@frozen
class HetznerMachine(ProvisionedMachine):
    """A server at Hetzner Cloud that runs NixOS.

    Another location makes a new server, with a new disk: the old one is deleted first. What only
    creation uses, the image, the keys and `user_data`, changes nothing of a server that is there.
    For another `server_type` it is powered off, hard, and started again; so it is for another
    `ipv4` or `ipv6`.

    Attributes:
        name: Its host name, and the server's: 1 to 63 letters, digits and hyphens.
        tags: Your own tags. The derived ones come before them in `all_tags`.
        description: In your words. See `full_description` for what is derived.
        derive_tags: Whether the derived tags come before your own; see `Machine`.
        derive_description: Whether what the machine is comes before your own words; see `Machine`.
        target_host: Where clan reaches it; see `Machine`.
        build_host: Where clan builds it; see `Machine`.
        forward_agent: Whether clan forwards the SSH agent to it; see `Machine`.
        ssh: How SSH reaches it from people's computers; see `Machine`.
        server_type: "cx43".
        location: "fsn1". In a fleet, the one in use: see `fallback_locations`.
        fallback_locations: Locations to try in turn when `infra deploy` is told that there is no
            room in the one before, each as good as `location`. The one that had room is recorded in
            the facts. None with volumes, which stay where they are. An address stays where it is
            too: the machine has another one in another location.
        existing: Whether the server is there already, and keeps a type that can no longer be
            ordered there.
        catalog: Where server types, locations and prices are looked up.
        enabled: Whether it exists in the cloud; True unless you say otherwise. Without it the
            server is deleted; its volumes and its addresses stay, and are billed.
        stopped: No machine here is: a server that is powered off costs its full price.
        idle_stop: For the same reason, none turns itself off.
        on_until: Until when it is meant to be on; see `ProvisionedMachine`.
        image: The image that it is made from, until NixOS is installed over it: a name such as
            "debian-12", or the number of a snapshot.
        image_architecture: What the image is built for, "x86" or "arm", where its name does not
            tell, as with a snapshot; None where Hetzner finds the one that fits.
        ipv4: Whether it has an IPv4 address, which outlives the server.
        ipv6: Whether it has an IPv6 network, which outlives the server.
        networks: The private networks of the project that it is in: the name, and its address there
            or None for any: {"internal": "10.0.1.5"}. Names alone do: ("internal",).
        volumes: Disks that outlive it.
        firewall_rules: What comes in to it, beside what the fleet opens.
        firewall_ids: Firewalls of your own, by number or `Reference`.
        backups: Whether Hetzner makes a backup each day, of which seven are kept, for a fifth of
            the server's price.
        placement_group: The spread group whose servers are on different hosts; at most ten.
        labels: Labels, beside those the stack writes (fleet, machine, cost, state).
        user_data: What cloud-init of the image is told.
        keep_disk: Whether the disk stays as large as it is when the server gets a larger type, so
            that it can have a smaller one again. With False it grows, and that is for good.
        deletion_protection: Hetzner refuses to delete it, or to put another image on it.
        modules: What it imports beside `Fleet.modules`; see `Machine`.
        config: Further NixOS configuration; see `Machine`.
        disko: The layout of its disks: what `disko.devices` holds, or a function from the device of
            the boot disk to it.
        module_name: The name of its module; see `Machine`.
        state_version: `system.stateVersion`, the NixOS release that it is first installed with:
            "26.05". None for what the facts say, or else clan.

    Raises:
        FleetError: When a field cannot be, or Hetzner Cloud has no such server.
    """

    cloud = "hetzner"
    currency: ClassVar[Currency] = "EUR"
    billed_seconds = 3600  # an hour that is begun
    called_elsewhere = MappingProxyType(
        {
            "machine_type": "server_type",
            "zone": "location",
            "fallback_zones": "fallback_locations",
            "data_disks": "volumes",
            "external_ip": "ipv4",
        }
    )

    server_type: str = field(kw_only=True)
    location: str = field(kw_only=True)
    fallback_locations: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_each, str, '"nbg1"'), kw_only=True
    )
    existing: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    catalog: HetznerCatalog = field(
        default=CATALOG,
        validator=valid(check_instance, HetznerCatalog),
        kw_only=True,
        repr=False,
    )
    image: str = field(default="debian-12", validator=valid(check_image), kw_only=True)
    image_architecture: Literal["x86", "arm"] | None = field(
        default=None, validator=valid(check_one_of, ("x86", "arm")), kw_only=True
    )
    ipv4: bool = field(default=True, validator=_BOOLEAN, kw_only=True)
    ipv6: bool = field(default=True, validator=_BOOLEAN, kw_only=True)
    networks: Mapping[str, str | None] = field(
        factory=dict, converter=_networks, validator=valid(check_networks), kw_only=True, hash=False
    )
    volumes: tuple[Volume, ...] = field(
        default=(),
        converter=_volumes,
        validator=valid(check_each, Volume, 'Volume("data", size_gb=100)'),
        kw_only=True,
    )
    firewall_rules: tuple[FirewallRule, ...] = field(
        default=(),
        converter=_rules,
        validator=valid(check_each, FirewallRule, 'FirewallRule("tcp", port="443")'),
        kw_only=True,
    )
    firewall_ids: tuple[int | Reference, ...] = field(
        default=(), converter=_ids, validator=valid(check_firewall_ids), kw_only=True
    )
    backups: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    placement_group: str | None = field(
        default=None, validator=valid(check_resource_name), kw_only=True
    )
    labels: Mapping[str, str] = field(
        factory=dict,
        converter=string_mapping,
        validator=valid(check_labels),
        kw_only=True,
        hash=False,
    )
    user_data: str = field(default="", validator=valid(check_user_data), kw_only=True)
    keep_disk: bool = field(default=True, validator=_BOOLEAN, kw_only=True)
    deletion_protection: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    disko: Layout = field(
        default=hybrid_zfs_layout, converter=frozen_layout, kw_only=True, hash=False
    )

    def __attrs_post_init__(self) -> None:
        where, entry = self._where, self.server_type_entry
        check_not_stopped(where, stopped=self.stopped)
        self._check_idle_stop()
        self._set_enabled(True)
        platform = entry.platform
        self._set_derived(platform=platform, boot_device=boot_device(platform))
        places = [find_location(self.catalog, self.location, where, "location")]
        places += [
            find_location(self.catalog, name, where, "fallback_locations")
            for name in self.fallback_locations
        ]
        for place in places:
            name = "location" if place is places[0] else "fallback_locations"
            check_sold(where, name, entry, place, self.catalog, existing=self.existing)
        check_fallback_locations(
            where, places, volumes=bool(self.volumes), networks=bool(self.networks)
        )
        check_how_many(
            where,
            volumes=len(self.volumes),
            networks=len(self.networks),
            firewall_rules=len(self.firewall_rules),
        )
        check_volumes(where, self.volumes, self.location)
        check_image_architecture(where, self.image, self.image_architecture, entry)
        check_net(where, ipv4=self.ipv4, ipv6=self.ipv6, networks=self.networks)
        self._check_disko()
        if entry.firmware == "bios":
            check_boots_from_bios(where, self.disko, self.boot_device)

    def _check_name(self, name: object) -> None:
        """Check the name, which is the server's too."""
        check_resource_name(self._where, "name", name)

    @property
    def server_type_entry(self) -> ServerType:
        """What the catalogue knows of its server type."""
        return find_server_type(self.catalog, self.server_type, self._where)

    @property
    def location_entry(self) -> Location:
        """What the catalogue knows of its location."""
        return find_location(self.catalog, self.location, self._where, "location")

    @property
    def machine_type(self) -> str:
        """Its server type."""
        return self.server_type

    @property
    def zone(self) -> str:
        """Its location."""
        return self.location

    @property
    def fallback_zones(self) -> tuple[str, ...]:
        """The locations to try when its own has no room."""
        return self.fallback_locations

    @property
    def other_zones(self) -> tuple[str, ...]:
        """Further locations of its network zone that sell its type."""
        zone, sold = self.location_entry.network_zone, self.server_type_entry.locations
        return tuple(
            each.name
            for each in self.catalog.all_locations().values()
            if each.network_zone == zone and each.name in sold and each.name not in self.zones
        )

    def in_zone(self, zone: str) -> Self:
        """Return the machine in one of its locations; the others are those to try after it."""
        others = tuple(other for other in self.zones if other != zone)
        return evolve(self, location=zone, fallback_locations=others)

    @property
    def data_disks(self) -> tuple[Volume, ...]:
        """Its volumes."""
        return self.volumes

    @property
    def external_ip(self) -> bool | str:
        """Whether it has an IPv4 address; which one, Hetzner says."""
        return self.ipv4

    @property
    def keeps_addresses(self) -> bool:
        """Whether its addresses stay its own while it is off: they do, and are billed."""
        return True

    @property
    def may_be_stopped(self) -> bool:
        """Whether it can be stopped: it would cost its full price."""
        return False

    @property
    def why_no_idle_stop(self) -> str:
        """Why it is not to turn itself off: it would cost its full price."""
        return (
            "a server that is powered off costs its full price at Hetzner: only enabled=False, "
            "which deletes it, saves anything"
        )

    def price_said_by(self, kind: str) -> str:
        """Return what to write for a part to have a price."""
        del kind
        return "HetznerCatalog(prices=…)"

    @property
    def cost_parts(self) -> tuple[Part, ...]:
        """What it is billed for, in whatever state."""
        # Whoever asks for no price does without.
        from infra_lib.clouds.hetzner.prices import cost_parts

        return tuple(
            cost_parts(
                self.server_type_entry,
                location=self.location,
                volumes=tuple((volume.name, volume.size_gb) for volume in self.volumes),
                ipv4=self.ipv4,
                ipv6=self.ipv6,
                backups=self.backups,
                catalog=self.catalog,
            )
        )

    @property
    def derived_tags(self) -> tuple[str, ...]:
        """The tags that follow from what the machine is."""
        return ("nixos", "cloud", "hetzner")

    @property
    def derived_description(self) -> str:
        """What the machine is: "Hetzner node (cx43)"."""
        return f"Hetzner node ({self.server_type})"


def hetzner_machines(machines: Iterable[Machine]) -> tuple[HetznerMachine, ...]:
    """Return those of some machines that are Hetzner Cloud's."""
    return tuple(machine for machine in machines if isinstance(machine, HetznerMachine))
