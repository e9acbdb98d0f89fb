"""How whoever installs a server at Hetzner Cloud reaches it: at its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.access import Access
from infra_lib.clouds.hetzner.reach import ways_in

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.clouds.hetzner.project import HetznerProject

ADVICE = (
    "is SSH open to this computer, in ssh_source_ranges, and its key among ssh_keys or "
    "ssh_key_names? A server has the keys of the day that it was made"
)
"""What to look at when a server does not let root in at its address."""

_LEARNED = "Learn its IPv6 address, which nothing at Hetzner tells it: NixOS has it from the facts."
_NOT_CHECKED = "Its image's own host key is not checked: Hetzner tells nobody which it is."
_CLOSED = (
    "SSH is closed to whoever installs it: add the range that you come from{over} to "
    "ssh_source_ranges until it runs NixOS, and deploy that first. "
)
_ONLY_IPV6 = (
    " It has no IPv4 address, and the installer is fetched from a host that has no IPv6: download "
    "its image here, and give it by --kexec FILE."
)
_ONLY_INSIDE = (
    " It has no address on the Internet: run this in its private network, with that address."
)


def access(
    fleet: FleetView, project: HetznerProject | None, machine: HetznerMachine, project_id: str
) -> Access:
    """Return how a server is reached; see `infra_lib.clouds.cloud.Operations`."""
    del project_id  # the token is of one project, and says which
    ways = {"own", "direct"} if machine.ipv4 or machine.ipv6 else {"own", "inside"}
    closed = not ways_in(fleet, project, machine) & ways
    known = fleet.facts.machine(machine.name).external_ipv6
    way = "" if machine.ipv4 else _ONLY_IPV6 if machine.ipv6 else _ONLY_INSIDE
    return Access(
        note=f"{_NOT_CHECKED}{way}",
        advice=ADVICE,
        closed=_CLOSED.format(over="" if machine.ipv4 else " over IPv6") if closed else "",
        learned=_LEARNED if machine.ipv6 and known is None else "",
        installed_by="HetznerProject(install=True)" if project and project.install else None,
    )
