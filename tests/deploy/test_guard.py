"""What a deployment would delete is read by Terraform itself, and is not deleted unseen."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import evolve
from cdktf import App

from infra_lib import BootDisk, DataDisk, Fleet, FleetError, GcpMachine, GcpProject
from infra_lib.operate.deploy import check_fleet, guard, inputs, plan, price
from infra_lib.operate.deploy.synthesis import Stack, read
from infra_lib.stacks import GcpStack
from infra_lib.terraform.command import run
from infra_lib.terraform.plan import Plan
from tests.terraform.harness import JSON, Workspace

ORE = DataDisk("ore", size_gb=10)
GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
MINE = evolve(GALENA, data_disks=(ORE,))
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    machines=(GALENA,),
)
WITH_ORE = evolve(FLEET, machines=(MINE,))
OFF = evolve(FLEET, machines=(evolve(GALENA, enabled=False),))
SALTS = evolve(FLEET, name="salts", machines=())


@attrs.frozen
class Checkout:
    """A project whose stacks are synthesized in this process, and applied by Terraform.

    Attributes:
        workspace: Where it is.
    """

    workspace: Workspace

    def synthesize(self, *fleets: Fleet, **stacks: Iterable[str]) -> list[Stack]:
        """Write a stack for each of `stacks`, with those machines; for all of them, `gcp`."""
        app = App(outdir=str(self.workspace.app / "cdktf.out"))
        (fleet,) = fleets
        for name, machines in stacks.items():
            GcpStack(app, name, fleet=fleet, machines=machines)
        if not stacks:
            GcpStack(app, "gcp", fleet=fleet)
        app.synth()
        return list(read(self.workspace.app).values())

    def apply(self, stacks: Iterable[Stack]) -> None:
        """Have stacks as they were written."""
        for stack in stacks:
            for words in (("init",), ("apply", "-auto-approve")):
                self.workspace.run(self.workspace.binary, *words, folder=stack.folder)


@pytest.fixture
def checkout(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A project over an empty cloud; Terraform finds it by the environment."""
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(workspace.app)
    return Checkout(workspace)


def planned(stacks: list[Stack]) -> tuple[Plan, ...]:
    """The plans of stacks, which can be made."""
    plans = plan.read(stacks)
    assert not isinstance(plans, str), plans
    return plans


def own(stack: Stack, **resources: Any) -> Stack:
    """A stack with resources of the user's own: `google_compute_disk={"name": {…}}`."""
    document = json.loads(json.dumps(stack.document))
    for kind, found in resources.items():
        document.setdefault("resource", {}).setdefault(kind, {}).update(found)
    (stack.folder / "cdk.tf.json").write_text(json.dumps(document))
    return Stack.read(stack.name, stack.folder)


def test_a_disk_that_is_dropped_is_not_deleted_unseen(checkout: Checkout) -> None:
    checkout.apply(checkout.synthesize(WITH_ORE))
    plans = planned(checkout.synthesize(FLEET))
    assert guard.refusal(FLEET, plans) == (
        "data disk ore is deployed, and no machine of fleet metals has it. To delete it with what "
        "is on it, deploy without --yes"
    )
    assert guard.losses(plans) == [
        "WARNING: stack gcp deletes data disk ore with all that is on it"
    ]
    assert guard.refusal(WITH_ORE, planned(checkout.synthesize(WITH_ORE))) is None


def test_nor_with_all_machines_off_or_the_fleet_renamed_or_as_another_fleets(
    checkout: Checkout,
) -> None:
    checkout.apply(checkout.synthesize(WITH_ORE))
    renamed = evolve(FLEET, name="ores")
    for fleet in (OFF, renamed, evolve(SALTS, machines=(evolve(GALENA, name="halite"),))):
        refusal = guard.refusal(fleet, planned(checkout.synthesize(fleet)))
        assert refusal is not None
        assert f"data disk ore is deployed, and no machine of fleet {fleet.name} has it" in refusal


