"""Where prices of Hetzner Cloud come from, and from when they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.answers import Source
    from infra_lib.clouds.hetzner.catalog.tables import Tables
    from infra_lib.clouds.hetzner.machine import HetznerMachine

_OF = {
    "servers": "Servers",
    "backups": "Backups",
    "volumes": "Volumes",
    "primary_ips": "Primary IPs",
}


def price_sources(machines: Sequence[HetznerMachine]) -> dict[str, Source]:
    """Return where the prices of machines come from, by what they are of.

    Without a machine, they are those of the built-in catalogue. Those of a machine that has another
    one than the first are "servers of cinnabar".
    """
    tables: dict[Tables, str] = {}
    for machine in machines:
        tables.setdefault(machine.catalog.tables, machine.name)
    first, *others = tables or {CATALOG.tables: ""}
    found = {key: first.source("prices", of) for key, of in _OF.items()}
    for other in others:
        for key, of in _OF.items():
            source = other.source("prices", f"{of} of {tables[other]}")
            if (source.name, source.as_of) != (found[key].name, found[key].as_of):
                found[f"{key} of {tables[other]}"] = source
    return found
