"""A user's week with a fleet: every plan is carried out, and does what was meant and no more."""

import json
from collections.abc import Callable
from pathlib import Path

import cdktn
import pytest
from attrs import evolve
from cdktf import App

from infra_lib import DataDisk, Fleet, GcpMachine, GcpProject, Gpu, Machine
from infra_lib.stacks import GcpStack
from infra_lib.stacks import cdktn as terrain
from tests.helpers.synthesis import text_of
from tests.terraform.harness import JSON, Plan, Workspace

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"

GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",))
SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    gpu=Gpu("nvidia-tesla-t4"),
    tags=("peer",),
    data_disks=(DataDisk("models", size_gb=500),),
)
ON = evolve(SCHEELITE, enabled=True)

INSTANCE = "google_compute_instance.scheelite"

Deploy = Callable[..., Plan]


def fleet(*machines: Machine) -> Fleet:
    """A fleet of `machines` and the ZeroTier controller."""
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        machines=(Machine("cinnabar", tags=("controller",)), *machines),
    )


@pytest.fixture
def deploy(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Deploy a fleet of some machines, and return what was planned.

    A second deploy finds nothing to do but to learn the address that a stop or a start changed:
    Terraform tells outputs by the plan, and google's provider does not foresee that one either.
    """
    monkeypatch.chdir(workspace.app)

    def deployed(*machines: Machine) -> Plan:
        synthesize(workspace.app, *machines)
        workspace.initialize()
        planned = workspace.apply()
        assert workspace.apply().actions == {}
        return planned

    return deployed


def synthesize(app: Path, *machines: Machine) -> None:
    """Synthesize the stack `gcp` of a fleet; `app` is the current directory."""
    text_of(app, fleet(*machines))


def machines_of(workspace: Workspace) -> dict[str, JSON]:
    """The output `machines`."""
    machines: dict[str, JSON] = workspace.outputs()["machines"]
    return machines


def test_a_week(workspace: Workspace, deploy: Deploy) -> None:
    cloud = workspace.cloud

    # The GPU is off: nothing has one, and its machine is not there.
    deploy(GALENA, SCHEELITE)
    assert list(cloud.instances) == ["galena"]
    assert not any(instance["guest_accelerator"] for instance in cloud.instances.values())
    (interface,) = cloud.instances["galena"]["network_interface"]
    assert machines_of(workspace) == {
        "galena": {
            "state": "on",
            "zone": "us-central1-b",
            "machine_type": "e2-standard-8",
            "external_ip": interface["access_config"][0]["nat_ip"],
            "gpu": None,
            "usd_per_hour": pytest.approx(0.286745),
        }
    }

    # Enabled: one instance more, and nothing else.
    assert deploy(GALENA, ON).actions == {INSTANCE: ("create",)}
    first = machines_of(workspace)["scheelite"]
    assert first["gpu"] == {"type": "nvidia-tesla-t4", "count": 1}
    disk = cloud.instances["scheelite"]["attached_disk"][0]["source"]
    assert disk.endswith("/zones/us-central1-c/disks/models")
    number = cloud.instances["scheelite"]["instance_id"]

    # Stopped, in place.
    assert deploy(GALENA, evolve(ON, stopped=True)).actions == {INSTANCE: ("update",)}
    assert cloud.instances["scheelite"]["current_status"] == "TERMINATED"
    assert not machines_of(workspace)["scheelite"]["external_ip"]

    # Started, with an address again.
    assert deploy(GALENA, ON).actions == {INSTANCE: ("update",)}
    assert cloud.instances["scheelite"]["current_status"] == "RUNNING"
    assert machines_of(workspace)["scheelite"]["external_ip"] not in ("", first["external_ip"])

    # Another machine type, in place: stopped for it and started again.
    done = len(cloud.log)
    bigger = evolve(ON, machine_type="n1-standard-16")
    assert deploy(GALENA, bigger).actions == {INSTANCE: ("update",)}
    calls = [call.partition(":")[0] for call in cloud.log[done:]]
    assert calls == [f"instances.{verb} scheelite" for verb in ("stop", "update", "start")]
    assert machines_of(workspace)["scheelite"]["machine_type"] == "n1-standard-16"

    # Another startup script, in place, while it runs.
    done = len(cloud.log)
    scripted = evolve(bigger, startup_script="touch /run/ready")
    assert deploy(GALENA, scripted).actions == {INSTANCE: ("update",)}
    assert cloud.log[done:] == ["instances.update scheelite: metadata"]
    assert "touch /run/ready" in cloud.instances["scheelite"]["metadata"]["startup-script"]

    # Another description: nothing at all.
    described = evolve(scripted, description="inference and training")
    planned = deploy(GALENA, described)
    assert (planned.actions, planned.outputs) == ({}, {})
    assert cloud.instances["scheelite"]["instance_id"] == number

    # A machine before it in the list: nothing happens to the others.
    azurite = GcpMachine("azurite", machine_type="e2-small", zone="us-central1-a")
    planned = deploy(azurite, GALENA, described)
    assert planned.actions == {"google_compute_instance.azurite": ("create",)}

    # Disabled: its instance goes, its data stays.
    off = evolve(described, enabled=False)
    assert deploy(azurite, GALENA, off).actions == {INSTANCE: ("delete",)}
    assert sorted(cloud.instances) == ["azurite", "galena"]
    assert list(cloud.named("disk")) == ["models"]
    assert list(machines_of(workspace)) == ["azurite", "galena"]

    # The disk is guarded: as long as it is, a destroy of everything destroys nothing.
    done = len(cloud.log)
    (error,) = workspace.refused_apply("-destroy").values()
    assert "google_compute_disk.models" in error
    assert cloud.log[done:] == []

    # Without the guard all goes, but for the machine that Compute Engine itself protects.
    bare = evolve(off, data_disks=(DataDisk("models", size_gb=500, prevent_destroy=False),))
    guarded = evolve(GALENA, deletion_protection=True)
    assert deploy(azurite, guarded, bare).actions == {"google_compute_instance.galena": ("update",)}
    (error,) = workspace.refused_apply("-destroy").values()
    assert "Cannot delete instance galena: instance Deletion Protection is enabled" in error
    left = {kind: list(of) for kind, of in cloud.content()["resources"].items() if of}
    assert list(left) == ["google_compute_instance"]
    assert list(cloud.instances) == ["galena"]


def test_a_stopped_machine_takes_another_type_and_stays_stopped(
    workspace: Workspace, deploy: Deploy
) -> None:
    stopped = evolve(ON, stopped=True)
    deploy(stopped)
    done = len(workspace.cloud.log)
    deploy(evolve(stopped, machine_type="n1-standard-16"))
    assert not [call for call in workspace.cloud.log[done:] if "start" in call]
    assert workspace.cloud.instances["scheelite"]["machine_type"] == "n1-standard-16"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (evolve(GALENA, spot=True), GALENA),
        (evolve(GALENA, max_run_duration=3600), GALENA),
    ],
    ids=["spot", "limit"],
)
def test_what_is_taken_away_goes(
    workspace: Workspace, deploy: Deploy, before: GcpMachine, after: GcpMachine
) -> None:
    """Google's provider keeps what a stack merely leaves out: a Spot VM, a limit."""
    deploy(before)
    address = f"google_compute_instance.{before.name}"
    assert deploy(after).actions == {address: ("delete", "create")}
    instance = workspace.cloud.instances[before.name]
    (scheduling,) = instance["scheduling"]
    assert scheduling["max_run_duration"] == []
    assert scheduling["provisioning_model"] == "STANDARD"


def test_a_gpu_is_taken_away_by_way_of_off(workspace: Workspace, deploy: Deploy) -> None:
    """Google's provider cannot detach one: the API refuses what the fleet says, out loud."""
    deploy(ON)
    without = evolve(ON, gpu=None)
    synthesize(workspace.app, without)
    assert "live migration" in str(workspace.refused_apply())
    assert workspace.cloud.instances["scheelite"]["guest_accelerator"]
    deploy(evolve(without, enabled=False))
    deploy(without)
    assert workspace.cloud.instances["scheelite"]["guest_accelerator"] == []


def test_every_kind_of_machine_can_be_made_and_is_as_it_was_described(
    workspace: Workspace, deploy: Deploy
) -> None:
    """Spot, a limited run, GPUs that come with the type, several GPUs, no external address."""
    deploy(
        evolve(ON, spot=True),
        evolve(GALENA, max_run_duration=3600, external_ip=False),
        GcpMachine(
            "azurite",
            machine_type="g2-standard-24",
            zone="us-central1-a",
            enabled=True,
            max_run_duration=3600,
        ),
        GcpMachine(
            "cuprite",
            machine_type="n1-standard-32",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-v100", count=8),
            enabled=True,
        ),
        GcpMachine(
            "borax", machine_type="e2-small", zone="us-central1-a", spot=True, external_ip=False
        ),
    )
    instances = workspace.cloud.instances
    (spot,) = instances["scheelite"]["scheduling"]
    assert (spot["provisioning_model"], spot["automatic_restart"]) == ("SPOT", False)
    (limited,) = instances["galena"]["scheduling"]
    assert limited["max_run_duration"] == [{"nanos": None, "seconds": 3600}]
    gpus = {
        name: [(gpu["type"].rpartition("/")[2], gpu["count"]) for gpu in i["guest_accelerator"]]
        for name, i in instances.items()
    }
    assert gpus == {
        "scheelite": [("nvidia-tesla-t4", 1)],
        "galena": [],
        "azurite": [("nvidia-l4", 2)],
        "cuprite": [("nvidia-tesla-v100", 8)],
        "borax": [],
    }
    inside = machines_of(workspace)["galena"]
    assert inside["external_ip"] is None


def test_an_instance_with_the_most_labels_and_tags_has_no_more_than_it_may(
    workspace: Workspace, deploy: Deploy
) -> None:
    """Google's provider labels it too."""
    labels = {f"l{number}": "x" for number in range(59)}
    tags = [f"t{number}" for number in range(62)]
    deploy(evolve(GALENA, labels=labels, network_tags=tags))
    galena = workspace.cloud.instances["galena"]
    assert (len(galena["effective_labels"]), len(galena["tags"])) == (64, 64)


def test_text_arrives_as_it_was_typed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what means something to Terraform or to cdktf.

    It makes no token of these names, in whatever process this runs.
    """
    monkeypatch.chdir(workspace.app)
    text = "${TfToken[x]} #{TfToken[TOKEN.seven]} -8.2e+298 ${x} %{y} $${z} \"'\\ ${TfToken["
    machine = evolve(
        GALENA,
        description=text,
        metadata={"motd": text, "whole": "Any Map Token Value"},
        startup_script=f"echo '{text}'",
    )
    key = f"{KEY} {text}"
    described = evolve(fleet(machine), gcp=GcpProject("example", region="us-east1", ssh_keys=[key]))
    text_of(workspace.app, described)
    workspace.initialize()
    workspace.apply()
    metadata = workspace.cloud.instances["galena"]["metadata"]
    assert (metadata["motd"], metadata["whole"]) == (text, "Any Map Token Value")
    assert metadata["ssh-keys"] == f"root:{key}"
    assert f"\necho '{text}'\n" in metadata["startup-script"]


def test_a_machine_goes_to_another_stack_after_its_state(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/extending.md has it."""
    monkeypatch.chdir(workspace.app)
    lab, bench = (evolve(workspace, folder=workspace.folder.with_name(n)) for n in ("lab", "bench"))

    def synthesized(**stacks: tuple[str, ...]) -> None:
        app = App(outdir=str(workspace.app / "cdktf.out"))
        for name, machines in stacks.items():
            GcpStack(app, name, fleet=fleet(GALENA, ON), machines=machines)
        app.synth()

    synthesized(lab=("galena", "scheelite"), bench=())
    lab.initialize()
    lab.apply()
    before = workspace.cloud.instances["scheelite"]["instance_id"]
    disk = workspace.cloud.named("disk")["models"]["id"]

    synthesized(lab=("galena",), bench=("scheelite",))
    lab.terraform("state", "rm", INSTANCE, "google_compute_disk.models")
    bench.initialize()
    bench.terraform("import", "google_compute_disk.models", disk)
    bench.terraform("import", INSTANCE, workspace.cloud.instances["scheelite"]["id"])
    assert lab.apply().actions == {}
    assert bench.apply().actions == {
        INSTANCE: ("update",),
        "google_compute_disk.models": ("update",),
        "google_compute_firewall.no-ssh": ("create",),
        "google_compute_firewall.ssh": ("create",),
        "google_compute_firewall.zerotier": ("create",),
    }
    scheelite = workspace.cloud.instances["scheelite"]
    assert scheelite["instance_id"] == before
    assert scheelite["tags"] == ["metals-bench", "metals-bench-zerotier"]


def test_cdktf_deploys_shows_and_destroys(workspace: Workspace) -> None:
    """The same through `cdktf deploy`, `diff`, `output` and `destroy`, as a user types them."""
    program = """
from attrs import evolve
from cdktf import App

from infra_lib.stacks import GcpStack
from tests.terraform.test_week import GALENA, SCHEELITE, fleet

app = App()
scheelite = evolve(SCHEELITE, data_disks=(), enabled={enabled})
GcpStack(app, "gcp", fleet=fleet(GALENA, scheelite))
app.synth()
"""
    workspace.program(program.format(enabled=False))
    workspace.cdktf("deploy", "--auto-approve", "--outputs-file", "outputs.json")
    assert list(workspace.cloud.instances) == ["galena"]
    written = json.loads((workspace.app / "outputs.json").read_text())
    assert written == {"gcp": {"machines": machines_of(workspace)}}
    assert written["gcp"]["machines"]["galena"]["external_ip"].startswith("198.1")

    workspace.program(program.format(enabled=True))
    shown = workspace.cdktf("diff").stdout
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in shown
    assert list(workspace.cloud.instances) == ["galena"]

    workspace.cdktf("output", "--outputs-file", "again.json")
    assert json.loads((workspace.app / "again.json").read_text()) == written

    workspace.cdktf("destroy", "--auto-approve")
    assert not any(workspace.cloud.content()["resources"].values())


def test_an_app_that_goes_over_to_cdk_terrain_keeps_its_state_and_changes_nothing(
    workspace: Workspace, deploy: Deploy
) -> None:
    deploy(GALENA, ON)
    before = workspace.outputs()
    app = cdktn.App(outdir=str(workspace.app / "cdktf.out"))
    terrain.GcpStack(app, "gcp", fleet=fleet(GALENA, ON))
    app.synth()
    workspace.terraform("init", "-upgrade")
    assert "8.0.0" in workspace.terraform("version").stdout
    assert workspace.apply().actions == {}
    assert workspace.outputs() == before
