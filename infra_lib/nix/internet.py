"""`modules/clan/inventory/services/internet.nix`: where clan reaches machines on the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.hosts import external_ip, ways_in
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.nix.placement import path_of
from infra_lib.nix.services import instance
from infra_lib.nix.style import clan

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/services/internet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when an address is known: an instance of clan's internet service."""
    machines: dict[str | tuple[str, ...], Value] = {
        (machine.name, "settings", "host"): address
        for machine in fleet.machines
        if (address := host(fleet, machine)) is not None
    }
    if not machines:
        return {}
    roles: dict[str | tuple[str, ...], Value] = {("default", "machines"): machines}
    return {PATH: {clan(fleet, "inventory", "instances", "internet"): instance("internet", roles)}}


def host(fleet: Fleet, machine: Machine) -> str | None:
    """Return where the service reaches a machine; None when it does not.

    The fleet may say itself where the machine is. And where SSH is closed at the external address,
    as it is by default, clan would wait there before it asks ZeroTier.
    """
    if path_of(fleet, PATH) is None or machine.target_host:
        return None
    if isinstance(machine, ProvisionedMachine) and "direct" not in ways_in(fleet, machine):
        return None
    return external_ip(fleet, machine)


def target_host(fleet: Fleet, machine: Machine) -> str | None:
    """Return the `deploy.targetHost` of a machine; None for one that the service reaches.

    Clan takes what the inventory says before it asks any network. Without that it tries the
    networks in turn, this one before ZeroTier, and at last `root@<name>.<domain of the clan>`:
    https://git.clan.lol/clan/clan-core/src/branch/main/pkgs/clan-cli/clan_lib/network/network.py
    """
    return None if host(fleet, machine) else fleet.target_host(machine)
