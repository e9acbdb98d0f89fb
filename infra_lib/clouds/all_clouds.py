"""The clouds, by the name of the field of `Fleet` that holds the project there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.gcp import cloud as gcp

if TYPE_CHECKING:
    from infra_lib.clouds.cloud import Cloud

CLOUDS: dict[str, Cloud] = {"gcp": gcp}
