"""A machine that the fleet provisions, in whatever cloud: what everybody but its cloud may ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

from attrs import NOTHING, evolve, field

from infra_lib.model import gpu_count
from infra_lib.model.disko import Layout, check_layout, frozen_layout, zfs_layout
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.idle_stop import SaidIdleStop, check_idle_stop_said
from infra_lib.model.instant import check_instant
from infra_lib.model.machine import Machine
from infra_lib.model.money import HOURS_PER_DAY, Cost, Currency, in_usd, rounded
from infra_lib.model.validators import (
    check_boolean,
    check_state_version,
    unsaid,
    valid,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.model.bill import Bill, Part


class Accelerator(Protocol):
    """What NVIDIA's driver and CUDA depend on; a cloud's catalogue says it of each GPU."""

    @property
    def name(self) -> str:
        """What the cloud calls it: "nvidia-tesla-t4"."""

    @property
    def label(self) -> str:
        """What people call it: "T4"."""

    @property
    def architecture(self) -> str:
        """NVIDIA's name of the generation, in lower case: "turing"."""

    @property
    def compute_capability(self) -> str | None:
        """What CUDA code for it is built for, "7.5"; None when that is not known."""

    @property
    def open_kernel_module(self) -> bool:
        """Whether NVIDIA's open kernel module drives it: Turing and later."""

    @property
    def nvswitch(self) -> int | None:
        """The generation of the NVSwitches that join eight of them on a board; None for none."""


class Disk(Protocol):
    """A disk that outlives the machine it is attached to."""

    @property
    def name(self) -> str:
        """Its name in the cloud, and in Terraform."""

    @property
    def size_gb(self) -> int:
        """Its size in GB."""

    @property
    def type(self) -> str:
        """The disk type, as the cloud calls it."""

    @property
    def prevent_destroy(self) -> bool:
        """Whether Terraform refuses every plan that would destroy it."""


def check_said(where: str, field: str, value: object) -> None:
    """Check a switch that nobody need set.

    Raises:
        FleetError: When it is set to neither True nor False.
    """
    if value is not NOTHING:
        check_boolean(where, field, value)


