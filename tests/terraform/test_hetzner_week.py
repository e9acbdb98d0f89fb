"""A user's week with servers at Hetzner Cloud: every plan does what was meant and no more."""

from collections.abc import Callable

import pytest
from attrs import evolve
from cdktf import App

from infra_lib import (
    Dns,
    FirewallRule,
    Fleet,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    Volume,
)
from infra_lib.stacks import GcpStack, HetznerStack
from tests.terraform.harness import JSON, Plan, Workspace

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
KEY_ADDRESS = "hcloud_ssh_key.key-"

CINNABAR = HetznerMachine(
    "cinnabar",
    server_type="cx43",
    location="fsn1",
    tags=("peer",),
    volumes=(Volume("ore", size_gb=100, format="ext4"),),
)
ELECTRUM = HetznerMachine("electrum", server_type="ccx23", location="nbg1", tags=("peer",))

SERVER = "hcloud_server.cinnabar"
UPDATED = {SERVER: ("update",)}

PROJECT = HetznerProject(ssh_keys=(f"{KEY} admin",), ssh_source_ranges=("203.0.113.0/24",))


def fleet(*machines: Machine, hetzner: HetznerProject = PROJECT, dns: Dns | None = None) -> Fleet:
    """A fleet of `machines` and the ZeroTier controller."""
    controller = Machine("scheelite", tags=("controller",))
    return Fleet(
        name="metals", domain="zt", hetzner=hetzner, machines=(controller, *machines), dns=dns
    )