def test_a_disk_of_the_users_own_is_not_deleted_unseen(checkout: Checkout) -> None:
    (stack,) = checkout.synthesize(FLEET)
    disk = {"name": "attic", "zone": "us-central1-b", "size": 10, "type": "pd-balanced"}
    checkout.apply([own(stack, google_compute_disk={"mine": disk})])
    refusal = guard.refusal(FLEET, planned(checkout.synthesize(FLEET)))
    assert refusal is not None
    assert "data disk attic is deployed" in refusal


def test_a_disk_that_is_made_anew_is_not_deleted_unseen(checkout: Checkout) -> None:
    loose = evolve(ORE, prevent_destroy=False)
    fleet = evolve(FLEET, machines=(evolve(GALENA, enabled=False, data_disks=(loose,)),))
    checkout.apply(checkout.synthesize(fleet))
    faster = evolve(loose, type="pd-ssd")
    fleet = evolve(FLEET, machines=(evolve(GALENA, enabled=False, data_disks=(faster,)),))
    plans = planned(checkout.synthesize(fleet))
    assert guard.refusal(fleet, plans) == (
        "data disk ore of galena would be made anew, empty, for its type. To delete the one that "
        "is there with what is on it, deploy without --yes"
    )
    assert guard.losses(plans) == [
        "WARNING: stack gcp deletes data disk ore with all that is on it, to be made anew, for its "
        "type"
    ]


def test_a_disk_that_is_made_anew_while_its_machine_stays_is_known_to_come_off(
    checkout: Checkout,
) -> None:
    loose = evolve(ORE, prevent_destroy=False)
    tin = evolve(loose, name="tin")
    halite = evolve(GALENA, name="halite", data_disks=(tin,))
    fleet = evolve(FLEET, machines=(evolve(GALENA, data_disks=(loose,)), halite))
    checkout.apply(checkout.synthesize(fleet))
    faster = evolve(GALENA, data_disks=(evolve(loose, type="pd-ssd"),))
    for machines, off in (
        (fleet.machines, ()),
        ((faster, halite), ("ore",)),
        ((evolve(faster, boot_disk=BootDisk(type="pd-ssd")), halite), ()),  # it is made anew too
        ((GALENA, halite), ()),  # it goes
        ((evolve(faster, enabled=False), halite), ()),
    ):
        changed = evolve(FLEET, machines=machines)
        assert guard.detached_disks(planned(checkout.synthesize(changed))) == off


def test_another_image_changes_nothing_of_a_machine_that_is_there(checkout: Checkout) -> None:
    """NixOS is installed over it, and would be gone with the boot disk."""
    made, moved = (
        evolve(FLEET, machines=(evolve(GALENA, boot_disk=BootDisk(image=image)),))
        for image in ("example-images/nixos", "example-images/unstable")
    )
    checkout.apply(checkout.synthesize(made))
    for fleet in (made, moved, FLEET):
        (seen,) = planned(checkout.synthesize(fleet))
        assert seen.is_empty
    faster = evolve(GALENA, boot_disk=BootDisk(image="example-images/unstable", type="pd-ssd"))
    stacks = checkout.synthesize(evolve(FLEET, machines=(faster,)))
    assert guard.losses(planned(stacks)) == [
        "WARNING: stack gcp deletes galena with its boot disk, to be made anew, for its boot_disk"
    ]
    checkout.apply(stacks)
    (disk,) = checkout.workspace.cloud.instances["galena"]["boot_disk"]
    assert "unstable" in disk["initialize_params"][0]["image"]


GROWN = (
    "galena would be made anew, with an empty boot disk, to have 200 GB for 100: from 7.22 on "
    "Google's provider grows a disk in place, and the stack's .terraform.lock.hcl holds an "
    "older one. Remove that file, or deploy without --yes to have it so"
)
WIPED = (
    "galena would be made anew, with an empty boot disk: no machine keeps its own for what the "
    "fleet says of boot_disk, or for another kms_key. To delete the one that is there with what is "
    "on it, deploy without --yes"
)


