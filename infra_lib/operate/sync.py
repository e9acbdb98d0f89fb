"""New facts from old ones and what was found since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field

from infra_lib.model import zerotier_address
from infra_lib.model.errors import field_error
from infra_lib.model.facts import FIELDS, Facts, MachineFacts
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from infra_lib.operate.clan_vars import MachineVars
from infra_lib.terraform.state import Deployed
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


@frozen(kw_only=True)
class Findings:
    """What a run of `infra sync` found.

    Attributes:
        deployed: What exists in the cloud, by the machine's name: None for one that does not
            exist. What nobody knows of is not there.
        vars: The public vars of machines, by name.
        network_id: The ZeroTier network's id in clan's vars; None when it is not there.
        told: What a person says: machine, field and value, an empty one to forget it.
    """

    deployed: Mapping[str, Deployed | None] = field(factory=dict)
    vars: Mapping[str, MachineVars] = field(factory=dict)
    network_id: str | None = None
    told: tuple[tuple[str, str, str], ...] = ()


def update_facts(fleet: Fleet, findings: Findings) -> Facts:
    """Return the facts of a fleet with what was found.

    What nobody said anything about stays, but for machines that are not in the fleet: theirs go.

    Args:
        fleet: The fleet, with the facts so far.
        findings: What is new.

    Raises:
        FleetError: When a value is not of its kind, contradicts another or the fleet, or is of a
            machine or a field that is not there.
    """
    network = findings.network_id or fleet.facts.zerotier_network_id
    told = _told(fleet, findings)
    facts = evolve(
        fleet.facts,
        zerotier_network_id=network,
        machines=tuple(
            _machine(fleet, machine, findings, network, told.get(machine.name, {}))
            for machine in fleet.machines
        ),
    )
    # Refuses what contradicts the fleet, and names no file: what is new is in none yet.
    evolve(fleet, facts=evolve(facts, path=None))
    return facts


def changes(old: Facts, new: Facts) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield each fact that is new, another or gone: what it is, before and after."""
    told = [("zerotier_network_id", old.zerotier_network_id, new.zerotier_network_id)]
    for name in sorted({each.name for each in (*old.machines, *new.machines)}):
        before, after = old.machine(name), new.machine(name)
        told += [(f"{name}.{fact}", getattr(before, fact), getattr(after, fact)) for fact in FIELDS]
    yield from (each for each in told if each[1] != each[2])


def describe_changes(old: Facts, new: Facts) -> Iterator[str]:
    """Yield a line for each fact that is new, another or gone."""
    for what, before, after in changes(old, new):
        if before is None:
            yield f"+ {what} = {after}"
        elif after is None:
            yield f"- {what} (was {before})"
        else:
            yield f"~ {what} = {after} (was {before})"


def doubts(fleet: Fleet, findings: Findings) -> Iterator[str]:
    """Yield a line for each address that stays as it is known, where outputs may be of before.

    Args:
        fleet: The fleet, with the facts so far.
        findings: What is new.
    """
    told = {(name, fact) for name, fact, _ in findings.told}
    for machine in fleet.provisioned:
        deployed = findings.deployed.get(machine.name)
        if deployed is None or (machine.name, "external_ip") in told:
            continue
        known = _known_address(deployed, fleet.facts.machine(machine.name))
        if _is_untold(machine, deployed):
            left = "so none is known" if known is None else f"and {known}, which is known, stays"
            yield (
                f"{machine.name}: the outputs do not tell the address that it was started with, "
                f"{left}; terraform state pull, in the stack's folder, does: pass that as --outputs"
            )
        elif _is_doubtful(machine, deployed, known):
            yield (
                f"{machine.name}: the outputs tell {deployed.external_ip}, and what is known, "
                f"{known}, stays: theirs may be of before a start or another machine type; "
                "terraform state pull, in the stack's folder, has the one of now: pass that as "
                f"--outputs, or say it: --set {machine.name}.external_ip={deployed.external_ip}"
            )


def check_fact(fleet: Fleet, machine: str, fact: str) -> None:
    """Check that there can be such a fact.

    Raises:
        FleetError: When the fleet has no such machine, or a machine no such fact.
    """
    fleet.machine(machine)
    if fact not in FIELDS:
        accepted = f"one of {', '.join(FIELDS)}"
        raise field_error(f"facts of machine {machine!r}", "fact", fact, accepted)


def _told(fleet: Fleet, findings: Findings) -> dict[str, dict[str, str | None]]:
    told: dict[str, dict[str, str | None]] = {}
    for name, fact, value in findings.told:
        check_fact(fleet, name, fact)
        if fact == "zone" and value:
            _check_zone(fleet.machine(name), value)
        if fact == "external_ip" and value:
            _check_address(fleet.machine(name), value)
        told.setdefault(name, {})[fact] = value or None
    return told