@frozen
class ProvisionedMachine(Machine, ABC):
    """A machine that runs NixOS in a cloud. Each cloud has a class of it; see its attributes there.

    A class says what is abstract here, and of the rest what its cloud has: zones to fall back to,
    GPUs, machines that the cloud may stop. When it is made, a class calls `_set_enabled`, sets
    `platform` and `boot_device` by `_set_derived`, and calls `_check_disko` and `_check_idle_stop`.

    Attributes:
        cloud: The name of its cloud, a key of `infra_lib.clouds.all_clouds.CLOUDS`, and of the
            field of `Fleet` that holds its project.
        currency: What its cloud bills in.
        platform: What NixOS is built for: `nixpkgs.hostPlatform`.
        boot_device: The boot disk as the installer finds it: "/dev/sda".
        on_until: Until when it is meant to be on, "2026-11-27T18:00+01:00"; None for as long as it
            is described so. `infra enable --for` writes it, and `infra check` fails once it is
            past. It switches nothing off by itself.
        run_seconds: The fewest and the most seconds after which its cloud can end a run by itself,
            as `max_run_duration` says; None where it cannot.
        billed_seconds: How many seconds are billed at once: of a run, all that are begun.
    """

    cloud: ClassVar[str]
    run_seconds: ClassVar[tuple[int, int] | None] = None
    billed_seconds: ClassVar[int] = 1
    currency: ClassVar[Currency] = "USD"
    # Fields by what other clouds' machines call them: for whoever gives that one here.
    called_elsewhere: ClassVar[Mapping[str, str]] = MappingProxyType({})

    machine_class: Literal["nixos"] = field(default="nixos", init=False)
    state_version: str | None = field(
        default=None, validator=valid(check_state_version), kw_only=True
    )
    # NixOS for it is always generated, and so is the layout of its disk, which its cloud knows.
    disko: Layout = field(default=zfs_layout, converter=frozen_layout, kw_only=True, hash=False)
    platform: Literal["x86_64-linux", "aarch64-linux"] = field(init=False)
    boot_device: str = field(init=False)
    # As it was given, so that `attrs.evolve` gives no more than that: the copy derives its own.
    _enabled: bool = field(
        factory=unsaid,
        validator=valid(check_said),
        alias="enabled",
        kw_only=True,
        eq=False,
        repr=False,
    )
    enabled: bool = field(init=False)
    stopped: bool = field(default=False, validator=valid(check_boolean), kw_only=True)
    idle_stop: SaidIdleStop = field(
        default=None, validator=valid(check_idle_stop_said), kw_only=True
    )
    on_until: str | None = field(default=None, validator=valid(check_instant), kw_only=True)

    def _set_derived(self, **fields: object) -> None:
        """Set fields that follow from others, as a class does when it is made."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def _set_enabled(self, default: bool) -> None:
        """Set whether it exists in the cloud: as whoever describes it says, or else by default."""
        said: Any = self._enabled
        self._set_derived(enabled=default if said is NOTHING else said)

    def _check_disko(self) -> None:
        """Check the layout of the boot disk, as a class has to when it knows its `boot_device`."""
        check_layout(self._where, self.disko, self.boot_device)

    def _check_idle_stop(self) -> None:
        """Check that it may turn itself off, where it is to."""
        if self.idle_stop and self.why_no_idle_stop:
            raise field_error(self._where, "idle_stop", self.idle_stop, self.why_no_idle_stop)

    @property
    def has_module(self) -> bool:
        """Whether its module is generated: always."""
        return True

    @property
    def state(self) -> Literal["off", "on", "stopped"]:
        """Whether it exists in the cloud, and runs there."""
        if not self.enabled:
            return "off"
        return "stopped" if self.stopped else "on"

    @property
    @abstractmethod
    def machine_type(self) -> str:
        """What the cloud calls a machine of its size."""

    @property
    @abstractmethod
    def zone(self) -> str:
        """Where it is, as its cloud calls that."""

    @property
    def fallback_zones(self) -> tuple[str, ...]:
        """Where to make it when `zone` has no room."""
        return ()

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that it may be in: the one in use, then those to try after it."""
        return (self.zone, *self.fallback_zones)

    @property
    def other_zones(self) -> tuple[str, ...]:
        """Further zones of its region that have machines of its kind."""
        return ()

    def in_zone(self, zone: str) -> Self:
        """Return the machine in one of its zones; the others are those to try after it.

        Args:
            zone: One of `zones`.
        """
        machine: Any = self  # whose class has fields for both
        others = tuple(other for other in self.zones if other != zone)
        moved: Self = evolve(machine, zone=zone, fallback_zones=others)
        return moved

    @property
    @abstractmethod
    def data_disks(self) -> Sequence[Disk]:
        """The disks that outlive it."""

    @property
    def accelerator(self) -> Accelerator | None:
        """What is known of its GPU; None without one."""
        return None

    @property
    def accelerator_count(self) -> float:
        """How many GPUs it has: a whole number, or the part of one that it shares, 0.25."""
        return 0

    @property
    def gpu_label(self) -> str | None:
        """Its GPUs as people say it, "1x T4" or "1/4x RTX PRO 6000"; None without one."""
        if self.accelerator is None:
            return None
        return gpu_count.label(self.accelerator_count, self.accelerator.label)

    @property
    @abstractmethod
    def external_ip(self) -> bool | str:
        """True for an address that may change at each start, False for no address.

        A lasting address is given as text.
        """

    @property
    def keeps_addresses(self) -> bool:
        """Whether its external addresses stay its own while the fleet has it off."""
        return False

    @property
    def spot(self) -> bool:
        """Whether it is cheaper, and the cloud may stop it at any time."""
        return False

    @property
    def may_be_spot(self) -> bool:
        """Whether there are Spot VMs in its cloud."""
        return False

    @property
    def deletion_protection(self) -> bool:
        """Whether the cloud refuses to delete it."""
        return False

    @property
    def may_be_stopped(self) -> bool:
        """Whether it can be stopped and started again, with what is on its boot disk."""
        return True

    @property
    def why_no_idle_stop(self) -> str:
        """Why it is not to turn itself off when nobody uses it; empty where it may."""
        return ""

    @property
    def max_run_duration(self) -> int | None:
        """Seconds after which its cloud ends each run; None for never."""
        return None

    @property
    def runs_as(self) -> str:
        """How it is provisioned, for people: "on demand", "spot"."""
        return "spot" if self.spot else "on demand"

    @property
    @abstractmethod
    def cost_parts(self) -> tuple[Part, ...]:
        """What it is billed for, in whatever state."""

    @property
    def hours_per_day(self) -> float:
        """How many hours a day it runs at most, when it is started once a day."""
        return HOURS_PER_DAY

    @cached_property
    def bill(self) -> Bill:
        """What it costs."""
        from infra_lib.model.bill import bill  # whoever asks for no price does without it

        return bill(
            self.cost_parts,
            self.state,
            spot=self.spot,
            hours_per_day=self.hours_per_day,
            currency=self.currency,
        )

    @property
    def cost(self) -> Cost:
        """What an hour costs while it runs, all its parts together, in its currency."""
        bill = self.bill
        return Cost(rounded(bill.on_demand.value), rounded(bill.as_spot.value))

    def price_said_by(self, kind: str) -> str:
        """Return what to write for a part of that kind to have a price: "Catalog(prices=…)"."""
        return f"catalog=… with a price of its {kind}"

    @property
    def usd_per_hour(self) -> float | None:
        """USD per hour while it runs, the way it runs: Spot VM or on demand.

        None when unknown, and when it is billed in another currency.
        """
        return rounded(self.bill.hour.usd)

    @property
    def usd_per_hour_now(self) -> float | None:
        """USD per hour that it costs in its present state; None as in `usd_per_hour`."""
        return rounded(self.bill.hour_now.usd)

    def prices_told(self, usd_per_eur: float | None) -> dict[str, float | None]:
        """Return what the output `machines` says of its price now, by the names it has there.

        Args:
            usd_per_eur: How many USD a EUR is; None when nobody said.

        Returns:
            `usd_per_hour`, None when unknown in USD; and `eur_per_hour` of one billed in EUR.
        """
        hour = self.bill.hour_now
        prices = {"usd_per_hour": rounded(in_usd(hour, usd_per_eur).usd)}
        return prices if self.currency == "USD" else {**prices, "eur_per_hour": rounded(hour.eur)}
