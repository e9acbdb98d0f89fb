"""The stand-in refuses what google would refuse, and changes things the way google would."""

import json
import os
import re
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest

from tests.helpers import CHECKOUT
from tests.terraform.harness import JSON, Workspace, provider_package
from tests.terraform.provider import schema
from tests.terraform.provider.cloud import fingerprint
from tests.terraform.provider.front import COOKIE
from tests.terraform.provider.resources import ATTRIBUTION, RULES

GALENA = "google_compute_instance.galena"

CPU: JSON = {
    "zone": "us-central1-b",
    "machine_type": "e2-standard-8",
    "boot_disk": {"initialize_params": {"image": "debian-cloud/debian-12", "size": 100}},
    "network_interface": [{"network": "default", "access_config": [{}]}],
    "metadata": {"startup-script": "echo one"},
    "labels": {"fleet": "metals"},
    "allow_stopping_for_update": True,
}
GPU: JSON = CPU | {
    "zone": "us-central1-c",
    "machine_type": "n1-standard-8",
    "guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 1}],
    "scheduling": {"on_host_maintenance": "TERMINATE", "automatic_restart": True},
}
SPOT = {"preemptible": True, "provisioning_model": "SPOT", "automatic_restart": False}


def stack(instance: JSON, **resources: JSON) -> JSON:
    """A stack with one instance, and others `resources` by type without `google_compute_`."""
    return stack_of(each({"galena": instance}), **resources)


def stack_of(instances: Mapping[str, JSON], **resources: JSON) -> JSON:
    """A stack with `instances`, and other `resources` by type without `google_compute_`."""
    return {
        "terraform": {"required_providers": {"google": {"source": "google", "version": "~> 7.0"}}},
        "provider": {"google": [{"project": "example-project", "region": "us-central1"}]},
        "resource": {"google_compute_instance": dict(instances)}
        | {f"google_compute_{kind}": named for kind, named in resources.items()},
    }


def each(cases: Mapping[str, JSON]) -> dict[str, JSON]:
    """One instance for each of `cases`, under its name."""
    return {name: {"name": name} | instance for name, instance in cases.items()}


def changed(instance: JSON, path: str, value: Any) -> JSON:
    """`instance` with the argument at the dotted `path` set to `value`; the first of each block."""
    copy = deepcopy(instance)
    *blocks, argument = path.split(".")
    here = copy
    for block in blocks:
        here = here.setdefault(block, {})
        here = here[0] if isinstance(here, list) else here
    here[argument] = value
    return copy


# The plugin


