"""Stacks, synthesized by the real cdktf in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cdktf import App

from infra_lib import Fleet
from infra_lib.stacks import GcpStack

Stack = dict[str, Any]
Synthesize = Callable[[Fleet], Stack]


def text_of(folder: Path, fleet: Fleet) -> str:
    """The stack `gcp` of a fleet as it stands in the file. `folder` is the current directory."""
    app = App(outdir=str(folder / "cdktf.out"))
    GcpStack(app, "gcp", fleet=fleet)
    app.synth()
    return (folder / "cdktf.out/stacks/gcp/cdk.tf.json").read_text()


def stack_of(folder: Path, fleet: Fleet) -> Stack:
    """The stack `gcp` of a fleet."""
    stack: Stack = json.loads(text_of(folder, fleet))
    return stack


def resources(stack: Stack) -> dict[str, Any]:
    """The resources by their Terraform address."""
    return {
        f"{kind}.{name}": body
        for kind, named in stack.get("resource", {}).items()
        for name, body in named.items()
    }


def instance(stack: Stack, name: str) -> dict[str, Any]:
    """One machine's instance."""
    found: dict[str, Any] = stack["resource"]["google_compute_instance"][name]
    return found


def changed(before: Stack, after: Stack) -> set[str]:
    """The addresses of the resources and the names of the other blocks that differ."""
    flat_before, flat_after = (
        {**resources(stack), **{key: value for key, value in stack.items() if key != "resource"}}
        for stack in (before, after)
    )
    return {
        key
        for key in flat_before.keys() | flat_after.keys()
        if flat_before.get(key) != flat_after.get(key)
    }
