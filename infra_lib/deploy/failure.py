"""What came of a deployment, read from Terraform's log.

cdktf may lose the end of what Terraform prints, where the errors stand: the terminal that it gives
Terraform closes before all is read.
"""

from __future__ import annotations

import re

from nixgen.frozen import frozen

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
# 2026-11-23T03:30:16.720Z [ERROR] vertex "google_compute_instance.galena" error: …
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[", re.MULTILINE)
_VERTEX = re.compile(r'ERROR\] +vertex "(?P<address>\S+?)(?: .*?)?" error: (?P<text>.*)', re.DOTALL)
_INSTANCE = r"google_compute_instance\.(?P<name>[-\w]+)"
_CREATING = re.compile(rf"DEBUG\] +{_INSTANCE}: applying the planned Create change")


@frozen
class Failure:
    """An error that ended a deployment, of a kind that this project knows nothing better about.

    Attributes:
        address: What it is about, as Terraform names it: "google_compute_instance.scheelite".
        text: What Terraform says, in one line.
    """

    address: str
    text: str

    @property
    def machine(self) -> str | None:
        """The machine whose instance it is about; None for anything else."""
        found = re.fullmatch(_INSTANCE, self.address)
        return found["name"] if found else None


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


def failures(log: str) -> tuple[Failure, ...]:
    """Return the errors in Terraform's log, each once, in their order."""
    found = (_VERTEX.match(entry) for entry in _ENTRY.split(log))
    return tuple(dict.fromkeys(_failure(each) for each in found if each))


def created(log: str) -> frozenset[str]:
    """Return the names of the instances that were made, from Terraform's log."""
    begun = (_CREATING.match(entry) for entry in _ENTRY.split(log))
    failed = {failure.machine for failure in failures(log)}
    return frozenset(each["name"] for each in begun if each) - failed


def _failure(found: re.Match[str]) -> Failure:
    address, text = found["address"], " ".join(found["text"].split())
    if quota := _QUOTA.search(text):
        return QuotaExceeded(address, text, quota["metric"], quota["limit"], quota["where"])
    if permission := _PERMISSION.search(text):
        return NotPermitted(address, text, permission["account"], permission["permissions"])
    failure = Failure(address, text)
    return NoRoom(address, text) if failure.machine and _NO_ROOM.search(text) else failure
