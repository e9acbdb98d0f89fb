"""What a stack made is found again: the same machines and project, and nothing to change."""

from collections.abc import Iterable
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import (
    BootDisk,
    DataDisk,
    Dns,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    ServiceAccount,
    ShieldedVm,
    StopSchedule,
)
from infra_lib.clouds.adoption import Adopted, Found, Takeover
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.machine import gcp_machines
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.clouds.secret_values import looks_secret
from infra_lib.model.errors import FleetError
from infra_lib.terraform.resource import Configuration
from tests.helpers.found import in_state, there, written
from tests.helpers.stack_fleets import FLEETS, KEY, KMS_KEY, cpu, fleet_of, gpu, project

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ADOPTION = CLOUDS["gcp"].adoption()
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFub3RoZXIgYWRtaW46IG5vIHByaXZhdGUga2V5Li4u"
# What no resource tells: lists of places, words for people, ways to reach it, and the state file.
UNTOLD: dict[str, Any] = {"fallback_zones": (), "tags": (), "description": "", "catalog": CATALOG}


def resources_of(fleet: Fleet) -> Configuration:
    assert fleet.gcp is not None
    return configuration(fleet, fleet.gcp, gcp_machines(fleet.machines), "gcp")


def adopt(found: Iterable[Found], name: str = "test", **provider: Any) -> Adopted:
    return ADOPTION.adopt(list(found), provider, name)


def taken(fleet: Fleet, adopted: Adopted, found: list[Found]) -> Takeover:
    """What the first deployment does, when others have said of the machines what they know."""
    known = {machine.name: machine for machine in gcp_machines(fleet.machines)}
    machines = [
        evolve(each, tags=known[each.name].tags, fallback_zones=known[each.name].fallback_zones)
        for each in gcp_machines(adopted.machines)
    ]
    return ADOPTION.take_over(fleet, evolve(adopted, machines=tuple(machines)), found, "gcp")


def on(fleet: Fleet) -> tuple[GcpMachine, ...]:
    """The machines as they can be told: those that are on."""
    machines = (each for each in gcp_machines(fleet.machines) if each.enabled)
    return tuple(evolve(each, **UNTOLD) for each in machines)


def unlike(found: Any, original: Any) -> list[tuple[Any, ...]]:
    """Each field in which two things differ, of machines in the same order, or of projects."""
    pairs = (
        zip(found, original, strict=True)
        if isinstance(found, list | tuple)
        else ((found, original),)
    )
    return [
        (getattr(one, "name", ""), field.name, getattr(one, field.name), getattr(other, field.name))
        for one, other in pairs
        for field in fields(type(other))
        if field.eq and getattr(one, field.name) != getattr(other, field.name)
    ]


def untold(machines: Iterable[Any]) -> list[Any]:
    """Machines without what nobody can tell from what is there.

    That is the image of a boot disk, and whether Terraform refuses to destroy a disk.
    """
    return [
        evolve(
            each,
            boot_disk=evolve(each.boot_disk, image=None),
            data_disks=tuple(evolve(disk, prevent_destroy=True) for disk in each.data_disks),
        )
        for each in machines
    ]


def unsettled(takeover: Takeover) -> list[Any]:
    """What a deployment would change beyond Terraform's own notes."""
    return [
        (each.address, difference.path, difference.before, difference.after)
        for each in takeover.taken
        for difference in (*each.changes, *each.forced)
        if not difference.noted
    ]


def reserved(fleet: Fleet) -> list[Found]:
    """The addresses that are reserved for machines."""
    return [
        there(
            "google_compute_address",
            f"{machine.name}-address",
            {"name": f"{machine.name}-address", "region": machine.region, "address": address},
        )
        for machine in on(fleet)
        if isinstance(address := machine.external_ip, str)
    ]


# Of "every-field" nobody knows which labels and keys are the project's: it has one machine.
WHOLE = [name for name in FLEETS if name not in {"every-field", "install"}]