def _check_address(machine: Machine, address: str) -> None:
    if isinstance(machine, ProvisionedMachine) and machine.external_ip is False:
        accepted = "none: the fleet gives the machine no external IPv4 address"
        raise field_error(f"facts of machine {machine.name!r}", "external_ip", address, accepted)


def _check_zone(machine: Machine, zone: str) -> None:
    zones = machine.zones if isinstance(machine, ProvisionedMachine) else ()
    if zone not in zones:
        accepted = f"one of {', '.join(zones)}" if zones else "only what is provisioned has a zone"
        raise field_error(f"facts of machine {machine.name!r}", "zone", zone, accepted)


def _machine(
    fleet: Fleet,
    machine: Machine,
    findings: Findings,
    network: str | None,
    told: Mapping[str, str | None],
) -> MachineFacts:
    known = fleet.facts.machine(machine.name)
    # The id is what lasts: the address follows from it, and from the network's.
    values: dict[str, str | None] = {
        fact: getattr(known, fact) for fact in FIELDS if fact != "zerotier_ip"
    }
    generated = findings.vars.get(machine.name)
    if generated is not None:
        values["ssh_host_key"] = generated.ssh_host_key or known.ssh_host_key
        values["state_version"] = generated.state_version or known.state_version
        if generated.zerotier_ip is not None:
            values |= {"zerotier_ip": generated.zerotier_ip, "zerotier_member_id": None}
    if machine.name in findings.deployed and isinstance(machine, ProvisionedMachine):
        values |= _place(machine, findings.deployed[machine.name], known)
    if "zerotier_ip" in told or "zerotier_member_id" in told:
        values |= {"zerotier_ip": None, "zerotier_member_id": None}
    values |= told
    if machine == fleet.controller and network and not values.get("zerotier_ip"):
        values["zerotier_member_id"] = values["zerotier_member_id"] or (
            zerotier_address.controller_id(network)
        )
    return MachineFacts(machine.name, **values)


def _place(
    machine: ProvisionedMachine, deployed: Deployed | None, known: MachineFacts
) -> dict[str, str | None]:
    if deployed is not None:
        return {
            "external_ip": _address(machine, deployed, known),
            "external_ipv6": deployed.external_ipv6,
            "zone": deployed.zone,
        }
    # While the fleet has it off, what outlives it is where it was: its data disks, in some clouds
    # its addresses. What the fleet has on, and is nowhere, was destroyed with all that it had.
    kept = machine.keeps_addresses and not machine.enabled
    return {
        "external_ip": known.external_ip if kept else None,
        "external_ipv6": known.external_ipv6 if kept else None,
        "zone": known.zone if kept or machine.data_disks else None,
    }


def _address(machine: ProvisionedMachine, deployed: Deployed, known: MachineFacts) -> str | None:
    address = _known_address(deployed, known)
    if _is_untold(machine, deployed) or _is_doubtful(machine, deployed, address):
        return address
    if _is_planned(deployed) and deployed.state == "stopped" and machine.external_ip is True:
        return None  # the outputs may have the one that it gave back
    return deployed.external_ip


def _known_address(deployed: Deployed, known: MachineFacts) -> str | None:
    """Return the address that is known; None where the machine was made anew elsewhere since."""
    return known.external_ip if known.zone in {None, deployed.zone} else None


def _is_untold(machine: ProvisionedMachine, deployed: Deployed) -> bool:
    """Whether a machine runs and has an address that the outputs do not tell.

    They are those of the plan, which does not know the address that a start brings.
    """
    return _may_be_late(deployed) and not deployed.external_ip and bool(machine.external_ip)


def _is_doubtful(machine: ProvisionedMachine, deployed: Deployed, known: str | None) -> bool:
    """Whether the outputs tell another address than the one that is known, and either may be right.

    That of the outputs is of before the last deployment, if that started the machine or gave it
    another type, and is right if that made the machine. A reserved one is what the plan says.
    """
    told = deployed.external_ip
    reserved = isinstance(machine.external_ip, Reference) or told == machine.external_ip
    differs = told is not None and known is not None and told != known
    return _may_be_late(deployed) and differs and not reserved


def _may_be_late(deployed: Deployed) -> bool:
    """Whether it is from outputs, of a machine that runs: its address may be that of before."""
    return _is_planned(deployed) and deployed.state != "stopped"


def _is_planned(deployed: Deployed) -> bool:
    """Whether outputs told, which are those of the plan, and not the state, which has the label."""
    return deployed.fleet is None
