"""What a machine at Hetzner Cloud is, and what of it follows from the rest."""

import pytest
from attrs import evolve

from infra_lib import (
    Facts,
    Fleet,
    HetznerMachine,
    MachineFacts,
)
from tests.helpers.hetzner_fleets import PROJECT, fleet_of, project, server


def test_little_is_said_and_the_rest_follows() -> None:
    machine = HetznerMachine("cinnabar", server_type="cx43", location="fsn1")
    assert machine.enabled
    assert machine.all_tags == ("nixos", "cloud", "hetzner")
    assert machine.full_description == "Hetzner node (cx43)"
    assert (machine.machine_type, machine.zone, machine.platform) == (
        "cx43",
        "fsn1",
        "x86_64-linux",
    )
    assert machine.data_disks == ()
    assert machine.usd_per_hour is None, "it is billed in EUR"
    assert machine.bill.hour.currency == "EUR"


def test_an_arm_type_decides_the_platform_and_where_the_disk_is() -> None:
    arm = server(server_type="cax11")
    assert arm.platform == "aarch64-linux"
    assert arm.boot_device != server().boot_device
    assert all(each.boot_device.startswith("/dev/disk/by-path/") for each in (arm, server()))


def test_the_location_in_use_comes_from_the_facts() -> None:
    machine = server(fallback_locations=("nbg1", "hel1"))
    facts = Facts(machines=(MachineFacts("cinnabar", zone="nbg1"),))
    moved = fleet_of(machine, facts=facts).machine("cinnabar")
    assert isinstance(moved, HetznerMachine)
    assert (moved.location, moved.fallback_locations) == ("nbg1", ("fsn1", "hel1"))


def test_other_locations_are_those_of_the_network_zone_that_sell_the_type() -> None:
    assert set(server().other_zones) == {"nbg1", "hel1"}
    assert set(server(server_type="cpx11", location="ash").other_zones) == set()


def test_a_copy_without_it_is_on_again() -> None:
    off = server(enabled=False)
    assert not off.enabled
    assert not evolve(off, backups=True).enabled
    assert evolve(off, enabled=True) == server()


def test_more_machines_than_new_projects_may_have_is_a_warning() -> None:
    machines = [server(f"m{index}") for index in range(6)]
    with pytest.warns(UserWarning, match="server_limit=5: 6 machines are on"):
        fleet_of(*machines)
    fleet_of(*machines, hetzner=project(server_limit=6))
    fleet_of(*machines[:5], server("m5", enabled=False))


def test_lack_of_stock_is_a_warning_until_the_server_is_there() -> None:
    with pytest.warns(UserWarning, match=r"cx43.*cpx"):
        fleet_of(server(server_type="cx43"))
    known = Facts(machines=(MachineFacts("cinnabar", external_ip="203.0.113.5"),))
    fleet_of(server(server_type="cx43"), facts=known)
    fleet_of(server(server_type="cx43", existing=True))
    fleet_of(server(server_type="cx43", enabled=False))


def test_nobody_who_can_log_in_is_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"ssh_keys=\(\): machine 'cinnabar' is enabled"):
        fleet_of(server(), hetzner=project(ssh_keys=()))
    fleet_of(server(), hetzner=project(ssh_keys=(), ssh_key_names=("laptop",)))


def test_a_fleet_without_machines_there_needs_no_project() -> None:
    assert Fleet(name="test", domain="zt", machines=()).hetzner is None
    assert fleet_of(hetzner=PROJECT).hetzner_machines == ()
