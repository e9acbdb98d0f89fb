"""`infra gpus`: which GPUs can be had where, in which machine types, at what price."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.answers import sources_text
from infra_lib.commands.load import add_argument, find_fleet, other_word
from infra_lib.model import gpu_count, money
from infra_lib.operate.gpu_offers import (
    all_offers,
    count_wish,
    find,
    gpu_wish,
    kinds,
    memory_wish,
    names_text,
    nothing_text,
    price_sources,
    region_wish,
)
from infra_lib.operate.price_age import warn_of_old_prices
from infra_lib.operate.style import paint_for, plain
from infra_lib.operate.table import dropped_note, fitted_table, fold_prose, terminal_width
from infra_lib.terraform.printing import show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.answers import GpuOffer, Source
    from infra_lib.fleet import Fleet
    from infra_lib.operate.gpu_offers import Found, GpuKind, Wish
    from infra_lib.operate.style import Paint

_OFFER = (
    *("MACHINE TYPE", "GPU", "GPU MEMORY", "VCPUS", "MEMORY"),
    *("WHERE", "ON DEMAND", "SPOT"),
)
_KIND = (
    *("GPU", "TYPE", "MEMORY", "COUNTS", "ON DEMAND", "IN"),
    *("SPOT", "SPOT IN", "REGIONS", "ZONES"),
)
_NUMBERS = {"GPU MEMORY", "VCPUS", "MEMORY", "ON DEMAND", "SPOT", "REGIONS", "ZONES"}
_LISTS = {"WHERE", "COUNTS", "IN", "SPOT IN"}
_OPTIONAL = ("ZONES", "REGIONS", "MEMORY", "VCPUS", "GPU MEMORY", "TYPE", "COUNTS", "SPOT IN", "IN")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "gpu",
        nargs="*",
        type=other_word,
        metavar="GPU",
        help="list each machine type with this GPU, called as people or the cloud do (T4, A100 "
        "80GB, nvidia-l4), or of this machine type or series (a2); otherwise a line for each GPU",
    )
    parser.add_argument(
        "--region", help="only there: a region, or how some begin (us-central1, europe)"
    )
    parser.add_argument(
        "--memory", type=_gb, metavar="GB", help="only with as much memory in each GPU, or more"
    )
    parser.add_argument(
        "--count", type=_count, metavar="N", help="only with so many GPUs in a machine (8, 1/2)"
    )
    parser.add_argument(
        "--spot", action="store_true", help="begin with what is cheapest as a Spot VM"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON; prices are in USD, null when unknown"
    )
    add_argument(parser, alone=False)


def run(given: Namespace) -> int:
    """Print what there is; 1 when there is nothing."""
    fleet = find_fleet(given.source)
    offers = all_offers(fleet)
    said = " ".join(given.gpu)
    wishes = _wishes(given, said, fleet, offers)
    found = find(offers, wishes, spot=given.spot)
    sources = price_sources(fleet, offers)
    if given.json:
        import json

        print(json.dumps(as_data(found, sources), indent=2))
    elif found.offers:
        width = terminal_width()
        show(f"{as_text(found, sources, each=bool(said), width=width, paint=paint_for())}\n")
    warn_of_old_prices(sources)
    if not found.offers:
        print(f"infra: {nothing_text(offers, wishes)}", file=sys.stderr)
    return 0 if found.offers else 1


def as_text(
    found: Found,
    sources: Mapping[str, Source],
    *,
    each: bool,
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """Return what is found as a table with notes, for people.

    Args:
        found: What is found.
        sources: Where prices come from, by what they are of.
        each: Whether each machine type has a line in each region, and not each GPU one.
        width: How wide lines may be; None for any width.
        paint: Gives cells of the table their looks.
    """
    text, dropped = fitted_table(
        _OFFER if each else _KIND,
        map(_offer_row, found.offers) if each else map(_kind_row, kinds(found.offers)),
        right=_NUMBERS,
        width=width,
        folds=_LISTS,
        optional=_OPTIONAL,
        tones=lambda title, _: "money" if title in {"ON DEMAND", "SPOT"} else None,
        paint=paint,
    )
    notes = _notes(found, sources, dropped, each=each)
    prose = "\n".join(fold_prose(note, width) for note in notes)
    return f"{text}\n\n{prose}"


def as_data(found: Found, sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return what is found as plain data, in a shape that stays. An amount is None when unknown.

    Returns:
        `offers`, the cheapest first: of each `cloud` ("gcp"), `machine_type`, `vcpus`,
        `memory_gib`, `gpu` (`type` as the cloud calls it, `model` as people do, `count`, which is
        0.5 for a half of one, and `memory_gb` of one, or of the part that there is of one; None
        when unknown), `attached` (whether other machine types of the series take that GPU too),
        `region` (None when unknown), `zones` (those at this price; empty when unknown) and
        `usd_per_hour` (`on_demand` and `spot`, of the machine while it is on, without disks,
        addresses and traffic);
        `doubtful`: further offers in the same shape, of which it is not known whether they are
        what was asked for; `gpus`: a summary of the offers: of each kind `cloud`, `type`, `model`,
        `memory_gb`, `counts`, `regions`, `zones` and `cheapest` (`on_demand` and `spot`: the offers
        of the lowest price; empty when none is known); and `prices`: `as_of` and `source` of those
        of `machine_types`, `accelerators` and what else the cloud has in them.
    """
    return {
        "gpus": [_kind_data(kind) for kind in kinds(found.offers)],
        "offers": [_offer_data(offer) for offer in found.offers],
        "doubtful": [_offer_data(offer) for offer in found.doubtful],
        "prices": {of: source.data for of, source in sources.items()},
    }


