"""What Hetzner Cloud's API answers on server types, locations and prices, in files with its pages.

https://docs.hetzner.cloud/reference/cloud has the fields. Whatever is read here was fetched by
people, and may be anything: each function says what is wrong with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.age import is_day
from infra_lib.clouds.hetzner.catalog.entries import LOCATION, SERVER_TYPE, is_amount
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.json_text import read_documents
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_TIB = 1024**4


@frozen(kw_only=True)
class ListedType:
    """A server type as the API lists it; see `entries.ServerType`."""

    vcpus: int
    memory_gib: float
    disk_gb: int
    architecture: str
    dedicated: bool
    locations: tuple[str, ...]
    deprecated_in: tuple[str, ...]
    unavailable_after: str | None
    listed_available: tuple[str, ...]


def read_server_types(files: Iterable[tuple[str, bytes]]) -> dict[str, ListedType]:
    """Return the server types of all pages of `/v1/server_types`, by name.

    Args:
        files: What to call each in messages, and what it holds.

    Raises:
        FleetError: When one is not such a file, or a page is missing.
    """
    found: dict[str, ListedType] = {}
    for where, entry in _listed(files, "server_types"):
        name = _name(entry, "name", where, SERVER_TYPE, "a server type such as cx43")
        of = f"{where}: {name}"
        if name in found:
            raise FleetError(f"{of} is there twice")
        found[name] = _server_type(entry, of)
    return found


def _server_type(entry: Mapping[str, Any], where: str) -> ListedType:
    memory = entry.get("memory")
    if not is_amount(memory) or not memory:
        raise field_error(where, "memory", memory, "a number of GB is wanted")
    architecture = _one_of(entry, "architecture", where, ("x86", "arm"))
    kind = _one_of(entry, "cpu_type", where, ("shared", "dedicated"))
    sold: list[str] = []
    gone: list[str] = []
    available: list[str] = []
    days = [_unavailable_after(entry, where)]
    for place in _objects(entry.get("locations"), where, "locations"):
        location = _name(place, "name", f"{where}: locations", LOCATION, "a location such as fsn1")
        if location in {*sold, *gone}:
            raise FleetError(f"{where}: locations: {location} is there twice")
        day = _unavailable_after(place, f"{where}: {location}")
        days.append(day)
        # One that is deprecated everywhere is so at the top.
        (gone if day or days[0] else sold).append(location)
        if place.get("available") is True:
            available.append(location)
    return ListedType(
        vcpus=_count(entry, "cores", where),
        memory_gib=float(memory),
        disk_gb=_count(entry, "disk", where),
        architecture=architecture,
        dedicated=kind == "dedicated",
        locations=tuple(sold),
        deprecated_in=tuple(gone),
        unavailable_after=min(filter(None, days), default=None),
        listed_available=tuple(available),
    )


def _unavailable_after(entry: Mapping[str, Any], where: str) -> str | None:
    """Return the last day on which something that is deprecated can be ordered; None for others."""
    given = entry.get("deprecation")
    if given is None:
        return None
    after = given.get("unavailable_after") if isinstance(given, dict) else given
    day = after[:10] if isinstance(after, str) else ""
    if not is_day(day):
        accepted = "null, or an object whose unavailable_after is a day, is wanted"
        raise field_error(where, "deprecation", given, accepted)
    return day


def read_locations(files: Iterable[tuple[str, bytes]]) -> dict[str, dict[str, str]]:
    """Return the locations of all pages of `/v1/locations`, by name; as `read_server_types`."""
    found: dict[str, dict[str, str]] = {}
    for where, entry in _listed(files, "locations"):
        name = _name(entry, "name", where, LOCATION, "a location such as fsn1")
        if name in found:
            raise FleetError(f"{where}: {name} is there twice")
        of = f"{where}: {name}"
        found[name] = {key: _text(entry, key, of) for key in ("city", "country", "network_zone")}
    return found


def read_prices(files: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """Return the section of prices that `/v1/pricing` makes, without where it is from.

    Currency and VAT belong to the account that asks: the amounts taken are those without VAT.

    Args:
        files: What to call the file in messages, and what it holds.

    Raises:
        FleetError: When it is not such a file, or of an account that is not billed in EUR.
    """
    documents = [(where, each) for where, data in files for each in read_documents(data, where)]
    if len(documents) != 1:
        where = documents[-1][0]
        raise FleetError(f"{where}: /v1/pricing has one page, and this is another; give one file")
    ((where, document),) = documents
    pricing = _object(document, where).get("pricing")
    if not isinstance(pricing, dict):
        raise _not_of(document, where, "pricing")
    currency = pricing.get("currency")
    if currency != "EUR":
        accepted = (
            "an account is billed in this currency, and a catalogue holds EUR: ask with the token "
            "of a project whose account is billed in EUR"
        )
        raise field_error(where, "pricing.currency", currency, accepted)
    section: dict[str, Any] = {"currency": currency, **_tables(pricing, where)}
    for name, key in (("volume_gb", "volume"), ("snapshot_gb", "image")):
        of = f"{where}: {key}"
        section[name] = _net(_object(pricing.get(key), of), "price_per_gb_month", of)
    backup = _object(pricing.get("server_backup"), f"{where}: server_backup")
    section["backup_percent"] = _number(backup, "percentage", f"{where}: server_backup")
    return section


def _tables(pricing: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    servers: dict[str, dict[str, list[float]]] = {}
    included: dict[str, dict[str, float]] = {}
    traffic: dict[str, float] = {}
    ips: dict[str, dict[str, list[float]]] = {}
    for entry in _objects(pricing.get("server_types"), where, "server_types"):
        name = _name(entry, "name", where, SERVER_TYPE, "a server type such as cx43")
        for place, price, of in _prices(entry, f"{where}: {name}"):
            servers.setdefault(name, {})[place] = _rate(price, of)
            given = price.get("included_traffic")
            if not isinstance(given, int) or isinstance(given, bool) or given < 0:
                raise field_error(of, "included_traffic", given, "a number of bytes is wanted")
            included.setdefault(name, {})[place] = given / _TIB
            more = _net(price, "price_per_tb_traffic", of)
            if traffic.setdefault(place, more) != more:
                raise field_error(
                    of, "price_per_tb_traffic", more, f"others in {place} have {traffic[place]}"
                )
    if not servers:
        raise FleetError(f"{where}: server_types: no price of any server")
    for entry in _objects(pricing.get("primary_ips"), where, "primary_ips"):
        version = _name(entry, "type", where, "ipv[46]", "ipv4 or ipv6")
        for place, price, of in _prices(entry, f"{where}: {version}"):
            ips.setdefault(version, {})[place] = _rate(price, of)
    return {
        "servers": servers,
        "primary_ips": ips,
        "traffic_tb": traffic,
        "included_traffic_tb": included,
    }


def _prices(entry: Mapping[str, Any], where: str) -> Iterable[tuple[str, Mapping[str, Any], str]]:
    """Yield the prices of something: the location, what is said there, and what to call that."""
    seen: set[str] = set()
    for price in _objects(entry.get("prices"), where, "prices"):
        place = _name(price, "location", where, LOCATION, "a location such as fsn1")
        if place in seen:
            raise FleetError(f"{where}: prices: {place} is there twice")
        seen.add(place)
        yield place, price, f"{where} in {place}"


def _rate(price: Mapping[str, Any], where: str) -> list[float]:
    return [_net(price, "price_hourly", where), _net(price, "price_monthly", where)]


def _net(entry: Mapping[str, Any], key: str, where: str) -> float:
    return _number(_object(entry.get(key), f"{where}: {key}"), "net", f"{where}: {key}")


def _number(entry: Mapping[str, Any], key: str, where: str) -> float:
    given = entry.get(key)
    text = given if isinstance(given, str) else ""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,30})?", text):
        raise field_error(where, key, given, 'an amount such as "15.9900000000" is wanted')
    return float(text)


def _listed(
    files: Iterable[tuple[str, bytes]], kind: str
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield what all pages list, each with the file it is from; a page that is missing is one."""
    pages: dict[int, str] = {}
    wanted: dict[int, str] = {}
    found: list[tuple[str, Mapping[str, Any]]] = []
    for where, data in files:
        for document in read_documents(data, where):
            content = _object(document, where)
            if not isinstance(content.get(kind), list):
                raise _not_of(content, where, kind)
            page, following = _pagination(content, where)
            if page in pages:
                raise FleetError(f"{where}: page {page} of {kind} is there twice")
            pages[page] = where
            if following is not None:
                wanted[following] = where
            found += ((where, each) for each in _objects(content[kind], where, kind))
    for page, where in wanted.items():
        if page not in pages:
            raise FleetError(f"{where}: page {page} of {kind} follows it; give it too")
    if not found:
        raise FleetError(f"{', '.join(pages.values())}: {kind}: an empty list")
    return found


