"""A machine of another cloud than those here says little, and the fleet goes by that."""

from typing import Any, Literal

import pytest
from attrs import evolve, field

from infra_lib import DataDisk, Facts, Fleet, FleetError, MachineFacts, cost
from infra_lib.hosts import hosts
from infra_lib.model.money import Cost
from infra_lib.model.provisioned import ProvisionedMachine
from nixgen.frozen import frozen


@frozen
class Elsewhere(ProvisionedMachine):
    """What a cloud has to say of its machines, and no more."""

    cloud = "elsewhere"

    machine_type: str = field(default="small", kw_only=True)
    zone: str = field(default="moon-base1-a", kw_only=True)
    external_ip: bool | str = field(default=True, kw_only=True)
    data_disks: tuple[DataDisk, ...] = field(default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        self._set_enabled(True)
        self._check_disko()

    @property
    def platform(self) -> Literal["x86_64-linux"]:
        return "x86_64-linux"

    @property
    def boot_device(self) -> str:
        return "/dev/vda"

    @property
    def cost(self) -> Cost:
        return Cost(0.25)


def fleet(machine: ProvisionedMachine, **fields: Any) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=(machine,), **fields)


def test_it_is_provisioned_and_costs_what_its_cloud_says() -> None:
    ore = Elsewhere("ore")
    assert fleet(ore).provisioned == (ore,)
    assert fleet(ore).gcp_machines == ()
    assert cost.total(fleet(ore).provisioned) == 0.25
    assert cost.total([evolve(ore, stopped=True)]) == 0


def test_it_has_neither_gpus_nor_other_zones_unless_it_says_so() -> None:
    ore = Elsewhere("ore")
    assert fleet(ore).gpu_machines == ()
    assert (ore.gpu_label, ore.accelerator_count, ore.spot) == (None, 0, False)
    assert ore.zones == ("moon-base1-a",)


def test_facts_are_held_against_it() -> None:
    facts = Facts(machines=(MachineFacts("ore", state_version="24.11", external_ip="203.0.113.7"),))
    (host,) = hosts(fleet(Elsewhere("ore"), facts=facts))
    assert host.addresses == ("203.0.113.7",)
    with pytest.raises(FleetError, match=r"'ore': state_version='25\.05': it was installed with"):
        fleet(Elsewhere("ore", state_version="25.05"), facts=facts)


def test_its_disks_are_laid_out_on_the_device_that_it_names() -> None:
    seen: list[str] = []

    def layout(device: str) -> dict[str, Any]:
        seen.append(device)
        return {"disk": {}}

    Elsewhere("ore", disko=layout)
    assert seen == ["/dev/vda"]
