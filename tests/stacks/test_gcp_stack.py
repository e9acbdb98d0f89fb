"""What the stack holds, and what changes it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from cdktf import App, S3Backend
from cdktf_cdktf_provider_google.compute_address import ComputeAddress

from infra_lib import (
    BootDisk,
    DataDisk,
    Fleet,
    FleetError,
    GcpMachine,
    GcsBackend,
    Machine,
    Nvidia,
    Reference,
    ServiceAccount,
)
from infra_lib.stacks import GcpStack
from main import fleet as example
from tests.helpers.hostile import HostileStr, member
from tests.helpers.nix_fleets import PART, VGPU_DRIVER
from tests.helpers.process import python
from tests.helpers.stack_fleets import (
    CONTROLLER,
    FLEETS,
    HOSTILE,
    KEY,
    KMS_KEY,
    WITH_DATA,
    cpu,
    fleet_of,
    gpu,
    project,
    with_machine,
)
from tests.helpers.synthesis import Synthesize, changed, instance, resources


def test_exactly_the_enabled_machines_are_there(synthesize: Synthesize) -> None:
    assert [key for key in resources(synthesize(example)) if "instance" in key] == [
        "google_compute_instance.galena"
    ]


def test_names_and_machines_of_an_enumeration_are_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def synthesized(made: Callable[[str], str]) -> str:
        app = App(outdir=str(tmp_path / "cdktf.out"))
        machine = cpu(made("galena"), network_tags=[made("a")], labels={made("b"): made("c")})
        GcpStack(app, made("east"), fleet=fleet_of(machine), machines=[made("galena")])
        app.synth()
        return (tmp_path / "cdktf.out/stacks/east/cdk.tf.json").read_text()

    assert synthesized(HostileStr) == synthesized(member) == synthesized(str)


def test_enabling_scheelite_changes_its_resource_and_the_output(synthesize: Synthesize) -> None:
    before = synthesize(example)
    after = synthesize(with_machine(example, "scheelite", enabled=True))
    assert changed(before, after) == {"google_compute_instance.scheelite", "output"}
    assert (
        after["output"]["machines"]["value"]["galena"]
        == (before["output"]["machines"]["value"]["galena"])
    )


def test_a_data_disk_stays_when_its_machine_goes(synthesize: Synthesize) -> None:
    on = fleet_of(CONTROLLER, WITH_DATA, cpu())
    off = with_machine(on, "scheelite", enabled=False)
    assert changed(synthesize(on), synthesize(off)) == {
        "google_compute_instance.scheelite",
        "output",
    }


def test_stopping_changes_one_resource_and_the_output(synthesize: Synthesize) -> None:
    on = fleet_of(CONTROLLER, WITH_DATA, cpu())
    off = with_machine(on, "scheelite", stopped=True)
    assert changed(synthesize(on), synthesize(off)) == {
        "google_compute_instance.scheelite",
        "output",
    }


def test_the_order_of_machines_changes_nothing(synthesize: Synthesize) -> None:
    fleet = FLEETS["networks"]
    assert synthesize(fleet) == synthesize(
        attrs.evolve(fleet, machines=tuple(reversed(fleet.machines)))
    )


def test_a_machine_before_the_others_touches_none(synthesize: Synthesize) -> None:
    fleet = fleet_of(CONTROLLER, WITH_DATA, cpu())
    more = attrs.evolve(fleet, machines=(cpu("agate"), *fleet.machines))
    assert changed(synthesize(fleet), synthesize(more)) == {
        "google_compute_instance.agate",
        "output",
    }


@pytest.mark.parametrize("description", ["other words", HOSTILE])
def test_a_description_is_no_part_of_the_instance(synthesize: Synthesize, description: str) -> None:
    renamed = with_machine(example, "galena", description=description)
    assert synthesize(renamed) == synthesize(example)


def test_names_that_the_stack_or_javascript_use_are_free_for_machines(
    synthesize: Synthesize,
) -> None:
    names = ("backend", "machines", "provider", "ssh", "zerotier", "google", "constructor", "id")
    fleet = fleet_of(CONTROLLER, *(cpu(name, tags=("peer",)) for name in names))
    assert set(synthesize(fleet)["resource"]["google_compute_instance"]) == set(names)


def test_the_project_and_the_provider(synthesize: Synthesize) -> None:
    stack = synthesize(example)
    assert stack["provider"]["google"] == [{"project": "example-project", "region": "us-central1"}]
    google = stack["terraform"]["required_providers"]["google"]
    assert google == {"source": "google", "version": "~> 7.0"}


class TestOutput:
    def test_it_tells_of_each_machine(self, synthesize: Synthesize) -> None:
        outputs = synthesize(FLEETS["example-scheelite-on"])["output"]
        assert set(outputs) == {"machines"}
        machine = example.gpu_machines[0]
        assert machine.name == "scheelite"
        interface = "google_compute_instance.scheelite.network_interface[0]"
        assert outputs["machines"]["value"]["scheelite"] == {
            "state": "on",
            "zone": "us-central1-c",
            "machine_type": "n1-standard-8",
            "external_ip": f"${{{interface}.access_config[0].nat_ip}}",
            "gpu": {"type": "nvidia-tesla-t4", "count": 1},
            "usd_per_hour": machine.usd_per_hour,
        }

    def test_what_is_not_there_is_null(self, synthesize: Synthesize) -> None:
        fleet = fleet_of(cpu(external_ip=False))
        machine = synthesize(fleet)["output"]["machines"]["value"]["galena"]
        assert (machine["gpu"], machine["external_ip"]) == ("${null}", "${null}")

    def test_a_stopped_machine_costs_its_disk(self, synthesize: Synthesize) -> None:
        machines = synthesize(FLEETS["stopped"])["output"]["machines"]["value"]
        # 100 GB of pd-balanced, at 0.1 USD a month.
        assert {machine["usd_per_hour"] for machine in machines.values()} == {0.013699}
        assert {machine["state"] for machine in machines.values()} == {"stopped"}

    def test_no_machine_is_an_empty_map(self, synthesize: Synthesize) -> None:
        assert synthesize(fleet_of(gpu(enabled=False)))["output"]["machines"]["value"] == {}


ORDINARY = {
    "provisioning_model": "STANDARD",
    "preemptible": False,
    "automatic_restart": True,
    "on_host_maintenance": "MIGRATE",
}


class TestScheduling:
    def test_a_gpu_does_not_migrate(self, synthesize: Synthesize) -> None:
        machines = synthesize(FLEETS["accelerators"])["resource"]["google_compute_instance"]
        assert set(machines) == {"lorandite", "anatase", "quartz", "vanadinite"}
        for machine in machines.values():
            assert machine["scheduling"]["on_host_maintenance"] == "TERMINATE"

    def test_built_in_gpus_are_said_as_they_are(self, synthesize: Synthesize) -> None:
        machines = synthesize(FLEETS["accelerators"])["resource"]["google_compute_instance"]
        assert {name: machine["guest_accelerator"] for name, machine in machines.items()} == {
            "lorandite": [{"type": "nvidia-l4", "count": 1}],
            "anatase": [{"type": "nvidia-tesla-a100", "count": 4}],
            "quartz": [{"type": "nvidia-tesla-t4", "count": 4}],
            "vanadinite": [{"type": "nvidia-tesla-v100", "count": 2}],
        }

    def test_a_part_of_a_gpu_is_said_by_the_machine_type_alone(
        self, synthesize: Synthesize
    ) -> None:
        stack = synthesize(
            fleet_of(attrs.evolve(PART, enabled=True), nvidia=Nvidia(vgpu_driver=VGPU_DRIVER))
        )
        machine = instance(stack, "beryl")
        assert machine["machine_type"] == "g4-standard-12"
        assert "guest_accelerator" not in machine
        assert machine["scheduling"]["on_host_maintenance"] == "TERMINATE"
        told = stack["output"]["machines"]["value"]["beryl"]["gpu"]
        assert told == {"type": "nvidia-rtx-pro-6000", "count": 0.25}

    def test_an_ordinary_machine_says_that_it_is_one(self, synthesize: Synthesize) -> None:
        """What is left out, google's provider keeps: it would stay a Spot VM."""
        stack = synthesize(fleet_of(cpu()))
        assert instance(stack, "galena")["scheduling"] == ORDINARY
        assert "guest_accelerator" not in instance(stack, "galena")

    def test_spot(self, synthesize: Synthesize) -> None:
        stack = synthesize(FLEETS["spot"])
        spot = {
            "provisioning_model": "SPOT",
            "preemptible": True,
            "automatic_restart": False,
            "on_host_maintenance": "TERMINATE",
        }
        assert instance(stack, "galena")["scheduling"] == spot | {
            "instance_termination_action": "DELETE"
        }
        assert instance(stack, "scheelite")["scheduling"] == spot | {
            "instance_termination_action": "STOP",
            "max_run_duration": {"seconds": 3600},
        }

    def test_a_limited_run_of_e2_may_migrate(self, synthesize: Synthesize) -> None:
        assert instance(synthesize(FLEETS["spot"]), "halite")["scheduling"] == ORDINARY | {
            "instance_termination_action": "STOP",
            "max_run_duration": {"seconds": 86400},
        }

    def test_stopped(self, synthesize: Synthesize) -> None:
        stack = synthesize(fleet_of(cpu(), cpu("halite", stopped=True)))
        assert instance(stack, "galena")["desired_status"] == "RUNNING"
        assert instance(stack, "halite")["desired_status"] == "TERMINATED"


