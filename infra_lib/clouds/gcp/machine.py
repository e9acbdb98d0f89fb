"""A machine that this project provisions on Google Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from attrs import field

from infra_lib.clouds.gcp import hardware, rules, scheduling
from infra_lib.clouds.gcp.catalog import CATALOG, AcceleratorType, Catalog, MachineType, Zone
from infra_lib.clouds.gcp.catalog.lookup import (
    find_accelerator_type,
    find_machine_type,
    find_zone,
)
from infra_lib.clouds.gcp.catalog.series import (
    CONFIDENTIAL,
    PROVISIONING_MODELS,
    Confidential,
    ProvisioningModel,
)
from infra_lib.clouds.gcp.disks import BootDisk, DataDisk, boot_device
from infra_lib.clouds.gcp.fields import (
    check_email,
    check_external_ip,
    check_labels,
    check_link,
    check_metadata,
    check_network_tags,
    check_number_of_labels,
    check_reservation,
)
from infra_lib.clouds.gcp.gpu import Gpu, check_vgpu
from infra_lib.clouds.gcp.run_time import hours_per_day
from infra_lib.clouds.gcp.scheduling import HostMaintenance
from infra_lib.clouds.gcp.stop_schedule import StopSchedule
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.provisioned import ProvisionedMachine, check_said
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_instance,
    check_name,
    check_one_of,
    check_text,
    check_unique,
    check_whole,
    check_words,
    in_order,
    string_mapping,
    strings,
    unsaid,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.bill import Part
    from infra_lib.model.machine import Machine

_BOOLEAN = valid(check_boolean)
_SAID = valid(check_said)
# https://cloud.google.com/compute/docs/instances/limit-vm-runtime
_LEAST_SECONDS, _MOST_SECONDS = 30, 120 * 24 * 60 * 60


@frozen(kw_only=True)
class ShieldedVm:
    """Shielded VM options.

    Attributes:
        secure_boot: Refuses unsigned boot loaders and kernel modules: NixOS's and NVIDIA's are
            not signed, so it is off.
        vtpm: A virtual TPM.
        integrity_monitoring: Compares each boot with the first.

    Raises:
        FleetError: When an option is neither True nor False.
    """

    _where = "Shielded VM"

    secure_boot: bool = field(default=False, validator=_BOOLEAN)
    vtpm: bool = field(default=True, validator=_BOOLEAN)
    integrity_monitoring: bool = field(default=True, validator=_BOOLEAN)


@frozen
class ServiceAccount:
    """The identity that programs on the machine have towards Google's APIs.

    Attributes:
        email: The service account's address.
        scopes: OAuth scopes; grant what the account may do through IAM rather than here.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "service account"

    email: str = field(validator=valid(check_email))
    scopes: tuple[str, ...] = field(
        default=("https://www.googleapis.com/auth/cloud-platform",),
        converter=strings,
        validator=valid(check_words, '"https://www.googleapis.com/auth/cloud-platform"'),
        kw_only=True,
    )


_RUNS_AS: dict[ProvisioningModel, str] = {
    "STANDARD": "on demand",
    "SPOT": "spot",
    "FLEX_START": "flex-start",
    "RESERVATION_BOUND": "reservation",
}

# What of `Catalog` says the price of a part; of others, `prices` does.
_PRICE_FIELDS = {
    "boot disk": "disk_prices",
    "data disk": "disk_prices",
    "address": "address_prices",
}

# What most machines have, and share: it never changes.
_BOOT_DISK, _SHIELDED = BootDisk(), ShieldedVm()


def _data_disks(value: Iterable[DataDisk]) -> tuple[DataDisk, ...]:
    return in_order(value)