def test_it_listens_before_its_server_has_answered() -> None:
    """Terraform waits for a plugin that is slow to load, but not long for one that is silent."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.terraform.provider",
                str(silent.getsockname()[1]),
                "google",
            ],
            cwd=CHECKOUT,
            env={**os.environ, COOKIE[0]: COOKIE[1]},
            stdout=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        found = re.fullmatch(rb"1\|6\|tcp\|127\.0\.0\.1:(\d+)\|grpc\n", process.stdout.readline())
        assert found
        with socket.create_connection(("127.0.0.1", int(found[1]))):
            assert process.poll() is None
        process.kill()


# The schema


@pytest.mark.slow
def test_schema_agrees_with_the_types_of_the_constructs() -> None:
    """Every argument that a construct takes, and no other, is one that the stand-in takes."""
    with tarfile.open(provider_package()) as archive:
        file = archive.extractfile("package/.jsii")
        assert file
        types = json.load(file)["types"]
    served = schema.derive(provider_package())
    for kind, name in ((f"google_{name}", name) for name in schema.RESOURCES):
        construct = "".join(part.title() for part in name.split("_"))
        module = construct[0].lower() + construct[1:]
        config = types[f"@cdktf/provider-google.{module}.{construct}Config"]
        compare(served[kind], config, types, kind)


def compare(block: schema.Block, struct: JSON, types: JSON, where: str) -> None:
    """Fail unless `block` takes the properties of the jsii `struct`, as required and as nested."""
    meta = ("connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners")
    properties = {
        snake(p["name"]): p
        for p in struct.get("properties", ())
        if "." in where or p["name"] not in meta
    }
    settable = {
        name: a.required for name, a in block.attributes.items() if a.required or a.optional
    } | {name: bool(nested.min_items) for name, nested in block.blocks.items()}
    assert settable == {name: not p.get("optional", False) for name, p in properties.items()}, where
    for name, nested in block.blocks.items():
        references = list(named_types(properties[name]["type"]))
        (inner,) = (r for r in references if r != "cdktf.IResolvable")
        only_one = nested.nesting == "single" or nested.max_items == 1
        many = (
            properties[name]["type"]["union"]["types"]
            if "union" in properties[name]["type"]
            else []
        )
        assert any("collection" in t for t in many) != only_one, f"{where}.{name}"
        compare(nested.block, types[inner], types, f"{where}.{name}")
    for name in settable.keys() & block.attributes.keys():
        assert simple(properties[name]["type"]) == simple_cty(block.attributes[name].type), name


def simple(kind: JSON) -> str:
    """A jsii type reference in a word or two: `string`, `array of string`, `boolean`."""
    if "union" in kind:
        return " or ".join(simple(t) for t in kind["union"]["types"] if "fqn" not in t)
    if "collection" in kind:
        return f"{kind['collection']['kind']} of {simple(kind['collection']['elementtype'])}"
    return str(kind["primitive"])


def simple_cty(kind: schema.CtyType) -> str:
    """A type of Terraform in the words of `simple`."""
    if isinstance(kind, str):
        return {"bool": "boolean"}.get(kind, kind)
    repeated, element = kind
    return f"{'map' if repeated == 'map' else 'array'} of {simple_cty(element)}"


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def named_types(kind: JSON) -> Iterator[str]:
    """The names of all types within a jsii type reference."""
    if "fqn" in kind:
        yield kind["fqn"]
    for inner in kind.get("union", {}).get("types", ()):
        yield from named_types(inner)
    if "collection" in kind:
        yield from named_types(kind["collection"]["elementtype"])


@pytest.mark.slow
def test_rules_name_only_what_the_schema_has() -> None:
    served = schema.derive(provider_package())
    assert RULES.keys() == {kind for kind in served if kind.startswith("google_")}
    for kind, rules in RULES.items():
        known = set(dotted(served[kind]))
        named = {*rules.replaced_by, *rules.defaults, *rules.kept}
        named |= rules.links | rules.names | rules.images
        assert named <= known, kind


def dotted(block: schema.Block, within: str = "") -> Iterator[str]:
    yield from (within + name for name in block.attributes)
    for name, nested in block.blocks.items():
        yield within + name
        yield from dotted(nested.block, f"{within}{name}.")


def test_what_google_does_not_know_is_refused(workspace: Workspace) -> None:
    cases = {
        "argument": ("colour", "grey", 'No argument or block type is named "colour"'),
        "nested-argument": ("scheduling.hue", "grey", 'No argument or block type is named "hue"'),
        "argument-of-an-inner-block": (
            "boot_disk.image",
            "debian-12",
            'No argument or block type is named "image"',
        ),
        "attribute-for-a-block": (
            "shielded_instance_config",
            True,
            'contents of one or more "shielded_instance_config" blocks',
        ),
        "no-block": ("boot_disk", [], 'At least 1 "boot_disk" blocks are required'),
        "two-blocks": ("boot_disk", [{}, {}], 'No more than 1 "boot_disk" blocks are allowed'),
        "nothing-required": ("machine_type", None, 'The argument "machine_type" is required'),
        "nothing-required-within": (
            "guest_accelerator",
            [{"type": "nvidia-tesla-t4"}],
            'The argument "count" is required',
        ),
        "type": ("metadata", "startup-script", "map of string required"),
        "output": ("self_link", "https://", 'Can\'t configure a value for "self_link"'),
    }
    workspace.write(stack_of(each({name: changed(CPU, *case[:2]) for name, case in cases.items()})))
    errors = "\n".join(workspace.refused("plan").values())
    assert [message for _, _, message in cases.values() if message not in errors] == []


def test_what_google_refuses_at_plan(workspace: Workspace) -> None:
    cases = {
        "status": ("desired_status", "STOPPED", "expected desired_status to be one of"),
        "capitals": ("name", "Galena", "doesn't match regexp"),
        "long": ("name", "g" * 64, "doesn't match regexp"),
        "hyphen": ("name", "galena-", "doesn't match regexp"),
        "underscore": ("name", "galena_1", "doesn't match regexp"),
    }
    workspace.write(stack_of(each({name: changed(CPU, *case[:2]) for name, case in cases.items()})))
    errors = workspace.refused("plan")
    for name, (_, _, message) in cases.items():
        assert message in errors[f"google_compute_instance.{name}"], name


def test_a_resource_that_the_stand_in_does_not_serve_is_refused(workspace: Workspace) -> None:
    workspace.write(stack(CPU, machine_image={"copy": {"name": "copy"}}))
    (error,) = workspace.refused("plan").values()
    assert error.startswith("Invalid resource type")


# What the API refuses


def test_what_the_api_refuses_is_not_made(workspace: Workspace) -> None:
    incompatible = "features are not compatible for creating instance., badRequest"
    cases = {
        "gpu-migrating": (
            changed(GPU, "scheduling", {}),
            "Instances with guest accelerators do not support live migration., badRequest",
        ),
        "gpu-migrating-when-told": (
            changed(GPU, "scheduling.on_host_maintenance", "MIGRATE"),
            "do not support live migration",
        ),
        "e2-terminating": (
            changed(CPU, "scheduling.on_host_maintenance", "TERMINATE"),
            "e2 instances do not support onHostMaintenance=TERMINATE unless they are preemptible.",
        ),
        "limit-without-action": (
            changed(CPU, "scheduling.max_run_duration", {"seconds": 3600}),
            "resource.scheduling.instanceTerminationAction",
        ),
        "limit-too-short": (
            changed(
                CPU,
                "scheduling",
                {"max_run_duration": {"seconds": 5}, "instance_termination_action": "STOP"},
            ),
            "resource.scheduling.maxRunDuration",
        ),
        "spot-restarting": (
            changed(CPU, "scheduling", SPOT | {"automatic_restart": True}),
            "Scheduling must have preemptible be false when AutomaticRestart is true., invalid",
        ),
        "t4-on-n2": (changed(GPU, "machine_type", "n2-standard-8"), incompatible),
        "a100-on-n1": (changed(GPU, "guest_accelerator.type", "nvidia-tesla-a100"), incompatible),
        "l4-on-n1": (changed(GPU, "guest_accelerator.type", "nvidia-l4"), incompatible),
        "t4-on-g2": (changed(GPU, "machine_type", "g2-standard-4"), incompatible),
        "three-t4": (changed(GPU, "guest_accelerator.count", 3), "acceleratorCount': '3'"),
        "region-as-zone": (changed(CPU, "zone", "us-central1"), "Invalid value for field 'zone'"),
        "tag": (changed(CPU, "tags", ["Web"]), "resource.tags.items[0]': 'Web'"),
        "label-key": (changed(CPU, "labels", {"Fleet": "metals"}), "Label key 'Fleet' violates"),
        "label": (changed(CPU, "labels", {"fleet": "Metals"}), "Label value 'Metals' violates"),
        "no-disk": (
            changed(CPU, "attached_disk", [{"source": "nowhere"}]),
            "zones/us-central1-b/disks/nowhere' was not found, notFound",
        ),
        "no-policy": (
            changed(CPU, "resource_policies", ["projects/p/regions/r/resourcePolicies/nowhere"]),
            "resourcePolicies/nowhere' was not found, notFound",
        ),
        "no-network": (
            changed(CPU, "network_interface.network", "nowhere"),
            "global/networks/nowhere' was not found, notFound",
        ),
        "no-address": (
            changed(CPU, "network_interface.access_config", [{"nat_ip": "192.0.2.1"}]),
            "'192.0.2.1' was not found in region 'us-central1'",
        ),
    }
    workspace.write(stack_of(each({name: instance for name, (instance, _) in cases.items()})))
    errors = workspace.refused_apply()
    for name, (_, message) in cases.items():
        assert message in errors[f"google_compute_instance.{name}"], name
    assert not workspace.cloud.instances


def test_spot_on_e2_may_terminate_and_a2_brings_its_gpus(workspace: Workspace) -> None:
    spot = changed(CPU, "scheduling", SPOT | {"on_host_maintenance": "TERMINATE"})
    a2 = changed(GPU, "machine_type", "a2-highgpu-2g")
    del a2["guest_accelerator"]
    workspace.write(stack_of(each({"galena": spot, "scheelite": a2})))
    workspace.apply()
    assert workspace.plan().actions == {}
    (gpus,) = workspace.cloud.instances["scheelite"]["guest_accelerator"]
    assert (gpus["type"].rpartition("/")[2], gpus["count"]) == ("nvidia-tesla-a100", 2)


def test_a_firewall_rule_says_from_where(workspace: Workspace) -> None:
    rule = {"name": "ssh", "network": "default", "allow": [{"protocol": "tcp", "ports": ["22"]}]}
    workspace.write(stack(CPU, firewall={"ssh": rule}))
    errors = workspace.refused("plan")
    assert "one of source_tags, source_ranges" in errors["google_compute_firewall.ssh"]


def test_two_of_a_name_are_one_too_many(workspace: Workspace) -> None:
    workspace.write(stack_of({"one": CPU | {"name": "galena"}, "two": CPU | {"name": "galena"}}))
    (error,) = workspace.refused_apply().values()
    assert "instances/galena' already exists, alreadyExists" in error
    assert list(workspace.cloud.instances) == ["galena"]


# What a change does

LINK = "https://www.googleapis.com/compute/v1/"
FAMILY = "projects/debian-cloud/global/images/family/debian-12"
KEY = "projects/example-project/locations/global/keyRings/metals/cryptoKeys/disks"


def case(path: str, value: Any) -> str:
    """A name for a case, short enough for an instance and another for every case."""
    return f"{path.replace('.', '-').replace('_', '-')[-40:]}-{fingerprint([path, value])[:8]}"


def actions_of(workspace: Workspace, cases: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """By path and value, what is planned for a machine with a GPU and a disk that changes so."""
    disks = {case(*c): {"name": f"d-{case(*c)}", "zone": GPU["zone"], "size": 10} for c in cases}
    before = {
        case(*c): GPU | {"attached_disk": [{"source": f"${{google_compute_disk.{case(*c)}.id}}"}]}
        for c in cases
    }
    workspace.write(stack_of(each(before), disk=disks))
    workspace.apply()
    after = {case(*c): changed(before[case(*c)], *c) for c in cases}
    workspace.write(stack_of(each(after), disk=disks))
    actions = workspace.plan().actions
    return {f"{c[0]} {c[1]}": actions.get(f"google_compute_instance.{case(*c)}") for c in cases}


def test_changes_that_replace_the_instance(workspace: Workspace) -> None:
    limit = {"max_run_duration": {"seconds": 3600}, "instance_termination_action": "STOP"}
    planned = actions_of(
        workspace,
        [
            ("name", "galena-2"),
            ("zone", "us-central1-a"),
            ("hostname", "galena.example.org"),
            ("boot_disk.device_name", "root"),
            ("boot_disk.kms_key_self_link", KEY),
            ("boot_disk.initialize_params.image", "debian-cloud/debian-13"),
            ("boot_disk.initialize_params.image", "my-images/debian-12"),
            ("boot_disk.initialize_params.image", "debian-cloud/debian-12-arm64"),
            ("boot_disk.initialize_params.image", "debian-cloud/debian-12-v20250101"),
            ("boot_disk.initialize_params.type", "pd-ssd"),
            ("guest_accelerator.type", "nvidia-tesla-p4"),
            ("guest_accelerator.count", 2),
            ("guest_accelerator.count", 0),
            ("advanced_machine_features", {"enable_uefi_networking": True}),
            ("metadata_startup_script", "echo two"),
            ("network_interface", [{"network": "default"}, {"network": "default"}]),
            ("scheduling", GPU["scheduling"] | SPOT),
            ("scheduling", GPU["scheduling"] | limit),
        ],
    )
    assert planned == dict.fromkeys(planned, ("delete", "create"))


def test_changes_that_update_in_place(workspace: Workspace) -> None:
    planned = actions_of(
        workspace,
        [
            ("allow_stopping_for_update", False),
            ("attached_disk", []),
            ("advanced_machine_features", {"enable_nested_virtualization": True}),
            ("boot_disk.auto_delete", False),
            ("boot_disk.initialize_params.labels", {"fleet": "metals"}),
            ("boot_disk.initialize_params.size", 200),
            ("can_ip_forward", True),
            ("deletion_protection", True),
            ("description", "another"),
            ("desired_status", "TERMINATED"),
            ("labels", {"fleet": "minerals"}),
            ("machine_type", "n1-standard-4"),
            ("metadata", {"startup-script": "echo two"}),
            (
                "metadata",
                {
                    "block-project-ssh-keys": "TRUE",
                    "enable-oslogin": "TRUE",
                    "serial-port-enable": "FALSE",
                },
            ),
            ("network_interface.access_config", []),
            ("scheduling.automatic_restart", False),
            ("service_account", {"scopes": ["cloud-platform"]}),
            ("shielded_instance_config", {"enable_secure_boot": True}),
            ("tags", ["web"]),
        ],
    )
    assert planned == dict.fromkeys(planned, ("update",))
    before = {name: instance["id"] for name, instance in workspace.cloud.instances.items()}
    workspace.apply()
    assert workspace.plan().actions == {}
    after = {name: instance["id"] for name, instance in workspace.cloud.instances.items()}
    assert after == before


def test_changes_that_are_none(workspace: Workspace) -> None:
    """Another way to say the same; and what the API fills in stays when it is left out."""
    zone = "projects/example-project/zones/us-central1-c"
    planned = actions_of(
        workspace,
        [
            (
                "boot_disk.initialize_params.image",
                "projects/debian-cloud/global/images/debian-12-v20260101",
            ),
            ("boot_disk.initialize_params.image", "debian-cloud/debian-12-v20260101"),
            ("boot_disk.initialize_params.image", f"{LINK}{FAMILY}"),
            ("boot_disk.initialize_params.image", FAMILY),
            ("boot_disk.initialize_params.image", "debian/debian-12"),
            ("boot_disk.initialize_params.image", "family/debian-12"),
            ("boot_disk.initialize_params.image", "debian-12"),
            ("boot_disk.initialize_params.image", "debian-cloud/debian"),
            ("machine_type", "zones/us-central1-c/machineTypes/n1-standard-8"),
            ("network_interface.network", "projects/example-project/global/networks/default"),
            ("guest_accelerator.type", f"{zone}/acceleratorTypes/nvidia-tesla-t4"),
            ("can_ip_forward", False),
            ("scheduling", []),
            ("guest_accelerator", []),
            ("tags", []),
        ],
    )
    assert planned == dict.fromkeys(planned)


def test_only_some_links_settle(workspace: Workspace) -> None:
    """A name, what begins with `projects/` and a URL do; the last part of one is planned for ever.

    Where it is the network's, the machine is restarted for it at every deployment.
    """
    project = "projects/example-project"
    zone, region = "zones/us-central1-c", "regions/us-central1"
    here = {"depends_on": ["google_compute_disk.ore", "google_compute_resource_policy.night"]}
    forms = (("part", ""), ("project", f"{project}/"), ("url", f"{LINK}{project}/"))
    links = {
        "network": ("network_interface.network", "global/networks", "default"),
        "subnetwork": ("network_interface.subnetwork", f"{region}/subnetworks", "default"),
        "gpu": ("guest_accelerator.type", f"{zone}/acceleratorTypes", "nvidia-tesla-t4"),
        "policy": ("resource_policies", f"{region}/resourcePolicies", "night"),
        "disk": ("attached_disk", f"{zone}/disks", "ore-FORM"),
    }

    def machine(path: str, link: str) -> JSON:
        within: dict[str, Any] = {
            "resource_policies": [link],
            "attached_disk": [{"source": link}],
        }
        return changed(GPU, path, within.get(path, link)) | here

    cases = {
        f"{name}-{form}": machine(path, f"{before}{place}/{last.replace('FORM', form)}")
        for name, (path, place, last) in links.items()
        for form, before in forms
    }
    rule = {"source_ranges": ["0.0.0.0/0"], "allow": {"protocol": "tcp"}}
    networks = {
        "part": "global/networks/default",
        "project": f"{project}/global/networks/default",
        "name": "default",
    }
    schedule = {"time_zone": "UTC", "vm_stop_schedule": {"schedule": "0 20 * * *"}}
    workspace.write(
        stack_of(
            each(cases),
            disk={
                "ore": {
                    "for_each": dict.fromkeys(dict(forms), ""),
                    "name": "ore-${each.key}",
                    "zone": GPU["zone"],
                }
            },
            resource_policy={"night": {"name": "night", "instance_schedule_policy": schedule}},
            firewall={
                name: rule | {"name": name, "network": network}
                for name, network in networks.items()
            },
        )
    )
    workspace.apply()
    update, replace = ("update",), ("delete", "create")
    expected = {
        "google_compute_instance.network-part": update,
        "google_compute_instance.subnetwork-part": update,
        "google_compute_instance.gpu-part": replace,
        "google_compute_instance.policy-part": update,
        "google_compute_instance.disk-part": update,
        "google_compute_firewall.part": update,
    }
    assert workspace.plan().actions == expected
    done = len(workspace.cloud.log)
    assert workspace.apply().actions == expected
    calls = [call.partition(":")[0] for call in workspace.cloud.log[done:]]
    for name in ("network-part", "subnetwork-part"):
        of_it = [call for call in calls if call.endswith(f" {name}")]
        assert of_it == [f"instances.{verb} {name}" for verb in ("stop", "update", "start")]
    assert workspace.plan().actions == expected


def test_an_image_that_is_not_called_after_its_family_replaces_the_machine_every_time(
    workspace: Workspace,
) -> None:
    """The provider does not ask which family an image is of."""
    families = ("my-images/nixos-unstable", "my-images/nixos", "my-images/nixos-amd64")
    for family, image in zip(families, ("image-25-11", "nixos-25-11", "nixos-arm64"), strict=True):
        workspace.cloud.publish(family, image)
    instances = {
        "unlike": "my-images/nixos-unstable",
        "exact": "my-images/image-25-11",
        "alike": "projects/my-images/global/images/family/nixos",
        "other": "my-images/nixos-amd64",
    }
    machines = {
        name: changed(CPU, "boot_disk.initialize_params.image", image)
        for name, image in instances.items()
    }
    workspace.write(stack_of(each(machines)))
    workspace.apply()
    replaced = {
        f"google_compute_instance.{name}": ("delete", "create") for name in ("unlike", "other")
    }
    assert workspace.plan().actions == replaced
    assert workspace.apply().actions == replaced
    # A newer image of the family is no change, as long as it is called after it.
    workspace.cloud.publish("my-images/nixos", "nixos-26-05")
    assert workspace.plan().actions == replaced
    (disk,) = workspace.cloud.instances["alike"]["boot_disk"]
    (params,) = disk["initialize_params"]
    assert params["image"] == f"{LINK}projects/my-images/global/images/nixos-25-11"


def test_a_label_without_a_value_never_arrives_and_never_settles(workspace: Workspace) -> None:
    """hashicorp/terraform-provider-google#16750; and one that loses its value keeps it."""
    empty = {"fleet": "metals", "env": ""}
    disk = {"ore": {"name": "ore", "zone": CPU["zone"], "size": 10, "labels": empty}}
    machines = {"galena": CPU | {"labels": empty}, "halite": CPU | {"labels": {"env": "lab"}}}
    workspace.write(stack_of(each(machines), disk=disk))
    workspace.apply()
    machines["halite"] = CPU | {"labels": {"env": ""}}
    workspace.write(stack_of(each(machines), disk=disk))
    both = {
        GALENA: ("update",),
        "google_compute_instance.halite": ("update",),
        "google_compute_disk.ore": ("update",),
    }
    for _ in range(2):
        assert workspace.apply().actions == both
    labels = {name: each["effective_labels"] for name, each in workspace.cloud.instances.items()}
    mark = {"goog-terraform-provisioned": "true"}
    assert labels == {"galena": {"fleet": "metals", **mark}, "halite": {"env": "lab", **mark}}
    assert workspace.cloud.named("disk")["ore"]["effective_labels"] == labels["galena"]