class TestInstance:
    def test_an_address_that_may_change(self, synthesize: Synthesize) -> None:
        interface = instance(synthesize(fleet_of(cpu())), "galena")["network_interface"]
        assert interface == [{"network": "default", "access_config": [{"network_tier": "PREMIUM"}]}]

    @pytest.mark.parametrize("address", ["203.0.113.7", Reference("${google_compute_address.a.b}")])
    def test_a_reserved_address(self, synthesize: Synthesize, address: str) -> None:
        stack = synthesize(fleet_of(cpu(external_ip=address)))
        interface = instance(stack, "galena")["network_interface"]
        assert interface == [{"network": "default", "access_config": [{"nat_ip": address}]}]

    def test_no_address(self, synthesize: Synthesize) -> None:
        interface = instance(synthesize(fleet_of(cpu(external_ip=False))), "galena")
        assert interface["network_interface"] == [{"network": "default"}]

    def test_labels(self, synthesize: Synthesize) -> None:
        fleet = fleet_of(
            gpu(labels={"team": "geology", "org": "mine"}),
            gcp=project(labels={"org": "example"}),
        )
        assert instance(synthesize(fleet), "scheelite")["labels"] == {
            "org": "mine",
            "team": "geology",
            "fleet": "test",
            "machine": "scheelite",
            "cost": "0-7487-usd-per-hour",
            "state": "on",
        }

    def test_metadata_holds_the_text_that_was_given(self, synthesize: Synthesize) -> None:
        metadata = instance(synthesize(FLEETS["every-field"]), "galena")["metadata"]
        # As tests/stacks/test_escape.py shows Terraform to read it.
        assert metadata["motd"].replace("$${", "${").replace("%%{", "%{") == HOSTILE
        assert metadata["ssh-keys"] == f"root:{KEY} $${{x}} %%{{y}}"
        assert "$${path.module}" in metadata["startup-script"]

    def test_nobody_gets_in_by_a_key_of_the_project_or_the_serial_port_unless_asked(
        self, synthesize: Synthesize
    ) -> None:
        """Both are said, for what is left out is as the project's own metadata has it."""
        told = {}
        for name in ("example", "every-field"):
            metadata = instance(synthesize(FLEETS[name]), "galena")["metadata"]
            told[name] = metadata["block-project-ssh-keys"], metadata["serial-port-enable"]
        assert told == {"example": ("TRUE", "FALSE"), "every-field": ("FALSE", "TRUE")}

    @pytest.mark.parametrize(("said", "told"), [(True, "TRUE"), (False, "FALSE")])
    def test_an_image_publishes_its_host_keys_unless_told(
        self, synthesize: Synthesize, said: bool, told: str
    ) -> None:
        assert project().guest_attributes
        fleet = fleet_of(cpu(), gcp=project(guest_attributes=said))
        metadata = instance(synthesize(fleet), "galena")["metadata"]
        assert metadata["enable-guest-attributes"] == told

    @pytest.mark.parametrize(("said", "told"), [(None, None), (True, "TRUE"), (False, "FALSE")])
    def test_os_login_is_left_to_the_project_unless_said(
        self, synthesize: Synthesize, said: bool | None, told: str | None
    ) -> None:
        fleet = fleet_of(cpu(), gcp=project(os_login=said))
        metadata = instance(synthesize(fleet), "galena")["metadata"]
        assert metadata.get("enable-oslogin") == told
        # Root's keys are not OS Login's: the startup script reads them.
        assert metadata["ssh-keys"] == f"root:{KEY} admin"

    def test_a_reference_in_metadata_stays_one(self, synthesize: Synthesize) -> None:
        fleet = fleet_of(cpu(metadata={"bucket": Reference("${google_storage_bucket.a.name}")}))
        metadata = instance(synthesize(fleet), "galena")["metadata"]
        assert metadata["bucket"] == "${google_storage_bucket.a.name}"

    def test_the_startup_script_is_where_a_change_replaces_nothing(
        self, synthesize: Synthesize
    ) -> None:
        for name, fleet in FLEETS.items():
            for machine in synthesize(fleet)["resource"]["google_compute_instance"].values():
                assert "metadata_startup_script" not in machine, name
                assert machine["metadata"]["startup-script"].startswith("#!/bin/sh\n"), name

    def test_no_service_account_unless_asked(self, synthesize: Synthesize) -> None:
        assert "service_account" not in instance(synthesize(example), "galena")

    def test_every_field(self, synthesize: Synthesize) -> None:
        machine = instance(synthesize(FLEETS["every-field"]), "galena")
        assert machine["boot_disk"] == {
            "initialize_params": {
                "image": "debian-cloud/debian-13",
                "size": 20,
                "type": "pd-ssd",
            },
            "kms_key_self_link": "${google_kms_crypto_key.boot.id}",
        }
        assert machine["shielded_instance_config"] == {
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": False,
        }
        assert machine["service_account"] == {
            "email": "galena@example-project.iam.gserviceaccount.com",
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }
        assert machine["deletion_protection"] is True
        assert machine["allow_stopping_for_update"] is False