@pytest.mark.parametrize("name", WHOLE)
def test_a_stack_as_it_was_written_gives_its_fleet_back(name: str) -> None:
    fleet = FLEETS[name]
    resources = resources_of(fleet)
    found = written(resources)
    adopted = adopt(found, fleet.name, **resources.provider)
    assert fleet.gcp is not None
    assert unlike(adopted.project, evolve(fleet.gcp, backend=None)) == []
    assert unlike(adopted.machines, on(fleet)) == []
    lone = {
        each.name for m in gcp_machines(fleet.machines) if not m.enabled for each in m.data_disks
    }
    assert {item.where.rpartition(".")[2] for item in adopted.items} == lone
    assert not adopted.comments
    takeover = taken(fleet, adopted, [each for each in found if each.name not in lone])
    assert unsettled(takeover) == []
    assert takeover.made == ()
    assert takeover.items == ()


@pytest.mark.parametrize("name", [each for each in WHOLE if each != "networks"])
def test_a_state_gives_its_fleet_back(name: str) -> None:
    fleet = FLEETS[name]
    found = in_state(resources_of(fleet))
    adopted = adopt(found, fleet.name)
    assert fleet.gcp is not None
    assert unlike(adopted.project, evolve(fleet.gcp, backend=None)) == []
    assert unlike(untold(adopted.machines), untold(on(fleet))) == []
    assert unsettled(taken(fleet, adopted, found)) == []
    told = {field for _, field in adopted.comments}
    assert told <= {"external_ip"}, "an address may be reserved, and a state does not say it"


def test_an_installation_is_found_again() -> None:
    fleet = FLEETS["install"]
    resources = resources_of(fleet)
    adopted = adopt(written(resources), fleet.name, **resources.provider)
    assert unlike(adopted.project, fleet.gcp) == []
    takeover = taken(fleet, adopted, written(resources))
    assert takeover.made == (
        "terraform_data.galena",
        "terraform_data.halite",
        "terraform_data.scheelite",
    )
    assert "over what is there" in takeover.items[0].what


def test_every_field_of_a_machine_is_found_again() -> None:
    fleet = FLEETS["every-field"]
    (machine,) = on(fleet)
    adopted = adopt(written(resources_of(fleet)), **resources_of(fleet).provider)
    (found,) = adopted.machines
    key = KMS_KEY.replace("us-central1", "global")
    disks = tuple(evolve(each, kms_key=each.kms_key or key) for each in machine.data_disks)
    assert found == evolve(machine, data_disks=disks, labels={"org": "example", **machine.labels})
    assert fleet.gcp is not None
    assert adopted.project == evolve(fleet.gcp, labels={}, kms_key=None)
    assert adopted.items == ()


def test_what_is_off_leaves_its_disks_where_they_are() -> None:
    fleet = FLEETS["data-disks"]
    adopted = adopt(written(resources_of(fleet)), **resources_of(fleet).provider)
    assert [machine.name for machine in adopted.machines] == ["scheelite"]
    assert {(item.kind, item.where) for item in adopted.items} == {
        ("left", "cdk.tf.json: google_compute_disk.attic"),
        ("left", "cdk.tf.json: google_compute_disk.scratch"),
    }
    assert all("galena" in item.what for item in adopted.items)


def test_addresses_are_known_of_machines_that_run() -> None:
    fleet = fleet_of(
        cpu(),
        cpu("halite", stopped=True),
        cpu("baryte", external_ip=False),
        cpu("dolomite", external_ip="203.0.113.7"),
    )
    adopted = adopt([*in_state(resources_of(fleet)), *reserved(fleet)])
    assert {each.name: each.external_ip for each in adopted.facts} == {
        "galena": "198.51.100.116",
        "dolomite": "203.0.113.7",
    }
    assert [each.external_ip for each in adopted.machines] == [True, True, False, "203.0.113.7"]
    assert ("galena", "external_ip") in adopted.comments
    assert ("dolomite", "external_ip") not in adopted.comments
    assert adopt(written(resources_of(fleet))).facts == ()