def test_labels_of_others_stay(workspace: Workspace) -> None:
    workspace.write(stack(CPU))
    workspace.apply()
    with workspace.cloud.changed() as content:
        (instance,) = content["resources"]["google_compute_instance"].values()
        instance["effective_labels"]["owner"] = "somebody"
    assert workspace.plan().actions == {}
    workspace.write(stack(CPU | {"labels": {"state": "on"}}))
    workspace.apply()
    assert workspace.cloud.instances["galena"]["effective_labels"] == {
        "state": "on",
        "owner": "somebody",
        "goog-terraform-provisioned": "true",
    }


def test_a_boot_disk_grows_while_the_machine_runs_and_never_shrinks(workspace: Workspace) -> None:
    size = "boot_disk.initialize_params.size"
    workspace.write(stack(CPU))
    workspace.apply()
    workspace.write(stack(changed(CPU, size, 200)))
    workspace.apply()
    assert workspace.cloud.log == ["instances.insert galena", "instances.update galena: boot_disk"]
    workspace.write(stack(CPU))
    for _ in range(2):
        assert workspace.plan().actions == {GALENA: ("update",)}
        assert "Error updating Disk" in workspace.refused_apply()[GALENA]
    (disk,) = workspace.cloud.instances["galena"]["boot_disk"]
    assert disk["initialize_params"][0]["size"] == 200


