"""What Terraform has of a server is understood, and what is said of it when it moves or goes."""

import json
from copy import deepcopy
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet
from infra_lib.clouds.hetzner import operations
from infra_lib.clouds.hetzner.machine import hetzner_machines
from infra_lib.clouds.hetzner.resources import configuration
from infra_lib.operate.kinds import instance_readers
from infra_lib.terraform.plan import Change
from infra_lib.terraform.state import Instance, parse_state
from tests.helpers.hetzner_fleets import PROJECT, fleet_of, server

THERE = {
    "name": "cinnabar",
    "location": "fsn1",
    "server_type": "ccx23",
    "status": "running",
    "ipv4_address": "203.0.113.7",
    "ipv6_address": "2001:db8:1:2::1",
    "labels": {"fleet": "test", "machine": "cinnabar"},
}


def test_an_attribute_that_is_absent_is_none_and_what_is_written_is_on() -> None:
    assert operations.read_instance({}) == Instance(state="on", paid_as="on")


def test_a_server_is_read() -> None:
    found = operations.read_instance(THERE)
    assert (found.zone, found.machine_type, found.state) == ("fsn1", "ccx23", "on")
    assert (found.external_ip, found.external_ipv6) == ("203.0.113.7", "2001:db8:1:2::1")
    assert operations.read_instance({**THERE, "ipv4_address": ""}).external_ip is None


def state_of(**attributes: Any) -> str:
    said = {"zone": "fsn1", "machine_type": "ccx23", "state": "on", "usd_per_hour": 0.1}
    resource = {"mode": "managed", "type": "hcloud_server", "name": "cinnabar"}
    return json.dumps(
        {
            "outputs": {"machines": {"value": {"cinnabar": said}}},
            "resources": [{**resource, "instances": [{"attributes": {**THERE, **attributes}}]}],
        }
    )


@pytest.mark.parametrize(("status", "state"), [("running", "on"), ("off", "powered off")])
def test_a_server_that_is_powered_off_costs_what_it_did(status: str, state: str) -> None:
    found = parse_state(state_of(status=status), "stack hetzner", instance_readers())
    assert found.machines["cinnabar"].state == state
    assert found.machines["cinnabar"].usd_per_hour == 0.1


def test_where_it_moves_all_that_depends_on_the_location_goes_too() -> None:
    machine = server(fallback_locations=("ash",), server_type="ccx23")
    fleet = fleet_of(machine, name="test")
    there = evolve(fleet, facts=Facts().with_zone("cinnabar", "ash"))
    before, after = map(written, (fleet, there))
    assert before != after
    moved = deepcopy(before)
    operations.move(moved, *hetzner_machines(there.machines))
    assert moved == after


def written(fleet: Fleet, stack: str = "hetzner", **fields: Any) -> dict[str, Any]:
    """The resources of a fleet's stack, by type and name."""
    machines = hetzner_machines(fleet.machines)
    found: dict[str, Any] = {}
    for each in configuration(fleet, PROJECT, machines, stack, **fields).resources:
        found.setdefault(each.type, {})[each.name] = dict(each.arguments)
    return found


def test_a_server_is_not_made_anew_unseen_for_what_the_stack_ignores() -> None:
    change = Change(
        "hcloud_server.cinnabar", "hcloud_server", ("delete", "create"), THERE, THERE, ("image",)
    )
    said = operations.explain_wipe(change)
    assert said is not None
    assert said.startswith("cinnabar would be deleted with its disk, then made anew, for its image")
    assert "with no stock in its location then, there is none" in said
    assert operations.explain_wipe(evolve(change, forced_by=())) is None


def test_whose_a_stack_is_is_told_by_firewalls_and_addresses() -> None:
    off = fleet_of(server(enabled=False))
    document = {"resource": written(off)}
    own, others = operations.rule_tags(off, "hetzner", document)
    assert ({*own}, {*others}) == ({"test-ssh", "test"}, set())
    own, others = operations.rule_tags(evolve(off, name="salts"), "hetzner", document)
    assert ({*own}, {*others}) == (set(), {"test-ssh", "test"})
    west = {"resource": written(off, "west", alone=False)}
    own, others = operations.rule_tags(off, "west", west)
    assert ({*own}, {*others}) == ({"test-west-ssh", "test"}, set())


@pytest.mark.parametrize(
    ("there", "wanted", "shut"),
    [([], [7], True), ([], None, True), ([7], [7, 8], False), ([], [], False)],
)
def test_a_first_firewall_shuts_out(there: Any, wanted: Any, shut: bool) -> None:
    before, after = ({**THERE, "firewall_ids": each} for each in (there, wanted))
    change = Change("hcloud_server.cinnabar", "hcloud_server", ("update",), before, after)
    said = operations.explain_shut_out([change])
    assert (said is not None and "gives cinnabar a firewall" in said) is shut
