"""What Google Cloud answers to whoever renews its catalogue; see `clouds.cloud.Renewal`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.answers import Renewed
from infra_lib.clouds.gcp import catalog
from infra_lib.clouds.gcp.catalog import Catalog
from infra_lib.clouds.gcp.catalog.custom import SHARED_CORES
from infra_lib.clouds.gcp.catalog.entries import MachineType
from infra_lib.clouds.gcp.catalog.file import FILE
from infra_lib.clouds.gcp.catalog.renewal import accelerators, machine_types
from infra_lib.clouds.gcp.catalog.renewal.accelerators import read_accelerators
from infra_lib.clouds.gcp.catalog.renewal.machine_types import read_machine_types
from infra_lib.clouds.gcp.catalog.renewal.prices import Amounts, add_whole_machines, price_sections
from infra_lib.clouds.gcp.catalog.renewal.skus import SERVICE, read_skus
from infra_lib.clouds.gcp.catalog.tables import Tables
from infra_lib.model.errors import FleetError
from infra_lib.model.wording import noted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from infra_lib.clouds.gcp.catalog.renewal.machine_types import Listed
    from infra_lib.clouds.gcp.catalog.renewal.skus import Skus

FILES: Mapping[str, str] = {
    "machine-types": f"what `{machine_types.COMMAND}` prints",
    "accelerators": f"what `{accelerators.COMMAND}` prints",
    "prices": f"what {SERVICE}/skus of the Cloud Billing Catalog API gives: all pages, in one file "
    "or in several",
}

FETCHING = f"""\
  {machine_types.COMMAND} > machine-types.json
  {accelerators.COMMAND} > accelerators.json
  curl -fsS -H "X-Goog-Api-Key: $KEY" \\
    "https://cloudbilling.googleapis.com/v1/{SERVICE}/skus?pageSize=5000" > prices-1.json

and on with &pageToken=…, the page's nextPageToken, until a page has none."""

BUILT_IN = Path(catalog.__file__).parent

OUTPUT = "catalog.json"

LOADED_BY = "Catalog"

_SOURCES = {
    "machine_types": "gcloud compute machine-types list",
    "zones": "gcloud compute accelerator-types list",
}
_PRICES = "Cloud Billing Catalog API"

# Those that share cores pay for a part of a vCPU, which no list says.
BILLED_VCPUS = {f"e2-{size}": vcpus for size, (vcpus, _) in SHARED_CORES.items()}


def renew(
    files: Mapping[str, Sequence[tuple[str, bytes]]],
    kept: tuple[str, str] | None,
    as_of: str | None,
    today: str,
) -> Renewed:
    """Return a catalogue whose sections are made of files, where such are given; see `Renewal`."""
    content = FILE.kept(kept)
    notes: list[str] = []
    lists = read_machine_types(files.get("machine-types", ()))
    offered = read_accelerators(files.get("accelerators", ()))
    before = Catalog(tables=Tables(FILE.text_of(content) if content else ""))
    if lists:
        entries, left_out = _entries(lists)
        content["machine_types"] = _section("machine_types", as_of or today, entries)
        notes += noted("left out", left_out, "; ")
    if offered:
        zones = {zone for entry in lists.values() for zone in entry.zones} or before.all_zones()
        table = {zone: list(offered.get(zone, ())) for zone in {*zones, *offered}}
        content["zones"] = _section("zones", as_of or today, table)
    if "prices" in files:
        skus = read_skus(files["prices"])
        amounts = Amounts.of(skus.rates)
        sections = price_sections(amounts)
        told = {name: section for name, section in sections.items() if any(section.values())}
        if "machine_prices" in told:
            types = Catalog(
                tables=Tables(FILE.text_of(content) if content else "")
            ).all_machine_types()
            add_whole_machines(told["machine_prices"], amounts, types)
        for name, section in told.items():
            day = as_of or skus.as_of or today
            content[name] = {"as_of": day, "source": _PRICES, **section}
        notes += _of_skus(skus, amounts)
        notes += noted("no SKU of these, which stay as they are", sorted(sections.keys() - told))
    text = FILE.text_of(content)
    FILE.check(text, "what these files say")
    notes += _of_machines(before, Catalog(tables=Tables(text)))
    return Renewed(
        text=text,
        built_in={f"{name}.json": FILE.text_of({name: content[name]}) for name in content},
        notes=tuple(notes),
    )


def _section(name: str, as_of: str, table: Mapping[str, Any]) -> dict[str, Any]:
    return {"as_of": as_of, "source": _SOURCES[name], name: dict(table)}


def _entries(listed: Mapping[str, Listed]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the entries of machine types, and why others are left out."""
    entries, left_out = {}, []
    for name, found in listed.items():
        if found.local_ssd_gib is None:
            left_out.append(f"{name}: Local SSDs come with it, of a size that is not known here")
            continue
        entry: dict[str, Any] = {
            "vcpus": found.vcpus,
            "memory_gib": found.memory_gib,
            **({"shared_core": True} if found.shared_core else {}),
            **({"accelerator": found.accelerator} if found.accelerator else {}),
            **({"accelerator_count": found.accelerator_count} if found.accelerator else {}),
            **({"local_ssd_gib": found.local_ssd_gib} if found.local_ssd_gib else {}),
            **({"obsolete": True} if found.obsolete else {}),
        }
        try:
            MachineType(name, **entry)
        except FleetError as error:
            left_out.append(str(error))
            continue
        billed = BILLED_VCPUS.get(name)
        entries[name] = entry if billed is None else {**entry, "billed_vcpus": billed}
    return entries, left_out


def _of_skus(skus: Skus, amounts: Amounts) -> Iterator[str]:
    unread = sum(skus.unread.values())
    yield (
        f"SKUs: {skus.count:,}, with prices of what a catalogue holds {len(skus.rates):,}, of "
        f"other things {skus.others:,}, not understood {unread:,}"
    )
    yield from noted("not understood, so not used", sorted(map(repr, skus.unread)))
    yield from noted("unknown, for SKUs differ on its price", amounts.unclear())


def _of_machines(before: Catalog, after: Catalog) -> Iterator[str]:
    """Yield what is to be known of machine types that have no price anywhere."""
    types = after.all_machine_types()
    priced = _priced(after, types)
    lost = sorted(_priced(before, before.all_machine_types()) - priced)
    yield f"machine types: {len(types):,}, with a price {len(priced):,}"
    yield from noted("without the price that they had", lost)


def _priced(catalog: Catalog, names: Collection[str]) -> set[str]:
    """Return the machine types that have a price on demand somewhere."""
    regions = catalog.regions()
    return {
        name
        for name in names
        if any(catalog.tables.machine_price(name, region)[0] is not None for region in regions)
    }
