"""Who is moved, where to, and who is not."""

from attrs import evolve

from infra_lib import DataDisk, Facts, Fleet, GcpMachine, GcpProject, Gpu
from infra_lib.clouds.failure import Failure, NoRoom, QuotaExceeded
from infra_lib.clouds.gcp.failures import NotPermitted
from infra_lib.operate.deploy.advice import advice
from infra_lib.operate.deploy.fallback import Move, choose_moves, move_machines

SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    fallback_zones=("us-central1-a", "us-central1-f"),
    gpu=Gpu("nvidia-tesla-t4"),
    enabled=True,
)
ANATASE = evolve(SCHEELITE, name="anatase", fallback_zones=())
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    machines=(SCHEELITE, ANATASE),
)
ADDRESS = "google_compute_instance.scheelite"
OTHER = Failure("google_compute_firewall.ssh", "no network")
NEXT = Move("scheelite", "us-central1-c", "us-central1-a")


def no_room(name: str = "scheelite") -> NoRoom:
    return NoRoom(f"google_compute_instance.{name}", "no room")


def test_the_zones_are_tried_in_turn_and_each_once() -> None:
    tried = ["us-central1-c"]
    assert choose_moves(FLEET, [no_room()], {"scheelite": tried}, ()) == (NEXT,)
    there = move_machines(FLEET, [NEXT])
    tried.append("us-central1-a")
    last = Move("scheelite", "us-central1-a", "us-central1-f")
    assert choose_moves(there, [no_room()], {"scheelite": tried}, ()) == (last,)
    assert move_machines(there, [last]).facts == Facts().with_zone("scheelite", "us-central1-f")
    tried.append("us-central1-f")
    assert choose_moves(move_machines(there, [last]), [no_room()], {"scheelite": tried}, ()) == ()


def test_a_machine_in_a_later_zone_goes_back_to_the_first() -> None:
    there = evolve(FLEET, facts=Facts().with_zone("scheelite", "us-central1-a"))
    (move,) = choose_moves(there, [no_room()], {"scheelite": ["us-central1-a"]}, ())
    assert move == Move("scheelite", "us-central1-a", "us-central1-c")


def test_one_that_cannot_be_moved_does_not_hold_another_back() -> None:
    assert choose_moves(FLEET, [no_room("anatase"), no_room()], {}, ()) == (NEXT,)
    assert choose_moves(FLEET, [no_room("anatase")], {}, ()) == ()


def test_what_exists_or_fails_otherwise_or_is_not_in_the_fleet_is_not_moved() -> None:
    assert choose_moves(FLEET, [no_room()], {}, {"scheelite"}) == ()
    assert (
        choose_moves(
            FLEET, [no_room(), Failure("google_compute_firewall.ssh", "no network")], {}, ()
        )
        == ()
    )
    assert (
        choose_moves(FLEET, [QuotaExceeded(ADDRESS, "", "NVIDIA_T4_GPUS", "0", "")], {}, ()) == ()
    )
    assert choose_moves(FLEET, [no_room("quartz")], {}, ()) == ()
    assert choose_moves(FLEET, [], {}, ()) == ()


def test_advice_names_zones_that_offer_the_same() -> None:
    said = advice(FLEET, no_room("anatase"), {"anatase": ["us-central1-c"]}, ())
    assert said is not None
    assert "fallback_zones=('us-central1-a', 'us-central1-b', 'us-central1-f')" in said
    held = evolve(ANATASE, data_disks=(DataDisk("models", size_gb=10),))
    said = advice(evolve(FLEET, machines=(held,)), no_room("anatase"), {}, ())
    assert said is not None
    assert "its data disks hold it there" in said


def test_advice_on_the_service_agent_is_a_command() -> None:
    account = "service-1@compute-system.iam.gserviceaccount.com"
    said = advice(FLEET, NotPermitted(ADDRESS, "", account, "compute.instances.stop"), {}, ())
    assert said is not None
    assert said.endswith(
        "gcloud projects add-iam-policy-binding example-project "
        f"--member=serviceAccount:{account} --role=roles/compute.instanceAdmin.v1"
    )
    assert advice(FLEET, OTHER, {}, ()) is None
