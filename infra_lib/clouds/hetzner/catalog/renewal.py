"""What Hetzner Cloud answers to whoever renews its catalogue; see `clouds.cloud.Renewal`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.answers import Renewed
from infra_lib.clouds.hetzner.catalog.api import read_locations, read_prices, read_server_types
from infra_lib.clouds.hetzner.catalog.entries import ServerType
from infra_lib.clouds.hetzner.catalog.file import FILE
from infra_lib.clouds.hetzner.catalog.tables import Tables, server_type_of
from infra_lib.model.wording import noted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.hetzner.catalog.api import ListedType

_API = "https://api.hetzner.cloud/v1"

FILES: Mapping[str, str] = {
    "hetzner-server-types": "what GET /v1/server_types of the API answers: all pages, in one file "
    "or in several",
    "hetzner-locations": "what GET /v1/locations answers, likewise",
    "hetzner-pricing": "what GET /v1/pricing answers, for an account that is billed in EUR",
}

FETCHING = f"""\
  for of in server_types locations pricing; do
    curl -fsS -H "Authorization: Bearer $HCLOUD_TOKEN" \\
      "{_API}/$of?per_page=50" > "hetzner-$of.json"
  done

and on with &page=2, the page's meta.pagination.next_page, until that is null. A token that may only
read will do, of any project."""

BUILT_IN = Path(__file__).parent

OUTPUT = "hetzner-catalog.json"

LOADED_BY = "HetznerCatalog"


def renew(
    files: Mapping[str, Sequence[tuple[str, bytes]]],
    kept: tuple[str, str] | None,
    as_of: str | None,
    today: str,
) -> Renewed:
    """Return a catalogue whose sections are made of files, where such are given; see `Renewal`."""
    content = FILE.kept(kept)
    before, day = Tables(FILE.text_of(content) if content else ""), as_of or today
    notes: list[str] = []
    if given := files.get("hetzner-server-types"):
        entries = _entries(read_server_types(given), before.server_types())
        content["server_types"] = _section("server_types", day, {"server_types": entries})
        notes += _of_types(before.server_types(), entries)
    if given := files.get("hetzner-locations"):
        content["locations"] = _section("locations", day, {"locations": read_locations(given)})
    if given := files.get("hetzner-pricing"):
        prices = read_prices(given)
        changed = _changed(before, prices["servers"])
        since = day if changed else before.orders_since()
        content["prices"] = _section("prices", day, {**prices, "orders_since": since})
        notes += noted("other prices of orders than before", changed)
    text = FILE.text_of(content)
    FILE.check(text, "what these files say")
    notes += _of_both(before, Tables(text))
    return Renewed(
        text=text,
        built_in={f"{name}.json": FILE.text_of({name: content[name]}) for name in content},
        notes=tuple(notes),
    )


def _section(name: str, day: str, content: Mapping[str, Any]) -> dict[str, Any]:
    source = "pricing" if name == "prices" else name
    return {"as_of": day, "source": f"Hetzner Cloud API, /v1/{source}", **content}


def _entries(
    given: Mapping[str, ListedType], before: Mapping[str, ServerType]
) -> dict[str, dict[str, Any]]:
    """Return the entries of server types; those that are listed no more are for old servers."""
    found = {name: _entry(name, each, before) for name, each in given.items()}
    for name, old in before.items():
        if name not in found:
            gone = dict.fromkeys((*old.locations, *old.deprecated_in))
            entry = {
                "vcpus": old.vcpus,
                "memory_gib": old.memory_gib,
                "disk_gb": old.disk_gb,
                "architecture": old.architecture,
                "dedicated": old.dedicated,
                "firmware": old.firmware,
                "locations": [],
                "deprecated_in": [*gone],
                "unavailable_after": old.unavailable_after,
            }
            found[name] = _without_defaults(entry)
    return found


def _entry(name: str, found: ListedType, before: Mapping[str, ServerType]) -> dict[str, Any]:
    entry = {
        "vcpus": found.vcpus,
        "memory_gib": found.memory_gib,
        "disk_gb": found.disk_gb,
        "architecture": found.architecture,
        "dedicated": found.dedicated,
        "firmware": _firmware(name, before),
        "locations": [*found.locations],
        "deprecated_in": [*found.deprecated_in],
        "unavailable_after": found.unavailable_after,
        "listed_available": [*found.listed_available],
    }
    server_type_of(name, entry)  # which says what cannot be
    return _without_defaults(entry)


def _without_defaults(entry: Mapping[str, Any]) -> dict[str, Any]:
    # Nothing in stock is something to tell, and so is nothing for sale.
    always = ("locations", "listed_available")
    return {key: value for key, value in entry.items() if value or key in always}


def _firmware(name: str, before: Mapping[str, ServerType]) -> str | None:
    """Return what a server type boots with, which no API tells.

    It is what is known of it, or else of all that are known of its family and generation, as the
    last digit says it: cpx21 boots by BIOS, and cpx22 by UEFI.
    """
    if name in before:
        return before[name].firmware
    like = ServerType(name, vcpus=1, memory_gib=1, architecture="x86", locations=())
    known = {
        each.firmware
        for each in before.values()
        if each.family == like.family and each.name[-1:] == name[-1:] and each.firmware
    }
    return known.pop() if len(known) == 1 else None


def _changed(before: Tables, servers: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """Return what has another price than it had, of what had one: "cx43 in fsn1"."""
    return [
        f"{name} in {place}"
        for name, places in servers.items()
        for place, rate in places.items()
        if (old := before.server_rate(name, place)).eur_per_month is not None
        and [old.eur_per_hour or rate[0], old.eur_per_month] != [*rate]
    ]


def _of_types(
    before: Mapping[str, ServerType], entries: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield what is to be known of server types that are new, and of those that are gone."""
    gone = [
        name for name, old in before.items() if old.locations and not entries[name]["locations"]
    ]
    unknown = [name for name, entry in entries.items() if "firmware" not in entry]
    yield from noted("new", [name for name in entries if name not in before])
    yield from noted("can be ordered nowhere any more, and kept for old servers", gone)
    yield from noted("not known to boot by BIOS or by UEFI, which no API tells", unknown)


def _of_both(before: Tables, after: Tables) -> Iterator[str]:
    """Yield what is to be known of server types that lack a price, or a location that is known."""
    places, types = after.locations(), after.server_types()
    sold = [(name, place) for name, each in types.items() for place in each.locations]
    unknown = sorted({place for _, place in sold if place not in places})
    priced = {of for of in sold if after.server_rate(*of).eur_per_month is not None}
    lost = [
        f"{name} in {place}"
        for name, place in sold
        if (name, place) not in priced and before.server_rate(name, place).eur_per_month is not None
    ]
    orderable = {name for name, _ in sold}
    yield f"server types: {len(types):,}, of which {len(orderable):,} can be ordered"
    yield from noted("not among the locations, so give --hetzner-locations too", unknown)
    yield from noted("without the price that they had", lost)
