"""What it means to take a server of Hetzner Cloud down, or to make it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from infra_lib.clouds.answers import Handling
from infra_lib.model import money
from infra_lib.model.wording import as_subject

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.machine import HetznerMachine


def handling(machine: HetznerMachine) -> Handling:
    """Return what to know of a machine that is taken down, or made anew."""
    stays = _stays(machine)
    off = evolve(machine.bill, state="off")
    price = f"{money.hour_text(off.hour_now)} an hour, {money.month_text(off.month_now)} a month"
    price = "nothing" if off.hour_now.value == 0 else price
    return Handling(
        instead="Powered off, it would cost as much as it does now.",
        deleted="Delete it, with its own disk."
        + (f" {stays}, for {price}, until it is out of the fleet." if stays else ""),
        replaced="Delete the server with its disk, and make it anew. Hetzner deletes first: if "
        f"{machine.location} has no stock of {machine.server_type} then, there is no server. The "
        f"new one costs {money.hour_text(machine.bill.hour)} an hour, as an order does today, "
        f"whatever the old one cost.{f' {stays}.' if stays else ''}",
    )


def _stays(machine: HetznerMachine) -> str:
    """Return what outlives the server: "Its volume ore and its addresses stay", or nothing."""
    volumes, addresses = machine.volumes, int(machine.ipv4) + int(machine.ipv6)
    things = []
    if volumes:
        names = ", ".join(volume.name for volume in volumes)
        things.append(f"Its {'volumes' if len(volumes) > 1 else 'volume'} {names}")
    if addresses:
        things.append("Its addresses" if addresses > 1 else "Its address")
    if not things:
        return ""
    return f"{as_subject(things)} {'stay' if len(volumes) + addresses > 1 else 'stays'}"