class TestKeysOfDisks:
    def test_google_keeps_them_unless_told(self, synthesize: Synthesize) -> None:
        found = resources(synthesize(FLEETS["data-disks"]))
        assert "kms_key_self_link" not in found["google_compute_instance.scheelite"]["boot_disk"]
        assert "disk_encryption_key" not in found["google_compute_disk.tank"]

    def test_a_disk_has_its_own_or_else_the_projects(self, synthesize: Synthesize) -> None:
        own, shared = KMS_KEY, KMS_KEY.replace("us-central1", "global")
        disks = DataDisk("tank", size_gb=1), DataDisk("ore", size_gb=1, kms_key=own)
        machine = gpu(data_disks=disks, enabled=True)
        other = cpu(boot_disk=BootDisk(kms_key=own))
        found = resources(synthesize(fleet_of(machine, other, gcp=project(kms_key=shared))))
        boots = {
            name: found[f"google_compute_instance.{name}"]["boot_disk"]["kms_key_self_link"]
            for name in ("scheelite", "galena")
        }
        assert boots == {"scheelite": shared, "galena": own}
        keys = {
            name: found[f"google_compute_disk.{name}"]["disk_encryption_key"]
            for name in ("tank", "ore")
        }
        assert keys == {"tank": {"kms_key_self_link": shared}, "ore": {"kms_key_self_link": own}}

    def test_a_key_that_terraform_makes_stays_a_reference(self, synthesize: Synthesize) -> None:
        key = Reference("${google_kms_crypto_key.disks.id}")
        machine = gpu(data_disks=(DataDisk("tank", size_gb=1),))
        found = resources(synthesize(fleet_of(machine, gcp=project(kms_key=key))))
        boot = found["google_compute_instance.scheelite"]["boot_disk"]
        assert boot["kms_key_self_link"] == key
        assert found["google_compute_disk.tank"]["disk_encryption_key"] == {
            "kms_key_self_link": key
        }

    @pytest.mark.parametrize(
        ("machine", "regions"),
        [
            (cpu(zone="europe-west4-a"), "europe-west4"),
            (cpu(fallback_zones=("europe-west4-a",)), "europe-west4, us-central1"),
            (
                cpu(
                    zone="europe-west4-a",
                    boot_disk=BootDisk(kms_key=KMS_KEY.replace("us-central1", "europe-west4")),
                    data_disks=(DataDisk("ore", size_gb=1),),
                ),
                "europe-west4",
            ),
        ],
    )
    def test_the_project_of_the_stack_is_the_one_whose_key_is_checked(
        self, tmp_path: Path, machine: GcpMachine, regions: str
    ) -> None:
        """A machine may be in another project than the fleet's, and has that one's key."""
        here, world = project(kms_key=KMS_KEY), KMS_KEY.replace("us-central1", "global")
        fleet = fleet_of(machine, gcp=here)
        app = App(outdir=str(tmp_path / "out"))
        refused = f"project 'example-project': kms_key='projects/.*may be in {regions}: name a key"
        with pytest.raises(FleetError, match=refused):
            GcpStack(app, "gcp", fleet=fleet)
        with pytest.raises(FleetError, match=refused):
            GcpStack(app, "gcp", fleet=attrs.evolve(fleet, gcp=project()), gcp=here)
        assert not [*(tmp_path / "out").rglob("*.json")]
        assert GcpStack(app, "own", fleet=fleet, gcp=project(kms_key=world)).instances

    def test_a_project_key_that_no_disk_takes_may_be_anywhere(self, synthesize: Synthesize) -> None:
        own = KMS_KEY.replace("us-central1", "europe-west4")
        disks = (DataDisk("ore", size_gb=1, kms_key=own),)
        machine = cpu(zone="europe-west4-a", boot_disk=BootDisk(kms_key=own), data_disks=disks)
        found = resources(synthesize(fleet_of(machine, gcp=project(kms_key=KMS_KEY))))
        assert KMS_KEY not in json.dumps(found)


