"""What the Cloud Billing Catalog API lists of Compute Engine: SKUs, each with its price by region.

https://cloud.google.com/billing/docs/reference/rest/v1/services.skus has its fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.gcp.catalog.entries import may_be_region
from infra_lib.clouds.gcp.catalog.renewal.products import (
    OTHER,
    Product,
    is_spot,
    product_of,
    without_region,
)
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.json_text import read_documents
from infra_lib.model.money import HOURS_PER_MONTH
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.gcp.catalog.renewal.products import Kind

SERVICE = "services/6F81-5844-456A"
"""Compute Engine, as the API names it."""

Way = Literal["on demand", "spot", "1 year", "3 years"]

GLOBAL = "global"
"""What stands for every region."""

_PAGE = f'{{"skus": […]}}, as {SERVICE}/skus of the Cloud Billing Catalog API gives it, is wanted'
_WAYS: Mapping[str, Way] = {
    "OnDemand": "on demand",
    "Preemptible": "spot",
    "Commit1Yr": "1 year",
    "Commit3Yr": "3 years",
}
# What a price is for, in the units of the API (https://ucum.org).
_UNITS: Mapping[Kind, str] = {
    "vcpu": "h",
    "gib": "GiBy.h",
    "extended_gib": "GiBy.h",
    "gpu": "h",
    "slice": "h",
    "eighth": "h",
    "machine": "h",
    "local_ssd": "GiBy.mo",
    "disk": "GiBy.mo",
    "address": "h",
}
_BYTES = {
    **{f"{prefix}By": 1000**power for power, prefix in enumerate(("", "k", "M", "G", "T", "P"))},
    **{f"{prefix}iBy": 1024**power for power, prefix in enumerate("KMGTP", 1)},
}
_HOURS = {
    "s": Fraction(1, 3600),
    "min": Fraction(1, 60),
    "h": Fraction(1),
    "d": Fraction(24),
    "mo": Fraction(HOURS_PER_MONTH),
}


@frozen
class Rate:
    """What a SKU costs.

    Attributes:
        product: What it is of.
        way: How it is paid for.
        regions: Where; "global" for everywhere.
        usd: USD per hour; of memory per GiB and hour, of disks and Local SSD per GiB and month.
    """

    product: Product
    way: Way
    regions: tuple[str, ...]
    usd: Fraction


@frozen(kw_only=True)
class Skus:
    """What lists of SKUs say.

    Attributes:
        rates: What is understood.
        count: How many SKUs there are.
        others: How many are of other things.
        unread: What may be a part of machines and is not understood: how many SKUs of each
            description.
        as_of: The newest day from which a price holds: "2026-07-30"; None when none says.
    """

    rates: tuple[Rate, ...]
    count: int
    others: int
    unread: Mapping[str, int]
    as_of: str | None


def read_skus(files: Iterable[tuple[str, bytes]]) -> Skus:
    """Return what files of SKUs say: pages, in one file or several, or a list of pages or SKUs.

    Args:
        files: What to call each in messages, and what it holds.

    Raises:
        FleetError: When one holds something else, prices in another currency than USD, or SKUs of
            another service alone, or when the last page is not there.
    """
    pages: list[tuple[str, Any]] = []
    for where, data in files:
        for document in read_documents(data, where):
            pages += [(where, page) for page in _pages(document, where)]
    tokens = [page.get("nextPageToken") for _, page in pages]
    if tokens and all(tokens):
        raise FleetError(
            f"{pages[-1][0]}: pages are missing: each has a nextPageToken, so there are more; "
            "fetch on with pageToken=… until a page has none"
        )
    skus = [(where, sku) for where, page in pages for sku in _skus(page, where)]
    own = [(where, sku) for where, sku in skus if str(sku.get("name")).startswith(f"{SERVICE}/")]
    if not own:
        raise FleetError(f"{pages[-1][0]}: no SKU of Compute Engine is in it; {_PAGE}")
    others = len(skus) - len(own)
    unread: Counter[str] = Counter()
    rates = []
    for where, sku in own:
        found = _rate(sku, where)
        if isinstance(found, Rate):
            rates.append(found)
        elif found == OTHER:
            others += 1
        else:
            unread[without_region(_description(sku, where))] += 1
    days = [day for where, sku in own for day in _days(sku, where)]
    return Skus(
        rates=tuple(rates),
        count=len(skus),
        others=others,
        unread=unread,
        as_of=max(days, default=None),
    )


def usd(unit_price: Mapping[str, Any], where: str) -> Fraction:
    """Return an amount of money of the API's, exactly.

    Args:
        unit_price: `currencyCode`, `units` and `nanos`, each of which may be missing when 0.
        where: What to call it in messages.

    Raises:
        FleetError: When it is not in USD, or no amount.
    """
    currency = unit_price.get("currencyCode", "USD")
    if currency != "USD":
        accepted = "prices in USD are wanted: fetch them without currencyCode"
        raise field_error(where, "currencyCode", currency, accepted)
    units, nanos = unit_price.get("units", "0"), unit_price.get("nanos", 0)
    if not re.fullmatch(r"[0-9]{1,12}", str(units)):
        raise field_error(where, "units", units, "a whole number of USD is wanted")
    if type(nanos) is not int or not 0 <= nanos < 10**9:
        raise field_error(where, "nanos", nanos, "billionths of a USD, 0 to 999999999, are wanted")
    return int(units) + Fraction(nanos, 10**9)


def convert(price: Fraction, unit: str, wanted: str) -> Fraction | None:
    """Return a price for one unit as that for another; None where they measure different things.

    Args:
        price: What one of `unit` costs.
        unit: A unit of the API: "GBy.h".
        wanted: Another: "GiBy.h". A month ("mo") has 730 hours.
    """
    sizes = _size(unit), _size(wanted)
    if sizes[0] is None or sizes[1] is None or sizes[0][0] != sizes[1][0]:
        return None
    return price * sizes[1][1] / sizes[0][1]


def _size(unit: str) -> tuple[tuple[bool, bool], Fraction] | None:
    """Return what a unit measures, bytes, time or both, and how much of it."""
    size, parts = Fraction(1), unit.split(".")
    data = [part for part in parts if part in _BYTES]
    time = [part for part in parts if part in _HOURS]
    if len(data) > 1 or len(time) > 1 or len(data) + len(time) != len(parts):
        return None
    for part in parts:
        size *= _BYTES.get(part) or _HOURS[part]
    return (bool(data), bool(time)), size


def _pages(document: Any, where: str) -> Iterator[dict[str, Any]]:
    if isinstance(document, list) and document:
        if all(isinstance(each, dict) and "skuId" in each for each in document):
            yield {"skus": document}
            return
        for each in document:
            yield from _pages(each, where)
        return
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        said = document["error"].get("message")
        raise FleetError(f"{where}: the API refused, instead of giving SKUs: {said}")
    if not isinstance(document, dict) or not isinstance(document.get("skus"), list):
        raise FleetError(f"{where}: no page of SKUs: {_PAGE}")
    yield document


def _skus(page: dict[str, Any], where: str) -> list[dict[str, Any]]:
    for sku in page["skus"]:
        if not isinstance(sku, dict):
            raise field_error(where, "skus", sku, "a list of objects is wanted")
    skus: list[dict[str, Any]] = page["skus"]
    return skus


def _rate(sku: dict[str, Any], where: str) -> Rate | Literal["other"] | None:
    description = _description(sku, where)
    category = sku.get("category")
    if not isinstance(category, dict):
        raise field_error(f"{where}: {description}", "category", category, "an object is wanted")
    product = product_of(
        description, str(category.get("resourceFamily")), str(category.get("resourceGroup"))
    )
    if not isinstance(product, Product):
        return product
    way = "spot" if is_spot(description) else _WAYS.get(str(category.get("usageType")))
    paid = _paid(sku, f"{where}: {description}")
    if paid is None:
        return OTHER
    price = convert(*paid, _UNITS[product.kind])
    if way is None or price is None:
        return None
    regions = sku.get("serviceRegions")
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        accepted = "a list of regions is wanted"
        raise field_error(f"{where}: {description}", "serviceRegions", regions, accepted)
    places = tuple(region for region in regions if may_be_region(region) or region == GLOBAL)
    return Rate(product, way, places, price)


def _paid(sku: dict[str, Any], where: str) -> tuple[Fraction, str] | None:
    """Return what a SKU costs by now, and the unit that costs it; None where it is free.

    What a first tier gives away is an allowance of the whole account.
    """
    pricing: Any = sku.get("pricingInfo")
    if pricing == []:
        return None
    try:
        expression = pricing[-1]["pricingExpression"]  # in the order of time
        unit = str(expression["usageUnit"])
        tiers = sorted(expression["tieredRates"], key=lambda tier: tier.get("startUsageAmount", 0))
        prices = [usd(tier["unitPrice"], where) for tier in tiers]
    except (TypeError, KeyError, IndexError, AttributeError):
        raise field_error(where, "pricingInfo", pricing, "a list of prices is wanted") from None
    paid = next((price for price in prices if price), None)
    return None if paid is None else (paid, unit)


def _description(sku: dict[str, Any], where: str) -> str:
    description = sku.get("description")
    if not isinstance(description, str):
        raise field_error(
            f"{where}: {sku.get('name')}", "description", description, "text is wanted"
        )
    return description


def _days(sku: dict[str, Any], where: str) -> Iterator[str]:
    for each in sku.get("pricingInfo") or ():
        time = each.get("effectiveTime")
        if time is not None:
            if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", str(time)):
                raise field_error(where, "effectiveTime", time, "a time is wanted")
            yield str(time)[:10]
