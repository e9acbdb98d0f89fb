"""Values are copied and pickled as what they are: each is its own copy, and comes back checked."""

import copy
import pickle
import warnings
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import infra_lib
import nixgen
from infra_lib import (
    Facts,
    Fleet,
    FleetError,
    GcpMachine,
    HetznerMachine,
    Machine,
    Reference,
    hybrid_zfs_layout,
    zfs_layout,
)
from infra_lib.operate.deploy.synthesis import Stack
from nixgen import MISSING, Raw, Region, TextFile
from nixgen.frozen import frozen
from tests.helpers.nix_fleets import FLEETS
from tests.nixgen.strategies import Draw

from .test_exact import HELD

VALUES: dict[str, Any] = {
    **HELD,
    **{f"fleet {name}": fleet for name, fleet in FLEETS.items()},
    "facts of a file": Facts(machines=HELD["facts"].machines, path=Path("/a/facts.json")),
    "reference": Reference("${a.b}"),
    "machine with a reference": evolve(HELD["GCP machine"], network=Reference("${a.b}")),
    "machine with mappings of the user's": evolve(
        HELD["GCP machine"],
        config={"a": {"b": MappingProxyType({"c": 1})}, "d": [(MappingProxyType({"e": 2}),)]},
    ),
    "layout": zfs_layout,
    "layout for either firmware": hybrid_zfs_layout,
    "server with references": evolve(
        HELD["Hetzner machine"],
        image=Reference("${data.hcloud_image.a.id}"),
        firewall_ids=(Reference("${hcloud_firewall.web.id}"),),
        labels={"team": Reference("${a.b}")},
    ),
    "text file": TextFile("a\n"),
    "region": Region({"a": Raw("1")}, name="a", top=True),
    "raw": Raw("{ pkgs, ... }: { }"),
}
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def again(value: Any, protocol: int = pickle.DEFAULT_PROTOCOL) -> Any:
    """What comes back of a value that was pickled."""
    return pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - our own


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in VALUES.items()])
def test_a_value_is_copied_and_pickled(value: Any) -> None:
    if attrs.has(type(value)):
        assert copy.copy(value) is value
        assert copy.deepcopy(value) is value
    assert copy.deepcopy(value) == value
    assert copy.deepcopy({"held": [value]}) == {"held": [value]}
    for protocol in PROTOCOLS:
        back = again(value, protocol)
        assert type(back) is type(value)
        assert back == value
        for field in attrs.fields(type(value)) if attrs.has(type(value)) else ():
            assert getattr(back, field.name) == getattr(value, field.name)  # also what is no part


def test_what_is_written_of_a_fleet_that_was_pickled_is_the_same() -> None:
    for fleet in FLEETS.values():
        assert again(fleet).nix_files().keys() == fleet.nix_files().keys()
        for path, value in fleet.nix_files().items():
            assert again(fleet).nix_files()[path] == value
            assert again(value) == value


def test_every_public_class_of_nixgen_is_frozen_so_that_it_copies() -> None:
    for name in nixgen.__all__:
        value = getattr(nixgen, name)
        if isinstance(value, type) and attrs.has(value):
            assert value.__reduce__.__module__ == frozen.__module__, name


def test_what_no_default_is_stays_the_one() -> None:
    assert copy.deepcopy(MISSING) is MISSING
    assert again(MISSING) is MISSING


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_expression_is_copied_and_pickled(random: Random) -> None:
    value = Draw(random).file(12)
    assert copy.deepcopy(value) == value
    assert again(value) == value
    assert nixgen.dumps(again(value)) == nixgen.dumps(value)


def test_a_copy_derives_anew_what_nobody_said() -> None:
    """Whether a machine is on follows from its type, unless somebody says it."""
    machine = GcpMachine("galena", machine_type="e2-small", zone="us-central1-a")
    gpu = {"machine_type": "g2-standard-4"}
    assert not evolve(again(machine), **gpu).enabled
    assert evolve(again(evolve(machine, enabled=True)), **gpu).enabled
    assert not again(evolve(machine, enabled=False)).enabled


def test_what_comes_back_is_as_unchangeable() -> None:
    back = again(HELD["GCP machine"])
    assert isinstance(back.labels, MappingProxyType)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        back.zone = "us-central1-b"


def test_what_comes_back_is_checked() -> None:
    machine: Any = Machine("cinnabar")
    made, (kind, fields) = machine.__reduce__()
    assert made(kind, fields) == machine
    with pytest.raises(FleetError, match="name='not one'"):
        made(kind, {**fields, "name": "not one"})


def test_what_a_fleet_warns_of_is_warned_of_once_more_and_no_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fleet = FLEETS["l4"]
        assert again(fleet) == fleet


class Own(Machine):
    """A class of a user's, without attrs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}-own")


def test_a_class_of_yours_comes_back_as_it_is() -> None:
    back = again(Own("a"))
    assert type(back) is Own
    assert back.name == "a-own"


@attrs.frozen
class Checked(Machine):
    """A class of a user's, with attrs."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.tags:
            raise FleetError(f"machine {self.name!r} has no tags")


@attrs.frozen
class CheckedServer(HetznerMachine):
    """One at Hetzner Cloud."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.backups:
            raise FleetError(f"machine {self.name!r} has no backups")


class CheckedInCloud(GcpMachine):
    """One that is provisioned."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.cost.on_demand is None:
            raise FleetError(f"machine {self.name!r} has no price")


def test_a_class_of_yours_checks_more() -> None:
    assert again(Checked("a", tags=("peer",))).tags == ("peer",)
    with pytest.raises(FleetError, match="machine 'a' has no tags"):
        Checked("a")
    with pytest.raises(FleetError, match="name='-'"):
        Checked("-", tags=("peer",))
    assert CheckedInCloud("b", machine_type="e2-small", zone="us-central1-b").enabled
    server = CheckedServer("c", server_type="cx43", location="fsn1", backups=True)
    assert again(server) == server
    with pytest.raises(FleetError, match="machine 'c' has no backups"):
        evolve(server, backups=False)
    with pytest.raises(FleetError, match="zone='us-central1-z'"):
        CheckedInCloud("b", machine_type="e2-small", zone="us-central1-z")


def test_what_the_commands_make_is_copied_too() -> None:
    stack = Stack("gcp", Path("a"), {"resource": {"a": {"b": [1]}}}, {"cdk.tf.json": "0"})
    assert again(stack) == stack
    assert copy.deepcopy(stack) == stack


def test_a_function_that_pickle_cannot_find_is_named() -> None:
    machine = evolve(
        HELD["GCP machine"], disko=lambda device: {"disk": {"main": {"device": device}}}
    )
    assert copy.deepcopy(machine) == machine
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(machine)


def test_every_public_value_has_a_case() -> None:
    classes = {
        value
        for name in infra_lib.__all__
        if isinstance(value := getattr(infra_lib, name), type) and not issubclass(value, Exception)
    }
    assert classes <= {type(value) for value in VALUES.values()}
    assert isinstance(VALUES["fleet"], Fleet)


@pytest.mark.parametrize("error", [FleetError("a"), nixgen.NixgenError("b"), nixgen.NixError("c")])
def test_an_error_comes_back_with_its_message(error: Exception) -> None:
    back = again(error)
    assert type(back) is type(error)
    assert str(back) == str(error)
