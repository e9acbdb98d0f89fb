"""What Terraform logs when it fails is understood."""

import pytest

from infra_lib.deploy.failure import (
    Failure,
    NoRoom,
    NotPermitted,
    QuotaExceeded,
    created,
    failures,
)

# As Compute Engine answers, by way of google's provider: the operation's message, then details.
NO_ROOM = """\
Error waiting for instance to create: The zone 'projects/example-project/zones/\
us-central1-c' does not have enough resources available to fulfill the request.  \
'(resource type:compute)'.


A n1-standard-8 VM instance with 1 nvidia-tesla-t4 accelerator(s) is currently unavailable in the \
us-central1-c zone. Consider trying your request in the us-central1-a zone(s).

"""
CODE = "Error creating instance: googleapi: Error 503: {}: The zone is full, backendError\n"
QUOTA = """\
Error waiting for instance to create: Quota 'NVIDIA_T4_GPUS' exceeded.  Limit: 1.0 in \
region us-central1.
	metric name = compute.googleapis.com/nvidia_t4_gpus

"""
EVERYWHERE = "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.\n"
CODED_QUOTA = "Error creating instance: googleapi: Error 403: QUOTA_EXCEEDED\n"
SERVICE_AGENT = "service-123@compute-system.iam.gserviceaccount.com"
PERMISSION = f"""\
Error creating instance: googleapi: Error 412: Compute System service account \
{SERVICE_AGENT} needs to have [compute.instances.stop] permissions applied in order to perform \
this operation., conditionNotMet
"""
OTHER = "Error creating Firewall: googleapi: Error 403: Required permission, forbidden"
DEBUG = "2026-11-23T03:30:16.719Z [DEBUG] "
SCHEELITE = "google_compute_instance.scheelite"


def logged(error: str, vertex: str = SCHEELITE) -> str:
    """The end of Terraform's log, when it fails."""
    return (
        "2026-11-23T03:30:14.096Z [INFO]  Terraform version: 1.11.4\n"
        f'{DEBUG}ReferenceTransformer: "{vertex}" references: []\n'
        f'2026-11-23T04:30:16.720+0100 [ERROR] vertex "{vertex}" error: {error}\n'
        f"{DEBUG}provider: plugin exited\n"
    )


@pytest.mark.parametrize(
    "error",
    [
        NO_ROOM,
        CODE.format("ZONE_RESOURCE_POOL_EXHAUSTED"),
        CODE.format("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"),
        NO_ROOM.replace("instance to create", "updating status"),
    ],
)
def test_a_zone_without_room(error: str) -> None:
    (failure,) = failures(logged(error))
    assert isinstance(failure, NoRoom)
    assert failure.machine == "scheelite"
    assert failure.text == " ".join(error.split())


def test_each_error_is_one_failure() -> None:
    log = "".join(
        (
            logged(NO_ROOM),
            logged(OTHER, "google_compute_firewall.ssh"),
            logged(NO_ROOM, "google_compute_instance.anatase (destroy deposed 1a2b)"),
            logged(OTHER, r"provider[\"registry.terraform.io/hashicorp/google\"]"),
            logged(NO_ROOM),
        )
    )
    assert [(type(each), each.machine) for each in failures(log)] == [
        (NoRoom, "scheelite"),
        (Failure, None),
        (NoRoom, "anatase"),
        (Failure, None),
    ]


@pytest.mark.parametrize(
    ("error", "metric", "limit", "where"),
    [
        (QUOTA, "NVIDIA_T4_GPUS", "1", "in region us-central1"),
        (EVERYWHERE, "GPUS_ALL_REGIONS", "0", "globally"),
        (CODED_QUOTA, None, None, None),
    ],
)
def test_a_quota(error: str, metric: str | None, limit: str | None, where: str | None) -> None:
    (failure,) = failures(logged(error))
    assert isinstance(failure, QuotaExceeded)
    assert (failure.machine, failure.metric) == ("scheelite", metric)
    assert (failure.limit, failure.where) == (limit, where)


def test_a_permission_of_the_service_agent() -> None:
    (failure,) = failures(logged(PERMISSION))
    assert isinstance(failure, NotPermitted)
    assert (failure.account, failure.permissions) == (SERVICE_AGENT, "compute.instances.stop")


def test_no_room_for_what_is_no_machine_is_just_an_error() -> None:
    (failure,) = failures(logged(NO_ROOM, "google_compute_disk.scheelite-models"))
    assert type(failure) is Failure


def test_only_errors_are_errors() -> None:
    warning = (
        f"{DEBUG}vertex of another log: Error: Quota 'X' exceeded.\n"
        "2026-11-23T03:30:16.466Z [WARN]  Provider produced an invalid plan:\n"
        "      - .boot_disk[0].mode: planned value\n"
    )
    assert failures(warning) == failures("") == ()
    assert len(failures(warning + logged(OTHER) + warning)) == 1


def test_what_was_made() -> None:
    change = "{}google_compute_instance.{}: applying the planned {} change\n".format
    log = (
        change(DEBUG, "galena", "Create")
        + change(DEBUG, "scheelite", "Create")
        + logged(NO_ROOM)
        + change(DEBUG, "anatase", "Update")
        + f"{DEBUG}google_compute_firewall.ssh: applying the planned Create change\n"
    )
    assert created(log) == {"galena"}