@pytest.fixture
def workspace(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace for the stack `hetzner`."""
    monkeypatch.chdir(workspace.app)
    return evolve(workspace, folder=workspace.folder.with_name("hetzner"))


Deploy = Callable[[Fleet], Plan]


@pytest.fixture
def deploy(workspace: Workspace) -> Deploy:
    """Deploy a fleet, and return what was planned; a second deployment finds nothing to do."""

    def deployed(wanted: Fleet) -> Plan:
        synthesize(workspace, wanted)
        planned = workspace.apply()
        again = workspace.plan()
        assert (again.actions, again.outputs) == ({}, {})
        return planned

    return deployed


def synthesize(workspace: Workspace, wanted: Fleet) -> None:
    """Synthesize the stack `hetzner` of a fleet."""
    app = App(outdir=str(workspace.app / "cdktf.out"))
    HetznerStack(app, "hetzner", fleet=wanted)
    app.synth()
    workspace.initialize()


def machines_of(workspace: Workspace) -> dict[str, JSON]:
    """The output `machines`."""
    machines: dict[str, JSON] = workspace.outputs()["machines"]
    return machines


def test_a_week(workspace: Workspace, deploy: Deploy) -> None:
    cloud = workspace.cloud

    # Created, with an address and a volume that outlive it, behind the fleet's firewalls.
    deploy(fleet(CINNABAR, ELECTRUM))
    server = cloud.hetzner("server")["cinnabar"]
    address = cloud.hetzner("primary_ip")["cinnabar-ipv4"]["ip"]
    ipv6 = f"{cloud.hetzner('primary_ip')['cinnabar-ipv6']['ip']}1"
    assert machines_of(workspace)["cinnabar"] == {
        "state": "on",
        "zone": "fsn1",
        "machine_type": "cx43",
        "external_ip": address,
        "external_ipv6": ipv6,
        "gpu": None,
        "usd_per_hour": None,
        "eur_per_hour": pytest.approx(CINNABAR.bill.hour_now.value, abs=1e-6),
    }
    firewalls = cloud.hetzner("firewall")
    wanted = {firewalls[f"metals-{name}"]["id"] for name in ("ssh", "zerotier")}
    assert set(server["firewalls"]) == wanted
    assert cloud.hetzner("volume")["ore"]["server"] == server["id"]
    assert server["status"] == "running"

    # Labelled, in place.
    labelled = evolve(CINNABAR, labels={"team": "ore"})
    assert deploy(fleet(labelled, ELECTRUM)).actions.keys() == {
        SERVER,
        "hcloud_primary_ip.cinnabar-ipv4",
        "hcloud_primary_ip.cinnabar-ipv6",
        "hcloud_volume.ore",
    }
    assert cloud.hetzner("server")["cinnabar"]["labels"]["team"] == "ore"

    # A port opened, and closed again: a firewall comes and goes.
    opened = evolve(labelled, firewall_rules=(FirewallRule("tcp", port="443"),))
    rules = "hcloud_firewall.cinnabar-rules"
    assert deploy(fleet(opened, ELECTRUM)).actions == {rules: ("create",), **UPDATED}
    assert deploy(fleet(labelled, ELECTRUM)).actions == {rules: ("delete",), **UPDATED}
    assert len(cloud.hetzner("server")["cinnabar"]["firewalls"]) == 2

    # A larger type, which switches it off, and the way back: its disk has stayed as it was.
    done = len(cloud.log)
    larger = evolve(labelled, server_type="cx53")
    assert deploy(fleet(larger, ELECTRUM)).actions == UPDATED
    assert cloud.log[done:] == [
        "servers.update cinnabar",
        "servers.poweroff cinnabar",
        "servers.change_type cinnabar",
    ]
    assert deploy(fleet(labelled, ELECTRUM)).actions == UPDATED
    assert cloud.hetzner("server")["cinnabar"]["primary_disk_size"] == server["primary_disk_size"]
    assert cloud.hetzner("server")["cinnabar"]["status"] == "running"

    # No room for the larger one: it stays off, and a plan with the old type mends its labels alone.
    cloud.fail("resource_unavailable", server_type="cx53")
    synthesize(workspace, fleet(larger, ELECTRUM))
    errors = workspace.refused_apply()
    assert errors[SERVER].startswith("error during placement (resource_unavailable, ")
    assert cloud.hetzner("server")["cinnabar"]["status"] == "off"
    assert deploy(fleet(labelled, ELECTRUM)).actions == UPDATED
    assert cloud.hetzner("server")["cinnabar"]["status"] == "off"
    cloud.recover()
    switch_on(workspace, "cinnabar")

    # Another volume, beside the first; the server's label says what all of it costs.
    volumes = (*labelled.volumes, Volume("slag", size_gb=10))
    full = evolve(labelled, volumes=volumes)
    assert deploy(fleet(full, ELECTRUM)).actions == {
        "hcloud_volume.slag": ("create",),
        "hcloud_volume_attachment.slag": ("create",),
        **UPDATED,
    }

    # Off: the server goes, its volumes and its address stay; the other machine is not touched.
    off = evolve(full, enabled=False)
    assert deploy(fleet(off, ELECTRUM)).actions == {
        SERVER: ("delete",),
        "hcloud_volume_attachment.ore": ("delete",),
        "hcloud_volume_attachment.slag": ("delete",),
    }
    assert list(cloud.hetzner("server")) == ["electrum"]
    assert list(machines_of(workspace)) == ["electrum"]
    kept = cloud.hetzner("volume")["ore"]["id"]

    # On again, another server with the same address and the same volumes.
    assert deploy(fleet(full, ELECTRUM)).actions == {
        SERVER: ("create",),
        "hcloud_volume_attachment.ore": ("create",),
        "hcloud_volume_attachment.slag": ("create",),
    }
    again = cloud.hetzner("server")["cinnabar"]
    assert again["id"] != server["id"]
    assert machines_of(workspace)["cinnabar"]["external_ip"] == address
    assert machines_of(workspace)["cinnabar"]["external_ipv6"] == ipv6
    assert (
        cloud.hetzner("volume")["ore"] | {"id": kept, "server": again["id"]}
        == cloud.hetzner("volume")["ore"]
    )

    # A key is renamed: no server hears of it. Nor of another key, image or user data.
    renamed = evolve(PROJECT, ssh_keys=(f"{KEY} root",))
    ((changed, action),) = deploy(fleet(full, ELECTRUM, hetzner=renamed)).actions.items()
    assert changed.startswith(KEY_ADDRESS)
    assert action == ("update",)
    another = evolve(renamed, ssh_keys=(f"{KEY} root", f"{KEY[:-2]}4v second"))
    newer = evolve(full, image="debian-13", user_data="#cloud-config")
    ((changed, action),) = deploy(fleet(newer, ELECTRUM, hetzner=another)).actions.items()
    assert changed.startswith(KEY_ADDRESS)
    assert action == ("create",)
    assert cloud.hetzner("server")["cinnabar"]["id"] == again["id"]

    # The volumes are guarded: as long as they are, a destroy of everything destroys nothing.
    done = len(cloud.log)
    errors = workspace.refused_apply("-destroy")
    assert "hcloud_volume.ore" in str(errors)
    assert cloud.log[done:] == []

    # Without the guard all goes.
    bare = evolve(newer, volumes=tuple(evolve(v, prevent_destroy=False) for v in volumes))
    assert deploy(fleet(bare, ELECTRUM, hetzner=another)).actions == {}
    workspace.destroy()
    assert not any(cloud.content()["resources"].values())


def switch_on(workspace: Workspace, name: str) -> None:
    """Switch a server on by hand."""
    with workspace.cloud.changed() as content:
        for server in content["resources"]["hcloud_server"].values():
            if server["name"] == name:
                server["status"] = "running"


def test_a_server_that_hetzner_protects_is_left_over(workspace: Workspace, deploy: Deploy) -> None:
    """The provider lifts no protection; it takes an apply of its own."""
    guarded = evolve(ELECTRUM, deletion_protection=True)
    deploy(fleet(guarded))
    assert "server deletion is protected (protected, " in str(workspace.refused_apply("-destroy"))
    assert list(workspace.cloud.hetzner("server")) == ["electrum"]
    deploy(fleet(ELECTRUM))
    workspace.destroy()
    assert not any(workspace.cloud.content()["resources"].values())


def test_every_kind_of_server_can_be_made_and_is_as_it_was_described(
    workspace: Workspace, deploy: Deploy
) -> None:
    """On Arm, in a private network alone, with one kind of address, in a group, backed up."""
    networks = (PrivateNetwork("internal"),)
    project = evolve(PROJECT, networks=networks)
    deploy(
        fleet(
            evolve(CINNABAR, networks={"internal": "10.0.1.5"}, placement_group="apart"),
            evolve(ELECTRUM, placement_group="apart", backups=True, ipv6=False),
            HetznerMachine("borax", server_type="cax11", location="hel1", ipv4=False),
            HetznerMachine(
                "galena",
                server_type="cpx22",
                location="fsn1",
                ipv4=False,
                ipv6=False,
                networks=("internal",),
            ),
            HetznerMachine("bornite", server_type="cpx22", location="sin", enabled=False),
            hetzner=project,
        )
    )
    servers = workspace.cloud.hetzner("server")
    assert {name: server["status"] for name, server in servers.items()} == dict.fromkeys(
        ("cinnabar", "electrum", "borax", "galena"), "running"
    )
    assert [net["ip"] for net in servers["cinnabar"]["private_net"]] == ["10.0.1.5"]
    assert len(servers["galena"]["private_net"]) == 1
    (group,) = workspace.cloud.hetzner("placement_group").values()
    grouped = {name for name, server in servers.items() if server["placement_group"] == group["id"]}
    assert grouped == {"cinnabar", "electrum"}
    assert servers["electrum"]["backup_window"]
    assert sorted(workspace.cloud.hetzner("primary_ip")) == [
        "borax-ipv6",
        "bornite-ipv4",
        "bornite-ipv6",
        "cinnabar-ipv4",
        "cinnabar-ipv6",
        "electrum-ipv4",
    ]
    told = machines_of(workspace)
    assert told["galena"]["external_ip"] is told["galena"]["external_ipv6"] is None
    assert told["borax"]["external_ip"] is None


def test_a_server_that_moves_to_where_there_is_room(workspace: Workspace, deploy: Deploy) -> None:
    """A volume does not move, so only one without can; the old server is deleted first."""
    deploy(fleet(ELECTRUM))
    moved = evolve(ELECTRUM, location="hel1")
    anew = ("delete", "create")
    assert deploy(fleet(moved)).actions == {
        "hcloud_server.electrum": anew,
        "hcloud_primary_ip.electrum-ipv4": anew,
        "hcloud_primary_ip.electrum-ipv6": anew,
    }
    assert workspace.cloud.hetzner("server")["electrum"]["location"] == "hel1"


def test_a_name_follows_the_address(workspace: Workspace, deploy: Deploy) -> None:
    with workspace.cloud.changed() as content:
        content["resources"]["hcloud_zone"] = {"1": {"id": 1, "name": "example.org"}}
    dns = Dns("machines.example.org", zones={"hetzner": "example.org"})
    deploy(fleet(ELECTRUM, dns=dns))

    def records() -> dict[str, list[str]]:
        found = workspace.cloud.content()["resources"]["hcloud_zone_rrset"]
        return {name: [r["value"] for r in each["records"]] for name, each in found.items()}

    def addresses() -> dict[str, list[str]]:
        ipv4, ipv6 = (workspace.cloud.hetzner("primary_ip")[f"electrum-ipv{v}"] for v in (4, 6))
        name = "example.org/electrum.machines"
        return {f"{name}/A": [ipv4["ip"]], f"{name}/AAAA": [f"{ipv6['ip']}1"]}

    assert records() == addresses()
    workspace.terraform("apply", "-refresh-only", "-auto-approve")
    deploy(fleet(evolve(ELECTRUM, ipv6=False), dns=dns))
    assert list(records()) == ["example.org/electrum.machines/A"]
    deploy(fleet(ELECTRUM, dns=dns))
    assert records() == addresses()
    deploy(fleet(evolve(ELECTRUM, location="hel1"), dns=dns))
    assert records() == addresses()
    deploy(fleet(evolve(ELECTRUM, enabled=False, location="hel1"), dns=dns))
    assert records() == {}


def test_one_fleet_in_two_clouds_is_two_stacks_that_leave_each_other_alone(
    workspace: Workspace, deploy: Deploy
) -> None:
    galena = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
    google = GcpProject("example-project", region="us-central1", ssh_keys=(f"{KEY} admin",))
    alone = fleet(ELECTRUM)
    both = evolve(alone, gcp=google, machines=(*alone.machines, galena))
    deploy(both)
    app = App(outdir=str(workspace.app / "cdktf.out"))
    GcpStack(app, "gcp", fleet=both)
    HetznerStack(app, "hetzner", fleet=both)
    app.synth()
    gcp = evolve(workspace, folder=workspace.folder.with_name("gcp"))
    gcp.initialize()
    gcp.apply()
    assert list(gcp.cloud.instances) == ["galena"]
    assert list(gcp.outputs()["machines"]) == ["galena"]
    gcp.destroy()
    assert list(workspace.cloud.hetzner("server")) == ["electrum"]
    assert workspace.plan().actions == {}
