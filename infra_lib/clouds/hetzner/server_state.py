"""A server of Hetzner Cloud as Terraform has it: synthesized, planned, or in its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model import money
from infra_lib.terraform.state import Instance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.terraform.plan import Change

POWERED_OFF = "powered off"
"""What a server is called that exists and does not run: it costs as much as one that runs."""


def read_instance(attributes: Mapping[str, Any]) -> Instance:
    """Return what the attributes of an `hcloud_server` say.

    Volumes are attached by resources of their own, and the size of the disk follows from what
    happens to the server's type.
    """
    return Instance(
        zone=attributes.get("location"),
        machine_type=attributes.get("server_type"),
        state=POWERED_OFF if is_off(attributes) else "on",
        paid_as="on",
        external_ip=attributes.get("ipv4_address") or None,
        external_ipv6=attributes.get("ipv6_address") or None,
    )


def is_off(attributes: Mapping[str, Any]) -> bool:
    """Return whether a server is powered off, as far as its attributes say."""
    return attributes.get("status") == "off"


def move(resources: dict[str, Any], machine: HetznerMachine) -> None:
    """Write into a stack's resources where a machine is by now, and what it costs there.

    Its addresses come from where it is, so they are others than it would have had before.
    """
    server = resources["hcloud_server"][machine.name]
    server["location"] = machine.location
    server["labels"]["cost"] = money.label(machine.bill.hour)
    addresses = resources.get("hcloud_primary_ip", {})
    for name in (f"{machine.name}-ipv4", f"{machine.name}-ipv6"):
        if name in addresses:
            addresses[name]["location"] = machine.location


def explain_wipe(change: Change) -> str | None:
    """Return why nobody should let a server be made anew unseen, in the location that it is in.

    The stack has Terraform leave alone what only the creation of a server uses, so it is something
    else that asks for it. A server that failed while it was made is made anew without a question.
    """
    if not change.forced_by:
        return None
    return (
        f"{change.name} would be deleted with its disk, then made anew, for its "
        f"{' and '.join(change.forced_by)}: the fleet asks for that of no machine, so somebody has "
        f"changed what the stack ignores. {DELETED_FIRST}. To have it so, deploy without --yes"
    )


DELETED_FIRST = (
    "Hetzner deletes the server first: with no stock in its location then, there is none, and the "
    "new one costs what an order costs today"
)
"""What is to be known before a server is made anew."""