class TestFirewall:
    @pytest.mark.parametrize("logged", [True, False])
    def test_every_rule_that_lets_in_logs_or_none_does(
        self, synthesize: Synthesize, logged: bool
    ) -> None:
        fleet = attrs.evolve(FLEETS["networks"], gcp=project(firewall_logging=logged))
        rules = synthesize(fleet)["resource"]["google_compute_firewall"]
        assert len(rules) > 3
        log = {"metadata": "INCLUDE_ALL_METADATA"} if logged else None
        for rule in rules.values():
            assert rule.get("log_config") == (log if "allow" in rule else None)


class TestDisks:
    def test_a_data_disk_is_attached_by_its_name(self, synthesize: Synthesize) -> None:
        stack = synthesize(fleet_of(CONTROLLER, WITH_DATA))
        assert instance(stack, "scheelite")["attached_disk"] == [
            {"source": "${google_compute_disk.tank.self_link}", "device_name": "tank"}
        ]

    def test_it_is_guarded_unless_told(self, synthesize: Synthesize) -> None:
        disks = synthesize(FLEETS["data-disks"])["resource"]["google_compute_disk"]
        assert {n: each["lifecycle"].get("prevent_destroy") for n, each in disks.items()} == {
            "tank": True,
            "attic": True,
            "scratch": None,
        }

    def test_the_state_of_its_machine_is_no_part_of_it(self, synthesize: Synthesize) -> None:
        disk = synthesize(FLEETS["data-disks"])["resource"]["google_compute_disk"]["attic"]
        assert disk["labels"] == {"fleet": "test", "machine": "galena"}
        assert (disk["zone"], disk["size"], disk["type"]) == ("us-central1-b", 1000, "pd-standard")


