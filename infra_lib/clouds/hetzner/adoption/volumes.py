"""Volumes, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.adoption.things import is_empty
from infra_lib.clouds.hetzner.readings import ATTACHMENT, SERVER, VOLUME
from infra_lib.clouds.hetzner.volume import Volume
from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.hetzner.adoption.report import Report
    from infra_lib.clouds.hetzner.adoption.things import Thing, Things


def volumes(things: Things) -> Mapping[Thing, Sequence[Thing]]:
    """Return the volumes of each server, wherever that is said."""
    owner: dict[Thing, Thing] = {}
    for volume in things.of(VOLUME):
        server = things.find(SERVER, volume.attributes.get("server_id"))
        if server is not None:
            owner[volume] = server
    for each in things.of(ATTACHMENT):
        attached = things.find(VOLUME, each.attributes.get("volume_id"))
        server = things.find(SERVER, each.attributes.get("server_id"))
        if attached is not None and server is not None:
            owner.setdefault(attached, server)
    found: dict[Thing, list[Thing]] = {}
    for volume in things.of(VOLUME):
        if volume in owner:
            found.setdefault(owner[volume], []).append(volume)
    return found


def volume_of(thing: Thing, report: Report) -> Volume | None:
    """Return a volume as a machine has it; None, with a line in the report, where it cannot be."""
    size = report.value(thing, "size", int)
    format_: Any = thing.attributes.get("format")
    try:
        if size is None:
            raise FleetError("no source tells its size")
        return Volume(
            thing.name,
            size_gb=size,
            format=None if is_empty(format_) else format_,
            delete_protection=bool(report.value(thing, "delete_protection", bool)),
        )
    except FleetError as error:
        report.drop(thing, str(error), "it stays attached as it is, and nothing manages it")
        return None