@frozen
class GcpMachine(ProvisionedMachine):
    """A Compute Engine instance that runs NixOS.

    Another name, zone, GPU, type or key of the boot disk, `spot`, `provisioning_model`,
    `max_run_duration`, `reservation` or `confidential` makes a new instance, with a new boot disk;
    the plan tells. Google's provider does not change these in place. Of `reservation` and
    `confidential` it keeps what is not said any more: make the machine anew to be without.
    For another `threads_per_core` or `nested_virtualization` a machine is stopped, and started.

    Attributes:
        name: Its host name, and the instance's: 1 to 63 characters, RFC 1035.
        tags: Your own tags. The derived ones come before them in `all_tags`.
        description: In your words. See `full_description` for what is derived.
        derive_tags: Whether the derived tags come before your own; see `Machine`.
        derive_description: Whether what the machine is comes before your own words; see `Machine`.
        target_host: Where clan reaches it; see `Machine`.
        build_host: Where clan builds it; see `Machine`.
        forward_agent: Whether clan forwards the SSH agent to it; see `Machine`.
        ssh: How SSH reaches it from people's computers; see `Machine`.
        machine_type: "n1-standard-8".
        zone: "us-central1-c". In a fleet, the zone in use: see `fallback_zones`.
        fallback_zones: Zones to try in turn when `infra deploy` is told that there is no room in
            the one before, each as good as `zone`. The one that had room is recorded in the facts;
            from then on the fleet's machine is in it, and `zone` is among these. None with data
            disks, which stay in the zone they are in.
        catalog: Where machine types, accelerator types, zones and prices are looked up.
        gpu: Its GPUs. Derived where the machine type comes with them (a2, a3, g2 …).
        enabled: Whether it exists in the cloud. Unless you say otherwise, it is False with a GPU,
            and for a machine type that comes with TPUs or is of a series not known here; so it is
            for a copy that `attrs.evolve` gives one.
        stopped: It exists but is stopped: its disks stay and are billed, the rest is not. Not with
            a machine type that comes with Local SSDs, which cannot be stopped so.
        on_until: Until when it is meant to be on; see `ProvisionedMachine`.
        spot: Runs as a Spot VM: cheaper, and Google may stop it at any time. It is short for
            `provisioning_model="SPOT"`.
        provisioning_model: "STANDARD", "SPOT"; "FLEX_START", which waits for room, runs for a
            `max_run_duration` of up to 7 days and is then deleted; or "RESERVATION_BOUND", which
            lives as long as its `reservation`. None for what `spot` says, and for the only one
            that the machine type is to be had as.
        reservation: The reservation that it consumes, by its name; where another project shares it,
            `projects/…/reservations/…`. None for any that matches it, if there is one.
        max_run_duration: Seconds after which Compute Engine ends each run; None for never.
        instance_termination_action: What the end of a run, of a Spot VM or of a reservation does:
            "STOP" (the default where one is needed) or "DELETE" (that of a Flex-start VM).
        on_host_maintenance: What becomes of it when its host needs maintenance: "MIGRATE", it moves
            to another and runs on, or "TERMINATE", it is stopped, and started again where it is to
            restart. None for the first where it can be.
        idle_stop: When it turns itself off because nobody uses it, IdleStop(minutes=30); False for
            never. None for what `Nvidia` says where it has a GPU, and else for never. Not where a
            reservation is paid for all the same.
        discard_local_ssd: What is on the Local SSDs that come with the machine type may be lost
            when the end of a run stops it, or when it turns itself off: needed for a
            `max_run_duration` and for an `idle_stop` there.
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
        shielded_vm: Shielded VM options; none on bare metal.
        confidential: The technology of Confidential VM, which encrypts its memory: "SEV", "SEV_SNP"
            or "TDX"; None for none. It is terminated at maintenance unless `on_host_maintenance`
            says otherwise.
        threads_per_core: How many threads a core of its processors runs: 1 or 2. Its vCPUs are
            these, and 1 leaves it half of them, at the same price. None for what the type has.
        nested_virtualization: Whether virtual machines may run in it.
        service_account: The identity of programs on it; None for none.
        deletion_protection: Compute Engine refuses to delete it.
        allow_stopping_for_update: Terraform may stop it to change its machine type.
        modules: What it imports beside `Fleet.modules`; see `Machine`.
        config: Further NixOS configuration; see `Machine`.
        disko: The layout of its disks: what `disko.devices` holds, or a function from the device of
            the boot disk ("/dev/sda") to it, which is the better one, since devices differ between
            machine types.
        module_name: The name of its module; see `Machine`.
        state_version: `system.stateVersion`, the NixOS release that it is first installed with,
            such as "26.05", for as long as it lives. None for what the facts say, and for a
            machine that was never installed what clan writes down then, which `infra sync` learns.

    Raises:
        FleetError: When a field cannot be, or Compute Engine has no such machine.
    """

    cloud = "gcp"
    run_seconds = (_LEAST_SECONDS, _MOST_SECONDS)
    called_elsewhere = MappingProxyType(
        {
            "server_type": "machine_type",
            "location": "zone",
            "fallback_locations": "fallback_zones",
            "volumes": "data_disks",
            "ipv4": "external_ip",
        }
    )

    machine_type: str = field(kw_only=True)
    zone: str = field(kw_only=True)
    fallback_zones: tuple[str, ...] = field(
        default=(),
        converter=strings,
        validator=valid(check_each, str, '"us-central1-a"'),
        kw_only=True,
    )
    catalog: Catalog = field(
        default=CATALOG, validator=valid(check_instance, Catalog), kw_only=True, repr=False
    )
    gpu: Gpu | None = field(default=None, validator=valid(check_instance, Gpu), kw_only=True)
    # As they were given, so that `attrs.evolve` gives no more than that: the copy derives its own.
    _spot: bool = field(
        factory=unsaid, validator=_SAID, alias="spot", kw_only=True, eq=False, repr=False
    )
    spot: bool = field(init=False)
    _provisioning_model: ProvisioningModel | None = field(
        default=None,
        validator=valid(check_one_of, PROVISIONING_MODELS),
        alias="provisioning_model",
        kw_only=True,
        eq=False,
        repr=False,
    )
    provisioning_model: ProvisioningModel = field(init=False)
    reservation: str | None = field(default=None, validator=valid(check_reservation), kw_only=True)
    max_run_duration: int | None = field(
        default=None,
        validator=valid(
            check_whole,
            "seconds (up to 120 days; None for no limit)",
            least=_LEAST_SECONDS,
            most=_MOST_SECONDS,
        ),
        kw_only=True,
    )
    instance_termination_action: Literal["STOP", "DELETE"] | None = field(
        default=None, validator=valid(check_one_of, ("STOP", "DELETE")), kw_only=True
    )
    _on_host_maintenance: HostMaintenance | None = field(
        default=None,
        validator=valid(check_one_of, ("MIGRATE", "TERMINATE")),
        alias="on_host_maintenance",
        kw_only=True,
        eq=False,
        repr=False,
    )
    on_host_maintenance: HostMaintenance = field(init=False)
    discard_local_ssd: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    stop_schedule: StopSchedule | None = field(
        default=None, validator=valid(check_instance, StopSchedule), kw_only=True
    )
    boot_disk: BootDisk = field(
        default=_BOOT_DISK, validator=valid(check_instance, BootDisk), kw_only=True
    )
    data_disks: tuple[DataDisk, ...] = field(
        default=(),
        converter=_data_disks,
        validator=valid(check_each, DataDisk, 'DataDisk("models", size_gb=500)'),
        kw_only=True,
    )
    network: str | None = field(
        default=None, validator=valid(check_link, "global/networks"), kw_only=True
    )
    subnetwork: str | None = field(default=None, kw_only=True)
    external_ip: bool | str = field(default=True, validator=valid(check_external_ip), kw_only=True)
    network_tags: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_network_tags), kw_only=True
    )
    labels: Mapping[str, str] = field(
        factory=dict,
        converter=string_mapping,
        validator=[valid(check_labels), valid(check_number_of_labels)],
        kw_only=True,
        hash=False,
    )
    metadata: Mapping[str, str] = field(
        factory=dict,
        converter=string_mapping,
        validator=valid(check_metadata),
        kw_only=True,
        hash=False,
    )
    serial_port: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    startup_script: str = field(default="", validator=valid(check_text), kw_only=True)
    shielded_vm: ShieldedVm = field(
        default=_SHIELDED, validator=valid(check_instance, ShieldedVm), kw_only=True
    )
    confidential: Confidential | None = field(
        default=None, validator=valid(check_one_of, CONFIDENTIAL), kw_only=True
    )
    threads_per_core: Literal[1, 2] | None = field(
        default=None, validator=valid(check_whole, "threads", least=1, most=2), kw_only=True
    )
    nested_virtualization: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    service_account: ServiceAccount | None = field(
        default=None, validator=valid(check_instance, ServiceAccount), kw_only=True
    )
    deletion_protection: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    allow_stopping_for_update: bool = field(default=True, validator=_BOOLEAN, kw_only=True)

    def __attrs_post_init__(self) -> None:
        entry = self.catalog_entry
        if self.gpu is None and entry.accelerator is not None:
            gpu = Gpu(entry.accelerator, entry.accelerator_count)
            object.__setattr__(self, "gpu", gpu)
        self._set_enabled(self.gpu is None and not entry.accelerated)
        self._set_derived(
            platform=entry.series.platform,
            boot_device=boot_device(
                entry.series,
                alone=not self.data_disks,
                confidential=self.confidential is not None,
            ),
            boot_disk=self.boot_disk.of(entry),
            data_disks=tuple(disk.of(entry) for disk in self.data_disks),
        )
        zones = self._check_zones()
        self._check_gpu(entry, zones)
        self._check_disks({zone.region for zone in zones})
        if self.subnetwork is not None:
            kind = f"regions/{zones[0].region}/subnetworks"
            check_link(self._where, "subnetwork", self.subnetwork, kind)
        self._check_hardware(entry)
        self._schedule(entry)
        self._check_disko()

    def _check_name(self, name: object) -> None:
        """Check the name, which is the instance's too."""
        check_name(self._where, "name", name)

    def _check_zones(self) -> tuple[Zone, ...]:
        """Return what the catalogue knows of `zones`, when the machine can be in all of them."""
        zone = self._find_zone("zone", self.zone)
        others = [self._find_zone("fallback_zones", name) for name in self.fallback_zones]
        check_unique(self._where, "fallback_zones", self.zones)
        rules.check_fallback_zones(
            self._where,
            zone,
            others,
            data_disks=bool(self.data_disks),
            regional={"subnetwork": self.subnetwork, "external_ip": self.external_ip},
        )
        return (zone, *others)

    def _check_gpu(self, entry: MachineType, zones: tuple[Zone, ...]) -> None:
        gpu = self.gpu
        if gpu is None:
            return
        rules.check_built_in(self._where, entry, gpu.type, gpu.count)
        accelerator = find_accelerator_type(self.catalog, gpu.type, self._where, entry)
        if entry.accelerator is None:
            rules.check_attached(self._where, entry, accelerator, gpu.count, self.catalog)
        for zone in zones:
            name = "zone" if zone is zones[0] else "fallback_zones"
            rules.check_offered(self._where, name, zone, gpu.type, self.catalog)
        check_vgpu(self._where, gpu, self.service_account)

    def _check_disks(self, regions: set[str]) -> None:
        keys = {"boot_disk.kms_key": self.boot_disk.kms_key}
        for disk in self.data_disks:
            if disk.name == self.name:
                accepted = "the boot disk has the machine's name"
                raise field_error(self._where, "data_disks.name", disk.name, accepted)
            keys[f"data_disks[{disk.name!r}].kms_key"] = disk.kms_key
        check_unique(self._where, "data_disks.name", (disk.name for disk in self.data_disks))
        if any(keys.values()):
            known = self.catalog.regions()
            for name, key in keys.items():
                rules.check_key_location(self._where, name, key, self.name, regions, known)

    def _check_hardware(self, entry: MachineType) -> None:
        """Check that its machine type takes what is said of it."""
        hardware.check_disks(self._where, entry, self.boot_disk, self.data_disks)
        if self.boot_disk is not _BOOT_DISK:
            hardware.check_image(self._where, entry, self.boot_disk.image)
        hardware.check_threads(self._where, entry, self.threads_per_core)
        hardware.check_nested(self._where, entry, nested=self.nested_virtualization)
        hardware.check_confidential(
            self._where, entry, self.confidential, reservation=self.reservation
        )
        if entry.bare_metal and self.shielded_vm != _SHIELDED:
            accepted = f"{entry.name} is bare metal, which has none of its options"
            raise field_error(self._where, "shielded_vm", self.shielded_vm, accepted)

    def _schedule(self, entry: MachineType) -> None:
        """Set and check how it is provisioned, how its runs end, and what maintenance does."""
        model = scheduling.provisioning_model(
            self._where, entry.series, spot=self._spot, model=self._provisioning_model
        )
        scheduling.check_provisioning(
            self._where,
            entry,
            model,
            enabled=self.enabled,
            gpu=self.gpu is not None,
            reservation=self.reservation,
            max_run_duration=self.max_run_duration,
            action=self.instance_termination_action,
        )
        action = scheduling.termination_action(
            model, self.max_run_duration, self.instance_termination_action
        )
        scheduling.check_run(
            self._where,
            enabled=self.enabled,
            stopped=self.stopped,
            deletion_protection=self.deletion_protection,
            ends=scheduling.ends(model, self.max_run_duration),
            action=action,
        )
        scheduling.check_local_ssds(
            self._where,
            entry,
            stopped=self.stopped,
            stop_schedule=self.stop_schedule,
            max_run_duration=self.max_run_duration,
            action=action,
            idle_stop=bool(self.idle_stop),
            discard=self.discard_local_ssd,
        )
        maintenance = scheduling.on_host_maintenance(
            self._where,
            entry,
            said=self._on_host_maintenance,
            model=model,
            gpu=self.gpu is not None,
            confidential=self.confidential,
        )
        self._set_derived(
            spot=model == "SPOT", provisioning_model=model, on_host_maintenance=maintenance
        )
        self._check_idle_stop()

    def _find_zone(self, name: str, zone: str) -> Zone:
        gpu = None if self.gpu is None else self.gpu.type
        return find_zone(self.catalog, zone, self._where, name, gpu)

    @property
    def catalog_entry(self) -> MachineType:
        """What the catalogue knows of its machine type."""
        return find_machine_type(self.catalog, self.machine_type, self._where)

    @property
    def accelerator(self) -> AcceleratorType | None:
        """What the catalogue knows of its GPU; None without one."""
        if self.gpu is None:
            return None
        return find_accelerator_type(self.catalog, self.gpu.type, self._where, self.catalog_entry)

    @property
    def region(self) -> str:
        """The region its zone lies in."""
        return self._find_zone("zone", self.zone).region

    @property
    def regions(self) -> frozenset[str]:
        """The regions that its zones lie in."""
        return frozenset(self._find_zone("zone", name).region for name in self.zones)

    @property
    def other_zones(self) -> tuple[str, ...]:
        """Further zones of its region that offer its GPU, or any machine without one."""
        return tuple(
            zone.name
            for zone in self.catalog.zones_in(self.region)
            if zone.name not in self.zones
            and (self.gpu is None or self.gpu.type in zone.accelerators)
        )

    @property
    def may_be_spot(self) -> bool:
        """Whether there are Spot VMs in its cloud: there are."""
        return True

    def price_said_by(self, kind: str) -> str:
        """Return what to write for a part of that kind to have a price: "Catalog(prices=…)"."""
        return f"Catalog({_PRICE_FIELDS.get(kind, 'prices')}=…)"

    @property
    def may_be_stopped(self) -> bool:
        """Whether it can be stopped: Local SSDs that come with the machine type would be lost."""
        return not self.catalog_entry.local_ssds

    @property
    def why_no_idle_stop(self) -> str:
        """Why it is not to turn itself off when nobody uses it; empty where it may."""
        return scheduling.why_no_idle_stop(
            self.catalog_entry, reservation=self._reserved, discard=self.discard_local_ssd
        )

    @property
    def _reserved(self) -> bool:
        """Whether it consumes a reservation, which is paid for also while it is off."""
        return self.reservation is not None or self.provisioning_model == "RESERVATION_BOUND"

    @property
    def runs_as(self) -> str:
        """How it is provisioned, for people: "on demand", "spot", "flex-start", "reservation"."""
        return _RUNS_AS[self.provisioning_model]

    @property
    def accelerator_count(self) -> float:
        """How many GPUs it has."""
        return 0 if self.gpu is None else self.gpu.count

    @property
    def cost_parts(self) -> tuple[Part, ...]:
        """What it is billed for, in whatever state."""
        from infra_lib.clouds.gcp.prices import cost_parts  # as in `bill`

        return tuple(
            cost_parts(
                self.catalog_entry,
                self.gpu,
                (self.boot_disk, *self.data_disks),
                external_ip=self.external_ip,
                zone=self._find_zone("zone", self.zone),
                catalog=self.catalog,
                flex_start=self.provisioning_model == "FLEX_START",
                confidential=self.confidential,
            )
        )

    @property
    def hours_per_day(self) -> float:
        """How many hours a day it runs at most, when it is started once a day."""
        return hours_per_day(self.max_run_duration, self.stop_schedule)

    @property
    def derived_tags(self) -> tuple[str, ...]:
        """The tags that follow from what the machine is."""
        return ("nixos", "cloud", "gcp", "gpu") if self.gpu else ("nixos", "cloud", "gcp")

    @property
    def derived_description(self) -> str:
        """What the machine is: "GCP GPU node (n1-standard-8, 1x T4)"."""
        if self.gpu is None:
            return f"GCP node ({self.machine_type})"
        return f"GCP GPU node ({self.machine_type}, {self.gpu_label})"


def gcp_machines(machines: Iterable[Machine]) -> tuple[GcpMachine, ...]:
    """Return those of some machines that are Google Cloud's."""
    return tuple(machine for machine in machines if isinstance(machine, GcpMachine))
