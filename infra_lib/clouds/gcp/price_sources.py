"""Where prices on Google Cloud come from, and from when they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.gcp.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.answers import Source
    from infra_lib.clouds.gcp.catalog.tables import Tables
    from infra_lib.clouds.gcp.machine import GcpMachine

_SECTIONS = {
    "machine_types": ("machine_prices", "Machine types"),
    "accelerators": ("accelerator_prices", "Attached GPUs"),
    "disks": ("disk_prices", "Disks"),
    "addresses": ("address_prices", "Addresses"),
}


def price_sources(machines: Sequence[GcpMachine]) -> dict[str, Source]:
    """Return where the prices of machines come from, by what they are of.

    Without a machine, they are those of the built-in catalogue. Those of a machine that has another
    one than the first are "disks of galena".
    """
    tables = {machine.catalog.tables: machine.name for machine in reversed(machines)}
    first, *others = reversed(tables or {CATALOG.tables: ""})
    found = _sources(first)
    for other in others:
        for of, source in _sources(other).items():
            if source != found[of]:
                name = tables[other]
                found[f"{of} of {name}"] = evolve(source, of=f"{source.of} of {name}")
    return found


def _sources(tables: Tables) -> dict[str, Source]:
    return {of: tables.source(*section) for of, section in _SECTIONS.items()}
