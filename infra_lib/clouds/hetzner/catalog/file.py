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

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.age import is_day, last_day
from infra_lib.clouds.hetzner.catalog.entries import LOCATION, SERVER_TYPE, Location, is_amount
from infra_lib.clouds.hetzner.catalog.tables import server_type_of
from infra_lib.model.errors import FleetError, field_error, nearest
from infra_lib.model.json_text import parse, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    _Check = Callable[[str, str, Any], None]

TABLES: dict[str, tuple[str, ...]] = {
    "server_types": ("server_types",),
    "locations": ("locations",),
    "prices": ("servers", "primary_ips", "traffic_tb", "included_traffic_tb"),
}
"""The sections, each with its tables."""

AMOUNTS = ("volume_gb", "snapshot_gb", "backup_percent")
"""What the section of prices has beside its tables: amounts that are the same everywhere."""

_ABOUT = ("as_of", "source")
_OF_PRICES = ("currency", "orders_since", *AMOUNTS)
# Without what these hold, nothing could be looked up.
_NEVER_EMPTY = ("server_types", "locations")
_ENTRIES = frozenset({"server_types", "locations"})  # whose tables hold objects, one a line


def text_of(content: Mapping[str, Any]) -> str:
    """Return the text of a catalogue file.

    Args:
        content: The sections, as `json.loads` gives them; see this module. Empty tables are left
            out.
    """
    import json

    def lines(table: Mapping[str, Any], indent: str, *, whole: bool) -> Iterator[str]:
        for name in sorted(table, key=_natural):
            value = table[name]
            if isinstance(value, dict) and not whole:
                inner = _braces(lines(value, f"{indent} ", whole=whole), indent)
            else:
                inner = json.dumps(_plain(value), ensure_ascii=False)
            yield f"{indent}{json.dumps(name)}: {inner}"

    sections = []
    for name, tables in TABLES.items():
        if name in content:
            section = content[name]
            about = [key for key in (*_ABOUT, *_OF_PRICES) if section.get(key) is not None]
            found = [
                f' "{key}": {json.dumps(_plain(section[key]), ensure_ascii=False)}' for key in about
            ]
            found += [
                f' "{table}": {_braces(lines(section[table], "  ", whole=name in _ENTRIES), " ")}'
                for table in tables
                if section.get(table)
            ]
            sections.append(f'"{name}": {_braces(found, "")}')
    return f"{_braces(sections, '')}\n"


def _braces(lines: Iterable[str], indent: str) -> str:
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _natural(name: str) -> list[tuple[str, int]]:
    """Return what sorts names as people do: cx9 comes before cx11."""
    return [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", name)]


def _plain(value: Any) -> Any:
    """Return a value as it is written: whole numbers as such, 32 and not 32.0."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read(path: Path | str) -> str:
    """Return the text of a catalogue file, which is one.

    Args:
        path: The file.

    Raises:
        FleetError: When it cannot be read, or does not hold a catalogue: with the name of what is
            wrong in it.
    """
    text = read_text(path)
    check(text, str(path))
    return text


def check(text: str, where: str) -> None:
    """Check that a text is that of a catalogue file.

    Args:
        text: The text.
        where: What the file is called, for the message.

    Raises:
        FleetError: When it is not.
    """
    content = parse(text, where)
    if not isinstance(content, dict) or not content:
        raise FleetError(f"{where}: no catalogue: an object with {', '.join(TABLES)} is wanted")
    _check_names(where, "", content, TABLES)
    for name, tables in TABLES.items():
        if name in content:
            _check_section(where, name, content[name], tables)


def _check_section(where: str, name: str, section: Any, tables: tuple[str, ...]) -> None:
    if not isinstance(section, dict):
        raise field_error(where, name, section, "an object is wanted")
    others = _OF_PRICES if name == "prices" else ()
    _check_names(where, f"{name}.", section, (*_ABOUT, *others, *tables))
    as_of, source = section.get("as_of"), section.get("source")
    if not isinstance(as_of, str) or last_day(as_of) is None:
        raise field_error(where, f"{name}.as_of", as_of, 'a date such as "2026-07-30" is wanted')
    if not isinstance(source, str) or not re.fullmatch(r"[^\x00-\x1f\x7f]+", source):
        raise field_error(where, f"{name}.source", source, "who has it is wanted")
    if name == "prices":
        _check_about_prices(where, section)
    for table in tables:
        value = section.get(table, None if name in _NEVER_EMPTY else {})
        patterns, check_value = _LEAVES[table]
        _check_table(where, f"{name}.{table}", value, patterns, check_value)
        if name in _NEVER_EMPTY and not value:
            raise field_error(where, f"{name}.{table}", value, "one at least is wanted")


def _check_about_prices(where: str, section: Mapping[str, Any]) -> None:
    currency, since = section.get("currency"), section.get("orders_since")
    if currency != "EUR":
        raise field_error(where, "prices.currency", currency, '"EUR" is wanted')
    if since is not None and (not isinstance(since, str) or not is_day(since)):
        raise field_error(where, "prices.orders_since", since, "a day is wanted: 2026-06-15")
    for name in AMOUNTS:
        _check_amount(where, f"prices.{name}", section.get(name))


def _check_table(
    where: str, field: str, value: Any, patterns: tuple[str, ...], check_value: _Check
) -> None:
    if not patterns:
        check_value(where, field, value)
        return
    if not isinstance(value, dict):
        raise field_error(where, field, value, "an object is wanted")
    for name, each in value.items():
        if not re.fullmatch(patterns[0], name):
            raise field_error(where, field, name, "no such name can be")
        _check_table(where, f"{field}.{name}", each, patterns[1:], check_value)


def _check_names(where: str, field: str, given: Iterable[str], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            near = nearest(name, known) or f"; known are {', '.join(known)}"
            raise FleetError(f"{where}: {field}{name} is not known{near}")


def _check_amount(where: str, field: str, value: Any) -> None:
    if value is not None and not is_amount(value):
        raise field_error(where, field, value, "an amount is wanted, or null")


def _check_rate(where: str, field: str, value: Any) -> None:
    right = isinstance(value, list) and all(each is None or is_amount(each) for each in value)
    if not right or len(value) != 2:
        accepted = "[EUR per hour, EUR per month] is wanted, null for what is unknown"
        raise field_error(where, field, value, accepted)


_SERVER_TYPE = (
    *("vcpus", "memory_gib", "disk_gb", "architecture", "dedicated", "firmware"),
    *("locations", "deprecated_in", "unavailable_after", "listed_available"),
)
_LOCATION = ("city", "country", "network_zone")


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
    _check_names(where, f"{field}.", value, known)
    for name in wanted:
        if name not in value:
            raise FleetError(f"{where}: {field}: {', '.join(wanted)} are wanted")


_LEAVES: dict[str, tuple[tuple[str, ...], _Check]] = {
    "server_types": ((SERVER_TYPE,), _check_server_type),
    "locations": ((LOCATION,), _check_location),
    "servers": ((SERVER_TYPE, LOCATION), _check_rate),
    "primary_ips": (("ipv[46]", LOCATION), _check_rate),
    "traffic_tb": ((LOCATION,), _check_amount),
    "included_traffic_tb": ((SERVER_TYPE, LOCATION), _check_amount),
}
