"""How whoever installs an instance reaches it: at its address, or through Identity-Aware Proxy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.access import Access
from infra_lib.clouds.gcp.project import IAP_RANGE
from infra_lib.clouds.gcp.reach import ways_in

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject

ADVICE = "is SSH open to this computer, in ssh_source_ranges, and its key among ssh_keys?"
"""What to look at when an instance does not let root in at its address."""

_CHECKED = "Its host key has to be one that its image has published, where gcloud tells of any."
_NOT_CHECKED = "The image's own host key is not checked: guest_attributes=False."
_CLOSED = (
    f"SSH is closed to whoever installs it: add Identity-Aware Proxy, {IAP_RANGE}, to "
    "ssh_source_ranges until it runs NixOS, and deploy that first. "
)


def access(
    fleet: FleetView, project: GcpProject | None, machine: GcpMachine, project_id: str
) -> Access:
    """Return how an instance is reached; see `infra_lib.clouds.cloud.Operations`."""
    zone = fleet.facts.machine(machine.name).zone or machine.zone
    id_ = project_id or (project.project if project else "")
    published = project is not None and project.guest_attributes
    checked = _CHECKED if published else _NOT_CHECKED
    ranges = () if project is None else project.ssh_source_ranges
    tunnelled = machine.external_ip is False or ranges == (IAP_RANGE,)
    ways = ways_in(fleet, project, machine)
    closed = not ways & ({"own", "tunnel"} if tunnelled else {"direct", "inside", "own"})
    return Access(
        note=f"SSH comes through Identity-Aware Proxy, which knows the instance. {checked} The "
        "tunnel has no port here: each connection has its own."
        if tunnelled
        else checked,
        advice=(f"{IAP_RANGE} is not in ssh_source_ranges; " if closed else "")
        + "may you use Identity-Aware Proxy, and is the key of this computer among ssh_keys?"
        if tunnelled
        else ADVICE,
        closed=_CLOSED if closed else "",
        host_keys=host_keys(machine.name, zone, id_) if published else (),
        tunnel=_tunnel(machine.name, zone, id_),
        tunnel_host=_inner_name(machine.name, zone, id_) if tunnelled else None,
        installed_by="GcpProject(install=True)" if project and project.install else None,
    )


def host_keys(machine: str, zone: str, project: str) -> tuple[str, ...]:
    """Return the command that prints the host keys which an instance's image has published.

    Google's agent, which most images have, writes the public keys into the instance's guest
    attributes at its first boot (https://github.com/GoogleCloudPlatform/guest-agent), and Google
    tells them to whoever may see the instance, at most ten times a minute
    (https://cloud.google.com/compute/docs/metadata/manage-guest-attributes).

    Args:
        machine: The machine's name.
        zone: The zone it is in.
        project: The ID of the project it is in.
    """
    return (
        *("gcloud", "compute", "instances", "get-guest-attributes", machine),
        *("--query-path=hostkeys/", f"--zone={zone}", f"--project={project}"),
        *("--format=value(key,value)", "--quiet"),
    )


def _tunnel(machine: str, zone: str, project: str) -> tuple[str, ...]:
    """Return the command that connects its input and output with the machine's SSH server."""
    return (
        *("gcloud", "compute", "start-iap-tunnel", machine, "22", "--listen-on-stdin"),
        *(f"--zone={zone}", f"--project={project}", "--quiet", "--verbosity=error"),
    )


def _inner_name(machine: str, zone: str, project: str) -> str:
    """Return the machine's own name in Google's network.

    Whatever else may resolve it means the same machine. That of a project in a domain has the
    domain last.
    """
    domain = ".".join(reversed(re.sub(r"[^-.:a-z0-9]", "-", project).split(":")))
    return f"{machine}.{zone}.c.{domain}.internal"