def test_what_a_machine_is_made_of_is_known_of_it() -> None:
    fleet = fleet_of(
        cpu(
            data_disks=(DataDisk("tank", size_gb=10),),
            stop_schedule=StopSchedule("0 20 * * *"),
            external_ip="203.0.113.7",
        )
    )
    found = [*in_state(resources_of(fleet)), *reserved(fleet)]
    adopted = adopt(found)
    assert [each.type for each in adopted.sources["galena"]] == [
        "google_compute_instance",
        "google_compute_disk",
        "google_compute_resource_policy",
        "google_compute_address",
    ]
    assert adopted.carried == {each.where for each in found}
    (item,) = taken(fleet, adopted, found).items
    assert item.where == "state.json: google_compute_address.galena-address"


def test_a_stack_of_its_own_name_has_its_tags_and_rules_found() -> None:
    fleet = fleet_of(cpu(network_tags=("web",)), gcp=project(ssh_source_ranges=("192.0.2.0/24",)))
    assert fleet.gcp is not None
    resources = configuration(fleet, fleet.gcp, gcp_machines(fleet.machines), "lab", alone=False)
    adopted = adopt(written(resources), **resources.provider)
    assert unlike(adopted.machines, on(fleet)) == []
    assert unlike(adopted.project, fleet.gcp) == []
    assert not adopted.items


# Properties.

NAMES = ("galena", "halite", "baryte")
TEXTS = (
    st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda text: bool(text) and not looks_secret(text, "motd"))
)
SCRIPTS = TEXTS.filter(lambda text: not text.startswith("#!")).flatmap(
    lambda text: st.sampled_from((text, f"#!/bin/bash\n{text}\n", f"{text}\n{text}\n"))
)
LABELS = st.from_regex(r"[-_a-z0-9]{1,20}", fullmatch=True)
RANGES = ("198.51.100.0/24", "203.0.113.0/25", "35.235.240.0/20")
SIX = ("2001:db8::/32",)