def resized(before: JSON, after: JSON, *actions: str, forced_by: str = "boot_disk") -> list[Plan]:
    """A plan for the boot disk of galena, as Terraform prints it."""
    values = [
        {"name": "galena", "zone": GALENA.zone, "boot_disk": [{"initialize_params": [params]}]}
        for params in (before, after)
    ]
    change: JSON = {"actions": actions, "before": values[0], "after": values[1]}
    if "delete" in actions:
        change["replace_paths"] = [[forced_by, 0, "initialize_params", 0, "size"]]
    instance = "google_compute_instance"
    made = {"address": f"{instance}.galena", "type": instance, "mode": "managed", "change": change}
    return [Plan.from_json("gcp", json.dumps({"resource_changes": [made]}))]


@pytest.mark.parametrize(
    ("sizes", "actions", "refused"),
    [
        ((100, 99), ["update"], True),
        ((100, 100), ["update"], False),
        ((100, 101), ["update"], False),
        ((100, 50), ["delete", "create"], False),  # which makes a smaller one
        ((100, None), ["update"], False),
        ((None, 100), ["update"], False),
    ],
)
def test_a_boot_disk_that_would_shrink_is_refused_before_anything_is_changed(
    sizes: tuple[int | None, int | None], actions: list[str], refused: bool
) -> None:
    before, after = ({"size": size, "type": "pd-balanced"} for size in sizes)
    said = guard.shrinking_disk(resized(before, after, *actions))
    assert said == (
        "machine 'galena': boot_disk.size_gb=99: its boot disk has 100 GB, and no disk shrinks: "
        "100 or more is accepted. To have the machine made anew, with a smaller one, deploy it "
        "with enabled=False, then with enabled=True"
        if refused
        else None
    )


def test_a_boot_disk_of_which_nothing_is_known_is_none_that_shrinks(checkout: Checkout) -> None:
    for before, after in (({}, {"size": 10}), ({"size": 10}, {})):
        assert guard.shrinking_disk(resized(before, after, "update")) is None
    stacks = checkout.synthesize(FLEET)
    assert guard.shrinking_disk(planned(stacks)) is None  # it is made
    checkout.apply(stacks)
    assert guard.shrinking_disk(planned(checkout.synthesize(OFF))) is None  # it goes


@pytest.mark.parametrize(
    ("before", "after", "forced_by", "refused"),
    [
        ({"size": 100, "type": "pd-ssd"}, {"size": 200, "type": "pd-ssd"}, "boot_disk", GROWN),
        ({"size": 200, "type": "pd-ssd"}, {"size": 100, "type": "pd-ssd"}, "boot_disk", WIPED),
        ({"size": 100, "type": "pd-ssd"}, {"size": 100, "type": "pd-ssd"}, "boot_disk", WIPED),
        ({"size": 100, "type": "pd-ssd"}, {"size": 200, "type": "pd-standard"}, "boot_disk", WIPED),
        ({"size": 100, "type": "pd-ssd"}, {"size": 200, "type": "pd-ssd"}, "scheduling", None),
        ({"size": 100, "type": "pd-ssd"}, {"size": None, "type": "pd-ssd"}, "boot_disk", WIPED),
        ({}, {}, "boot_disk", WIPED),
    ],
)
def test_a_machine_is_not_made_anew_unseen_for_its_boot_disk(
    before: JSON, after: JSON, forced_by: str, refused: str | None
) -> None:
    """An old provider makes it anew to grow its disk, and a newer one does not."""
    plans = resized(before, after, "delete", "create", forced_by=forced_by)
    assert guard.refusal(FLEET, plans) == refused