class TestBackend:
    def test_the_state_is_beside_the_app_in_any_checkout(self, synthesize: Synthesize) -> None:
        backend = synthesize(example)["terraform"]["backend"]
        assert backend == {"local": {"path": "../../../terraform.gcp.tfstate"}}

    @pytest.mark.parametrize(
        ("prefix", "expected"), [("fleet/state", "fleet/state/gcp"), ("a/", "a/gcp"), ("", "gcp")]
    )
    def test_gcs_keeps_stacks_apart(
        self, synthesize: Synthesize, prefix: str, expected: str
    ) -> None:
        fleet = fleet_of(cpu(), gcp=project(backend=GcsBackend("example-state", prefix=prefix)))
        assert synthesize(fleet)["terraform"]["backend"] == {
            "gcs": {"bucket": "example-state", "prefix": expected}
        }

    def test_a_backend_of_ones_own_wins(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        app = App(outdir=str(tmp_path / "out"))
        S3Backend(GcpStack(app, "gcp", fleet=example), bucket="b", key="k", region="r")
        app.synth()
        stack = json.loads((tmp_path / "out/stacks/gcp/cdk.tf.json").read_text())
        assert set(stack["terraform"]["backend"]) == {"s3"}


def test_several_fleets_in_one_app_and_resources_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = App(outdir=str(tmp_path / "out"))
    first = GcpStack(app, "first", fleet=example)
    second = GcpStack(app, "second", fleet=fleet_of(CONTROLLER, WITH_DATA, gcp=project()))
    ComputeAddress(first, "galena", name="galena", labels={"of": first.instances["galena"].name})
    ComputeAddress(second, "tank", name="tank", description=second.disks["tank"].self_link)
    assert set(first.firewalls) == {"ssh", "no-ssh", "zerotier"}
    app.synth()
    one, two = (
        json.loads((tmp_path / f"out/stacks/{name}/cdk.tf.json").read_text())
        for name in ("first", "second")
    )
    assert set(one["resource"]["google_compute_instance"]) == {"galena"}
    assert one["resource"]["google_compute_address"]["galena"]["labels"] == {
        "of": "${google_compute_instance.galena.name}"
    }
    assert two["resource"]["google_compute_address"]["tank"]["description"] == (
        "${google_compute_disk.tank.self_link}"
    )
    assert two["terraform"]["backend"] == {"local": {"path": "../../../terraform.second.tfstate"}}


def test_stacks_of_one_fleet_in_one_project_keep_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of rules are unique in a project, and a network tag is anyone's who has it."""
    monkeypatch.chdir(tmp_path)
    app = App(outdir=str(tmp_path / "out"))
    fleet = fleet_of(CONTROLLER, cpu(tags=("peer",)), cpu("halite", tags=("peer",)))
    GcpStack(app, "Inner_lab", fleet=fleet, machines=("galena",))
    world = project(ssh_source_ranges=("0.0.0.0/0",))
    GcpStack(app, "outer", fleet=fleet, gcp=world, machines="halite")
    app.synth()
    names, targets, tags = [], [], []
    for name in ("Inner_lab", "outer"):
        text = (tmp_path / f"out/stacks/{name}/cdk.tf.json").read_text()
        resource = json.loads(text)["resource"]
        rules = resource["google_compute_firewall"].values()
        names.append({rule["name"] for rule in rules})
        targets.append({tag for rule in rules for tag in rule["target_tags"]})
        (machine,) = resource["google_compute_instance"].values()
        tags.append(set(machine["tags"]))
    assert names[0] == {
        "test-inner-lab-ssh",
        "test-inner-lab-no-ssh",
        "test-inner-lab-zerotier",
    }
    assert names[0].isdisjoint(names[1])
    assert targets == tags
    assert tags[0].isdisjoint(tags[1])


def test_the_order_in_which_a_stacks_machines_are_named_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = App(outdir=str(tmp_path / "out"))
    fleet = fleet_of(cpu(), cpu("halite"), cpu("agate"))
    for name, machines in (("one", ("galena", "agate")), ("two", ("agate", "galena"))):
        stack = GcpStack(app, name, fleet=fleet, machines=machines)
        assert list(stack.instances) == ["galena", "agate"]


def test_a_machine_that_the_fleet_does_not_provision_is_in_no_stack(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "out"))
    for name in ("cinnabar", "halite"):
        accepted = f"fleet 'test': machines='{name}': one of galena"
        with pytest.raises(FleetError, match=accepted):
            GcpStack(app, name, fleet=fleet_of(CONTROLLER, cpu()), machines=("galena", name))


