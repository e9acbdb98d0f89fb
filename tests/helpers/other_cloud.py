"""Machines of a cloud that infra_lib does not have: it says little, and all goes by that."""

from typing import Any, Literal

from infra_lib import DataDisk, Fleet
from infra_lib.model.bill import Part
from infra_lib.model.money import Cost
from infra_lib.model.provisioned import ProvisionedMachine
from nixgen.frozen import frozen


@frozen(kw_only=True)
class OtherMachine(ProvisionedMachine):
    """What a cloud has to say of its machines: no GPUs, no Spot VMs, no tunnels."""

    cloud = "other"

    machine_type: str = "cax11"
    zone: str = "fsn1-dc14"
    fallback_zones: tuple[str, ...] = ()
    platform: Literal["x86_64-linux", "aarch64-linux"] = "aarch64-linux"
    boot_device: str = "/dev/sda"
    data_disks: tuple[DataDisk, ...] = ()
    external_ip: bool | str = True
    cost_parts: tuple[Part, ...] = (
        Part(kind="machine", text="cax11", on=Cost(0.01), stopped=0.01),
    )

    def __attrs_post_init__(self) -> None:
        self._set_enabled(True)
        self._check_disko()


@frozen(kw_only=True)
class EurMachine(OtherMachine):
    """One that is billed in EUR."""

    currency = "EUR"


@frozen(kw_only=True)
class TwoClouds(Fleet):
    """A fleet that may have a project there."""

    other: Any = None
