"""What a machine costs on Google Cloud: its type, and the GPUs that are attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.money import Cost

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.catalog import Catalog
    from infra_lib.clouds.gcp.gpu import Gpu


def cost_of_type(
    machine_type: str, gpu: Gpu | None, *, region: str, zone: str, catalog: Catalog
) -> Cost:
    """Return what a machine type with GPUs costs in a zone.

    GPUs that come with the machine type are in its price.
    """
    machine = catalog.machine_price(machine_type, region)
    entry = catalog.machine_type(machine_type)
    if gpu is None or (entry is not None and entry.accelerator is not None):
        return Cost(machine.usd_per_hour, machine.usd_per_hour_spot)
    one = catalog.accelerator_price(gpu.type, zone)
    return Cost(
        _sum(machine.usd_per_hour, one.usd_per_hour, gpu.count),
        _sum(machine.usd_per_hour_spot, one.usd_per_hour_spot, gpu.count),
    )


def _sum(machine: float | None, gpu: float | None, count: int) -> float | None:
    return None if machine is None or gpu is None else round(machine + gpu * count, 5)
