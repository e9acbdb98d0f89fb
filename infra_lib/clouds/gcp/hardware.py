"""What a machine type takes: disks and images, Confidential VM, threads, virtual machines inside.

Each rule takes values, of which each alone is right by then, and refuses nothing of a series that
nobody knows. What the series take is `catalog.series`'s, with its sources.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.catalog.series import series_with
from infra_lib.clouds.gcp.disks import check_size
from infra_lib.model.errors import field_error
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.gcp.catalog import MachineType
    from infra_lib.clouds.gcp.catalog.series import Confidential
    from infra_lib.clouds.gcp.disks import BootDisk, DataDisk

_MOST_SEV_VCPUS = 255

# What images are called by their processors, and Google's projects whose images that are called by
# neither are for x86: https://docs.cloud.google.com/compute/docs/images/os-details
_ARM, _X86 = {"arm64", "aarch64"}, {"amd64", "x86"}
_PUBLIC = {
    f"{name}-cloud"
    for name in (
        *("almalinux", "centos", "cos", "debian", "fedora-coreos", "opensuse", "rhel"),
        *("rocky-linux", "suse", "ubuntu-os"),
    )
}


def check_disks(
    where: str, machine_type: MachineType, boot_disk: BootDisk, data_disks: Sequence[DataDisk]
) -> None:
    """Check that a machine type takes disks of these types, as large as they are.

    Raises:
        FleetError: When it does not.
    """
    if boot_disk.type != machine_type.series.default_disk_type:  # which it boots from
        boots = machine_type.boot_disk_types
        _check_type(where, "boot_disk.type", boot_disk.type, machine_type, boots, "boots from")
    for disk in data_disks:
        field = f"data_disks[{disk.name!r}]"
        taken = machine_type.disk_types
        _check_type(where, f"{field}.type", disk.type, machine_type, taken, "takes")
        check_size(where, f"{field}.size_gb", disk.size_gb, disk.type)


def _check_type(
    where: str,
    field: str,
    value: str,
    machine_type: MachineType,
    taken: tuple[str, ...] | None,
    does: str,
) -> None:
    if taken is None or value in taken:
        return
    series = machine_type.series
    accepted = f"{machine_type.name} {does} {', '.join(taken)}"
    if value in (series.disk_types or ()) and value not in (machine_type.disk_types or ()):
        accepted += f"; {value} from {series.extreme_vcpus} vCPUs on"
    raise field_error(where, field, value, accepted)


def check_image(where: str, machine_type: MachineType, image: str) -> None:
    """Check that an image whose name says its processors is one for those of a machine type.

    Raises:
        FleetError: When it is for others.
    """
    if isinstance(image, Reference):
        return
    arm = machine_type.series.platform == "aarch64-linux"
    words = {*re.findall(r"[a-z0-9]+", image)}
    x86 = bool(words & _X86) or not _PUBLIC.isdisjoint(image.split("/"))
    if (x86 and not words & _ARM) if arm else words & _ARM:
        kind, example = ("Arm", "-arm64") if arm else ("x86", "")
        accepted = (
            f"{machine_type.name} has {kind} processors, and wants an image for these, such as "
            f'"debian-cloud/debian-12{example}"; None for that'
        )
        raise field_error(where, "boot_disk.image", image, accepted)


def check_confidential(
    where: str,
    machine_type: MachineType,
    technology: Confidential | None,
    *,
    reservation: str | None,
) -> None:
    """Check that a machine may be a Confidential VM with a technology.

    The rules:
    https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/supported-configurations#limitations

    Args:
        where: What to call the machine.
        machine_type: Its machine type.
        technology: The technology; None for none.
        reservation: The reservation that the machine consumes; None for none.

    Raises:
        FleetError: When it may not.
    """
    had = machine_type.series.confidential
    if technology is None or had is None:
        return
    if technology not in had:
        own = f"{machine_type.name} has {', '.join(had) or 'none'}"
        accepted = f"{own}; {technology} is to be had with {', '.join(series_with(technology))}"
        raise field_error(where, "confidential", technology, accepted)
    if technology == "SEV" and machine_type.vcpus > _MOST_SEV_VCPUS:
        accepted = (
            f"up to {_MOST_SEV_VCPUS} vCPUs, and {machine_type.name} has {machine_type.vcpus}"
        )
        raise field_error(where, "confidential", technology, accepted)
    if technology == "TDX" and machine_type.local_ssds and not machine_type.accelerated:
        accepted = f"not with Local SSDs, which come with {machine_type.name}"
        raise field_error(where, "confidential", technology, accepted)
    if technology != "SEV" and reservation is not None:
        accepted = f"a Confidential VM with {technology} consumes no reservation: leave it out"
        raise field_error(where, "reservation", reservation, accepted)


def check_threads(where: str, machine_type: MachineType, threads: int | None) -> None:
    """Check that cores of a machine type may run so many threads each.

    The rule: https://docs.cloud.google.com/compute/docs/instances/set-threads-per-core#limitations

    Raises:
        FleetError: When they may not.
    """
    most = machine_type.series.threads_per_core
    if threads is None or most is None:
        return
    if threads > most:
        accepted = f"a core of {machine_type.name} runs one thread: leave it out"
        raise field_error(where, "threads_per_core", threads, accepted)
    if threads < most and (machine_type.shared_core or machine_type.vcpus < most):
        accepted = f"{machine_type.name} has no whole core: take a larger machine type"
        raise field_error(where, "threads_per_core", threads, accepted)


def check_nested(where: str, machine_type: MachineType, *, nested: bool) -> None:
    """Check that virtual machines may run in one of a machine type.

    The rule:
    https://docs.cloud.google.com/compute/docs/instances/nested-virtualization/overview#restrictions

    Raises:
        FleetError: When they may not.
    """
    if nested and (machine_type.bare_metal or machine_type.series.nested_virtualization is False):
        accepted = (
            f"not with {machine_type.name}: Intel's processors have it, but for e2, those with "
            "much memory (m1 and on) and bare metal; n2-standard-8 is one"
        )
        raise field_error(where, "nested_virtualization", nested, accepted)