def test_keys_of_the_users_own_settle(workspace: Workspace) -> None:
    disk = {
        "ore": {
            "name": "ore",
            "zone": CPU["zone"],
            "size": 10,
            "disk_encryption_key": {"kms_key_self_link": KEY},
        }
    }
    galena = changed(CPU, "boot_disk.kms_key_self_link", KEY)
    galena["attached_disk"] = [{"source": "${google_compute_disk.ore.id}"}]
    workspace.write(stack(galena, disk=disk))
    workspace.apply()
    assert workspace.plan().actions == {}
    # Whoever leaves the key of a machine out keeps it.
    workspace.write(stack(galena | {"boot_disk": CPU["boot_disk"]}, disk=disk))
    assert workspace.plan().actions == {}
    del disk["ore"]["disk_encryption_key"]
    workspace.write(stack(galena, disk=disk))
    assert workspace.plan().actions["google_compute_disk.ore"] == ("delete", "create")


def test_a_startup_script_may_move_into_metadata(workspace: Workspace) -> None:
    before = changed(CPU, "metadata", {}) | {"metadata_startup_script": "echo one"}
    workspace.write(stack(before))
    workspace.apply()
    workspace.write(stack(CPU))
    assert workspace.plan().actions == {GALENA: ("update",)}


def test_a_machine_is_stopped_for_a_new_type_only_if_that_is_allowed(workspace: Workspace) -> None:
    before = changed(CPU, "allow_stopping_for_update", None)
    bigger = changed(before, "machine_type", "e2-standard-16")
    workspace.write(stack(before))
    workspace.apply()
    workspace.write(stack(bigger))
    assert workspace.plan().actions == {GALENA: ("update",)}
    assert "please set allow_stopping_for_update = true" in workspace.refused_apply()[GALENA]
    assert workspace.cloud.instances["galena"]["machine_type"] == "e2-standard-8"
    workspace.write(stack(bigger | {"allow_stopping_for_update": True}))
    workspace.apply()
    assert workspace.cloud.log[1:] == [
        "instances.stop galena",
        "instances.update galena: allow_stopping_for_update machine_type",
        "instances.start galena",
    ]
    assert workspace.cloud.instances["galena"]["machine_type"] == "e2-standard-16"
    assert workspace.cloud.instances["galena"]["current_status"] == "RUNNING"


