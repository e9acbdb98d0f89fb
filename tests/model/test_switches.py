"""Every switch of the model is True or False, and nothing that merely counts as one."""

from typing import Any

import attrs
import pytest

import infra_lib
from infra_lib import FleetError

from .test_bad_input import evaluated

# How something of each class is described that is fine, with more fields after it.
DESCRIBED = {
    "DataDisk": 'gcp(data_disks=(DataDisk("tank", size_gb=1, {}),))',
    "Fleet": "fleet(gcp(enabled=False), {})",
    "GcpMachine": "gcp({})",
    "GcpProject": "project({})",
    "HetznerMachine": "hetzner({})",
    "HetznerProject": 'HetznerProject(ssh_source_ranges=("203.0.113.7/32",), {})',
    "Machine": 'Machine("a", {})',
    "MachineType": 'MachineType("n9-a", 1, 1, {})',
    "Nvidia": "Nvidia({})",
    "NvidiaTuning": "NvidiaTuning({})",
    "PrivateNetwork": 'PrivateNetwork("internal", {})',
    "Series": 'Series("x9", {})',
    "ServerType": 'ServerType("cx99", vcpus=1, memory_gib=1, architecture="x86", locations=(), {})',
    "ShieldedVm": "gcp(shielded_vm=ShieldedVm({}))",
    "StateEncryption": "StateEncryption({})",
    "User": 'User("cameron", {})',
    "Volume": 'Volume("ore", size_gb=10, {})',
}


def switches() -> list[tuple[str, str]]:
    """The class and the name of every field that is a switch."""
    classes = [each for name in infra_lib.__all__ if attrs.has(each := getattr(infra_lib, name))]
    return [
        (each.__name__, field.alias)
        for each in classes
        for field in attrs.fields(each)
        if field.init and field.type in {"bool", "bool | None"}
    ]


SWITCHES = switches()


def test_the_switches_are_found() -> None:
    assert {("GcpMachine", "enabled"), ("DataDisk", "prevent_destroy")} <= set(SWITCHES)
    assert {name for name, _ in SWITCHES} <= DESCRIBED.keys()


@pytest.mark.parametrize(("name", "field"), SWITCHES)
@pytest.mark.parametrize("given", [0, 1, "no", "False"])
def test_what_only_counts_as_a_switch_is_refused(name: str, field: str, given: Any) -> None:
    with pytest.raises(FleetError) as caught:
        evaluated(DESCRIBED[name].format(f"{field}={given!r}"))
    assert f"{field}={given!r}: True or False is accepted" in str(caught.value)
