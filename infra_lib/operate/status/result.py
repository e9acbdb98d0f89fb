"""What there is of a fleet: what comes out, for people and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from infra_lib.model import sums
from infra_lib.model.bill import State
from infra_lib.model.money import Amount
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.model.sums import Sum

Kind = Literal[
    "missing",
    "stopped",
    "runs",
    "left",
    "state",
    "vanished",
    "unmanaged",
    "undescribed",
    "twice",
    "zone",
    "machine type",
    "address",
    "overdue",
]
"""What differs: described on or stopped, and not there; described on, and stopped; described
stopped, and on; described off, and there; a state that is neither; in Terraform's state, and not in
the cloud; in the cloud, and not in Terraform's state; in the cloud or the state, and not described;
two of one name; where it is; its machine type; an address that the facts do not have; on for longer
than it was to be."""


@frozen(kw_only=True)
class Difference:
    """Something about a machine that is not as described, or not the same everywhere.

    Attributes:
        machine: The machine's name.
        kind: What differs.
        text: What it means, and what settles it, in a sentence without the machine's name.
        command: The command that settles it; None where it takes more than one.
    """

    machine: str
    kind: Kind
    text: str
    command: str | None


@frozen(kw_only=True)
class Asked:
    """Somebody who was asked: a cloud about one project, or Terraform about one stack.

    Attributes:
        about: What was asked about: "Compute Engine (project example-project)", "stack gcp".
        cloud: The cloud's name, "gcp"; None for Terraform.
        reason: Why there was no answer; None where there was one.
    """

    about: str
    cloud: str | None
    reason: str | None


@frozen(kw_only=True)
class MachineStatus:
    """A machine: as it is described, as it is deployed, and as its cloud has it.

    A state is "on", "stopped" or "off", which is not there at all; or a word for what is neither,
    such as "starting" or "powered off".

    Attributes:
        name: Its name.
        cloud: The name of its cloud, "gcp"; None for one that is not provisioned here.
        is_described: Whether the fleet has a machine of that name there.
        described: The state that the fleet gives it; None for one that is not provisioned here, and
            for one that the fleet does not describe.
        on_until: Until when the fleet has it on; None for no such time.
        deployed: The state that Terraform's state has it in; None when that is not known.
        deployed_unknown: Why that is not known; empty when it is.
        live: The state that its cloud has it in now; None when that is not known.
        live_said: The same in the cloud's own word; None when it is not there either.
        live_unknown: Why that is not known; empty when it is.
        zone: Where it is, or is to be.
        machine_type: What the cloud calls a machine of its size; None when nobody knows.
        external_ip: The IPv4 address it has, as far as is known.
        external_ipv6: The IPv6 address it has, as far as is known.
        zerotier_ip: Its address in the ZeroTier network, as the facts have it.
        since: Since when its cloud has it in this state, or at all; None when that is not known.
        ends_at: When its run ends by itself, or it was to be off again; None for never.
        paid_as: The state that it costs as much as in; None when nobody knows.
        per_hour: What an hour costs in the state that it is in; None for one that is not
            provisioned here.
        differences: What is not as described, or not the same everywhere.
    """

    name: str
    cloud: str | None
    is_described: bool = True
    described: State | None = None
    on_until: datetime | None = None
    deployed: str | None = None
    deployed_unknown: str = ""
    live: str | None = None
    live_said: str | None = None
    live_unknown: str = ""
    zone: str | None = None
    machine_type: str | None = None
    external_ip: str | None = None
    external_ipv6: str | None = None
    zerotier_ip: str | None = None
    since: datetime | None = None
    ends_at: datetime | None = None
    paid_as: State | None = None
    per_hour: Amount | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def state(self) -> str | None:
        """The state that it is in as far as anybody knows: the cloud, Terraform, or the fleet."""
        return self.live or self.deployed or self.described


@frozen(kw_only=True)
class Status:
    """What there is of a fleet.

    Attributes:
        fleet: The fleet's name.
        at: When that was.
        machines: The machines, in the order of the fleet; after them those that it does not have.
        clouds: The clouds that were asked, about one project each; empty where none was to be.
        stacks: The stacks that Terraform was asked about.
        usd_per_eur: How many USD a EUR is; None when nobody said.
    """

    fleet: str
    at: datetime
    machines: tuple[MachineStatus, ...]
    clouds: tuple[Asked, ...]
    stacks: tuple[Asked, ...]
    usd_per_eur: float | None = None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as described, or not the same everywhere, machine by machine."""
        return tuple(each for machine in self.machines for each in machine.differences)

    @property
    def unanswered(self) -> tuple[Asked, ...]:
        """The clouds that were to be asked, and did not answer."""
        return tuple(each for each in self.clouds if each.reason is not None)

    @property
    def per_hour(self) -> Sum:
        """What an hour costs of all of it, and of which machines that is not known."""
        return sums.add(
            (
                Amount(amount.known, (machine.name,) if amount.unknown else (), amount.currency)
                for machine in self.machines
                if (amount := machine.per_hour) is not None
            ),
            self.usd_per_eur,
        )
