"""What is deployed has to be the fleet whose costs are shown."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cdktf import App

from infra_lib import (
    Catalog,
    DataDisk,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    Gpu,
    Nvidia,
    Price,
    StopSchedule,
)
from infra_lib.operate.deploy.check_fleet import check_plans, check_stacks
from infra_lib.operate.deploy.fallback import Move, move_machines
from infra_lib.operate.deploy.retry import differences
from infra_lib.operate.deploy.synthesis import Stack, read
from infra_lib.operate.kinds import owners
from infra_lib.stacks import GcpStack
from infra_lib.terraform.plan import Change, Plan
from tests.helpers.nix_fleets import PART, VGPU_DRIVER

GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    fallback_zones=("us-central1-a", "europe-west4-b"),
    gpu=Gpu("nvidia-tesla-t4"),
    enabled=True,
    stop_schedule=StopSchedule("0 20 * * *"),
)
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    machines=(GALENA, SCHEELITE),
)
HALITE = GcpMachine("halite", machine_type="e2-small", zone="europe-west4-a")
SALTS = evolve(FLEET, name="salts", machines=(HALITE,))

Synthesize = Callable[..., dict[str, Stack]]


@pytest.fixture
def synthesize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Synthesize:
    """Synthesize stacks: by name a fleet, or a fleet and the names of machines."""
    monkeypatch.chdir(tmp_path)

    def synthesized(**stacks: Any) -> dict[str, Stack]:
        app = App(outdir=str(tmp_path / "cdktf.out"))
        for name, given in stacks.items():
            fleet, machines = given if isinstance(given, tuple) else (given, None)
            GcpStack(app, name, fleet=fleet, machines=machines)
        app.synth()
        return read(tmp_path)

    return synthesized


def with_instance(stack: Stack, name: str, /, **attributes: Any) -> Stack:
    """The stack, with attributes of an instance that may be a new one."""
    document = json.loads(json.dumps(stack.document))
    document["resource"]["google_compute_instance"].setdefault(name, {}).update(attributes)
    return evolve(stack, document=document)


def refused(stacks: Mapping[str, Stack], fleet: Fleet = FLEET, asked: str = "") -> str:
    """Why stacks are not deployed for a fleet."""
    chosen = [stacks[asked]] if asked else list(stacks.values())
    with pytest.raises(FleetError) as error:
        check_stacks(stacks, chosen, fleet, "main:fleet")
    return str(error.value)


def test_what_the_fleet_describes_is_accepted(synthesize: Synthesize) -> None:
    stopped = evolve(GALENA, stopped=True)
    spot = evolve(SCHEELITE, spot=True)
    g2 = GcpMachine("topaz", machine_type="g2-standard-4", zone="us-central1-a", enabled=True)
    off = evolve(SCHEELITE, name="anatase", enabled=False)
    unknown = evolve(
        GALENA, name="quartz", catalog=Catalog(prices=(Price("e2-standard-8", "*", None),))
    )
    fleet = evolve(FLEET, machines=(stopped, spot, g2, off, unknown))
    stacks = synthesize(gcp=fleet)
    check_stacks(stacks, list(stacks.values()), fleet, "main:fleet")


def test_a_fleet_in_several_stacks_is_accepted_one_by_one(synthesize: Synthesize) -> None:
    stacks = synthesize(lab=(FLEET, ("galena",)), bench=(FLEET, ("scheelite",)), salts=SALTS)
    for name in ("lab", "bench"):
        check_stacks(stacks, [stacks[name]], FLEET, "main:fleet")
    check_stacks(stacks, [stacks["salts"]], SALTS, "main:salts")


def test_a_stack_of_another_fleet_is_refused(synthesize: Synthesize) -> None:
    stacks = synthesize(metals=FLEET, salts=SALTS)
    said = "stack 'salts': it is of fleet 'salts', and its cost is not that of fleet 'metals'"
    assert refused(stacks, asked="salts").startswith(said)
    assert refused(stacks).startswith(said)
    check_stacks(stacks, [stacks["metals"]], FLEET, "main:fleet")


@pytest.mark.parametrize(
    ("name", "stack"),
    [("salts", "other"), ("metals-b", "other"), ("metals-b", "lab")],
)
def test_another_fleet_is_known_by_its_rules_where_all_of_it_is_off(
    synthesize: Synthesize, name: str, stack: str
) -> None:
    other = evolve(SALTS, name=name, machines=(evolve(HALITE, enabled=False),))
    stacks = synthesize(metals=FLEET, **{stack: other})
    assert f"another fleet, as '{name}' in it says" in refused(stacks, asked=stack)
    check_stacks(stacks, [stacks[stack]], other, "main:other")


def test_another_fleet_of_a_long_name_that_begins_alike_is_known(synthesize: Synthesize) -> None:
    metals, salts = (evolve(FLEET, name="m" * 55 + end, machines=()) for end in "ab")
    off = evolve(metals, machines=(evolve(GALENA, enabled=False),))
    stacks = synthesize(lab=(off, ("galena",)))
    check_stacks(stacks, list(stacks.values()), metals, "main:metals")
    assert "stack 'lab': it is of another fleet" in refused(stacks, salts)


def test_the_fleets_own_stack_may_be_off(synthesize: Synthesize) -> None:
    off = evolve(FLEET, machines=(evolve(GALENA, enabled=False),))
    for stacks in (synthesize(gcp=off), synthesize(lab_1=(off, ("galena",)))):
        check_stacks(stacks, list(stacks.values()), off, "main:fleet")


def test_a_rule_of_the_users_own_beside_the_fleets_does_not_make_a_stack_anothers(
    synthesize: Synthesize,
) -> None:
    off = evolve(FLEET, machines=(evolve(GALENA, enabled=False),))
    (stack,) = synthesize(gcp=off).values()
    rules = {**stack.resources("google_compute_firewall"), "ssh-lab": {"target_tags": ["lab"]}}
    resources = {**stack.document["resource"], "google_compute_firewall": rules}
    own = evolve(stack, document={**stack.document, "resource": resources})
    check_stacks({"gcp": own}, [own], off, "main:fleet")


def test_the_fleets_own_stack_may_be_off_and_closed_to_ssh(synthesize: Synthesize) -> None:
    closed = GcpProject(
        "example-project", region="us-central1", ssh_source_ranges=(), network="lab"
    )
    off = evolve(FLEET, gcp=closed, machines=(evolve(GALENA, enabled=False, tags=("controller",)),))
    stacks = synthesize(gcp=off)
    assert stacks["gcp"].resources("google_compute_firewall").keys() == {"zerotier"}
    check_stacks(stacks, list(stacks.values()), off, "main:fleet")
    assert "another fleet, as 'metals-zerotier' in it says" in refused(stacks, SALTS, "gcp")


def test_a_stack_with_nothing_but_the_rule_that_closes_ssh_is_known(synthesize: Synthesize) -> None:
    closed = GcpProject("example-project", region="us-central1", ssh_source_ranges=())
    off = evolve(FLEET, gcp=closed, machines=(evolve(GALENA, enabled=False),))
    stacks = synthesize(gcp=off)
    assert stacks["gcp"].document["resource"].keys() == {"google_compute_firewall"}
    check_stacks(stacks, list(stacks.values()), off, "main:fleet")
    assert "another fleet, as 'metals' in it says" in refused(stacks, SALTS, "gcp")


def test_the_fleets_own_stack_may_have_a_long_name(synthesize: Synthesize) -> None:
    """Its tags then end in a hash."""
    off = evolve(FLEET, name="m" * 40, machines=(evolve(GALENA, enabled=False),))
    stacks = synthesize(**{"s" * 40: (off, ("galena",))})
    check_stacks(stacks, list(stacks.values()), off, "main:fleet")


def test_a_stack_of_nobody_is_accepted(synthesize: Synthesize) -> None:
    stacks = synthesize(gcp=FLEET)
    dns = evolve(stacks["gcp"], name="dns", document={"resource": {"google_dns_zone": {"a": {}}}})
    check_stacks({**stacks, "dns": dns}, [dns], FLEET, "main:fleet")


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (evolve(GALENA, zone="us-central1-a"), "zone='us-central1-b' was synthesized, and the"),
        (evolve(GALENA, machine_type="e2-standard-4"), "machine_type='e2-standard-8' was"),
        (evolve(GALENA, stopped=True), "state='on' was synthesized, and the fleet has 'stopped'"),
        (evolve(GALENA, enabled=False), "state='on' was synthesized, and the fleet has 'off'"),
        (evolve(GALENA, spot=True), "spot=False was synthesized, and the fleet has True"),
        (
            evolve(GALENA, catalog=Catalog(prices=(Price("e2-standard-8", "*", 0.2),))),
            "usd_per_hour=0.286745 was synthesized, and the fleet has 0.218699",
        ),
    ],
)
def test_a_machine_that_is_synthesized_otherwise_is_refused(
    synthesize: Synthesize, machine: GcpMachine, said: str
) -> None:
    """Another source was named, or the app has changed since it was loaded."""
    stacks = synthesize(gcp=FLEET)
    fleet = evolve(FLEET, machines=(machine, SCHEELITE))
    assert f"google_compute_instance.galena: {said}" in refused(stacks, fleet)


def test_another_gpu_is_refused(synthesize: Synthesize) -> None:
    stacks = synthesize(gcp=FLEET)
    two = evolve(SCHEELITE, gpu=Gpu("nvidia-tesla-t4", count=2))
    said = refused(stacks, evolve(FLEET, machines=(GALENA, two)))
    assert "gpu=[('nvidia-tesla-t4', 1)] was synthesized, and the fleet has [('nvidia-te" in said


def test_a_part_of_a_gpu_is_taken_as_a_stack_and_a_plan_have_it(synthesize: Synthesize) -> None:
    """Nothing of it is synthesized, and Compute Engine may say of it what it likes."""
    fleet = evolve(
        FLEET, machines=(evolve(PART, enabled=True),), nvidia=Nvidia(vgpu_driver=VGPU_DRIVER)
    )
    stacks = synthesize(gcp=fleet)
    check_stacks(stacks, [*stacks.values()], fleet, "main:fleet")
    wholly = {"guest_accelerator": [{"type": "nvidia-rtx-pro-6000", "count": 1}]}

    def plan(**attributes: Any) -> Plan:
        kind = "google_compute_instance"
        instance = {**stacks["gcp"].resources(kind)["beryl"], **attributes}
        return Plan("gcp", (Change(f"{kind}.beryl", kind, ("create",), None, instance),))

    check_plans([plan(**wholly), plan(guest_accelerator=[])], fleet)
    with pytest.raises(FleetError, match="zone='us-central1-c' is planned"):
        check_plans([plan(zone="us-central1-c", **wholly)], fleet)


def test_a_machine_that_no_stack_has_or_the_fleet_has_not_is_refused(
    synthesize: Synthesize,
) -> None:
    fewer = evolve(FLEET, machines=(GALENA,))
    assert "machine 'scheelite' is on in fleet 'metals', and no stack" in (
        refused(synthesize(gcp=fewer), FLEET)
    )
    assert "is labelled as of machine 'scheelite', which fleet 'metals' has not" in (
        refused(synthesize(gcp=FLEET), fewer)
    )


def test_a_machine_that_is_on_here_and_off_there_is_refused(synthesize: Synthesize) -> None:
    disk = evolve(GALENA, data_disks=(DataDisk("ore", size_gb=10),))
    off = evolve(FLEET, machines=(evolve(disk, enabled=False), SCHEELITE))
    assert "machine 'galena' is on in fleet 'metals'" in (
        refused(synthesize(gcp=off), evolve(FLEET, machines=(disk, SCHEELITE)))
    )


def test_a_machine_in_two_stacks_is_refused(synthesize: Synthesize) -> None:
    stacks = synthesize(bench=(FLEET, ("galena",)), lab=FLEET)
    said = "machine 'galena' is in the stacks 'bench' and 'lab', and would be made, and paid for"
    for asked in ("", "lab", "bench"):
        assert refused(stacks, asked=asked).startswith(said)


@pytest.mark.parametrize("repeated", ["count", "for_each"])
def test_a_machine_is_one_instance(synthesize: Synthesize, repeated: str) -> None:
    many = with_instance(synthesize(gcp=FLEET)["gcp"], "galena", **{repeated: 9})
    assert ": a machine is one instance" in refused({"gcp": many})


def test_an_instance_with_the_labels_of_a_machine_is_refused(synthesize: Synthesize) -> None:
    stack = synthesize(gcp=FLEET)["gcp"]
    galena = stack.resources("google_compute_instance")["galena"]
    assert "google_compute_instance.bastion has the labels fleet and machine of 'galena'" in (
        refused({"gcp": with_instance(stack, "bastion", **galena)})
    )


@pytest.mark.parametrize("labels", [{}, {"fleet": "trucks"}, {"machine": "galena"}, None, "${x}"])
def test_an_instance_of_the_users_own_is_accepted(synthesize: Synthesize, labels: Any) -> None:
    stack = synthesize(gcp=FLEET)["gcp"]
    more = with_instance(stack, "bastion", machine_type="e2-micro", labels=labels)
    check_stacks({"gcp": more}, [more], FLEET, "main:fleet")


def test_labels_that_only_terraform_can_tell_name_no_machine() -> None:
    instances = {
        "galena": {"labels": {"fleet": "metals", "machine": "galena"}},
        "mine": {"labels": "${local.labels}"},
        "theirs": "${var.instance}",
    }
    found = owners({"resource": {"google_compute_instance": instances}})
    assert found == {("metals", "galena")}


def test_what_a_move_brings_with_it_is_no_difference(synthesize: Synthesize) -> None:
    """Another zone, with it another price, its label, and in another region another policy."""
    agreed = synthesize(lab=(FLEET, ("galena",)), bench=(FLEET, ("scheelite",)))
    for zone in ("us-central1-a", "europe-west4-b"):
        move = Move("scheelite", "us-central1-c", zone)
        fleet = move_machines(FLEET, [move])
        anew = synthesize(lab=(fleet, ("galena",)), bench=(fleet, ("scheelite",)))
        assert differences(list(agreed.values()), anew, fleet, [move]) == []
        assert anew["bench"].document != agreed["bench"].document


def test_a_move_to_a_price_that_nobody_knows_is_no_difference(synthesize: Synthesize) -> None:
    unknown = Catalog(prices=(Price("nvidia-tesla-t4", "us-central1-a", None),))
    fleet = evolve(FLEET, machines=(evolve(SCHEELITE, catalog=unknown),))
    move = Move("scheelite", "us-central1-c", "us-central1-a")
    agreed = list(synthesize(gcp=fleet).values())
    there = move_machines(fleet, [move])
    anew = synthesize(gcp=there)
    assert anew["gcp"].machine("scheelite")["usd_per_hour"] == "${null}"
    assert differences(agreed, anew, there, [move]) == []


def test_all_else_that_changes_with_a_move_is_a_difference(synthesize: Synthesize) -> None:
    move = Move("scheelite", "us-central1-c", "us-central1-a")
    fleet = move_machines(FLEET, [move])
    agreed = [synthesize(gcp=FLEET)["gcp"]]
    instance = "google_compute_instance"

    def found(fleet_then: Fleet) -> list[str]:
        return differences(agreed, synthesize(gcp=fleet_then), fleet, [move])

    def of(*machines: GcpMachine) -> Fleet:
        return evolve(fleet, machines=machines)

    assert found(of(GALENA, evolve(SCHEELITE, machine_type="n1-standard-16"))) == [
        "output.machines.value.scheelite.machine_type",
        "output.machines.value.scheelite.usd_per_hour",
        f"{instance}.scheelite.labels.cost",
        f"{instance}.scheelite.machine_type",
    ]
    assert f"{instance}.scheelite.scheduling.preemptible" in found(
        of(GALENA, evolve(SCHEELITE, spot=True))
    )
    assert found(of(GALENA, evolve(SCHEELITE, stop_schedule=StopSchedule("0 21 * * *")))) == [
        "google_compute_resource_policy.scheelite-stop.instance_schedule_policy"
        ".vm_stop_schedule.schedule"
    ]
    assert f"{instance}.galena.zone" in found(of(evolve(GALENA, zone="us-central1-a"), SCHEELITE))
    assert f"{instance}.anatase" in found(of(GALENA, SCHEELITE, evolve(SCHEELITE, name="anatase")))
    assert f"{instance}.galena" in found(of(SCHEELITE))
    disk = evolve(GALENA, data_disks=(DataDisk("ore", size_gb=10),))
    assert any(each.startswith("google_compute_disk") for each in found(of(disk, SCHEELITE)))
    # A zone that it should not be in, and one that it has not left.
    elsewhere = move_machines(FLEET, [Move("scheelite", "us-central1-c", "europe-west4-b")])
    assert f"{instance}.scheelite.zone" in found(elsewhere)
    assert f"{instance}.scheelite.zone" in found(FLEET)


def test_another_file_beside_a_stack_is_a_difference(synthesize: Synthesize) -> None:
    agreed = synthesize(gcp=FLEET)["gcp"]
    anew = {"gcp": evolve(agreed, files={**agreed.files, "assets/x": "1"})}
    assert differences([agreed], anew, FLEET, []) == ["the file assets/x of stack gcp"]
    assert differences([agreed], {}, FLEET, []) == ["stack gcp"]
