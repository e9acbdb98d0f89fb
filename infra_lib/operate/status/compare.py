"""What the fleet describes beside what Terraform and the clouds said: states, prices, differences.

What is true of a machine is what its cloud says, or else Terraform's state, or else the fleet.
"""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.live import Live
from infra_lib.model import instant
from infra_lib.model.bill import bill
from infra_lib.model.facts import MachineFacts
from infra_lib.model.money import Amount, from_label, hour_text
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.wording import and_listed
from infra_lib.operate.status.asking import StackAnswer
from infra_lib.operate.status.result import Asked, Difference, MachineStatus, Status
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import State
    from infra_lib.model.machine import Machine
    from infra_lib.operate.status.asking import CloudAnswer
    from infra_lib.operate.status.result import Kind
    from infra_lib.terraform.state import Deployed

DEPLOY = "infra deploy"
_NOT_ASKED = "no cloud was asked"
_LONGEST = 40  # characters of a cloud's word


def compare(
    fleet: Fleet,
    machines: Sequence[Machine],
    stacks: Sequence[StackAnswer],
    clouds: Sequence[CloudAnswer],
    now: datetime,
    *,
    whole: bool,
) -> Status:
    """Return what there is of a fleet.

    Args:
        fleet: The fleet.
        machines: Those of its machines that are looked at.
        stacks: What Terraform said.
        clouds: What the clouds said; empty where none was asked.
        now: What time it is.
        whole: Whether machines count, too, that the fleet does not have.
    """
    found = [_machine(fleet, machine, stacks, clouds, now) for machine in machines]
    return Status(
        fleet=fleet.name,
        at=now,
        machines=(*found, *(_others(fleet, stacks, clouds) if whole else ())),
        clouds=tuple(
            Asked(about=each.about, cloud=each.cloud, reason=each.reason) for each in clouds
        ),
        stacks=tuple(
            Asked(about=f"stack {each.name}", cloud=None, reason=each.reason) for each in stacks
        ),
        usd_per_eur=fleet.usd_per_eur,
    )


def on_until(machine: ProvisionedMachine) -> datetime | None:
    """Return until when a machine is described as on; None for no such time."""
    return None if machine.on_until is None else instant.parse(machine.on_until).astimezone()


@frozen(kw_only=True)
class _View:
    """A machine that is provisioned here, and what was said of it.

    Attributes:
        machine: The machine.
        facts: What the fleet knows of it; None where the fleet keeps its facts nowhere.
        stack: The stack whose state has it; None for none.
        deployed_unknown: Why nobody knows that; empty where it is known.
        live: What its cloud has of it; None for nothing.
        live_unknown: Why nobody knows that; empty where it is known.
        now: What time it is.
    """

    machine: ProvisionedMachine
    facts: MachineFacts | None
    stack: StackAnswer | None
    deployed_unknown: str
    live: Live | None
    live_unknown: str
    now: datetime

    @property
    def deploy(self) -> str:
        """The command that deploys it, and nothing else."""
        return f"{DEPLOY} {self.machine.name}"

    @property
    def reread(self) -> str:
        """The command that has Terraform read what is there, also where nothing is to change."""
        return _deploy_stack(self.stack) if self.stack else DEPLOY

    @property
    def deployed(self) -> Deployed | None:
        """What Terraform has of it; None for nothing."""
        return self.stack.machines[self.machine.name] if self.stack else None

    @property
    def service(self) -> str:
        """Who makes the machine: "Compute Engine"."""
        return CLOUDS[self.machine.cloud].KINDS.service

    @property
    def deployed_state(self) -> str | None:
        """The state in Terraform's state; None where that is not known."""
        if self.deployed_unknown:
            return None
        return "off" if self.deployed is None else str(self.deployed.state)

    @property
    def live_state(self) -> str | None:
        """The state in the cloud; None where that is not known."""
        if self.live_unknown:
            return None
        return "off" if self.live is None else self.live.state

    @property
    def state(self) -> str | None:
        """The state that is true, as far as anybody but the fleet knows."""
        return self.live_state or self.deployed_state

    @property
    def paid_as(self) -> State | None:
        """The state that it costs as much as in; None when nobody knows."""
        if self.live is not None:
            return self.live.paid_as
        return _paid_as(self.state or self.machine.state)

    @property
    def per_hour(self) -> Amount:
        """What an hour costs as it is."""
        there = self.deployed
        if self.live is None:
            # The price of what was deployed, which may be no more what the fleet describes.
            if self.live_unknown and there is not None and there.per_hour.known is not None:
                return there.per_hour
            return self._price(self.paid_as)
        if self.live.machine_type in {None, self.machine.machine_type}:
            price = self._price(self.live.paid_as)
        elif self.live.paid_as == "on":
            price = from_label(self.live.cost_label) or self._price(None)
        else:
            price = self._price(None)
        return evolve(price, unknown=(*price.unknown, *self.live.unpriced))

    def _price(self, state: State | None) -> Amount:
        machine = self.machine
        if state is None:
            return Amount(None, ("price",), machine.currency)
        return bill(
            machine.cost_parts,
            state,
            spot=machine.spot,
            hours_per_day=machine.hours_per_day,
            currency=machine.currency,
        ).hour_now