def test_labels_are_counted_in_the_project_of_the_stack(tmp_path: Path) -> None:
    """A machine may be in another project than the fleet's, and has that one's labels."""
    many = {f"l{number}": "x" for number in range(58)}
    two, one = (project(labels={"team": "x", other: "y"}) for other in ("other", "l0"))
    fleet = fleet_of(cpu(labels=many), gcp=two)
    app = App(outdir=str(tmp_path / "out"))
    for wrong in ({"fleet": fleet}, {"fleet": attrs.evolve(fleet, gcp=one), "gcp": two}):
        with pytest.raises(FleetError, match="machine 'galena': labels='60 labels': at most 59"):
            GcpStack(app, "gcp", **wrong)
    assert GcpStack(app, "own", fleet=fleet, gcp=one).instances


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metadata": {"a": "é" * 131073}}, r"metadata\['a'\]='262146 bytes': at most 262144"),
        ({"startup_script": "x" * 262144}, r"metadata\['startup-script'\]='26\d+ bytes'"),
        (
            {"metadata": dict.fromkeys("ab", "x" * 262144)},
            "metadata='52[0-9]+ bytes': at most 524288",
        ),
    ],
)
def test_metadata_that_no_instance_takes_is_refused(
    fields: dict[str, Any], message: str, tmp_path: Path
) -> None:
    app = App(outdir=str(tmp_path / "out"))
    with pytest.raises(FleetError, match=f"machine 'galena': {message}"):
        GcpStack(app, "gcp", fleet=fleet_of(cpu(**fields)))


