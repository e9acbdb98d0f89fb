"""What is in the clouds already is taken over as it is: nothing is made, replaced or deleted."""

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from attrs import evolve
from cdktf import App

from infra_lib import (
    DataDisk,
    Dns,
    FirewallRule,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    StopSchedule,
    Volume,
)
from infra_lib.stacks import GcpStack, HetznerStack
from tests.helpers import CHECKOUT
from tests.terraform.harness import JSON, CloudFile, Workspace
from tests.terraform.test_provider import CPU, stack

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"

GOOGLE = GcpProject("example-project", region="us-central1", ssh_keys=(f"{KEY} admin",))
HETZNER = HetznerProject(
    ssh_keys=(f"{KEY} admin",),
    ssh_source_ranges=("203.0.113.0/24",),
    networks=(PrivateNetwork("internal"),),
)
DNS = Dns("example.org", zones={"gcp": "example-org", "hetzner": "example.org"})

GALENA = GcpMachine(
    "galena",
    machine_type="e2-standard-8",
    zone="us-central1-b",
    data_disks=(DataDisk("ore", size_gb=50),),
    stop_schedule=StopSchedule("0 20 * * *"),
)
SCHEELITE = GcpMachine(
    "scheelite",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    gpu=Gpu("nvidia-tesla-t4"),
    enabled=True,
    stopped=True,
    tags=("peer",),
    labels={"team": "ore"},
)
CINNABAR = HetznerMachine(
    "cinnabar",
    server_type="cx43",
    location="fsn1",
    volumes=(Volume("lode", size_gb=100, format="ext4"),),
    networks={"internal": "10.0.1.5"},
    firewall_rules=(FirewallRule("tcp", port="443"),),
    placement_group="apart",
    backups=True,
    deletion_protection=True,
    user_data="#cloud-config",
    labels={"team": "ore"},
)
BORAX = HetznerMachine(
    "borax", server_type="cpx22", location="fsn1", ipv4=False, ipv6=False, networks=("internal",)
)

INSTANCE = "google_compute_instance.galena"


def fleet(*machines: Machine, **fields: Any) -> Fleet:
    """A fleet of `machines` and the ZeroTier controller, in both clouds."""
    given = {"gcp": GOOGLE, "hetzner": HETZNER, **fields}
    controller = Machine("pyrite", tags=("controller",))
    return Fleet(name="metals", domain="zt", machines=(controller, *machines), **given)


@attrs.frozen
class Stacks:
    """The stacks of both clouds, over one cloud file.

    Attributes:
        gcp: Where Google's is.
        hetzner: Where Hetzner's is.
    """

    gcp: Workspace
    hetzner: Workspace

    @property
    def both(self) -> tuple[Workspace, Workspace]:
        """Where each is."""
        return self.gcp, self.hetzner

    @property
    def cloud(self) -> CloudFile:
        """What they change."""
        return self.gcp.cloud

    def make(self, wanted: Fleet) -> None:
        """Make all of a fleet, and learn what is known only then."""
        self.synthesize(wanted)
        for each in self.both:
            each.apply()
            each.apply()

    def synthesize(self, wanted: Fleet, imports: Mapping[str, str] | None = None) -> None:
        """Write both; each is told all that is taken over."""
        app = App(outdir=str(self.gcp.app / "cdktf.out"))
        GcpStack(app, "gcp", fleet=wanted, imports=imports)
        HetznerStack(app, "hetzner", fleet=wanted, imports=imports)
        app.synth()
        for each in self.both:
            each.initialize()

    def ids(self) -> dict[str, str]:
        """What the providers call everything that both stacks have, by address."""
        return {
            address: str(values["id"])
            if kind != "hcloud_zone_rrset"
            else f"{values['zone']}/{values['id']}"
            for each in self.both
            for kind, address, values in resources(each)
        }

    def forget(self) -> None:
        """Lose both states."""
        for each in self.both:
            (each.app / f"terraform.{each.folder.name}.tfstate").unlink()

    def take_over(self) -> dict[str, set[str]]:
        """Plan that all is taken over and nothing made; return what changes in place, by address.

        It is done, and after that nothing is left to do.
        """
        changes: dict[str, set[str]] = {}
        for each in self.both:
            planned = each.plan()
            assert set(planned.actions.values()) <= {("update",)}
            document = json.loads(each.terraform("show", "-json", "plan").stdout)
            for change in document["resource_changes"]:
                if change["mode"] == "managed":
                    assert "importing" in change["change"], change["address"]
                    if names := changed(change["change"]):
                        changes[change["address"]] = names
            assert changes.keys() >= planned.actions.keys()
            each.terraform("apply", "plan")
            assert each.plan().actions == {}
        return changes


