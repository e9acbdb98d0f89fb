"""The disks of a machine on Compute Engine, and how NixOS finds the one it boots from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field

from infra_lib.clouds.gcp.catalog.series import DISK_TYPE
from infra_lib.clouds.gcp.fields import check_kms_key
from infra_lib.model.errors import field_error, shown
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_name,
    check_referable,
    check_whole,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.catalog import MachineType
    from infra_lib.clouds.gcp.catalog.series import Series

_DEVICE = "/dev/sda"
# Linux may name disks in another order at each boot, and installing must not hit a data disk. This
# name comes from the disk: "persistent-disk-0" is Compute Engine's device name of every boot disk.
_DEVICE_AMONG_OTHERS = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
# Where disks are NVMe, the boot disk is the first namespace of the controller that all disks but
# Local SSDs share; those have controllers of their own, and machine types may come with them.
_NVME_DEVICE = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"

_DEFAULT_TYPE = "pd-balanced"
# https://docs.cloud.google.com/compute/docs/images/os-details#debian
_IMAGES = {
    "x86_64-linux": "debian-cloud/debian-12",
    "aarch64-linux": "debian-cloud/debian-12-arm64",
}

_MOST_GB = 65536
# The least and the most GB of a disk, where it is not from 1 to 65536:
# https://docs.cloud.google.com/compute/docs/disks/hyperdisks#size-limits and
# https://docs.cloud.google.com/compute/docs/disks/extreme-persistent-disk. For other Persistent
# Disks documents have 10 as the least, and Compute Engine takes smaller ones.
_LIMITS_GB = {
    "hyperdisk-balanced": (4, _MOST_GB),
    "hyperdisk-balanced-high-availability": (4, _MOST_GB),
    "hyperdisk-extreme": (64, _MOST_GB),
    "hyperdisk-ml": (4, _MOST_GB),
    "hyperdisk-throughput": (2048, 32768),
    "pd-extreme": (500, _MOST_GB),
}


_Disk = TypeVar("_Disk", "BootDisk", "DataDisk")


def _check_type(where: str, field: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(DISK_TYPE, value):
        accepted = "pd-balanced, pd-extreme, pd-ssd, pd-standard or a Hyperdisk's"
        raise field_error(where, field, value, f'{accepted}: "hyperdisk-balanced"')


def check_size(where: str, field: str, size_gb: int, disk_type: str) -> None:
    """Check that a disk of a type may be of a size.

    Raises:
        FleetError: When it may not.
    """
    least, most = _LIMITS_GB.get(disk_type, (1, _MOST_GB))
    if not least <= size_gb <= most:
        accepted = f"{disk_type} is accepted from {least} to {most} GB"
        raise field_error(where, field, size_gb, accepted)


def included_performance(disk_type: str, size_gb: int) -> dict[str, int]:
    """Return what performance a disk is made with: as much as is in the price of its size.

    Compute Engine would provision more for a larger Hyperdisk Balanced, and bill for that:
    https://docs.cloud.google.com/compute/docs/disks/hd-types/hyperdisk-balanced. Other types have
    none in their price, or none to choose.

    Returns:
        What Google's provider calls it: `provisioned_iops`, and `provisioned_throughput` in MiB a
        second.
    """
    if disk_type != "hyperdisk-balanced":
        return {}
    return {
        "provisioned_iops": min(3000, 500 * size_gb),
        "provisioned_throughput": 140,
    }


@frozen(kw_only=True)
class BootDisk:
    """The disk a machine boots from; it is installed over, and goes when the machine goes.

    Attributes:
        image: What it is first made from, before NixOS is installed over it: an image or a family,
            as "<project>/<name>". Another one changes nothing of a machine that is there. None for
            Debian, of the processors that the machine type has.
        size_gb: Its size in GB. It grows in place, and what is on it has to be grown then; it never
            shrinks, and a smaller one is refused by `infra deploy`.
        type: The disk type: "pd-balanced", "pd-ssd", "hyperdisk-balanced" …. None for one that the
            machine type boots from: "pd-balanced", or else "hyperdisk-balanced", which is made with
            the IOPS and throughput that its price has in it. More of either, which you give it
            later in Compute Engine, stays, and is not counted in its cost.
        kms_key: The key of Cloud KMS that encrypts it; None for the project's. A machine that
            exists is made anew for another one, with an empty disk.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "boot disk"

    # As they were given, so that `attrs.evolve` gives no more than that; see `of`.
    _image: str | None = field(
        default=None,
        validator=valid(check_referable, 'an image such as "debian-cloud/debian-12"'),
        alias="image",
        eq=False,
        repr=False,
    )
    image: str = field(init=False)
    size_gb: int = field(default=100, validator=valid(check_whole, "GB", least=10, most=_MOST_GB))
    _type: str | None = field(
        default=None, validator=valid(_check_type), alias="type", eq=False, repr=False
    )
    type: str = field(init=False)
    kms_key: str | None = field(default=None, validator=valid(check_kms_key))

    def __attrs_post_init__(self) -> None:
        _derive(self, _type=_DEFAULT_TYPE, _image=_IMAGES["x86_64-linux"])
        check_size(self._where, "size_gb", self.size_gb, self.type)

    def of(self, machine_type: MachineType) -> BootDisk:
        """Return it as a machine of a type has it: what nobody says of it is as that wants it."""
        series = machine_type.series
        return _derived(self, _type=series.default_disk_type, _image=_IMAGES[series.platform])


