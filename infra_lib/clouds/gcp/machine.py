"""A machine that this project provisions on Google Cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from attrs import NOTHING, evolve, field

from infra_lib.clouds.gcp import rules as gcp_rules
from infra_lib.clouds.gcp.catalog import CATALOG, AcceleratorType, Catalog, MachineType
from infra_lib.clouds.gcp.prices import cost_of_type
from infra_lib.clouds.gcp.stop_schedule import StopSchedule
from infra_lib.model import check
from infra_lib.model.disko import zfs_layout
from infra_lib.model.errors import field_error
from infra_lib.model.provisioned import ProvisionedMachine
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.model.machine import Machine
    from infra_lib.model.money import Cost

DEVICE = "/dev/sda"
# Linux may name disks in another order at each boot, and installing must not hit a data disk. This
# name comes from the disk: "persistent-disk-0" is Compute Engine's device name of every boot disk.
DEVICE_AMONG_OTHERS = "/dev/disk/by-id/scsi-0Google_PersistentDisk_persistent-disk-0"
# Where disks are NVMe, the boot disk is the first namespace of the controller that all disks but
# Local SSDs share; those have controllers of their own, and machine types may come with them.
NVME_DEVICE = "/dev/disk/by-id/nvme-nvme_card-pd_nvme_card-pd_1"


@frozen
class Gpu:
    """GPUs of one machine.

    Attributes:
        type: The accelerator type, as Compute Engine names it: "nvidia-tesla-t4".
        count: How many.
    """

    type: str
    count: int = 1


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
    """

    image: str = "debian-cloud/debian-12"
    size_gb: int = 100
    type: str = "pd-balanced"
    kms_key: str | None = None


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
    """

    name: str
    size_gb: int = field(kw_only=True)
    type: str = field(default="pd-balanced", kw_only=True)
    prevent_destroy: bool = field(default=True, kw_only=True)
    kms_key: str | None = field(default=None, kw_only=True)


@frozen(kw_only=True)
class ShieldedVm:
    """Shielded VM options.

    Attributes:
        secure_boot: Refuses unsigned boot loaders and kernel modules: NixOS's and NVIDIA's are
            not signed, so it is off.
        vtpm: A virtual TPM.
        integrity_monitoring: Compares each boot with the first.
    """

    secure_boot: bool = False
    vtpm: bool = True
    integrity_monitoring: bool = True


@frozen
class ServiceAccount:
    """The identity that programs on the machine have towards Google's APIs.

    Attributes:
        email: The service account's address.
        scopes: OAuth scopes; grant what the account may do through IAM rather than here.
    """

    email: str
    scopes: tuple[str, ...] = field(
        default=("https://www.googleapis.com/auth/cloud-platform",),
        converter=check.strings,
        kw_only=True,
    )


def _data_disks(value: Iterable[DataDisk]) -> tuple[DataDisk, ...]:
    return check.in_order(value)


def _gpu(machine: GcpMachine) -> Gpu | None:
    """Return the GPUs that were given, or else those that come with the machine type."""
    if machine.gpu is not None:
        return machine.gpu
    facts = gcp_rules.machine_type(machine)
    if facts.accelerator is None:
        return None
    return Gpu(facts.accelerator, facts.accelerator_count)


def _exists(machine: GcpMachine) -> bool:
    """Whether a machine exists unless said otherwise: what computes on accelerators does not."""
    return machine.gpu is None and not gcp_rules.machine_type(machine).accelerated


def _check_kinds(machine: GcpMachine) -> None:
    """Check that what a machine is made of are the things they should be."""
    where = f"machine {machine.name!r}"
    if machine.gpu is not None:
        check.instance(where, "gpu", machine.gpu, Gpu)
    if machine.stop_schedule is not None:
        check.instance(where, "stop_schedule", machine.stop_schedule, StopSchedule)
    check.instance(where, "boot_disk", machine.boot_disk, BootDisk)
    check.each(where, "data_disks", machine.data_disks, DataDisk, 'DataDisk("models", size_gb=500)')
    check.instance(where, "shielded_vm", machine.shielded_vm, ShieldedVm)
    for option in ("secure_boot", "vtpm", "integrity_monitoring"):
        check.boolean(where, f"shielded_vm.{option}", getattr(machine.shielded_vm, option))
    if machine.service_account is not None:
        check.instance(where, "service_account", machine.service_account, ServiceAccount)
    check.module(where, "config", machine.config)
    _check_disko(machine)


def _check_disko(machine: GcpMachine) -> None:
    if machine.disko is zfs_layout:
        return
    where = f"machine {machine.name!r}"
    device = machine.boot_device
    if not callable(machine.disko) or not _takes(machine.disko, device):
        accepted = "a function from the device is accepted: lambda device: {…}, or zfs_layout"
        raise field_error(where, "disko", machine.disko, accepted)
    check.options(where, f"disko({device!r})", machine.disko(device))


def _takes(function: Callable[..., object], *arguments: str) -> bool:
    """Whether a function can be called so; its own mistakes are for it to tell."""
    from inspect import signature

    try:
        signature(function).bind(*arguments)
    except TypeError:
        return False
    except (ValueError, NameError):  # one that does not tell
        return True
    return True


@frozen
class GcpMachine(ProvisionedMachine):
    """A Compute Engine instance that runs NixOS.

    Another name, zone, GPU, type or key of the boot disk, `spot` or `max_run_duration` makes a new
    instance, with a new boot disk; the plan tells. Google's provider does not change these in
    place.

    Attributes:
        name: Its host name, and the instance's: 1 to 63 characters, RFC 1035.
        tags: Your own tags. The derived ones come before them in `all_tags`.
        description: In your words. See `full_description` for what is derived.
        target_host: Where clan reaches it; see `Machine`. None for `root@<name>.<domain>`.
        machine_type: "n1-standard-8".
        zone: "us-central1-c". In a fleet, the zone in use: see `fallback_zones`.
        fallback_zones: Zones to try in turn when `infra deploy` is told that there is no room in
            the one before, each as good as `zone`. The one that had room is recorded in the facts;
            from then on the fleet's machine is in it, and `zone` is among these. None with data
            disks, which stay in the zone they are in.
        catalog: Where machine types, accelerator types, zones and prices are looked up.
        gpu: Its GPUs. Derived where the machine type comes with them (g2, a2, a3).
        enabled: Whether it exists in the cloud. Unless you say otherwise, it is False with a GPU,
            and for a machine type that comes with TPUs or is of a series not known here; so it is
            for a copy that `attrs.evolve` gives one.
        stopped: It exists but is stopped: its disks stay and are billed, the rest is not. Not with
            a machine type that comes with Local SSDs, which cannot be stopped so.
        spot: Runs as a Spot VM: cheaper, and Google may stop it at any time.
        max_run_duration: Seconds after which Compute Engine ends each run; None for never.
        instance_termination_action: What the end of a run or of a Spot VM does: "STOP" (the
            default where one is needed) or "DELETE".
        discard_local_ssd: What is on the Local SSDs that come with the machine type may be lost
            when the end of a run stops it: needed for a `max_run_duration` there.
        stop_schedule: When Compute Engine stops it by itself; None for never.
        boot_disk: The disk it boots from.
        data_disks: Disks that outlive it.
        network: The VPC network, by its name or its whole link; None for the project's.
        subnetwork: The subnetwork, by either; None for the network's own in the region.
        external_ip: True for an address that may change with each start, False for none, or a
            reserved IPv4 address. A machine keeps that one when it is True again: deploy it with
            False in between.
        network_tags: Network tags, for firewall rules of your own.
        labels: Labels, beside those the stack writes (fleet, machine, cost, state).
        metadata: Metadata, beside what the stack writes: keys, the startup script, and what
            `serial_port` and fields of the project say.
        serial_port: Whether its serial console takes input, over a door of Google's own that no
            firewall rule guards. What the console prints can be read either way.
        startup_script: Shell run as root at each boot of the image, after the stack's own.
        shielded_vm: Shielded VM options.
        service_account: The identity of programs on it; None for none.
        deletion_protection: Compute Engine refuses to delete it.
        allow_stopping_for_update: Terraform may stop it to change its machine type.
        modules: Names of further `flake.modules.nixos` modules that it imports; with plain NixOS
            modules (`Fleet.module_style`) their paths below the flake's root.
        config: Further NixOS configuration: a module, as `containers.<name>.config` takes one. A
            mapping of options or any nixgen expression; raw Nix is `nixgen.Raw("…")`. It is one
            more of the machine's `imports`, so NixOS merges what is set twice.
        disko: The layout of the boot disk: a function from its device ("/dev/sda") to what
            `disko.devices` holds.
        state_version: `system.stateVersion`, the NixOS release that it is first installed with,
            such as "26.05", for as long as it lives. None for what the facts know, and for a
            machine that was never installed what clan writes down then, which `infra sync` learns.

    Raises:
        FleetError: When a field cannot be, or Compute Engine has no such machine.
    """

    cloud = "gcp"

    machine_type: str = field(kw_only=True)
    zone: str = field(kw_only=True)
    fallback_zones: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    catalog: Catalog = field(default=CATALOG, kw_only=True, repr=False)
    gpu: Gpu | None = field(default=None, kw_only=True)
    spot: bool = field(default=False, kw_only=True)
    max_run_duration: int | None = field(default=None, kw_only=True)
    instance_termination_action: Literal["STOP", "DELETE"] | None = field(
        default=None, kw_only=True
    )
    discard_local_ssd: bool = field(default=False, kw_only=True)
    stop_schedule: StopSchedule | None = field(default=None, kw_only=True)
    boot_disk: BootDisk = field(factory=BootDisk, kw_only=True)
    data_disks: tuple[DataDisk, ...] = field(default=(), converter=_data_disks, kw_only=True)
    network: str | None = field(default=None, kw_only=True)
    subnetwork: str | None = field(default=None, kw_only=True)
    external_ip: bool | str = field(default=True, kw_only=True)
    network_tags: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    labels: Mapping[str, str] = field(
        factory=dict, converter=check.string_mapping, kw_only=True, hash=False
    )
    metadata: Mapping[str, str] = field(
        factory=dict, converter=check.string_mapping, kw_only=True, hash=False
    )
    serial_port: bool = field(default=False, kw_only=True)
    startup_script: str = field(default="", kw_only=True)
    shielded_vm: ShieldedVm = field(factory=ShieldedVm, kw_only=True)
    service_account: ServiceAccount | None = field(default=None, kw_only=True)
    deletion_protection: bool = field(default=False, kw_only=True)
    allow_stopping_for_update: bool = field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        object.__setattr__(self, "gpu", _gpu(self))
        said: Any = self._enabled
        object.__setattr__(self, "enabled", _exists(self) if said is NOTHING else said)
        _check_kinds(self)
        gcp_rules.check_machine(self)

    @property
    def catalog_entry(self) -> MachineType:
        """What the catalogue knows of its machine type."""
        return gcp_rules.machine_type(self)

    @property
    def accelerator(self) -> AcceleratorType | None:
        """What the catalogue knows of its GPU; None without one."""
        return None if self.gpu is None else gcp_rules.accelerator_type(self, self.gpu)

    @property
    def region(self) -> str:
        """The region its zone lies in."""
        return gcp_rules.zone(self).region

    def in_zone(self, zone: str) -> Self:
        """Return the machine in one of its zones; the others are those to try after it.

        Args:
            zone: One of `zones`.
        """
        others = tuple(other for other in self.zones if other != zone)
        return evolve(self, zone=zone, fallback_zones=others)

    @property
    def accelerator_count(self) -> int:
        """How many GPUs it has."""
        return 0 if self.gpu is None else self.gpu.count

    @property
    def platform(self) -> Literal["x86_64-linux", "aarch64-linux"]:
        """What NixOS is built for."""
        return self.catalog_entry.series.platform

    @property
    def boot_device(self) -> str:
        """The boot disk as the installer finds it."""
        if self.catalog_entry.series.disks == "NVMe":
            return NVME_DEVICE
        return DEVICE_AMONG_OTHERS if self.data_disks else DEVICE

    @property
    def cost(self) -> Cost:
        """What it costs while it runs."""
        return cost_of_type(
            self.machine_type,
            self.gpu,
            region=self.region,
            zone=self.zone,
            catalog=self.catalog,
        )

    @property
    def derived_tags(self) -> tuple[str, ...]:
        """The tags that follow from what the machine is."""
        return ("nixos", "cloud", "gcp", "gpu") if self.gpu else ("nixos", "cloud", "gcp")

    @property
    def full_description(self) -> str:
        """What the machine is, then your own words."""
        if self.gpu is None:
            derived = f"GCP node ({self.machine_type})"
        else:
            derived = f"GCP GPU node ({self.machine_type}, {self.gpu_label})"
        return f"{derived}: {self.description}" if self.description else derived


def gcp_machines(machines: Iterable[Machine]) -> tuple[GcpMachine, ...]:
    """Return those of some machines that are Google Cloud's."""
    return tuple(machine for machine in machines if isinstance(machine, GcpMachine))