def resources(workspace: Workspace) -> list[tuple[str, str, JSON]]:
    """What a stack has: the type, the address and the attributes of each."""
    shown = json.loads(workspace.terraform("show", "-json").stdout)
    return [
        (each["type"], each["address"], each["values"])
        for each in shown["values"]["root_module"]["resources"]
        if each["mode"] == "managed"
    ]


def changed(change: JSON) -> set[str]:
    """The arguments that a change changes, also to what only the cloud knows."""
    unknown = {name for name, value in change["after_unknown"].items() if value}
    return unknown | {
        name for name, value in change["after"].items() if change["before"][name] != value
    }


@pytest.fixture
def stacks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    """The stacks of both clouds, over one empty cloud, with a zone of names in each."""
    monkeypatch.chdir(workspace.app)
    with workspace.cloud.changed() as content:
        zone = "projects/example-project/managedZones/example-org"
        content["resources"] = {
            "hcloud_zone": {"1": {"id": 1, "name": "example.org"}},
            "google_dns_managed_zone": {zone: {"name": "example-org"}},
        }
    hetzner = evolve(workspace, folder=workspace.folder.with_name("hetzner"))
    return Stacks(workspace, hetzner)


SERVER_ONLY = {"ignore_remote_firewall_ids", "keep_disk", "shutdown_before_deletion"}
"""What only the provider knows of a server."""

INSTANCE_ONLY = {"allow_stopping_for_update", "desired_status"}
"""What only the provider knows of an instance."""

LABELLED = {"labels", "terraform_labels"}
"""Of what Google has, no label is Terraform's after an import."""


def test_what_the_stacks_made_is_taken_over_when_their_states_are_lost(stacks: Stacks) -> None:
    """What changes in place is what no API tells, and nothing else. It does nothing to anything."""
    wanted = fleet(GALENA, SCHEELITE, CINNABAR, BORAX, dns=DNS)
    stacks.make(wanted)
    imports, before = stacks.ids(), stacks.cloud.content()
    assert {address.partition(".")[0] for address in imports} == MADE
    stacks.forget()
    stacks.synthesize(wanted, imports)
    assert stacks.take_over() == {
        "google_compute_disk.ore": LABELLED,
        "google_compute_instance.galena": INSTANCE_ONLY | LABELLED,
        "google_compute_instance.scheelite": INSTANCE_ONLY | LABELLED,
        # The address is read after the instance has been changed, and is the same.
        "google_dns_record_set.galena-a": {"rrdatas"},
        "hcloud_server.borax": SERVER_ONLY,
        "hcloud_server.cinnabar": SERVER_ONLY,
    }
    after = stacks.cloud.content()
    assert after["resources"] == before["resources"]
    assert sorted(after["log"][len(before["log"]) :]) == [
        "disks.update ore",
        "instances.update galena: allow_stopping_for_update desired_status labels terraform_labels",
        "instances.update scheelite: "
        "allow_stopping_for_update desired_status labels terraform_labels",
    ]


MADE = {
    *(f"google_compute_{kind}" for kind in ("disk", "firewall", "instance", "resource_policy")),
    "google_dns_record_set",
    *(f"hcloud_{kind}" for kind in ("firewall", "network", "network_subnet", "placement_group")),
    *(f"hcloud_{kind}" for kind in ("primary_ip", "server", "server_network", "ssh_key")),
    *(f"hcloud_{kind}" for kind in ("volume", "volume_attachment", "zone_rrset")),
}
"""The types that the stacks make."""


def test_every_type_that_the_stacks_make_is_imported() -> None:
    """Read from stacks that use every feature, so that a type that is new is imported here too."""
    documents = (CHECKOUT / "snapshots" / "cdktf").glob("*.json")
    known = {kind for each in documents for kind in json.loads(each.read_text())["resource"]}
    own = {"hcloud_firewall", "hcloud_server", "google_compute_instance"}
    assert own <= known - {"terraform_data"} <= MADE


