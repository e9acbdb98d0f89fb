"""The clouds, by the name of the field of `Fleet` that holds the project there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp import cloud as gcp
from infra_lib.clouds.hetzner import cloud as hetzner

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import Cloud

CLOUDS: dict[str, Cloud] = {"gcp": gcp, "hetzner": hetzner}