@pytest.mark.parametrize(("text", "written"), [("é", "é"), ("${", "$${")])
def test_the_largest_metadata_is_taken_as_it_is_typed(
    synthesize: Synthesize, text: str, written: str
) -> None:
    stack = synthesize(fleet_of(cpu(metadata={"a": text * 131072})))
    assert instance(stack, "galena")["metadata"]["a"] == written * 131072


def test_all_metadata_is_counted_with_its_keys(synthesize: Synthesize, tmp_path: Path) -> None:
    own = instance(synthesize(fleet_of(cpu())), "galena")["metadata"]
    left = 512 * 1024 - sum(len(key) + len(value) for key, value in own.items())
    values = {"ab": "x" * 200000, "abc": "x" * 200000}
    values["abcd"] = "x" * (left - 400000 - len("ababcabcd"))
    machine = instance(synthesize(fleet_of(cpu(metadata=values))), "galena")
    assert machine["metadata"] == own | values
    more = values | {"ab": "x" * 200001}
    app = App(outdir=str(tmp_path / "out"))
    with pytest.raises(FleetError, match="metadata='524289 bytes': at most 524288"):
        GcpStack(app, "gcp", fleet=fleet_of(cpu(metadata=more)))


def test_a_word_is_not_taken_for_a_number_that_cdktf_knows(synthesize: Synthesize) -> None:
    """It has numbers of one size stand for references, also within text."""
    number, shown = "-82e297", '-${""}82e297'
    fleet = fleet_of(
        cpu(
            boot_disk=BootDisk(image=number),
            labels={"own": number},
            service_account=ServiceAccount(f"{number}@example.org", scopes=(number,)),
        ),
        gcp=project(labels={"all": number}),
    )
    machine = instance(synthesize(fleet), "galena")
    assert machine["boot_disk"]["initialize_params"]["image"] == shown
    assert (machine["labels"]["own"], machine["labels"]["all"]) == (shown, shown)
    assert machine["service_account"] == {"email": f"{shown}@example.org", "scopes": [shown]}


def test_a_fleet_without_a_project_is_refused(tmp_path: Path) -> None:
    fleet = Fleet(name="test", domain="zt", machines=(Machine("cinnabar"),))
    app = App(outdir=str(tmp_path / "out"))
    with pytest.raises(FleetError, match="fleet 'test': gcp=None: GcpStack needs a GcpProject"):
        GcpStack(app, "gcp", fleet=fleet)


def test_a_project_without_machines_opens_nothing(synthesize: Synthesize) -> None:
    assert resources(synthesize(fleet_of(CONTROLLER))) == {}


def test_disks_of_one_fleet_have_names_of_their_own() -> None:
    with pytest.raises(FleetError, match=r"data_disks\.name='tank'"):
        fleet_of(CONTROLLER, WITH_DATA, cpu(data_disks=(DataDisk("tank", size_gb=1),)))


@pytest.mark.parametrize("missing", ["cdktf", "cdktf_cdktf_provider_google"])
def test_without_cdktf_one_message_says_what_to_install(missing: str) -> None:
    done = python(
        "-c",
        f"import sys\nsys.modules[{missing!r}] = None\nimport infra_lib, main\n"
        "try:\n    from infra_lib.stacks import GcpStack\n"
        "except ImportError as error:\n    print(error)",
    )
    assert done.stdout == (
        "infra_lib.stacks needs cdktf and its Google provider: pip install 'infra-lib[cdktf]'\n"
    )


def test_the_model_loads_neither_cdktf_nor_node() -> None:
    done = python("-c", "import sys, infra_lib, main\nprint({'cdktf', 'jsii'} & set(sys.modules))")
    assert done.stdout == "set()\n"
