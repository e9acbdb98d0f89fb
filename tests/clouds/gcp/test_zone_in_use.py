"""Which of its zones a machine is in: one place says it, and everything follows."""

from attrs import evolve

from infra_lib import Facts, Fleet, GcpMachine, GcpProject, Gpu, MachineFacts

SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    fallback_zones=("us-central1-a", "us-east1-c"),
    gpu=Gpu("nvidia-tesla-t4"),
    enabled=True,
)
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    machines=(SCHEELITE,),
)


def placed(zone: str | None, machine: GcpMachine = SCHEELITE) -> GcpMachine:
    """The machine in a fleet whose facts say that it is in `zone`."""
    facts = Facts(machines=(MachineFacts(machine.name, zone=zone),))
    (found,) = evolve(FLEET, machines=(machine,), facts=facts).gcp_machines
    return found


def test_a_machine_is_in_its_first_zone_until_the_facts_say_otherwise() -> None:
    assert FLEET.machines == (SCHEELITE,)
    assert placed(None) is SCHEELITE
    assert placed("us-central1-c") is SCHEELITE


def test_the_zone_in_the_facts_is_in_use_when_it_is_one_of_its_own() -> None:
    machine = placed("us-east1-c")
    assert machine.zones == ("us-east1-c", "us-central1-c", "us-central1-a")
    assert machine.region == "us-east1"
    price = machine.catalog.machine_price("n1-standard-8", "us-east1").usd_per_hour
    assert machine.bill.parts[0].on.on_demand == price


def test_a_zone_that_is_none_of_its_own_is_not_followed() -> None:
    assert placed("us-central1-b") is SCHEELITE
    alone = evolve(SCHEELITE, fallback_zones=())
    assert placed("us-central1-a", alone) is alone


def test_facts_that_change_again_move_it_again() -> None:
    there = evolve(FLEET, facts=Facts(machines=(MachineFacts("scheelite", zone="us-central1-a"),)))
    back = evolve(there, facts=Facts(machines=(MachineFacts("scheelite", zone="us-central1-c"),)))
    assert there.gcp_machines[0].zone == "us-central1-a"
    assert back.gcp_machines == (SCHEELITE,)
