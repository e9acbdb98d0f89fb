"""What went wrong in a deployment, read from what cdktf printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation
_NO_ROOM = re.compile(
    r"ZONE_RESOURCE_POOL_EXHAUSTED(?:_WITH_DETAILS)?\b"
    r"|does not have enough resources available to fulfill the request"
)
_QUOTA = re.compile(
    r"Quota '(?P<metric>\w+)' exceeded\.(?:\s+Limit: (?P<limit>[0-9.]+?)(?:\.0)? (?P<where>globally"
    r"|in (?:region|zone) [-a-z0-9]+))?"
    r"|QUOTA_EXCEEDED|quotaExceeded"
)
_PERMISSION = re.compile(
    r"(?P<account>[-\w.]+@compute-system\.iam\.gserviceaccount\.com)"
    r" needs to have \[(?P<permissions>[^]]+)\]"
)
_ADDRESS = re.compile(r"\b(?P<kind>google_\w+|terraform_data)\.(?P<name>[-\w]+)")
_PLACE = re.compile(rf"with {_ADDRESS.pattern}")
_INSTANCE = "google_compute_instance"

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STACK = re.compile(r"[A-Za-z][-\w]* {2,}")
_CREATED = re.compile(rf"\b{_INSTANCE}\.(?P<name>[-\w]+): Creation complete")


@frozen
class Failure:
    """An error that ended a deployment, of a kind that this project knows nothing better about.

    Attributes:
        machine: The machine whose instance it is about; None for anything else.
        text: What Terraform says, in one line.
    """

    machine: str | None
    text: str


@frozen
class NoRoom(Failure):
    """A zone has no capacity for a machine at the moment."""


@frozen
class QuotaExceeded(Failure):
    """The project may not have as much of something as it would take.

    Attributes:
        metric: What is limited, "NVIDIA_T4_GPUS"; None when that is not said.
        limit: How much there may be: "0"; None when that is not said.
        where: What the limit is of: "globally", "in region us-central1"; None when not said.
    """

    metric: str | None
    limit: str | None
    where: str | None


@frozen
class NotPermitted(Failure):
    """Compute Engine's own service agent may not do what a stop schedule asks of it.

    Attributes:
        account: The service agent.
        permissions: What it lacks: "compute.instances.stop".
    """

    account: str
    permissions: str


def failures(printed: str) -> tuple[Failure, ...]:
    """Return the errors in what `cdktf deploy` printed, in the order they stand."""
    return tuple(_failure(" ".join(text.split())) for text in _errors(printed))


def created(printed: str) -> frozenset[str]:
    """Return the names of the instances that were made, from what `cdktf deploy` printed."""
    return frozenset(match["name"] for match in _CREATED.finditer(_COLOUR.sub("", printed)))


def _failure(text: str) -> Failure:
    place = _PLACE.search(text) or _ADDRESS.search(text)
    machine = place["name"] if place and place["kind"] == _INSTANCE else None
    if quota := _QUOTA.search(text):
        return QuotaExceeded(machine, text, quota["metric"], quota["limit"], quota["where"])
    if permission := _PERMISSION.search(text):
        return NotPermitted(machine, text, permission["account"], permission["permissions"])
    return NoRoom(machine, text) if machine and _NO_ROOM.search(text) else Failure(machine, text)


def _errors(printed: str) -> Iterator[str]:
    """Yield the text of each of Terraform's errors.

    Terraform draws a frame around them where it writes colours, and none where it does not. Where
    it pauses, cdktf may put a line of its own into the frame.
    """
    lines: list[str] | None = None
    framed = headed = False
    for line in _bare(printed):
        edge = line in ("╷", "╵")
        heads = line.startswith(("Error: ", "Warning: ")) and not (framed and headed)
        if edge:
            framed, headed = line == "╷", False
        headed = headed or heads
        if lines is not None and (heads or edge):
            yield "\n".join(lines)
            lines = None
        if heads and line.startswith("Error: "):
            lines = []
        if lines is not None:
            lines.append(line.removeprefix("Error: "))
    if lines is not None:
        yield "\n".join(lines)


def _bare(printed: str) -> Iterator[str]:
    """Yield Terraform's lines without colours, frames, and the column of the stacks' names.

    cdktf writes the name before the first of some lines, and indents the others by as much.
    """
    width = 0
    for line in _COLOUR.sub("", printed).splitlines():
        named = _STACK.match(line)
        width = named.end() if named else width
        bare = line[width:] if named or not line[:width].strip() else line
        yield bare.removeprefix("│").removeprefix(" ") if bare.startswith("│") else bare