def test_import_blocks_may_stay_and_most_may_go(stacks: Stacks) -> None:
    """Only what Hetzner's provider cannot read has to stay: it would lose its addresses."""
    wanted = fleet(GALENA, CINNABAR)
    stacks.make(wanted)
    imports = stacks.ids()
    stacks.forget()
    stacks.synthesize(wanted, imports)
    stacks.take_over()
    kept = {
        address: number
        for address, number in imports.items()
        if address.startswith(("hcloud_server.", "hcloud_server_network."))
    }
    stacks.synthesize(wanted, kept)
    assert [each.plan().actions for each in stacks.both] == [{}, {}]
    stacks.synthesize(wanted)
    assert stacks.gcp.plan().actions == {}
    assert stacks.hetzner.plan().actions == {
        "hcloud_server.cinnabar": ("update",),
        "hcloud_server_network.cinnabar_internal": ("delete", "create"),
    }


def test_a_machine_that_is_off_is_taken_over_but_for_its_instance(stacks: Stacks) -> None:
    off = evolve(GALENA, enabled=False, stop_schedule=None)
    stacks.make(fleet(off))
    imports = stacks.ids() | {"google_compute_instance.galena": "example-project/us/galena"}
    stacks.forget()
    stacks.synthesize(fleet(off), imports)
    assert stacks.take_over() == {"google_compute_disk.ore": LABELLED}


def at_google(cloud: CloudFile, machine: GcpMachine) -> dict[str, str]:
    """Make an instance and its disks by hand; return their IDs by address."""
    at = {"project": "example-project", "zone": machine.zone}
    disks = {
        f"google_compute_disk.{disk.name}": cloud.by_hand(
            "google_compute_disk", name=disk.name, size=disk.size_gb, type=disk.type, **at
        )
        for disk in machine.data_disks
    }
    boot = machine.boot_disk
    image = {"image": "debian-cloud/debian-12", "size": boot.size_gb, "type": boot.type}
    instance = cloud.by_hand(
        "google_compute_instance",
        name=machine.name,
        machine_type=machine.machine_type,
        boot_disk={"initialize_params": image},
        attached_disk=[{"source": d.name, "device_name": d.name} for d in machine.data_disks],
        network_interface=[{"network": "default", "access_config": [{}]}],
        labels={"by": "hand"},
        metadata={"ssh-keys": "root:another"},
        **at,
    )
    return disks | {f"google_compute_instance.{machine.name}": instance}


def at_hetzner(cloud: CloudFile, machine: HetznerMachine) -> dict[str, str]:
    """Make a server by hand, with addresses that go with it; return their IDs by address."""
    number = cloud.by_hand(
        "hcloud_server",
        name=machine.name,
        server_type=machine.server_type,
        image="debian-13",
        location=machine.location,
        labels={"by": "hand"},
    )
    return {f"hcloud_server.{machine.name}": number} | {
        f"hcloud_primary_ip.{machine.name}-{address['type']}": str(address["id"])
        for address in cloud.hetzner("primary_ip").values()
        if str(address["assignee_id"]) == number
    }


def test_a_fleet_that_was_made_by_hand_is_taken_over_with_every_machine_as_it_is(
    stacks: Stacks,
) -> None:
    """Six machines in each cloud; what is the fleet's own, its firewalls and keys, is made."""
    google = [
        GcpMachine(
            f"ore-{n}",
            machine_type="e2-standard-8",
            zone=f"us-central1-{zone}",
            data_disks=(DataDisk(f"slag-{n}", size_gb=20),),
        )
        for n, zone in enumerate("abcfab")
    ]
    hetzner = [
        HetznerMachine(f"vein-{n}", server_type="cx43", location=location)
        for n, location in enumerate(("fsn1", "nbg1", "hel1") * 2)
    ]
    cloud = stacks.cloud
    imports: dict[str, str] = {}
    for machine in google:
        imports |= at_google(cloud, machine)
    for server in hetzner:
        imports |= at_hetzner(cloud, server)
    before = cloud.content()["resources"]
    large = evolve(HETZNER, server_limit=10)
    stacks.synthesize(fleet(*google, *hetzner, hetzner=large), imports)
    for each in stacks.both:
        planned = each.plan()
        made = planned.actions.keys() - imports.keys()
        assert {planned.actions[address] for address in made} == {("create",)}
        assert {planned.actions[address] for address in planned.imports} <= {("update",)}
        assert {address.partition(".")[0] for address in made} <= {
            "google_compute_firewall",
            "hcloud_firewall",
            "hcloud_network",
            "hcloud_network_subnet",
            "hcloud_ssh_key",
        }
        each.terraform("apply", "plan")
        assert each.plan().actions == {}
    after = cloud.content()["resources"]
    for kind in ("google_compute_disk", "google_compute_instance"):
        assert after[kind].keys() == before[kind].keys()
    for kind in ("hcloud_server", "hcloud_primary_ip"):
        assert after[kind].keys() == before[kind].keys()
    instance = after["google_compute_instance"][imports["google_compute_instance.ore-0"]]
    assert instance["effective_labels"].items() > {"by": "hand", "fleet": "metals"}.items()
    for kind, kept in (("hcloud_primary_ip", "ip"), ("hcloud_server", "location")):
        for number, there in before[kind].items():
            assert after[kind][number][kept] == there[kept]
            assert after[kind][number].get("assignee_id") == there.get("assignee_id")