def _machine(
    fleet: Fleet,
    machine: Machine,
    stacks: Sequence[StackAnswer],
    clouds: Sequence[CloudAnswer],
    now: datetime,
) -> MachineStatus:
    facts = fleet.facts.machine(machine.name)
    if not isinstance(machine, ProvisionedMachine):
        return MachineStatus(
            name=machine.name,
            cloud=None,
            external_ip=facts.external_ip,
            external_ipv6=facts.external_ipv6,
            zerotier_ip=facts.zerotier_ip,
        )
    stack, there_unknown = _in_state(fleet, machine, stacks)
    live, live_unknown = _in_cloud(machine, clouds)
    view = _View(
        machine=machine,
        facts=None if fleet.facts.path is None else facts,
        stack=stack,
        deployed_unknown=there_unknown,
        live=live,
        live_unknown=live_unknown,
        now=now,
    )
    there = view.deployed
    v4, v6 = _addresses(view, facts)
    until = on_until(machine)
    ends = (live.ends_at if live else None, until if machine.state == "on" else None)
    return MachineStatus(
        name=machine.name,
        cloud=machine.cloud,
        described=machine.state,
        on_until=until,
        deployed=view.deployed_state,
        deployed_unknown=there_unknown,
        live=view.live_state,
        live_said=None if live is None else live.said,
        live_unknown=live_unknown,
        zone=(live.zone if live else there.zone if there else None) or machine.zone,
        machine_type=(live.machine_type if live else None) or machine.machine_type,
        external_ip=v4,
        external_ipv6=v6,
        zerotier_ip=facts.zerotier_ip,
        since=live.since if live else None,
        ends_at=min((each for each in ends if each is not None), default=None),
        paid_as=view.paid_as,
        per_hour=view.per_hour,
        differences=tuple(_differences(view)),
    )


def _in_state(
    fleet: Fleet, machine: ProvisionedMachine, stacks: Sequence[StackAnswer]
) -> tuple[StackAnswer | None, str]:
    """Return the stack whose state has a machine, and why that is not known; empty where it is."""
    holders = [each for each in stacks if _holds(each, machine.name, fleet.name)]
    if len(holders) > 1:
        names = and_listed([each.name for each in holders])
        return None, f"it is in the state of more than one stack: {names}"
    if holders:
        return holders[0], ""
    own = [each for each in stacks if machine.cloud in each.clouds]
    if not own:
        service = CLOUDS[machine.cloud].KINDS.service
        return None, f"no stack with machines of {service} is synthesized here"
    return None, next((each.reason for each in own if each.reason is not None), "")


def _holds(stack: StackAnswer, name: str, fleet: str) -> bool:
    return name in stack.machines and stack.machines[name].fleet in {None, fleet}


def _in_cloud(
    machine: ProvisionedMachine, clouds: Sequence[CloudAnswer]
) -> tuple[Live | None, str]:
    """Return what its cloud has of a machine, and why that is not known; empty where it is."""
    own = [each for each in clouds if each.cloud == machine.cloud]
    if not own:
        return None, _NOT_ASKED
    chosen = _chosen(machine, own)
    if chosen is not None:
        return chosen, ""
    return None, next((each.reason for each in own if each.reason is not None), "")


def _chosen(machine: ProvisionedMachine, clouds: Sequence[CloudAnswer]) -> Live | None:
    """Return the machine of that name, of several the one where the fleet has it; or None."""
    there = [
        each
        for answer in clouds
        if answer.cloud == machine.cloud
        for each in answer.machines
        if each.name == machine.name
    ]
    return min(there, key=lambda each: _place(machine.zones, each), default=None)


def _place(zones: Sequence[str], live: Live) -> int:
    return zones.index(live.zone) if live.zone in zones else len(zones)


def _addresses(view: _View, facts: MachineFacts) -> tuple[str | None, str | None]:
    if view.live is not None:
        return view.live.external_ip, view.live.external_ipv6
    if view.state == "off":
        return None, None
    if view.deployed is not None:
        return view.deployed.external_ip, view.deployed.external_ipv6
    return facts.external_ip, facts.external_ipv6


