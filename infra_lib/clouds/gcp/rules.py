"""What Compute Engine accepts of a machine's fields together, checked before anything is written.

Each rule takes values, of which each alone is right by then. Those of GPUs come from
https://cloud.google.com/compute/docs/gpus. How machines run is `scheduling`'s, and what their
types take `hardware`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.fields import kms_location
from infra_lib.model import gpu_count
from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from infra_lib.clouds.gcp.catalog import AcceleratorType, Catalog, MachineType, Zone


def check_built_in(where: str, machine_type: MachineType, gpu_type: str, count: float) -> None:
    """Check that a machine type that comes with GPUs is given no others.

    Raises:
        FleetError: When it is.
    """
    built_in = (machine_type.accelerator, machine_type.accelerator_count)
    if machine_type.accelerator is not None and (gpu_type, count) != built_in:
        raise field_error(
            where,
            "gpu",
            gpu_count.label(count, gpu_type),
            f"{machine_type.name} comes with "
            f"{gpu_count.label(built_in[1], machine_type.accelerator)} and takes no other; "
            "leave gpu out (None), or choose another machine type",
        )


def check_attached(
    where: str,
    machine_type: MachineType,
    accelerator: AcceleratorType,
    count: float,
    catalog: Catalog,
) -> None:
    """Check that a machine type takes a GPU, and as many of it as there are.

    Args:
        where: What to call the machine.
        machine_type: Its machine type, which comes without GPUs.
        accelerator: The GPU.
        count: How many.
        catalog: Where machine types are looked up that such a GPU comes with.

    Raises:
        FleetError: When they do not.
    """
    limits = accelerator.max_vcpus
    if not limits:
        carriers = catalog.machine_types_with(accelerator.name)
        raise field_error(
            where,
            "gpu.type",
            accelerator.name,
            f"attaches to no machine: it comes with {', '.join(carriers) or 'a machine type'}, "
            f"not with {machine_type.name}; name one as machine_type, and leave gpu out",
        )
    if not machine_type.takes_gpus:
        raise field_error(
            where,
            "machine_type",
            machine_type.name,
            f"takes no GPU; {accelerator.name} attaches to an n1 machine that shares no core "
            "(n1-standard-8), and machine types of series A and G come with their own",
        )
    if count not in limits:
        counts = ", ".join(str(each) for each in sorted(limits))
        raise field_error(where, "gpu.count", count, f"{accelerator.name} comes in {counts}")
    most = limits[int(count)]
    if machine_type.vcpus > most:
        more = [each for each in sorted(limits) if limits[each] >= machine_type.vcpus]
        raise field_error(
            where,
            "gpu.count",
            count,
            f"{gpu_count.label(count, accelerator.name)} allows up to {most} vCPUs and "
            f"{machine_type.name} has {machine_type.vcpus}; "
            + (f"take {more[0]} GPUs or " if more else "take ")
            + "a smaller machine type",
        )


def check_offered(where: str, field: str, zone: Zone, gpu_type: str, catalog: Catalog) -> None:
    """Check that a zone offers a GPU; one that no zone is known to offer may be in any.

    Raises:
        FleetError: When it does not.
    """
    if gpu_type in zone.accelerators:
        return
    offering = [item for item in catalog.all_zones().values() if gpu_type in item.accelerators]
    if offering:
        near = [item.name for item in offering if item.region == zone.region]
        raise field_error(
            where,
            field,
            zone.name,
            f"does not offer {gpu_type}; "
            + (
                f"in {zone.region} it is in {', '.join(near)}"
                if near
                else f"it is in {', '.join(sorted({item.region for item in offering}))}"
            ),
        )


def check_fallback_zones(
    where: str,
    zone: Zone,
    fallback_zones: Sequence[Zone],
    *,
    data_disks: bool,
    regional: dict[str, object],
) -> None:
    """Check that a machine can be in each of its zones.

    Args:
        where: What to call the machine.
        zone: Its zone.
        fallback_zones: Those to try after it.
        data_disks: Whether it has data disks, which are in its zone.
        regional: Fields that name something of its region, where they hold a text.

    Raises:
        FleetError: When it cannot.
    """
    names = tuple(each.name for each in fallback_zones)
    if names and data_disks:
        raise field_error(
            where,
            "fallback_zones",
            names,
            f"its data disks stay in {zone.name}, and cannot be attached elsewhere: leave "
            "fallback_zones out, or data_disks",
        )
    elsewhere = {each.region for each in fallback_zones} - {zone.region}
    for name, value in regional.items():
        if isinstance(value, str) and elsewhere:
            raise field_error(
                where,
                "fallback_zones",
                names,
                f"{name}={value!r} is in {zone.region} only: name zones of that region",
            )


def check_key_location(
    where: str,
    field: str,
    key: str | None,
    machine: str,
    regions: Collection[str],
    known: Collection[str],
) -> None:
    """Check that a key is where a machine's disks are, or may be.

    The rule: https://cloud.google.com/compute/docs/disks/customer-managed-encryption

    Args:
        where: What names the key.
        field: The field that does.
        key: The key, if there is one.
        machine: The machine's name.
        regions: The regions that it may be in.
        known: The regions that there are.

    Raises:
        FleetError: When it is in another region.
    """
    location = kms_location(key)
    # A multi-region ("europe", "nam4") or "global" may be right; a region is where it is.
    if location in known and {location} != {*regions}:
        accepted = (
            f"a disk takes a key of its own region, and those of {machine} may be in "
            f"{', '.join(sorted(regions))}: name a key there, or one of a location that holds "
            "it, such as global"
        )
        raise field_error(where, field, key, accepted)
