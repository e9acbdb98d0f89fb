"""The disks of a machine on Compute Engine, and how NixOS finds the one it boots from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field

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
    from infra_lib.clouds.gcp.catalog.series import Series

_DEVICE = "/dev/sda"
# Linux may name disks in another order at each boot, and installing must not hit a data disk. This
# name comes from the disk: "persistent-disk-0" is Compute Engine's device name of every boot disk.
_DEVICE_AMONG_OTHERS = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
# Where disks are NVMe, the boot disk is the first namespace of the controller that all disks but
# Local SSDs share; those have controllers of their own, and machine types may come with them.
_NVME_DEVICE = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"

# https://cloud.google.com/compute/docs/disks#disk-types; new ones are Hyperdisks.
_TYPE = r"pd-(balanced|extreme|ssd|standard)|hyperdisk-[a-z][-a-z0-9]*"
_MOST_GB = 65536


def _check_type(where: str, field: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(_TYPE, value):
        accepted = "pd-balanced, pd-extreme, pd-ssd, pd-standard or a Hyperdisk's"
        raise field_error(where, field, value, f'{accepted}: "hyperdisk-balanced"')


@frozen(kw_only=True)
class BootDisk:
    """The disk a machine boots from; it is installed over, and goes when the machine goes.

    Attributes:
        image: What it is first made from, before NixOS is installed over it: an image or a family,
            as "<project>/<name>". Another one changes nothing of a machine that is there.
        size_gb: Its size in GB. It grows in place, and what is on it has to be grown then; it never
            shrinks, and a smaller one is refused by `infra deploy`.
        type: The disk type: "pd-balanced", "pd-ssd", "hyperdisk-balanced" ….
        kms_key: The key of Cloud KMS that encrypts it; None for the project's. A machine that
            exists is made anew for another one, with an empty disk.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "boot disk"

    image: str = field(
        default="debian-cloud/debian-12",
        validator=valid(check_referable, 'an image such as "debian-cloud/debian-12"'),
    )
    size_gb: int = field(default=100, validator=valid(check_whole, "GB", least=10, most=_MOST_GB))
    type: str = field(default="pd-balanced", validator=valid(_check_type))
    kms_key: str | None = field(default=None, validator=valid(check_kms_key))


@frozen
class DataDisk:
    """A disk of its own, that outlives the machine it is attached to, also one that is off.

    Attributes:
        name: Its name; on the machine it is /dev/disk/by-id/google-<name>.
        size_gb: Its size in GB.
        type: The disk type: "pd-balanced", "pd-ssd", "hyperdisk-balanced" ….
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
    type: str = field(default="pd-balanced", validator=valid(_check_type), kw_only=True)
    prevent_destroy: bool = field(default=True, validator=valid(check_boolean), kw_only=True)
    kms_key: str | None = field(default=None, validator=valid(check_kms_key), kw_only=True)

    @property
    def _where(self) -> str:
        return f"data disk {shown(self.name)}"


def boot_device(series: Series, *, alone: bool) -> str:
    """Return the boot disk as the installer finds it.

    Args:
        series: The series of the machine's type.
        alone: Whether the machine has no other disk, but for Local SSDs.
    """
    if series.disks == "NVMe":
        return _NVME_DEVICE
    return _DEVICE if alone else _DEVICE_AMONG_OTHERS
