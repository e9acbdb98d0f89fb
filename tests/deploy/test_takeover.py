"""`infra deploy` says what it takes over, and replaces none of it unseen."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cdktf import App

from infra_lib import DataDisk, Fleet, GcpMachine, GcpProject, HetznerMachine, HetznerProject
from infra_lib.clouds.hetzner import operations
from infra_lib.operate.deploy import guard, plan, takeover
from infra_lib.operate.deploy.synthesis import Stack, read
from infra_lib.stacks import GcpStack, HetznerStack
from infra_lib.terraform.plan import Change, Plan
from tests.deploy.test_guard import planned
from tests.helpers.deployed import GALENA, Project, scheelite
from tests.terraform.harness import Workspace

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
ORE = DataDisk("ore", size_gb=20)
MINE = GcpMachine(
    "galena",
    machine_type="e2-standard-8",
    zone="us-central1-b",
    data_disks=(ORE,),
    labels={"a": "b"},
)
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    hetzner=HetznerProject(ssh_keys=(KEY,)),
    machines=(MINE, HetznerMachine("cinnabar", server_type="cx43", location="fsn1")),
)
INSTANCE, DISK = "google_compute_instance.galena", "google_compute_disk.ore"
AT = {"project": "example-project", "zone": "us-central1-b"}


@pytest.fixture
def workspace(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace that Terraform finds by the environment."""
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(workspace.app)
    return workspace


def by_hand(workspace: Workspace, machine: GcpMachine = MINE, **fields: Any) -> dict[str, str]:
    """Make a machine by hand; return the IDs of its instance and its disks."""
    disks = {
        f"google_compute_disk.{disk.name}": workspace.cloud.by_hand(
            "google_compute_disk", name=disk.name, size=disk.size_gb, type=disk.type, **AT
        )
        for disk in machine.data_disks
    }
    boot = machine.boot_disk
    image = {"image": "debian-cloud/debian-12", "size": boot.size_gb, "type": boot.type}
    given = {
        "name": machine.name,
        "machine_type": machine.machine_type,
        "boot_disk": {"initialize_params": image},
        "attached_disk": [{"source": d.name, "device_name": d.name} for d in machine.data_disks],
        "network_interface": [{"network": "default", "access_config": [{}]}],
        **AT,
        **fields,
    }
    made = workspace.cloud.by_hand("google_compute_instance", **given)
    return disks | {f"google_compute_instance.{machine.name}": made}


def stacks(fleet: Fleet, imports: dict[str, str], *names: str) -> list[Stack]:
    """The stacks of a fleet that takes over what is there, or those of these names."""
    app = App(outdir=str(Path.cwd() / "cdktf.out"))
    GcpStack(app, "gcp", fleet=fleet, imports=imports)
    HetznerStack(app, "hetzner", fleet=fleet, imports=imports)
    app.synth()
    wanted = names or ("gcp", "hetzner")
    return [stack for name, stack in read(Path.cwd()).items() if name in wanted]


def test_what_is_taken_over_is_said_with_what_changes_of_it(workspace: Workspace) -> None:
    imports = by_hand(workspace)
    imports |= {"hcloud_firewall.ssh": workspace.cloud.by_hand("hcloud_firewall", **FIREWALL)}
    plans = planned(stacks(FLEET, imports))
    lines = takeover.describe(plans)
    assert lines[1:] == ["stack hetzner takes over 1 resource as it is"]
    assert lines[0].startswith("stack gcp takes over, and changes in place: ")
    assert f"{DISK} (effective_labels, labels, terraform_labels)" in lines[0]
    assert "desired_status" in lines[0].partition(INSTANCE)[2]
    assert guard.refusal(FLEET, plans) is None
    assert guard.losses(plans) == []
    assert takeover.existing(plans) == {"galena"}


FIREWALL = {
    "name": "metals-ssh",
    "rule": [{"direction": "in", "protocol": "icmp", "source_ips": ["0.0.0.0/0", "::/0"]}],
}


