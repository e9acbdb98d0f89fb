"""The GPUs that Compute Engine has: with which machine types, where, and what they cost there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.answers import GpuOffer
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.gpu import Gpu
from infra_lib.clouds.gcp.prices import bill_of_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.gcp.catalog import AcceleratorType, Catalog, MachineType
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.model.bill import Bill
    from infra_lib.model.money import Amount

    # A machine type, the GPUs that it has, how many, and what is known of one.
    _Equipped = tuple[MachineType, str, float, AcceleratorType | None]

    # The zones that have something, by region: none where nobody knows which, and None for the
    # region where nobody knows even that.
    _Places = Mapping[str | None, Sequence[str]]

CARRIER = "n1-standard-8"
"""Below most GPUs' vCPU limit, so that one machine type compares them all."""

# For a GPU whose limit is lower.
_SMALLER_CARRIERS = ("n1-standard-4", "n1-standard-2", "n1-standard-1")


def catalog_of(machines: Sequence[GcpMachine]) -> Catalog:
    """Return the catalogue that the first machine with a GPU looks into, or else the first machine.

    Without a machine it is the built-in one.
    """
    first = min(machines, key=lambda machine: machine.gpu is None, default=None)
    return CATALOG if first is None else first.catalog


def gpu_offers(catalog: Catalog, region: str | None = None) -> Iterator[GpuOffer]:
    """Yield each machine type with GPUs in each region, once for each price that it has there.

    A GPU that attaches is shown with one machine type, in all its counts. A machine type whose GPU
    no zone is known to have is in the regions that it has a price in.

    Args:
        catalog: Where to look.
        region: The region to look in; None for every one, and for what is nobody knows where.
    """
    zones = catalog.all_zones().values() if region is None else catalog.zones_in(region)
    there: dict[str, dict[str | None, list[str]]] = {}
    for zone in zones:
        for gpu_type in zone.accelerators:
            there.setdefault(gpu_type, {}).setdefault(zone.region, []).append(zone.name)
    for equipped in _equipped(catalog):
        machine_type, gpu_type, _, _ = equipped
        places: _Places = there.get(gpu_type, {})
        if not places and not catalog.zones_offering(gpu_type):
            places = _priced(catalog, machine_type, region)
        for place, names in places.items():
            for offering, bill in _bills(catalog, equipped, place, tuple(sorted(names))):
                yield _offer(equipped, place, offering, bill)


def _equipped(catalog: Catalog) -> Iterator[_Equipped]:
    accelerators = catalog.all_accelerator_types()
    for each in catalog.machine_types_with_gpus():
        if (name := each.accelerator) is not None:
            yield each, name, each.accelerator_count, accelerators.get(name)
    known = map(catalog.machine_type, (CARRIER, *_SMALLER_CARRIERS))
    carriers = [each for each in known if each is not None]
    for name, accelerator in accelerators.items():
        for count, most in accelerator.max_vcpus.items():
            carrier = next((each for each in carriers if each.vcpus <= most), carriers[-1])
            yield carrier, name, count, accelerator


def _attached(machine_type: MachineType) -> bool:
    """Whether GPUs are attached to a machine type: it comes with none."""
    return machine_type.accelerator is None


def _priced(catalog: Catalog, machine_type: MachineType, region: str | None) -> _Places:
    """Return the regions that a machine type has a price for, which is not one for everywhere.

    One that GPUs attach to has a price also where there are no GPUs.
    """
    places: dict[str | None, Sequence[str]] = {}
    if not _attached(machine_type):
        for each in catalog.regions() if region is None else (region,):
            price = catalog.machine_price(machine_type.name, each)
            unknown = price.usd_per_hour is None and price.usd_per_hour_spot is None
            if not unknown and price.location != "*":
                places[each] = ()
    return places if places or region is not None else {None: ()}


def _bills(
    catalog: Catalog, equipped: _Equipped, region: str | None, zones: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Bill]]:
    """Yield what a machine type costs in a region, with the zones where it does."""
    machine_type, gpu_type, count, _ = equipped
    place = region or "*"
    if not _attached(machine_type):
        yield zones, bill_of_type(machine_type, None, region=place, zone=place, catalog=catalog)
        return
    gpu = Gpu(gpu_type, int(count))
    same: dict[tuple[float | None, float | None], list[str]] = {}
    for zone in zones or (place,):
        one = catalog.accelerator_price(gpu_type, zone)
        same.setdefault((one.usd_per_hour, one.usd_per_hour_spot), []).append(zone)
    bills: dict[tuple[Amount, Amount], tuple[Bill, list[str]]] = {}
    for alike in same.values():  # a bill takes long to work out
        bill = bill_of_type(machine_type, gpu, region=place, zone=alike[0], catalog=catalog)
        # With the machine's price unknown, the sums are alike where the GPUs' prices are not.
        bills.setdefault((bill.on_demand, bill.as_spot), (bill, []))[1].extend(alike)
    for bill, names in bills.values():
        yield tuple(sorted(names)) if zones else (), bill


def _offer(equipped: _Equipped, region: str | None, zones: tuple[str, ...], bill: Bill) -> GpuOffer:
    machine_type, gpu_type, count, accelerator = equipped
    return GpuOffer(
        cloud="gcp",
        machine_type=machine_type.name,
        vcpus=machine_type.vcpus,
        memory_gib=machine_type.memory_gib,
        gpu_type=gpu_type,
        gpu_model=gpu_type if accelerator is None else accelerator.label,
        gpu_count=count,
        gpu_memory_gb=None if accelerator is None else accelerator.memory_gb * min(count, 1),
        attached=_attached(machine_type),
        region=region,
        zones=zones,
        bill=bill,
    )
