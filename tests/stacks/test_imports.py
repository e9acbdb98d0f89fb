"""What stacks take over stands in them as `import` blocks, in both frameworks."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Fleet, FleetError, GcpMachine, GcpProject, HetznerMachine, PrivateNetwork
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.terraform.imports import with_imports
from infra_lib.terraform.resource import Import
from tests.helpers.hetzner_fleets import PROJECT, fleet_of
from tests.helpers.stack_fleets import HOSTILE
from tests.terraform.harness import terraform

GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
ORE = GcpMachine("ore", machine_type="e2-standard-8", zone="us-central1-b", enabled=False)
CINNABAR = HetznerMachine(
    "cinnabar", server_type="ccx23", location="fsn1", networks=("internal",), user_data="#!/bin/sh"
)
INSIDE = evolve(CINNABAR, name="borax", ipv4=False, ipv6=False)
FLEET: Fleet = fleet_of(
    GALENA,
    ORE,
    CINNABAR,
    INSIDE,
    gcp=GcpProject("example-project", region="us-central1"),
    hetzner=evolve(PROJECT, networks=(PrivateNetwork("internal"),)),
)
IMPORTS = {
    "hcloud_server_network.cinnabar_internal": "4711-7",
    "hcloud_server.borax": "4712",
    "hcloud_server.cinnabar": "4711",
    "google_compute_instance.galena": "projects/example-project/zones/us-central1-b/instances/g",
    "google_compute_firewall.ssh": "projects/example-project/global/firewalls/ssh",
    # Off; and nobody's.
    "google_compute_instance.ore": "projects/example-project/zones/us-central1-b/instances/ore",
    "google_compute_address.own": "projects/example-project/regions/us-central1/addresses/own",
}


@pytest.fixture(params=("cdktf", "cdktn"))
def framework(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def synthesized(framework: str, imports: dict[str, str] | None, *names: str) -> list[Any]:
    """What the stacks `gcp` and `hetzner` of the fleet hold, or those of these names."""
    app = import_module(framework).App(outdir=str(Path("out").resolve()))
    stacks = import_module(f"infra_lib.stacks.{framework}")
    stacks.GcpStack(app, "gcp", fleet=FLEET, imports=imports)
    stacks.HetznerStack(app, "hetzner", fleet=FLEET, imports=imports)
    app.synth()
    files = (Path(f"out/stacks/{name}/cdk.tf.json") for name in names or ("gcp", "hetzner"))
    return [json.loads(file.read_text()) for file in files]


def test_each_stack_takes_over_what_it_has_of_one_list(framework: str) -> None:
    """In the order of its resources, whatever order they are listed in."""
    google, hetzner = synthesized(framework, IMPORTS)
    assert google["import"] == [
        {"to": address, "id": IMPORTS[address]}
        for address in ("google_compute_firewall.ssh", "google_compute_instance.galena")
    ]
    servers = ("hcloud_server.cinnabar", "hcloud_server.borax")
    assert hetzner["import"] == [
        {"to": address, "id": IMPORTS[address]}
        for address in (*servers, "hcloud_server_network.cinnabar_internal")
    ]
    again = dict(sorted(IMPORTS.items()))
    assert synthesized(framework, again) == [google, hetzner]


def test_what_the_provider_cannot_read_is_left_as_it_is(framework: str) -> None:
    """Only of what is taken over; nothing else in a stack is another for it."""
    (alone,) = synthesized(framework, None, "hetzner")
    (taken,) = synthesized(framework, IMPORTS, "hetzner")
    ignored = ["image", "ssh_keys", "user_data"]
    resources = taken["resource"]
    servers = resources["hcloud_server"]
    assert servers["cinnabar"]["lifecycle"] == {"ignore_changes": [*ignored, "public_net"]}
    inside = {"ignore_changes": [*ignored, "public_net", "network"]}
    assert servers["borax"]["lifecycle"] == inside
    joined = resources["hcloud_server_network"]["cinnabar_internal"]
    assert joined.pop("lifecycle") == {"ignore_changes": ["subnet_id"]}
    for server in servers.values():
        server["lifecycle"] = {"ignore_changes": ignored}
    del taken["import"]
    assert taken | {"//": None} == alone | {"//": None}


@pytest.mark.parametrize("imports", [None, {}, {"google_compute_instance.ore": "off"}])
def test_a_stack_that_takes_over_nothing_is_as_it_was(
    framework: str, imports: dict[str, str] | None
) -> None:
    assert not any("import" in each for each in synthesized(framework, imports))


def test_an_id_is_the_text_that_it_is(framework: str) -> None:
    text = HOSTILE.replace("\n", "").replace("\t", "")
    (google,) = synthesized(framework, {"google_compute_instance.galena": text}, "gcp")
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    assert google["import"] == [{"to": "google_compute_instance.galena", "id": escaped}]


def test_what_the_app_itself_takes_over_stays(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(framework)
    stacks = import_module(f"infra_lib.stacks.{framework}")
    app = module.App(outdir=str(tmp_path / "out"))
    stack = stacks.GcpStack(app, "gcp", fleet=FLEET, imports=IMPORTS)
    own = module.TerraformResource(stack, "own", terraform_resource_type="google_compute_address")
    own.import_from("x")
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", terraform())
    app.synth()
    document = json.loads((tmp_path / "out/stacks/gcp/cdk.tf.json").read_text())
    assert [each["to"] for each in document["import"]] == [
        "google_compute_address.own",
        "google_compute_firewall.ssh",
        "google_compute_instance.galena",
    ]


@pytest.mark.parametrize(
    ("imports", "said"),
    [
        (["hcloud_server.a"], "imports=['hcloud_server.a']: a mapping from addresses to IDs"),
        ({"galena": "4711"}, "imports='galena': the address of a resource"),
        ({"hcloud_server": "4711"}, "imports='hcloud_server': the address of a resource"),
        ({"hcloud_server.a.b": "4711"}, "imports='hcloud_server.a.b': the address of a resource"),
        ({"hcloud_server.a[0]": "4711"}, "imports='hcloud_server.a[0]': the address of a"),
        ({"data.hcloud_server.a": "4711"}, "imports='data.hcloud_server.a': the address of a"),
        ({"hcloud_server.${x}": "4711"}, "imports='hcloud_server.${x}': the address of a"),
        ({"hcloud_server.a\n": "4711"}, "the address of a resource"),
        ({4711: "hcloud_server.a"}, "imports=4711: the address of a resource"),
        ({"hcloud_server.a": 4711}, "imports['hcloud_server.a']=4711: what the provider calls it"),
        ({"hcloud_server.a": " "}, "imports['hcloud_server.a']=' ': what the provider calls it"),
        ({"hcloud_server.a": "4711\n"}, "what the provider calls it, as text"),
        ({"hcloud_server.a": None}, "imports['hcloud_server.a']=None: what the provider calls it"),
    ],
)
def test_what_is_no_address_or_no_id_is_refused(imports: Any, said: str) -> None:
    """Also of what the stack has not."""
    project = FLEET.gcp
    assert project is not None
    wanted = configuration(FLEET, project, FLEET.gcp_machines, "gcp")
    with pytest.raises(FleetError) as raised:
        with_imports(wanted, imports, "stack 'gcp'", {})
    assert str(raised.value).startswith("stack 'gcp': ")
    assert said in str(raised.value)


def test_a_configuration_has_what_it_takes_over_as_data() -> None:
    project = FLEET.gcp
    assert project is not None
    wanted = configuration(FLEET, project, FLEET.gcp_machines, "gcp")
    assert with_imports(wanted, None, "", {}) == wanted
    taken = with_imports(wanted, IMPORTS, "", {"google_compute_instance": ("tags", "description")})
    assert [each.to for each in taken.imports] == [
        "google_compute_firewall.ssh",
        "google_compute_instance.galena",
    ]
    assert taken.imports[0] == Import(taken.imports[0].to, IMPORTS[taken.imports[0].to])
    (galena,) = (each for each in taken.resources if each.type == "google_compute_instance")
    # It says no description, so that there is none to be ignored.
    assert "tags" in galena.lifecycle["ignore_changes"]
    assert "description" not in galena.lifecycle["ignore_changes"]