def test_labels_and_metadata_change_while_the_machine_runs(workspace: Workspace) -> None:
    workspace.write(stack(CPU))
    workspace.apply()
    workspace.write(stack(changed(CPU, "metadata", {"startup-script": "echo two"})))
    workspace.apply()
    assert workspace.cloud.log == ["instances.insert galena", "instances.update galena: metadata"]


def test_stop_and_start(workspace: Workspace) -> None:
    """A machine that is stopped gives its address back, and gets another at its next start."""

    def address() -> str:
        (interface,) = workspace.cloud.instances["galena"]["network_interface"]
        return str(interface["access_config"][0]["nat_ip"])

    workspace.write(stack(CPU | {"desired_status": "RUNNING"}))
    workspace.apply()
    first = address()
    assert first.startswith("198.1")
    workspace.write(stack(CPU | {"desired_status": "TERMINATED"}))
    assert workspace.apply().actions == {GALENA: ("update",)}
    assert (workspace.cloud.instances["galena"]["current_status"], address()) == ("TERMINATED", "")
    assert workspace.plan().actions == {}
    workspace.write(stack(CPU | {"desired_status": "RUNNING"}))
    workspace.apply()
    assert workspace.cloud.instances["galena"]["current_status"] == "RUNNING"
    assert address() not in ("", first)


def test_a_machine_can_be_made_stopped(workspace: Workspace) -> None:
    workspace.write(stack(CPU | {"desired_status": "TERMINATED"}))
    workspace.apply()
    assert workspace.cloud.log == ["instances.insert galena", "instances.stop galena"]
    assert workspace.plan().actions == {}


