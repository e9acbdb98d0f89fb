"""`modules/clan/inventory/services/internet.nix`: where clan reaches machines on the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hosts import external_ip
from .services import instance
from .style import clan

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet

PATH = "modules/clan/inventory/services/internet.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when an address is known: an instance of clan's internet service."""
    machines: dict[str | tuple[str, ...], Value] = {
        (machine.name, "settings", "host"): address
        for machine in fleet.machines
        if (address := external_ip(fleet, machine)) is not None
    }
    if not machines:
        return {}
    roles: dict[str | tuple[str, ...], Value] = {("default", "machines"): machines}
    return {PATH: {clan(fleet, "inventory", "instances", "internet"): instance("internet", roles)}}