def test_a_disk_that_terraform_guards_is_said_to_be_guarded(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.apply(checkout.synthesize(WITH_ORE))
    moved = evolve(FLEET, machines=(evolve(MINE, zone="us-central1-a"),))
    untold = "stack gcp: what would change cannot be told, nothing was deployed"
    assert plan.read(checkout.synthesize(moved)) == untold
    printed = capsys.readouterr()
    assert "Instance cannot be destroyed" in printed.out
    assert printed.err.splitlines() == [
        "infra: google_compute_disk.ore would be deleted, and its prevent_destroy does not let it. "
        "To have it deleted all the same, with what is on it, say prevent_destroy=False and deploy "
        "without --yes",
    ]


def test_a_machine_that_goes_to_another_stack_is_not_deleted_unseen(checkout: Checkout) -> None:
    quartz, tin = (evolve(GALENA, name=name) for name in ("quartz", "tin"))
    fleet = evolve(FLEET, machines=(MINE, quartz, tin))
    checkout.apply(checkout.synthesize(fleet, lab=("galena", "quartz"), bench=("tin",)))
    plans = planned(checkout.synthesize(fleet, lab=("galena",), bench=("quartz", "tin")))
    said = "{} in another stack. Move its state there first, and all of it stays: see docs/ext"
    refusal = guard.refusal(fleet, plans)
    assert refusal is not None
    assert refusal.startswith(said.format("quartz is to be"))

    # With a data disk, also one that is off.
    off = evolve(fleet, machines=(evolve(MINE, enabled=False), quartz, tin))
    plans = planned(checkout.synthesize(off, lab=("quartz",), bench=("galena", "tin")))
    refusal = guard.refusal(off, plans)
    assert refusal == (
        "data disk ore of galena is in stack lab, and is to be in another. Move its state there "
        "first, and all of it stays: see docs/extending.md. To delete it with what is on it, "
        "deploy without --yes"
    )

    # The new stack alone would make it a second time.
    bench = [
        each
        for each in checkout.synthesize(fleet, lab=("galena",), bench=("quartz", "tin"))
        if each.name == "bench"
    ]
    plans = planned(bench)
    refusal = guard.refusal(fleet, plans, {"galena", "quartz"})
    assert refusal is not None
    assert refusal.startswith("quartz is deployed in another stack of the app")
    assert guard.refusal(fleet, plans, {"galena"}) is None


def test_a_machine_in_another_zone_is_not_deleted_unseen(checkout: Checkout) -> None:
    checkout.apply(checkout.synthesize(FLEET))
    there = evolve(GALENA, zone="us-central1-c")
    fleet = evolve(FLEET, machines=(there,))
    plans = planned(checkout.synthesize(fleet))
    refusal = guard.refusal(fleet, plans)
    assert refusal is not None
    assert refusal.startswith("galena is deployed in us-central1-b, and zone='us-central1-b' in")
    assert guard.losses(plans) == [
        "WARNING: stack gcp deletes galena with its boot disk, to be made anew, for its zone"
    ]
    # What the fleet says is to go, goes; and what takes another instance makes one.
    for fleet in (OFF, evolve(FLEET, machines=(evolve(GALENA, spot=True),))):
        plans = planned(checkout.synthesize(fleet))
        assert guard.refusal(fleet, plans) is None
        (line,) = guard.losses(plans)
        assert line.startswith("WARNING: stack gcp deletes galena with its boot disk")


def test_a_stack_that_says_not_whose_it_is_is_whose_it_was(checkout: Checkout) -> None:
    """Without machines and rules nothing in it names a fleet; what it would delete does."""
    checkout.apply(checkout.synthesize(evolve(FLEET, name="salts"), empty=("galena",)))
    stacks = checkout.synthesize(FLEET, empty=())
    plans = planned(stacks)
    with pytest.raises(FleetError, match="is deployed there, of fleet 'salts', and would change"):
        check_fleet.check_owners(stacks, plans, FLEET)
    check_fleet.check_owners(stacks, plans, evolve(FLEET, name="salts"))
    # A fleet that is called otherwise now is no other fleet.
    stacks = checkout.synthesize(FLEET, empty=("galena",))
    check_fleet.check_owners(stacks, planned(stacks), FLEET)


def test_a_state_that_cannot_be_read_is_no_empty_one(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.apply(checkout.synthesize(WITH_ORE))
    (checkout.workspace.app / "terraform.gcp.tfstate").write_text("{")
    untold = "stack gcp: what would change cannot be told, nothing was deployed"
    assert plan.read(checkout.synthesize(FLEET)) == untold
    assert "Error" in capsys.readouterr().out


KEY = "projects/example-project/locations/{}/keyRings/fleet/cryptoKeys/disks"


@pytest.mark.parametrize("where", ["project", "machine"])
def test_a_machine_is_not_wiped_unseen_for_a_key(checkout: Checkout, where: str) -> None:
    def keyed(key: str) -> Fleet:
        assert FLEET.gcp is not None
        if where == "project":
            return evolve(FLEET, gcp=evolve(FLEET.gcp, kms_key=key))
        return evolve(FLEET, machines=(evolve(GALENA, boot_disk=BootDisk(kms_key=key)),))

    fleets = FLEET, keyed(KEY.format("us-central1")), keyed(KEY.format("global"))
    for before, after in pairwise(fleets):
        checkout.apply(checkout.synthesize(before))
        plans = planned(checkout.synthesize(after))
        refusal = guard.refusal(after, plans)
        assert refusal is not None
        assert refusal.startswith("galena would be made anew, with an empty boot disk")
        assert guard.losses(plans) == [
            "WARNING: stack gcp deletes galena with its boot disk, to be made anew, for its "
            "boot_disk"
        ]
        # What is made with its key stays, and so does one whose key nobody names any more.
        checkout.apply(checkout.synthesize(after))
        for settled in (after, FLEET):
            assert guard.losses(planned(checkout.synthesize(settled))) == []


def test_a_machine_that_is_made_anew_for_what_the_fleet_asks_is_not_refused(
    checkout: Checkout,
) -> None:
    checkout.apply(checkout.synthesize(FLEET))
    spot = evolve(FLEET, machines=(evolve(GALENA, spot=True),))
    plans = planned(checkout.synthesize(spot))
    assert guard.refusal(spot, plans) is None
    assert len(guard.losses(plans)) == 1


def test_a_data_disk_is_not_wiped_unseen_for_a_key(checkout: Checkout) -> None:
    def keyed(key: str | None) -> Fleet:
        disk = evolve(ORE, prevent_destroy=False, kms_key=key)
        return evolve(FLEET, machines=(evolve(GALENA, data_disks=(disk,)),))

    key = KEY.format("us-central1")
    for before, after in ((None, key), (key, None)):
        checkout.apply(checkout.synthesize(keyed(before)))
        assert guard.losses(planned(checkout.synthesize(keyed(before)))) == []
        refusal = guard.refusal(keyed(after), planned(checkout.synthesize(keyed(after))))
        assert refusal is not None
        assert "data disk ore of galena would be made anew, empty, for its disk_encry" in refusal


def test_what_another_stack_needs_is_deployed_first(checkout: Checkout) -> None:
    (stack,) = checkout.synthesize(FLEET)
    (stack.folder / "cdk.tf.json").write_text("{")
    needing = evolve(stack, needs=("lab", "gcp"))
    untold = plan.read([needing, evolve(stack, name="lab")])
    assert isinstance(untold, str)
    assert untold.endswith("; it needs gcp, lab, to be deployed first")


def test_instances_that_are_no_machines_are_told(checkout: Checkout) -> None:
    (stack,) = checkout.synthesize(FLEET)
    bastion = {
        "name": "bastion",
        "zone": "us-central1-b",
        "machine_type": "e2-micro",
        "boot_disk": {"initialize_params": {"image": "debian-cloud/debian-12"}},
        "network_interface": {"network": "default"},
    }
    plans = planned([own(stack, google_compute_instance={"bastion": bastion})])
    assert price.uncounted_resources(FLEET, plans) == [
        "google_compute_instance.bastion in stack gcp"
    ]


def test_a_plan_is_kept_from_others_and_removed(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds secrets as they are."""
    seen = tmp_path / "seen"
    terraform = tmp_path / "terraform"
    terraform.write_text(
        f'#!/bin/sh\n{checkout.workspace.binary} "$@"\nstatus=$?\n'
        "for word; do case $word in -out=*) file=${word#-out=}; "
        f'ls -ld "$file" "${{file%/*}}" >{seen};; esac; done\nexit $status\n'
    )
    terraform.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    stacks = checkout.synthesize(FLEET)
    planned(stacks)
    folder, file = (line.split() for line in seen.read_text().splitlines())
    assert (file[0][:10], folder[0][:10]) == ("-rw-------", "drwx------")
    assert not Path(folder[-1]).exists()
    left = {path.name for path in stacks[0].folder.iterdir()}
    assert left == {".terraform", ".terraform.lock.hcl", "cdk.tf.json"}


def test_providers_that_the_lock_forbids_are_renewed(checkout: Checkout) -> None:
    """The lock is of an earlier synthesis, which asked for another version."""
    (stack,) = checkout.synthesize(FLEET)
    planned([stack])
    lock = stack.folder / ".terraform.lock.hcl"
    assert '"7.0.0"' in lock.read_text()
    path = stack.folder / "cdk.tf.json"
    path.write_text(path.read_text().replace("~> 7.0", "~> 6.0"))
    planned([Stack.read("gcp", stack.folder)])
    assert '"6.50.0"' in lock.read_text()


@pytest.mark.parametrize("kind", ["google_compute_disk", "google_compute_region_disk"])
@pytest.mark.parametrize(
    ("actions", "refused"),
    [
        (["delete"], True),
        (["delete", "create"], True),
        (["create", "delete"], True),
        (["update"], False),
        (["no-op"], False),
        (["forget"], False),
    ],
)
def test_every_kind_of_disk_and_every_way_to_delete_it_is_refused(
    kind: str, actions: list[str], refused: bool
) -> None:
    change = {"actions": actions, "before": {"name": "attic", "labels": None}, "after": None}
    made = {"address": f"module.x.{kind}.y[0]", "type": kind, "mode": "managed", "change": change}
    data = {**made, "mode": "data"}
    for changes, expected in (([made], refused), ([data, made], refused), ([data], False)):
        plans = (Plan.from_json("gcp", json.dumps({"resource_changes": changes})),)
        assert (guard.refusal(FLEET, plans) is not None) == expected
        assert bool(guard.losses(plans)) == expected


@pytest.mark.parametrize(
    ("actions", "fleet", "refused"),
    [
        (["delete"], "salts", True),
        (["update"], "salts", True),
        (["no-op"], "salts", False),
        (["delete"], "metals", False),
    ],
)
def test_a_stack_of_nobody_changes_nothing_of_another_fleet(
    tmp_path: Path, actions: list[str], fleet: str, refused: bool
) -> None:
    before = {"labels": {"fleet": fleet, "machine": "halite"}}
    change = {"actions": actions, "before": before, "after": None}
    made = {"address": "x.y", "type": "x", "mode": "managed", "change": change}
    plans = [Plan.from_json("gcp", json.dumps({"resource_changes": [made]}))]
    nobody = Stack("gcp", tmp_path, {}, {})
    with pytest.raises(FleetError) if refused else nullcontext():
        check_fleet.check_owners([nobody], plans, FLEET)


@pytest.mark.parametrize(
    ("kind", "after", "told"),
    [
        ("google_compute_instance", {"labels": {"fleet": "metals", "machine": "galena"}}, False),
        ("google_compute_instance", {"labels": {"fleet": "metals"}}, True),
        ("google_compute_region_instance_group_manager", {}, True),
        ("google_compute_instance", None, False),
        ("google_compute_disk", {}, False),
    ],
)
def test_what_will_run_and_is_no_machine_is_told(
    kind: str, after: dict[str, object] | None, told: bool
) -> None:
    change = {"actions": ["update"], "before": {}, "after": after}
    made = {"address": f"{kind}.galena", "type": kind, "mode": "managed", "change": change}
    plans = [Plan.from_json("gcp", json.dumps({"resource_changes": [made]}))]
    assert bool(price.uncounted_resources(FLEET, plans)) == told


def test_providers_are_shared_as_cdktf_shares_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CDKTF_DISABLE_PLUGIN_CACHE_ENV", "TF_PLUGIN_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    terraform = tmp_path / "terraform"
    terraform.write_text('#!/bin/sh\necho "cache: $TF_PLUGIN_CACHE_DIR"\n')
    terraform.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    monkeypatch.setenv("HOME", str(tmp_path))
    cache = tmp_path / ".terraform.d" / "plugin-cache"

    def told() -> str:
        heard: list[str] = []
        assert run(tmp_path, "init", hear=heard.append) == 0
        return "".join(heard)

    assert told() == f"cache: {cache}\n"
    assert cache.is_dir()
    for name, expected in (("CDKTF_DISABLE_PLUGIN_CACHE_ENV", ""), ("TF_PLUGIN_CACHE_DIR", "own")):
        with monkeypatch.context() as one:
            one.setenv(name, expected or "1")
            assert told() == f"cache: {expected}\n"


def test_what_is_no_plan_is_refused() -> None:
    for text in ("", "[]", '{"resource_changes": [{}]}', '{"resource_changes": 3}'):
        with pytest.raises(FleetError, match="Terraform printed no plan"):
            Plan.from_json("gcp", text)


def test_the_plan_gets_the_variables_that_cdktf_hands_to_terraform(checkout: Checkout) -> None:
    def stacks() -> list[Stack]:
        (stack,) = checkout.synthesize(FLEET)
        disk = {"name": "attic", "zone": "us-central1-b", "size": 10, "type": "pd-balanced"}
        own(stack, google_compute_disk={"mine": {**disk, "count": "${var.n}"}})
        path = stack.folder / "cdk.tf.json"
        document = json.loads(path.read_text()) | {"variable": {"n": {"default": 1}}}
        path.write_text(json.dumps(document))
        return [Stack.read("gcp", stack.folder)]

    def refused() -> bool:
        plans = plan.read(stacks(), inputs.digests(checkout.workspace.app))
        assert not isinstance(plans, str)
        return guard.refusal(FLEET, plans) is not None

    checkout.apply(stacks())
    assert not refused()
    for name, text in (("terraform.tfvars", "n = 0"), ("x.auto.tfvars.json", '{"n": 0}')):
        file = checkout.workspace.app / name
        file.write_text(text)
        assert refused()
        # A later one wins.
        (checkout.workspace.app / "z.auto.tfvars.json").write_text('{"n": 1}')
        assert not refused()
        (checkout.workspace.app / "z.auto.tfvars.json").unlink()
        file.unlink()


@pytest.mark.parametrize(
    ("changing", "unknown"),
    [
        ("resource", ["mid", "top"]),
        ("output", ["mid", "top"]),
        ("nothing", []),
    ],
)
def test_what_a_stack_reads_of_others_may_change_what_becomes_of_it(
    changing: str, unknown: list[str]
) -> None:
    def made(name: str, actions: str, *needs: str, output: str = "no-op") -> Plan:
        change = {"actions": [actions], "before": None, "after": None}
        given = {"address": "x.y", "type": "x", "mode": "managed", "change": change}
        document = {"resource_changes": [given], "output_changes": {"zone": {"actions": [output]}}}
        return evolve(Plan.from_json(name, json.dumps(document)), needs=needs)

    base = made(
        "base",
        "update" if changing == "resource" else "no-op",
        output="update" if changing == "output" else "no-op",
    )
    plans = (base, made("mid", "no-op", "base"), made("top", "read", "mid"), made("own", "create"))
    lines = guard.outdated_plans(plans)
    assert [line.split()[1] for line in lines] == unknown
    assert guard.refusal(FLEET, plans) == (
        f"{lines[0]}. Deploy one after the other, or without --yes" if unknown else None
    )
    assert guard.outdated_plans(plans[1:]) == []


def test_a_machine_is_planned_as_the_fleet_has_it(checkout: Checkout) -> None:
    """What a stack says in ways of its own, Terraform takes apart."""
    quartz = evolve(GALENA, name="quartz", machine_type="n1-standard-8")
    fleet = evolve(FLEET, machines=(quartz,))
    (stack,) = checkout.synthesize(fleet)
    check_fleet.check_plans(planned([stack]), fleet)
    path = stack.folder / "cdk.tf.json"
    document = json.loads(path.read_text())
    content = {"type": "nvidia-tesla-t4", "count": 4}
    document["resource"]["google_compute_instance"]["quartz"]["dynamic"] = {
        "guest_accelerator": {"for_each": [1], "content": content}
    }
    path.write_text(json.dumps(document))
    with pytest.raises(FleetError, match=r"google_compute_instance\.quartz: gpu=.*nvidia-tesla-t4"):
        check_fleet.check_plans(planned([Stack.read("gcp", stack.folder)]), fleet)


def test_an_instance_with_a_machines_labels_is_no_machine(checkout: Checkout) -> None:
    (stack,) = checkout.synthesize(FLEET)
    instance = json.loads(json.dumps(stack.resources("google_compute_instance")["galena"]))
    big = {**instance, "name": "big", "machine_type": "m3-ultramem-128"}
    plans = planned([own(stack, google_compute_instance={"big": big})])
    assert price.uncounted_resources(FLEET, plans) == ["google_compute_instance.big in stack gcp"]


def opened(*ranges: str, machine: GcpMachine = GALENA) -> Fleet:
    """The fleet, with SSH open to these ranges."""
    project = GcpProject("example-project", region="us-central1", ssh_source_ranges=ranges)
    return evolve(FLEET, gcp=project, machines=(machine,))


def test_who_is_shut_out_of_a_machine_that_is_there_is_told_before(checkout: Checkout) -> None:
    """Google's own rule has let them in until then: rules of the fleet that opened it are gone."""
    world, proxy = opened("0.0.0.0/0"), opened("35.235.240.0/20")
    assert guard.describe_shut_out(planned(checkout.synthesize(proxy))) == []  # nobody has been in
    checkout.apply(checkout.synthesize(world))
    assert guard.describe_shut_out(planned(checkout.synthesize(world))) == []
    (line,) = guard.describe_shut_out(planned(checkout.synthesize(proxy)))
    assert line.startswith("stack gcp closes SSH to galena, which Google's rule default-allow-ssh ")
    assert guard.refusal(proxy, planned(checkout.synthesize(proxy))) == (
        f"{line}. Name there whoever is to get in, or deploy without --yes"
    )
    elsewhere = opened("35.235.240.0/20", machine=evolve(GALENA, zone="us-central1-a"))
    assert guard.describe_shut_out(planned(checkout.synthesize(evolve(OFF, gcp=proxy.gcp)))) == []
    assert len(guard.describe_shut_out(planned(checkout.synthesize(elsewhere)))) == 1
    checkout.apply(checkout.synthesize(proxy))
    assert guard.describe_shut_out(planned(checkout.synthesize(proxy))) == []


@pytest.mark.parametrize(
    ("tags", "network", "named"),
    [
        (["metals", "web"], "https://compute.example/projects/p/global/networks/default", True),
        (["web"], "default", False),
        (None, "default", False),
        (["metals"], "lab", False),
    ],
)
def test_only_machines_that_a_new_rule_is_for_are_said_to_be_closed(
    tags: list[str] | None, network: str, named: bool
) -> None:
    instance = {"name": "galena", "tags": tags, "network_interface": [{"network": network}]}
    rule = {"name": "metals-no-ssh", "network": "default", "target_tags": ["metals"]}
    changes = [
        ("google_compute_instance", "galena", ["no-op"], instance, instance),
        ("google_compute_firewall", "no-ssh", ["create"], None, rule),
    ]
    made = [
        {
            "address": f"{kind}.{name}",
            "type": kind,
            "mode": "managed",
            "change": {"actions": actions, "before": before, "after": after},
        }
        for kind, name, actions, before, after in changes
    ]
    plans = [Plan.from_json("gcp", json.dumps({"resource_changes": made}))]
    assert bool(guard.describe_shut_out(plans)) == named


def test_networks_that_google_opens_are_those_of_the_stacks(checkout: Checkout) -> None:
    lab = evolve(GALENA, network="projects/host/global/networks/default")
    one = closed_of(checkout, opened("35.235.240.0/20"))
    assert "network default of project example-project lets everybody in" in one
    assert one.endswith("firewall-rules delete default-allow-ssh --project=example-project")
    assert "of project host " in closed_of(checkout, opened(machine=lab))
    assert guard.closed_networks(checkout.synthesize(opened("0.0.0.0/0"))) == []
    own = evolve(GALENA, network="lab")
    assert guard.closed_networks(checkout.synthesize(opened(machine=own))) == []


def closed_of(checkout: Checkout, fleet: Fleet) -> str:
    (text,) = guard.closed_networks(checkout.synthesize(fleet))
    return text
