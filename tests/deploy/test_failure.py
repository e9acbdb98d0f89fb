"""What cdktf prints when Terraform fails is understood, however it is drawn."""

import pytest

from infra_lib.deploy.failure import (
    Failure,
    NoRoom,
    NotPermitted,
    QuotaExceeded,
    created,
    failures,
)

PLACE = """\

  with google_compute_instance.scheelite (google_compute_instance.scheelite),
  on cdk.tf.json line 210, in resource.google_compute_instance.scheelite:
 210:       }
"""
# As Compute Engine answers, by way of google's provider: the operation's message, then details.
NO_ROOM = """\
Error: Error waiting for instance to create: The zone 'projects/example-project/zones/\
us-central1-c' does not have enough resources available to fulfill the request.  \
'(resource type:compute)'.


A n1-standard-8 VM instance with 1 nvidia-tesla-t4 accelerator(s) is currently unavailable in the \
us-central1-c zone. Consider trying your request in the us-central1-a zone(s).

"""
CODE = "Error: Error creating instance: googleapi: Error 503: {}: The zone is full, backendError\n"
QUOTA = """\
Error: Error waiting for instance to create: Quota 'NVIDIA_T4_GPUS' exceeded.  Limit: 1.0 in \
region us-central1.
	metric name = compute.googleapis.com/nvidia_t4_gpus

"""
EVERYWHERE = "Error: Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.\n"
CODED_QUOTA = "Error: Error creating instance: googleapi: Error 403: QUOTA_EXCEEDED\n"
SERVICE_AGENT = "service-123@compute-system.iam.gserviceaccount.com"
PERMISSION = f"""\
Error: Error creating instance: googleapi: Error 412: Compute System service account \
{SERVICE_AGENT} needs to have [compute.instances.stop] permissions applied in order to perform \
this operation., conditionNotMet
"""
OTHER = """\
Error: Error creating Firewall: googleapi: Error 403: Required permission, forbidden

  with google_compute_firewall.ssh,
"""


def framed(error: str) -> str:
    """An error as Terraform draws it in colour, and cdktf passes it on."""
    lines = "\n".join(f"     \x1b[31m│\x1b[0m {line}" for line in error.splitlines())
    return f"gcp  google_compute_instance.scheelite: Creating...\ngcp  ╷\n{lines}\n     ╵\n\n"


def plain(error: str) -> str:
    """An error as Terraform writes it with -no-color."""
    lines = "\n".join(f"     {line}" for line in error.splitlines())
    return f"gcp  google_compute_instance.scheelite: Creating...\ngcp  \n{lines}\n"


@pytest.mark.parametrize("drawn", [framed, plain])
@pytest.mark.parametrize(
    "error",
    [
        NO_ROOM,
        CODE.format("ZONE_RESOURCE_POOL_EXHAUSTED"),
        CODE.format("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"),
        NO_ROOM.replace("instance to create", "updating status"),
    ],
)
def test_a_zone_without_room(drawn: object, error: str) -> None:
    assert callable(drawn)
    (failure,) = failures(drawn(error + PLACE))
    assert isinstance(failure, NoRoom)
    assert failure.machine == "scheelite"


@pytest.mark.parametrize("drawn", [framed, plain])
def test_each_error_is_one_failure(drawn: object) -> None:
    assert callable(drawn)
    other = NO_ROOM + PLACE.replace("scheelite", "anatase")
    found = failures(drawn(NO_ROOM + PLACE) + drawn(OTHER) + drawn(other))
    assert [(type(each), each.machine) for each in found] == [
        (NoRoom, "scheelite"),
        (Failure, None),
        (NoRoom, "anatase"),
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
    (failure,) = failures(framed(error + PLACE))
    assert isinstance(failure, QuotaExceeded)
    assert (failure.machine, failure.metric) == ("scheelite", metric)
    assert (failure.limit, failure.where) == (limit, where)


def test_a_permission_of_the_service_agent() -> None:
    (failure,) = failures(framed(PERMISSION + PLACE))
    assert isinstance(failure, NotPermitted)
    assert (failure.account, failure.permissions) == (SERVICE_AGENT, "compute.instances.stop")


def test_no_room_for_what_is_no_machine_is_just_an_error() -> None:
    place = PLACE.replace("google_compute_instance.", "google_compute_disk.")
    (failure,) = failures(framed(NO_ROOM + place))
    assert type(failure) is Failure


def test_warnings_and_plans_are_no_errors() -> None:
    warning = framed("Warning: Incomplete lock file information\n\nError: not at all\n")
    script = "gcp    + metadata = <<-EOT\n             Error: Quota 'X' exceeded.\n         EOT\n"
    assert failures(warning + script) == failures("") == ()
    assert len(failures(warning + framed(OTHER) + script)) == 1


def test_two_stacks_at_once() -> None:
    other = framed(NO_ROOM + PLACE).replace("gcp  ", "other  ").replace("\n     ", "\n       ")
    found = failures(framed(QUOTA + PLACE) + other)
    assert [type(each) for each in found] == [QuotaExceeded, NoRoom]


def test_what_was_made() -> None:
    printed = """\
gcp  google_compute_firewall.ssh: Creation complete after 0s [id=x]
gcp  \x1b[1mgoogle_compute_instance.galena: Creation complete after 12s\x1b[0m [id=x]
     google_compute_instance.scheelite: Still creating... [10s elapsed]
"""
    assert created(printed) == {"galena"}


@pytest.mark.parametrize("pause", ["gcp", "gcp  ", ""])
def test_a_pause_of_terraforms_may_part_the_frame_from_the_error(pause: str) -> None:
    head, *rest = NO_ROOM.splitlines()
    printed = ["gcp  ╷", pause, f"gcp  │ {head}", *(f"     │ {line}" for line in rest), "     ╵"]
    (failure,) = failures("\n".join(printed))
    assert "does not have enough resources" in failure.text
