"""How Google Cloud says that it is full, that a quota is used up, or that rights are lacking."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.failure import Failure, NoRoom, QuotaExceeded
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.project import GcpProject

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
_INSTANCE = re.compile(r"google_compute_instance\.[-\w]+")


@frozen
class NotPermitted(Failure):
    """Compute Engine's own service agent may not do what a stop schedule asks of it.

    Attributes:
        account: The service agent.
        permissions: What it lacks: "compute.instances.stop".
    """

    account: str
    permissions: str


def failure(address: str, text: str) -> Failure | None:
    """Return what an error of Google's provider means; None where it may be anything.

    Args:
        address: What it is about, as Terraform names it.
        text: What Terraform says, in one line.
    """
    if quota := _QUOTA.search(text):
        return QuotaExceeded(address, text, quota["metric"], quota["limit"], quota["where"])
    if permission := _PERMISSION.search(text):
        return NotPermitted(address, text, permission["account"], permission["permissions"])
    if _INSTANCE.fullmatch(address) and _NO_ROOM.search(text):
        return NoRoom(address, text, _others(text))
    return None


def advice(failure: Failure, project: GcpProject | None) -> str | None:
    """Return what to do about a quota or a permission, in one line; None for any other failure.

    Args:
        failure: What went wrong.
        project: The fleet's project.
    """
    id_ = "PROJECT" if project is None else project.project
    if isinstance(failure, QuotaExceeded):
        return _quota(failure, id_)
    if isinstance(failure, NotPermitted):
        return (
            f"{failure.account} needs {failure.permissions} to carry out stop schedules: gcloud "
            f"projects add-iam-policy-binding {id_} "
            f"--member=serviceAccount:{failure.account} --role=roles/compute.instanceAdmin.v1"
        )
    return None


def _quota(failure: QuotaExceeded, project: str) -> str:
    subject = failure.address
    if _INSTANCE.fullmatch(subject):
        subject = subject.partition(".")[2]
    quota = f"quota {failure.metric}" if failure.metric else "a quota"
    limit = f", which is {failure.limit} {failure.where}" if failure.limit else ""
    gpus = (
        "; a GPU needs two quotas, that of its type in its region and GPUS_ALL_REGIONS"
        if failure.metric and "GPUS" in failure.metric
        else ""
    )
    return (
        f"{subject} would exceed {quota}{limit}: the project may not have more of it, so another "
        "zone or another try is no help; ask for a higher limit at "
        f"https://console.cloud.google.com/iam-admin/quotas?project={project}{gpus}"
    )


def _others(text: str) -> tuple[str, ...]:
    """Return the zones that a message names as having room, each once, in its order."""
    found = (each["said"] or each["listed"] for each in _OTHERS.finditer(text))
    return tuple(dict.fromkeys(zone for zones in found for zone in _ZONE.findall(zones)))
