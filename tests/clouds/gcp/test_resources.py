"""What a fleet has on Google Cloud, as data: the real provider takes it."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import (
    BootDisk,
    DataDisk,
    Fleet,
    GcpMachine,
    GcsBackend,
    Gpu,
    Reference,
    ServiceAccount,
    ShieldedVm,
    StopSchedule,
)
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.terraform.resource import Configuration, Resource, reference
from tests.helpers.process import python
from tests.helpers.stack_fleets import (
    CONTROLLER,
    FLEETS,
    HOSTILE,
    KMS_KEY,
    cpu,
    fleet_of,
    gpu,
    project,
)

from .schema import SCHEMAS, faults, is_there, of_block


def configured(fleet: Fleet, **options: Any) -> Configuration:
    assert fleet.gcp is not None
    return configuration(fleet, fleet.gcp, fleet.gcp_machines, "gcp", **options)


def resources(fleet: Fleet) -> dict[str, Resource]:
    return {each.address: each for each in configured(fleet).resources}


TEXTS = st.one_of(
    st.just(HOSTILE),
    st.text(
        st.sampled_from(
            "${}%~#\"'\
 é-"
        ),
        max_size=20,
    ),
)
REFERENCES = st.just(Reference("${google_thing.of_ones_own.id}"))
DISKS = st.builds(
    DataDisk,
    st.from_regex(r"d[a-z]{8}", fullmatch=True),
    size_gb=st.integers(10, 60000),
    type=st.sampled_from(["pd-balanced", "pd-ssd"]),
    prevent_destroy=st.booleans(),
    kms_key=st.sampled_from([None, KMS_KEY]),
)
FIELDS = {
    "tags": st.sampled_from([(), ("peer",)]),
    "spot": st.booleans(),
    "max_run_duration": st.sampled_from([None, 3600]),
    "stop_schedule": st.sampled_from([None, StopSchedule("0 20 * * *")]),
    "boot_disk": st.builds(
        BootDisk,
        size_gb=st.integers(10, 60000),
        kms_key=st.one_of(st.sampled_from([None, KMS_KEY]), REFERENCES),
    ),
    "data_disks": st.lists(DISKS, max_size=3, unique_by=lambda disk: disk.name),
    "network": st.one_of(
        st.sampled_from([None, "lab", "projects/host/global/networks/shared"]), REFERENCES
    ),
    "subnetwork": st.one_of(st.sampled_from([None, "lab-central"]), REFERENCES),
    "external_ip": st.one_of(st.booleans(), st.just("203.0.113.7"), REFERENCES),
    "network_tags": st.sampled_from([(), ("web",), ("web", "test")]),
    "labels": st.sampled_from([{}, {"team": "geology"}]),
    "metadata": st.dictionaries(st.from_regex(r"m[a-z]{5}", fullmatch=True), TEXTS, max_size=2),
    "serial_port": st.booleans(),
    "startup_script": st.one_of(TEXTS, REFERENCES),
    "shielded_vm": st.builds(ShieldedVm, secure_boot=st.booleans(), vtpm=st.just(True)),
    "service_account": st.sampled_from(
        [None, ServiceAccount("galena@example-project.iam.gserviceaccount.com")]
    ),
    "deletion_protection": st.booleans(),
    "allow_stopping_for_update": st.booleans(),
}
PROJECTS = st.builds(
    project,
    ssh_keys=st.sampled_from([(), project().ssh_keys]),
    ssh_source_ranges=st.sampled_from([(), ("203.0.113.0/24", "2001:db8::/32"), ("0.0.0.0/0",)]),
    os_login=st.sampled_from([None, False]),
    guest_attributes=st.booleans(),
    firewall_logging=st.booleans(),
    kms_key=st.sampled_from([None, KMS_KEY]),
    labels=st.sampled_from([{}, {"org": "example"}]),
    install=st.booleans(),
    backend=st.sampled_from([None, GcsBackend("example-state")]),
)
STATES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"enabled": False}, {"enabled": True}, {"enabled": True, "stopped": True}]
)
KINDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"machine_type": "e2-standard-8", "zone": "us-central1-b"},
        {"machine_type": "g2-standard-4", "zone": "us-central1-a"},
        {
            "machine_type": "n1-standard-8",
            "zone": "us-central1-c",
            "gpu": Gpu("nvidia-tesla-t4", count=2),
        },
    ]
)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    machines = []
    for name in draw(st.sampled_from([("galena",), ("galena", "halite"), ()])):
        fields = draw(KINDS) | draw(STATES) | draw(st.fixed_dictionaries({}, optional=FIELDS))
        disks = fields.pop("data_disks", ())
        own = [attrs.evolve(disk, name=f"{disk.name}-{name}") for disk in disks]
        machines.append(GcpMachine(name, data_disks=own, **fields))
    return fleet_of(CONTROLLER, *machines, gcp=draw(PROJECTS))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fleet=fleets(), alone=st.booleans())
def test_the_real_provider_takes_every_argument_of_every_fleet(fleet: Fleet, alone: bool) -> None:
    found = configured(fleet, alone=alone)
    assert [fault for resource in found.resources for fault in faults(resource)] == []
    assert [*of_block(SCHEMAS["provider"], found.provider, "provider.")] == []
    assert len({each.address for each in found.resources}) == len(found.resources)
    for kind, name, attribute in referred(found):
        if kind in SCHEMAS:
            assert is_there(SCHEMAS[kind], attribute), (kind, attribute)
            assert f"{kind}.{name}" in {each.address for each in found.resources}


def referred(found: Configuration) -> Iterator[tuple[str, str, str]]:
    """Type, name and attribute of all that is referred to."""
    for text in texts([[each.arguments, each.local_exec] for each in found.resources]):
        if isinstance(text, Reference):
            yield from re.findall(r"\$\{(\w+)\.([-\w]+)\.([^}]+)\}", text)
    for output in found.outputs:
        for text in texts(output.value):
            yield from re.findall(r"\$\{(\w+)\.([-\w]+)\.([^}]+)\}", text)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


@pytest.mark.parametrize("name", FLEETS)
def test_the_real_provider_takes_the_fleets_of_the_snapshots(name: str) -> None:
    found = configured(FLEETS[name])
    assert [fault for resource in found.resources for fault in faults(resource)] == []


def arguments(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each argument and block, but not of what is in a map of texts."""
    if isinstance(value, dict) and (not path or path[-1] not in {"labels", "metadata"}):
        for name, each in value.items():
            if each is not None:
                yield (*path, name)
            yield from arguments(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from arguments(each, (*path, index))


def spelt(path: tuple[Any, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]


def test_any_argument_that_is_misspelt_is_refused_with_its_path() -> None:
    count = 0
    for resource in resources(FLEETS["every-field"]).values():
        for *within, name in arguments(resource.arguments):
            changed = copy.deepcopy(dict(resource.arguments))
            block: Any = changed
            for key in within:
                block = block[key]
            block[f"{name}x"] = block.pop(name)
            found = faults(attrs.evolve(resource, arguments=changed))
            refused = (
                f"{resource.address}: {spelt((*within, f'{name}x'))}: no such argument (nearest: "
            )
            assert any(each.startswith(refused) and name in each for each in found), refused
            count += 1
    assert count > 50


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"boot_disk": [{"initialise_params": {}}]},
            "boot_disk[0].initialise_params: no such argument (nearest: initialize_params)",
        ),
        ({"machine_type": 8}, "machine_type: string is wanted, not 8"),
        ({"machine_type": None}, "machine_type: required"),
        ({"deletion_protection": "true"}, "deletion_protection: bool is wanted, not 'true'"),
        (
            {"boot_disk": {"initialize_params": {"size": True}}},
            "boot_disk.initialize_params.size: ",
        ),
        ({"tags": ["a", "a"]}, "tags: ['set', 'string'] is wanted"),
        ({"tags": "a"}, "tags: ['set', 'string'] is wanted"),
        ({"labels": {"a": 1}}, "labels: ['map', 'string'] is wanted"),
        ({"scheduling": [{}, {}]}, "scheduling: 2 blocks"),
        ({"network_interface": []}, "network_interface: 0 blocks"),
        ({"network_interface": None}, "network_interface: required"),
        ({"guest_accelerator": [{"count": 1}]}, "guest_accelerator[0].type: required"),
        ({"shielded_instance_config": True}, "shielded_instance_config: not a block"),
        ({"self_link": "x"}, "self_link: only the provider says it"),
    ],
)
def test_what_the_provider_refuses_is_found(change: dict[str, Any], fault: str) -> None:
    machine = resources(fleet_of(cpu()))["google_compute_instance.galena"]
    assert faults(machine) == []
    found = faults(attrs.evolve(machine, arguments={**machine.arguments, **change}))
    assert any(each.startswith(f"google_compute_instance.galena: {fault}") for each in found), found