def options(name: str, number: int) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Fields that a machine may have, in any order; not all go together."""
    disk = st.builds(
        DataDisk,
        st.sampled_from((f"{name}-a", f"{name}-b")),
        size_gb=st.integers(10, 4000),
        type=st.sampled_from((None, "pd-ssd", "pd-standard", "hyperdisk-balanced")),
        prevent_destroy=st.booleans(),
        kms_key=st.sampled_from((None, None, KMS_KEY)),
    )
    values: dict[str, st.SearchStrategy[Any]] = {
        "spot": st.just(True),
        "provisioning_model": st.sampled_from(("SPOT", "FLEX_START", "RESERVATION_BOUND")),
        "reservation": st.sampled_from(("lab", "projects/host-project/reservations/rack")),
        "max_run_duration": st.integers(600, 604800),
        "instance_termination_action": st.just("DELETE"),
        "on_host_maintenance": st.sampled_from(("MIGRATE", "TERMINATE")),
        "discard_local_ssd": st.just(True),
        "stopped": st.just(True),
        "stop_schedule": st.sampled_from(
            (
                StopSchedule("0 20 * * *"),
                StopSchedule("30 18 * * MON-FRI", time_zone="Europe/Berlin"),
            )
        ),
        "boot_disk": st.builds(
            BootDisk,
            size_gb=st.integers(10, 2000),
            type=st.sampled_from((None, "pd-ssd", "pd-balanced", "hyperdisk-balanced")),
            image=st.sampled_from((None, "debian-cloud/debian-13", "lab/nixos")),
        ),
        "data_disks": st.lists(disk, min_size=1, max_size=2, unique_by=lambda disk: disk.name).map(
            tuple
        ),
        "network": st.sampled_from(
            (f"lab{number}", f"projects/host-project/global/networks/shared{number}")
        ),
        "subnetwork": st.just("lab-central"),
        "external_ip": st.sampled_from((False, f"203.0.113.{number + 1}")),
        "network_tags": st.lists(
            st.sampled_from(("db", "web", "zz")), min_size=1, max_size=3, unique=True
        ).map(lambda tags: tuple(sorted(tags))),
        "labels": LABELS.map(lambda label: {"own": f"{name}-{label}", "team": f"{label}-{name}"}),
        "metadata": st.dictionaries(
            st.sampled_from(("motd", "user-data", "A_b")), TEXTS, min_size=1
        ),
        "serial_port": st.just(True),
        "startup_script": SCRIPTS,
        "shielded_vm": st.builds(
            ShieldedVm,
            secure_boot=st.booleans(),
            vtpm=st.booleans(),
            integrity_monitoring=st.booleans(),
        ),
        "confidential": st.sampled_from(("SEV", "SEV_SNP", "TDX")),
        "threads_per_core": st.sampled_from((1, 2)),
        "nested_virtualization": st.just(True),
        "service_account": st.sampled_from(
            (
                ServiceAccount("m@example-project.iam.gserviceaccount.com"),
                ServiceAccount("n@x.iam.gserviceaccount.com", scopes=("a", "b")),
            )
        ),
        "deletion_protection": st.just(True),
        "allow_stopping_for_update": st.just(False),
    }
    pairs = [st.tuples(st.just(field), value) for field, value in values.items()]
    return st.lists(st.one_of(pairs), max_size=12)


KINDS: tuple[dict[str, Any], ...] = (
    {"machine_type": "e2-standard-8", "zone": "us-central1-b"},
    {"machine_type": "custom-4-8192", "zone": "us-central1-b"},
    {"machine_type": "n1-standard-8", "zone": "us-central1-c", "gpu": Gpu("nvidia-tesla-t4", 2)},
    {"machine_type": "g2-standard-4", "zone": "us-central1-a"},
    {"machine_type": "a2-ultragpu-1g", "zone": "us-central1-a"},
    {"machine_type": "n2-standard-8", "zone": "us-central1-a"},
    {"machine_type": "n2d-standard-8", "zone": "us-central1-a"},
    {"machine_type": "c3-standard-8", "zone": "us-central1-a"},
    {"machine_type": "c3-standard-8-lssd", "zone": "us-central1-a"},
    {"machine_type": "c4a-standard-4", "zone": "us-central1-a"},
    {"machine_type": "c3-standard-192-metal", "zone": "us-central1-a"},
    {"machine_type": "h4d-standard-192", "zone": "us-central1-a"},
)


@st.composite
def machines(draw: st.DrawFn) -> list[GcpMachine]:
    made = []
    for number, name in enumerate(NAMES[: draw(st.integers(1, 3))]):
        said: dict[str, Any] = {**draw(st.sampled_from(KINDS)), "enabled": True}
        for field, value in draw(options(name, number)):
            # The first is in the project's network: of several the project has the most common.
            alone = field == "subnetwork" and "lab" not in said.get("network", "")
            if alone or (field == "network" and number == 0):
                continue
            try:
                GcpMachine(name, **said, **{field: value})
            except (FleetError, TypeError):
                continue
            said[field] = value
        if said.get("provisioning_model") == "FLEX_START":
            # What it says anyway is not said again.
            said.pop("instance_termination_action", None)
        try:
            made.append(GcpMachine(name, **said))
        except FleetError:
            made.append(cpu(name))
    return made


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    members = draw(machines())
    ranges = tuple(sorted(draw(st.sets(st.sampled_from(RANGES))))) + draw(
        st.sampled_from(((), SIX))
    )
    os_login = draw(st.sampled_from((None, True, False)))
    keyed = draw(st.booleans()) and not any(
        disk.kms_key for machine in members for disk in machine.data_disks
    )
    return fleet_of(
        *members,
        gcp=GcpProject(
            "example-project",
            region="us-central1",
            ssh_keys=draw(st.sampled_from(((), (f"{KEY} admin",), (KEY, f"{OTHER_KEY} b c")))),
            ssh_source_ranges=ranges,
            project_ssh_keys=not os_login and draw(st.booleans()),
            os_login=os_login,
            guest_attributes=draw(st.booleans()),
            firewall_logging=bool(ranges) and draw(st.booleans()),
            kms_key=KMS_KEY if keyed else None,
            network=draw(st.sampled_from(("default", "vpc", "projects/host/global/networks/n"))),
            labels={"org": "example"} if len(members) > 1 and draw(st.booleans()) else {},
        ),
    )


LIGHT = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@LIGHT
@given(fleets())
def test_any_fleet_is_found_again_as_it_was_written(fleet: Fleet) -> None:
    resources = resources_of(fleet)
    found = written(resources)
    adopted = adopt(found, **resources.provider)
    assert unlike(adopted.machines, on(fleet)) == []
    assert unlike(adopted.project, fleet.gcp) == []
    assert adopted.items == ()
    assert adopted.carried == {each.where for each in found}
    takeover = taken(fleet, adopted, found)
    assert unsettled(takeover) == []
    assert takeover.made == ()
    assert takeover.items == ()


@LIGHT
@given(fleets())
def test_any_fleet_is_found_again_in_its_state(fleet: Fleet) -> None:
    found = [*in_state(resources_of(fleet)), *reserved(fleet)]
    adopted = adopt(found)
    assert unlike(untold(adopted.machines), untold(on(fleet))) == []
    assert unlike(adopted.project, fleet.gcp) == []
    assert adopted.items == ()
    takeover = taken(fleet, adopted, found)
    assert unsettled(takeover) == []
    assert takeover.made == ()
    noted = {change.path.partition(".")[0] for each in takeover.taken for change in each.changes}
    assert noted <= {"labels", "desired_status", "allow_stopping_for_update"}


@LIGHT
@given(fleets())
def test_a_configuration_beside_its_state_changes_nothing_of_it(fleet: Fleet) -> None:
    resources = resources_of(fleet)
    found = [*written(resources), *in_state(resources)]
    adopted = adopt(found, **resources.provider)
    assert unlike(adopted.machines, on(fleet)) == []
    assert unlike(adopted.project, fleet.gcp) == []
    assert [item for item in adopted.items if item.kind != "left"] == []


@pytest.mark.slow
def test_a_thousand_machines_are_found_again() -> None:
    fleet = fleet_of(
        *(
            (gpu if number % 2 else cpu)(
                f"m{number}",
                labels={"number": f"n{number}"},
                metadata={"motd": f"hello {number}"},
                data_disks=(DataDisk(f"d{number}", size_gb=10),),
                stop_schedule=StopSchedule("0 20 * * *"),
            )
            for number in range(1000)
        )
    )
    found = in_state(resources_of(fleet))
    adopted = adopt(found)
    takeover = taken(fleet, adopted, found)
    assert len(adopted.machines) == 1000
    assert len(takeover.taken) == 3001 + 1


def test_a_name_in_the_dns_is_taken_over_and_left_to_the_fleet() -> None:
    dns = Dns("example.org", zones={"gcp": "example-org"})
    fleet = fleet_of(cpu(external_ip="203.0.113.7"), dns=dns)
    found = written(resources_of(fleet))
    adopted = adopt(found, **resources_of(fleet).provider)
    (item,) = adopted.items
    assert item.where == "cdk.tf.json: google_dns_record_set.galena-a"
    takeover = taken(fleet, adopted, found)
    assert takeover.made == ()
    assert unsettled(takeover) == []
    assert takeover.taken[-1].id == (
        "projects/example-project/managedZones/example-org/rrsets/galena.example.org./A"
    )
