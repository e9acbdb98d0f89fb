"""Who gets in to a machine, and the warning where nobody does."""

import itertools
import warnings
from typing import Any

import pytest

from infra_lib import Fleet, GcpMachine, GcpProject, Machine, Reference, ZeroTier
from infra_lib.hosts import ways_in
from main import fleet as example
from tests.helpers import CHECKOUT
from tests.helpers.markdown import code

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
IAP = "35.235.240.0/20"
OFFICE = "198.51.100.0/24"
CONTROLLER = Machine("cinnabar", tags=("controller",))
RESERVED = Reference("${google_compute_address.galena.address}")

NOBODY = "machine 'galena': nobody "
CLOSED = NOBODY + "outside its network can log in, for ssh_source_ranges=() closes SSH; "
INSIDE = (
    NOBODY + "can log in, for there is no external address, and ssh_source_ranges has neither "
    "Identity-Aware "
)
TUNNEL = (
    "machine 'galena': not in the ZeroTier network, and SSH is open to Identity-Aware Proxy alone, "
    "so nobody reaches <name>.zt, where clan and ssh look; "
)


def galena(**fields: Any) -> GcpMachine:
    given = {"machine_type": "e2-standard-8", "zone": "us-central1-b"}
    return GcpMachine("galena", **{**given, **fields})


def fleet_of(*machines: Machine, ranges: tuple[str, ...] = (IAP,), **fields: Any) -> Fleet:
    gcp = GcpProject(
        "example-project", region="us-central1", ssh_keys=(KEY,), ssh_source_ranges=ranges
    )
    return Fleet(name="metals", domain="zt", gcp=gcp, machines=machines, **fields)