@pytest.mark.parametrize("name", FLEETS)
def test_what_is_left_alone_is_nothing_that_a_fleet_says(name: str) -> None:
    """But for what a boot disk is first made from, and the least performance of a disk."""
    known = ("image", "provisioned_iops", "provisioned_throughput")
    for resource in configured(FLEETS[name]).resources:
        for path in resource.lifecycle.get("ignore_changes", ()):
            assert path.endswith(known) or said(resource.arguments, path) is None, path


def said(arguments: Any, path: str) -> Any:
    """What stands at a path: "network_interface[0].nic_type"; None for nothing."""
    for name in re.sub(r"\[\d+\]", "", path).split("."):
        arguments = arguments[0] if isinstance(arguments, list) else arguments
        arguments = (arguments or {}).get(name)
    return arguments


def test_changes_to_ignore_are_of_arguments_that_there_are() -> None:
    machine = resources(fleet_of(cpu()))["google_compute_instance.galena"]
    for path in ("boot_disk[0].image", "scratch", "boot_disk[0].initialize_params[0].image.x"):
        found = faults(attrs.evolve(machine, lifecycle={"ignore_changes": [path]}))
        assert found == [f"{machine.address}: lifecycle.ignore_changes: no such argument: {path}"]


def test_the_empty_list_that_google_8_makes_a_machine_anew_for_is_never_said() -> None:
    for fleet in FLEETS.values():
        for each in configured(fleet).resources:
            assert each.arguments.get("guest_accelerator") != []


