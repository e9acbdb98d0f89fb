"""Where Terraform's state is, as a configuration says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.gcp.project import GcpProject, GcsBackend
from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_backend(project: Any, kind: str, arguments: Mapping[str, Any]) -> GcpProject | None:
    """Return a project with its state in the same bucket, in a folder for each stack.

    Args:
        project: The project.
        kind: The type of the backend: "gcs".
        arguments: Its arguments; credentials are not looked at.

    Returns:
        The project; None for another type, and for a bucket or a prefix that cannot be.
    """
    if kind != "gcs" or not isinstance(project, GcpProject):
        return None
    bucket, prefix = arguments.get("bucket"), arguments.get("prefix") or ""
    if not isinstance(bucket, str) or not isinstance(prefix, str):
        return None
    # That of a stack of ours has the stack's name at its end.
    folder = prefix.removesuffix("gcp").rstrip("/") if prefix.endswith("/gcp") else prefix
    try:
        return evolve(project, backend=GcsBackend(bucket, prefix=folder))
    except FleetError:
        return None