def _pagination(content: Mapping[str, Any], where: str) -> tuple[int, int | None]:
    """Return which page a document is, and which one follows; it is the only one by default."""
    meta = content.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    if not isinstance(pagination, dict):
        return 1, None
    page, following = pagination.get("page"), pagination.get("next_page")
    for name, value in (("page", page), ("next_page", following)):
        if type(value) is not int and not (name == "next_page" and value is None):
            raise field_error(where, f"meta.pagination.{name}", value, "a number is wanted")
    return pagination["page"], following


def _not_of(content: Any, where: str, kind: str) -> FleetError:
    """Return the error for an answer of the API that is another than is wanted."""
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        said = f"{error.get('message')} ({error.get('code')})"
        return FleetError(f"{where}: the API answered with an error: {said}")
    return FleetError(f"{where}: what GET /v1/{kind} answers is wanted: an object with {kind}")


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise FleetError(f"{where}: an object is wanted")
    return value


def _objects(value: Any, where: str, field: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise field_error(where, field, value, "a list of objects is wanted")
    return value


def _name(entry: Mapping[str, Any], key: str, where: str, pattern: str, accepted: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise field_error(where, key, value, f"{accepted} is wanted")
    return value


def _one_of(entry: Mapping[str, Any], key: str, where: str, choices: tuple[str, str]) -> str:
    for choice in choices:
        if entry.get(key) == choice:
            return choice
    accepted = " or ".join(f'"{choice}"' for choice in choices)
    raise field_error(where, key, entry.get(key), f"{accepted} is wanted")


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise field_error(where, key, value, "text is wanted")
    return value


def _count(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = entry.get(key)
    if type(value) is not int or value < 1:
        raise field_error(where, key, value, "a whole number, 1 or more, is wanted")
    return value
