"""The file that a catalogue is kept in: the built-in one beside this module, and yours.

JSON, with one entry a line, sorted, so that a difference of two is readable. It has sections, each
of which may be left out; one that is there replaces the built-in section of that name as a whole,
for facts of two days do not mix. Each says from where and from when it is:

    {
    "server_types": {"as_of": "2026-09-29", "source": "Hetzner Cloud API, /v1/server_types",
      "server_types": {"cx43": {"vcpus": 8, "memory_gib": 16, "disk_gb": 160,
        "architecture": "x86", "firmware": "bios", "locations": ["fsn1", "nbg1", "hel1"]}}},
    "locations": {"as_of": …, "source": …,
      "locations": {"fsn1": {"city": "Falkenstein", "country": "DE",
        "network_zone": "eu-central"}}},
    "prices": {"as_of": …, "source": …, "currency": "EUR", "orders_since": "2026-06-15",
      "servers": {"cx43": {"fsn1": [0.0256, 15.99]}},
      "primary_ips": {"ipv4": {"fsn1": [0.0008, 0.5]}},
      "traffic_tb": {"fsn1": 1},
      "included_traffic_tb": {"cx43": {"fsn1": 20}},
      "volume_gb": 0.0572, "snapshot_gb": 0.0143, "backup_percent": 20}
    }

Prices are in EUR, without VAT; null stands for an unknown one.

- `server_types`: the fields of `ServerType` where they are not their defaults. Those that nobody
  can order any more stay, for servers of them that exist.
- `servers`: a server of a type in a location, [per hour, per month at most], for one that is
  ordered now.
- `primary_ips`: an address likewise, by its version. What is not there costs nothing.
- `traffic_tb`: a TB of traffic beyond what is in the price of a server, which
  `included_traffic_tb` says, of a month.
- `volume_gb`, `snapshot_gb`: a GB and month.
- `backup_percent`: backups of a server, in percent of its price.
- `orders_since`: the day of the last rise of prices. Servers that are older cost less.
"""

from __future__ import annotations

from typing import Any

from infra_lib.clouds.age import is_day
from infra_lib.clouds.catalog_file import CatalogFile, Section, Table, check_names
from infra_lib.clouds.hetzner.catalog.entries import LOCATION, SERVER_TYPE, Location, is_amount
from infra_lib.clouds.hetzner.catalog.tables import server_type_of
from infra_lib.model.errors import FleetError, field_error

_SERVER_TYPE = (
    *("vcpus", "memory_gib", "disk_gb", "architecture", "dedicated", "firmware"),
    *("locations", "deprecated_in", "unavailable_after", "listed_available"),
)
_LOCATION = ("city", "country", "network_zone")


def _check_currency(where: str, field: str, value: Any) -> None:
    if value != "EUR":
        raise field_error(where, field, value, '"EUR" is wanted')


def _check_day(where: str, field: str, value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not is_day(value)):
        raise field_error(where, field, value, "a day is wanted: 2026-06-15")


def _check_amount(where: str, field: str, value: Any) -> None:
    if value is not None and not is_amount(value):
        raise field_error(where, field, value, "an amount is wanted, or null")


def _check_rate(where: str, field: str, value: Any) -> None:
    right = isinstance(value, list) and all(each is None or is_amount(each) for each in value)
    if not right or len(value) != 2:
        accepted = "[EUR per hour, EUR per month] is wanted, null for what is unknown"
        raise field_error(where, field, value, accepted)


def _check_server_type(where: str, field: str, value: Any) -> None:
    wanted = ("vcpus", "memory_gib", "architecture", "locations")
    _check_entry(where, field, value, _SERVER_TYPE, wanted)
    try:
        server_type_of(field.rpartition(".")[2], value)
    except FleetError as error:
        raise FleetError(f"{where}: {error}") from None


def _check_location(where: str, field: str, value: Any) -> None:
    _check_entry(where, field, value, _LOCATION, _LOCATION)
    try:
        Location(field.rpartition(".")[2], **value)
    except FleetError as error:
        raise FleetError(f"{where}: {error}") from None


def _check_entry(
    where: str, field: str, value: Any, known: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    if not isinstance(value, dict):
        raise field_error(where, field, value, "an object is wanted")
    check_names(where, f"{field}.", value, known)
    for name in wanted:
        if name not in value:
            raise FleetError(f"{where}: {field}: {', '.join(wanted)} are wanted")


FILE = CatalogFile(
    {
        "server_types": Section(
            {"server_types": Table((SERVER_TYPE,), _check_server_type, _SERVER_TYPE)},
            never_empty=True,
        ),
        "locations": Section(
            {"locations": Table((LOCATION,), _check_location, _LOCATION)}, never_empty=True
        ),
        "prices": Section(
            {
                "servers": Table((SERVER_TYPE, LOCATION), _check_rate),
                "primary_ips": Table(("ipv[46]", LOCATION), _check_rate),
                "traffic_tb": Table((LOCATION,), _check_amount),
                "included_traffic_tb": Table((SERVER_TYPE, LOCATION), _check_amount),
            },
            {
                "currency": _check_currency,
                "orders_since": _check_day,
                "volume_gb": _check_amount,
                "snapshot_gb": _check_amount,
                "backup_percent": _check_amount,
            },
        ),
    }
)
"""What such a file holds."""
