"""The machine types with GPUs that Compute Engine has in a region, and what they cost there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import Alternatives, by_price
from infra_lib.clouds.gcp.offers import CARRIER, catalog_of, gpu_offers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject


def alternatives(project: GcpProject, machines: Sequence[GcpMachine]) -> Alternatives:
    """Return every machine type with GPUs that the project's region has, the cheapest first."""
    catalog = catalog_of(machines)
    offers = by_price(gpu_offers(catalog, project.region))
    carriers = dict.fromkeys(offer.machine_type for offer in offers if offer.attached)
    return Alternatives(
        region=project.region,
        machine_types=tuple(offers),
        note=f"GPUs that attach to an N1 machine are shown with {', '.join(carriers) or CARRIER}.",
        stopped="A stopped machine is billed for its disks and reserved addresses only.",
        sources=(
            catalog.tables.source("machine_prices"),
            *map(catalog.tables.source, ("accelerator_prices", "disk_prices", "address_prices")),
            *map(catalog.tables.source, ("machine_types", "zones")),
        ),
        correction="`Catalog(prices=…)` corrects a price, and `disk_prices` one of a disk.",
    )
