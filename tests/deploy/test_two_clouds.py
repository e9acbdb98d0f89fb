"""A fleet in both clouds: what was synthesized is the fleet's, and each stack its cloud's."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cdktf import App

from infra_lib import Facts, Fleet, FleetError, HetznerMachine
from infra_lib.operate.deploy.check_fleet import check_stacks
from infra_lib.operate.deploy.fallback import Move
from infra_lib.operate.deploy.retry import differences
from infra_lib.operate.deploy.synthesis import FILE, Stack, read
from infra_lib.operate.machine_stacks import find_stacks
from infra_lib.stacks import GcpStack, HetznerStack
from tests.helpers.hetzner_fleets import BOTH, fleet_of, server


def synthesized(folder: Path, fleet: Fleet) -> dict[str, Stack]:
    """The stacks of a fleet, one for each cloud that it has a project in."""
    folder.mkdir(exist_ok=True)
    app = App(outdir=str(folder / "cdktf.out"))
    if fleet.gcp is not None:
        GcpStack(app, "gcp", fleet=fleet)
    HetznerStack(app, "hetzner", fleet=fleet)
    app.synth()
    return read(folder)


def changed(stack: Stack, **said: Any) -> Stack:
    """A stack whose output says something else of cinnabar."""
    document: dict[str, Any] = deepcopy(dict(stack.document))
    document["output"]["machines"]["value"]["cinnabar"] |= said
    return evolve(stack, document=document)


def test_what_a_server_costs_is_held_against_the_fleet_in_its_currency(tmp_path: Path) -> None:
    stacks = synthesized(tmp_path, BOTH)
    check_stacks(stacks, [*stacks.values()], BOTH, "main:fleet")
    dearer = {**stacks, "hetzner": changed(stacks["hetzner"], eur_per_hour=0.5)}
    with pytest.raises(FleetError, match=r"eur_per_hour=0\.5 was synthesized, and the fleet has "):
        check_stacks(dearer, [dearer["hetzner"]], BOTH, "main:fleet")
    with pytest.raises(FleetError, match=r"usd_per_hour=None was synthesized, and the fleet has "):
        check_stacks(stacks, [stacks["hetzner"]], evolve(BOTH, usd_per_eur=1.1), "main:fleet")


def test_with_a_rate_dollars_are_told_too(tmp_path: Path) -> None:
    fleet = evolve(BOTH, usd_per_eur=1.1)
    stacks = synthesized(tmp_path, fleet)
    check_stacks(stacks, [*stacks.values()], fleet, "main:fleet")
    said = stacks["hetzner"].machine("cinnabar")
    assert said["usd_per_hour"] == pytest.approx(said["eur_per_hour"] * 1.1, abs=1e-5)


def test_a_machine_in_two_stacks_is_told_of_its_own_clouds_class(tmp_path: Path) -> None:
    stacks = synthesized(tmp_path, BOTH)
    twice = {**stacks, "more": evolve(stacks["hetzner"], name="more")}
    with pytest.raises(FleetError, match=r"twice: HetznerStack\(…, machines=\(…\)\) says which"):
        check_stacks(twice, [stacks["gcp"]], BOTH, "main:fleet")


def test_a_stack_of_another_fleet_whose_machines_are_all_off_is_known(tmp_path: Path) -> None:
    stacks = synthesized(tmp_path, fleet_of(server(enabled=False)))
    other = fleet_of(server(enabled=False), name="salts")
    with pytest.raises(FleetError, match="it is of another fleet, as 'test'"):
        check_stacks(stacks, [*stacks.values()], other, "main:fleet")


def test_where_it_moves_a_retry_may_change_what_follows_and_nothing_else(tmp_path: Path) -> None:
    fleet = fleet_of(server(fallback_locations=("ash",)), usd_per_eur=1.1)
    there = evolve(fleet, facts=Facts().with_zone("cinnabar", "ash"))
    first = synthesized(tmp_path / "first", fleet)
    second = synthesized(tmp_path / "second", there)
    move = Move("cinnabar", "fsn1", "ash")
    assert differences([first["hetzner"]], second, there, [move]) == []
    before, after = (each["hetzner"].machine("cinnabar") for each in (first, second))
    assert (before["zone"], after["zone"]) == ("fsn1", "ash")
    assert before["eur_per_hour"] != after["eur_per_hour"], "the price is another there"
    other = {"hetzner": changed(second["hetzner"], eur_per_hour=0.5)}
    assert differences([first["hetzner"]], other, there, [move]) == [
        "output.machines.value.cinnabar.eur_per_hour"
    ]


@pytest.mark.parametrize("only", ["gcp", "hetzner", ""])
def test_a_runbook_finds_the_stack_of_each_machines_cloud(tmp_path: Path, only: str) -> None:
    galena, cinnabar = BOTH.machine("galena"), BOTH.machine("cinnabar")
    assert isinstance(cinnabar, HetznerMachine)
    off = evolve(BOTH, machines=(evolve(cinnabar, enabled=False), galena))
    folder = tmp_path / "cdktf.out"
    for name, stack in synthesized(tmp_path, off).items():
        if only and name != only:
            (stack.folder / FILE).unlink()
    found = {
        machine.name: stack
        for machine, stack in find_stacks(off, off.machines, folder, None, "cdktf")
    }
    expected = {"cinnabar": "hetzner", "galena": "gcp"}
    assert found == {name: stack if only in {"", stack} else "" for name, stack in expected.items()}
    assert json.loads((folder / "manifest.json").read_bytes())["stacks"].keys() == {
        "gcp",
        "hetzner",
    }
