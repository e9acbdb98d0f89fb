"""What cdktf's files say: cdktf.json of an app, manifest.json of its stacks, and the stacks."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INSTANCE = "google_compute_instance"
LABELLED = (INSTANCE, "google_compute_disk")
"""The types of the resources whose labels say which fleet and machine they are of."""


def output_folder(project: Path) -> str:
    """Return the folder that cdktf writes stacks to: CDKTF_OUTPUT, cdktf.json, or cdktf's default.

    Args:
        project: The folder of cdktf.json.

    Raises:
        NixgenError: When cdktf.json is something other than a file.
    """
    named = os.environ.get("CDKTF_OUTPUT")  # as cdktf takes each of its options
    if named:
        return named
    try:
        text = read_regular_file(project / "cdktf.json")
    except OSError:
        text = b""
    try:
        output = json.loads(text)["output"]
    except (ValueError, LookupError, TypeError):
        output = None
    return output if isinstance(output, str) and output else "cdktf.out"


def google_project(stack: Path) -> str:
    """Return the Google Cloud project that a stack is in; empty when it was not synthesized here.

    Args:
        stack: The folder of the synthesized stack.
    """
    try:
        named = json.loads((stack / "cdk.tf.json").read_bytes())["provider"]["google"][0]["project"]
    except (OSError, ValueError, LookupError, TypeError):
        named = ""
    return named if isinstance(named, str) else ""


def machines(stack: Path) -> set[tuple[str, str]]:
    """Return the machines that a synthesized stack has something of; see `labelled`.

    Args:
        stack: The folder of the synthesized stack.
    """
    try:
        return labelled(json.loads((stack / "cdk.tf.json").read_bytes()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set()


def labelled(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return fleet and name of each machine whose instance or data disks a stack has.

    Args:
        document: What cdktf wrote as cdk.tf.json.
    """
    found = (
        owned_by(body)
        for kind in LABELLED
        for body in document.get("resource", {}).get(kind, {}).values()
        if isinstance(body, dict)
    )
    return {owner for owner in found if owner is not None}


def owned_by(resource: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the fleet and the machine that a resource's labels name; None where they do not."""
    labels = resource.get("labels")
    if not isinstance(labels, dict):
        return None
    fleet, machine = labels.get("fleet"), labels.get("machine")
    return (fleet, machine) if isinstance(fleet, str) and isinstance(machine, str) else None


def written(project: Path) -> int | None:
    """Return when the last synthesis ended, in nanoseconds; None when there was none.

    Args:
        project: The folder of cdktf.json.
    """
    try:
        return manifest(project).stat().st_mtime_ns
    except OSError:
        return None


def manifest(project: Path) -> Path:
    """Return the file in which cdktf lists the stacks that it wrote.

    Args:
        project: The folder of cdktf.json.
    """
    return project / output_folder(project) / "manifest.json"
