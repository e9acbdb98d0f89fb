"""What `infra_lib.diff` says of two fleets: machines, disks, addresses, files and costs."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import (
    BootDisk,
    DataDisk,
    Facts,
    Fleet,
    GcpMachine,
    GcsBackend,
    Gpu,
    HetznerMachine,
    Machine,
    MachineFacts,
    PrivateNetwork,
    Volume,
)
from infra_lib.diff import DiskChange, FleetDiff, MachineChange, diff
from infra_lib.operate.diff.data import as_data
from infra_lib.operate.diff.fleet_diff import compare
from infra_lib.operate.diff.markdown import as_markdown
from infra_lib.operate.diff.side import pack, side_of, unpack
from infra_lib.operate.diff.text import as_text
from infra_lib.operate.markdown import LONGEST
from tests.adopt.test_round_trip import fleets
from tests.helpers import hetzner_fleets, stack_fleets
from tests.helpers.calls import count_calls
from tests.helpers.hetzner_fleets import server
from tests.helpers.nix_fleets import HOSTILE
from tests.helpers.stack_fleets import cpu, fleet_of, gpu

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

NOWHERE = {"source": None, "revision": None, "commit": None, "missing": None}


def google(*before: Machine, to: Sequence[Machine], **fields: Any) -> FleetDiff:
    return diff(fleet_of(*before), fleet_of(*to, **fields))


def hetzner(*before: Machine, to: Sequence[Machine], **fields: Any) -> FleetDiff:
    return diff(hetzner_fleets.fleet_of(*before), hetzner_fleets.fleet_of(*to, **fields))


def only(found: FleetDiff) -> MachineChange:
    (machine,) = found.machines
    return machine


def lost(found: FleetDiff) -> list[tuple[str, bool]]:
    """The disks that are lost, unexpectedly: their names, and whether they are boot disks."""
    return [(disk.name, disk.boot) for disk in found.lost]


def paths(change: MachineChange | DiskChange) -> list[str]:
    return [each.path for each in change.because]


WITH_DATA = cpu(data_disks=(DataDisk("ore", size_gb=50, prevent_destroy=False),))


@pytest.mark.parametrize(
    ("before", "after", "what", "address"),
    [
        ({"enabled": False}, {}, "created", "new"),
        ({}, {"enabled": False}, "switched off", "lost"),
        ({}, {"stopped": True}, "stopped", "changes"),
        ({"stopped": True}, {}, "started", "changes"),
        ({}, {"zone": "us-central1-c"}, "replaced", "changes"),
        ({}, {"spot": True}, "replaced", "changes"),
        ({}, {"max_run_duration": 3600}, "replaced", "changes"),
        ({}, {"boot_disk": BootDisk(type="pd-ssd")}, "replaced", "changes"),
        ({}, {"boot_disk": BootDisk(kms_key=stack_fleets.KMS_KEY)}, "replaced", "changes"),
        ({}, {"machine_type": "e2-standard-4"}, "restarted", "changes"),
        ({"external_ip": "203.0.113.7"}, {"machine_type": "e2-small"}, "restarted", "changes"),
        ({"stopped": True}, {"stopped": True, "machine_type": "e2-small"}, "changed", "kept"),
        ({}, {"labels": {"team": "geology"}}, "changed", "kept"),
        ({}, {"startup_script": "true"}, "changed", "kept"),
        ({}, {"boot_disk": BootDisk(size_gb=200)}, "changed", "kept"),
        ({}, {"network_tags": ("web",)}, "changed", "kept"),
        ({}, {"external_ip": False}, "changed", "lost"),
        ({"external_ip": False}, {}, "changed", "new"),
        ({}, {"external_ip": "203.0.113.7"}, "changed", "changes"),
        ({}, {"config": {"a": 1}}, "configured", "kept"),
    ],
)
def test_what_becomes_of_a_machine_of_googles(
    before: dict[str, Any], after: dict[str, Any], what: str, address: str
) -> None:
    machine = only(google(cpu(**before), to=[cpu(**after)]))
    assert (machine.what, machine.address) == (what, address)
    assert machine.installs == (what in {"created", "replaced"})


def test_an_address_that_the_fleet_names_stays_through_a_restart() -> None:
    fixed = {"external_ip": "203.0.113.7"}
    machine = only(google(cpu(**fixed), to=[cpu(machine_type="e2-small", **fixed)]))
    assert (machine.what, machine.address) == ("restarted", "kept")


@pytest.mark.parametrize(
    ("before", "after", "what", "address"),
    [
        ({"enabled": False}, {}, "created", "kept"),
        ({}, {"enabled": False}, "switched off", "kept"),
        ({}, {"location": "nbg1"}, "replaced", "changes"),
        ({}, {"server_type": "ccx33"}, "restarted", "kept"),
        ({}, {"ipv6": False}, "restarted", "changes"),
        ({}, {"labels": {"team": "geology"}}, "changed", "kept"),
        ({}, {"backups": True}, "changed", "kept"),
    ],
)
def test_what_becomes_of_a_server_of_hetzners(
    before: dict[str, Any], after: dict[str, Any], what: str, address: str
) -> None:
    machine = only(hetzner(server(**before), to=[server(**after)]))
    assert (machine.what, machine.address) == (what, address)


def test_what_only_a_creation_uses_changes_nothing() -> None:
    assert not hetzner(server(), to=[server(image="ubuntu-24.04", user_data="x")]).machines
    assert not google(cpu(), to=[cpu(boot_disk=BootDisk(image="debian-cloud/debian-13"))]).machines


def test_a_machine_that_leaves_the_fleet_is_deleted_and_its_disks_are_lost() -> None:
    found = google(cpu("halite"), WITH_DATA, to=[cpu("halite")])
    assert only(found).what == "deleted"
    assert lost(found) == [("galena", True), ("ore", False)]
    assert found.problems == (
        "lost, with what is on it: the boot disk of galena, data disk ore of galena",
    )


def test_a_renamed_machine_is_another_one_and_takes_its_data_disk_along() -> None:
    found = google(WITH_DATA, to=[evolve(WITH_DATA, name="quartz")])
    assert [(each.name, each.what) for each in found.machines] == [
        ("galena", "deleted"),
        ("quartz", "created"),
    ]
    assert lost(found) == [("galena", True)]
    assert [(each.name, each.what) for each in found.disks if not each.boot] == [("ore", "changed")]


def test_a_machine_that_is_switched_off_loses_its_boot_disk_as_it_is_meant_to() -> None:
    found = google(WITH_DATA, to=[evolve(WITH_DATA, enabled=False)])
    (disk,) = found.disks
    assert (disk.name, disk.boot, disk.what, disk.expected) == ("galena", True, "lost", True)
    assert found.problems == ()
    # Its data disk goes only for a change of its own.
    found = google(WITH_DATA, to=[cpu(enabled=False)])
    assert lost(found) == [("ore", False)]


def test_a_machine_that_goes_to_another_cloud_is_made_anew_there() -> None:
    both = hetzner_fleets.BOTH
    moved = evolve(both, machines=[both.machines[0], server("galena", tags=("peer",))])
    machine = next(each for each in diff(both, moved).machines if each.name == "galena")
    assert (machine.what, machine.cloud, machine.zones) == (
        "replaced",
        "hetzner",
        ("us-central1-b", "fsn1"),
    )
    assert ("galena", True) in lost(diff(both, moved))


def test_machines_that_are_in_no_cloud() -> None:
    elsewhere = Machine("stibnite", description="x")
    assert only(google(to=[elsewhere])).what == "added"
    assert only(google(elsewhere, to=[])).what == "removed"
    assert only(google(cpu(enabled=False), to=[])).what == "removed"
    assert only(google(elsewhere, to=[cpu("stibnite")])).what == "created"


@pytest.mark.parametrize(
    ("disk", "what", "anew", "because"),
    [
        (DataDisk("ore", size_gb=80), "grown", False, ["size"]),
        (DataDisk("ore", size_gb=20), "lost", True, ["size"]),
        (DataDisk("ore", size_gb=50, type="pd-ssd"), "lost", True, ["type"]),
        (
            DataDisk("ore", size_gb=50, kms_key=stack_fleets.KMS_KEY),
            "lost",
            True,
            ["disk_encryption_key"],
        ),
    ],
)
def test_what_becomes_of_a_data_disk(
    disk: DataDisk, what: str, anew: bool, because: list[str]
) -> None:
    found = google(WITH_DATA, to=[cpu(data_disks=(disk,))])
    (change,) = found.disks
    assert (change.name, change.what, change.anew, paths(change)) == ("ore", what, anew, because)
    assert bool(found.lost) == (what == "lost")
    # What guards it has Terraform refuse that.
    assert bool(found.refused) == (what == "lost")
    free = evolve(disk, prevent_destroy=False)
    assert google(WITH_DATA, to=[cpu(data_disks=(free,))]).refused == ()


def test_a_renamed_data_disk_is_lost_and_another_is_made() -> None:
    found = google(WITH_DATA, to=[cpu(data_disks=(DataDisk("gold", size_gb=50),))])
    assert [(each.name, each.what) for each in found.disks] == [
        ("ore", "lost"),
        ("gold", "created"),
    ]


def test_a_volume_in_another_location_is_lost() -> None:
    volumes = (Volume("ore", size_gb=20),)
    found = hetzner(server(volumes=volumes), to=[server(volumes=volumes, location="nbg1")])
    assert lost(found) == [("cinnabar", True), ("ore", False)]
    assert [each.address for each in found.others if each.is_address] == [
        "hcloud_primary_ip.cinnabar-ipv4",
        "hcloud_primary_ip.cinnabar-ipv6",
    ]
    assert "hcloud_volume.ore: Terraform refuses to make it anew, for its prevent_destroy" in (
        found.refused
    )


def test_a_boot_disk_grows_in_place_and_does_not_shrink() -> None:
    found = google(cpu(), to=[cpu(boot_disk=BootDisk(size_gb=200))])
    (disk,) = found.disks
    assert (disk.boot, disk.what, disk.sizes) == (True, "grown", (100, 200))
    found = google(cpu(), to=[cpu(boot_disk=BootDisk(size_gb=50))])
    assert found.disks == ()
    (said,) = found.refused
    assert "no disk shrinks" in said


def test_what_cannot_be_done_is_said() -> None:
    for found, said in (
        (
            google(
                cpu(allow_stopping_for_update=False),
                to=[cpu(allow_stopping_for_update=False, machine_type="e2-small")],
            ),
            "machine_type: it has to be stopped for that, which allow_stopping_for_update=False",
        ),
        (
            google(cpu(deletion_protection=True), to=[cpu(zone="us-central1-c")]),
            "deletion_protection=True has the cloud refuse to delete it",
        ),
        (
            google(cpu(deletion_protection=True), to=[]),
            "deletion_protection=True has the cloud refuse to delete it",
        ),
        (
            google(gpu(), to=[evolve(gpu(), gpu=None)]),
            "guest_accelerator: the provider keeps what is left out",
        ),
        (
            hetzner(server(), to=[server(server_type="cax21")]),
            "no server becomes Arm",
        ),
        (
            hetzner(
                server(volumes=(Volume("ore", size_gb=80),)),
                to=[server(volumes=(Volume("ore", size_gb=20),))],
            ),
            "no volume shrinks",
        ),
        (
            hetzner(server(deletion_protection=True), to=[]),
            "is protected, and Terraform does not lift that",
        ),
    ):
        assert said in " ".join(found.refused)
        assert found.problems


def test_what_people_should_know_is_said() -> None:
    found = hetzner(server(), to=[server(server_type="ccx33")])
    assert any("cinnabar is powered off, hard, to become ccx33" in each for each in found.notes)
    found = google(cpu(), to=[cpu()], gcp=stack_fleets.project(backend=GcsBackend("example")))
    assert any("its state is to be elsewhere" in each for each in found.notes)
    found = google(WITH_DATA, to=[cpu(data_disks=(DataDisk("ore", size_gb=20),))])
    assert any("only the deployment after that attaches" in each for each in found.notes)


def test_local_ssds_are_empty_after_a_stop() -> None:
    machine = GcpMachine(
        "anatase", machine_type="a2-ultragpu-1g", zone="us-central1-a", enabled=True
    )
    assert only(google(machine, to=[evolve(machine, enabled=False)])).scratch_lost
    assert not only(google(cpu(), to=[cpu(enabled=False)])).scratch_lost


def test_the_zone_in_use_counts() -> None:
    """The facts alone have changed: the machine is where they say, and nothing was asked."""
    machine = gpu(fallback_zones=("us-central1-a",))
    facts = Facts(machines=(MachineFacts("scheelite", zone="us-central1-a"),))
    found = google(machine, to=[machine], facts=facts)
    assert only(found).zones == ("us-central1-c", "us-central1-a")
    assert only(found).what == "replaced"


def test_a_private_network_that_is_made_anew_takes_its_machines_out() -> None:
    def fleet(beginning: str) -> Fleet:
        network = PrivateNetwork("internal", ip_range=f"{beginning}.0.0/16")
        project = hetzner_fleets.project(networks=(network,))
        machine = server(networks={"internal": f"{beginning}.0.5"})
        return hetzner_fleets.fleet_of(machine, hetzner=project)

    found = diff(fleet("10.0"), fleet("10.7"))
    assert [(each.address, each.what) for each in found.others] == [
        ("hcloud_network.internal", "replaced"),
        ("hcloud_network_subnet.internal", "replaced"),
        ("hcloud_server_network.cinnabar_internal", "replaced"),
    ]


def test_files_are_counted_as_git_counts_them_but_for_digests() -> None:
    found = google(cpu(), to=[cpu(config={"a": 1, "b": 2})])
    changed = {each.path: each for each in found.files}
    file = changed["modules/machines/nixos/galena/default.nix"]
    assert (file.change, file.machines) == ("changed", ("galena",))
    assert "sha256" not in "".join(line for line in file.diff.splitlines() if line[0] in "+-")
    signs = [line[0] for line in file.diff.splitlines()[2:]]
    assert (signs.count("+"), signs.count("-")) == (file.added, file.removed)
    new = google(to=[cpu()])
    paths_ = {each.path: each for each in new.files if each.change == "created"}
    whole = paths_["modules/machines/nixos/galena/default.nix"]
    assert (whole.removed, whole.added) == (0, whole.diff.count("\n+") - 1)
    gone = google(cpu(), to=[])
    assert {each.path for each in gone.files if each.change == "removed"} >= {whole.path}


def test_whose_configuration_changes() -> None:
    found = google(cpu(), cpu("halite"), to=[cpu(config={"a": 1}), cpu("halite")])
    assert [(each.name, each.updates) for each in found.machines] == [("galena", True)]
    assert not found.shared_files
    both = (cpu(), gpu())
    found = google(*both, to=both, config={"a": 1})
    assert found.shared_files
    # A moved file is still its machine's.
    moved = {"modules/machines/nixos/galena/default.nix": "elsewhere/galena.nix"}
    found = diff(fleet_of(cpu(), files=moved), fleet_of(cpu(config={"a": 1}), files=moved))
    assert only(found).what == "configured"
    # What is off has no configuration to be brought up to date.
    off = cpu(enabled=False)
    assert google(off, to=[evolve(off, config={"a": 1})]).machines == ()


def test_costs_and_the_budget() -> None:
    off = gpu(enabled=False)
    found = google(cpu(), off, to=[cpu(), gpu()], budget_usd_per_hour=0.5)
    assert found.costs.difference.month is not None
    assert found.costs.difference.month > 300
    assert found.over_budget is not None
    assert found.problems == (found.over_budget,)
    assert google(cpu(), off, to=[cpu(), gpu()], budget_usd_per_hour=50).problems == ()


def test_without_a_fleet_before_all_is_new() -> None:
    found = diff(None, fleet_of(WITH_DATA))
    assert found.is_new
    assert [(each.what, each.name) for each in found.machines] == [("created", "galena")]
    assert [each.what for each in found.disks] == ["created"]
    assert found.problems == ()


def test_the_gravest_comes_first() -> None:
    before = [cpu("a"), cpu("b"), cpu("c"), cpu("d", enabled=False)]
    after = [cpu("a"), cpu("b", machine_type="e2-small"), cpu("c", zone="us-central1-c"), cpu("d")]
    found = google(*before, to=[*after, cpu("e")])
    assert [(each.name, each.what) for each in found.machines] == [
        ("c", "replaced"),
        ("b", "restarted"),
        ("d", "created"),
        ("e", "created"),
    ]


@settings(max_examples=15)
@given(fleets())
def test_a_fleet_does_not_differ_from_itself(fleet: Fleet) -> None:
    found = diff(fleet, fleet)
    assert found.is_empty
    assert (found.problems, found.notes) == ((), ())
    packed = json.loads(json.dumps(pack(side_of(fleet))))
    assert compare(unpack(packed), side_of(fleet), fleet).is_empty
    assert as_text(found, "against HEAD", "HEAD") == "Nothing changed against HEAD."


@settings(max_examples=10)
@given(fleets(), fleets())
def test_what_is_handed_from_one_process_to_another_is_the_same(one: Fleet, other: Fleet) -> None:
    packed = json.loads(json.dumps(pack(side_of(one))))
    here, there = diff(one, other), compare(unpack(packed), side_of(other), other)
    assert as_data(here, NOWHERE, NOWHERE, files=True) == as_data(
        there, NOWHERE, NOWHERE, files=True
    )
    # Whatever becomes of machines, disks are lost of those alone to which something happens.
    gone = {each.name for each in here.machines if each.what in {"replaced", "deleted"}}
    assert {each.name for each in here.lost if each.boot} <= gone


EVIL = "</code><script>alert(1)</script> | ``` @everyone [x](javascript:x) \u202e"
COLOUR = "\x1b[31m"


@given(st.sampled_from((EVIL, HOSTILE.replace("\0", ""), "````\n```")))
@settings(max_examples=3)
def test_what_people_wrote_stands_for_itself(text: str) -> None:
    before = hetzner_fleets.fleet_of(server(labels={"a": "x"}))
    machine = server(labels={"a": "y"}, config={"a": text}, description=text)
    found = diff(before, hetzner_fleets.fleet_of(machine, description=text))
    said = f"{COLOUR}{text}"
    shown = as_text(found, f"against {said}", said, files=True, notes=[said])
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    markdown = as_markdown(found, f"against {said}", said, notes=[said])
    folded, _, outside = markdown.partition("### Generated files")[::-1]
    assert "<script" not in outside
    assert "@everyone" not in outside
    assert "\x1b" not in markdown
    for block in folded.split("<details>")[1:]:
        # The fence that opens a block is the only one of its length in it, but for its end.
        opening = block.partition("\n\n")[2].partition("diff\n")[0]
        assert set(opening) == {"`"}
        assert block.count(opening) == 2


def test_what_may_be_secret_is_not_told() -> None:
    secret = "hunter2-0123456789abcdef0123456789abcdef"  # noqa: S105 - it is none
    found = google(
        cpu(metadata={"motd": "x"}, startup_script="echo a"),
        to=[cpu(metadata={"motd": secret}, startup_script=f"echo {secret}")],
    )
    assert paths(only(found)) == ["metadata.motd", "metadata.startup-script"]
    for said in (
        as_text(found, "against HEAD", "HEAD"),
        as_markdown(found, "against HEAD", "HEAD"),
        json.dumps(as_data(found, NOWHERE, NOWHERE)),
    ):
        assert secret not in said


def many(count: int, **fields: Any) -> Fleet:
    return fleet_of(*(cpu(f"m{number}", **fields) for number in range(count)))


def test_what_is_said_of_a_large_fleet_fits_into_a_comment() -> None:
    before, after = many(1000), many(1000, zone="us-central1-c")
    found = diff(before, after)
    markdown = as_markdown(found, "against HEAD", "HEAD")
    assert len(found.machines) == 1000
    assert len(markdown.encode()) <= LONGEST
    assert "… and " in markdown
    assert as_text(found, "against HEAD", "HEAD").count("\n") > 1000


def many_servers(count: int) -> Fleet:
    names = [f"m{number}" for number in range(count)]
    return hetzner_fleets.fleet_of(
        *(HetznerMachine(each, server_type="ccx13", location="fsn1") for each in names)
    )


def test_many_servers_that_go_are_each_told_of() -> None:
    assert len(diff(many_servers(300), hetzner_fleets.fleet_of()).machines) == 300


@pytest.mark.parametrize(
    ("of", "after"),
    [
        (many, lambda count: many(count, zone="us-central1-c")),
        (many_servers, lambda _: hetzner_fleets.fleet_of()),
    ],
    ids=["made anew", "gone"],
)
def test_ten_times_the_machines_take_ten_times_the_work(
    of: Callable[[int], Fleet], after: Callable[[int], Fleet]
) -> None:
    def compared(count: int) -> int:
        one, other = of(count), after(count)
        return count_calls(lambda: as_markdown(diff(one, other), "against HEAD", "HEAD"))

    compared(4)  # what is read and compiled once
    few, more = compared(20), compared(200)
    assert more < 10.5 * few


def test_gpus_that_come_make_a_machine_anew() -> None:
    machine = GcpMachine("galena", machine_type="n1-standard-8", zone="us-central1-c")
    found = google(machine, to=[evolve(machine, gpu=Gpu("nvidia-tesla-t4"), enabled=True)])
    assert only(found).what == "replaced"
    assert "guest_accelerator" in paths(only(found))
