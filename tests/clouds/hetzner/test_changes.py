"""What a plan does at Hetzner that its words do not tell is said, and refused where it fails."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, Volume
from infra_lib.clouds.failure import NoRoom
from infra_lib.clouds.hetzner import operations
from infra_lib.operate.deploy import guard
from infra_lib.operate.deploy.fallback import choose_moves
from infra_lib.terraform.plan import Change, Plan
from infra_lib.terraform.state import State
from tests.helpers.hetzner_fleets import fleet_of, server

LABELS = {"fleet": "test", "machine": "cinnabar"}
THERE = {
    "name": "cinnabar",
    "server_type": "cpx22",
    "location": "fsn1",
    "status": "running",
    "primary_disk_size": 80,
    "keep_disk": True,
    "public_net": [{"ipv4_enabled": True, "ipv4": 1, "ipv6_enabled": True, "ipv6": 2}],
    "labels": LABELS,
}
ADDRESS = {
    "name": "cinnabar-ipv4",
    "ip_address": "203.0.113.7",
    "assignee_id": 4711,
    "location": "fsn1",
    "labels": LABELS,
}


def changed(before: dict[str, Any] | None = None, **after: Any) -> Change:
    there = {**THERE, **(before or {})}
    return Change("hcloud_server.cinnabar", "hcloud_server", ("update",), there, {**there, **after})


def address(*actions: str, **more: Any) -> Change:
    given = {"forced_by": ("location",), **more}
    before = None if actions == ("create",) else {**ADDRESS, **given.pop("before", {})}
    after = None if actions == ("delete",) else ADDRESS
    kind = "hcloud_primary_ip"
    return Change(f"{kind}.cinnabar-ipv4", kind, actions, before, after, **given)


def said(*changes: Change, server_type: str = "cpx32") -> list[str]:
    return operations.explain_changes([server(server_type=server_type)], changes)


def prevented(*changes: Change, server_type: str = "cpx32") -> str | None:
    return operations.prevent([server(server_type=server_type)], changes)


def test_a_resize_is_said_with_what_becomes_of_it() -> None:
    (line,) = said(changed(server_type="cpx32"))
    assert line.startswith("cinnabar is powered off, hard, to become cpx32, and started again")
    assert "With no stock it stays off: hcloud server poweron cinnabar, or the console" in line
    assert "It costs what an order costs today" in line
    assert "UEFI" not in line
    assert prevented(changed(server_type="cpx32")) is None
    (behind,) = operations.left_behind([changed(server_type="cpx32")])
    assert behind.startswith("cinnabar may be powered off")
    assert operations.left_behind([changed(labels={})]) == []


def test_a_resize_starts_what_was_off_and_may_leave_no_way_back() -> None:
    (line,) = said(changed({"status": "off"}, server_type="cpx32", keep_disk=False))
    assert line.startswith("cinnabar is off, and is started when it has become cpx32")
    assert "Its disk grows, so there is no way back" in line


def test_another_firmware_is_said_and_not_refused() -> None:
    change = changed({"server_type": "cx33"}, server_type="cpx32")
    (line,) = said(change)
    assert "It goes from BIOS to UEFI: a disk that boots by both" in line
    assert prevented(change) is None


def test_what_cuts_the_power_is_said() -> None:
    other = [{**THERE["public_net"][0], "ipv6_enabled": False}]  # type: ignore[index]
    (line,) = said(changed(public_net=other))
    assert line == "cinnabar is powered off and on again, hard, for its addresses change"
    (line,) = said(changed(rescue="linux64"))
    assert line == "cinnabar is reset, hard, for its rescue system changes"
    assert said(changed(labels={"a": "b"}, name="cinnabar")) == []
    (idle,) = said(evolve(changed({"status": "off"}), actions=("no-op",)))
    assert idle.startswith("cinnabar is powered off, which saves nothing")


def test_what_is_made_anew_is_deleted_first() -> None:
    (line,) = said(evolve(changed(location="nbg1"), actions=("delete", "create")))
    assert line.startswith("cinnabar is made anew: Hetzner deletes the server first: with no stock")


def test_no_server_becomes_another_architecture_or_gets_a_smaller_disk() -> None:
    arm = prevented(changed(server_type="cax21"), server_type="cax21")
    assert arm is not None
    assert "it is cpx22, which is x86, and no server becomes Arm" in arm
    small = prevented(changed({"primary_disk_size": 160}, server_type="cpx22"), server_type="cpx22")
    assert small is None, "nothing changes"
    small = prevented(
        changed({"server_type": "cpx32", "primary_disk_size": 160}, server_type="cpx22"),
        server_type="cpx22",
    )
    assert small is not None
    assert "its disk has 160 GB, and cpx22 has 80: no disk shrinks" in small
    kept = changed({"server_type": "cpx32", "primary_disk_size": 80}, server_type="cpx22")
    assert prevented(kept, server_type="cpx22") is None


def test_a_group_is_left_only_by_what_is_off() -> None:
    grouped = {"placement_group_id": 7}
    for wanted in (None, 8):
        refused = prevented(changed(grouped, placement_group_id=wanted))
        assert refused is not None
        assert "hcloud server shutdown cinnabar" in refused
    assert prevented(changed({**grouped, "status": "off"}, placement_group_id=None)) is None
    assert prevented(changed(placement_group_id=7)) is None, "joining does no harm"


@pytest.mark.parametrize(
    ("kind", "field"),
    [("hcloud_server", "deletion_protection"), ("hcloud_volume", "delete_protection")],
)
def test_what_is_protected_is_not_deleted_in_one_go(kind: str, field: str) -> None:
    before = {"name": "ore", "delete_protection": True}
    change = Change(f"{kind}.ore", kind, ("delete",), before, None)
    refused = prevented(change)
    assert refused is not None
    assert f"Deploy it with {field}=False first" in refused
    open_ = evolve(change, before={**before, "delete_protection": False})
    assert prevented(open_) is None


def test_a_volume_grows_and_does_not_shrink() -> None:
    before, after = {"name": "ore", "size": 100}, {"name": "ore", "size": 50}
    change = Change("hcloud_volume.ore", "hcloud_volume", ("update",), before, after)
    assert str(prevented(change)).startswith("volume 'ore': size_gb=50: it has 100 GB, and no")
    assert prevented(evolve(change, after={"name": "ore", "size": 200})) is None


def test_an_address_that_goes_is_named_and_takes_its_server_down() -> None:
    lines = said(address("delete"))
    assert lines == [
        "the address 203.0.113.7 of cinnabar is given up, for good",
        "cinnabar is powered off and on again, hard, to take its address off",
    ]
    gone = evolve(changed(), actions=("delete",), after=None)
    assert said(address("delete"), gone) == lines[:1]


def test_an_address_that_the_state_has_with_no_server_is_not_taken_from_one() -> None:
    """It is made before its server: Terraform would not take it off, and Hetzner not delete it."""
    unknown = {"id": 2, "assignee_id": 0}
    lost = address("delete", before=unknown, forced_by=())
    without = [{"ipv4_enabled": True, "ipv4": 1, "ipv6_enabled": False, "ipv6": 0}]
    reason = prevented(changed(public_net=without), lost)
    assert reason is not None
    assert "apply -refresh-only" in reason
    known = address("delete", before={"id": 2}, forced_by=())
    assert prevented(changed(public_net=without), known) is None
    gone = Change("hcloud_server.cinnabar", "hcloud_server", ("delete",), THERE, None)
    assert prevented(gone, lost) is None
    assert prevented(lost) is None, "no server has it"


def plans(*changes: Change) -> list[Plan]:
    return [Plan("hetzner", changes)]


def deployed(fleet: Fleet) -> Fleet:
    return evolve(fleet, facts=Facts().with_zone("cinnabar", "fsn1"))


def test_an_address_is_not_changed_unseen_where_somebody_may_know_it() -> None:
    new = fleet_of(server())
    replaced = address("delete", "create")
    used = guard.refusal(new, plans(replaced))
    assert used is not None
    assert used.startswith("cinnabar would have another address than 203.0.113.7, for its location")
    idle = address("delete", "create", before={"assignee_id": 0})
    assert guard.refusal(new, plans(idle)) is None, "no server ever had it"
    assert guard.refusal(deployed(new), plans(idle)) is not None
    assert guard.refusal(deployed(new), plans(address("delete"))) is None, "the fleet asks for it"


def test_a_kept_address_holds_its_machine_and_one_of_a_failed_attempt_does_not() -> None:
    fleet = fleet_of(server(fallback_locations=("nbg1",)))
    kept = plans(address("no-op"))
    assert guard.held(fleet, kept) == frozenset()
    assert guard.held(deployed(fleet), kept) == {"cinnabar"}
    assert guard.held(deployed(fleet), plans(address("create"))) == frozenset()
    failures = [NoRoom("hcloud_server.cinnabar", "no stock")]
    assert choose_moves(fleet, failures, {}, (), {"cinnabar"}) == ()
    assert [each.zone for each in choose_moves(fleet, failures, {}, ())] == ["nbg1"]


def test_what_the_state_has_and_the_project_has_not_is_said_and_not_made_unseen() -> None:
    made = evolve(changed(), actions=("create",), before=None)
    volume = Change("hcloud_volume.ore", "hcloud_volume", ("create",), None, {"name": "ore"})
    states = {"hetzner": State(addresses=frozenset({made.address, volume.address}))}
    (line,) = guard.vanished(plans(made, volume), states)
    assert line.startswith(
        "stack hetzner: hcloud_server.cinnabar, hcloud_volume.ore are in the state, and no longer "
        "in the project: somebody deleted that by hand, or HCLOUD_TOKEN is the token of another"
    )
    assert guard.refusal(fleet_of(server()), plans(made), (), (line,)) == (
        f"{line}. To have it made anew, deploy without --yes"
    )
    assert guard.vanished(plans(made), {"hetzner": State()}) == []
    assert guard.vanished(plans(made), {}) == []


def test_the_guard_asks_the_cloud_of_the_fleets_machines() -> None:
    fleet = fleet_of(server(server_type="cpx32", volumes=(Volume("ore", size_gb=10),)))
    (line,) = guard.explain_changes(fleet, plans(changed(server_type="cpx32")))
    assert "to become cpx32" in line
    small = changed({"primary_disk_size": 400}, server_type="cpx32")
    assert "no disk shrinks" in str(guard.prevented(fleet, plans(small)))
    assert guard.prevented(fleet, plans(changed(server_type="cpx32"))) is None
    assert guard.left_behind(plans(small)) != []
