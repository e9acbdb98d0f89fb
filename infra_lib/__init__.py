"""Describe a fleet of machines once; write Terraform and Nix from it.

The public names. The stacks are in `infra_lib.stacks`, which alone needs cdktf or cdktn.
"""

from infra_lib.clouds.gcp.catalog import (
    AcceleratorType,
    AddressPrice,
    Catalog,
    DiskPrice,
    MachineType,
    Price,
    Series,
    Zone,
)
from infra_lib.clouds.gcp.disks import BootDisk, DataDisk
from infra_lib.clouds.gcp.gpu import Gpu
from infra_lib.clouds.gcp.machine import GcpMachine, ServiceAccount, ShieldedVm
from infra_lib.clouds.gcp.project import GcpProject, GcsBackend
from infra_lib.clouds.gcp.stop_schedule import StopSchedule
from infra_lib.fleet import Fleet
from infra_lib.model.caches import BinaryCache
from infra_lib.model.device import Device
from infra_lib.model.disko import zfs_layout
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import Facts, MachineFacts
from infra_lib.model.internet import Internet
from infra_lib.model.machine import Machine
from infra_lib.model.modules import ModuleNames
from infra_lib.model.nvidia import Nvidia, NvidiaTuning
from infra_lib.model.reference import Reference
from infra_lib.model.services import ClanService, Role
from infra_lib.model.ssh import Ssh, SshCertificateAuthority, SshHost
from infra_lib.model.users import Identity, User
from infra_lib.model.zerotier import ZeroTier

__version__ = "0.1.0"

__all__ = [
    "AcceleratorType",
    "AddressPrice",
    "BinaryCache",
    "BootDisk",
    "Catalog",
    "ClanService",
    "DataDisk",
    "Device",
    "DiskPrice",
    "Facts",
    "Fleet",
    "FleetError",
    "GcpMachine",
    "GcpProject",
    "GcsBackend",
    "Gpu",
    "Identity",
    "Internet",
    "Machine",
    "MachineFacts",
    "MachineType",
    "ModuleNames",
    "Nvidia",
    "NvidiaTuning",
    "Price",
    "Reference",
    "Role",
    "Series",
    "ServiceAccount",
    "ShieldedVm",
    "Ssh",
    "SshCertificateAuthority",
    "SshHost",
    "StopSchedule",
    "User",
    "ZeroTier",
    "Zone",
    "zfs_layout",
]
