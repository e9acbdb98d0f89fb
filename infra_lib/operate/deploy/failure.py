"""What came of a deployment, read from Terraform's log.

cdktf may lose the end of what Terraform prints, where the errors stand: the terminal that it gives
Terraform closes before all is read.
"""

from __future__ import annotations

import re

from nixgen.frozen import frozen

# How Compute Engine says that a zone has no capacity at the moment. Google's provider prints the
# operation's message and the localized message of its details, and neither its code nor its reason:
# https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/compute/compute_operation.go
# An answer of another status than 200 is printed as it is. It is no lack of room that an instance
# "failed to start due to preemption": that one has been made, and is left behind.
_NO_ROOM = re.compile(
    # The codes: https://cloud.google.com/compute/docs/resource-error,
    # https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/gce/autoscaling_gce_client.go,
    # https://github.com/fog/fog-google/blob/master/lib/fog/google/models/compute/operation.rb
    r"\b(?:(?:ZONE|REGION)_)?RESOURCE_POOL_EXHAUSTED(?:_WITH_DETAILS)?\b"
    # The state of the pool: https://github.com/kubernetes/k8s.io/issues/9834
    r"|\b(?:GCE_|state: ?)STOCKOUT\b"
    # The reason: https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-bulk-vm-creation,
    # https://github.com/Privatehive/gcp-hosted-github-runner/issues/8
    r"|\binsufficientCapacity\b|\breason:? ?\W?(?:resource_availability|stockout)\b"
    # The message since 2017: https://github.com/StanfordBioinformatics/loom/issues/463,
    # with details since 2022: https://github.com/GoogleCloudPlatform/compute-image-tools/issues/1960
    r"|\b(?:does not have|not) enough resources available to fulfill the request"
    # The localized message, with and without attachments, a reason and other zones:
    # https://cloud.google.com/compute/docs/resource-error, https://google.aip.dev/193,
    # https://github.com/davidADSP/Generative_Deep_Learning_2nd_Edition/issues/31,
    # https://github.com/benseverndev-oss/goldenmatch/pull/2686
    r"|\bis currently unavailable in the <?[a-z]+-[a-z]+[0-9]+-[a-z0-9]+\b"
)
# The zones that have room instead, in words and in the details of an answer:
# https://cloud.google.com/compute/docs/resource-error, https://google.aip.dev/193
_OTHERS = re.compile(
    r"\btrying your request in the <?(?P<said>[-a-z0-9, ]+?)>? zone\b"
    r"|\bzones(?:Available|WithCapacity)\W+(?:value\W+)?(?P<listed>[-a-z0-9,]+)"
)
_ZONE = re.compile(r"[a-z]+-[a-z]+[0-9]+-[a-z0-9]+\b")
_QUOTA = re.compile(
    r"Quota '?(?P<metric>\w+)'? exceeded\.(?:\s+Limit: (?P<limit>[0-9.]+?)(?:\.0)? "
    r"(?P<where>globally|in (?:region|zone) [-a-z0-9]+))?"
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
    """A zone has no capacity for a machine at the moment.

    Attributes:
        zones: The zones that Compute Engine says have room; empty when it names none.
    """

    zones: tuple[str, ...] = ()


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
    if failure.machine and _NO_ROOM.search(text):
        return NoRoom(address, text, _others(text))
    return failure


def _others(text: str) -> tuple[str, ...]:
    """Return the zones that a message names as having room, each once, in its order."""
    found = (each["said"] or each["listed"] for each in _OTHERS.finditer(text))
    return tuple(dict.fromkeys(zone for zones in found for zone in _ZONE.findall(zones)))
