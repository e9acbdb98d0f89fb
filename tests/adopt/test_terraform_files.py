"""Every form in which Terraform tells of resources, read."""

from typing import Any

import pytest

from infra_lib import FleetError
from infra_lib.model.reference import Reference
from infra_lib.operate.adopt.terraform_files import Document, read_terraform

ATTRIBUTES = {"name": "galena", "zone": "us-central1-b", "metadata": {"token": "hush"}}


def shown(**more: Any) -> dict[str, Any]:
    """What `terraform show -json` prints of a state."""
    resource = {
        "address": "google_compute_instance.galena",
        "mode": "managed",
        "type": "google_compute_instance",
        "name": "galena",
        "values": ATTRIBUTES,
        "sensitive_values": {"metadata": {"token": True}},
    }
    data = {**resource, "mode": "data", "address": "data.google_compute_instance.galena"}
    child = {**resource, "address": 'module.gpu.google_compute_instance.node["a"]', "name": "node"}
    values = {
        "root_module": {
            "resources": [resource, data],
            "child_modules": [{"address": "module.gpu", "resources": [child]}],
        }
    }
    return {"format_version": "1.0", "terraform_version": "1.11.4", "values": values, **more}


def addresses(document: Document) -> list[str]:
    return [found.where.partition(": ")[2] for found in document.found]


def test_a_state_as_terraform_shows_it() -> None:
    document = read_terraform(shown(), "state.json")

    assert addresses(document) == [
        "google_compute_instance.galena",
        'module.gpu.google_compute_instance.node["a"]',
    ]
    first, _ = document.found
    assert first.exists
    assert first.attributes == ATTRIBUTES
    assert first.secret == {"metadata.token"}


def test_a_state_as_it_is_kept() -> None:
    instances = [
        {
            "index_key": "a",
            "attributes": ATTRIBUTES,
            "sensitive_attributes": [
                [
                    {"type": "get_attr", "value": "metadata"},
                    {"type": "index", "value": {"value": "token", "type": "string"}},
                ]
            ],
        },
        {"index_key": 0, "attributes": ATTRIBUTES},
    ]
    resources = [
        {
            "mode": "managed",
            "module": "module.gpu",
            "type": "google_compute_instance",
            "name": "node",
            "instances": instances,
        },
        {"mode": "data", "type": "google_project", "name": "this", "instances": []},
    ]
    state = {"version": 4, "lineage": "x", "serial": 1, "outputs": {}, "resources": resources}

    document = read_terraform(state, "terraform.tfstate")

    assert addresses(document) == [
        'module.gpu.google_compute_instance.node["a"]',
        "module.gpu.google_compute_instance.node[0]",
    ]
    assert document.found[0].secret == {"metadata.token"}
    assert document.found[0].exists


def test_a_plan_tells_what_there_was_before_it() -> None:
    planned = shown()["values"]
    planned["root_module"]["resources"][0] |= {"values": {"name": "other"}}
    config = {
        "provider_config": {
            "google": {"name": "google", "expressions": {"project": {"constant_value": "p"}}},
            "google.eu": {"name": "google", "alias": "eu", "expressions": {}},
        }
    }
    prior = {"values": shown()["values"]}
    plan = {"format_version": "1.2", "planned_values": planned, "configuration": config}

    document = read_terraform({**plan, "prior_state": prior}, "plan.json")

    assert document.found[0].attributes == ATTRIBUTES
    assert document.found[0].exists
    assert document.providers == {"google": {"project": "p"}}

    new = read_terraform(plan, "plan.json")
    assert new.found[0].attributes == {"name": "other"}
    assert not new.found[0].exists
    assert new.items


def test_what_somebody_wrote() -> None:
    """As terranix and CDKTF write it, with what is not a constant as a reference."""
    document = read_terraform(
        {
            "//": {"metadata": {}},
            "terraform": {"backend": {"gcs": {"bucket": "b", "prefix": "p"}}},
            "provider": {"google": [{"project": "${var.project}", "region": "us-central1"}]},
            "variable": {
                "project": {"default": "example-project"},
                "hidden": {"default": "x", "sensitive": True},
                "unknown": {},
            },
            "locals": {"zone": "us-central1-b", "copy": "${local.zone}"},
            "resource": {
                "google_compute_instance": {
                    "//": "a comment",
                    "galena": {
                        "zone": "${local.copy}",
                        "name": "galena-${var.project}",
                        "metadata": {"a": "$${literal} %%{too}", "b": "${var.hidden}"},
                        "boot_disk": [{"source": "${google_compute_disk.a.id}"}],
                        "count_of": "${var.unknown}",
                        "lifecycle": {"prevent_destroy": True},
                        "provider": "google.eu",
                    },
                    "many": {"count": 3},
                },
                "google_compute_disk": [{"a": {"size": 10}}, {"b": {"size": 20}}],
            },
            "module": {"network": {"source": "./network"}},
        },
        "config.tf.json",
    )

    assert addresses(document) == [
        "google_compute_instance.galena",
        "google_compute_disk.a",
        "google_compute_disk.b",
    ]
    galena = document.found[0]
    assert galena.attributes == {
        "zone": "us-central1-b",
        "name": "galena-example-project",
        "metadata": {"a": "${literal} %{too}", "b": "${var.hidden}"},
        "boot_disk": [{"source": "${google_compute_disk.a.id}"}],
        "count_of": "${var.unknown}",
        "lifecycle": {"prevent_destroy": True},
    }
    assert not galena.exists
    assert isinstance(galena.attributes["boot_disk"][0]["source"], Reference)
    assert isinstance(galena.attributes["metadata"]["b"], Reference)
    assert not isinstance(galena.attributes["metadata"]["a"], Reference)
    assert document.providers == {"google": {"project": "example-project", "region": "us-central1"}}
    assert document.backend == ("gcs", {"bucket": "b", "prefix": "p"})
    assert [item.where for item in document.items] == [
        "config.tf.json: google_compute_instance.many",
        "config.tf.json: module.network",
        "config.tf.json",
    ]


def test_an_empty_state_has_nothing() -> None:
    assert read_terraform({"format_version": "1.0"}, "state.json").found == ()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "an object is wanted"),
        ({}, "none of Terraform's files"),
        ({"machines": {}}, "none of Terraform's files"),
        ({"format_version": "2.0", "values": {}}, "format_version='2.0'"),
        ({"format_version": 1}, "format_version=1"),
        ({"version": 3, "lineage": "x", "modules": []}, "version=3"),
        ({"version": 4, "lineage": "x"}, "not formed as Terraform's JSON is"),
        ({"version": 4, "lineage": "x", "resources": [3]}, "not formed as Terraform's JSON is"),
        ({"resource": {"google_compute_instance": 3}}, "not formed as Terraform's JSON is"),
        ({"resource": {"google_compute_instance": {"a": 3}}}, "an object is wanted, got int"),
        ({"format_version": "1.0", "values": 3}, "not formed as Terraform's JSON is"),
        (
            {"format_version": "1.0", "values": {"root_module": {"resources": [{"type": 3}]}}},
            "type=3",
        ),
    ],
)
def test_what_is_no_file_of_terraforms_is_refused(document: Any, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        read_terraform(document, "state.json")
