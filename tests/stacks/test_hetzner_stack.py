"""The stack of Hetzner Cloud, in both frameworks, alone and beside that of Google Cloud."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import jsii
import pytest

from infra_lib import FleetError, HetznerProject
from tests.helpers.hetzner_fleets import BOTH, FLEETS, fleet_of, server
from tests.helpers.process import python
from tests.helpers.stack_fleets import HOSTILE

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ("cdktf", "cdktn")
ESCAPED = HOSTILE.replace("${", "$${").replace("%{", "%%{")


def stacks(framework: str) -> Any:
    return import_module(f"infra_lib.stacks.{framework}")


def written(folder: Path, name: str = "hetzner") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / f"out/stacks/{name}/cdk.tf.json").read_text())
    return document


def without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_notes(each) for key, each in value.items() if key != "//"}
    if isinstance(value, list):
        return [without_notes(each) for each in value]
    return value


@pytest.fixture(params=FRAMEWORKS)
def framework(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def app(framework: str, folder: Path) -> Any:
    return import_module(framework).App(outdir=str(folder / "out"))


@pytest.mark.parametrize("name", FLEETS)
def test_both_frameworks_make_the_same_of_a_fleet(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    documents = []
    for framework in FRAMEWORKS:
        (tmp_path / framework).mkdir()
        made = app(framework, tmp_path / framework)
        stacks(framework).HetznerStack(made, "hetzner", fleet=FLEETS[name])
        made.synth()
        documents.append(without_notes(written(tmp_path / framework)))
    assert documents[0] == documents[1]
    assert documents[0]["provider"] == {"hcloud": [{}]}
    assert documents[0]["terraform"] == {
        "required_providers": {"hcloud": {"source": "hetznercloud/hcloud", "version": "~> 1.68"}},
        "backend": {"local": {"path": "../../../../terraform.hetzner.tfstate"}},
    }


def test_blocks_are_lists_and_labels_are_whole(framework: str, tmp_path: Path) -> None:
    made = app(framework, tmp_path)
    fleet = fleet_of(server(labels={"example.org/team": "Ore.works"}, user_data=HOSTILE))
    stacks(framework).HetznerStack(made, "hetzner", fleet=fleet)
    made.synth()
    resources = written(tmp_path)["resource"]
    cinnabar = resources["hcloud_server"]["cinnabar"]
    assert cinnabar["labels"]["example.org/team"] == "Ore.works"
    assert cinnabar["user_data"] == ESCAPED
    assert cinnabar["public_net"][0]["ipv4"] == "${hcloud_primary_ip.cinnabar-ipv4.id}"
    assert all(rule["source_ips"] for rule in resources["hcloud_firewall"]["ssh"]["rule"])


def test_what_is_made_is_there_by_name_and_can_be_referred_to(
    framework: str, tmp_path: Path
) -> None:
    made = app(framework, tmp_path)
    cdk = import_module(framework)
    stack = stacks(framework).HetznerStack(made, "hetzner", fleet=FLEETS["hetzner"])
    assert [*stack.servers] == ["cinnabar", "electrum", "pyrite"]
    assert [*stack.volumes] == ["ore", "slag", "vein"]
    assert "bornite-ipv4" in stack.primary_ips
    assert "electrum-ipv4" not in stack.primary_ips
    assert {"ssh", "zerotier", "cinnabar-rules"} <= stack.firewalls.keys()
    with pytest.raises(TypeError):
        stack.servers["talc"] = None

    @jsii.implements(cdk.IAspect)
    class Tagged:
        def visit(self, node: Any) -> None:
            if isinstance(node, cdk.TerraformResource):
                node.add_override("labels.seen", "yes")

    cdk.Aspects.of(stack).add(Tagged())
    address = stack.servers["cinnabar"].get_string_attribute("ipv4_address")
    cdk.TerraformOutput(stack, "own", value=f"root@{address}")
    stack.servers["cinnabar"].add_override("iso", "memtest")
    made.synth()
    document = written(tmp_path)
    assert document["output"]["own"]["value"] == "root@${hcloud_server.cinnabar.ipv4_address}"
    assert document["resource"]["hcloud_server"]["cinnabar"]["iso"] == "memtest"
    assert document["resource"]["hcloud_volume"]["ore"]["labels"]["seen"] == "yes"


def test_machines_are_picked_by_name(framework: str, tmp_path: Path) -> None:
    made = app(framework, tmp_path)
    cls = stacks(framework).HetznerStack
    fleet = attrs.evolve(
        BOTH, machines=(*BOTH.machines, server("electrum"), server("bornite", enabled=False))
    )
    shop = HetznerProject(name="shop", ssh_keys=fleet.hetzner.ssh_keys if fleet.hetzner else ())
    east = cls(made, "east", fleet=fleet, machines=["electrum"])
    west = cls(made, "west", fleet=fleet, hetzner=shop, machines="cinnabar")
    assert ([*east.servers], [*west.servers]) == (["electrum"], ["cinnabar"])
    made.synth()
    for name in ("east", "west"):
        (ssh,) = (
            each["name"]
            for key, each in written(tmp_path, name)["resource"]["hcloud_firewall"].items()
            if key == "ssh"
        )
        assert ssh == f"test-{name}-ssh"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cinabar"], r"fleet 'test': machines='cinabar': one of cinnabar$"),
        (
            ["galena"],
            r"machines='galena': one of cinnabar; that machine of the fleet is not a Hetz",
        ),
        (["stibnite"], r"machines='stibnite': one of cinnabar; that machine of the fleet is not"),
    ],
)
def test_names_of_other_machines_are_refused(
    framework: str, tmp_path: Path, names: list[str], message: str
) -> None:
    with pytest.raises(FleetError, match=message):
        stacks(framework).HetznerStack(
            app(framework, tmp_path), "hetzner", fleet=BOTH, machines=names
        )
    with pytest.raises(FleetError, match="one of galena; that machine of the fleet is not a Gcp"):
        stacks(framework).GcpStack(
            app(framework, tmp_path), "gcp", fleet=BOTH, machines=["cinnabar"]
        )


def test_a_fleet_without_a_project_is_refused(framework: str, tmp_path: Path) -> None:
    gcp_alone = attrs.evolve(BOTH, machines=BOTH.machines[2:], hetzner=None)
    message = r"fleet 'test': hetzner=None: HetznerStack needs a HetznerProject\(…\) here"
    with pytest.raises(FleetError, match=message):
        stacks(framework).HetznerStack(app(framework, tmp_path), "hetzner", fleet=gcp_alone)


def test_a_backend_of_ones_own_wins(framework: str, tmp_path: Path) -> None:
    made = app(framework, tmp_path)
    stack = stacks(framework).HetznerStack(made, "hetzner", fleet=fleet_of(server()))
    import_module(framework).S3Backend(stack, bucket="states", key="hetzner", region="fsn1")
    made.synth()
    assert written(tmp_path)["terraform"]["backend"].keys() == {"s3"}


def run(code: str, folder: Path = ROOT, **variables: str) -> str:
    done = python("-W", "ignore", "-c", code, cwd=folder, env=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


ALONE = """
import sys
from {framework} import App
from {imported} import HetznerStack
from tests.helpers.hetzner_fleets import BOTH
app = App(outdir={out!r})
HetznerStack(app, "hetzner", fleet=BOTH)
app.synth()
print([name for name in sys.modules if "provider_google" in name or name == {other!r}])
"""


@pytest.mark.parametrize(
    ("framework", "imported", "other"),
    [
        ("cdktf", "infra_lib.stacks", "cdktn"),
        ("cdktf", "infra_lib.stacks.cdktf", "cdktn"),
        ("cdktn", "infra_lib.stacks.cdktn", "cdktf"),
    ],
)
@pytest.mark.parametrize("bindings", ["here", "absent"])
def test_it_neither_loads_nor_needs_what_google_needs(
    tmp_path: Path, framework: str, imported: str, other: str, bindings: str
) -> None:
    code = ALONE.format(
        framework=framework, imported=imported, other=other, out=str(tmp_path / "out")
    )
    if bindings == "absent":
        packages = ("cdktf_cdktf_provider_google", "cdktn_provider_google")
        absent = f"import sys\nsys.modules.update(dict.fromkeys({packages}))\n"
        shown = run(f"{absent}{code}")
        assert shown == f"{[*packages]}\n"
    else:
        assert run(code) == "[]\n"
    assert written(tmp_path)["resource"].keys() >= {"hcloud_server"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_without_the_framework_one_message_says_what_to_install(framework: str) -> None:
    printed = run(
        f"import sys\nsys.modules[{framework!r}] = None\n"
        f"try:\n    from infra_lib.stacks.{framework} import HetznerStack\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    assert printed.endswith(f"pip install 'infra-lib[{framework}]'\n")


MIXED = """
import sys
from {framework} import App
from tests.helpers.hetzner_fleets import BOTH
app = App(outdir="out")
def hetzner():
    from infra_lib.stacks.{framework} import HetznerStack
    return HetznerStack(app, "hetzner", fleet=BOTH)
def gcp():
    from infra_lib.stacks.{framework} import GcpStack
    return GcpStack(app, "gcp", fleet=BOTH)
for make in ({order}):
    make()
app.synth()
print(sum("provider_google." in name for name in sys.modules))
"""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_both_clouds_stand_in_one_app_in_either_order(framework: str, tmp_path: Path) -> None:
    results = []
    for number, order in enumerate(("hetzner, gcp", "gcp, hetzner")):
        folder = tmp_path / str(number)
        folder.mkdir()
        cache = str(tmp_path / "cache")
        printed = run(
            MIXED.format(framework=framework, order=order),
            folder,
            XDG_CACHE_HOME=cache,
            PYTHONPATH=str(ROOT),
        )
        assert int(printed) < 20, "all of the bindings were imported"
        results.append(
            [
                (folder / f"out/stacks/{each}/cdk.tf.json").read_bytes()
                for each in ("gcp", "hetzner")
            ]
        )
    assert results[0] == results[1]
    assert len([*(tmp_path / "cache/infra_lib").iterdir()]) == 1, "the assembly was cut once"
