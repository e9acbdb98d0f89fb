"""What Compute Engine accepts of a machine's fields together, checked before anything is written.

Each rule takes values, of which each alone is right by then. They come from
https://cloud.google.com/compute/docs/gpus (GPUs),
https://cloud.google.com/compute/docs/instances/limit-vm-runtime (the end of runs) and
https://cloud.google.com/compute/docs/instances/spot (Spot VMs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.fields import kms_location
from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from infra_lib.clouds.gcp.catalog import AcceleratorType, Catalog, MachineType, Zone


def check_built_in(where: str, machine_type: MachineType, gpu_type: str, count: int) -> None:
    """Check that a machine type that comes with GPUs is given no others.

    Raises:
        FleetError: When it is.
    """
    built_in = (machine_type.accelerator, machine_type.accelerator_count)
    if machine_type.accelerator is not None and (gpu_type, count) != built_in:
        raise field_error(
            where,
            "gpu",
            f"{count}x {gpu_type}",
            f"{machine_type.name} comes with {built_in[1]}x {built_in[0]} and takes no other; "
            "leave gpu out (None), or choose another machine type",
        )


def check_attached(
    where: str,
    machine_type: MachineType,
    accelerator: AcceleratorType,
    count: int,
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
            "(n1-standard-8), and g2, a2 and a3 come with their own",
        )
    if count not in limits:
        counts = ", ".join(str(each) for each in sorted(limits))
        raise field_error(where, "gpu.count", count, f"{accelerator.name} comes in {counts}")
    if machine_type.vcpus > limits[count]:
        more = [each for each in sorted(limits) if limits[each] >= machine_type.vcpus]
        raise field_error(
            where,
            "gpu.count",
            count,
            f"{count}x {accelerator.name} allows up to {limits[count]} vCPUs and "
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


def check_run(
    where: str,
    *,
    enabled: bool,
    stopped: bool,
    deletion_protection: bool,
    ends: bool,
    action: str | None,
) -> None:
    """Check what is said of how a machine runs, and how its runs end.

    Args:
        where: What to call the machine.
        enabled: Whether it exists.
        stopped: Whether it is stopped.
        deletion_protection: Whether Compute Engine refuses to delete it.
        ends: Whether its runs end by themselves, as those of a Spot VM do.
        action: What the end of a run does.

    Raises:
        FleetError: When it contradicts itself.
    """
    if stopped and not enabled:
        raise field_error(
            where,
            "stopped",
            stopped,
            "only an enabled machine can be stopped: give enabled=True to keep it and its boot "
            "disk, or leave stopped out",
        )
    if action is not None and not ends:
        accepted = "only with spot=True or max_run_duration"
        raise field_error(where, "instance_termination_action", action, accepted)
    if action == "DELETE" and deletion_protection:
        accepted = "deletion_protection=True forbids it; take STOP"
        raise field_error(where, "instance_termination_action", action, accepted)


def check_local_ssds(
    where: str,
    machine_type: MachineType,
    *,
    stopped: bool,
    stop_schedule: object,
    max_run_duration: int | None,
    action: str | None,
    discard: bool,
) -> None:
    """Check that what is to stop a machine with Local SSDs can say that they are discarded.

    Compute Engine refuses to stop one without that. Google's provider does not say it when it stops
    one (https://github.com/hashicorp/terraform-provider-google/issues/26173), nor does a schedule,
    which has no field for it. The end of a run needs it, and takes it for nothing else
    (https://cloud.google.com/sdk/gcloud/reference/compute/instances/create#--discard-local-ssds-at-termination-timestamp);
    a Spot VM that is preempted loses what is on them
    (https://cloud.google.com/compute/docs/disks/local-ssd#data_persistence).

    Args:
        where: What to call the machine.
        machine_type: Its machine type.
        stopped: Whether it is stopped.
        stop_schedule: When Compute Engine stops it; None for never.
        max_run_duration: After how many seconds its runs end; None for never.
        action: What the end of a run does.
        discard: Whether what is on the Local SSDs may be lost then.

    Raises:
        FleetError: When it cannot.
    """
    stops_at_limit = max_run_duration is not None and action != "DELETE"
    if discard and not (machine_type.local_ssds and stops_at_limit):
        raise field_error(
            where,
            "discard_local_ssd",
            discard,
            "only for a machine type that comes with Local SSDs, with a max_run_duration that "
            "stops it",
        )
    if not machine_type.local_ssds:
        return
    comes = f"{machine_type.name} comes with Local SSDs"
    if stopped:
        raise field_error(
            where,
            "stopped",
            stopped,
            f"{comes}, and Google's provider cannot stop such a machine: it would run, and be "
            "billed; take enabled=False, which keeps data disks",
        )
    if stop_schedule is not None:
        raise field_error(
            where,
            "stop_schedule",
            stop_schedule,
            f"{comes}, and a schedule cannot stop such a machine: it would run on, and be billed; "
            "take max_run_duration",
        )
    if stops_at_limit and not discard:
        raise field_error(
            where,
            "max_run_duration",
            max_run_duration,
            f"{comes}, and what is on them is lost when it is stopped: agree with "
            'discard_local_ssd=True, or take instance_termination_action="DELETE"',
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
