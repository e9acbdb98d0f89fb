"""CDKTF and its fork, CDK Terrain: the same fleet gives the same in both."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import jsii
import pytest

from infra_lib import FleetError, Reference
from infra_lib.stacks.constructs import construct
from infra_lib.terraform.resource import Backend, Configuration, Output, Resource
from main import fleet as example
from tests.helpers.process import python
from tests.helpers.stack_fleets import FLEETS, HOSTILE

ROOT = Path(__file__).parents[2]
VERSIONS = {"cdktf": ("google", "~> 7.0"), "cdktn": ("hashicorp/google", "~> 8.0")}


def cdk(framework: str) -> Any:
    return import_module(framework)


def stack_class(framework: str) -> Any:
    return import_module(f"infra_lib.stacks.{framework}").GcpStack


def bindings(framework: str, module: str) -> Any:
    package = {"cdktf": "cdktf_cdktf_provider_google", "cdktn": "cdktn_provider_google"}
    return import_module(f"{package[framework]}.{module}")


def written(folder: Path, name: str = "gcp") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / f"out/stacks/{name}/cdk.tf.json").read_text())
    return document


def without_notes(value: Any) -> Any:
    """A document without what a framework notes in it."""
    if isinstance(value, dict):
        return {key: without_notes(each) for key, each in value.items() if key != "//"}
    return value


@pytest.mark.parametrize("name", FLEETS)
def test_both_make_the_same_of_a_fleet_but_for_the_providers_version(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    documents = {}
    for framework, version in VERSIONS.items():
        (tmp_path / framework).mkdir()
        app = cdk(framework).App(outdir=str(tmp_path / framework / "out"))
        stack_class(framework)(app, "gcp", fleet=FLEETS[name])
        app.synth()
        document = without_notes(written(tmp_path / framework))
        google = document["terraform"].pop("required_providers")["google"]
        assert (google["source"], google["version"]) == version
        documents[framework] = document
    backend = documents["cdktn"]["terraform"]["backend"]
    assert documents["cdktf"] == documents["cdktn"]
    assert backend.keys() <= {"local", "gcs"}


@pytest.mark.parametrize("framework", VERSIONS)
def test_an_instance_is_a_construct_like_any_other(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = cdk(framework)
    instances = bindings(framework, "compute_instance").ComputeInstance
    app = module.App(outdir=str(tmp_path / "out"))
    stack = stack_class(framework)(app, "gcp", fleet=FLEETS["example-scheelite-on"])
    assert {type(each) for each in stack.instances.values()} == {instances}

    @jsii.implements(module.IAspect)
    class Tagged:
        def visit(self, node: Any) -> None:
            if isinstance(node, instances):
                node.add_override("labels.seen", node.friendly_unique_id)

    module.Aspects.of(stack).add(Tagged())
    stack.instances["galena"].add_override("hostname", "galena.example.org")
    stack.instances["galena"].scheduling.automatic_restart = False
    address = bindings(framework, "compute_address").ComputeAddress
    address(stack, "own", name="own", description=stack.instances["galena"].self_link)
    module.TerraformOutput(stack, "zone", value=stack.instances["scheelite"].zone)
    app.synth()
    document = written(tmp_path)
    machines = document["resource"]["google_compute_instance"]
    assert {name: each["labels"]["seen"] for name, each in machines.items()} == {
        "galena": "galena",
        "scheelite": "scheelite",
    }
    assert machines["galena"]["hostname"] == "galena.example.org"
    assert machines["galena"]["scheduling"]["automatic_restart"] is False
    own = document["resource"]["google_compute_address"]["own"]
    assert own["description"] == "${google_compute_instance.galena.self_link}"
    assert document["output"]["zone"]["value"] == "${google_compute_instance.scheelite.zone}"


@pytest.mark.parametrize("framework", VERSIONS)
def test_nobody_waits_for_notes_of_where_in_node_a_value_was_made(
    framework: str, tmp_path: Path
) -> None:
    """In a process of its own: where all of the bindings came first, the framework notes it."""
    code = (
        f"from {framework} import App\n"
        f"from infra_lib.stacks.{framework} import GcpStack\n"
        "from main import fleet\n"
        'stack = GcpStack(App(outdir="out"), "gcp", fleet=fleet)\n'
        'print(stack.instances["galena"].boot_disk.creation_stack)\n'
    )
    done = python("-W", "ignore", "-c", code, cwd=tmp_path)
    assert done.stdout == "[]\n", done.stderr


HOST = Resource(
    "hcloud_server",
    "galena",
    {
        "name": "galena",
        "labels": {"a.b/c": HOSTILE, "d": "${x.y}", "e": Reference("${x.y}"), "f": "${x.y}"},
        "public_net": [{"ipv4_enabled": True, "ipv6": None, "prices": [1, 2.5]}],
        "user_data": None,
    },
    lifecycle={"ignore_changes": ["user_data"]},
    local_exec=Reference("ssh root@${hcloud_server.galena.ipv4_address}"),
)


def made(framework: str, folder: Path, *resources: Resource) -> dict[str, Any]:
    """What becomes of resources, without a cloud."""
    wanted = Configuration(
        provider={"project": HOSTILE},
        backend=Backend("s3", {"bucket": "states", "key": "gcp", "region": "fsn1"}),
        resources=resources,
        outputs=(Output("told", {"nothing": None, "text": HOSTILE}, description="What is told"),),
    )
    app = cdk(framework).App(outdir=str(folder / "out"))
    stack = cdk(framework).TerraformStack(app, "gcp")
    construct(stack_class(framework).constructs, stack, wanted)
    app.synth()
    return written(folder)


ESCAPED = HOSTILE.replace("${", "$${").replace("%{", "%%{")


@pytest.mark.parametrize("framework", VERSIONS)
def test_a_resource_that_has_no_class_is_written_as_it_is(framework: str, tmp_path: Path) -> None:
    document = made(framework, tmp_path, HOST)
    assert without_notes(document["resource"]) == {
        "hcloud_server": {
            "galena": {
                "name": "galena",
                "labels": {"a.b/c": ESCAPED, "d": "$${x.y}", "e": "${x.y}", "f": "$${x.y}"},
                "public_net": [{"ipv4_enabled": True, "prices": [1, 2.5]}],
                "lifecycle": {"ignore_changes": ["user_data"]},
                "provisioner": [
                    {"local-exec": {"command": "ssh root@${hcloud_server.galena.ipv4_address}"}}
                ],
            }
        }
    }
    assert document["provider"]["google"] == [{"project": ESCAPED}]
    assert document["terraform"]["backend"].keys() == {"s3"}
    told = {"nothing": "${null}", "text": ESCAPED}
    assert document["output"]["told"] == {"value": told, "description": "What is told"}


@pytest.mark.parametrize("framework", VERSIONS)
def test_a_typed_resource_takes_what_terraform_says_of_any(framework: str, tmp_path: Path) -> None:
    disk = Resource(
        "google_compute_disk",
        "tank",
        {"name": "tank", "labels": {"snake_case": HOSTILE}},
        lifecycle={"create_before_destroy": True},
        local_exec="echo ${x}",
    )
    document = made(framework, tmp_path, disk)
    assert without_notes(document["resource"]["google_compute_disk"]["tank"]) == {
        "name": "tank",
        "labels": {"snake_case": ESCAPED},
        "lifecycle": {"create_before_destroy": True},
        "provisioner": [{"local-exec": {"command": "echo $${x}"}}],
    }


@pytest.mark.parametrize("framework", VERSIONS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nmae": "galena"}, r"nmae: no such argument \(nearest: name"),
        (
            {"boot_disk": {"initialise_params": {}}},
            r"boot_disk\.initialise_params: no such argument \(nearest: initialize_params\)",
        ),
        (
            {"network_interface": [{}, {"network_": None}]},
            r"network_interface\[1\]\.network_: no such argument \(nearest: network\)$",
        ),
    ],
)
def test_an_argument_that_is_misspelt_is_refused_with_its_path(
    framework: str, arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    machine = Resource("google_compute_instance", "galena", arguments)
    with pytest.raises(FleetError, match=rf"^google_compute_instance\.galena: {message}"):
        made(framework, tmp_path, machine)
    assert not [*tmp_path.rglob("*.json")]


def run(code: str, folder: Path = ROOT, **variables: str) -> str:
    done = python("-c", code, cwd=folder, env=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("other", ["here", "absent"])
@pytest.mark.parametrize("missing", ["cdktn", "cdktn_provider_google"])
def test_without_cdktn_one_message_says_what_to_install(missing: str, other: str) -> None:
    absent = [missing, *([] if other == "here" else ["cdktf", "cdktf_cdktf_provider_google"])]
    printed = run(
        f"import sys\nsys.modules.update(dict.fromkeys({absent!r}))\n"
        "import infra_lib, infra_lib.stacks\n"
        "try:\n    from infra_lib.stacks.cdktn import GcpStack\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    assert printed == (
        "infra_lib.stacks.cdktn needs cdktn and its Google provider: "
        "pip install 'infra-lib[cdktn]'\n"
    )


@pytest.mark.parametrize(
    ("chosen", "other", "imported"),
    [("cdktf", "cdktn", "infra_lib.stacks"), ("cdktn", "cdktf", "infra_lib.stacks.cdktn")],
)
def test_one_does_not_need_the_other_and_does_not_load_it(
    chosen: str, other: str, imported: str
) -> None:
    code = (
        f"from {imported} import GcpStack\nimport {chosen}, sys\n"
        f"assert issubclass(GcpStack, {chosen}.TerraformStack)\n"
        f"print(sum(name.startswith({other!r}) for name in sys.modules))\n"
    )
    assert run(code) == "0\n"
    assert run(f"import sys\nsys.modules.update({other}=None)\n{code}") == "1\n"


def test_what_the_package_lacks_is_said_as_python_says_it() -> None:
    import infra_lib.stacks

    with pytest.raises(AttributeError, match=r"'infra_lib\.stacks' has no attribute 'HetznerStak'"):
        _ = infra_lib.stacks.HetznerStak  # type: ignore[attr-defined]


APP = """
import sys
from cdktn import App
from infra_lib.stacks.cdktn import GcpStack
from main import fleet
app = App(outdir="out")
stack = GcpStack(app, "gcp", fleet=fleet)
from cdktn_provider_google.storage_bucket import StorageBucket
StorageBucket(stack, "bucket", name=stack.instances["galena"].name, location="US")
app.synth()
print(sum("provider_google." in name for name in sys.modules))
"""


def test_cdktn_loads_what_is_in_use_and_makes_the_same_as_if_loaded_whole(tmp_path: Path) -> None:
    stacks = []
    for switch in ("", "1"):
        folder = tmp_path / f"app{switch}"
        folder.mkdir()
        printed = run(
            APP, folder, INFRA_PLAIN_PROVIDER=switch, XDG_CACHE_HOME=str(tmp_path / "cache")
        )
        assert int(printed) < 20
        stacks.append((folder / "out/stacks/gcp/cdk.tf.json").read_bytes())
    assert stacks[0] == stacks[1]
    kept = sorted(path.name for path in (tmp_path / "cache/infra_lib").iterdir())
    assert len(kept) == 2  # without the bucket, and with it
    assert example.machine("galena").name in stacks[0].decode()
