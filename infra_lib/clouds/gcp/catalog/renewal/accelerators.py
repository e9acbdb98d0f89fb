"""What `gcloud compute accelerator-types list --format=json` prints: the GPUs of each zone.

https://cloud.google.com/compute/docs/reference/rest/v1/acceleratorTypes has its fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.catalog.entries import ZONE
from infra_lib.clouds.gcp.catalog.renewal.documents import read_lists, text_field
from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND = "gcloud compute accelerator-types list --format=json"


def read_accelerators(files: Iterable[tuple[str, bytes]]) -> dict[str, tuple[str, ...]]:
    """Return the accelerator types that each zone offers, NVIDIA's alone: TPUs are no GPUs.

    Args:
        files: What to call each in messages, and what it holds.

    Raises:
        FleetError: When one is not such a file.
    """
    offered: dict[str, set[str]] = {}
    for where, each in read_lists(files, "acceleratorType", COMMAND):
        name = text_field(each, "name", where)
        zone = zone_of(text_field(each, "zone", f"{where}: {name}"), f"{where}: {name}")
        if name.startswith("nvidia-"):
            offered.setdefault(zone, set()).add(name)
    return {zone: tuple(sorted(names)) for zone, names in sorted(offered.items())}


def zone_of(name: str, where: str) -> str:
    """Return the name of a zone.

    Raises:
        FleetError: When it cannot be one.
    """
    if not re.fullmatch(ZONE, name):
        raise field_error(where, "zone", name, "a zone such as us-central1-c is wanted")
    return name
