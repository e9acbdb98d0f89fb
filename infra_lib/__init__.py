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
from infra_lib.clouds.hetzner.catalog import HetznerCatalog, Location, ServerPrice, ServerType
from infra_lib.clouds.hetzner.firewall_rule import FirewallRule
from infra_lib.clouds.hetzner.machine import HetznerMachine
from infra_lib.clouds.hetzner.network import PrivateNetwork
from infra_lib.clouds.hetzner.project import HetznerProject
from infra_lib.clouds.hetzner.volume import Volume
from infra_lib.fleet import Fleet
from infra_lib.model.caches import BinaryCache
from infra_lib.model.device import Device
from infra_lib.model.disko import hybrid_zfs_layout, zfs_layout
from infra_lib.model.dns import Dns
from infra_lib.model.errors import FleetError
from infra_lib.model.facts import Facts, MachineFacts
from infra_lib.model.idle_stop import IdleStop
from infra_lib.model.internet import Internet
from infra_lib.model.machine import Machine
from infra_lib.model.modules import ModuleNames
from infra_lib.model.nvidia import Nvidia, NvidiaTuning
from infra_lib.model.reference import Reference
from infra_lib.model.services import ClanService, Role
from infra_lib.model.ssh import Ssh, SshCertificateAuthority, SshHost
from infra_lib.model.state_encryption import StateEncryption
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
    "Dns",
    "Facts",
    "FirewallRule",
    "Fleet",
    "FleetError",
    "GcpMachine",
    "GcpProject",
    "GcsBackend",
    "Gpu",
    "HetznerCatalog",
    "HetznerMachine",
    "HetznerProject",
    "Identity",
    "IdleStop",
    "Internet",
    "Location",
    "Machine",
    "MachineFacts",
    "MachineType",
    "ModuleNames",
    "Nvidia",
    "NvidiaTuning",
    "Price",
    "PrivateNetwork",
    "Reference",
    "Role",
    "Series",
    "ServerPrice",
    "ServerType",
    "ServiceAccount",
    "ShieldedVm",
    "Ssh",
    "SshCertificateAuthority",
    "SshHost",
    "StateEncryption",
    "StopSchedule",
    "User",
    "Volume",
    "ZeroTier",
    "Zone",
    "hybrid_zfs_layout",
    "zfs_layout",
]