def test_what_is_there_and_is_to_be_another_is_replaced_and_said_to_be_imported(
    stacks: Stacks,
) -> None:
    """The new one is made by what the fleet says: nothing of the old one that was left alone."""
    number = stacks.cloud.by_hand(
        "google_compute_instance",
        name="galena",
        project="example-project",
        zone="us-central1-b",
        machine_type="e2-standard-8",
        hostname="galena.example.org",
        key_revocation_action_type="STOP",
        boot_disk={
            "initialize_params": {
                "image": "debian-cloud/debian-11",
                "type": "pd-ssd",
                "storage_pool": "pool",
            }
        },
        network_interface=[{"network": "default", "nic_type": "GVNIC", "queue_count": 4}],
        network_performance_config={"total_egress_bandwidth_tier": "TIER_1"},
        scheduling={"local_ssd_recovery_timeout": {"seconds": 3600}},
    )
    galena = evolve(GALENA, data_disks=(), stop_schedule=None)
    to = "google_compute_instance.galena"
    stacks.synthesize(fleet(galena), {to: number})
    planned = stacks.gcp.plan()
    assert (planned.actions[to], planned.imports) == (("delete", "create"), {to: number})
    change = stacks.gcp.planned(to)
    # Terraform says what else is another then; none of that would have made it anew alone.
    assert ["boot_disk", 0, "initialize_params", 0, "type"] in change["replace_paths"]
    stacks.gcp.terraform("apply", "plan")
    (made,) = stacks.cloud.content()["resources"]["google_compute_instance"].values()
    assert "debian-12" in made["boot_disk"][0]["initialize_params"][0]["image"]
    left = ("hostname", "key_revocation_action_type", "network_performance_config", "nic_type")
    assert not any(made.get(name) or made["network_interface"][0].get(name) for name in left)
    assert not made["scheduling"][0]["local_ssd_recovery_timeout"]
    assert not made["boot_disk"][0]["initialize_params"][0]["storage_pool"]


@pytest.mark.parametrize("asked", ["example-project/us-central1-b/galena", "galena"])
def test_a_shorter_id_of_googles_is_one_too(workspace: Workspace, asked: str) -> None:
    workspace.write(stack(CPU))
    workspace.apply()
    workspace.terraform("state", "rm", INSTANCE)
    found = stack(CPU) | {"import": [{"to": INSTANCE, "id": asked}]}
    found["provider"]["google"][0]["zone"] = CPU["zone"]
    workspace.write(found)
    assert workspace.plan().imports == {INSTANCE: asked}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("us-central1-b/galena", "match any of the accepted formats"),
        ("example-project/us-central1-b/nobody", "Cannot import non-existent remote object"),
    ],
)
def test_what_is_no_id_or_that_of_nothing_is_refused(
    workspace: Workspace, asked: str, said: str
) -> None:
    workspace.write(stack(CPU) | {"import": [{"to": INSTANCE, "id": asked}]})
    assert said in str(workspace.refused("plan"))


def test_a_script_that_a_machine_starts_with_is_metadata_after_an_import(
    workspace: Workspace,
) -> None:
    """It goes back beside them in place: a machine with the same script is no other one."""
    workspace.write(stack(CPU | {"metadata": {}, "metadata_startup_script": "echo one"}))
    workspace.apply()
    workspace.terraform("state", "rm", INSTANCE)
    workspace.terraform("import", INSTANCE, workspace.cloud.instances["galena"]["id"])
    assert workspace.apply().actions == {INSTANCE: ("update",)}
    assert workspace.plan().actions == {}