def _paid_as(state: str) -> State | None:
    states: dict[str, State] = {"on": "on", "stopped": "stopped", "off": "off"}
    return states.get(state)


def _differences(view: _View) -> Iterator[Difference]:
    for kind, text, command in (*_of_state(view), *_of_both(view), *_of_details(view)):
        yield Difference(machine=view.machine.name, kind=kind, text=text, command=command)


def _word(said: str) -> str:
    """Return a word of a cloud's, cut short: it may be anything."""
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


if TYPE_CHECKING:
    _Said = tuple[Kind, str, str | None]


def _of_state(view: _View) -> Iterator[_Said]:
    """Yield what is not as described of the state that a machine is in."""
    described, state, live = view.machine.state, view.state, view.live
    if state is None or state == described:
        return
    says = f"{view.service} says {_word(live.said)}" if live else f"it is deployed as {state}"
    if described == "off":
        yield "left", *_left(view, says)
    elif state == "off":
        yield "missing", _missing(view), view.deploy
    elif live is not None and live.settles:
        return
    elif view.paid_as is None:
        yield "state", f"described {described}, and {says}{_unheard(live)}", None
    elif described == "stopped":
        cost = hour_text(view.per_hour)
        text = f"described stopped, and {says}, which costs {cost} an hour"
        yield "runs", f"{text}: {view.deploy} stops it", view.deploy
    else:
        start = (live.start if live else None) or view.deploy
        why = f" ({live.why})" if live and live.why else ""
        text = f"described on, and {says}{why}"
        yield "stopped", f"{text}: {start} starts it again", start


def _unheard(live: Live | None) -> str:
    return ", which is not known here" if live else ""


def _left(view: _View, says: str) -> tuple[str, str]:
    text = f"described off, and {says}, which costs {hour_text(view.per_hour)} an hour"
    if view.live is not None and view.deployed_state == "off":
        command = shlex.join(view.live.delete)
        return f"{text}; no state has it, so no deployment deletes it: {command} does", command
    return f"{text}: {view.deploy} deletes it", view.deploy


def _missing(view: _View) -> str:
    described = f"described {view.machine.state}, and"
    if view.live_state != "off":
        return f"{described} not deployed: {view.deploy} makes it"
    if view.deployed is not None:
        return (
            f"{described} deployed, but {view.service} has no such machine: it was deleted by "
            f"hand, or at the end of its run: {view.deploy} makes it anew"
        )
    return f"{described} {view.service} has no such machine: {view.deploy} makes it"


def _of_both(view: _View) -> Iterator[_Said]:
    """Yield where Terraform's state and the cloud do not have the same machine."""
    both = view.deployed_state is not None and view.live_state is not None
    if not both or view.machine.state == "off":
        if both and view.deployed is not None and view.live is None:
            text = f"Terraform's state has it, and {view.service} does not"
            yield "vanished", f"{text}: {view.reread} takes it from the state", view.reread
        return
    if view.deployed is None and view.live is not None:
        yield (
            "unmanaged",
            f"{view.service} has it, and the state of no stack here does: it was deployed from "
            "elsewhere, or made by hand, and a deployment from here would try to make another; "
            "infra adopt reads machines that are there",
            None,
        )


def _of_details(view: _View) -> Iterator[_Said]:
    """Yield what else is not as described of a machine that is there."""
    machine, live, there = view.machine, view.live, view.deployed
    if machine.state == "off" or view.state in {None, "off"}:
        return
    zone = live.zone if live else there.zone if there else None
    if zone is not None and zone != machine.zone:
        place = CLOUDS[machine.cloud].KINDS.place
        text = f"described in {place} {machine.zone}, and it is in {_word(zone)}"
        if zone in machine.zones:
            yield (
                "zone",
                f"{text}, which the facts do not have: infra sync records it",
                "infra sync",
            )
        else:
            yield "zone", f"{text}: {view.deploy} would make it anew", view.deploy
    if live and live.machine_type not in {None, machine.machine_type}:
        text = f"described as {machine.machine_type}, and it is {_word(str(live.machine_type))}"
        yield "machine type", f"{text}: {view.deploy} changes it", view.deploy
    yield from _of_address(view)
    until = on_until(machine)
    if until is not None and until < view.now and view.paid_as == "on":
        command = f"infra disable {machine.name}"
        text = f"it was to be on until {until:%Y-%m-%d %H:%M}, and costs {hour_text(view.per_hour)}"
        yield "overdue", f"{text} an hour: {command} switches it off", command