def _wishes(
    given: Namespace, said: str, fleet: Fleet | None, offers: Sequence[GpuOffer]
) -> list[Wish]:
    return [
        *([gpu_wish(said, fleet, offers)] if said else []),
        *([] if given.region is None else [region_wish(given.region, fleet)]),
        *([] if given.memory is None else [memory_wish(given.memory)]),
        *([] if given.count is None else [count_wish(given.count)]),
    ]


def _offer_row(offer: GpuOffer) -> tuple[str, ...]:
    return (
        offer.machine_type,
        offer.gpu_label,
        _gb_text(offer.all_gpu_memory_gb),
        str(offer.vcpus),
        f"{offer.memory_gib:,g} GiB",
        _place_text(offer),
        money.hour_text(offer.bill.on_demand),
        money.hour_text(offer.bill.as_spot),
    )


def _kind_row(kind: GpuKind) -> tuple[str, ...]:
    prices = []
    for spot in (False, True):
        cheapest = kind.cheapest(spot=spot)
        price = cheapest[0].price(spot=spot) if cheapest else None
        prices += [money.hour_text(price), _regions_text(cheapest)]
    return (
        kind.largest.gpu_model,
        kind.largest.gpu_type,
        _gb_text(kind.largest.gpu_memory_gb),
        ", ".join(map(gpu_count.text, kind.counts)),
        *prices,
        str(len(kind.regions) or "unknown"),
        str(len(kind.zones) or "unknown"),
    )


def _gb_text(gb: float | None) -> str:
    return "unknown" if gb is None else f"{gb:g} GB"


def _place_text(offer: GpuOffer) -> str:
    """Return where an offer is, of its zones the first one in full: "us-central1-a, b"."""
    if offer.region is None:
        return "unknown"
    beginning = f"{offer.region}-"
    zones = (
        zone.removeprefix(beginning) if index else zone for index, zone in enumerate(offer.zones)
    )
    return ", ".join(zones) or offer.region


def _regions_text(offers: Sequence[GpuOffer]) -> str:
    """Return the regions of offers, of which the first one is named: "us-central1 (+2)"."""
    first, *others = list(dict.fromkeys(offer.region or "unknown" for offer in offers)) or ["-"]
    return f"{first} (+{len(others)})" if others else first


def _notes(
    found: Found, sources: Mapping[str, Source], dropped: Sequence[str], *, each: bool
) -> Iterator[str]:
    yield (
        "ON DEMAND and SPOT are USD an hour of the machine with its GPUs while it is on, without "
        "disks, addresses and traffic."
    )
    if not each:
        yield (
            "They are those of the cheapest machine with such a GPU; (+2) stands for two more "
            "regions at that price. infra gpus GPU lists all machine types."
        )
    if carriers := dict.fromkeys(offer.machine_type for offer in found.offers if offer.attached):
        yield f"GPUs that attach to other machine types too are shown with {', '.join(carriers)}."
    if each:
        yield (
            "WHERE are zones that have the GPU, of which some may lack a machine type; where a "
            "region stands alone, nobody knows which of its zones."
        )
    if found.doubtful:
        yield f"Left out, since it is not known whether they fit: {names_text(found.doubtful)}."
    if dropped:
        yield dropped_note(dropped, "infra gpus")
    yield from sources_text(sources.values())


def _kind_data(kind: GpuKind) -> dict[str, Any]:
    return {
        "cloud": kind.largest.cloud,
        "type": kind.largest.gpu_type,
        "model": kind.largest.gpu_model,
        "memory_gb": kind.largest.gpu_memory_gb,
        "counts": kind.counts,
        "regions": kind.regions,
        "zones": kind.zones,
        "cheapest": {
            name: [_offer_data(offer) for offer in kind.cheapest(spot=name == "spot")]
            for name in ("on_demand", "spot")
        },
    }


def _offer_data(offer: GpuOffer) -> dict[str, Any]:
    return {
        "cloud": offer.cloud,
        "machine_type": offer.machine_type,
        "vcpus": offer.vcpus,
        "memory_gib": offer.memory_gib,
        "gpu": {
            "type": offer.gpu_type,
            "model": offer.gpu_model,
            "count": offer.gpu_count,
            "memory_gb": offer.gpu_memory_gb,
        },
        "attached": offer.attached,
        "region": offer.region,
        "zones": list(offer.zones),
        "usd_per_hour": {
            "on_demand": money.rounded(offer.price(spot=False)),
            "spot": money.rounded(offer.price(spot=True)),
        },
    }


def _gb(text: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *(?:gi?b?)?", text.lower())
    if found is None:
        raise ArgumentTypeError(f"{text!r}: a number of GB is wanted, such as 80")
    return float(found[1])


def _count(text: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:/([1-9][0-9]*))?", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r}: a number of GPUs is wanted, such as 8 or 1/2")
    return float(found[1]) / int(found[2] or 1)
