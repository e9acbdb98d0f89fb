"""The entries of a catalogue: server types, locations and prices.

Those in the tables are made in `tables`, and yours are given to a `HetznerCatalog`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_matching,
    check_one_of,
    check_text,
    check_unique,
    check_whole,
    strings,
    valid,
)
from nixgen.frozen import frozen as plain_frozen

if TYPE_CHECKING:
    from infra_lib.model.validators import Validator

Architecture = Literal["x86", "arm"]
Firmware = Literal["bios", "uefi"]
Platform = Literal["x86_64-linux", "aarch64-linux"]

# How the tables' own names are.
SERVER_TYPE = r"[a-z]+[0-9][-a-z0-9]*"
LOCATION = r"[a-z][a-z0-9]*"
NETWORK_ZONE = r"[a-z]+(-[a-z0-9]+)+"
_HUGE = 1e9
_PLATFORMS: dict[str, Platform] = {"x86": "x86_64-linux", "arm": "aarch64-linux"}


def is_amount(value: object) -> bool:
    """Whether something is a number that an amount can be: finite and not below zero."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _HUGE


def _strings_or_none(value: tuple[str, ...] | list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else strings(value)


def _check_memory(where: str, field: str, value: object) -> None:
    if not is_amount(value) or value == 0:
        raise field_error(where, field, value, "a number of GB is accepted")


def _check_eur(where: str, field: str, value: object) -> None:
    if not is_amount(value):
        accepted = "EUR without VAT, or None when unknown, is accepted"
        raise field_error(where, field, value, accepted)


def _check_locations(where: str, field: str, values: object) -> None:
    check_each(where, field, values, str, '"fsn1"')
    if isinstance(values, tuple):
        for value in values:
            _check_location(where, field, value)
        check_unique(where, field, values)


def _check_location(where: str, field: str, value: object) -> None:
    check_matching(where, field, value, LOCATION, 'a location such as "fsn1" is accepted')


def _check_place(where: str, field: str, value: object) -> None:
    if value != "*":
        accepted = 'a location such as "fsn1", or "*" for all of them, is accepted'
        check_matching(where, field, value, LOCATION, accepted)


def _check_day(where: str, field: str, value: object) -> None:
    from infra_lib.clouds.age import is_day  # few server types have a last day

    if not isinstance(value, str) or not is_day(value):
        raise field_error(where, field, value, 'a day such as "2025-12-31" is accepted')


def _named(pattern: str, example: str, kind: str) -> Validator:
    return valid(check_matching, pattern, f'{kind} such as "{example}" is accepted')


@frozen
class ServerType:
    """A server type of Hetzner Cloud.

    Attributes:
        name: Its name: "cx43".
        vcpus: Number of vCPUs.
        memory_gib: Memory in GB, as Hetzner calls it, which are GiB.
        disk_gb: Its disk in GB; None when unknown.
        architecture: "x86" or "arm".
        dedicated: Whether its vCPUs are its own, and not shared with other servers.
        firmware: What a server of it boots with, "bios" or "uefi"; None when unknown. No API tells.
        locations: Where it can be ordered.
        deprecated_in: Where it can no longer be ordered: a server that is there keeps it.
        unavailable_after: The last day on which it could be ordered there: "2025-12-31"; None when
            unknown.
        listed_available: Where Hetzner listed it as in stock when that was last read, which is
            often wrong; None when it was not read.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=_named(SERVER_TYPE, "cx43", "a name"))
    vcpus: int = field(validator=valid(check_whole, "vCPUs", least=1), kw_only=True)
    memory_gib: float = field(validator=valid(_check_memory), kw_only=True)
    disk_gb: int | None = field(
        default=None, validator=valid(check_whole, "GB", least=1), kw_only=True
    )
    architecture: Architecture = field(validator=valid(check_one_of, ("x86", "arm")), kw_only=True)
    dedicated: bool = field(default=False, validator=valid(check_boolean), kw_only=True)
    firmware: Firmware | None = field(
        default=None, validator=valid(check_one_of, ("bios", "uefi")), kw_only=True
    )
    locations: tuple[str, ...] = field(
        converter=strings, validator=valid(_check_locations), kw_only=True
    )
    deprecated_in: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(_check_locations), kw_only=True
    )
    unavailable_after: str | None = field(default=None, validator=valid(_check_day), kw_only=True)
    listed_available: tuple[str, ...] | None = field(
        default=None,
        converter=_strings_or_none,
        validator=valid(_check_locations),
        kw_only=True,
    )

    def __attrs_post_init__(self) -> None:
        for name in self.deprecated_in:
            if name in self.locations:
                accepted = "it is among its locations: it can be ordered there, or not"
                raise field_error(self._where, "deprecated_in", name, accepted)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def _where(self) -> str:
        return f"server type {self.name!r}"

    @property
    def platform(self) -> Platform:
        """The platform that Nix builds for it."""
        return _PLATFORMS[self.architecture]

    @property
    def family(self) -> str:
        """The family by its name: "cx", "cax", "cpx" or "ccx"."""
        return re.split("[0-9]", self.name, maxsplit=1)[0]

    @property
    def size(self) -> str:
        """How large it is, for people: "8 vCPUs, 16 GB"."""
        many = "" if self.vcpus == 1 else "s"
        return f"{self.vcpus} vCPU{many}, {self.memory_gib:g} GB"


@frozen
class Location:
    """A location of Hetzner Cloud.

    Attributes:
        name: Its name: "fsn1".
        city: The city it is in: "Falkenstein".
        country: The country, in two letters: "DE".
        network_zone: The zone within which private networks reach: "eu-central".

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=_named(LOCATION, "fsn1", "a name"))
    city: str = field(validator=valid(check_text), kw_only=True)
    country: str = field(validator=_named("[A-Z]{2}", "DE", "two letters"), kw_only=True)
    network_zone: str = field(
        validator=_named(NETWORK_ZONE, "eu-central", "a network zone"), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"location {self.name!r}"

    @property
    def in_europe(self) -> bool:
        """Whether it is in Europe."""
        return self.network_zone.startswith("eu-")


@plain_frozen
class Rate:
    """What something costs, in EUR without VAT. Amounts are None when nobody knows them.

    Attributes:
        eur_per_hour: EUR for each hour that has begun.
        eur_per_month: EUR that a month costs at most, and a whole month does.
    """

    eur_per_hour: float | None
    eur_per_month: float | None


@frozen
class ServerPrice:
    """What a server type of Hetzner Cloud costs in a location, in EUR without VAT.

    It is without addresses and backups. A server that is older than the last rise of prices has a
    price of its own, which no list tells: give it as one of these.

    Attributes:
        server_type: The server type: "cx43".
        location: The location; "*" for all of them.
        eur_per_hour: EUR for each hour that has begun; None when unknown.
        eur_per_month: EUR that a month costs at most; None when unknown.

    Raises:
        FleetError: When a field cannot be.
    """

    server_type: str = field(validator=_named(SERVER_TYPE, "cx43", "a server type"))
    location: str = field(validator=valid(_check_place))
    eur_per_hour: float | None = field(default=None, validator=valid(_check_eur), kw_only=True)
    eur_per_month: float | None = field(default=None, validator=valid(_check_eur), kw_only=True)

    @property
    def _where(self) -> str:
        return f"price of {self.server_type!r}"


def blank_server_type(name: str) -> str:
    """Return how a server type of that name is described in Python, with … for what to fill in.

    Empty for what does not look like the name of one.
    """
    if not re.fullmatch(r"[a-z]+[0-9]+", name):  # n1-standard-8 is one of another cloud
        return ""
    return f"ServerType({name!r}, vcpus=…, memory_gib=…, architecture=…, locations=(…,))"


def blank_location(name: str) -> str:
    """Return how a location of that name is described, as `blank_server_type` does."""
    if not re.fullmatch(LOCATION, name):
        return ""
    return f"Location({name!r}, city=…, country=…, network_zone=…)"