def _of_address(view: _View) -> Iterator[_Said]:
    if view.facts is None:
        return
    known = (view.facts.external_ip, view.facts.external_ipv6)
    told = view.live if view.live_state is not None else view.deployed
    now = (told.external_ip, told.external_ipv6) if told else (None, None)
    pairs = [(each, had) for each, had in zip(now, known, strict=True) if each and each != had]
    if not pairs:
        return
    new = [each for each, _ in pairs]
    # What Terraform's state does not have yet, a deployment reads first.
    deployed = view.deployed
    has = deployed is not None and {*new} <= {deployed.external_ip, deployed.external_ipv6}
    command = "infra sync" if has else view.reread
    before = and_listed([had for _, had in pairs if had]) or "none"
    text = f"its address is {and_listed(new)}, and the facts have {before}"
    yield "address", f"{text}: {command} records it", command


def _others(
    fleet: Fleet, stacks: Sequence[StackAnswer], clouds: Sequence[CloudAnswer]
) -> Iterator[MachineStatus]:
    """Yield what bears the fleet's label, and is none of its machines: it costs something."""
    described = {machine.name: machine for machine in fleet.provisioned}
    seen = set[str]()
    for answer in clouds:
        for live in answer.machines:
            own = described.get(live.name)
            if own is None or own.cloud != answer.cloud:
                seen.add(live.name)
                yield _undescribed(fleet, answer, live, stacks)
            elif live is not _chosen(own, clouds):
                yield _twin(answer, live)
    told = {each.cloud for each in clouds if each.reason is None}
    for stack in stacks:
        # What a cloud that answered does not have is not there.
        if stack.clouds <= told:
            continue
        for name in sorted(stack.machines.keys() - described.keys() - seen):
            if _holds(stack, name, fleet.name):
                yield _undescribed_in_state(stack, name)


def _undescribed(
    fleet: Fleet, answer: CloudAnswer, live: Live, stacks: Sequence[StackAnswer]
) -> MachineStatus:
    service = CLOUDS[answer.cloud].KINDS.service
    holder = next((each for each in stacks if _holds(each, live.name, fleet.name)), None)
    text = f"{service} says {_word(live.said)}, and the fleet does not describe it"
    if holder is not None:
        command = _deploy_stack(holder)
        text = f"{text}: {command} deletes it, for stack {holder.name} has it"
    else:
        command = shlex.join(live.delete)
        text = f"{text}: describe it, or delete it: {command}"
    return _other(answer, live, "undescribed", text, command, holder)


def _deploy_stack(stack: StackAnswer) -> str:
    return f"{DEPLOY} --stack {shlex.quote(stack.name)}"


def _twin(answer: CloudAnswer, live: Live) -> MachineStatus:
    command = shlex.join(live.delete)
    text = f"there is another of this name, in {_word(str(live.zone))}: to delete it: {command}"
    return _other(answer, live, "twice", text, command, None)


def _other(
    answer: CloudAnswer,
    live: Live,
    kind: Kind,
    text: str,
    command: str,
    holder: StackAnswer | None,
) -> MachineStatus:
    price = from_label(live.cost_label) if live.paid_as == "on" else None
    return MachineStatus(
        name=live.name,
        cloud=answer.cloud,
        is_described=False,
        deployed=None if holder is None else str(holder.machines[live.name].state),
        deployed_unknown="" if holder is not None else "no stack that was asked about has it",
        live=live.state,
        live_said=live.said,
        zone=live.zone,
        machine_type=live.machine_type,
        external_ip=live.external_ip,
        external_ipv6=live.external_ipv6,
        since=live.since,
        ends_at=live.ends_at,
        paid_as=live.paid_as,
        per_hour=price or Amount(None, ("price",)),
        differences=(Difference(machine=live.name, kind=kind, text=text, command=command),),
    )


def _undescribed_in_state(stack: StackAnswer, name: str) -> MachineStatus:
    there = stack.machines[name]
    known = there.per_hour.known is not None
    command = _deploy_stack(stack)
    text = f"stack {stack.name} has it, and the fleet does not describe it: {command} deletes it"
    return MachineStatus(
        name=name,
        cloud=next(iter(stack.clouds)) if len(stack.clouds) == 1 else None,
        is_described=False,
        deployed=str(there.state),
        live_unknown=_NOT_ASKED,
        zone=there.zone,
        external_ip=there.external_ip,
        external_ipv6=there.external_ipv6,
        paid_as=_paid_as(str(there.state)),
        per_hour=there.per_hour if known else Amount(None, ("price",), there.per_hour.currency),
        differences=(Difference(machine=name, kind="undescribed", text=text, command=command),),
    )
