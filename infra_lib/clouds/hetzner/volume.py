"""Volumes: disks that outlive the server they are attached to."""

from __future__ import annotations

from typing import Literal

from attrs import field

from infra_lib.clouds.hetzner.fields import check_resource_name
from infra_lib.model.errors import shown
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_one_of,
    check_whole,
    check_word,
    valid,
)

_BOOLEAN = valid(check_boolean)
# https://docs.hetzner.com/cloud/volumes/overview
_LEAST_GB, _MOST_GB = 10, 10240


@frozen
class Volume:
    """A disk at Hetzner Cloud that outlives its server: it stays when that is off, and is billed.

    NixOS finds it as `/dev/disk/by-id/scsi-0HC_Volume_<number>`, where the number is the one that
    Hetzner gives it. It grows in place, and never shrinks.

    Attributes:
        name: Its name in the project, and in Terraform.
        size_gb: Its size in GB: 10 to 10,240.
        location: Where it is; None for where its server is, which is the only place that will do.
        format: The filesystem that Hetzner makes on it when it is new: "ext4" or "xfs"; None for
            none. It means nothing later.
        delete_protection: Hetzner refuses to delete it.
        prevent_destroy: Terraform refuses every plan that would destroy it.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_resource_name))
    size_gb: int = field(
        validator=valid(check_whole, "GB", least=_LEAST_GB, most=_MOST_GB), kw_only=True
    )
    location: str | None = field(
        default=None, validator=valid(check_word, 'a location: "fsn1"'), kw_only=True
    )
    format: Literal["ext4", "xfs"] | None = field(
        default=None, validator=valid(check_one_of, ("ext4", "xfs")), kw_only=True
    )
    delete_protection: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    prevent_destroy: bool = field(default=True, validator=_BOOLEAN, kw_only=True)

    @property
    def _where(self) -> str:
        return f"volume {shown(self.name)}"

    @property
    def type(self) -> str:
        """The disk type: Hetzner Cloud has this one."""
        return "volume"