def test_what_happens_behind_terraforms_back_is_seen(workspace: Workspace) -> None:
    """A schedule stops the machine; a person deletes it."""
    workspace.write(stack(CPU | {"desired_status": "RUNNING"}))
    workspace.apply()
    with workspace.cloud.changed() as content:
        (instance,) = content["resources"]["google_compute_instance"].values()
        instance["current_status"] = "TERMINATED"
    workspace.plan()
    assert workspace.planned(GALENA)["before"]["desired_status"] == "TERMINATED"
    with workspace.cloud.changed() as content:
        content["resources"] = {}
    assert workspace.plan().actions == {GALENA: ("create",)}


def test_a_reserved_address_stays_while_the_machine_is_stopped(workspace: Workspace) -> None:
    address = {"galena": {"name": "galena"}}
    reference = "${google_compute_address.galena.address}"
    instance = changed(CPU, "network_interface.access_config", [{"nat_ip": reference}])
    workspace.write(stack(instance, address=address))
    workspace.apply()
    workspace.write(stack(instance | {"desired_status": "TERMINATED"}, address=address))
    workspace.apply()
    reserved = workspace.cloud.named("address")["galena"]["address"]
    (interface,) = workspace.cloud.instances["galena"]["network_interface"]
    assert interface["access_config"][0]["nat_ip"] == reserved
    assert workspace.plan().actions == {}


def test_a_reserved_address_that_is_left_out_stays_and_cannot_be_given_back(
    workspace: Workspace,
) -> None:
    """What the API fills in stays as it is: to give the address up takes a machine without one."""
    address = {"galena": {"name": "galena"}}
    reference = "${google_compute_address.galena.address}"
    workspace.write(
        stack(changed(CPU, "network_interface.access_config.nat_ip", reference), address=address)
    )
    workspace.apply()
    workspace.write(stack(CPU, address=address))
    assert workspace.plan().actions == {}
    workspace.write(stack(CPU))
    (error,) = workspace.refused_apply().values()
    assert "is already being used by" in error
    workspace.write(stack(changed(CPU, "network_interface.access_config", []), address=address))
    workspace.apply()
    workspace.write(stack(CPU))
    workspace.apply()
    (interface,) = workspace.cloud.instances["galena"]["network_interface"]
    assert interface["access_config"][0]["nat_ip"].startswith("198.1")
    assert workspace.cloud.named("address") == {}


def test_outputs_tell_the_planned_address_and_the_state_the_right_one(workspace: Workspace) -> None:
    """After a stop, a start and a change of type; a refresh puts them right."""
    nat_ip = "network_interface[0].access_config[0].nat_ip"

    def written(instance: JSON) -> None:
        output = {"address": {"value": f"${{{GALENA}.{nat_ip}}}"}}
        workspace.write(stack(instance) | {"output": output})

    def addresses() -> tuple[str, str]:
        state = json.loads(workspace.terraform("state", "pull").stdout)
        (resource,) = state["resources"]
        (interface,) = resource["instances"][0]["attributes"]["network_interface"]
        return workspace.outputs()["address"], interface["access_config"][0]["nat_ip"]

    running = CPU | {"desired_status": "RUNNING"}
    written(running)
    workspace.apply()
    first, actual = addresses()
    assert first == actual
    for instance in (
        running | {"desired_status": "TERMINATED"},
        running,
        changed(running, "machine_type", "e2-standard-4"),
    ):
        before = addresses()[1]
        written(instance)
        workspace.apply()
        said, actual = addresses()
        assert said == before != actual
        assert workspace.apply("-refresh-only").actions == {}
        assert addresses() == (actual, actual)


def test_a_protected_machine_is_not_deleted(workspace: Workspace) -> None:
    workspace.write(stack(CPU | {"deletion_protection": True}))
    workspace.apply()
    (error,) = workspace.refused_apply("-destroy").values()
    assert "instance Deletion Protection is enabled" in error
    assert list(workspace.cloud.instances) == ["galena"]
    workspace.write(stack(CPU | {"deletion_protection": False}))
    workspace.apply()
    workspace.destroy()
    assert not workspace.cloud.instances


def test_a_data_disk_outlives_its_machine_and_grows_but_does_not_shrink(
    workspace: Workspace,
) -> None:
    instance = CPU | {"attached_disk": [{"source": "${google_compute_disk.data.id}"}]}

    def disk(size: int) -> JSON:
        return {"data": {"name": "data", "zone": CPU["zone"], "size": size}}

    workspace.write(stack(instance, disk=disk(10)))
    workspace.apply()
    assert workspace.plan().actions == {}
    workspace.write(stack(instance, disk=disk(20)))
    assert workspace.plan().actions == {"google_compute_disk.data": ("update",)}
    workspace.write(stack(instance, disk=disk(5)))
    assert workspace.plan().actions["google_compute_disk.data"] == ("delete", "create")
    without = stack(instance, disk=disk(10))
    del without["resource"]["google_compute_instance"]
    workspace.write(without)
    assert workspace.apply().actions == {GALENA: ("delete",)}
    assert list(workspace.cloud.named("disk")) == ["data"]


def test_a_data_disk_that_is_made_anew_stays_detached_until_the_next_deployment(
    workspace: Workspace,
) -> None:
    """It has the link of the one before, so that nothing about it seems to change."""

    def written(kind: str, state: str) -> None:
        disk = {"data": {"name": "data", "zone": CPU["zone"], "size": 10, "type": kind}}
        attached = [{"source": "${google_compute_disk.data.self_link}", "device_name": "data"}]
        galena = CPU | {"attached_disk": attached, "labels": {"state": state}}
        workspace.write(stack(galena, disk=disk))

    written("pd-ssd", "old")
    workspace.apply()
    written("pd-standard", "new")
    both = {GALENA: ("update",), "google_compute_disk.data": ("delete", "create")}
    assert workspace.apply().actions == both
    assert workspace.cloud.instances["galena"]["attached_disk"] == []
    assert workspace.apply().actions == {GALENA: ("update",)}
    (disk,) = workspace.cloud.instances["galena"]["attached_disk"]
    assert disk["source"].endswith("/disks/data")
    assert workspace.plan().actions == {}


