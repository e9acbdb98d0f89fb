"""What the first fleet of each cloud is: the lines of `main.py` that are that cloud's alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROJECT_ID = (6, 30)  # https://cloud.google.com/resource-manager/docs/creating-managing-projects

# Every call that holds a name of somebody's choice ends in a comma and stands on several lines:
# formatters then leave it, however long the name is.
_GCP = """\
    gcp=GcpProject(
        {project},
        region={region},
        # Of whoever installs NixOS: what ~/.ssh/id_ed25519.pub holds, for one.
        # ssh_keys=("ssh-ed25519 AAAA… you@example.org",),
    ),
    machines=(
        GcpMachine(
            "node-1",
            machine_type="e2-small",
            zone={zone},
            enabled=False,  # True to have it in the cloud, and pay for it
        ),
    ),
"""

_HETZNER = """\
    # Which project this is, a token of it says: HCLOUD_TOKEN, in the environment alone.
    hetzner=HetznerProject(
        # Of whoever installs NixOS: what ~/.ssh/id_ed25519.pub holds, for one.
        # ssh_keys=("ssh-ed25519 AAAA… you@example.org",),
        # Where they come from: SSH is closed to everybody else, and without it to all.
        # ssh_source_ranges=("203.0.113.7/32",),
    ),
    machines=(
        HetznerMachine(
            "node-1",
            server_type={server_type},
            location={location},
            # True to have the server, and pay for it. Its IPv4 address is there from
            # the first deployment on, and paid for, on or off: see `infra cost`.
            enabled=False,
        ),
    ),
"""

_GCP_NEXT = """\
main.py says the rest. Project {project!r} is to exist; machines are installed by whoever has a key
in GcpProject(ssh_keys=(…,))."""

_HETZNER_NEXT = """\
main.py says the rest. A token of your project that may read and write is to be in the environment,
as HCLOUD_TOKEN; machines are installed by whoever has a key in HetznerProject(ssh_keys=(…,)), from
where ssh_source_ranges has them come."""


@frozen(kw_only=True)
class Start:
    """What a fleet of one machine, in one cloud, has that is of that cloud.

    Attributes:
        names: What `main.py` imports for it from `infra_lib`.
        fields: The fleet's project and machine, as lines of Python.
        stack: The class of its stack.
        stack_name: What the stack is called.
        next: What there has to be before it is deployed, for people.
    """

    names: tuple[str, ...]
    fields: str
    stack: str
    stack_name: str
    next: str


def gcp(*, project: str, zone: str) -> Start:
    """Return the start at Google Cloud.

    Args:
        project: The project's ID.
        zone: The zone of the machine.
    """
    given = {"project": project, "region": zone.rpartition("-")[0], "zone": zone}
    return Start(
        names=("GcpMachine", "GcpProject"),
        fields=_GCP.format(**_literals(given)),
        stack="GcpStack",
        stack_name="gcp",
        next=_GCP_NEXT.format(project=project),
    )


def hetzner(*, server_type: str, location: str) -> Start:
    """Return the start at Hetzner Cloud.

    Args:
        server_type: The type of the machine.
        location: Where it is.
    """
    given = {"server_type": server_type, "location": location}
    return Start(
        names=("HetznerMachine", "HetznerProject"),
        fields=_HETZNER.format(**_literals(given)),
        stack="HetznerStack",
        stack_name="hetzner",
        next=_HETZNER_NEXT,
    )


def project_from(name: str) -> str:
    """Return a fleet's name as the ID of a Google Cloud project."""
    least, most = _PROJECT_ID
    return name[:most].rstrip("-") if len(name) >= least else f"{name}-project"


def _literals(given: Mapping[str, str]) -> dict[str, str]:
    """Return texts as Python writes them: JSON's way is also Python's, and what formatters want."""
    return {key: json.dumps(text, ensure_ascii=False) for key, text in given.items()}
