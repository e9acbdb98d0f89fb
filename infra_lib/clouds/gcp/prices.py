"""What machines are billed for on Google Cloud.

A machine that is stopped is billed for its disks and a reserved address
(https://cloud.google.com/compute/docs/instances/stop-start-instance#billing); one that is off is
gone with its boot disk, and keeps data disks and a reserved address. Discounts:
https://cloud.google.com/compute/docs/sustained-use-discounts and
https://cloud.google.com/compute/docs/instances/committed-use-discounts-overview.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.model import gpu_count
from infra_lib.model.bill import Bill, Part
from infra_lib.model.money import HOURS_PER_MONTH, YEARS, Cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.gcp.catalog import Catalog
    from infra_lib.clouds.gcp.catalog.entries import MachineType, Zone
    from infra_lib.clouds.gcp.disks import BootDisk, DataDisk
    from infra_lib.clouds.gcp.gpu import Gpu
    from infra_lib.model.money import Years

# Their IOPS or throughput are billed beside their size, and how much that is, nobody says here:
# https://docs.cloud.google.com/compute/docs/disks/hyperdisks#pricing and
# https://docs.cloud.google.com/compute/docs/disks/extreme-persistent-disk.
_PERFORMANCE_APART = frozenset(
    {
        "hyperdisk-balanced-high-availability",
        "hyperdisk-extreme",
        "hyperdisk-ml",
        "hyperdisk-throughput",
        "pd-extreme",
    }
)
_NOTHING, _UNKNOWN = Cost(0.0, 0.0), Cost(None, None)


def cost_parts(
    machine_type: MachineType,
    gpu: Gpu | None,
    disks: Iterable[BootDisk | DataDisk],
    *,
    external_ip: bool | str,
    zone: Zone,
    catalog: Catalog,
    flex_start: bool = False,
    confidential: str | None = None,
) -> Iterator[Part]:
    """Yield what a machine is billed for, but for traffic.

    Args:
        machine_type: Its machine type.
        gpu: Its GPUs.
        disks: Its disks.
        external_ip: Whether it has an external address; one that is reserved is text.
        zone: Where it is.
        catalog: Where prices are looked up.
        flex_start: Whether it is a Flex-start VM, whose prices are others, without discounts, and
            known only where you give them (https://cloud.google.com/products/dws/pricing).
        confidential: Its technology of Confidential VM; None for none. Without GPUs that costs
            more, and how much, only your own price of the machine type says
            (https://cloud.google.com/confidential-computing/confidential-vm/pricing).
    """
    region = zone.region
    for part in _type_parts(machine_type, gpu, region, zone.name, catalog):
        name = gpu.type if gpu is not None and part.kind == "GPU" else machine_type.name
        yield _of_flex_start(part, known=_is_own(name, zone, catalog)) if flex_start else part
    if confidential is not None and gpu is None and not _is_own(machine_type.name, zone, catalog):
        yield Part(kind="Confidential VM", text=confidential, on=_UNKNOWN)
    for disk in disks:
        yield _disk(getattr(disk, "name", None), disk.size_gb, disk.type, catalog, region)
    if external_ip:
        yield _address(catalog, region, reserved=external_ip is not True)


def _is_own(name: str, zone: Zone, catalog: Catalog) -> bool:
    """Return whether the price of a machine type or of a GPU is one that you gave."""
    places = {"*", zone.region, zone.name}
    return any(price.name == name and price.location in places for price in catalog.prices)


def _of_flex_start(part: Part, *, known: bool) -> Part:
    return evolve(part, on=part.on if known else _UNKNOWN, sustained_use=(), committed_use=())


def bill_of_type(
    machine_type: MachineType, gpu: Gpu | None, *, region: str, zone: str, catalog: Catalog
) -> Bill:
    """Return what a machine type with GPUs costs in a zone, without disks and an address."""
    return Bill(parts=_type_parts(machine_type, gpu, region, zone, catalog), state="on")


@cache
def _type_parts(
    machine_type: MachineType, gpu: Gpu | None, region: str, zone: str, catalog: Catalog
) -> tuple[Part, ...]:
    return tuple(_yield_type_parts(machine_type, gpu, region, zone, catalog))


def _yield_type_parts(
    machine_type: MachineType, gpu: Gpu | None, region: str, zone: str, catalog: Catalog
) -> Iterator[Part]:
    """Yield the parts of a machine type, whose price has in it the GPUs that come with it."""
    name = machine_type.name
    whole = catalog.machine_price(name, region)
    ssd = _ssd(machine_type, region, catalog)
    committed = _commitments(name, region, catalog)
    cost = Cost(whole.usd_per_hour, whole.usd_per_hour_spot)
    own = Cost(_less(cost.on_demand, ssd.on_demand), _less(cost.spot, ssd.spot))
    text = name
    if gpu is not None and machine_type.accelerator is not None:
        text = f"{name}, its GPUs included"
    yield Part(
        kind="machine",
        text=text,
        on=own,
        sustained_use=catalog.sustained_use(name),
        committed_use=committed,
    )
    if ssd != _NOTHING:
        yield Part(
            kind="Local SSD",
            text=f"{machine_type.local_ssd_gib} GiB",
            on=ssd,
            committed_use=committed,
        )
    if gpu is not None and machine_type.accelerator is None:
        one = catalog.accelerator_price(gpu.type, zone)
        yield Part(
            kind="GPU",
            text=gpu_count.label(gpu.count, gpu.type),
            on=Cost(_times(one.usd_per_hour, gpu.count), _times(one.usd_per_hour_spot, gpu.count)),
            sustained_use=catalog.sustained_use(gpu.type),
            committed_use=_commitments(gpu.type, region, catalog),
        )


def _ssd(machine_type: MachineType, region: str, catalog: Catalog) -> Cost:
    """Return what of a machine type's price its Local SSDs are; nothing where nobody knows."""
    price = catalog.local_ssd_price(machine_type.name, region)
    if not machine_type.local_ssd_gib or price is None or price.usd_per_hour_spot is None:
        return _NOTHING
    return Cost(price.usd_per_hour, price.usd_per_hour_spot)


def _commitments(name: str, region: str, catalog: Catalog) -> tuple[tuple[Years, float], ...]:
    """Return what part of the price is paid under each commitment that can be had."""
    paid = ((years, catalog.committed_use(name, region, years)) for years in YEARS)
    return tuple((years, part) for years, part in paid if part is not None)


@cache
def _disk(name: str | None, size_gb: int, disk_type: str, catalog: Catalog, region: str) -> Part:
    """Return the part that a disk is; the boot disk, which goes with its machine, has no name."""
    price = catalog.disk_price(disk_type, region)
    own = {each.disk_type for each in catalog.disk_prices if each.location in {region, "*"}}
    if disk_type in _PERFORMANCE_APART - own:
        price = None
    hour = None if price is None else price * size_gb / HOURS_PER_MONTH
    text = f"{size_gb} GB {disk_type}"
    return Part(
        kind="boot disk" if name is None else "data disk",
        text=text if name is None else f"{name}, {text}",
        on=Cost(hour, hour),
        stopped=hour,
        off=0.0 if name is None else hour,
    )


@cache
def _address(catalog: Catalog, region: str, *, reserved: bool) -> Part:
    price = catalog.address_price(region)
    in_use = Cost(price.usd_per_hour_in_use, price.usd_per_hour_in_use)
    if not reserved:
        return Part(kind="address", text="external IPv4", on=in_use)
    unused = price.usd_per_hour_unused
    return Part(kind="address", text="reserved IPv4", on=in_use, stopped=unused, off=unused)


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part


def _times(one: float | None, count: float) -> float | None:
    return None if one is None else one * count
