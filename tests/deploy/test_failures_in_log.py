"""What Terraform logs when it fails is understood."""

import pytest

from infra_lib.clouds.failure import Failure, NoRoom, QuotaExceeded
from infra_lib.clouds.gcp.failures import NotPermitted
from infra_lib.operate.deploy.failures_in_log import find_created, read_failures
from infra_lib.operate.kinds import machine_of

# As Compute Engine answers, by way of google's provider: the operation's message, then details.
MESSAGE = """\
Error waiting for instance to create: The zone 'projects/example-project/zones/\
us-central1-c' does not have enough resources available to fulfill the request.  \
'(resource type:compute)'.
"""
NO_ROOM = f"""\
{MESSAGE}

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


# Wordings that were seen, each where it can be read.
WORDINGS = {
    "https://github.com/StanfordBioinformatics/loom/issues/463": (
        "The zone 'projects/p/zones/us-central1-b' does not have enough resources available to "
        "fulfill the request. Try a different zone, or try again later."
    ),
    "https://github.com/forseti-security/terraform-google-forseti/issues/631": (
        "Error waiting for instance to create: The zone 'projects/p/zones/us-west1-c' does not "
        "have enough resources available to fulfill the request.  Try a different zone, or try "
        "again later."
    ),
    "https://github.com/googlefonts/fontbakery-dashboard/issues/81": (
        "ZONE_RESOURCE_POOL_EXHAUSTED: the rest was lost"
    ),
    "https://github.com/Privatehive/gcp-hosted-github-runner/issues/8": (
        'googleapi: Error 503: SERVICE UNAVAILABLE: errors:{code:"ZONE_RESOURCE_POOL_EXHAUSTED_'
        'WITH_DETAILS" error_details:{error_info:{reason:"resource_availability"}}}'
    ),
    "https://github.com/kubernetes/k8s.io/issues/9834": (
        "The pool is full.  'NULL:0/NULL:0/NULL:0 (state:STOCKOUT, sub-state"
    ),
    "https://github.com/hashicorp/packer-plugin-googlecompute/issues/354": (
        "Error creating instance: The zone 'projects/p/zones/us-east1-b' does not have enough "
        "resources available to fulfill the request. Try a different zone, or try again later."
    ),
    "https://github.com/davidADSP/Generative_Deep_Learning_2nd_Edition/issues/31": (
        "n1-standard-4 VM instance with nvidia-tesla-t4 accelerator(s) is currently unavailable in "
        "the us-east1-c zone."
    ),
    "https://github.com/benseverndev-oss/goldenmatch/pull/2686": (
        "A n2-standard-16 VM instance with 2 local SSD(s) is currently unavailable in the "
        "us-east1-c zone."
    ),
    "https://cloud.google.com/compute/docs/resource-error": (
        "A e2-medium VM instance with local-ssd=3 is currently unavailable in the us-east1-b zone, "
        "because of REASON. If you cannot move your VM, review the instructions."
    ),
    "https://google.aip.dev/193": (
        "An <e2-medium> VM instance with <local-ssd=3,nvidia-t4=2> is currently unavailable in the "
        "<us-east1-a> zone."
    ),
    "https://github.com/aip-dev/google.aip.dev/pull/1252": (
        "A e2-medium with local-ssd=3,nvidia-t4=2 is currently unavailable in the us-east1-a zone."
        "\nCapacity changes frequently, so try your request in a different zone."
    ),
    "https://github.com/fog/fog-google/blob/master/lib/fog/google/models/compute/operation.rb": (
        "A c3d-highmem-4 VM instance is currently unavailable in the us-east4-b zone. Try "
        "requesting the VM in another zone."
    ),
    "the same, of a region": "REGION_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
    "made up: the same, of a group": "RESOURCE_POOL_EXHAUSTED",
    "https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-bulk-vm-creation": (
        "Error creating instance: googleapi: Error 503: Try later., insufficientCapacity"
    ),
    "https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/container/"
    "resource_container_node_pool.go": "Error waiting for the group: GCE_STOCKOUT",
    "made up: a zone of the AI kind": "is currently unavailable in the us-central1-ai1a zone.",
    "made up: a zone of two digits": "is currently unavailable in the europe-west12-a zone.",
    # As a person was told in 2026.
    "the newest": (
        "A c2d-standard-32 VM instance is currently unavailable in the us-east1-c zone. Consider "
        "trying your request in the us-east1-b, us-east1-d zone(s), which currently has capacity."
    ),
}


@pytest.mark.parametrize("text", WORDINGS.values(), ids=WORDINGS)
def test_every_wording_of_a_zone_without_room(text: str) -> None:
    for said in (text, f"Error waiting for instance to create: {text}\n\nSee the help page\n"):
        (failure,) = read_failures(logged(said))
        assert isinstance(failure, NoRoom)
        assert machine_of(failure.address) == "scheelite"
        assert failure.text == " ".join(said.split())


@pytest.mark.parametrize("text", WORDINGS.values(), ids=WORDINGS)
def test_a_wording_is_the_same_when_its_lines_are_broken_anywhere(text: str) -> None:
    for break_ in ("\n", "\n\n\n", "\n      ", "\r\n"):
        (failure,) = read_failures(logged(text.replace(" ", break_)))
        assert isinstance(failure, NoRoom)


@pytest.mark.parametrize(
    "end", ["fulfill the request", "is currently unavailable in the us-central1-c"]
)
def test_a_wording_is_the_same_when_the_log_ends_within_it(end: str) -> None:
    cut = logged(NO_ROOM)
    (failure,) = read_failures(cut[: cut.index(end) + len(end)])
    assert isinstance(failure, NoRoom)


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
    (failure,) = read_failures(logged(error))
    assert isinstance(failure, NoRoom)
    assert machine_of(failure.address) == "scheelite"
    assert failure.text == " ".join(error.split())


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        (NO_ROOM, ("us-central1-a",)),
        (MESSAGE, ()),
        (WORDINGS["the newest"], ("us-east1-b", "us-east1-d")),
        (WORDINGS["the newest"].replace(" zone(s)", " zone"), ("us-east1-b", "us-east1-d")),
        (f"{MESSAGE} zonesAvailable: us-east1-b,us-east1-d", ("us-east1-b", "us-east1-d")),
        (f'{MESSAGE} {{key:"zonesAvailable" value:"us-east1-b"}}', ("us-east1-b",)),
        (
            f"{NO_ROOM} zonesAvailable: us-central1-a,us-central1-f",
            ("us-central1-a", "us-central1-f"),
        ),
        (f'{MESSAGE} {{key:"zonesAvailable" value:""}} {{key:"zone" value:"us-east1-c"}}', ()),
        (f"{MESSAGE} zonesAvailable: reason: stockout", ()),
        (
            f"{MESSAGE} Consider trying your request in the <us-central1-f,us-central1-c> zone(s)",
            ("us-central1-f", "us-central1-c"),
        ),
    ],
)
def test_the_zones_that_have_room_are_those_that_are_named(
    text: str, zones: tuple[str, ...]
) -> None:
    (failure,) = read_failures(logged(text))
    assert isinstance(failure, NoRoom)
    assert failure.zones == zones


@pytest.mark.parametrize(
    "text",
    [
        "Error 404: The resource 'projects/p/zones/us-east1-b/acceleratorTypes/nvidia-l4' was not "
        "found, notFound",
        "Error 400: Invalid value for field 'resource.machineType': Machine type with name "
        "'c4-standard-8' does not exist in zone 'us-central1-d'., invalid",
        "Error 403: Required 'compute.instances.create' permission for 'projects/p', forbidden",
        "Error 503: The service is currently unavailable., backendError",
        "This feature is currently unavailable in the free tier.",
        "IP_SPACE_EXHAUSTED: IP space of 'projects/p/subnetworks/default' is exhausted.",
        "Specified reservation 'r' does not have available resources for the request.",
        "UNSUPPORTED_OPERATION: The operation is not supported.",
        "Constraint constraints/compute.vmExternalIpAccess violated for project 1.",
        "Operation timed out waiting for RESOURCE_NOT_READY",
        # It has been made, and is there, stopped: another one elsewhere would be one too many.
        "Error waiting for instance to create: Instance failed to start due to preemption.",
    ],
)
def test_what_another_zone_is_no_help_against(text: str) -> None:
    (failure,) = read_failures(logged(text))
    assert type(failure) is Failure


def test_a_quota_that_is_exceeded_is_no_lack_of_room() -> None:
    for text in (f"{QUOTA} {MESSAGE}", f"{MESSAGE} {CODED_QUOTA}"):
        (failure,) = read_failures(logged(text))
        assert isinstance(failure, QuotaExceeded)


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
    assert [(type(each), machine_of(each.address)) for each in read_failures(log)] == [
        (NoRoom, "scheelite"),
        (Failure, None),
        (NoRoom, "anatase"),
        (Failure, None),
    ]


@pytest.mark.parametrize(
    ("error", "metric", "limit", "where"),
    [
        (QUOTA, "NVIDIA_T4_GPUS", "1", "in region us-central1"),
        (QUOTA.replace("'", ""), "NVIDIA_T4_GPUS", "1", "in region us-central1"),
        (EVERYWHERE, "GPUS_ALL_REGIONS", "0", "globally"),
        (CODED_QUOTA, None, None, None),
    ],
)
def test_a_quota(error: str, metric: str | None, limit: str | None, where: str | None) -> None:
    (failure,) = read_failures(logged(error))
    assert isinstance(failure, QuotaExceeded)
    assert (machine_of(failure.address), failure.metric) == ("scheelite", metric)
    assert (failure.limit, failure.where) == (limit, where)


def test_a_permission_of_the_service_agent() -> None:
    (failure,) = read_failures(logged(PERMISSION))
    assert isinstance(failure, NotPermitted)
    assert (failure.account, failure.permissions) == (SERVICE_AGENT, "compute.instances.stop")


def test_no_room_for_what_is_no_machine_is_just_an_error() -> None:
    (failure,) = read_failures(logged(NO_ROOM, "google_compute_disk.scheelite-models"))
    assert type(failure) is Failure


def test_only_errors_are_errors() -> None:
    warning = (
        f"{DEBUG}vertex of another log: Error: Quota 'X' exceeded.\n"
        "2026-11-23T03:30:16.466Z [WARN]  Provider produced an invalid plan:\n"
        "      - .boot_disk[0].mode: planned value\n"
    )
    assert read_failures(warning) == read_failures("") == ()
    assert len(read_failures(warning + logged(OTHER) + warning)) == 1


def test_what_was_made() -> None:
    change = "{}google_compute_instance.{}: applying the planned {} change\n".format
    log = (
        change(DEBUG, "galena", "Create")
        + change(DEBUG, "scheelite", "Create")
        + logged(NO_ROOM)
        + change(DEBUG, "anatase", "Update")
        + f"{DEBUG}google_compute_firewall.ssh: applying the planned Create change\n"
    )
    assert find_created(log) == {"galena"}