def test_one_disk_serves_one_machine(workspace: Workspace) -> None:
    instance = CPU | {"attached_disk": [{"source": "${google_compute_disk.data.id}"}]}
    disk = {"data": {"name": "data", "zone": CPU["zone"]}}
    workspace.write(stack_of(each({"one": instance, "two": instance}), disk=disk))
    (error,) = workspace.refused_apply().values()
    assert "disks/data' is already being used by" in error
    assert len(workspace.cloud.instances) == 1


def test_a_disk_attached_by_a_resource_of_its_own_is_seen_on_the_machine(
    workspace: Workspace,
) -> None:
    """So google's documentation tells to ignore changes of the machine's `attached_disk`."""
    attached = {
        "data": {
            "disk": "${google_compute_disk.data.id}",
            "instance": f"${{{GALENA}.id}}",
            "zone": CPU["zone"],
        }
    }
    disk = {"data": {"name": "data", "zone": CPU["zone"]}}
    workspace.write(stack(CPU, disk=disk, attached_disk=attached))
    workspace.apply()
    assert workspace.plan().actions == {GALENA: ("update",)}
    ignoring = CPU | {"lifecycle": {"ignore_changes": ["attached_disk"]}}
    workspace.write(stack(ignoring, disk=disk, attached_disk=attached))
    assert workspace.plan().actions == {}


def test_a_schedule_stays_while_a_machine_follows_it(workspace: Workspace) -> None:
    schedule = {"time_zone": "Europe/Berlin", "vm_stop_schedule": {"schedule": "0 20 * * *"}}
    policy = {"night": {"name": "night", "instance_schedule_policy": schedule}}
    instance = CPU | {"resource_policies": ["${google_compute_resource_policy.night.id}"]}
    workspace.write(stack(instance, resource_policy=policy))
    workspace.apply()
    assert workspace.plan().actions == {}
    never = {"night": {"name": "night", "instance_schedule_policy": {"time_zone": "UTC"}}}
    workspace.write(stack(instance, resource_policy=never))
    address = "google_compute_resource_policy.night"
    assert "At least one of vmStartSchedule" in workspace.refused_apply()[address]
    workspace.terraform("state", "rm", GALENA)
    (error,) = workspace.refused_apply("-destroy").values()
    assert "is already being used by" in error


def test_google_adds_a_label_of_its_own(workspace: Workspace) -> None:
    workspace.write(stack(CPU))
    workspace.apply()
    labels = {"fleet": "metals", "goog-terraform-provisioned": "true"}
    assert workspace.cloud.instances["galena"]["effective_labels"] == labels
    assert workspace.cloud.instances["galena"]["labels"] == {"fleet": "metals"}


# No room, no quota


def test_a_zone_without_room_says_so_as_often_as_told(workspace: Workspace) -> None:
    workspace.write(stack(GPU))
    workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", zone="us-central1-c", times=1)
    printed = workspace.refused_apply()[GALENA]
    assert (
        "Error waiting for instance to create: The zone"
        " 'projects/example-project/zones/us-central1-c' does not have enough resources available"
        " to fulfill the request."
    ) in printed
    assert "n1-standard-8 VM instance with 1 nvidia-tesla-t4 accelerator(s)" in printed
    assert not workspace.cloud.instances
    workspace.apply()
    assert list(workspace.cloud.instances) == ["galena"]


def test_a_fault_may_be_of_one_machine_or_one_zone(workspace: Workspace) -> None:
    workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", zone="us-central1-a", details=False)
    workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", machine="scheelite")
    workspace.write(stack(GPU))
    workspace.apply()
    workspace.write(stack(GPU | {"zone": "us-central1-a"}))
    assert (
        "zones/us-central1-a' does not have enough resources available to fulfill the request. "
        " Try a different zone, or try again later."
    ) in workspace.refused_apply()[GALENA]
    assert not workspace.cloud.instances


def test_a_stopped_machine_may_find_no_room_to_start(workspace: Workspace) -> None:
    workspace.write(stack(GPU | {"desired_status": "TERMINATED"}))
    workspace.apply()
    workspace.cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED")
    workspace.write(stack(GPU | {"desired_status": "RUNNING"}))
    assert "Error waiting for updating status: The zone" in workspace.refused_apply()[GALENA]
    assert workspace.cloud.instances["galena"]["current_status"] == "TERMINATED"
    workspace.cloud.recover()
    workspace.apply()
    assert workspace.cloud.instances["galena"]["current_status"] == "RUNNING"


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (None, "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally."),
        ("NVIDIA_T4_GPUS", "Quota 'NVIDIA_T4_GPUS' exceeded.  Limit: 0.0 in region us-central1."),
    ],
)
def test_a_quota_of_gpus_holds_machines_with_gpus_back(
    workspace: Workspace, metric: str | None, message: str
) -> None:
    workspace.write(stack_of(each({"galena": CPU, "scheelite": GPU})))
    workspace.cloud.fail("QUOTA_EXCEEDED", **({"metric": metric} if metric else {}))
    assert message in workspace.refused_apply()["google_compute_instance.scheelite"]
    assert list(workspace.cloud.instances) == ["galena"]


# The rest


