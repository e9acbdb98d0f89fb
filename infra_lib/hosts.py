"""Where machines and devices are reached, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import project_of
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.ssh import SshHost
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import Way
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


@frozen(kw_only=True)
class Host:
    """A machine or a device as an SSH client sees it.

    Attributes:
        name: Its name in the fleet.
        alias: What people call it: `<name>.<domain>`.
        addresses: Where it is reached, the best first: what the fleet says, ZeroTier, then the
            Internet, by IPv4 and at last by IPv6, which not every network has.
        ssh: What else SSH is told of it.
        key: The public SSH key it answers with; None when it is not known.
        nixos: Whether it has a configuration in `flake.nixosConfigurations`.
        machine: Whether it is a machine: its alias may lead to it before an address is known. That
            of a device leads nowhere.
    """

    name: str
    alias: str
    addresses: tuple[str, ...]
    ssh: SshHost = SshHost()
    key: str | None = None
    nixos: bool = False
    machine: bool = False


def hosts(fleet: Fleet) -> tuple[Host, ...]:
    """Return every machine and device of a fleet, in the fleet's order."""
    machines = (_machine(fleet, machine) for machine in fleet.machines)
    devices = (
        Host(
            name=device.name,
            alias=f"{device.name}.{fleet.domain}",
            addresses=_known(
                device.ssh.host_name, fleet.facts.zerotier_ip(device.zerotier_member_id)
            ),
            ssh=device.ssh_host,
            key=device.ssh_host_key,
        )
        for device in fleet.devices
    )
    return (*machines, *devices)


def external_ip(fleet: Fleet, machine: Machine) -> str | None:
    """Return its IPv4 address on the Internet; None when it is not known, or is not up.

    The address of a machine that is off or stopped is, or soon will be, somebody else's.
    """
    return fleet.facts.machine(machine.name).external_ip if _may_be_up(machine) else None


def external_ipv6(fleet: Fleet, machine: Machine) -> str | None:
    """Return its IPv6 address on the Internet; None when it is not known, or is not up."""
    return fleet.facts.machine(machine.name).external_ipv6 if _may_be_up(machine) else None


def ways_in(fleet: Fleet, machine: ProvisionedMachine) -> frozenset[Way]:
    """Return the ways in to a machine of the fleet; see `infra_lib.clouds.cloud.Cloud.ways_in`."""
    return CLOUDS[machine.cloud].ways_in(fleet, project_of(fleet, machine.cloud), machine)


def guests(fleet: Fleet) -> tuple[tuple[str, str], ...]:
    """Return name and address of each ZeroTier member that clan does not manage: Macs, devices."""
    members = [
        (machine.name, fleet.facts.machine(machine.name).zerotier_ip)
        for machine in fleet.machines
        if machine.machine_class == "darwin" or not fleet.zerotier.includes(machine)
    ]
    members += [
        (device.name, fleet.facts.zerotier_ip(device.zerotier_member_id))
        for device in fleet.devices
    ]
    return tuple((name, address) for name, address in members if address is not None)


def _machine(fleet: Fleet, machine: Machine) -> Host:
    facts = fleet.facts.machine(machine.name)
    return Host(
        name=machine.name,
        alias=f"{machine.name}.{fleet.domain}",
        addresses=_known(
            machine.ssh.host_name,
            facts.zerotier_ip,
            external_ip(fleet, machine),
            external_ipv6(fleet, machine),
        ),
        ssh=machine.ssh,
        key=facts.ssh_host_key,
        nixos=machine.machine_class == "nixos",
        machine=True,
    )


def _may_be_up(machine: Machine) -> bool:
    return not isinstance(machine, ProvisionedMachine) or machine.state == "on"


def _known(*addresses: str | None) -> tuple[str, ...]:
    return tuple(address for address in addresses if address is not None)
