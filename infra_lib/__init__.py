"""Describe a fleet of machines once; write Terraform and Nix from it.

The public names. The stacks are in `infra_lib.stacks`, which alone needs cdktf.
"""

from .caches import BinaryCache
from .catalog import AcceleratorType, Catalog, MachineType, Price, Zone
from .device import Device
from .disko import zfs_layout
from .errors import FleetError
from .facts import Facts, MachineFacts
from .fleet import Fleet
from .gcp_machine import BootDisk, DataDisk, GcpMachine, Gpu, ServiceAccount, ShieldedVm
from .gcp_project import GcpProject, GcsBackend
from .machine import Machine
from .nvidia import Nvidia, NvidiaTuning
from .reference import Reference
from .ssh import Ssh
from .stop_schedule import StopSchedule
from .users import User
from .zerotier import ZeroTier

__version__ = "0.1.0"

__all__ = [
    "AcceleratorType",
    "BinaryCache",
    "BootDisk",
    "Catalog",
    "DataDisk",
    "Device",
    "Facts",
    "Fleet",
    "FleetError",
    "GcpMachine",
    "GcpProject",
    "GcsBackend",
    "Gpu",
    "Machine",
    "MachineFacts",
    "MachineType",
    "Nvidia",
    "NvidiaTuning",
    "Price",
    "Reference",
    "ServiceAccount",
    "ShieldedVm",
    "Ssh",
    "StopSchedule",
    "User",
    "ZeroTier",
    "Zone",
    "zfs_layout",
]