def test_users_text_is_text_and_a_reference_stays_one() -> None:
    own = Reference('${file("own.sh")}')
    metadata = {"text": HOSTILE, "of": Reference("${google_storage_bucket.a.name}")}
    machine, other = (
        resources(fleet_of(each))[f"google_compute_instance.{each.name}"].arguments["metadata"]
        for each in (cpu(metadata=metadata, startup_script=HOSTILE), gpu(startup_script=own))
    )
    assert machine["text"] == HOSTILE
    kinds = {key: isinstance(value, Reference) for key, value in machine.items()}
    assert [key for key, is_reference in kinds.items() if is_reference] == ["of"]
    assert isinstance(other["startup-script"], Reference)
    assert own in other["startup-script"]


def test_a_reference_names_type_name_and_attribute() -> None:
    found = reference("google_compute_disk", "tank", "self_link")
    assert (found, type(found)) == ("${google_compute_disk.tank.self_link}", Reference)


def test_resources_need_no_framework() -> None:
    code = """
import sys
sys.modules.update(cdktf=None, cdktn=None, jsii=None, constructs=None)
from infra_lib.clouds.gcp.resources import configuration
from main import fleet
found = configuration(fleet, fleet.gcp, fleet.gcp_machines, "gcp")
print(*(each.address for each in found.resources))
"""
    done = python("-c", code)
    assert "google_compute_instance.galena" in done.stdout.split()


def test_the_digest_holds_what_is_made_and_no_more() -> None:
    made = {each.type for fleet in FLEETS.values() for each in configured(fleet).resources}
    assert made | {"provider"} == SCHEMAS.keys()
    assert len(json.dumps(SCHEMAS)) < 50_000
