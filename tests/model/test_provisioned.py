"""A machine of another cloud than those here says little, and the fleet goes by that."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, FleetError, Machine, MachineFacts, cost
from infra_lib.hosts import hosts
from infra_lib.model.bill import Part
from infra_lib.model.money import Cost
from infra_lib.model.provisioned import ProvisionedMachine
from tests.helpers.other_cloud import OtherMachine


def fleet(machine: ProvisionedMachine, **fields: Any) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=(machine,), **fields)


def test_it_is_provisioned_and_costs_what_its_cloud_says() -> None:
    ore = OtherMachine("ore", cost_parts=(Part(kind="machine", text="a", on=Cost(0.25)),))
    assert fleet(ore).provisioned == (ore,)
    assert fleet(ore).gcp_machines == ()
    assert cost.hourly(fleet(ore).provisioned).in_usd.usd == 0.25
    assert cost.hourly([evolve(ore, stopped=True)]).in_usd.usd == 0


def test_it_has_neither_gpus_nor_other_zones_unless_it_says_so() -> None:
    ore = OtherMachine("ore")
    assert fleet(ore).gpu_machines == ()
    assert (ore.gpu_label, ore.accelerator_count, ore.spot) == (None, 0, False)
    assert ore.zones == ("fsn1-dc14",)


def test_facts_that_contradict_a_machine_of_another_cloud_are_refused() -> None:
    facts = Facts(machines=(MachineFacts("ore", state_version="24.11", external_ip="203.0.113.7"),))
    (host,) = hosts(fleet(OtherMachine("ore"), facts=facts))
    assert host.addresses == ("203.0.113.7",)
    with pytest.raises(FleetError, match=r"'ore': state_version='25\.05': it was installed with"):
        fleet(OtherMachine("ore", state_version="25.05"), facts=facts)


def test_facts_that_contradict_a_machine_that_others_provision_are_refused() -> None:
    facts = Facts(machines=(MachineFacts("ore", state_version="24.11"),))
    same = Machine("ore", state_version="24.11")
    assert Fleet(name="metals", domain="zt", machines=(same,), facts=facts).machines == (same,)
    with pytest.raises(FleetError, match=r"'ore': state_version='25\.05': it was installed with"):
        Fleet(
            name="metals",
            domain="zt",
            machines=(Machine("ore", state_version="25.05"),),
            facts=facts,
        )


def test_its_disks_are_laid_out_on_the_device_that_it_names() -> None:
    seen: list[str] = []

    def layout(device: str) -> dict[str, Any]:
        seen.append(device)
        return {"disk": {}}

    OtherMachine("ore", boot_device="/dev/vda", disko=layout)
    assert seen == ["/dev/vda"]
