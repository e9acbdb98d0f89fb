"""Machines of a cloud that deploying, installing and showing have never heard of."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, GcpMachine, GcpProject
from infra_lib.clouds.access import Access
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import Handling, Source, Summary
from infra_lib.clouds.cloud import Kinds
from infra_lib.clouds.failure import Failure, NoRoom
from infra_lib.commands import show
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_text import cost_text
from infra_lib.operate.cost_view import View
from infra_lib.operate.deploy import guard, price
from infra_lib.operate.deploy.advice import advice
from infra_lib.operate.deploy.check_fleet import check_stacks
from infra_lib.operate.deploy.failures_in_log import find_created, read_failures
from infra_lib.operate.deploy.fallback import Move, choose_moves
from infra_lib.operate.deploy.retry import differences
from infra_lib.operate.deploy.synthesis import Stack
from infra_lib.operate.kinds import instance_readers
from infra_lib.operate.runbook import Writer, as_text
from infra_lib.terraform.plan import Change, Plan
from infra_lib.terraform.state import Instance, parse_state
from tests.helpers.other_cloud import OtherMachine, TwoClouds
from tests.helpers.sshd import Machine as Sshd


def failure(address: str, text: str) -> Failure | None:
    return NoRoom(address, text) if "resource_unavailable" in text else None


def read_instance(attributes: Mapping[str, Any]) -> Instance:
    return Instance(
        zone=attributes.get("location"),
        machine_type=attributes.get("server_type"),
        state="on",
        external_ip=attributes.get("ipv4_address"),
    )


def move(resources: dict[str, Any], machine: OtherMachine) -> None:
    resources["other_server"][machine.name]["location"] = machine.zone


OPERATIONS = SimpleNamespace(
    access=lambda *_: Access(note="Nobody knows its host key.", advice="is it up?"),
    failure=failure,
    advice=lambda *_: None,
    handling=lambda _: Handling(
        instead="", deleted="Delete it.", replaced="Delete it, and make it anew."
    ),
    explain_changes=lambda *_: [],
    prevent=lambda *_: None,
    refuse_unseen=lambda *_: None,
    held=lambda _: frozenset(),
    explain_gone=lambda _: None,
    left_behind=lambda _: [],
    no_room=lambda _, *, exists: "" if exists else "try the other one",
    lacking=lambda _: None,
    read_instance=read_instance,
    move=move,
    explain_wipe=lambda _: None,
    explain_shut_out=lambda _: None,
    describe_closed_networks=lambda _: [],
    rule_tags=lambda *_: ((), ()),
)
OTHER: Any = SimpleNamespace(
    KINDS=Kinds(
        service="Other Cloud",
        provider="other",
        instance="other_server",
        disks=("other_volume",),
        labelled=("other_server", "other_volume"),
        uncounted=(),
    ),
    check=lambda *_: None,
    warnings=lambda *_: (),
    ways_in=lambda *_: frozenset({"direct"}),
    summary=lambda project: Summary(f"account {project}", {"account": project}),
    notes=lambda *_: (),
    cost_notes=lambda _: ("Traffic is included.",),
    price_sources=lambda _: {"servers": Source("Servers", "somebody", "2026-10")},
    operations=lambda: OPERATIONS,
)
BERYL = OtherMachine("beryl", fallback_zones=("nbg1-dc3",))
GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")


@pytest.fixture(autouse=True)
def other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLOUDS, "other", OTHER)


def fleet(*more: ProvisionedMachine, **fields: Any) -> TwoClouds:
    return TwoClouds(name="two", domain="zt", machines=(BERYL, *more), other="minerals", **fields)


def server(**changes: Any) -> dict[str, Any]:
    labels = {"fleet": "two", "machine": "beryl", "cost": "0-0100-usd-per-hour"}
    return {"location": "fsn1-dc14", "server_type": "cax11", "labels": labels, **changes}


def stack(zone: str = "fsn1-dc14", **changes: Any) -> Stack:
    said = {"zone": zone, "machine_type": "cax11", "usd_per_hour": 0.01}
    document = {
        "resource": {"other_server": {"beryl": server(**changes)}},
        "output": {"machines": {"value": {"beryl": said}}},
    }
    return Stack("other", Path("other"), document, {})


def test_it_is_installed_at_its_address_without_tunnel_or_published_keys(tmp_path: Path) -> None:
    text = as_text(Writer(fleet=fleet()).runbooks(BERYL), fleet())
    assert "infra deploy --stack other\n" in text
    assert "-replace=other_server.beryl\n" in text
    assert "Nobody knows its host key." in text
    there = Sshd(tmp_path)
    there.name = "beryl"
    (up, *_) = Writer(fleet=fleet()).runbooks(evolve(BERYL, external_ip="203.0.113.7"))
    (lines,) = (step.commands for step in up.steps if step.text.startswith("Install NixOS"))
    done = there.run(("sh",), "\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert there.installed[:3] == ["machines", "install", "beryl"]


def test_nothing_of_google_is_printed_of_it() -> None:
    alone = fleet()
    texts = (
        as_text(Writer(fleet=alone).runbooks(BERYL), alone),
        show.as_text(alone),
        price.price_text(alone, {}),
    )
    for text in texts:
        for word in ("google", "gcloud", "gcp", "compute engine", "identity-aware"):
            assert word not in text.lower()


def test_its_project_is_shown_beside_that_of_google() -> None:
    alone = fleet()
    assert show.as_text(alone).startswith("fleet two, domain zt, account minerals\n")
    assert list(show.as_data(alone)) == [
        *("name", "domain", "gcp", "hetzner", "other", "machines", "caches"),
    ]
    assert show.as_data(alone)["gcp"] is None
    two = fleet(GALENA, gcp=GcpProject("example-project", region="us-central1"))
    head = "fleet two, domain zt, project example-project in us-central1, account minerals\n"
    assert show.as_text(two).startswith(head)
    assert show.as_data(two)["gcp"] == {"project": "example-project", "region": "us-central1"}
    assert show.as_data(two)["other"] == {"account": "minerals"}


def test_its_prices_are_shown_with_their_source() -> None:
    two = fleet(GALENA, gcp=GcpProject("example-project", region="us-central1"))
    text = cost_text(two, View())
    assert "Servers: somebody, as of 2026-10." in text
    assert "Cyclenerd/google-cloud-pricing-cost-calculator, as of" in text
    assert cost_data(two)["prices"]["servers"] == {"as_of": "2026-10", "source": "somebody"}


def test_where_it_finds_no_room_it_is_moved_and_google_is_not_asked() -> None:
    error = '2026-11-26T03:30:16Z [ERROR] vertex "{}" error: resource_unavailable, say I\n'
    began = "2026-11-26T03:30:16Z [DEBUG] other_server.{}: applying the planned Create change\n"
    log = began.format("beryl") + began.format("topaz") + error.format("other_server.beryl")
    (found,) = read_failures(log)
    assert isinstance(found, NoRoom)
    assert find_created(log) == {"topaz"}
    assert choose_moves(fleet(), [found], {}, ()) == (Move("beryl", "fsn1-dc14", "nbg1-dc3"),)
    said = advice(
        fleet(),
        NoRoom(found.address, "", ("hel1-dc2",)),
        {"beryl": ("fsn1-dc14", "nbg1-dc3")},
        (),
    )
    assert said is not None
    assert said.endswith("; Other Cloud says that hel1-dc2 has room; try the other one")
    (elsewhere,) = read_failures(error.format("google_compute_instance.beryl"))
    assert type(elsewhere) is Failure


def test_a_move_changes_what_says_where_it_is_and_nothing_else() -> None:
    there = evolve(fleet(), facts=Facts().with_zone("beryl", "nbg1-dc3"))
    move = Move("beryl", "fsn1-dc14", "nbg1-dc3")
    moved = stack("nbg1-dc3", location="nbg1-dc3")
    assert differences([stack()], {"other": moved}, there, [move]) == []
    larger = stack("nbg1-dc3", location="nbg1-dc3", server_type="cax41")
    changed = differences([stack()], {"other": larger}, there, [move])
    assert changed == ["other_server.beryl.server_type"]


def test_what_was_synthesized_is_held_against_the_fleet() -> None:
    check_stacks({"other": stack()}, [stack()], fleet(), "main:fleet")
    larger = stack(server_type="cax41")
    with pytest.raises(ValueError, match=r"other_server\.beryl: machine_type='cax41' was synthesi"):
        check_stacks({"other": larger}, [larger], fleet(), "main:fleet")


def test_a_machine_of_another_cloud_is_not_deleted_unseen_and_its_cost_is_told() -> None:
    there = {"name": "beryl", **server()}
    gone = Change("other_server.beryl", "other_server", ("delete",), there, None)
    lost = Change("other_volume.ore", "other_volume", ("delete",), {"name": "ore"}, None)
    more = Change("other_server.opal", "other_server", ("create",), None, {"name": "opal"})
    plans = [Plan("other", (gone, lost, more))]
    assert guard.losses(plans) == [
        "WARNING: stack other deletes beryl with its boot disk",
        "WARNING: stack other deletes data disk ore with all that is on it",
    ]
    assert guard.refusal(fleet(), plans) == (
        "beryl is to be in another stack. Move its state there first, and all of it stays: see "
        "docs/extending.md. To delete it with its boot disk, and make it anew, deploy without --yes"
    )
    assert price.uncounted_resources(fleet(), plans) == ["other_server.opal in stack other"]


def test_its_state_is_read_by_its_cloud() -> None:
    attributes = server(ipv4_address="203.0.113.7")
    resource = {"mode": "managed", "type": "other_server", "name": "beryl"}
    state = {
        "outputs": {},
        "resources": [{**resource, "instances": [{"attributes": attributes}]}],
    }
    found = parse_state(json.dumps(state), "stack other", instance_readers())
    assert found.machines["beryl"].external_ip == "203.0.113.7"
    assert found.machines["beryl"].zone == "fsn1-dc14"
    assert found.addresses == {"other_server.beryl"}