@pytest.mark.parametrize(
    ("wanted", "address", "said"),
    [
        (evolve(MINE, zone="us-central1-c", data_disks=()), INSTANCE, "for its "),
        (
            evolve(MINE, data_disks=(evolve(ORE, type="pd-ssd", prevent_destroy=False),)),
            DISK,
            "type",
        ),
    ],
)
def test_what_is_taken_over_is_not_replaced_unseen(
    workspace: Workspace, wanted: GcpMachine, address: str, said: str
) -> None:
    imports = by_hand(workspace)
    fleet = evolve(FLEET, machines=(wanted, *FLEET.machines[1:]))
    plans = planned(stacks(fleet, imports, "gcp"))
    refusal = guard.refusal(fleet, plans)
    assert refusal is not None
    assert refusal.startswith(f"stack gcp is to take over {address}, which is there, and would")
    assert said in refusal
    assert refusal.endswith("To have it made anew, deploy without --yes")
    assert any(
        line.startswith("stack gcp takes over, and then makes anew: ") and address in line
        for line in takeover.describe(plans)
    )
    assert any("WARNING: stack gcp deletes" in line for line in guard.losses(plans))


def test_a_disk_that_is_protected_is_taken_over_or_nothing_is(workspace: Workspace) -> None:
    imports = by_hand(workspace)
    faster = evolve(MINE, data_disks=(evolve(ORE, type="pd-ssd"),))
    fleet = evolve(FLEET, machines=(faster, *FLEET.machines[1:]))
    refused = plan.read(stacks(fleet, imports, "gcp"))
    assert isinstance(refused, str)
    assert "what would change cannot be told" in refused


def test_a_server_does_not_lose_its_addresses_when_its_import_block_goes(
    workspace: Workspace,
) -> None:
    """The state does not know them: see `UNREAD`."""
    fleet = evolve(FLEET, machines=FLEET.machines[1:])
    number = workspace.cloud.by_hand(
        "hcloud_server", name="cinnabar", server_type="cx43", location="fsn1", image="debian-12"
    )
    imports = {"hcloud_server.cinnabar": number} | {
        f"hcloud_primary_ip.cinnabar-{each['type']}": str(each["id"])
        for each in workspace.cloud.hetzner("primary_ip").values()
    }
    (stack,) = stacks(fleet, imports, "hetzner")
    plans = planned([stack])
    assert guard.prevented(fleet, plans) is None
    workspace.run(workspace.binary, "apply", "-auto-approve", folder=stack.folder)
    before = workspace.cloud.hetzner("primary_ip")
    assert all(each["assignee_id"] for each in before.values())
    (stack,) = stacks(fleet, {}, "hetzner")
    reason = guard.prevented(fleet, planned([stack]))
    assert reason is not None
    assert "Leave the entry of hcloud_server.cinnabar in the stack's imports" in reason
    assert any(each["ip"] in reason for each in before.values())


def test_a_machine_that_is_taken_over_is_not_installed_unseen(workspace: Workspace) -> None:
    """It runs, and may run anything; nobody has made it to have NixOS installed on it."""
    own = evolve(MINE, data_disks=())
    imports = by_hand(workspace, own)
    google = GcpProject(
        "example-project",
        region="us-central1",
        ssh_keys=(KEY,),
        ssh_source_ranges=("203.0.113.0/24",),
        install=True,
    )
    fleet = evolve(FLEET, gcp=google, machines=(own,))
    plans = planned(stacks(fleet, imports, "gcp"))
    said = (
        "stack gcp takes over galena, and then has NixOS installed on it, over what is there, "
        "unless it runs NixOS: leave install=True out of the project"
    )
    assert said in takeover.describe(plans)
    assert guard.refusal(fleet, plans) == f"{said}, or deploy without --yes"


def test_an_address_that_a_server_does_not_have_yet_is_given_to_it() -> None:
    net = {"ipv4_enabled": True, "ipv4": 7}
    server: dict[str, Any] = {"id": "4711", "name": "cinnabar", "public_net": []}
    there = {"id": 7, "name": "cinnabar-ipv4", "assignee_id": 4711, "ip_address": "203.0.113.7"}
    wanted = Change(
        "hcloud_server.cinnabar",
        "hcloud_server",
        ("update",),
        server,
        server | {"public_net": [net]},
    )

    def prevented(address: dict[str, Any]) -> str | None:
        kept = Change("hcloud_primary_ip.a", "hcloud_primary_ip", ("no-op",), address, address)
        return operations.prevent([], [wanted, kept])

    assert prevented(there) is not None
    assert prevented(there | {"assignee_id": 0}) is None
    assert prevented(there | {"assignee_id": 4712}) is None
    assert prevented(there | {"id": 8}) is None


