"""How the work grows with the fleet: no machine looks through all the others."""

from attrs import evolve

from infra_lib import Facts, Fleet, Machine, MachineFacts
from tests.helpers.calls import count_calls
from tests.helpers.nix_fleets import CPU, P100, T4, fleet_of


def fleet(size: int) -> Fleet:
    """Peers whose addresses are known, every other one with a GPU, new or old."""
    machines = [
        evolve((CPU, T4, CPU, P100)[number % 4], name=f"node-{number}", tags=("peer",))
        for number in range(size)
    ]
    known = (
        MachineFacts(each.name, external_ip=f"34.1.{number // 256}.{number % 256}")
        for number, each in enumerate(machines)
    )
    controller = Machine("cinnabar", tags=("controller",))
    return fleet_of(controller, *machines, facts=Facts(machines=tuple(known)))


def test_ten_times_the_machines_take_ten_times_the_work() -> None:
    fleet(4).nix_files()  # what is read and compiled once
    assert count_calls(fleet(400).nix_files) < 10.5 * count_calls(fleet(40).nix_files)