def warned(*machines: Machine, **fields: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fleet_of(*machines, **fields)
    return [str(each.message) for each in caught]


# Whether the fleet has a ZeroTier network, `external_ip`, `ssh_source_ranges`, and the warning of a
# machine that is not in that network, and of which nothing else is said.
TABLE = [
    (False, True, (), CLOSED),
    (False, True, (IAP,), None),
    (False, True, (OFFICE,), None),
    (False, True, (IAP, OFFICE), None),
    (False, True, ("0.0.0.0/0",), None),
    (False, True, ("10.0.0.0/8",), None),
    (False, True, ("2001:db8::/32",), None),
    (False, False, (), CLOSED),
    (False, False, (IAP,), None),
    (False, False, (OFFICE,), INSIDE),
    (False, False, (IAP, OFFICE), None),
    (False, False, ("0.0.0.0/0",), None),
    (False, False, ("10.0.0.0/8",), None),
    (False, False, ("2001:db8::/32",), None),
    (True, True, (), CLOSED),
    (True, True, (IAP,), TUNNEL),
    (True, True, ("35.235.240.0/21",), TUNNEL),
    (True, True, (OFFICE,), None),
    (True, True, (IAP, OFFICE), None),
    (True, True, ("0.0.0.0/0",), None),
    (True, True, ("10.0.0.0/8",), None),
    (True, True, ("2001:db8::/32", IAP), None),
    (True, False, (), CLOSED),
    (True, False, (IAP,), TUNNEL),
    (True, False, (OFFICE,), INSIDE),
    (True, False, (IAP, OFFICE), TUNNEL),
    (True, False, ("0.0.0.0/0",), TUNNEL),
    (True, False, ("10.0.0.0/8",), None),
    (True, False, ("172.16.0.0/12", IAP), None),
    (True, False, ("192.168.7.0/24",), None),
    (True, False, ("100.64.0.0/10",), None),
    (True, False, ("2001:db8::/32",), None),
    (True, "203.0.113.7", (IAP,), TUNNEL),
    (True, "203.0.113.7", (OFFICE,), None),
    (True, RESERVED, (IAP,), TUNNEL),
    (True, RESERVED, (OFFICE,), None),
]


@pytest.mark.parametrize(("zerotier", "external_ip", "ranges", "said"), TABLE)
def test_a_machine_that_no_rule_lets_anyone_reach_is_warned_of(
    zerotier: bool, external_ip: bool | str, ranges: tuple[str, ...], said: str | None
) -> None:
    others = (CONTROLLER,) if zerotier else ()
    found = warned(*others, galena(external_ip=external_ip), ranges=ranges)
    assert len(found) == (said is not None)
    for text in found:
        assert said is not None
        assert text.startswith(said)
        assert "\n" not in text


@pytest.mark.parametrize("ranges", [(), (IAP,), (OFFICE,)])
@pytest.mark.parametrize("external_ip", [True, False, "203.0.113.7"])
@pytest.mark.parametrize(
    ("fields", "zerotier"),
    [
        ({"target_host": "root@galena.tailnet.example"}, {}),
        ({"target_host": "root@10.0.0.7?ProxyJump=root@gate.example"}, {}),
        ({"target_host": "root@galena.zt"}, {}),
        ({"network_tags": ("office",)}, {}),
        ({"tags": ("peer",)}, {}),
        ({"tags": ("relay",)}, {"peer_tag": "relay"}),
        ({"tags": ("gate",)}, {"controller_tag": "gate"}),
        ({}, {"peer_tag": "all"}),
        ({}, {"moons": {"galena": ("203.0.113.9",)}}),
    ],
)
def test_a_machine_that_is_reached_otherwise_is_not_warned_of(
    fields: Any, zerotier: Any, external_ip: bool | str, ranges: tuple[str, ...]
) -> None:
    """By a name or a rule of one's own, or over ZeroTier."""
    controller = () if "controller_tag" in zerotier else (CONTROLLER,)
    network = ZeroTier(**zerotier)
    machine = galena(external_ip=external_ip, **fields)
    assert warned(*controller, machine, ranges=ranges, zerotier=network) == []


def test_it_is_said_before_a_machine_is_turned_on() -> None:
    assert warned(CONTROLLER, galena(enabled=False)) == warned(CONTROLLER, galena())


def test_nothing_is_claimed_of_machines_that_others_provision() -> None:
    others = (Machine("electrum"), Machine("stibnite", machine_class="darwin"))
    assert warned(CONTROLLER, *others, ranges=()) == []


def test_machines_without_a_way_in_share_a_line_that_names_the_ways() -> None:
    halite = GcpMachine("halite", machine_type="e2-small", zone="us-central1-b")
    (text,) = warned(CONTROLLER, galena(), halite)
    assert text.startswith("machines 'galena', 'halite': not in the ZeroTier network")
    for way in ("the tag 'peer'", "ssh_source_ranges", "target_host=", "network_tags="):
        assert way in text
    (text,) = warned(galena(), ranges=())
    assert "peer" not in text  # there is no such network to join
    (text,) = warned(CONTROLLER, galena(), zerotier=ZeroTier(peer_tag=None))
    assert "give the tag" not in text  # nobody joins by a tag


@pytest.mark.parametrize("external_ip", [True, False])
def test_each_warning_goes_away_with_what_it_advises(external_ip: bool) -> None:
    machine = galena(external_ip=external_ip)
    for ranges in ((), (IAP,), (OFFICE,)):
        if warned(CONTROLLER, machine, ranges=ranges):
            assert not warned(CONTROLLER, galena(external_ip=external_ip, tags=("peer",)))
    assert not warned(CONTROLLER, machine, ranges=("10.0.0.0/8",))


def test_ways_in_are_told_apart() -> None:
    ranges = (IAP, OFFICE)
    machine = galena(tags=("peer",), target_host="root@galena.example")
    fleet = fleet_of(CONTROLLER, machine, ranges=ranges)
    assert ways_in(fleet, machine) == {"own", "zerotier", "direct", "tunnel"}
    hidden = galena(external_ip=False)
    assert ways_in(fleet_of(hidden, ranges=ranges), hidden) == {"tunnel"}
    assert ways_in(fleet_of(hidden, ranges=()), hidden) == set()


def described(text: str) -> list[Fleet]:
    names: dict[str, Any] = {"__name__": "described", "__file__": str(CHECKOUT / "main.py")}
    exec(text, names)  # noqa: S102 - our own pages
    return [value for value in names.values() if isinstance(value, Fleet)]


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md"))]
)
def test_every_fleet_of_the_pages_has_a_way_in(page: str) -> None:
    blocks = code((CHECKOUT / page).read_text(), "python")
    whole = [block for block in blocks if "Fleet(\n" in block and "import" in block]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fleets = list(itertools.chain.from_iterable(map(described, whole)))
    assert len(fleets) >= len(whole)
    said = [str(each.message) for each in caught if "ssh_keys=()" not in str(each.message)]
    assert said == []


def test_every_provisioned_machine_of_the_readme_is_in_the_zerotier_network() -> None:
    """Its runbook ends at a name of that network."""
    first, *_ = code((CHECKOUT / "README.md").read_text(), "python")
    for fleet in (*described(first), example):
        for machine in fleet.gcp_machines:
            assert "zerotier" in ways_in(fleet, machine)
