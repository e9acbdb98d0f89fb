"""Where prices on Google Cloud come from, and from when they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.sections import sources_by_use

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.answers import Source
    from infra_lib.clouds.gcp.machine import GcpMachine

_USES = {
    "machine_types": ("machine_prices", "Machine types"),
    "accelerators": ("accelerator_prices", "Attached GPUs"),
    "disks": ("disk_prices", "Disks"),
    "addresses": ("address_prices", "Addresses"),
}


def price_sources(machines: Iterable[GcpMachine]) -> dict[str, Source]:
    """Return where the prices of machines come from, by what they are of; see `sources_by_use`."""
    tables = ((machine.name, machine.catalog.tables) for machine in machines)
    return sources_by_use(tables, CATALOG.tables, _USES)