def test_no_gpu_may_be_said_as_none_of_a_type(workspace: Workspace) -> None:
    none = CPU | {"guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 0}]}
    workspace.write(stack(none))
    workspace.apply()
    assert workspace.plan().actions == {}
    workspace.write(stack(CPU))
    assert workspace.plan().actions == {}


def test_what_is_another_way_to_write_a_firewall_rule_is_no_change(workspace: Workspace) -> None:
    def written(allow: list[JSON], **rest: Any) -> None:
        rule = {"name": "web", "network": "default", "source_ranges": ["0.0.0.0/0"], "allow": allow}
        workspace.write(stack(CPU, firewall={"web": rule | rest}))

    written([{"protocol": "tcp", "ports": ["80", "443"]}, {"protocol": "udp"}])
    workspace.apply()
    same: list[JSON] = [{"protocol": "UDP"}, {"protocol": "tcp", "ports": ["443", "80"]}]
    written(same)
    assert workspace.plan().actions == {}
    written([{"protocol": "tcp", "ports": ["80"]}, {"protocol": "udp"}])
    assert workspace.plan().actions == {"google_compute_firewall.web": ("update",)}
    # Logging comes and goes without a new rule.
    for log in ({"log_config": {"metadata": "EXCLUDE_ALL_METADATA"}}, {}):
        written(same, **log)
        assert workspace.apply().actions == {"google_compute_firewall.web": ("update",)}
        assert workspace.plan().actions == {}


def test_everything_else_that_is_served_can_be_made_and_removed(workspace: Workspace) -> None:
    region = "us-central1"
    everything = stack(
        changed(CPU, "network_interface.network", "${google_compute_network.metals.id}"),
        network={"metals": {"name": "metals", "auto_create_subnetworks": False}},
        subnetwork={
            "metals": {
                "name": "metals",
                "network": "${google_compute_network.metals.id}",
                "ip_cidr_range": "10.0.0.0/24",
            }
        },
        router={"metals": {"name": "metals", "network": "${google_compute_network.metals.id}"}},
        router_nat={
            "metals": {
                "name": "metals",
                "router": "${google_compute_router.metals.name}",
                "region": region,
                "nat_ip_allocate_option": "AUTO_ONLY",
                "source_subnetwork_ip_ranges_to_nat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
            }
        },
        firewall={
            "ssh": {
                "name": "ssh",
                "network": "${google_compute_network.metals.name}",
                "source_ranges": ["35.235.240.0/20"],
                "allow": [{"protocol": "tcp", "ports": ["22"]}, {"protocol": "udp"}],
            }
        },
    )
    everything["resource"]["google_service_account"] = {"metals": {"account_id": "metals"}}
    everything["resource"]["google_project_iam_member"] = {
        "metals": {
            "project": "example-project",
            "role": "roles/compute.instanceAdmin.v1",
            "member": "${google_service_account.metals.member}",
        }
    }
    workspace.write(everything)
    workspace.apply()
    assert workspace.plan().actions == {}
    workspace.destroy()
    assert not any(workspace.cloud.content()["resources"].values())


def test_a_subnetwork_grows_in_place_and_does_not_shrink(workspace: Workspace) -> None:
    network = {"metals": {"name": "metals", "auto_create_subnetworks": False}}
    planned = []
    for addresses in ("10.1.0.0/24", "10.1.0.0/20", "10.1.0.0/24"):
        subnetwork = {
            "name": "metals",
            "network": "${google_compute_network.metals.id}",
            "ip_cidr_range": addresses,
        }
        workspace.write(stack(CPU, network=network, subnetwork={"metals": subnetwork}))
        planned.append(workspace.apply().actions["google_compute_subnetwork.metals"])
    assert planned == [("create",), ("update",), ("delete", "create")]


def test_what_is_there_already_can_be_imported(workspace: Workspace) -> None:
    workspace.write(stack(CPU))
    workspace.apply()
    workspace.terraform("state", "rm", GALENA)
    workspace.terraform("import", GALENA, workspace.cloud.instances["galena"]["id"])
    # Whose labels they are, and whether it may be stopped, no API tells.
    assert workspace.apply().actions == {GALENA: ("update",)}
    assert workspace.plan().actions == {}


def test_an_instance_is_looked_up_as_it_is(workspace: Workspace) -> None:
    found = {"name": "${google_compute_instance.galena.name}", "zone": CPU["zone"]}
    looked = stack(CPU) | {"data": {"google_compute_instance": {"galena": found}}}
    looked["output"] = {"labels": {"value": "${data.google_compute_instance.galena.labels}"}}
    workspace.write(looked)
    workspace.apply()
    assert workspace.outputs()["labels"] == CPU["labels"] | ATTRIBUTION
    found["name"] = "nobody"
    workspace.write(looked)
    assert "instances/nobody' was not found" in str(workspace.refused("plan"))


def test_a_record_has_a_zone_and_an_address(workspace: Workspace) -> None:
    record = {"name": "galena.example.org.", "managed_zone": "example-org", "type": "A"}
    records = stack_of({})
    records["resource"] = {"google_dns_record_set": {"a": record | {"rrdatas": ["192.0.2.1"]}}}
    workspace.write(records)
    assert "managedZones/example-org' was not found" in str(workspace.refused_apply())
    with workspace.cloud.changed() as content:
        zone = "projects/example-project/managedZones/example-org"
        content["resources"]["google_dns_managed_zone"] = {zone: {}}
    workspace.apply()
    assert workspace.plan().actions == {}
    records["resource"]["google_dns_record_set"]["a"]["rrdatas"] = ["2001:db8::1"]
    workspace.write(records)
    assert "rrdata[0]': '2001:db8::1'" in str(workspace.refused_apply())
    records["resource"]["google_dns_record_set"]["a"]["name"] = "galena.example.org"
    workspace.write(records)
    assert "end with a dot" in str(workspace.refused("plan"))


def test_many_at_once_lose_nothing_and_get_the_same_addresses_every_time(
    workspace: Workspace,
) -> None:
    names = [f"machine-{number}" for number in range(20)]

    def addresses() -> set[str]:
        return {
            str(instance["network_interface"][0]["access_config"][0]["nat_ip"])
            for instance in workspace.cloud.instances.values()
        }

    workspace.write(stack_of(each(dict.fromkeys(names, CPU))))
    workspace.apply("-parallelism=20")
    assert sorted(workspace.cloud.instances) == sorted(names)
    first = addresses()
    assert len(first) == len(names)
    workspace.destroy()
    workspace.apply()
    assert addresses() == first