def test_a_plan_tells_what_is_taken_over() -> None:
    """A state that does not know it yet is another then, also where nothing happens to it."""

    def change(**more: Any) -> dict[str, Any]:
        same = {"name": "galena", "labels": None, "id": "x"}
        given = {"actions": ["no-op"], "before": same, "after": same, **more}
        return {"address": INSTANCE, "mode": "managed", "type": "t", "change": given}

    def of(**more: Any) -> Plan:
        return Plan.from_json("gcp", json.dumps({"resource_changes": [change(**more)]}))

    assert of().is_empty
    taken = of(importing={"id": "x"})
    assert not taken.is_empty
    assert taken.changes[0].imported
    assert taken.changes[0].altered == ()
    altered = of(
        importing={"id": "x"},
        actions=["update"],
        after={"name": "galena", "labels": {"a": "b"}},
        after_unknown={"id": True, "name": False},
    )
    assert altered.changes[0].altered == ("id", "labels")
    assert takeover.describe([taken, altered]) == [
        "stack gcp takes over 1 resource as it is",
        f"stack gcp takes over, and changes in place: {INSTANCE} (id, labels)",
    ]


def describe(project: Project, *machines: str, imports: dict[str, str], fields: str = "") -> None:
    """Write a fleet whose stack takes over what is there."""
    project.describe(*machines, fields=fields)
    main = project.workspace.app / "main.py"
    text = main.read_text().replace("fleet=fleet)", f"fleet=fleet, imports={imports!r})")
    main.write_text(text)


@pytest.mark.usefixtures("cdktf")
def test_a_machine_that_runs_is_taken_over_and_goes_on_running(project: Project) -> None:
    cloud = project.workspace.cloud
    machine = evolve(MINE, data_disks=())
    imports = by_hand(project.workspace, machine)
    describe(project, GALENA, imports=imports)
    shown = project.infra("deploy", "--plan")
    assert shown.returncode == 0, shown.stdout
    assert "infra: stack gcp takes over, and changes in place: " in shown.stdout
    # It is paid for by now, as it is then.
    now, then = (
        next(line for line in shown.stdout.splitlines() if line.startswith(f"{word}:")).split()[1]
        for word in ("Now", "Then")
    )
    assert now == then
    before = cloud.instances["galena"]
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert "next, install" not in done.stdout.lower()
    after = cloud.instances["galena"]
    assert after["instance_id"] == before["instance_id"]
    assert after["effective_labels"]["machine"] == "galena"
    harm = ("instances.delete", "instances.stop", "instances.start")
    assert not [line for line in cloud.log if line.startswith(harm)]
    assert project.facts("galena")["zone"] == "us-central1-b"
    again = project.infra("deploy", "--yes")
    assert again.returncode == 0, again.stdout
    assert "takes over" not in again.stdout


@pytest.mark.usefixtures("cdktf")
def test_a_machine_that_is_stopped_and_has_no_room_is_moved_nowhere(project: Project) -> None:
    """Whose it is, its labels say only when it has been taken over."""
    cloud = project.workspace.cloud
    machine = GcpMachine("scheelite", machine_type="n1-standard-8", zone="us-central1-b")
    imports = by_hand(
        project.workspace,
        machine,
        zone="us-central1-c",
        guest_accelerator=[{"type": "nvidia-tesla-t4", "count": 1}],
        scheduling={"on_host_maintenance": "TERMINATE", "automatic_restart": True},
        desired_status="TERMINATED",
    )
    describe(project, scheelite(), imports=imports)
    cloud.fail("ZONE_RESOURCE_POOL_EXHAUSTED", zone="us-central1-c")
    for _ in range(2):
        done = project.infra("deploy", "--yes")
        assert done.returncode == 1, done.stdout
        assert "us-central1-c has no room to start scheelite at the moment; it exists there" in (
            done.stdout
        )
        assert cloud.instances["scheelite"]["zone"] == "us-central1-c"


@pytest.mark.usefixtures("cdktf")
def test_what_is_to_be_taken_over_and_is_not_there_is_explained(project: Project) -> None:
    number = "projects/example-project/zones/us-central1-b/instances/galena"
    describe(project, GALENA, imports={INSTANCE: number})
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert (
        f"infra: {INSTANCE} is to be taken over, and is not there, as that of a machine that was "
        "off meanwhile: take its entry out of the stack's imports" in done.stdout
    )