@frozen
class DataDisk:
    """A disk of its own, that outlives the machine it is attached to, also one that is off.

    Attributes:
        name: Its name; on the machine it is /dev/disk/by-id/google-<name>.
        size_gb: Its size in GB.
        type: The disk type: "pd-balanced", "pd-ssd", "hyperdisk-balanced" …. None for one that the
            machine type takes: "pd-balanced", or else "hyperdisk-balanced", made as a boot disk is.
        prevent_destroy: Terraform refuses every plan that would destroy it: `cdktf destroy`, and
            changes that need another disk, such as another zone. It cannot guard a disk that is
            taken out of the fleet, or goes to another stack with its machine.
        kms_key: The key of Cloud KMS that encrypts it; None for the project's. Another one, or
            none any more, needs another disk.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_name))
    size_gb: int = field(validator=valid(check_whole, "GB", least=1, most=_MOST_GB), kw_only=True)
    # As it was given; see `BootDisk`.
    _type: str | None = field(
        default=None, validator=valid(_check_type), alias="type", kw_only=True, eq=False, repr=False
    )
    type: str = field(init=False)
    prevent_destroy: bool = field(default=True, validator=valid(check_boolean), kw_only=True)
    kms_key: str | None = field(default=None, validator=valid(check_kms_key), kw_only=True)

    def __attrs_post_init__(self) -> None:
        _derive(self, _type=_DEFAULT_TYPE)
        check_size(self._where, "size_gb", self.size_gb, self.type)

    def of(self, machine_type: MachineType) -> DataDisk:
        """Return it as a machine of a type has it; see `BootDisk.of`."""
        return _derived(self, _type=machine_type.series.default_disk_type)

    @property
    def _where(self) -> str:
        return f"data disk {shown(self.name)}"


def _derive(disk: BootDisk | DataDisk, **defaults: str) -> None:
    """Set what follows from what was said of a disk, or else from defaults, each by its field."""
    for given, default in defaults.items():
        said = getattr(disk, given)
        object.__setattr__(disk, given.removeprefix("_"), default if said is None else said)


def _derived(disk: _Disk, **defaults: str) -> _Disk:
    """Return a disk of which what nobody said is as these defaults say."""
    if all(getattr(disk, given.removeprefix("_")) == it for given, it in defaults.items()):
        return disk
    other = evolve(disk)
    _derive(other, **defaults)
    return other


def boot_device(series: Series, *, alone: bool, confidential: bool = False) -> str:
    """Return the boot disk as the installer finds it.

    Args:
        series: The series of the machine's type.
        alone: Whether the machine has no other disk, but for Local SSDs.
        confidential: Whether it is a Confidential VM, whose disks are NVMe:
            https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/supported-configurations#limitations
    """
    if confidential or series.disk_interface == "NVMe":
        return _NVME_DEVICE
    return _DEVICE if alone else _DEVICE_AMONG_OTHERS
